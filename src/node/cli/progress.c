/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * progress: live lines on stderr. The main thread's.
 */
#include "node/cli/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 512, COLUMNS = 80 };

void progress_init(struct progress *p, bool quiet)
{
    *p = (struct progress){.quiet = quiet, .terminal = isatty(STDERR_FILENO) == 1};
}

static int terminal_columns(void)
{
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : COLUMNS;
}

void progress_show(struct progress *p, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;
    if (p->quiet)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (!p->terminal) {
        fprintf(stderr, "%s\n", line);
        return;
    }
    /* Cut, because a line that wraps cannot be written over; the rest of the old one is erased. */
    fprintf(stderr, "\r%.*s\033[K", terminal_columns() - 1, line);
    p->open = true;
}

void progress_end(struct progress *p)
{
    if (p->open)
        fputc('\n', stderr);
    p->open = false;
}
