/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * action_text: ereg, strcmp, trim and their like. A regular expression runs over a copy
 * in the scratch. Thread rule: the call's.
 */
#include "node/scenario/action_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 32768, SUBJECT_MAX = 56 * 1024 - 1 };

struct range {
    const char *at;
    size_t size;
};

static struct range whole_message(struct call *c)
{
    const struct sip_message *m;

    if (c->command) {
        return (struct range){c->command, c->command_size};
    }
    m = call_last(c);
    return m ? (struct range){m->all.at, m->all.size} : (struct range){"", 0};
}

/* The text anywhere; what follows it on the line is searched. */
static struct range find_words(struct range in, const char *words, int occurrence)
{
    size_t n = strlen(words);

    for (size_t i = 0; i + n <= in.size; i++) {
        const char *end;

        if (strncasecmp(in.at + i, words, n) != 0 || --occurrence > 0) {
            continue;
        }
        in.at += i + n;
        in.size -= i + n;
        end = memchr(in.at, '\n', in.size);
        in.size = end ? (size_t)(end - in.at) : in.size;
        in.size -= in.size > 0 && in.at[in.size - 1] == '\r';
        return in;
    }
    return (struct range){NULL, 0};
}

/* Named with its colon, a header is what stands behind it, blanks too. */
static struct range behind_colon(const struct action *a, const struct sip_header *h)
{
    struct range in = {h->value, h->value_size};

    while (strchr(a->name, ':') != NULL && in.at > h->name + h->name_size &&
           (in.at[-1] == ' ' || in.at[-1] == '\t')) {
        in.at--;
        in.size++;
    }
    return in;
}

static struct range find_header(struct call *c, const struct action *a)
{
    const struct sip_message *m = c->command ? NULL : call_last(c);
    const struct sip_header *h = NULL;
    char name[64];
    size_t n = strcspn(a->name, ": ");
    int left = a->occurrence;

    if (!c->command && !m) {
        return (struct range){NULL, 0};
    }
    if (m && n < sizeof(name)) {
        memcpy(name, a->name, n);
        name[n] = 0;
        while ((h = sip_find_name(m, name, h)) != NULL) {
            if (--left == 0) {
                return behind_colon(a, h);
            }
        }
    }
    if (m && (a->flags & ACTION_START_LINE)) {
        return (struct range){NULL, 0};
    }
    return find_words(whole_message(c), a->name, a->occurrence);
}

static struct range find_text(struct call *c, const struct action *a)
{
    const struct sip_message *m;
    char *buffer;

    switch (a->search) {
    case SEARCH_HDR:
        return find_header(c, a);
    case SEARCH_BODY:
        m = c->command ? NULL : call_last(c);
        return m && m->body.at ? (struct range){m->body.at, m->body.size} : (struct range){"", 0};
    case SEARCH_VAR:
        buffer = call_scratch(c, SCRATCH_AUX);
        return (struct range){buffer, value_get_text(c, a->variable, buffer, TEXT_MAX)};
    case SEARCH_MSG:
        break;
    }
    return whole_message(c);
}

static void set_groups(struct call *c, const struct action *a, const char *text,
                       const regmatch_t *groups)
{
    char *copy = call_scratch(c, SCRATCH_MORE);

    for (unsigned i = 0; i < a->target_count; i++) {
        if (groups[i].rm_so < 0) {
            value_set_text(c, a->targets[i], "", 0);
        } else {
            size_t size = (size_t)(groups[i].rm_eo - groups[i].rm_so);

            size = size < TEXT_MAX ? size : TEXT_MAX;
            memcpy(copy, text + groups[i].rm_so, size);
            value_set_text(c, a->targets[i], copy, size);
        }
    }
}

/* With a NUL behind it, as regexec may expect in spite of REG_STARTEND. */
static struct range ended_copy(struct call *c, struct range in)
{
    char *copy = call_scratch(c, SCRATCH_AUX);

    in.size = in.size < SUBJECT_MAX ? in.size : SUBJECT_MAX;
    memmove(copy, in.at, in.size);
    copy[in.size] = 0;
    return (struct range){copy, in.size};
}

static enum action_result ereg(struct call *c, const struct action *a)
{
    struct range in = find_text(c, a);
    regmatch_t groups[EREG_TARGETS_MAX];
    bool is_match = false;

