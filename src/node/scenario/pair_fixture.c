/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pair_fixture: see the header. Not a network: order is kept, and losses are as told.
 */
#include "node/scenario/pair_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "node/scenario/store.h"

static void push(struct buf *queue, const void *bytes, size_t size)
{
    buf_append(queue, &size, sizeof(size));
    buf_append(queue, bytes, size);
}

static int on_send(void *driver, struct call *c, const void *bytes, size_t size, unsigned flags)
{
    struct pair_side *s = driver;
    int other = s == &s->pair->side[PAIR_CALLER] ? PAIR_CALLED : PAIR_CALLER;
    unsigned n = s->sent_count++;

    (void)c;
    (void)flags;
    buf_append(&s->sent, bytes, size);
    buf_append_str(&s->sent, "----\n");
    if (s->send_code < 0) {
        return s->send_code;
    }
    if (n >= 32 || !(s->drop >> n & 1)) {
        push(&s->pair->queue[other], bytes, size);
    }
    return 0;
}

static int on_command(void *driver, struct call *c, const char *dest, const void *bytes,
                      size_t size)
{
    struct pair_side *s = driver;
    int other = s == &s->pair->side[PAIR_CALLER] ? PAIR_CALLED : PAIR_CALLER;

    (void)c;
    buf_printf(&s->log, "command %s: %.*s\n", dest, (int)size, (const char *)bytes);
    s->commands++;
    push(&s->pair->commands[other], bytes, size);
    return 0;
}

static void on_ended(void *driver, struct call *c, enum call_cause cause, uint64_t now_ns)
{
    struct pair_side *s = driver;

    (void)c;
    (void)now_ns;
    s->is_ended = true;
    s->cause = cause;
}

static void on_event(void *driver, struct call *c, unsigned step, enum call_event event)
{
    struct pair_side *s = driver;

    (void)c;
    s->events[event]++;
    if (step < 64) {
        s->step_events[step][event]++;
    }
}

static void on_rtd(void *driver, struct call *c, unsigned rtd, uint64_t started_ns, uint64_t now_ns)
{
    struct pair_side *s = driver;

    (void)c;
    (void)rtd;
    s->rtds++;
    s->last_rtd_ns = now_ns - started_ns;
}

static void on_counter(void *driver, struct call *c, unsigned counter)
{
    (void)c;
    (void)counter;
    ((struct pair_side *)driver)->counters++;
}

static void on_text(void *driver, struct call *c, enum call_text kind, const char *text)
{
    static const char *const kinds[] = {"log", "warning", "error"};
    struct pair_side *s = driver;

    (void)c;
    s->texts++;
    buf_printf(&s->log, "%s: %s\n", kinds[kind], text);
}

static int on_media(void *driver, struct call *c, enum call_media kind, const char *text)
{
    struct pair_side *s = driver;

    (void)c;
    s->media++;
    buf_printf(&s->log, "media %d: %s\n", (int)kind, text);
    return 0;
}

static void on_description(void *driver, struct call *c, const char *bytes, size_t size)
{
    struct pair_side *s = driver;

    (void)c;
    s->descriptions++;
    buf_printf(&s->log, "description %.*s\n", size < 3 ? (int)size : 3, bytes);
}

static unsigned on_port(void *driver, struct call *c, enum call_port kind)
{
    (void)driver;
    (void)c;
    return 6000 + 1000 * (unsigned)kind;
}

static int on_setdest(void *driver, struct call *c, const char *host, unsigned port,
                      const char *protocol)
{
    struct pair_side *s = driver;

    (void)c;
    s->setdests++;
    buf_printf(&s->log, "setdest %s %u %s\n", host, port, protocol);
    return 0;
}

static void on_closecon(void *driver, struct call *c)
{
    (void)c;
    ((struct pair_side *)driver)->closes++;
}

static void on_control(void *driver, struct call *c, enum call_control what, const char *text)
{
    struct pair_side *s = driver;

    (void)c;
    s->controls++;
    buf_printf(&s->log, "control %d: %s\n", (int)what, text);
}

static int on_crypto(void *driver, struct call *c, const char *word, char *buffer, size_t size)
{
    (void)driver;
    (void)c;
    return snprintf(buffer, size, "<%s>", word);
}

static const struct call_ops ops = {
    .send = on_send,
    .command = on_command,
    .ended = on_ended,
    .event = on_event,
    .rtd = on_rtd,
    .counter = on_counter,
    .text = on_text,
    .media = on_media,
    .description = on_description,
    .port = on_port,
    .setdest = on_setdest,
    .closecon = on_closecon,
    .control = on_control,
    .crypto = on_crypto,
};

static void init_side(struct pair *p, int side)
{
    struct pair_side *s = &p->side[side];

    s->pair = p;
    s->facts = (struct call_facts){
        .remote_ip = side == PAIR_CALLER ? "192.0.2.2" : "192.0.2.1",
        .remote_host = "peer.example",
        .remote_port = side == PAIR_CALLER ? "5062" : "5061",
        .local_ip = side == PAIR_CALLER ? "192.0.2.1" : "192.0.2.2",
        .local_ip_type = "4",
        .local_port = side == PAIR_CALLER ? "5061" : "5062",
        .server_ip = "192.0.2.9",
        .media_ip = "192.0.2.3",
        .media_ip_type = "4",
        .transport = "UDP",
    };
    rand_init(&s->rand, 7 + (uint64_t)side);
    s->env = (struct call_env){.ops = &ops,
                               .driver = s,
                               .store = call_store_create(1, (size_t)64 << 20),
                               .rand = &s->rand,
                               .scratch = s->scratch,
                               .scratch_size = sizeof(s->scratch),
                               .real_offset_ns = UINT64_C(1700000000) * NS_PER_S,
                               .start_ns = p->now_ns};
    buf_init(&s->log);
    buf_init(&s->sent);
    buf_init(&p->queue[side]);
    buf_init(&p->commands[side]);
}

