/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * platform_talk: verbs as an argument, or as JSON-RPC. One thread.
 */
#include "base/test.h"

#include "platform_talk.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"

void talk_fail(const struct platform_ops *ops, const char *text)
{
    fail_msg("%s: %s", ops->name, text);
}

bool talk_is_guest(const struct platform_ops *ops)
{
    return strcmp(ops->name, "qemu") == 0;
}

static void read_line(const struct platform_ops *ops, struct proc *p, char line[TALK_LINE_MAX])
{
    size_t used = 0;
    while (used + 1 < TALK_LINE_MAX) {
        struct pollfd fd = {.fd = p->out_fd, .events = POLLIN};
        if (poll(&fd, 1, 30000) != 1 || read(p->out_fd, line + used, 1) != 1)
            talk_fail(ops, "no answer through the stream");
        if (line[used] == '\n')
            break;
        used++;
    }
    line[used] = '\0';
}

static void say(const struct platform_ops *ops, struct proc *p, const char *text)
{
    if (write(p->in_fd, text, strlen(text)) != (ssize_t)strlen(text))
        talk_fail(ops, "the stream takes nothing");
}

/* New reference: what the node answers; notices are passed over. */
static json_t *ask(const struct platform_ops *ops, struct proc *p, const char *method,
                   json_t *params)
{
    char line[TALK_LINE_MAX], text[1024];
    json_t *request = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", 7, "method", method,
                                "params", params);
    size_t size = json_dumpb(request, text, sizeof text - 2, JSON_COMPACT);
    json_decref(request);
    text[size] = '\n';
    text[size + 1] = '\0';
    say(ops, p, text);
    for (;;) {
        read_line(ops, p, line);
        json_t *answer = json_parse(line, strlen(line), NULL);
        if (json_object_get(answer, "id") == NULL) {
            json_decref(answer);
            continue;
        }
        json_t *result = json_incref(json_object_get(answer, "result"));
        json_decref(answer);
        if (result == NULL)
            talk_fail(ops, line);
        return result;
    }
}

static void burn(const struct platform_ops *ops, struct proc *p, char line[TALK_LINE_MAX])
{
    json_decref(ask(ops, p, "bench.start",
                    json_pack("{s:s, s:s, s:{s:s}}", "id", "burn", "type", "pi", "options",
                              "digits", "100000")));
    str_printf(line, TALK_LINE_MAX, "burning");
}

static void echo(const struct platform_ops *ops, struct machine *m, struct proc *p,
                 char line[TALK_LINE_MAX])
{
    json_decref(ask(ops, p, "appliance.open",
                    json_pack("{s:s, s:s, s:s}", "id", "echo", "type", "null", "address",
                              ops->address(m, NULL))));
    /* The answer comes to who is the peer: the test binds this port. */
    json_t *got =
        ask(ops, p, "appliance.endpoints", json_pack("{s:s, s:[s]}", "id", "echo", "peers", line));
    const char *endpoint = json_string_value(json_array_get(json_object_get(got, "endpoints"), 0));
    const char *colon = endpoint != NULL ? strrchr(endpoint, ':') : NULL;
    str_printf(line, TALK_LINE_MAX, "port %s", colon != NULL ? colon + 1 : "?");
    json_decref(got);
}

static void start_guest(const struct platform_ops *ops, struct machine *m, const char *verb,
                        struct proc *ret, char line[TALK_LINE_MAX])
{
    struct err e = {0};
    if (proc_start(ret, (char *const *)ops->stream(m), 0, &e) < 0)
        talk_fail(ops, e.text);
    if (strcmp(verb, "burn") == 0) {
        burn(ops, ret, line);
    } else if (strcmp(verb, "echo") == 0) {
        echo(ops, m, ret, line);
    } else {
        talk_once(ops, ret);
        str_printf(line, TALK_LINE_MAX, "%s", strcmp(verb, "hold") == 0 ? "holding" : "");
    }
}

void talk_start(const struct platform_ops *ops, struct machine *m, const char *verb,
                struct proc *ret, char line[TALK_LINE_MAX])
{
    char *words[64];
    size_t n = 0;
    struct err e = {0};
    if (talk_is_guest(ops)) {
        start_guest(ops, m, verb, ret, line);
        return;
    }
    for (char *const *word = ops->stream(m); *word != NULL; word++)
        words[n++] = *word;
    words[n] = NULL;
    words[n - 1] = (char *)(uintptr_t)verb; /* in place of "serve" */
    if (proc_start(ret, words, 0, &e) < 0)
        talk_fail(ops, e.text);
    if (strcmp(verb, "serve") != 0)
        read_line(ops, ret, line);
}

void talk_once(const struct platform_ops *ops, struct proc *p)
{
    char line[TALK_LINE_MAX];
    if (talk_is_guest(ops)) {
        json_t *answer = ask(ops, p, "clock", json_object());
        if (json_u64_or(answer, "monotonic_ns", 0) == 0)
            talk_fail(ops, "the guest's clock stands at 0");
        json_decref(answer);
        return;
    }
    say(ops, p, "hello\n");
    read_line(ops, p, line);
    if (strcmp(line, "hello") != 0)
        talk_fail(ops, line);
}
