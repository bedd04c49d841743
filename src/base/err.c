/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * err: error texts for people. Never allocates and never prints. One thread per struct err.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

int err_set(struct err *e, int code, const char *format, ...)
{
    if (e == NULL)
        return code;
    /* By way of a second buffer, because the arguments may lie inside *e. */
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);

    err_clear(e);
    e->code = code;
    memcpy(e->text, text, sizeof text);
    return code;
}

int err_prefix(struct err *e, const char *format, ...)
{
    if (e == NULL)
        return -EIO;
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    int used = vsnprintf(text, sizeof text, format, args);
    va_end(args);

    if (used >= 0 && (size_t)used < sizeof text)
        str_printf(text + used, sizeof text - (size_t)used, "%s", e->text);
    memcpy(e->text, text, sizeof text);
    return e->code;
}

int err_at(struct err *e, const char *file, int line, int column)
{
    if (e == NULL)
        return -EIO;
    str_printf(e->file, sizeof e->file, "%s", file != NULL ? file : "");
    e->line = line;
    e->column = column;
    return e->code;
}

void err_clear(struct err *e)
{
    if (e == NULL)
        return;
    e->code = 0;
    e->text[0] = '\0';
    e->file[0] = '\0';
    e->line = 0;
    e->column = 0;
}

const char *err_format(const struct err *e, char *buffer, size_t size)
{
    size_t used = 0;
    if (size > 0)
        buffer[0] = '\0';
    if (e->file[0] != '\0')
        used += str_printf(buffer, size, "%s:", e->file);
    if (e->line > 0)
        used += str_printf(buffer + used, size - used, "%d:", e->line);
    if (e->line > 0 && e->column > 0)
        used += str_printf(buffer + used, size - used, "%d:", e->column);
    str_printf(buffer + used, size - used, "%s%s", used > 0 ? " " : "", e->text);
    return buffer;
}

enum exit_code err_exit_code(const struct err *e)
{
    switch (e->code) {
    case 0:
        return EXIT_GOOD;
    case -EINVAL:
    case -EBADMSG:
        return EXIT_USAGE;
    case -ENOENT:
        return e->file[0] != '\0' ? EXIT_USAGE : EXIT_ENVIRONMENT;
    default:
        return EXIT_ENVIRONMENT;
    }
}
