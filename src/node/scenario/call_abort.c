/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * call_abort: what a call says by itself: 200 to a request that it did not wait for, and BYE,
 * CANCEL or ACK when it ends early. A scenario's own <DefaultMessage> takes the place of ours.
 * Thread rule: the call's.
 */
#include <string.h>

#include "node/scenario/call_state.h"
#include "node/scenario/store.h"

/* A message of ours read back: its INVITE, or its last response. */
struct own {
    struct sip_message message;
    char bytes[CALL_MESSAGE_MAX / 2];
};

static void send_out(struct call *c, const struct out *o, unsigned flags)
{
    if (o->code == 0) {
        c->env->ops->send(c->env->driver, c, o->bytes, o->size, flags | CALL_SEND_OUTSIDE);
    }
}

/* True: the scenario has one of its own for that, and it is sent. */
static bool send_default(struct call *c, enum default_message which, unsigned flags)
{
    struct out o = {.bytes = call_scratch(c, SCRATCH_OUT), .capacity = CALL_MESSAGE_MAX};
    int n;

    if (!c->s->defaults[which]) {
        return false;
    }
    n = render(c, c->s->defaults[which], (int)c->s->step_count, o.bytes, o.capacity);
    o.code = n < 0 ? n : 0;
    o.size = n < 0 ? 0 : (size_t)n;
    send_out(c, &o, flags);
    return true;
}

static void add_text(struct out *o, struct sip_text t)
{
    out_add(o, t.at ? t.at : "", t.size);
}

static void add_headers(struct out *o, const struct sip_message *m, enum sip_header_id id,
                        const char *name)
{
    for (const struct sip_header *h = sip_find(m, id); h; h = sip_find_next(m, h)) {
        out_text(o, name);
        add_text(o, sip_header_text(h));
        out_add(o, "\r\n", 2);
        if (id != SIP_H_VIA) {
            break;
        }
    }
}

