/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * manual: see manual.h.
 */
#include "base/manual.h"

#include <stdbool.h>

#include "base/json.h"

void manual_print_text(FILE *out, const char *text)
{
    bool line_start = true;
    for (; *text != '\0'; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
        line_start = *text == '\n';
    }
}

void manual_print_line(FILE *out, const char *macro, const char *text)
{
    fprintf(out, "%s", macro);
    manual_print_text(out, text);
    fputc('\n', out);
}

static void print_choices(FILE *out, const json_t *choices)
{
    size_t i;
    json_t *word;
    json_array_foreach((json_t *)choices, i, word)
    {
        fputs(i == 0 ? ": " : ", ", out);
        manual_print_text(out, json_string_value(word));
    }
}

static void print_option(FILE *out, const json_t *o)
{
    const char *type = json_str_or(o, "type", ""), *dflt = json_str_or(o, "default", "");
    const bool is_flag = type[0] == 'f';
    fputs(".TP\n\\fB\\-\\-", out);
    manual_print_text(out, json_str_or(o, "name", ""));
    fprintf(out, "\\fR%s%s%s\n", is_flag ? "" : " \\fI", is_flag ? "" : type,
            is_flag ? "" : "\\fR");
    manual_print_text(out, json_str_or(o, "help", ""));
    print_choices(out, json_object_get(o, "choices"));
    if (json_bool_or(o, "required", false)) {
        fputs(" (required)", out);
    } else if (dflt[0] != '\0' && !is_flag) {
        fputs(" (", out);
        manual_print_text(out, dflt);
        fputc(')', out);
    }
    fputc('\n', out);
}

void manual_print_options(FILE *out, const char *title, const struct opt *table)
{
    size_t i;
    json_t *option;
    if (table == NULL || table[0].name == NULL)
        return;
    fputs(".PP\n", out);
    manual_print_line(out, "", title);
    json_t *array = opt_table_to_json(table);
    json_array_foreach(array, i, option) print_option(out, option);
    json_decref(array);
}
