/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * args: joins option tables so that one parse, one "did you mean" and one set of defaults covers
 * all of them. Pure but for the arena.
 */
#include "node/cli/args.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/str.h"

static size_t table_length(const struct opt *table)
{
    size_t n = 0;
    while (table != NULL && table[n].name != NULL)
        n++;
    return n;
}

struct opt *args_join(const struct args_part *parts, size_t count, struct arena *a,
                      size_t *ret_offsets, size_t *ret_size)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += table_length(parts[i].table);
    struct opt *joined = ARENA_ARRAY(a, struct opt, total + 1); /* zeroed: ends in OPT_END */
    size_t n = 0, offset = 0;
    for (size_t i = 0; i < count; i++) {
        ret_offsets[i] = offset;
        for (size_t o = 0; o < table_length(parts[i].table); o++) {
            joined[n] = parts[i].table[o];
            joined[n++].offset += offset;
        }
        const size_t align = _Alignof(max_align_t);
        offset += (parts[i].size + align - 1) / align * align;
    }
    *ret_size = offset;
    return joined;
}

int args_parse_some(struct args_part *parts, size_t count, int argc, char *const argv[],
                    struct arena *a, struct err *e)
{
    size_t offsets[ARGS_PARTS_MAX], size;
    const struct opt *joined = args_join(parts, count, a, offsets, &size);
    char *block = arena_alloc(a, size > 0 ? size : 1);
    opt_defaults(joined, block, size);
    for (size_t i = 0; i < count; i++)
        if (parts[i].options != NULL)
            memcpy(block + offsets[i], parts[i].options, parts[i].size);
    int used = opt_parse_argv(joined, argc, argv, block, a, e);
    if (used < 0)
        return used;
    for (size_t i = 0; i < count; i++)
        parts[i].options = block + offsets[i];
    return used;
}

int args_parse(struct args_part *parts, size_t count, int argc, char *const argv[], struct arena *a,
               struct err *e)
{
    int used = args_parse_some(parts, count, argc, argv, a, e);
    if (used >= 0 && used < argc)
        return err_set(e, -EINVAL, "'%s' is no option (options begin with --)", argv[used]);
    return used < 0 ? used : 0;
}

int args_run(const struct command *c, size_t options_size,
             int (*run)(const void *options, struct err *e), int argc, char *const argv[],
             struct err *e)
{
    struct args_part part = {c->options, options_size, NULL};
    struct arena a;
    arena_init(&a);
    int r = args_parse(&part, 1, argc, argv, &a, e);
    if (r >= 0)
        r = run(part.options, e);
    arena_finish(&a);
    return r;
}

static int no_type(const struct command *c, struct err *e)
{
    char list[ERR_TEXT_MAX / 2] = "";
    size_t used = 0;
    struct driver d;
    for (size_t i = 0; drivers_get((enum driver_kind)c->driver_kind, i, &d) == 0; i++)
        used += str_printf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", d.name);
    return err_set(e, -EINVAL, "%s: a type comes first (there is %s)", c->name, list);
}

int args_take_type(const struct command *c, int argc, char *const argv[], struct driver *ret,
                   struct err *e)
{
    struct driver d;
    if (argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0))
        return -ECANCELED;
    if (argc == 0 || argv[0][0] == '-')
        return no_type(c, e);
    int r = drivers_find((enum driver_kind)c->driver_kind, argv[0], &d, e);
    if (r < 0)
        return r;
    for (int i = 1; i < argc; i++) /* its help is wanted here too, where it does not run */
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return -ECANCELED;
    r = drivers_check_supported(&d, e);
    if (r < 0)
        return err_prefix(e, "%s %s: ", c->name, d.name);
    *ret = d;
    return 0;
}

int args_take_nothing(const struct command *c, int argc, char *const argv[], struct err *e)
{
    static const struct opt no_options[] = {OPT_END};
    int used = opt_parse_argv(no_options, argc, argv, NULL, NULL, e);
    if (used < 0)
        return used;
    return used < argc ? err_set(e, -EINVAL, "%s takes no '%s'", c->name, argv[used]) : 0;
}
