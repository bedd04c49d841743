/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * log: lines for people on stderr. A line is one write, so that lines of threads and of children
 * do not mix. Any thread; log_init comes before the threads.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

enum { LINE_MAX_BYTES = 2048 };

static const char *log_program = "vaperf";
static enum log_level log_level = LOG_INFO;

void log_init(const char *program, enum log_level level)
{
    log_program = program;
    log_level = level;
}

__attribute__((format(printf, 3, 0))) static void log_line(enum log_level level, const char *word,
                                                           const char *format, va_list args)
{
    if (level > log_level)
        return;
    char line[LINE_MAX_BYTES];
    size_t used = str_printf(line, sizeof line, "%s: %s", log_program, word);
    vsnprintf(line + used, sizeof line - used, format, args);
    used += strlen(line + used);
    if (used + 1 == sizeof line)
        used--;
    line[used++] = '\n';
    /* Nobody is left to tell when stderr itself fails. */
    ssize_t done = write(STDERR_FILENO, line, used);
    (void)done;
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LOG_ERROR, "", format, args);
    va_end(args);
}

void log_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LOG_WARN, "warning: ", format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LOG_INFO, "", format, args);
    va_end(args);
}

void log_debug(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LOG_DEBUG, "debug: ", format, args);
    va_end(args);
}
