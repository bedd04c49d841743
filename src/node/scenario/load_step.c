/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_step: the seven commands of a scenario. One thread.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/scenario/load.h"

static const char *const common_words[] = {"start_rtd",
                                           "rtd",
                                           "repeat_rtd",
                                           "crlf",
                                           "next",
                                           "test",
                                           "chance",
                                           "condexec",
                                           "counter",
                                           "hide",
                                           "hiderest",
                                           "display",
                                           "lost",
                                           "ontimeout",
                                           "timeout",
                                           "ignoresdp",
                                           "condexec_inverse",
                                           NULL};

static const char *text_start(const struct xml_node *n, size_t *ret_blank_lines)
{
    const char *p = n->text;

    *ret_blank_lines = 0;
    while (*p && isspace((unsigned char)*p)) {
        *ret_blank_lines += *p++ == '\n';
    }
    return p;
}

static int read_message(struct loader *l, const struct xml_node *n, enum load_text_kind kind,
                        struct template **ret)
{
    size_t blank_lines;
    const char *first = text_start(n, &blank_lines);

    if (!*first) {
        return load_fail_node(l, n, "the message is missing: write it within <![CDATA[ ]]>");
    }
    return load_template(l, n->text, n->text_size, n->text_line - (int)blank_lines, 1, kind, ret);
}

/* Which request or response is sent stands in the first words, without keywords. */
static int read_start_line(struct loader *l, const struct xml_node *n, struct step *step)
{
    size_t blank_lines, size;
    const char *p = text_start(n, &blank_lines);

    size = strcspn(p, " \t\r\n");
    if (memchr(p, '[', size) || size > 64) {
        return load_fail(l, n->text_line, 1,
                         "the first word of a message is a method or SIP/2.0, without keywords");
    }
    if (size == 7 && memcmp(p, "SIP/2.0", 7) == 0) {
        step->flags |= STEP_RESPONSE;
        step->code = (unsigned)strtoul(p + size, NULL, 10);
        step->method = arena_printf(&l->s->arena, "%u", step->code);
        if (step->code > 699) {
            return load_fail(l, n->text_line, 1, "a status code is 100 to 699");
        }
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        if (!isalnum((unsigned char)p[i]) && !strchr("-.!%*_+`'~", p[i])) {
            return load_fail(l, n->text_line, 1, "\"%.*s\" is no method of a request", (int)size,
                             p);
        }
    }
    step->method = arena_strndup(&l->s->arena, p, size);
    step->flags |= strcmp(step->method, "INVITE") == 0   ? STEP_INVITE
                   : strcmp(step->method, "ACK") == 0    ? STEP_ACK
                   : strcmp(step->method, "CANCEL") == 0 ? STEP_CANCEL
                                                         : 0U;
    return 0;
}

static int method_bit(struct loader *l, const struct xml_node *n, struct step *step)
{
    struct scenario *s = l->s;
    unsigned i;

    for (i = 0; i < s->method_count && strcmp(s->methods[i], step->method) != 0; i++) {
    }
    if (i == METHOD_BITS) {
        return load_fail_node(l, n, "a scenario sends at most %d methods", METHOD_BITS);
    }
    if (i == s->method_count) {
        s->methods[s->method_count++] = step->method;
    }
    step->method_bit = i;
    return 0;
}

static struct txn_info *find_txn(struct loader *l, const struct xml_attr *a, int *ret)
{
    struct scenario *s = l->s;
    struct txn_info *more;

    for (unsigned i = 0; i < s->txn_count; i++) {
        if (strcmp(s->txns[i].name, a->value) == 0) {
            *ret = (int)i;
            return &s->txns[i];
        }
    }
    more = ARENA_ARRAY(&s->arena, struct txn_info, s->txn_count + 1);
    if (s->txn_count > 0) {
        memcpy(more, s->txns, s->txn_count * sizeof(*more));
    }
    s->txns = more;
    *ret = (int)s->txn_count;
    more[s->txn_count] = (struct txn_info){.name = a->value, .ack_step = -1, .line = a->line};
    return &more[s->txn_count++];
}

