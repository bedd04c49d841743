/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * exchange: see exchange.h. The near end says when it has sent all; the far end's last word has its
 * figures, and comes when it has sent all, too.
 */
#include "node/bench/exchange.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"

enum { LOOK_MS = 10 };
static const uint64_t quiet_ns = 50 * NS_PER_MS;

struct sending { /* in a thread of its own when the other way is busy too */
    const struct exchange *x;
    struct bulk_figures figures;
    struct err err;
    int result;
    atomic_bool done;
    pthread_t thread;
    bool threaded;
};

static void *send_tcp(void *arg)
{
    struct sending *s = arg;
    const uint64_t start = clock_now_ns(), cpu = clock_thread_cpu_ns();

    s->result = talk_send_bytes(s->x->talk, s->x->bytes, &s->err);
    s->figures.bytes = s->x->bytes;
    s->figures.elapsed_ns = clock_now_ns() - start;
    s->figures.cpu_ns = clock_thread_cpu_ns() - cpu;
    atomic_store(&s->done, true);
    return NULL;
}

static void *send_udp(void *arg)
{
    struct sending *s = arg;

    s->result = bulk_send(&s->x->udp, &s->figures);
    if (s->result < 0) {
        s->result = talk_fail(s->x->talk, s->result, &s->err);
    }
    atomic_store(&s->done, true);
    return NULL;
}

/* Sends at once when nothing is to be received meanwhile. */
static int start_sending(struct sending *s, const struct exchange *x, void *(*how)(void *))
{
    *s = (struct sending){.x = x};
    if (!x->sends) {
        atomic_store(&s->done, true);
        return 0;
    }
    if (x->receives) {
        s->threaded = pthread_create(&s->thread, NULL, how, s) == 0;
        return s->threaded ? 0 : -EAGAIN;
    }
    (void)how(s);
    return s->result;
}

static int end_sending(struct sending *s, struct err *e)
{
    if (s->threaded) {
        (void)pthread_join(s->thread, NULL);
    }
    if (s->result < 0 && e != NULL) {
        *e = s->err;
    }
    return s->result;
}

static json_t *figures_to_json(const struct bulk_figures *f)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:b}", "packets", json_u64(f->packets), "bytes",
                     json_u64(f->bytes), "elapsed_ns", json_u64(f->elapsed_ns), "cpu_ns",
                     json_u64(f->cpu_ns), "offloaded", f->offloaded);
}

static void figures_from_json(const json_t *o, struct bulk_figures *ret)
{
    *ret = (struct bulk_figures){.packets = json_u64_or(o, "packets", 0),
                                 .bytes = json_u64_or(o, "bytes", 0),
                                 .elapsed_ns = json_u64_or(o, "elapsed_ns", 0),
                                 .cpu_ns = json_u64_or(o, "cpu_ns", 0),
                                 .offloaded = json_bool_or(o, "offloaded", false)};
}

static int say_figures(const struct exchange *x, const struct exchange_figures *f, struct err *e)
{
    return talk_say(x->talk,
                    json_pack("{s:o, s:o}", "sent", figures_to_json(&f->sent), "received",
                              figures_to_json(&f->received)),
                    e);
}

static int hear_figures(const struct exchange *x, struct exchange_figures *ret, struct err *e)
{
    json_t *word = NULL;
    int r = talk_hear(x->talk, &word, e);
    if (r == 0) {
        figures_from_json(json_object_get(word, "sent"), &ret->sent);
        figures_from_json(json_object_get(word, "received"), &ret->received);
    }
    json_decref(word);
    return r;
}

int exchange_tcp(const struct exchange *x, struct exchange_figures *ret,
                 struct exchange_figures *ret_far, struct err *e)
{
    struct sending s;
    const uint64_t start = clock_now_ns(), cpu = clock_thread_cpu_ns();

