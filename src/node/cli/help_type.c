/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * help_type: the manual page of one type of a command (vaperf-node-load-rtp), from the same tables
 * as
 * --help; and what people type who come from another tool. Prints where it is told to.
 */
#include <ctype.h>
#include <string.h>

#include "base/manual.h"
#include "base/str.h"
#include "node/cli/help.h"
#include "version.h"

/* Another tool's line, and ours (without the program) for the same purpose. */
struct habit {
    const char *command, *type, *theirs, *ours, *says;
};

static const struct habit habits[] = {
    {"load", "rtp", "sipp with rtp_stream=voice.wav,-1,8 in 300 calls (-l 300)",
     "load rtp --streams 300 --codec pcma --payload_file voice.wav --match sequence --to "
     "10.0.0.5:6000-6299",
     "the same audio in 300 streams, without calls: their ports are given. What comes back is "
     "measured: delay, loss, jitter, R and MOS of every stream."},
    {"load", "rtp", "sipp with play_pcap_audio=g711a.pcap",
     "load rtp --streams 1000 --codec pcma --to 10.0.0.5:6000",
     "packets are made, not replayed: sequence numbers, timestamps and SSRCs are each stream's "
     "own."},
    {"load", "rtp", "sipp -rtp_echo", "appliance media --listen 10.0.0.5:6000",
     "the other end: each packet goes back to where it came from. With --work 20us, transcode, mix "
     "and others it is a server that has something to do."},
    {"load", "rtp", "sipp with exec play_dtmf=\"159#\"",
     "load rtp --streams 100 --dtmf 159# --match sequence --to 10.0.0.5:6000",
     "digits as events of RFC 4733, and how many came."},
    {"load", "rtp", "iperf3 -c 10.0.0.5 -u -b 68.8K -l 172 -P 128 (it takes no more)",
     "load rtp --streams 2000 --to 10.0.0.5:5000-6999",
     "2,000 streams of G.711, 172 octets each 20 ms, to as many ports of an echo or relay; in open "
     "loop, so that a slow server does not slow the load down. MOS and its worst streams are in "
     "the "
     "result."},
    {"load", "rtp", "iperf3 -s (jitter and loss at its end)",
     "load rtp --streams 2000 --to 10.0.0.5:5000-6999 --json",
     "measured on one clock, there and back; percentiles instead of one jitter; and a verdict: "
     "void, "
     "with exit code 5, when this machine was the limit."},
    {"load", "rtp", "iperf3 -u -t 30 -i 1 -w 4M -A 1",
     "load rtp --streams 500 --to 10.0.0.5:5000 --duration 30s --interval 1s --socket_buffer 4M "
     "--cpus "
     "1",
     "how long, how often a line is shown, socket buffers, the CPU of the sender."},
    {"load", "rtp", "iperf3 -c 127.0.0.1 -u (what can this machine do?)",
     "load rtp --streams 5000 --to self --workers 2 --cpus 0-1",
     "the generator alone: each stream returns to its own socket."},
    {NULL, NULL, NULL, NULL, NULL},
};

static void print_title(FILE *out, const char *command, const char *type)
{
    char name[64];

    str_printf(name, sizeof name, "VAPERF\\-NODE\\-%s\\-%s", command, type);
    for (char *c = name; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    fprintf(out, ".\\\" Printed by `vaperf-node manual %s %s`.\n", command, type);
    fprintf(out, ".TH %s 1 \"\" \"vaperf " VAPERF_VERSION "\" \"User Commands\"\n", name);
}

static void print_habits(FILE *out, const char *command, const char *type)
{
    bool any = false;
    for (const struct habit *h = habits; h->command != NULL; h++) {
        if (strcmp(h->command, command) != 0 || strcmp(h->type, type) != 0)
            continue;
        if (!any)
            fputs(".SH COMING FROM ANOTHER TOOL\n", out);
        any = true;
        manual_print_line(out, ".TP\n", h->theirs);
        fputs(".B vaperf\\-node ", out);
        manual_print_line(out, "", h->ours);
        fputs(".br\n", out);
        manual_print_line(out, "", h->says);
    }
}

static void print_examples(FILE *out, const struct command *c, const char *type)
{
    char front[64];
    bool any = false;
    str_printf(front, sizeof front, "%s %s ", c->name, type);
    for (const struct command_example *x = c->examples; x != NULL && x->line != NULL; x++) {
        if (!str_starts(x->line, front))
            continue;
        fputs(any ? "" : ".SH EXAMPLES\n", out);
        any = true;
        fputs(".TP\n.B vaperf\\-node ", out);
        manual_print_line(out, "", x->line);
        manual_print_line(out, "", x->says);
    }
}

void help_print_type_manual(const struct command *c, const struct driver *d, FILE *out)
{
    print_title(out, c->name, d->name);
    fprintf(out, ".SH NAME\nvaperf\\-node\\-%s\\-%s \\- ", c->name, d->name);
    manual_print_line(out, "", d->summary);
    fprintf(out, ".SH SYNOPSIS\n\\fBvaperf\\-node %s %s\\fR [\\fIoptions\\fR]\n", c->name, d->name);
    fputs(".SH DESCRIPTION\n", out);
    manual_print_line(out, "", c->about);
    fputs(".PP\nDurations have a unit (20us, 10ms, 1.5s, 20m), sizes may have one (64K, 512M), "
          "counts "
          "too\n(4k, 2^20). An option may be written with _ or with \\-.\n.SH OPTIONS\n",
          out);
    manual_print_options(out, "Of this type:", d->options);
    manual_print_options(out, "Of every type:", c->shared);
    manual_print_options(out, "Of the command:", c->options);
    print_habits(out, c->name, d->name);
    print_examples(out, c, d->name);
    fputs(".SH SEE ALSO\n.BR vaperf\\-node (1),\n.BR vaperf (1)\n", out);
}