static int read_send_txn(struct loader *l, const struct xml_node *n, struct step *step)
{
    const struct xml_attr *start = xml_attr_get(n, "start_txn"), *ack = xml_attr_get(n, "ack_txn");
    struct txn_info *txn;

    if (start && (step->flags & (STEP_ACK | STEP_RESPONSE))) {
        return load_fail_at(l, start, "an ACK or a response starts no transaction");
    }
    if (ack && !(step->flags & STEP_ACK)) {
        return load_fail_at(l, ack, "ack_txn belongs to an ACK");
    }
    if (start) {
        txn = find_txn(l, start, &step->txn);
        txn->is_started = true;
        txn->is_invite = txn->is_invite || (step->flags & STEP_INVITE);
        step->flags |= STEP_START_TXN;
    }
    if (ack) {
        txn = find_txn(l, ack, &step->txn);
        txn->has_ack = true;
        txn->ack_step = l->step_index;
        step->flags |= STEP_ACK_TXN;
    }
    return 0;
}

static int read_send(struct loader *l, const struct xml_node *n, struct step *step)
{
    static const char *const words[] = {"retrans", "start_txn", "ack_txn", NULL};
    int code = load_check_attrs(l, n, words, common_words);

    if (code == 0 && n->first) {
        return load_fail_node(l, n->first, "actions stand in recv, recvCmd and nop");
    }
    code = code < 0 ? code : read_message(l, n, LOAD_MESSAGE, &step->message);
    code = code < 0 ? code : read_start_line(l, n, step);
    code = code < 0 || step->flags & STEP_RESPONSE ? code : method_bit(l, n, step);
    code = code < 0 ? code : load_ms(l, n, "retrans", &step->retrans_ns);
    return code < 0 ? code : read_send_txn(l, n, step);
}

static int read_optional(struct loader *l, const struct xml_node *n, struct step *step)
{
    const struct xml_attr *a = xml_attr_get(n, "optional");
    const struct xml_attr *advance = xml_attr_get(n, "advance_state");
    bool is_advancing = true;
    int code;

    if (a && strcmp(a->value, "global") == 0) {
        step->flags |= STEP_OPTIONAL | STEP_GLOBAL;
    } else if (load_flag(l, n, "optional", STEP_OPTIONAL, &step->flags) < 0 && a) {
        return load_fail_at(l, a, "optional=\"%s\": write true, false or global", a->value);
    }
    code = load_bool(l, n, "advance_state", &is_advancing);
    if (code == 0 && !is_advancing && !(step->flags & STEP_OPTIONAL)) {
        return load_fail_at(l, advance, "advance_state=\"false\" wants optional=\"true\"");
    }
    step->flags |= is_advancing ? 0U : STEP_NO_ADVANCE;
    return code;
}

static int read_expected(struct loader *l, const struct xml_node *n, struct step *step)
{
    const struct xml_attr *request = xml_attr_get(n, "request");
    const struct xml_attr *response = xml_attr_get(n, "response");
    const struct xml_attr *what = request ? request : response;
    bool is_regexp = false;
    int code = load_bool(l, n, "regexp_match", &is_regexp);
    char *end;

    if (code < 0) {
        return code;
    }
    if (!request == !response) {
        return load_fail_node(l, n, "give either request=\"METHOD\" or response=\"code\"");
    }
    step->flags |= response ? STEP_RESPONSE : 0U;
    step->method = what->value;
    if (is_regexp) {
        step->flags |= STEP_REGEXP;
        return load_regex(l, what, what->value, REG_NOSUB, &step->regex);
    }
    if (response) {
        step->code = (unsigned)strtoul(response->value, &end, 10);
        if (end == response->value || *end || step->code < 100 || step->code > 699) {
            return load_fail_at(l, response, "response=\"%s\": a status code is 100 to 699",
                                response->value);
        }
    }
    return 0;
}

