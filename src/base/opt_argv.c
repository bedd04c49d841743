/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * opt_argv: the command line after an option table, and its help. Prints only where it is told to.
 */
#include "base/opt.h"

#include <errno.h>
#include <string.h>

#include "base/opt_types.h"
#include "base/str.h"

enum { OPTIONS_MAX = 64, HELP_COLUMNS = 100 };

static int unknown_word(const struct opt *table, const char *word, const char *name, struct err *e)
{
    const char *near = opt_nearest(table, name);
    if (near != NULL)
        return err_set(e, -EINVAL, "unknown option %s (did you mean --%s?)", word, near);
    return err_set(e, -EINVAL, "unknown option %s (--help lists them)", word);
}

/* Plans write socket_buffer; a command line may write --socket-buffer too. */
static const struct opt *find_spelled(const struct opt *table, char *name)
{
    const struct opt *o = opt_find(table, name);
    for (char *c = name; o == NULL && *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
    return o != NULL ? o : opt_find(table, name);
}

/* One option at argv[0]; the words it took, or -errno. */
static int parse_word(const struct opt *table, int argc, char *const argv[], void *options,
                      struct arena *a, const struct opt **ret_opt, struct err *e)
{
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
        return -ECANCELED;
    char name[80];
    size_t length = strcspn(argv[0], "=");
    size_t dashes = strspn(argv[0], "-");
    dashes = dashes > 2 ? 2 : dashes;
    str_printf(name, sizeof name, "%.*s", (int)(length - dashes), argv[0] + dashes);
    const struct opt *o = dashes == 2 ? find_spelled(table, name) : NULL;
    if (o == NULL)
        return unknown_word(table, argv[0], name, e);
    const char *value = argv[0][length] == '=' ? argv[0] + length + 1 : NULL;
    int used = 1;
    if (value == NULL && o->type == OPT_FLAG) {
        value = "true";
    } else if (value == NULL) {
        if (argc < 2)
            return err_set(e, -EINVAL, "--%s needs %s", name, opt_types[o->type].wanted);
        value = argv[1];
        used = 2;
    }
    *ret_opt = o;
    int r = opt_parse(o, value, options, a, e);
    if (r < 0) {
        err_prefix(e, "--");
        return r;
    }
    return used;
}

int opt_parse_argv(const struct opt *table, int argc, char *const argv[], void *options,
                   struct arena *a, struct err *e)
{
    bool given[OPTIONS_MAX] = {false};
    int i = 0;
    while (i < argc && argv[i][0] == '-' && argv[i][1] != '\0') {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        const struct opt *o = NULL;
        int used = parse_word(table, argc - i, argv + i, options, a, &o, e);
        if (used < 0)
            return used;
        if (o - table < OPTIONS_MAX)
            given[o - table] = true;
        i += used;
    }
    for (int n = 0; table[n].name != NULL && n < OPTIONS_MAX; n++)
        if ((table[n].flags & OPT_REQUIRED) != 0 && !given[n])
            return err_set(e, -EINVAL, "--%s is missing (%s)", table[n].name, table[n].help);
    return i;
}

static size_t format_option(const struct opt *o, char *buffer, size_t size)
{
    const char *word = opt_types[o->type].word;
    return str_printf(buffer, size, "--%s%s%s", o->name, word[0] != '\0' ? " " : "", word);
}

/* The help, the words of a choice, and the default. */
static void format_help(const struct opt *o, char *buffer, size_t size)
{
    size_t used = str_printf(buffer, size, "%s", o->help != NULL ? o->help : "");
    for (size_t i = 0; o->choices != NULL && o->choices[i] != NULL; i++)
        used += str_printf(buffer + used, size - used, "%s%s", i == 0 ? ": " : ", ", o->choices[i]);
    if ((o->flags & OPT_REQUIRED) != 0)
        str_printf(buffer + used, size - used, " (required)");
    else if (o->dflt != NULL && o->dflt[0] != '\0' &&
             !(o->type == OPT_FLAG && strcmp(o->dflt, "false") == 0))
        str_printf(buffer + used, size - used, " (%s)", o->dflt);
}

/* Broken at blanks; every line after the first starts at `indent`. */
static void print_wrapped(FILE *out, const char *text, size_t indent)
{
    const size_t width = indent < HELP_COLUMNS - 30 ? HELP_COLUMNS - indent : 30;
    while (strlen(text) > width) {
        size_t n = width;
        while (n > 0 && text[n] != ' ')
            n--;
        if (n == 0)
            n = strcspn(text, " ");
        if (text[n] == '\0')
            break;
        fprintf(out, "%.*s\n%*s", (int)n, text, (int)indent, "");
        text += n + 1;
    }
    fprintf(out, "%s\n", text);
}

void opt_print_help(const struct opt *table, FILE *out)
{
    char text[1024];
    size_t widest = 0;
    for (const struct opt *o = table; o->name != NULL; o++) {
        size_t n = format_option(o, text, sizeof text);
        widest = n > widest ? n : widest;
    }
    for (const struct opt *o = table; o->name != NULL; o++) {
        format_option(o, text, sizeof text);
        fprintf(out, "  %-*s  ", (int)widest, text);
        format_help(o, text, sizeof text);
        print_wrapped(out, text, widest + 4);
    }
}
