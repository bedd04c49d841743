/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * render_word: one keyword to bytes, each a line of one switch. Thread rule: the call's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "node/scenario/call_state.h"
#include "node/scenario/inject.h"

static void add_port(struct out *o, const char *port, int32_t offset)
{
    if (offset == 0) {
        out_text(o, port);
    } else {
        out_number(o, strtol(port, NULL, 10) + offset);
    }
}

static void add_asked_port(struct call *c, struct out *o, enum call_port kind, int32_t offset)
{
    if (!c->env->ops->port) {
        o->code = o->code < 0 ? o->code : -ENOTSUP;
        return;
    }
    out_number(o, (int64_t)c->env->ops->port(c->env->driver, c, kind) + offset);
}

static void add_branch(struct call *c, struct out *o, int step)
{
    out_text(o, "z9hG4bK-");
    out_number(o, c->s->options.process_id);
    out_add(o, "-", 1);
    out_number(o, (int64_t)c->number);
    out_add(o, "-", 1);
    out_number(o, step);
}

static void add_time(struct call *c, struct out *o, enum piece_kind kind)
{
    uint64_t real = c->now_ns + c->env->real_offset_ns;
    time_t seconds = (time_t)(real / NS_PER_S);
    unsigned us = (unsigned)(real % NS_PER_S / NS_PER_US);
    char text[128], day[40];
    struct tm tm;

    if (kind == PIECE_DATE) {
        gmtime_r(&seconds, &tm);
        strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    } else {
        localtime_r(&seconds, &tm);
        strftime(day, sizeof(day), "%Y-%m-%d\t%H:%M:%S", &tm);
        snprintf(text, sizeof(text), "%s.%06u\t%lld.%06u", day, us, (long long)seconds, us);
    }
    out_text(o, text);
}

static void add_fill(struct call *c, const struct piece *p, struct out *o)
{
    double count = value_get_number(c, p->variable);

    if (!(count > 0)) {
        return;
    }
    if (count > CALL_MESSAGE_MAX) {
        o->code = -EMSGSIZE;
        return;
    }
    for (size_t left = (size_t)count; left > 0 && o->code == 0;) {
        size_t part = left < p->size ? left : p->size;

        out_add(o, p->text, part);
        left -= part;
    }
}

static void add_field(struct call *c, const struct piece *p, struct out *o)
{
    unsigned line = call_lines(c)[p->file];
    char *text = call_scratch(c, SCRATCH_AUX);
    enum { TEXT_MAX = 16384 };
    const char *words;
    int n;

    if (p->params[0]) {
        char number[64];

        render_text(c, p->params[0], number, sizeof(number));
        line = (unsigned)strtoul(number, NULL, 10);
    }
    n = inject_get_field(c->s->inject, (unsigned)p->file, line, (unsigned)p->field, text, TEXT_MAX);
    if (n < 0) {
        return;
    }
    words = memmem(text, (size_t)n, "[authentication", 15);
    if (words) {
        out_add(o, text, (size_t)(words - text));
        render_auth_words(c, words + 15, (size_t)(text + n - words) - 15, o);
    } else {
        out_add(o, text, (size_t)n);
    }
}

static void add_file(struct call *c, const struct piece *p, struct out *o)
{
    const char *bytes;
    size_t size;
    char path[1024];
    int code;

    render_text(c, p->params[0], path, sizeof(path));
    code = shared_get_file(c->s->shared, path, &bytes, &size);
    if (code < 0) {
        call_say(c, CALL_TEXT_ERROR, "[file name=%s]: %s", path, strerror(-code));
        o->code = code;
        return;
    }
    out_add(o, bytes, size);
}

static void add_crypto(struct call *c, const struct piece *p, struct out *o)
{
    char text[512];
    int n = c->env->ops->crypto
                ? c->env->ops->crypto(c->env->driver, c, p->text, text, sizeof(text))
                : -ENOTSUP;

    if (n < 0) {
        call_say(c, CALL_TEXT_ERROR, "[%s]: no key is to be had", p->text);
        o->code = n;
        return;
    }
    out_add(o, text, (size_t)n);
}

static void add_variable(struct call *c, int variable, struct out *o)
{
    if (o->code == 0 && o->capacity > o->size) {
        o->size += value_get_text(c, variable, o->bytes + o->size, o->capacity - o->size);
    }
}

static void add_circuit(struct call *c, struct out *o)
{
    char text[64];

    if (c->circuit < 0) {
        c->circuit = shared_take_circuit(c->s->shared);
    }
    if (c->circuit < 0) {
        call_say(c, CALL_TEXT_ERROR, "[tdmmap]: no circuit is free, or no map was given (-tdmmap)");
        o->code = c->circuit;
        c->circuit = -1;
        return;
    }
    shared_format_circuit(c->s->shared, c->circuit, text, sizeof(text));
    out_text(o, text);
}