static int read_recv(struct loader *l, const struct xml_node *n, struct step *step)
{
    static const char *const words[] = {"request",  "response",      "regexp_match",
                                        "optional", "advance_state", "rrs",
                                        "auth",     "response_txn",  NULL};
    const struct xml_attr *txn = xml_attr_get(n, "response_txn");
    int code = load_check_attrs(l, n, words, common_words);

    code = code < 0 ? code : read_expected(l, n, step);
    code = code < 0 ? code : read_optional(l, n, step);
    code = code < 0 ? code : load_flag(l, n, "rrs", STEP_RRS, &step->flags);
    code = code < 0 ? code : load_flag(l, n, "auth", STEP_AUTH, &step->flags);
    if (code == 0 && txn) {
        if (!(step->flags & STEP_RESPONSE)) {
            return load_fail_at(l, txn, "response_txn belongs to a response");
        }
        find_txn(l, txn, &step->txn)->has_response = true;
    }
    return code < 0 ? code : load_actions(l, n, step);
}

static int read_pause(struct loader *l, const struct xml_node *n, struct step *step)
{
    int code = load_check_attrs(l, n, load_pause_words, common_words);

    if (code == 0 && n->first) {
        return load_fail_node(l, n->first, "actions stand in recv, recvCmd and nop");
    }
    return code < 0 ? code : load_pause(l, n, step);
}

static int read_nop(struct loader *l, const struct xml_node *n, struct step *step)
{
    static const char *const words[] = {NULL};
    int code = load_check_attrs(l, n, words, common_words);

    return code < 0 ? code : load_actions(l, n, step);
}

static int read_send_cmd(struct loader *l, const struct xml_node *n, struct step *step)
{
    static const char *const words[] = {"dest", NULL};
    int code = load_check_attrs(l, n, words, common_words);

    step->peer = xml_attr_find(n, "dest");
    l->s->has_twin = true;
    if (code == 0 && n->first) {
        return load_fail_node(l, n->first, "actions stand in recv, recvCmd and nop");
    }
    if (code == 0 && !strstr(n->text, "Call-ID:") && !strstr(n->text, "Call-Id:")) {
        return load_fail_node(l, n, "a command carries a line Call-ID: [call_id]");
    }
    if (code == 0 && step->peer && !strstr(n->text, "From:")) {
        return load_fail_node(l, n, "a command with dest carries a line From: with its sender");
    }
    return code < 0 ? code : read_message(l, n, LOAD_COMMAND, &step->message);
}

static int read_recv_cmd(struct loader *l, const struct xml_node *n, struct step *step)
{
    static const char *const words[] = {"src", "optional", NULL};
    int code = load_check_attrs(l, n, words, common_words);

    step->peer = xml_attr_find(n, "src");
    l->s->has_twin = true;
    code = code < 0 ? code : read_optional(l, n, step);
    return code < 0 ? code : load_actions(l, n, step);
}

