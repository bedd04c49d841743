/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_action: the children of <action>, each by a line of one table and a reader of its own where
 * attributes depend on each other. One thread.
 */
#include <string.h>

#include "node/scenario/call.h"
#include "node/scenario/inject.h"
#include "node/scenario/load.h"

enum { WORDS_MAX = 12 };

struct action_info {
    const char *name;
    enum action_kind kind;
    int (*read)(struct loader *l, const struct xml_node *n, struct action *a);
    const char *words[WORDS_MAX];
};

static int need(struct loader *l, const struct xml_node *n, const char *name,
                const struct xml_attr **ret)
{
    *ret = xml_attr_get(n, name);
    return *ret ? 0 : load_fail_node(l, n, "the attribute %s is missing", name);
}

/* A text with keywords into texts[i]. */
static int need_text(struct loader *l, const struct xml_node *n, const char *name, int i,
                     struct action *a)
{
    const struct xml_attr *attr;
    int code = need(l, n, name, &attr);

    return code < 0 ? code : load_template_attr(l, attr, &a->texts[i]);
}

static int need_targets(struct loader *l, const struct xml_node *n, unsigned least, unsigned most,
                        struct action *a)
{
    const struct xml_attr *attr;
    int code = need(l, n, "assign_to", &attr);

    if (code == 0) {
        code = load_targets(l, n, "assign_to", a);
    }
    if (code == 0 && (a->target_count < least || a->target_count > most)) {
        return load_fail_at(l, attr, "assign_to names %u variables; <%s> gives %u", a->target_count,
                            n->name, most);
    }
    return code;
}

static int need_variable(struct loader *l, const struct xml_node *n, const char *name, int *ret)
{
    const struct xml_attr *attr;
    int code = need(l, n, name, &attr);

    return code < 0 ? code : load_variable_attr(l, n, name, ret);
}

static int read_checks(struct loader *l, const struct xml_node *n, struct action *a)
{
    int code = load_flag(l, n, "check_it", ACTION_CHECK_IT, &a->flags);

    if (code == 0) {
        code = load_flag(l, n, "check_it_inverse", ACTION_CHECK_INVERSE, &a->flags);
    }
    if (code == 0 && (a->flags & ACTION_CHECK_IT) && (a->flags & ACTION_CHECK_INVERSE)) {
        return load_fail_node(l, n, "check_it and check_it_inverse exclude each other");
    }
    return code;
}

static int read_text(struct loader *l, const struct xml_node *n, struct action *a)
{
    return need_text(l, n, "message", 0, a);
}

static int read_search(struct loader *l, const struct xml_node *n, struct action *a)
{
    static const char *const places[] = {"msg", "hdr", "body", "var", NULL};
    const struct xml_attr *where = xml_attr_get(n, "search_in"), *header;
    int code = 0, i;

    for (i = 0; where && places[i] && strcmp(places[i], where->value) != 0; i++) {
    }
    if (where && !places[i]) {
        return load_fail_at(l, where, "search_in=\"%s\": write msg, hdr, body or var",
                            where->value);
    }
    a->search = (enum search_in)i;
    if (a->search == SEARCH_HDR) {
        code = need(l, n, "header", &header);
        a->name = code == 0 ? header->value : NULL;
    } else if (a->search == SEARCH_VAR) {
        code = need_variable(l, n, "variable", &a->variable);
    }
    return code;
}

