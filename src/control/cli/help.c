/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * help: the texts of --help.
 */
#include "control/cli/command.h"

#define EXIT_CODES                                                                            \
    "exit codes: 0 good, 1 the plan's limits failed, 2 usage or plan wrong, 3 this machine\n" \
    "            cannot do it, 5 a case has only void trials, 130 interrupted\n"

void help_print_program(FILE *out)
{
    fputs("usage: vaperf COMMAND [options]\n\n"
          "Tells what virtualization does to a telecom appliance: puts it on the bare host, in\n"
          "containers and in virtual machines, loads it as real traffic would, and says what it\n"
          "carries within limits.\n\n"
          "commands:\n",
          out);
    for (size_t i = 0; command_table[i] != NULL; i++)
        fprintf(out, "  %-10s %s\n", command_table[i]->name, command_table[i]->summary);
    fputs("\nvaperf COMMAND --help says more; vaperf --version says which this is.\n\n" EXIT_CODES,
          out);
}

void help_print_command(const struct command *c, FILE *out)
{
    fprintf(out, "usage: vaperf %s%s%s\n\n%s\n", c->name, c->words[0] != '\0' ? " " : "", c->words,
            c->about);
    if (c->options != NULL && c->options[0].name != NULL) {
        fputs("\noptions:\n", out);
        opt_print_help(c->options, out);
    }
    if (c->examples == NULL)
        return;
    fputs("\nexamples:\n", out);
    for (const struct command_example *x = c->examples; x->line != NULL; x++)
        fprintf(out, "  vaperf %s\n      %s\n", x->line, x->says);
}
