/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * render_sip: words that come out of the last received message or what was saved of earlier ones.
 * Thread rule: the call's.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "node/scenario/call_state.h"
#include "node/scenario/store.h"

static const struct sip_header *next_header(const struct sip_message *m, const struct piece *p,
                                            const struct sip_header *after)
{
    if (p->field == SIP_H_OTHER) {
        return sip_find_name(m, p->text, after);
    }
    return after ? sip_find_next(m, after) : sip_find(m, (enum sip_header_id)p->field);
}

/* All headers of that name as whole lines, joined by CRLF. False: there is none. */
bool render_last_header(struct call *c, const struct piece *p, struct out *o)
{
    const struct sip_message *m = call_last(c);
    const struct sip_header *h = NULL;
    bool is_first = true;

    while (m && (h = next_header(m, p, h)) != NULL) {
        if (!is_first) {
            out_add(o, "\r\n", 2);
        }
        out_add(o, h->name, (size_t)(h->value + h->value_size - h->name));
        is_first = false;
    }
    return !is_first;
}

/* SIPp takes it from To, whose URI is that of a first request. */
void render_request_uri(struct call *c, struct out *o)
{
    const struct sip_message *m = call_last(c);
    struct sip_address to;

    if (m && sip_address_parse(&to, sip_value(m, SIP_H_TO)) == 0) {
        out_add(o, to.uri.at, to.uri.size);
    }
}

bool render_saved(struct call *c, uint32_t handle, struct out *o)
{
    size_t size = call_store_size(c->env->store, handle);

    if (size > o->capacity - o->size) {
        out_add(o, NULL, size); /* says that it is too long */
        return true;
    }
    o->size += call_store_read(c->env->store, handle, o->bytes + o->size, size);
    return handle != 0;
}

void render_call_id(struct call *c, struct out *o)
{
    if (c->call_id) {
        render_saved(c, c->call_id, o);
        return;
    }
    for (const char *p = c->s->options.call_id_format; *p; p++) {
        if (*p != '%') {
            out_add(o, p, 1);
            continue;
        }
        switch (*++p) {
        case 'u':
            out_number(o, (int64_t)c->number);
            break;
        case 'p':
            out_number(o, c->s->options.process_id);
            break;
        case 's':
            out_text(o, c->facts->local_ip);
            break;
        case 0:
            return;
        default:
            out_add(o, p, 1);
            break;
        }
    }
}