struct pair *pair_create(void)
{
    struct pair *p = aligned_alloc(64, (sizeof(struct pair) + 63) / 64 * 64);

    if (!p) {
        abort();
    }
    memset(p, 0, sizeof(*p));
    p->now_ns = 5 * NS_PER_S;
    init_side(p, PAIR_CALLER);
    init_side(p, PAIR_CALLED);
    return p;
}

static void end_call(struct pair_side *s)
{
    if (s->call) {
        call_finish(s->call);
        free(s->memory);
        s->call = NULL;
    }
}

void pair_destroy(struct pair *p)
{
    for (int i = 0; i < PAIR_SIDES; i++) {
        struct pair_side *s = &p->side[i];

        end_call(s);
        scenario_destroy(s->scenario);
        call_store_destroy(s->env.store);
        buf_finish(&s->log);
        buf_finish(&s->sent);
        buf_finish(&p->queue[i]);
        buf_finish(&p->commands[i]);
    }
    free(p);
}

static int loaded(int code, const struct err *err)
{
    char text[ERR_TEXT_MAX + ERR_FILE_MAX + 32];

    if (code < 0) {
        fprintf(stderr, "%s\n", err_format(err, text, sizeof(text)));
    }
    return code;
}

static const struct scenario_options *options_or_default(const struct scenario_options *options)
{
    static struct scenario_options plain;

    scenario_options_default(&plain);
    plain.process_id = 4711;
    return options ? options : &plain;
}

int pair_load(struct pair *p, int side, const char *path, const struct scenario_options *options)
{
    struct err err = {0};

    return loaded(scenario_load(path, options_or_default(options), &p->side[side].scenario, &err),
                  &err);
}

int pair_load_text(struct pair *p, int side, const char *text,
                   const struct scenario_options *options)
{
    struct err err = {0};

    return loaded(scenario_load_text("text.xml", text, strlen(text), options_or_default(options),
                                     &p->side[side].scenario, &err),
                  &err);
}

static void start_with(struct pair *p, int side, uint64_t number, const char *id, size_t id_size)
{
    struct pair_side *s = &p->side[side];
    struct call_start start = {.facts = &s->facts, .number = number, .user = 1, .owner = s};

    start.call_id = id;
    start.call_id_size = id_size;
    s->memory = aligned_alloc(16, scenario_call_size(s->scenario));
    if (!s->memory) {
        abort();
    }
    s->call = s->memory;
    s->is_started = true;
    call_start(s->memory, s->scenario, &s->env, &start, p->now_ns);
}

void pair_start(struct pair *p, int side, uint64_t number)
{
    start_with(p, side, number, NULL, 0);
}

static void give(struct pair *p, int side, const char *bytes, size_t size)
{
    struct pair_side *s = &p->side[side];
    const char *key = NULL;
    size_t key_size = call_key(bytes, size, 0, &key);

    if (!s->is_started) {
        start_with(p, side, 1, key, key_size);
    }
    if (s->call) {
        call_on_message(s->call, bytes, size, p->now_ns);
    }
}

void pair_give(struct pair *p, int side, const char *text)
{
    /* Bytes of their own, so that reading behind them shows. */
    size_t size = strlen(text);
    char *copy = malloc(size ? size : 1);

    if (!copy) {
        abort();
    }
    memcpy(copy, text, size);
    give(p, side, copy, size);
    free(copy);
}

/* Takes the first off a queue. False: it is empty. */
static char *pop(struct buf *queue, size_t *ret_size)
{
    char *copy;

    if (queue->size == 0) {
        return NULL;
    }
    memcpy(ret_size, queue->data, sizeof(*ret_size));
    copy = malloc(*ret_size + 1);
    if (!copy) {
        abort();
    }
    memcpy(copy, queue->data + sizeof(*ret_size), *ret_size);
    buf_remove_front(queue, sizeof(*ret_size) + *ret_size);
    return copy;
}

static bool deliver(struct pair *p, int side)
{
    size_t size;
    char *bytes = pop(&p->queue[side], &size);

    if (bytes) {
        give(p, side, bytes, size);
        free(bytes);
        return true;
    }
    bytes = p->side[side].call ? pop(&p->commands[side], &size) : NULL;
    if (bytes) {
        call_on_command(p->side[side].call, "", bytes, size, p->now_ns);
        free(bytes);
        return true;
    }
    return false;
}

static uint64_t next_due(const struct pair *p)
{
    uint64_t due = CALL_NEVER;

    for (int i = 0; i < PAIR_SIDES; i++) {
        const struct pair_side *s = &p->side[i];

        if (s->call && !s->is_ended && call_next_due(s->call) < due) {
            due = call_next_due(s->call);
        }
    }
    return due;
}

void pair_run(struct pair *p, uint64_t limit_ns)
{
    p->until_ns = p->now_ns + limit_ns;
    for (;;) {
        uint64_t due;

        if (deliver(p, PAIR_CALLER) || deliver(p, PAIR_CALLED)) {
            p->now_ns += NS_PER_MS;
            continue;
        }
        due = next_due(p);
        if (due > p->until_ns) {
            return;
        }
        p->now_ns = due > p->now_ns ? due : p->now_ns;
        for (int i = 0; i < PAIR_SIDES; i++) {
            if (p->side[i].call && !p->side[i].is_ended) {
                call_on_timer(p->side[i].call, p->now_ns);
            }
        }
    }
}

size_t pair_call_bytes(const struct pair *p, int side)
{
    const struct pair_side *s = &p->side[side];

    return scenario_call_size(s->scenario) + call_store_used(s->env.store);
}