static const struct {
    const char *name;
    enum scenario_step_kind kind;
    int (*read)(struct loader *l, const struct xml_node *n, struct step *step);
} commands[] = {
    {"send", SCENARIO_SEND, read_send},
    {"recv", SCENARIO_RECV, read_recv},
    {"pause", SCENARIO_PAUSE, read_pause},
    {"nop", SCENARIO_NOP, read_nop},
    {"sendCmd", SCENARIO_SEND_CMD, read_send_cmd},
    {"recvCmd", SCENARIO_RECV_CMD, read_recv_cmd},
    {"timewait", SCENARIO_TIMEWAIT, read_pause},
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

/* The number of a response time; "true" is the one named 1. */
static int read_rtd(struct loader *l, const struct xml_node *n, const char *name, int *ret)
{
    const struct xml_attr *a = xml_attr_get(n, name);
    const char *rtd;

    if (!a || strcmp(a->value, "false") == 0) {
        return 0;
    }
    rtd = strcmp(a->value, "true") == 0 ? "1" : a->value;
    if (!rtd[0] || strlen(rtd) > 60) {
        return load_fail_at(l, a, "%s=\"%s\": a name of 1 to 60 bytes", name, a->value);
    }
    *ret = (int)load_name(l, &l->s->rtds, &l->s->rtd_count, rtd);
    if (l->s->rtd_count > l->step_max) {
        return load_fail_at(l, a, "more response times than commands");
    }
    return 0;
}

static int read_counter(struct loader *l, const struct xml_node *n, struct step *step)
{
    const struct xml_attr *a = xml_attr_get(n, "counter");

    if (!a) {
        return 0;
    }
    if (!a->value[0] || strpbrk(a->value, "$,")) {
        return load_fail_at(l, a, "counter=\"%s\": a name without '$' and ','", a->value);
    }
    step->counter = (int)load_name(l, &l->s->counters, &l->s->counter_count, a->value);
    return 0;
}

static int read_chances(struct loader *l, const struct xml_node *n, struct step *step)
{
    const struct xml_attr *chance = xml_attr_get(n, "chance");
    double lost = l->options->lost_pct;
    int code = load_double(l, n, "chance", &step->chance);

    if (code == 0 && chance && (step->chance < 0 || step->chance > 1)) {
        return load_fail_at(l, chance, "chance=\"%s\": a probability, 0 to 1", chance->value);
    }
    if (code == 0 && chance && !xml_attr_get(n, "next")) {
        return load_fail_at(l, chance, "chance works together with next");
    }
    code = code < 0 ? code : load_double(l, n, "lost", &lost);
    if (code == 0 && (lost < 0 || lost > 100)) {
        return load_fail_at(l, xml_attr_get(n, "lost"), "lost is 0 to 100 percent");
    }
    step->lost = lost / 100;
    return code;
}

static int read_common(struct loader *l, const struct xml_node *n, struct step *step)
{
    bool is_inverse = false;
    int code = read_rtd(l, n, "start_rtd", &step->start_rtd);

    code = code < 0 ? code : read_rtd(l, n, "rtd", &step->rtd);
    code = code < 0 ? code : load_flag(l, n, "repeat_rtd", STEP_REPEAT_RTD, &step->flags);
    code = code < 0 ? code : read_counter(l, n, step);
    code = code < 0 ? code : read_chances(l, n, step);
    code = code < 0 ? code : load_variable_attr(l, n, "test", &step->test);
    code = code < 0 ? code : load_variable_attr(l, n, "condexec", &step->condexec);
    code = code < 0 ? code : load_bool(l, n, "condexec_inverse", &is_inverse);
    code = code < 0 ? code : load_ms(l, n, "timeout", &step->timeout_ns);
    code = code < 0 ? code : load_flag(l, n, "ignoresdp", STEP_IGNORE_SDP, &step->flags);
    code = code < 0 ? code : load_bool(l, n, "hiderest", &l->is_hidden);
    if (l->is_hidden) {
        step->flags |= STEP_HIDE;
    }
    if (code == 0 && xml_attr_get(n, "hide")) {
        step->flags &= ~(unsigned)STEP_HIDE;
        code = load_flag(l, n, "hide", STEP_HIDE, &step->flags);
    }
    step->flags |= is_inverse ? STEP_CONDEXEC_INVERSE : 0U;
    step->display = xml_attr_find(n, "display");
    if (code == 0 && xml_attr_get(n, "test") && !xml_attr_get(n, "next")) {
        return load_fail_at(l, xml_attr_get(n, "test"), "test works together with next");
    }
    return code;
}

int load_step(struct loader *l, const struct xml_node *n)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        struct step *step = l->step;
        int code;

        if (strcmp(commands[i].name, n->name) != 0) {
            continue;
        }
        *step = (struct step){.kind = commands[i].kind,
                              .line = n->line,
                              .next = -1,
                              .ontimeout = -1,
                              .test = -1,
                              .condexec = -1,
                              .start_rtd = -1,
                              .rtd = -1,
                              .counter = -1,
                              .txn = -1,
                              .pause_variable = -1,
                              .chance = 1};
        code = read_common(l, n, step);
        if (code == 0 && l->step_index >= 0) {
            l->nexts[l->step_index] = xml_attr_get(n, "next");
            l->ontimeouts[l->step_index] = xml_attr_get(n, "ontimeout");
        }
        return code < 0 ? code : commands[i].read(l, n, step);
    }
    return -ENOENT;
}
