/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * help_manual: the manual page, from the same tables as --help, so that it cannot fall behind.
 */
#include "base/manual.h"
#include "control/cli/command.h"
#include "version.h"

static void print_command(FILE *out, const struct command *c)
{
    fputs(".SS vaperf ", out);
    manual_print_text(out, c->name);
    fputs(c->words[0] != '\0' ? " " : "", out);
    manual_print_line(out, "", c->words);
    manual_print_line(out, "", c->about);
    manual_print_options(out, "Options:", c->options);
    for (const struct command_short *s = c->shorts; s != NULL && s->word != NULL; s++) {
        fputs(".PP\n\\fB", out);
        manual_print_text(out, s->word);
        fputs("\\fR stands for \\fB", out);
        manual_print_text(out, s->means);
        fputs("\\fR.\n", out);
    }
}

static void print_examples(FILE *out)
{
    fputs(".SH EXAMPLES\n", out);
    for (size_t i = 0; command_table[i] != NULL; i++) {
        const struct command_example *x = command_table[i]->examples;
        for (; x != NULL && x->line != NULL; x++) {
            fputs(".TP\n.B vaperf ", out);
            manual_print_line(out, "", x->line);
            manual_print_line(out, "", x->says);
        }
    }
}

static const char head[] =
    ".\\\" Printed by `vaperf manual`.\n"
    ".TH VAPERF 1 \"\" \"vaperf " VAPERF_VERSION "\" \"User Commands\"\n"
    ".SH NAME\nvaperf \\- tells what virtualization does to a telecom appliance\n"
    ".SH SYNOPSIS\n\\fBvaperf\\fR \\fICOMMAND\\fR [\\fIwords\\fR] [\\fIoptions\\fR]\n"
    ".SH DESCRIPTION\n"
    "Puts an appliance on the bare host, in containers and in virtual machines, loads it as real "
    "traffic\nwould, watches both sides of the hypervisor, and says what it carries within "
    "limits. A study is a plan\nin YAML; its samples are one SQLite file; reports are made from "
    "that file.\n.PP\nThe work on hosts and in machines is done by\n.BR vaperf\\-node (1).\n"
    ".SH COMMANDS\n";

static const char tail[] =
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\ngood\n"
    ".TP\n.B 1\nmeasured, and the limits of the plan failed\n"
    ".TP\n.B 2\nusage: the command line or the plan is wrong\n"
    ".TP\n.B 3\nthis machine cannot do it\n"
    ".TP\n.B 5\nvoid: the generator was the limit, so the result says nothing about the appliance\n"
    ".TP\n.B 130\ninterrupted; what was measured until then is kept\n";

void help_print_manual(FILE *out)
{
    fputs(head, out);
    for (size_t i = 0; command_table[i] != NULL; i++)
        print_command(out, command_table[i]);
    fputs(tail, out);
    print_examples(out);
    fputs(".SH SEE ALSO\n.BR vaperf\\-node (1)\n", out);
}