    if (in.at) {
        in = ended_copy(c, in);
        groups[0] = (regmatch_t){.rm_so = 0, .rm_eo = (regoff_t)in.size};
        is_match = regexec(a->regex, in.at, EREG_TARGETS_MAX, groups, REG_STARTEND) == 0;
    }
    if (is_match) {
        set_groups(c, a, in.at, groups);
    } else {
        for (unsigned i = 0; i < a->target_count; i++) {
            value_set(c, a->targets[i], &(struct value){.kind = VALUE_NO_MATCH});
        }
    }
    return action_check(c, a, is_match, in.at ? CALL_REGEXP_NO_MATCH : CALL_REGEXP_NO_HEADER,
                        CALL_REGEXP_MATCH);
}

static enum action_result compare_texts(struct call *c, const struct action *a)
{
    char *left = call_scratch(c, SCRATCH_OUT), *right = left + TEXT_MAX;
    int order;

    left[value_get_text(c, a->variable, left, TEXT_MAX - 1)] = 0;
    if (!a->name) {
        right[value_get_text(c, a->variable2, right, TEXT_MAX - 1)] = 0;
    }
    order = strcmp(left, a->name ? a->name : right);
    order = (order > 0) - (order < 0);
    for (unsigned i = 0; i < a->target_count; i++) {
        value_set_number(c, a->targets[i], order);
    }
    return action_check(c, a, order == 0, CALL_STRCMP_FALSE, CALL_STRCMP_TRUE);
}

static void trim(struct call *c, int variable)
{
    char *text = call_scratch(c, SCRATCH_AUX), *end;

    end = text + value_get_text(c, variable, text, TEXT_MAX);
    while (text < end && isspace((unsigned char)*text)) {
        text++;
    }
    while (end > text && isspace((unsigned char)end[-1])) {
        end--;
    }
    value_set_text(c, variable, text, (size_t)(end - text));
}

static void url_encode(struct call *c, int variable)
{
    static const char digits[] = "0123456789ABCDEF";
    char *from = call_scratch(c, SCRATCH_AUX), *to = call_scratch(c, SCRATCH_MORE);
    size_t n = value_get_text(c, variable, from, TEXT_MAX / 2), out = 0;

    for (size_t i = 0; i < n && out + 3 < TEXT_MAX; i++) {
        unsigned char byte = (unsigned char)from[i];

        if (isalnum(byte) || (byte && strchr("-_.~", byte))) {
            to[out++] = (char)byte;
        } else {
            to[out++] = '%';
            to[out++] = digits[byte >> 4];
            to[out++] = digits[byte & 15];
        }
    }
    value_set_text(c, variable, to, out);
}

static void url_decode(struct call *c, int variable)
{
    char *text = call_scratch(c, SCRATCH_AUX);
    size_t n = value_get_text(c, variable, text, TEXT_MAX), out = 0;

    for (size_t i = 0; i < n; i++) {
        if (text[i] == '%' && i + 2 < n && isxdigit((unsigned char)text[i + 1]) &&
            isxdigit((unsigned char)text[i + 2])) {
            const char hex[] = {text[i + 1], text[i + 2], 0};

            text[out++] = (char)strtoul(hex, NULL, 16);
            i += 2;
        } else {
            text[out++] = text[i] == '+' ? ' ' : text[i];
        }
    }
    value_set_text(c, variable, text, out);
}

/* A text that is no number leaves the variable without a value. */
static void to_double(struct call *c, const struct action *a)
{
    char text[256], *end;
    size_t n = value_get_text(c, a->variable, text, sizeof(text) - 1);
    double number;

    text[n] = 0;
    number = strtod(text, &end);
    if (end == text) {
        value_set(c, a->targets[0], &(struct value){.kind = VALUE_NONE});
    } else {
        value_set_number(c, a->targets[0], number);
    }
}

enum action_result action_run_text(struct call *c, const struct action *a)
{
    char *text;

    switch (a->kind) {
    case ACTION_EREG:
        return ereg(c, a);
    case ACTION_STRCMP:
        return compare_texts(c, a);
    case ACTION_ASSIGNSTR:
        text = call_scratch(c, SCRATCH_OUT);
        value_set_text(c, a->targets[0], text, render_text(c, a->texts[0], text, TEXT_MAX));
        break;
    case ACTION_TODOUBLE:
        to_double(c, a);
        break;
    case ACTION_TRIM:
        trim(c, a->targets[0]);
        break;
    case ACTION_URLENCODE:
        url_encode(c, a->variable);
        break;
    case ACTION_URLDECODE:
        url_decode(c, a->variable);
        break;
    default:
        break;
    }
    return ACTION_NEXT;
}