static int read_ereg(struct loader *l, const struct xml_node *n, struct action *a)
{
    const struct xml_attr *regexp;
    bool is_case_blind = false;
    double occurrence = 1;
    int code = need(l, n, "regexp", &regexp);

    code = code < 0 ? code : load_bool(l, n, "case_indep", &is_case_blind);
    code = code < 0
               ? code
               : load_regex(l, regexp, regexp->value, is_case_blind ? REG_ICASE : 0, &a->regex);
    code = code < 0 ? code : read_search(l, n, a);
    code = code < 0 ? code : load_double(l, n, "occurrence", &occurrence);
    code = code < 0 ? code : load_double(l, n, "occurence", &occurrence);
    code = code < 0 ? code : load_flag(l, n, "start_line", ACTION_START_LINE, &a->flags);
    code = code < 0 ? code : read_checks(l, n, a);
    code = code < 0 ? code : load_targets(l, n, "assign_to", a);
    if (code < 0) {
        return code;
    }
    if (a->target_count > EREG_TARGETS_MAX) {
        return load_fail_at(l, xml_attr_get(n, "assign_to"), "assign_to names more than %d",
                            EREG_TARGETS_MAX);
    }
    if (a->target_count > a->regex->re_nsub + 1) {
        return load_fail_at(l, xml_attr_get(n, "assign_to"),
                            "assign_to names %u variables; the whole and %zu groups can be given",
                            a->target_count, a->regex->re_nsub);
    }
    if (occurrence < 1 || occurrence > 1000) {
        return load_fail_node(l, n, "occurrence counts from 1");
    }
    a->occurrence = (int)occurrence;
    return 0;
}

static int read_value_or_variable(struct loader *l, const struct xml_node *n, const char *variable,
                                  int *ret_variable, struct action *a)
{
    bool has_value = xml_attr_get(n, "value") != NULL;

    if (has_value == (xml_attr_get(n, variable) != NULL)) {
        return load_fail_node(l, n, "give either value or %s", variable);
    }
    if (has_value) {
        a->flags |= ACTION_HAS_VALUE;
        return load_double(l, n, "value", &a->value);
    }
    return load_variable_attr(l, n, variable, ret_variable);
}

static int read_sum(struct loader *l, const struct xml_node *n, struct action *a)
{
    int code = need_targets(l, n, 1, 1, a);

    code = code < 0 ? code : read_value_or_variable(l, n, "variable", &a->variable, a);
    if (code == 0 && a->kind == ACTION_DIVIDE && (a->flags & ACTION_HAS_VALUE) && a->value == 0) {
        return load_fail_at(l, xml_attr_get(n, "value"), "division by zero");
    }
    return code;
}

static int read_assignstr(struct loader *l, const struct xml_node *n, struct action *a)
{
    int code = need_targets(l, n, 1, 1, a);

    return code < 0 ? code : need_text(l, n, "value", 0, a);
}

static int read_todouble(struct loader *l, const struct xml_node *n, struct action *a)
{
    int code = need_targets(l, n, 1, 1, a);

    return code < 0 ? code : need_variable(l, n, "variable", &a->variable);
}

static int read_sample(struct loader *l, const struct xml_node *n, struct action *a)
{
    int code = need_targets(l, n, 1, 1, a);

    return code < 0 ? code : load_distribution(l, n, &a->sample);
}

static int read_test(struct loader *l, const struct xml_node *n, struct action *a)
{
    static const char *const words[] = {"equal",     "not_equal",          "greater_than",
                                        "less_than", "greater_than_equal", "less_than_equal",
                                        NULL};
    const struct xml_attr *compare;
    int i, code = need_variable(l, n, "variable", &a->variable);

    code = code < 0 ? code : need(l, n, "compare", &compare);
    code = code < 0 ? code : read_value_or_variable(l, n, "variable2", &a->variable2, a);
    code = code < 0 ? code : load_targets(l, n, "assign_to", a);
    code = code < 0 ? code : read_checks(l, n, a);
    if (code < 0) {
        return code;
    }
    for (i = 0; words[i] && strcmp(words[i], compare->value) != 0; i++) {
    }
    if (!words[i]) {
        return load_fail_at(l, compare, "compare=\"%s\"; the nearest is \"%s\"", compare->value,
                            load_nearest(compare->value, words));
    }
    a->compare = (enum compare)i;
    return 0;
}

