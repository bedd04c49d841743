/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * call_learn: what a call remembers of a message: the peer's tag, its contact and routes, a
 * challenge, how far the INVITE is; and where media goes, which is the driver's. Thread rule: the
 * call's.
 */
#include <string.h>
#include <strings.h>

#include "node/scenario/call_state.h"
#include "node/scenario/store.h"

static void learn_tag(struct call *c, const struct sip_message *m)
{
    struct sip_text tag = m->is_request ? m->from_tag : m->to_tag;
    char known[128];
    size_t n;

    if (tag.size == 0) {
        return;
    }
    n = call_store_size(c->env->store, c->peer_tag);
    if (n == tag.size && n <= sizeof(known)) {
        call_store_read(c->env->store, c->peer_tag, known, n);
        if (memcmp(known, tag.at, n) == 0) {
            return;
        }
    }
    call_keep(c, &c->peer_tag, tag.at, tag.size);
}

/* "Route: " and the Record-Route set: in its order for who was called, reversed for the caller
 * (RFC 3261 §12.1.1, §12.1.2). */
static void learn_routes(struct call *c, const struct sip_message *m)
{
    enum { ROUTES_MAX = 32 };
    struct sip_text items[ROUTES_MAX], item;
    struct sip_list list = {0};
    struct out o = {.bytes = call_scratch(c, SCRATCH_MORE), .capacity = 8192};
    int n = 0;

    while (n < ROUTES_MAX && sip_each(m, SIP_H_RECORD_ROUTE, &list, &item) == 1) {
        items[n++] = item;
    }
    if (n == 0) {
        return;
    }
    out_text(&o, "Route: ");
    for (int i = 0; i < n; i++) {
        item = items[m->is_request ? i : n - 1 - i];
        out_text(&o, i > 0 ? ", " : "");
        out_add(&o, item.at, item.size);
    }
    if (o.code == 0) {
        call_keep(c, &c->routes, o.bytes, o.size);
    }
}

static void learn_target(struct call *c, const struct sip_message *m)
{
    struct sip_text rest = sip_value(m, SIP_H_CONTACT), item;
    struct sip_address contact;

    if (rest.at && sip_list_next(&rest, &item) == 1 && sip_address_parse(&contact, item) == 0) {
        call_keep(c, &c->next_url, contact.uri.at, contact.uri.size);
    }
}

static void learn_challenge(struct call *c, const struct sip_message *m)
{
    struct sip_text value = sip_value(m, SIP_H_PROXY_AUTHENTICATE);

    c->is_challenge_proxy = value.at != NULL;
    if (!value.at) {
        value = sip_value(m, SIP_H_WWW_AUTHENTICATE);
    }
    if (value.at) {
        call_keep(c, &c->challenge, value.at, value.size);
        c->auth_count = 0;
    }
}

static void learn_state(struct call *c, const struct sip_message *m)
{
    if (m->is_request) {
        /* [cseq] of an answer, and what the numbers of own requests go on from (as in SIPp) */
        c->cseq = m->cseq > c->cseq ? m->cseq : c->cseq;
        if (m->method == SIP_INVITE) {
            c->invite_state = INVITE_CALLING;
            c->is_client_invite = false;
            c->peer_cseq = m->cseq;
        } else if (m->method == SIP_BYE) {
            c->invite_state = INVITE_OVER;
        }
    } else if (m->cseq_method == SIP_INVITE && m->status >= 200 && c->is_client_invite &&
               c->invite_state == INVITE_CALLING) {
        c->invite_state = m->status < 300 ? INVITE_ANSWERED : INVITE_OVER;
    }
}

/* Media follows what the peer says of it. */
static void learn_media(struct call *c, const struct step *step, const struct sip_message *m)
{
    struct sip_text type = sip_value(m, SIP_H_CONTENT_TYPE);

    if (c->env->ops->description && !(step->flags & STEP_IGNORE_SDP) && m->body.size > 0 &&
        type.size >= 15 && strncasecmp(type.at, "application/sdp", 15) == 0) {
        c->env->ops->description(c->env->driver, c, m->body.at, m->body.size);
    }
}

void call_learn(struct call *c, const struct step *step, const struct sip_message *m)
{
    learn_state(c, m);
    learn_tag(c, m);
    if (step->flags & STEP_RRS) {
        learn_routes(c, m);
        learn_target(c, m);
    }
    if (step->flags & STEP_AUTH) {
        learn_challenge(c, m);
    }
    learn_media(c, step, m);
}
