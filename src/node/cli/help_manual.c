/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * help_manual: the manual page, from the same tables as --help, so that it cannot fall behind.
 * man(7) macros; prints where it is told to.
 */
#include "node/cli/help.h"

#include "base/manual.h"
#include "version.h"

static void print_drivers(FILE *out, const struct command *c)
{
    struct driver d;
    char title[256];
    for (size_t i = 0; drivers_get((enum driver_kind)c->driver_kind, i, &d) == 0; i++) {
        fputs(".PP\n\\fB", out);
        manual_print_text(out, d.name);
        fputs("\\fR: ", out);
        manual_print_line(out, "", d.summary);
        snprintf(title, sizeof title, "Options of %s:", d.name);
        manual_print_options(out, title, d.options);
    }
}

static void print_command(FILE *out, const struct command *c)
{
    fputs(".SS vaperf\\-node ", out);
    manual_print_text(out, c->name);
    fputs(c->words[0] != '\0' ? " " : "", out);
    manual_print_line(out, "", c->words);
    manual_print_line(out, "", c->about);
    if (c->driver_kind >= 0)
        print_drivers(out, c);
    manual_print_options(out, "Options of every type:", c->shared);
    manual_print_options(out, "Options of the command:", c->options);
}

static void print_examples(FILE *out)
{
    fputs(".SH EXAMPLES\n", out);
    for (size_t i = 0; command_table[i] != NULL; i++) {
        const struct command_example *x = command_table[i]->examples;
        for (; x != NULL && x->line != NULL; x++) {
            fputs(".TP\n.B vaperf\\-node ", out);
            manual_print_line(out, "", x->line);
            manual_print_line(out, "", x->says);
        }
    }
}

void help_print_manual(FILE *out)
{
    fputs(".\\\" Printed by `vaperf-node manual`.\n"
          ".TH VAPERF\\-NODE 1 \"\" \"vaperf " VAPERF_VERSION "\" \"User Commands\"\n"
          ".SH NAME\nvaperf\\-node \\- loads a telecom appliance, plays one, and samples machines\n"
          ".SH SYNOPSIS\n\\fBvaperf\\-node\\fR \\fICOMMAND\\fR [\\fITYPE\\fR] [\\fIoptions\\fR]\n"
          ".SH DESCRIPTION\n"
          "Traffic towards an appliance in open loop, appliances to load, jobs that compete with "
          "them,\nand samples of the machine they run in: each alone on a command line, or all of "
          "them for\n.BR vaperf (1),\nwhich runs this program on every host and in every machine "
          "of a study.\n.PP\n"
          "Durations have a unit (20us, 10ms, 1.5s, 20m), sizes may have one (64K, 512M, 1G: "
          "powers of\n1024), counts too (4k, 2^20). An option may be written \\-\\-socket_buffer "
          "or \\-\\-socket\\-buffer.\nResults go to stdout, progress to stderr.\n"
          ".SH COMMANDS\n",
          out);
    for (size_t i = 0; command_table[i] != NULL; i++)
        print_command(out, command_table[i]);
    fputs(".SH EXIT STATUS\n"
          ".TP\n.B 0\ngood\n"
          ".TP\n.B 2\nusage: the command line is wrong\n"
          ".TP\n.B 3\nthis machine cannot do it\n"
          ".TP\n.B 5\nvoid: the generator was the limit, so the result says nothing about the "
          "appliance\n"
          ".TP\n.B 130\ninterrupted; what was measured until then is reported\n"
          ".PP\nThe command sip ends as SIPp does, and interrupted as its calls were: see\n"
          ".BR vaperf\\-node\\-sip (1).\n",
          out);
    print_examples(out);
    fputs(".SH SEE ALSO\n.BR vaperf (1)\n", out);
}
