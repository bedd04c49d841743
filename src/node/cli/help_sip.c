/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * help_sip: the options of SIPp's mode, for --help and for the manual page vaperf-node-sip(1), both
 * from the table that reads them. Prints where it is told to.
 */
#include <string.h>

#include "base/manual.h"
#include "base/str.h"
#include "node/cli/help.h"
#include "node/scenario/scenario.h"
#include "node/sipp/options.h"
#include "version.h"

static void option_words(const struct sipp_option_help *h, char *buffer, size_t size)
{
    str_printf(buffer, size, "-%s%s%s", h->name, h->words != NULL ? " " : "",
               h->words != NULL ? h->words : "");
}

static const char *before_text(const struct sipp_option_help *h)
{
    return !h->is_taken ? "not here: " : !h->has_effect ? "no effect here: " : "";
}

void help_print_sip(const struct command *c, FILE *out)
{
    struct sipp_option_help h;
    char words[64];
    help_print_command(c, NULL, out);
    fputs("\noptions, as SIPp's:\n", out);
    for (unsigned i = 0; sipp_options_help(i, &h) == 0; i++) {
        option_words(&h, words, sizeof words);
        fprintf(out, "  %-30s %s%s\n", words, before_text(&h), h.text);
    }
    fputs("\nbuilt-in scenarios (-sn, -sd):\n", out);
    for (unsigned i = 0; scenario_builtin_name(i) != NULL; i++)
        fprintf(out, "  %s\n", scenario_builtin_name(i));
}

/* Those that are taken, or those that are refused. */
static void print_options(FILE *out, bool is_taken)
{
    struct sipp_option_help h;
    char words[64];
    for (unsigned i = 0; sipp_options_help(i, &h) == 0; i++) {
        if (h.is_taken != is_taken)
            continue;
        option_words(&h, words, sizeof words);
        manual_print_line(out, ".TP\n.B ", words);
        manual_print_line(out, h.is_taken ? before_text(&h) : "", h.text);
    }
}

void help_print_sip_manual(const struct command *c, FILE *out)
{
    fputs(".\\\" Printed by `vaperf-node manual sip`.\n"
          ".TH VAPERF\\-NODE\\-SIP 1 \"\" \"vaperf " VAPERF_VERSION "\" \"User Commands\"\n"
          ".SH NAME\nvaperf\\-node\\-sip \\- ",
          out);
    manual_print_line(out, "", c->summary);
    fputs(
        ".SH SYNOPSIS\n\\fBvaperf\\-node sip\\fR [\\fIoptions\\fR] [\\fIHOST\\fR[:\\fIPORT\\fR]]\n"
        ".br\n\\fBsipp\\fR [\\fIoptions\\fR] [\\fIHOST\\fR[:\\fIPORT\\fR]], a link to "
        "vaperf\\-node\n"
        ".SH DESCRIPTION\n",
        out);
    manual_print_line(out, "", c->about);
    fputs(".SH OPTIONS\n", out);
    print_options(out, true);
    fputs(".SH OPTIONS OF SIPP THAT ARE REFUSED\nWith exit code 255 and the reason.\n", out);
    print_options(out, false);
    fputs(
        ".SH KEYS\n.B + \\- * /\nchange the rate by 1 or 10 times \\-rate_scale,\n.B q\nends when "
        "the calls that run have ended, once more or\n.B Q\nat once,\n.B p\npauses or goes on,\n"
        ".B s\nwrites the screens into their file,\n.B 1 2 3\nshow a screen,\n.B c\nbegins a "
        "command. A datagram to the control port is keys, or a command behind c.\n"
        ".SH COMMANDS\nset rate|rate\\-scale|limit N, set hide true|false, trace "
        "error|logs|messages|shortmessages on|off, dump stats|screens, reset stats\n"
        ".SH SIGNALS\nUSR1 is the key q, USR2 the key s; INT and TERM end at once.\n"
        ".SH EXIT STATUS\n"
        ".TP\n.B 0\nno call failed\n"
        ".TP\n.B 1\na call failed\n"
        ".TP\n.B 97\n\\-timeout came and no call had ended (with \\-\\-strict: whatever the "
        "calls); "
        "or int_cmd=\"stop_now\"\n"
        ".TP\n.B 99\nhelp, version, a scenario was printed, or \\-bg went to the background\n"
        ".TP\n.B 254\nan address or port is not to be had\n"
        ".TP\n.B 255\nthe command line or the scenario is wrong, or an error ended the run\n"
        ".SH EXAMPLES\n",
        out);
    for (const struct command_example *x = c->examples; x->line != NULL; x++) {
        fputs(".TP\n.B vaperf\\-node ", out);
        manual_print_line(out, "", x->line);
        manual_print_line(out, "", x->says);
    }
    fputs(".SH SEE ALSO\n.BR vaperf\\-node (1)\n", out);
}
