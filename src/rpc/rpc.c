/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rpc: requests, answers and notices of one peer. The loop's thread. A waiting call lives on the
 * stack of rpc_call; whoever ends it (answer, loss, cancel) takes it off the list, so that rpc_call
 * itself never touches the peer again.
 */
#include "rpc/rpc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/stream.h"
#include "rpc/message.h"

struct rpc_wait {
    struct rpc_wait *next;
    int64_t id;
    uint64_t deadline_ns;
    bool done;
    json_t *result;
    struct err error;
};

struct rpc_request {
    struct rpc_request *next;
    struct rpc_peer *peer;
    json_t *id;
};

struct rpc_peer {
    struct loop *loop;
    struct stream *stream;
    struct rpc_side side;
    char name[64];
    json_t *no_params;
    struct rpc_wait *waits;
    struct rpc_request *requests;
    int64_t last_id;
    bool lost;
    struct err why;
};

static void end_wait(struct rpc_peer *p, struct rpc_wait *w)
{
    struct rpc_wait **at = &p->waits;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    w->done = true;
}

static void fail_waits(struct rpc_peer *p, const struct err *why)
{
    while (p->waits != NULL) {
        p->waits->error = *why;
        end_wait(p, p->waits);
    }
}

/* ---- sending ---- */

static int send_line(struct rpc_peer *p, const struct buf *line)
{
    if (p->lost)
        return -EPIPE;
    if (line->size > p->side.line_max) /* the other side would give up on it */
        return -EMSGSIZE;
    if (stream_queued(p->stream) + line->size > p->side.queue_max)
        return -ENOBUFS;
    return stream_send_line(p->stream, line->data, line->size - 1); /* it ends the line itself */
}

static int send_encoded(struct rpc_peer *p, struct buf *line, int encoded)
{
    int r = encoded < 0 ? encoded : send_line(p, line);
    buf_finish(line);
    return r;
}

int rpc_notify(struct rpc_peer *p, const char *method, const json_t *params)
{
    struct buf line;
    buf_init(&line);
    return send_encoded(p, &line, message_encode_notice(&line, method, params));
}

static int send_error(struct rpc_peer *p, const json_t *id, int code, const char *text)
{
    struct buf line;
    buf_init(&line);
    return send_encoded(p, &line, message_encode_error(&line, id, code, text));
}

/* An answer that cannot be written is a failed request, not a silent one. */
static int send_result(struct rpc_peer *p, const json_t *id, json_t *result)
{
    struct buf line;
    buf_init(&line);
    json_t *value = result != NULL ? result : json_object();
    int r = send_encoded(p, &line, message_encode_result(&line, id, value));
    json_decref(value);
    if (r == -EMSGSIZE || r == -EINVAL)
        return send_error(p, id, message_code_of_errno(r), "the answer does not fit into a line");
    return r;
}

/* ---- requests of the other side ---- */

static struct rpc_request *add_request(struct rpc_peer *p, const json_t *id)
{
    struct rpc_request *request = calloc(1, sizeof *request);
    if (request == NULL)
        return NULL;
    *request =
        (struct rpc_request){.next = p->requests, .peer = p, .id = json_incref((json_t *)id)};
    p->requests = request;
    return request;
}

static void free_request(struct rpc_request *request)
{
    json_decref(request->id);
    free(request);
}

static void remove_request(struct rpc_request *request)
{
    struct rpc_request **at = &request->peer->requests;
    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
    free_request(request);
}

int rpc_answer(struct rpc_request *request, json_t *result)
{
    int r = send_result(request->peer, request->id, result);
    remove_request(request);
    return r;
}

int rpc_fail(struct rpc_request *request, const struct err *why)
{
    char text[ERR_TEXT_MAX + ERR_FILE_MAX + 32];
    int r = send_error(request->peer, request->id, message_code_of_errno(why->code),
                       err_format(why, text, sizeof text));
    remove_request(request);
    return r;
}

