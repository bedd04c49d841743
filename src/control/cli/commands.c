/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * commands: the table of commands, and the words of a command line. Constant.
 */
#include "control/cli/command.h"

#include <errno.h>
#include <string.h>

const struct command *const command_table[] = {
    &cmd_plan,  &cmd_calibrate, &cmd_run,    &cmd_report, &cmd_top,
    &cmd_image, &cmd_doctor,    &cmd_manual, &cmd_clean,  NULL,
};

static void write_out_shorts(const struct command *c, int argc, char *argv[])
{
    for (int i = 0; c->shorts != NULL && i < argc && strcmp(argv[i], "--") != 0; i++)
        for (const struct command_short *s = c->shorts; s->word != NULL; s++)
            if (strcmp(argv[i], s->word) == 0)
                argv[i] = (char *)(uintptr_t)s->means;
}

int command_parse(const struct command *c, int argc, char *argv[], void *options, struct arena *a,
                  struct err *e)
{
    static const struct opt none[] = {OPT_END};
    const struct opt *table = c->options != NULL ? c->options : none;
    int words = 0;
    write_out_shorts(c, argc, argv);
    for (int at = 0; at < argc;) {
        if (strcmp(argv[at], "--") == 0) {
            for (at++; at < argc; at++)
                argv[words++] = argv[at];
            break;
        }
        int used = opt_parse_argv(table, argc - at, argv + at, options, a, e);
        if (used < 0)
            return used;
        at += used;
        if (at < argc && strcmp(argv[at], "--") != 0)
            argv[words++] = argv[at++];
    }
    return words;
}

static bool takes_host(const struct command *c)
{
    for (const struct opt *o = c->options; o != NULL && o->name != NULL; o++)
        if (strcmp(o->name, "host") == 0)
            return true;
    return false;
}

static int fail_word(const struct command *c, const char *word, struct err *e)
{
    const bool is_host = strncmp(word, "ssh://", 6) == 0 || strcmp(word, "local") == 0;
    if (is_host && takes_host(c))
        return err_set(e, -EINVAL, "%s: takes no words; a host is an option: vaperf %s --host %s",
                       c->name, c->name, word);
    return err_set(e, -EINVAL, "%s: takes no words, and what is '%s'?", c->name, word);
}

int command_parse_options(const struct command *c, int argc, char *argv[], void *options,
                          size_t size, struct arena *a, struct err *e)
{
    static const struct opt none[] = {OPT_END};
    opt_defaults(c->options != NULL ? c->options : none, options, size);
    int words = command_parse(c, argc, argv, options, a, e);
    return words > 0 ? fail_word(c, argv[0], e) : words;
}