    *ret = (struct exchange_figures){0};
    int r = start_sending(&s, x, send_tcp);
    if (r == 0 && x->receives) {
        r = talk_receive_bytes(x->talk, x->bytes, e);
        ret->received = (struct bulk_figures){.bytes = x->bytes,
                                              .elapsed_ns = clock_now_ns() - start,
                                              .cpu_ns = clock_thread_cpu_ns() - cpu};
    }
    const int sent = end_sending(&s, r < 0 ? NULL : e);
    r = r < 0 ? r : sent;
    ret->sent = s.figures;
    if (r < 0) {
        return r;
    }
    return x->side == EXCHANGE_FAR ? say_figures(x, ret, e) : hear_figures(x, ret_far, e);
}

/* Takes what arrives, or else waits a little for a word. */
static int receive_or_wait(const struct exchange *x, struct bulk_receiver *in)
{
    struct pollfd p[] = {{.fd = x->talk->fd, .events = POLLIN},
                         {.fd = x->receives ? x->udp.fd : -1, .events = POLLIN}};

    (void)poll(p, 2, LOOK_MS);
    if (x->udp.stop != NULL && atomic_load(x->udp.stop)) {
        return -ECANCELED;
    }
    return x->receives ? bulk_receive(&x->udp, in) : 0;
}

/* The far end: until the near end has said that it sent all, and we have. */
static int serve_udp(const struct exchange *x, struct sending *s, struct bulk_receiver *in,
                     struct err *e)
{
    struct exchange_figures near = {0};
    bool heard = false;
    int r = 0;

    while (r == 0 && !(heard && atomic_load(&s->done))) {
        r = receive_or_wait(x, in);
        if (r == 0 && !heard && talk_has_word(x->talk)) {
            r = hear_figures(x, &near, e);
            heard = true;
        }
    }
    if (r == 0 && x->receives) {
        r = bulk_drain(&x->udp, in, near.sent.packets, quiet_ns);
    }
    return r;
}

/* The near end: says that it has sent all, then waits for the far end's figures. */
static int ask_udp(const struct exchange *x, struct sending *s, struct bulk_receiver *in,
                   struct exchange_figures *ret_far, struct err *e)
{
    uint64_t until = clock_now_ns() + TALK_QUIET_S * NS_PER_S, seen = 0;
    bool said = false;
    int r = 0;

    while (r == 0 && !(said && talk_has_word(x->talk))) {
        r = receive_or_wait(x, in);
        if (r == 0 && !said && atomic_load(&s->done)) {
            const struct exchange_figures own = {.sent = s->figures};
            r = say_figures(x, &own, e);
            said = true;
        }
        if (in->figures.packets != seen || !said) {
            seen = in->figures.packets;
            until = clock_now_ns() + TALK_QUIET_S * NS_PER_S;
        }
        if (r == 0 && clock_now_ns() > until) {
            r = -ETIMEDOUT;
        }
    }
    if (r == 0) {
        r = hear_figures(x, ret_far, e);
    }
    if (r == 0 && x->receives) {
        r = bulk_drain(&x->udp, in, ret_far->sent.packets, quiet_ns);
    }
    return r;
}

int exchange_udp(const struct exchange *x, struct exchange_figures *ret,
                 struct exchange_figures *ret_far, struct err *e)
{
    struct bulk_receiver in = {0};
    struct sending s;
    struct err why = {0};

    *ret = (struct exchange_figures){0};
    int r = x->receives ? bulk_receiver_init(&in, &x->udp) : 0;
    if (r < 0) {
        return err_set(e, r, "no memory to receive into");
    }
    r = start_sending(&s, x, send_udp);
    if (r == 0) {
        r = x->side == EXCHANGE_FAR ? serve_udp(x, &s, &in, &why)
                                    : ask_udp(x, &s, &in, ret_far, &why);
    }
    const int sent = end_sending(&s, &why);
    r = sent < 0 ? sent : r;
    bulk_receiver_finish(&in);
    *ret = (struct exchange_figures){s.figures, in.figures};
    if (r < 0 && why.code == 0) {
        r = talk_fail(x->talk, r, &why);
    }
    if (r < 0 && e != NULL) {
        *e = why;
    }
    return r == 0 && x->side == EXCHANGE_FAR ? say_figures(x, ret, e) : r;
}