static const struct rpc_method *find_method(const struct rpc_peer *p, const char *name)
{
    const struct rpc_method *method = p->side.methods;
    for (; method != NULL && method->name != NULL; method++)
        if (strcmp(method->name, name) == 0)
            return method;
    return NULL;
}

static void serve_request(struct rpc_peer *p, const struct message *m)
{
    struct err e = {0};
    const struct rpc_method *method = find_method(p, m->method);
    if (method == NULL) {
        err_set(&e, -ENOSYS, "there is no method %s", m->method);
        send_error(p, m->id, MESSAGE_CODE_METHOD, e.text);
        return;
    }
    struct rpc_request *request = add_request(p, m->id);
    if (request == NULL) {
        send_error(p, m->id, message_code_of_errno(-ENOMEM), "no memory");
        return;
    }
    json_t *result = NULL;
    const json_t *params = m->params != NULL ? m->params : p->no_params;
    int r = method->call(p->side.arg, request, params, &result, &e);
    if (r == RPC_LATER)
        return;
    if (r >= 0) {
        rpc_answer(request, result);
        return;
    }
    if (e.code == 0)
        err_set(&e, r, "%s: %s", method->name, strerror(-r));
    rpc_fail(request, &e);
}

/* ---- what comes in ---- */

static void lose(struct rpc_peer *p, const struct err *why)
{
    if (p->lost)
        return;
    p->lost = true;
    p->why = *why;
    fail_waits(p, why);
    if (p->side.lost != NULL)
        p->side.lost(p->side.arg, why);
}

static void end_call(struct rpc_peer *p, struct message *m)
{
    struct rpc_wait *w = p->waits;
    while (w != NULL && (!json_is_integer(m->id) || json_integer_value(m->id) != w->id))
        w = w->next;
    if (w == NULL)
        return; /* timed out or cancelled meanwhile */
    if (m->kind == MESSAGE_RESULT)
        w->result = json_incref(m->value);
    else
        w->error = m->error;
    end_wait(p, w);
}

/* A side that only calls cannot go on after nonsense: what is printed instead of answers is most
 * likely an error text, so the words are shown. A side that serves says so and goes on. */
static void complain(struct rpc_peer *p, const char *text, int code, const struct err *what)
{
    if (p->side.methods != NULL) {
        send_error(p, NULL, code, what->text);
        return;
    }
    struct err why = {0};
    err_set(&why, -EBADMSG, "%s: %s: it said '%.120s'", p->name, what->text, text);
    lose(p, &why);
}

static void take_line(void *arg, const char *text, size_t size)
{
    struct rpc_peer *p = arg;
    struct message m;
    struct err e = {0};
    int code = 0;
    if (p->lost)
        return;
    if (message_decode(&m, text, size, &code, &e) < 0) {
        complain(p, text, code, &e);
        return;
    }
    if (m.kind == MESSAGE_REQUEST)
        serve_request(p, &m);
    else if (m.kind == MESSAGE_RESULT || m.kind == MESSAGE_ERROR)
        end_call(p, &m);
    else if (p->side.notice != NULL)
        p->side.notice(p->side.arg, m.method, m.params != NULL ? m.params : p->no_params);
    message_finish(&m);
}

static void take_end(void *arg, int reason)
{
    struct rpc_peer *p = arg;
    struct err why = {0};
    char most[32];
    if (reason == 0 || reason == -EPIPE)
        err_set(&why, -EPIPE, "%s: it has ended", p->name);
    else if (reason == -EMSGSIZE)
        err_set(&why, -EMSGSIZE, "%s: it sent a line of more than %s bytes", p->name,
                str_format_size(p->side.line_max, most, sizeof most));
    else
        err_set(&why, -ECONNRESET, "%s: the connection broke: %s", p->name, strerror(-reason));
    lose(p, &why);
}

/* ---- our own calls ---- */

static int send_call(struct rpc_peer *p, const struct rpc_wait *w, const char *method,
                     const json_t *params)
{
    struct buf line;
    buf_init(&line);
    return send_encoded(p, &line, message_encode_request(&line, w->id, method, params));
}

static uint64_t after(uint64_t timeout_ns)
{
    const uint64_t now = clock_now_ns();
    return timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
}