static int read_strcmp(struct loader *l, const struct xml_node *n, struct action *a)
{
    int code = need_variable(l, n, "variable", &a->variable);

    if (code == 0 && (xml_attr_get(n, "value") != NULL) == (xml_attr_get(n, "variable2") != NULL)) {
        return load_fail_node(l, n, "give either value or variable2");
    }
    code = code < 0 ? code : load_variable_attr(l, n, "variable2", &a->variable2);
    a->name = xml_attr_find(n, "value"); /* as it is written: keywords are none here */
    code = code < 0 ? code : load_targets(l, n, "assign_to", a);
    return code < 0 ? code : read_checks(l, n, a);
}

static int read_trim(struct loader *l, const struct xml_node *n, struct action *a)
{
    return need_targets(l, n, 1, 1, a);
}

static int read_variable(struct loader *l, const struct xml_node *n, struct action *a)
{
    return need_variable(l, n, "variable", &a->variable);
}

static int read_time(struct loader *l, const struct xml_node *n, struct action *a)
{
    return need_targets(l, n, 2, 2, a);
}

static int read_jump(struct loader *l, const struct xml_node *n, struct action *a)
{
    return read_value_or_variable(l, n, "variable", &a->variable, a);
}

static int read_file(struct loader *l, const struct xml_node *n, struct action *a)
{
    const struct xml_attr *file;
    int code = need(l, n, "file", &file);

    if (code < 0) {
        return code;
    }
    a->file = inject_find(l->s->inject, file->value);
    if (a->file < 0) {
        return load_fail_at(l, file, "no injection file \"%s\" was given (-inf %s)", file->value,
                            file->value);
    }
    if (a->kind == ACTION_LOOKUP && !inject_has_index(l->s->inject, (unsigned)a->file)) {
        return load_fail_at(l, file, "%s has no index to look up in (-infindex %s 0)", file->value,
                            file->value);
    }
    if (a->kind == ACTION_LOOKUP) {
        code = need_targets(l, n, 1, 1, a);
        return code < 0 ? code : need_text(l, n, "key", 0, a);
    }
    code = need_text(l, n, "value", 0, a);
    return code < 0 || a->kind == ACTION_INSERT ? code : need_text(l, n, "line", 1, a);
}

static int read_verifyauth(struct loader *l, const struct xml_node *n, struct action *a)
{
    int code = need_targets(l, n, 1, 1, a);

    code = code < 0 ? code : need_text(l, n, "username", 0, a);
    return code < 0 ? code : need_text(l, n, "password", 1, a);
}

static int read_setdest(struct loader *l, const struct xml_node *n, struct action *a)
{
    int code = need_text(l, n, "host", 0, a);

    code = code < 0 ? code : need_text(l, n, "port", 1, a);
    return code < 0 ? code : need_text(l, n, "protocol", 2, a);
}

static int read_rtp_echo(struct loader *l, const struct xml_node *n, struct action *a)
{
    a->media = CALL_RTP_ECHO;
    l->s->has_media = true;
    return need_text(l, n, "value", 0, a);
}

static int read_nothing(struct loader *l, const struct xml_node *n, struct action *a)
{
    (void)l;
    (void)n;
    (void)a;
    return 0;
}

