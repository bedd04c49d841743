/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * help: the texts of --help.
 */
#include "node/cli/help.h"

#include <string.h>

#include "base/str.h"

#define EXIT_CODES                                                                           \
    "exit codes: 0 good, 2 usage, 3 this machine cannot do it, 5 the measurement is void,\n" \
    "            130 interrupted (what was measured is still reported); of sip: as SIPp\n"

void help_print_program(FILE *out)
{
    fputs("usage: vaperf-node COMMAND [TYPE] [options]\n\n"
          "Loads a telecom appliance, plays one, competes with it, and samples the machine it\n"
          "runs in. Alone it is to RTP what other tools are to TCP; under vaperf it does this on\n"
          "every host and in every machine of a study.\n\ncommands:\n",
          out);
    for (size_t i = 0; command_table[i] != NULL; i++)
        fprintf(out, "  %-10s %s\n", command_table[i]->name, command_table[i]->summary);
    fputs("\nvaperf-node COMMAND --help and vaperf-node COMMAND TYPE --help say more;\n"
          "vaperf-node --version says which this is.\n\n" EXIT_CODES,
          out);
}

static void print_options(const char *title, const struct opt *table, FILE *out)
{
    if (table == NULL || table[0].name == NULL)
        return;
    fprintf(out, "\n%s:\n", title);
    opt_print_help(table, out);
}

static void print_drivers(enum driver_kind kind, FILE *out)
{
    struct driver d;
    fputs("\ntypes:\n", out);
    for (size_t i = 0; drivers_get(kind, i, &d) == 0; i++) {
        struct err why = {0};
        fprintf(out, "  %-10s %s\n", d.name, d.summary);
        if (drivers_check_supported(&d, &why) < 0)
            fprintf(out, "  %-10s not here: %s\n", "", why.text);
    }
}

static void print_examples(const struct command *c, FILE *out)
{
    if (c->examples == NULL)
        return;
    fputs("\nexamples:\n", out);
    for (const struct command_example *x = c->examples; x->line != NULL; x++)
        fprintf(out, "  vaperf-node %s\n      %s\n", x->line, x->says);
}

void help_print_command(const struct command *c, const struct driver *d, FILE *out)
{
    char title[80];
    const char *words = c->words;
    fprintf(out, "usage: vaperf-node %s", c->name);
    if (d != NULL && str_starts(words, "TYPE")) {
        fprintf(out, " %s", d->name);
        words += strlen("TYPE");
    } else if (words[0] != '\0') {
        fputc(' ', out);
    }
    fprintf(out, "%s\n\n%s\n", words, c->about);
    if (d != NULL) {
        fprintf(out, "\n%s: %s\n", d->name, d->summary);
        snprintf(title, sizeof title, "options of %s", d->name);
        print_options(title, d->options, out);
    } else if (c->driver_kind >= 0) {
        print_drivers((enum driver_kind)c->driver_kind, out);
        fprintf(out, "\nvaperf-node %s TYPE --help lists the options of a type.\n", c->name);
    }
    if (c->shared != NULL)
        print_options(c->shared_title, c->shared, out);
    print_options("options", c->options, out);
    print_examples(c, out);
}
