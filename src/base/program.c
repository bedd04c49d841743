/* SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "base/program.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

enum { NEAR = 3 }; /* so many changed letters still look like a slip */

static int usage(const struct program *p, const char *text, const char *word, const char *near)
{
    if (near != NULL)
        log_error("%s '%s' (did you mean %s?)", text, word, near);
    else
        log_error("%s '%s' (%s --help lists them)", text, word, p->name);
    return EXIT_USAGE;
}

static const char *nearest(const struct program *p, const char *word)
{
    const char *near = NULL, *name;
    unsigned best = NEAR;
    for (size_t i = 0; (name = p->command_at(i)) != NULL; i++) {
        unsigned distance = str_edit_distance(name, word);
        if (distance < best) {
            best = distance;
            near = name;
        }
    }
    return near;
}

/* A full disk behind stdout must not look like success. */
static int flush_stdout(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    log_error("cannot write the result: %s", strerror(errno));
    return EXIT_ENVIRONMENT;
}

int program_run_command(const struct program *p, size_t i, int argc, char *argv[])
{
    struct err e = {0};
    int r = p->run(i, argc, argv, &e);
    if (r == -ECANCELED) {
        p->print_command_help(i, argc, argv, stdout);
        r = EXIT_GOOD;
    }
    if (r < 0) {
        char text[ERR_TEXT_MAX + ERR_FILE_MAX + 32];
        if (e.code == 0) /* a fault of ours, but still no silent one */
            err_set(&e, r, "%s: %s", p->command_at(i), strerror(-r));
        log_error("%s", err_format(&e, text, sizeof text));
        r = (int)err_exit_code(&e);
    }
    return flush_stdout(r);
}

int program_run(const struct program *p, int argc, char *argv[])
{
    const char *name;
    if (argc < 2) {
        p->print_help(stderr);
        return EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        p->print_help(stdout);
        return flush_stdout(EXIT_GOOD);
    }
    if (strcmp(word, "--version") == 0) {
        printf("%s %s\n", p->name, p->version);
        return flush_stdout(EXIT_GOOD);
    }
    if (word[0] == '-')
        return usage(p, "unknown option", word, NULL);
    for (size_t i = 0; (name = p->command_at(i)) != NULL; i++)
        if (strcmp(name, word) == 0)
            return program_run_command(p, i, argc - 2, argv + 2);
    return usage(p, "there is no command", word, nearest(p, word));
}