static const struct action_info infos[] = {
    {"ereg",
     ACTION_EREG,
     read_ereg,
     {"regexp", "search_in", "header", "variable", "case_indep", "occurrence", "occurence",
      "start_line", "check_it", "check_it_inverse", "assign_to"}},
    {"log", ACTION_LOG, read_text, {"message"}},
    {"warning", ACTION_WARNING, read_text, {"message"}},
    {"error", ACTION_ERROR, read_text, {"message"}},
    {"assign", ACTION_ASSIGN, read_sum, {"assign_to", "value", "variable"}},
    {"assignstr", ACTION_ASSIGNSTR, read_assignstr, {"assign_to", "value"}},
    {"todouble", ACTION_TODOUBLE, read_todouble, {"assign_to", "variable"}},
    {"add", ACTION_ADD, read_sum, {"assign_to", "value", "variable"}},
    {"subtract", ACTION_SUBTRACT, read_sum, {"assign_to", "value", "variable"}},
    {"multiply", ACTION_MULTIPLY, read_sum, {"assign_to", "value", "variable"}},
    {"divide", ACTION_DIVIDE, read_sum, {"assign_to", "value", "variable"}},
    {"sample", ACTION_SAMPLE, read_sample, {"assign_to", "distribution"}},
    {"test",
     ACTION_TEST,
     read_test,
     {"variable", "compare", "value", "variable2", "assign_to", "check_it", "check_it_inverse"}},
    {"strcmp",
     ACTION_STRCMP,
     read_strcmp,
     {"variable", "value", "variable2", "assign_to", "check_it", "check_it_inverse"}},
    {"trim", ACTION_TRIM, read_trim, {"assign_to"}},
    {"urlencode", ACTION_URLENCODE, read_variable, {"variable"}},
    {"urldecode", ACTION_URLDECODE, read_variable, {"variable"}},
    {"gettimeofday", ACTION_GETTIMEOFDAY, read_time, {"assign_to"}},
    {"index", ACTION_INDEX, read_trim, {"assign_to"}},
    {"jump", ACTION_JUMP, read_jump, {"value", "variable"}},
    {"pauserestore", ACTION_PAUSERESTORE, read_jump, {"value", "variable"}},
    {"lookup", ACTION_LOOKUP, read_file, {"assign_to", "file", "key"}},
    {"insert", ACTION_INSERT, read_file, {"file", "value"}},
    {"replace", ACTION_REPLACE, read_file, {"file", "line", "value"}},
    {"verifyauth", ACTION_VERIFYAUTH, read_verifyauth, {"assign_to", "username", "password"}},
    {"setdest", ACTION_SETDEST, read_setdest, {"host", "port", "protocol"}},
    {"closecon", ACTION_CLOSECON, read_nothing, {NULL}},
    {"rtp_echo", ACTION_RTP_ECHO, read_rtp_echo, {"value"}},
    {"exec",
     ACTION_EXEC_COMMAND,
     load_exec,
     {"command", "int_cmd", "play_pcap_audio", "play_pcap_video", "play_pcap_image", "play_dtmf",
      "rtp_stream", "rtp_echo"}},
};
enum { INFOS = sizeof(infos) / sizeof(infos[0]) };

static int read_one(struct loader *l, const struct xml_node *n, struct action *a)
{
    const char *names[INFOS + 1];

    for (size_t i = 0; i < INFOS; i++) {
        const struct action_info *info = &infos[i];
        int code;

        names[i] = info->name;
        if (strcmp(info->name, n->name) != 0) {
            continue;
        }
        *a = (struct action){.kind = info->kind, .line = n->line, .variable = -1, .variable2 = -1};
        code = load_check_attrs(l, n, info->words,
                                info->kind == ACTION_SAMPLE ? load_pause_words : NULL);
        return code < 0 ? code : info->read(l, n, a);
    }
    names[INFOS] = NULL;
    return load_fail_node(l, n, "no such action; the nearest is <%s>",
                          load_nearest(n->name, names));
}

int load_actions(struct loader *l, const struct xml_node *n, struct step *step)
{
    const struct xml_node *group, *child;
    size_t count = 0;

    for (group = n->first; group; group = group->next) {
        if (strcmp(group->name, "action") != 0) {
            return load_fail_node(l, group, "within <%s> stands <action> only", n->name);
        }
        for (child = group->first; child; child = child->next) {
            count++;
        }
    }
    step->actions = ARENA_ARRAY(&l->s->arena, struct action, count + 1);
    for (group = n->first; group; group = group->next) {
        int code = load_check_attrs(l, group, (const char *const[]){NULL}, NULL);

        for (child = group->first; code == 0 && child; child = child->next) {
            code = read_one(l, child, &step->actions[step->action_count]);
            step->action_count += code == 0;
        }
        if (code < 0) {
            return code;
        }
    }
    return 0;
}