void rpc_prolong(struct rpc_peer *p, uint64_t timeout_ns)
{
    const uint64_t until = after(timeout_ns);
    for (struct rpc_wait *w = p->waits; w != NULL; w = w->next)
        w->deadline_ns = w->deadline_ns > until ? w->deadline_ns : until;
}

static int wait_for(struct rpc_peer *p, struct rpc_wait *w, const char *method, uint64_t timeout_ns)
{
    struct loop *l = p->loop;
    w->deadline_ns = after(timeout_ns);
    while (!w->done) {
        int r = loop_turn(l, w->deadline_ns);
        if (w->done)
            break;
        if (r == -EINTR || (r >= 0 && clock_now_ns() < w->deadline_ns))
            continue;
        char text[32];
        end_wait(p, w);
        if (r < 0)
            return err_set(&w->error, r, "%s: %s: %s", p->name, method, strerror(-r));
        return err_set(&w->error, -ETIMEDOUT, "%s: no answer to %s within %s", p->name, method,
                       str_format_short_duration(timeout_ns, text, sizeof text));
    }
    return w->error.code;
}

int rpc_call(struct rpc_peer *p, const char *method, const json_t *params, uint64_t timeout_ns,
             json_t **ret_result, struct err *e)
{
    if (p->lost)
        return err_set(e, p->why.code, "%s", p->why.text);
    struct rpc_wait w = {.next = p->waits, .id = ++p->last_id};
    p->waits = &w;
    int r = send_call(p, &w, method, params);
    if (r < 0) {
        end_wait(p, &w);
        return err_set(e, r, "%s: cannot ask for %s: %s", p->name, method,
                       r == -ENOBUFS ? "it has long read nothing" : strerror(-r));
    }
    r = wait_for(p, &w, method, timeout_ns);
    if (r < 0) {
        json_decref(w.result);
        return err_set(e, r, "%s", w.error.text);
    }
    if (ret_result != NULL)
        *ret_result = w.result;
    else
        json_decref(w.result);
    return 0;
}

void rpc_cancel(struct rpc_peer *p)
{
    struct err why = {0};
    err_set(&why, -ECANCELED, "%s: interrupted", p->name);
    fail_waits(p, &why);
}

/* ---- life ---- */

int rpc_open(struct rpc_peer **ret, struct loop *l, int in_fd, int out_fd,
             const struct rpc_side *side, struct err *e)
{
    static const struct stream_events events = {.line = take_line, .ended = take_end};
    struct rpc_peer *p = calloc(1, sizeof *p);
    json_t *no_params = json_object();
    int r = -ENOMEM;
    if (p == NULL || no_params == NULL)
        goto fail;
    *p = (struct rpc_peer){.loop = l, .side = *side, .no_params = no_params};
    p->side.line_max = side->line_max > 0 ? side->line_max : RPC_LINE_MAX;
    p->side.queue_max = side->queue_max > 0 ? side->queue_max : RPC_QUEUE_MAX;
    str_printf(p->name, sizeof p->name, "%s", side->name);
    r = stream_open(&p->stream, l, in_fd, out_fd, p->side.line_max, &events, p);
    if (r < 0)
        goto fail;
    *ret = p;
    return 0;
fail:
    json_decref(no_params);
    free(p);
    return err_set(e, r, "%s: %s", side->name,
                   r == -EPERM ? "its input is a file: a pipe, socket or terminal is needed"
                               : strerror(-r));
}

void rpc_close(struct rpc_peer *p)
{
    if (p == NULL)
        return;
    stream_close(p->stream);
    for (struct rpc_request *next, *request = p->requests; request != NULL; request = next) {
        next = request->next;
        free_request(request);
    }
    json_decref(p->no_params);
    free(p);
}

bool rpc_is_lost(const struct rpc_peer *p)
{
    return p->lost;
}

int rpc_flush(struct rpc_peer *p, uint64_t timeout_ns)
{
    return p->lost ? -EPIPE : stream_flush(p->stream, timeout_ns);
}