static void add_dynamic_id(struct call *c, struct out *o)
{
    const struct scenario_options *opt = &c->s->options;

    if (c->dynamic_id == 0) {
        c->dynamic_id =
            shared_next_id(c->s->shared, opt->dynamic_start, opt->dynamic_max, opt->dynamic_step);
    }
    out_number(o, (int64_t)c->dynamic_id);
}

static void add_fact(struct call *c, const struct piece *p, struct out *o)
{
    const struct call_facts *f = c->facts;
    const char *text = NULL;

    switch (p->kind) {
    case PIECE_REMOTE_IP:
        text = f->remote_ip;
        break;
    case PIECE_REMOTE_HOST:
        text = f->remote_host;
        break;
    case PIECE_TRANSPORT:
        text = f->transport;
        break;
    case PIECE_LOCAL_IP:
        text = f->local_ip;
        break;
    case PIECE_LOCAL_IP_TYPE:
        text = f->local_ip_type;
        break;
    case PIECE_SERVER_IP:
        text = f->server_ip;
        break;
    case PIECE_MEDIA_IP:
        text = f->media_ip;
        break;
    case PIECE_MEDIA_IP_TYPE:
        text = f->media_ip_type;
        break;
    case PIECE_REMOTE_PORT:
        add_port(o, f->remote_port, p->offset);
        break;
    case PIECE_LOCAL_PORT:
        add_port(o, f->local_port, p->offset);
        break;
    default:
        break;
    }
    if (text) {
        out_text(o, text);
    }
}

/* Words of the call itself; the rest is of addresses. */
static void add_call_word(struct call *c, const struct piece *p, int step, struct out *o)
{
    switch (p->kind) {
    case PIECE_MEDIA_PORT:
    case PIECE_AUTO_MEDIA_PORT:
        add_asked_port(c, o, CALL_PORT_MEDIA, p->offset);
        break;
    case PIECE_RTPSTREAM_AUDIO_PORT:
        add_asked_port(c, o, CALL_PORT_RTPSTREAM_AUDIO, p->offset);
        break;
    case PIECE_RTPSTREAM_VIDEO_PORT:
        add_asked_port(c, o, CALL_PORT_RTPSTREAM_VIDEO, p->offset);
        break;
    case PIECE_CALL_NUMBER:
        out_number(o, (int64_t)c->number + p->offset);
        break;
    case PIECE_DYNAMIC_ID:
        add_dynamic_id(c, o);
        break;
    case PIECE_CALL_ID:
        render_call_id(c, o);
        break;
    case PIECE_CSEQ:
        out_number(o, (int64_t)c->cseq + p->offset);
        break;
    case PIECE_BRANCH:
        add_branch(c, o, step + p->offset);
        break;
    case PIECE_TDMMAP:
        add_circuit(c, o);
        break;
    case PIECE_CLOCK_TICK:
        out_number(o, (int64_t)((c->now_ns - c->env->start_ns) / NS_PER_MS) + p->offset);
        break;
    case PIECE_USERS:
        out_number(o, c->s->options.users ? (int64_t)c->s->options.users : -1);
        break;
    case PIECE_USERID:
        out_number(o, c->user);
        break;
    case PIECE_TIMESTAMP:
    case PIECE_DATE:
        add_time(c, o, p->kind);
        break;
    default:
        add_fact(c, p, o);
        break;
    }
}

/* The peer's number, with the offset. */
static void add_last_cseq(struct call *c, const struct piece *p, struct out *o)
{
    const struct sip_message *m = call_last(c);

    if (m) {
        out_number(o, (int64_t)m->cseq + p->offset);
    }
}

bool render_word(struct call *c, const struct piece *p, int step, struct out *o)
{
    const struct sip_message *m;
    size_t before = o->size;

    switch (p->kind) {
    case PIECE_VARIABLE:
        add_variable(c, p->variable, o);
        break;
    case PIECE_FILL:
        add_fill(c, p, o);
        break;
    case PIECE_FIELD:
        add_field(c, p, o);
        break;
    case PIECE_FILE:
        add_file(c, p, o);
        break;
    case PIECE_LAST_HEADER:
        return render_last_header(c, p, o);
    case PIECE_LAST_REQUEST_URI:
        render_request_uri(c, o);
        break;
    case PIECE_LAST_CSEQ_NUMBER:
        add_last_cseq(c, p, o);
        break;
    case PIECE_LAST_MESSAGE:
        m = call_last(c);
        out_add(o, m ? m->all.at : "", m ? m->all.size : 0);
        break;
    case PIECE_NEXT_URL:
        render_saved(c, c->next_url, o);
        break;
    case PIECE_PEER_TAG_PARAM:
        if (c->peer_tag) {
            out_add(o, ";tag=", 5);
            render_saved(c, c->peer_tag, o);
        }
        break;
    case PIECE_ROUTES:
        return render_saved(c, c->routes, o);
    case PIECE_AUTHENTICATION:
        render_auth(c, p, o);
        return o->size > before;
    case PIECE_CRYPTO:
        add_crypto(c, p, o);
        break;
    default:
        add_call_word(c, p, step, o);
        break;
    }
    return true;
}