static void add_end(struct out *o, uint64_t cseq, const char *method)
{
    out_text(o, "CSeq: ");
    out_number(o, (int64_t)cseq);
    out_text(o, " ");
    out_text(o, method);
    out_text(o, "\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
}

void call_answer(struct call *c)
{
    struct out o = {.bytes = call_scratch(c, SCRATCH_OUT), .capacity = CALL_MESSAGE_MAX};
    const struct sip_message *m = call_last(c);

    if (!m || send_default(c, DEFAULT_OK, 0)) {
        return;
    }
    out_text(&o, "SIP/2.0 200 OK\r\n");
    add_headers(&o, m, SIP_H_VIA, "Via: ");
    add_headers(&o, m, SIP_H_FROM, "From: ");
    out_text(&o, "To: ");
    add_text(&o, sip_value(m, SIP_H_TO));
    if (m->to_tag.size == 0) {
        out_text(&o, ";tag=");
        out_number(&o, c->s->options.process_id);
        out_text(&o, "-");
        out_number(&o, (int64_t)c->number);
    }
    out_text(&o, "\r\n");
    add_headers(&o, m, SIP_H_CALL_ID, "Call-ID: ");
    add_headers(&o, m, SIP_H_CSEQ, "CSeq: ");
    out_text(&o, "Content-Length: 0\r\n\r\n");
    send_out(c, &o, 0);
}

static struct own *own_space(struct call *c)
{
    return (struct own *)(void *)call_scratch(c, SCRATCH_MORE);
}

/* Our INVITE, written once more. */
static const struct sip_message *own_invite(struct call *c)
{
    struct own *own = own_space(c);
    char *bytes = call_scratch(c, SCRATCH_OUT);
    unsigned cseq = c->cseq;
    int n;

    if (c->invite_step < 0) {
        return NULL;
    }
    c->cseq = c->invite_cseq;
    n = render(c, c->s->steps[c->invite_step].message, c->invite_step, bytes, sizeof(own->bytes));
    c->cseq = cseq;
    if (n < 0) {
        return NULL;
    }
    memcpy(own->bytes, bytes, (size_t)n);
    return sip_parse(&own->message, own->bytes, (size_t)n) == 0 ? &own->message : NULL;
}

/* The same transaction as the INVITE: its Via (RFC 3261 §9.1, §17.1.1.3). */
static void send_same_txn(struct call *c, const struct sip_message *invite, const char *method,
                          struct sip_text to)
{
    struct out o = {.bytes = call_scratch(c, SCRATCH_OUT), .capacity = CALL_MESSAGE_MAX};

    out_text(&o, method);
    out_text(&o, " ");
    add_text(&o, invite->uri);
    out_text(&o, " SIP/2.0\r\n");
    add_headers(&o, invite, SIP_H_VIA, "Via: ");
    add_headers(&o, invite, SIP_H_FROM, "From: ");
    out_text(&o, "To: ");
    add_text(&o, to);
    out_text(&o, "\r\n");
    add_headers(&o, invite, SIP_H_CALL_ID, "Call-ID: ");
    add_end(&o, invite->cseq, method);
    send_out(c, &o, CALL_SEND_REQUEST);
}

struct dialog {
    struct sip_text uri, from, to;
    bool has_to_tag;
};

static void send_in_dialog(struct call *c, const struct dialog *d, const char *method,
                           unsigned cseq, int branch)
{
    struct out o = {.bytes = call_scratch(c, SCRATCH_OUT), .capacity = CALL_MESSAGE_MAX};
    const struct call_facts *f = c->facts;

    out_text(&o, method);
    out_text(&o, " ");
    if (!render_saved(c, c->next_url, &o)) {
        add_text(&o, d->uri);
    }
    out_text(&o, " SIP/2.0\r\nVia: SIP/2.0/");
    out_text(&o, f->transport);
    out_text(&o, " ");
    out_text(&o, f->local_ip);
    out_text(&o, ":");
    out_text(&o, f->local_port);
    out_text(&o, ";branch=z9hG4bK-");
    out_number(&o, c->s->options.process_id);
    out_text(&o, "-");
    out_number(&o, (int64_t)c->number);
    out_text(&o, "-");
    out_number(&o, branch);
    out_text(&o, "\r\nFrom: ");
    add_text(&o, d->from);
    out_text(&o, "\r\nTo: ");
    add_text(&o, d->to);
    if (!d->has_to_tag && c->peer_tag) {
        out_text(&o, ";tag=");
        render_saved(c, c->peer_tag, &o);
    }
    out_text(&o, "\r\nCall-ID: ");
    render_call_id(c, &o);
    out_text(&o, "\r\n");
    if (render_saved(c, c->routes, &o)) {
        out_text(&o, "\r\n");
    }
    add_end(&o, cseq, method);
    send_out(c, &o, CALL_SEND_REQUEST);
}

static void hang_up_caller(struct call *c, const struct sip_message *m)
{
    const struct sip_message *invite = own_invite(c);
    struct dialog d;

    if (!invite || !c->has_heard) {
        return;
    }
    if (c->invite_state == INVITE_CALLING && m && !m->is_request && m->status >= 300) {
        if (!send_default(c, DEFAULT_ACK, CALL_SEND_REQUEST)) {
            send_same_txn(c, invite, "ACK", sip_value(m, SIP_H_TO));
        }
        return;
    }
    d = (struct dialog){invite->uri, sip_value(invite, SIP_H_FROM), sip_value(invite, SIP_H_TO),
                        invite->to_tag.size > 0};
    if (c->invite_state == INVITE_CALLING && !(m && !m->is_request && m->status >= 200)) {
        if (!send_default(c, DEFAULT_CANCEL, CALL_SEND_REQUEST)) {
            send_same_txn(c, invite, "CANCEL", d.to);
        }
        return;
    }
    if (!c->is_acked && !send_default(c, DEFAULT_ACK, CALL_SEND_REQUEST)) {
        send_in_dialog(c, &d, "ACK", c->invite_cseq, (int)c->s->step_count);
    }
    if (!send_default(c, DEFAULT_BYE, CALL_SEND_REQUEST)) {
        send_in_dialog(c, &d, "BYE", c->cseq + 1, (int)c->s->step_count + 1);
    }
}

/* What the called side says is the peer's words turned round: our last response, or its request. */
static void hang_up_called(struct call *c, const struct sip_message *m)
{
    struct own *own = own_space(c);
    struct sip_address peer;
    struct dialog d;

    m = m && m->is_request ? m : NULL;
    if (!m && c->last_sent) {
        size_t n = call_store_read(c->env->store, c->last_sent, own->bytes, sizeof(own->bytes));

        m = sip_parse(&own->message, own->bytes, n) == 0 ? &own->message : NULL;
    }
    m = m ? m : call_last(c);
    if (!m || sip_address_parse(&peer, sip_value(m, SIP_H_FROM)) < 0) {
        return;
    }
    if (send_default(c, DEFAULT_BYE, CALL_SEND_REQUEST)) {
        return;
    }
    d = (struct dialog){peer.uri, sip_value(m, SIP_H_TO), sip_value(m, SIP_H_FROM), true};
    send_in_dialog(c, &d, "BYE", c->cseq + 1, (int)c->s->step_count + 1);
}

static void abort_twin(struct call *c)
{
    struct out o = {.bytes = call_scratch(c, SCRATCH_OUT), .capacity = CALL_MESSAGE_MAX};
    int n;

    if (c->s->defaults[DEFAULT_3PCC_ABORT]) {
        n = render(c, c->s->defaults[DEFAULT_3PCC_ABORT], (int)c->s->step_count, o.bytes,
                   o.capacity);
        o.size = n < 0 ? 0 : (size_t)n;
    } else {
        out_text(&o, "Call-ID: ");
        render_call_id(c, &o);
        out_text(&o, "\r\nInternal-cmd: abort_call\r\n\r\n");
    }
    if (o.size > 0) {
        c->env->ops->command(c->env->driver, c, "", o.bytes, o.size);
    }
}

void call_hang_up(struct call *c, const struct sip_message *m)
{
    if (c->s->has_twin && c->env->ops->command) {
        abort_twin(c);
    }
    if (!(c->s->options.behaviours & SCENARIO_BYE)) {
        return;
    }
    if (c->is_client_invite &&
        (c->invite_state == INVITE_CALLING || c->invite_state == INVITE_ANSWERED)) {
        hang_up_caller(c, m);
    } else if (!c->is_client_invite && c->invite_state == INVITE_ANSWERED) {
        hang_up_called(c, m);
    }
}
