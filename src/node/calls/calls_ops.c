/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calls_ops: what the machine of a call asks of us: sending, counting, timing, addresses. The
 * shard's thread, inside an event of calls.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "node/calls/calls_private.h"

/* The call goes on by another way. */
static int move(struct calls *c, struct record *r, int64_t way)
{
    struct words *w = &c->words[c->is_shared_words ? 0 : (uint32_t)(r - c->records)];

    if (way < 0) {
        return (int)way;
    }
    ways_release(c->transport, r->way);
    r->way = (uint32_t)way;
    str_printf(w->local_port, sizeof(w->local_port), "%u",
               addr_port(ways_local(c->transport, r->way)));
    return 0;
}

/* A connection that the call itself closed is made anew for its next message. */
static int send_anew(struct calls *c, struct record *r, const void *bytes, size_t size)
{
    struct sockaddr_storage to = {0};
    int result;

    memcpy(&to, &r->peer, sizeof(r->peer));
    to = c->o.via.ss_family != AF_UNSPEC ? c->o.via : to;
    result =
        move(c, r,
             c->o.transport.sharing == WAYS_PER_CALL ? ways_take_to(c->transport, &to)
                                                     : ways_take(c->transport, r->way, c->now_ns));
    return result < 0 ? result
                      : ways_send(c->transport, r->way, (uint32_t)(r - c->records), &r->peer.any,
                                  bytes, size);
}

static bool is_stream_client(const struct calls *c)
{
    return c->o.transport.kind != WAYS_UDP && (c->o.transport.flags & WAYS_SERVER) == 0;
}

/* A body that is a session description. */
static void tell_media(const struct calls *c, const struct record *r, const char *bytes,
                       size_t size)
{
    static const char mark[] = "\r\n\r\nv=0";
    const char *at = memmem(bytes, size, mark, sizeof(mark) - 1);

    if (at != NULL) {
        at += 4;
        c->o.media.ops->told(c->o.media.media, (uint32_t)(r - c->records), at,
                             (size_t)(bytes + size - at));
    }
}

static int send_message(void *driver, struct call *machine, const void *bytes, size_t size,
                        unsigned flags)
{
    struct calls *c = driver;
    struct record *r = call_get_owner(machine);
    const struct sockaddr *to;
    int result;

    if (r->is_gone) {
        return -ENOTCONN;
    }
    to = c->o.via.ss_family != AF_UNSPEC ? (const struct sockaddr *)&c->o.via : &r->peer.any;
    result = ways_send(c->transport, r->way, (uint32_t)(r - c->records), to, bytes, size);
    if (result == -ENOTCONN && is_stream_client(c)) {
        result = send_anew(c, r, bytes, size);
    }
    if (result < 0) {
        return result;
    }
    c->has_sent = true;
    if (c->o.media.ops != NULL && c->o.media.ops->told != NULL &&
        (flags & CALL_SEND_RETRANS) == 0) {
        tell_media(c, r, bytes, size);
    }
    if (r->figures != NULL) {
        figures_count(r->figures, CALLS_MESSAGES_SENT);
        if ((flags & CALL_SEND_RETRANS) == 0) {
            figures_sent(r->figures, &r->times, bytes, size, c->now_ns, c->lag_ns);
        }
    }
    if (c->o.hooks.message != NULL) {
        c->o.hooks.message(c->o.hooks.arg, CALLS_OUT, to, bytes, size);
    }
    return 0;
}

static int send_command(void *driver, struct call *machine, const char *dest, const void *bytes,
                        size_t size)
{
    const struct calls *c = driver;

    (void)machine;
    return c->twin != NULL ? twin_send(c->twin, dest, bytes, size) : -ENOTCONN;
}

static void call_ended(void *driver, struct call *machine, enum call_cause cause, uint64_t now_ns)
{
    struct calls *c = driver;
    struct record *r = call_get_owner(machine);
    uint64_t length = now_ns > r->start_ns ? now_ns - r->start_ns : 0;

    r->is_good = cause == CALL_GOOD;
    if (r->figures != NULL) {
        figures_cause(r->figures, cause);
        failure_note(&r->figures->failure[cause], cause, machine, c->heard, c->heard_size);
        figures_ended(r->figures, &r->times);
        if (cause == CALL_GOOD) {
            hist_record(r->figures->time[CALLS_LENGTH], length);
        }
        if (cause != CALL_GOOD || r->times.is_slow) {
            figures_count(r->figures, CALLS_INADEQUATE);
        }
    }
    if (c->o.hooks.ended != NULL) {
        c->o.hooks.ended(c->o.hooks.arg, machine, cause, length);
    }
}

static void count_event(void *driver, struct call *machine, unsigned step, enum call_event event)
{
    static const int also[CALL_EVENT_COUNT] = {
        [CALL_RETRANS_SENT] = CALLS_RETRANS_SENT,
        [CALL_RETRANS_RECEIVED] = CALLS_RETRANS_RECEIVED,
        [CALL_TIMEOUT] = CALLS_TIMEOUTS,
        [CALL_UNEXPECTED_MESSAGE] = CALLS_UNEXPECTED,
        [CALL_AUTO_ANSWERED] = CALLS_AUTO_ANSWERED,
    };
    struct calls *c = driver;
    const struct record *r = call_get_owner(machine);
    struct calls_figures *whole = parts_whole(driver, r);

    if (c->o.hooks.event != NULL) {
        c->o.hooks.event(c->o.hooks.arg, machine, step, event);
    }
    if (whole != NULL && step < whole->step_count) {
        figures_add(&whole->step[step * CALL_EVENT_COUNT + event], 1);
    }
    if (r->figures != NULL && also[event] != 0) {
        figures_count(r->figures, (enum calls_count)also[event]);
    }
}

static uint64_t lag_of(const struct record *r, uint64_t started_ns)
{
    for (int i = 0; i < LAGS; i++) {
        if (r->lags[i].now_ns == started_ns) {
            return r->lags[i].lag_ns;
        }
    }
    return 0; /* began with a message, and so without delay of ours */
}

static void take_rtd(void *driver, struct call *machine, unsigned rtd, uint64_t started_ns,
                     uint64_t now_ns)
{
    struct calls *c = driver;
    struct record *r = call_get_owner(machine);
    struct calls_figures *whole = parts_whole(c, r);
    uint64_t at = c->at_ns != 0 ? c->at_ns : now_ns, lag = lag_of(r, started_ns);
    uint64_t from_sent = at > started_ns ? at - started_ns : 0;
    uint64_t objective = c->limits[r->part].objective_ns;

    if (c->o.hooks.rtd != NULL) {
        c->o.hooks.rtd(c->o.hooks.arg, machine, rtd, from_sent);
    }
    if (rtd == 0 && !r->times.is_session && objective > 0 && from_sent + lag > objective) {
        r->times.is_slow = true;
    }
    if (whole == NULL || rtd >= whole->rtd_count) {
        return;
    }
    hist_record(whole->rtd_sent[rtd], from_sent);
    hist_record(whole->rtd_intended[rtd], from_sent + lag);
    if (rtd == 0 && c->o.hooks.answer != NULL) {
        c->o.hooks.answer(c->o.hooks.arg, started_ns - lag, started_ns, at);
    }
}

static void bump_counter(void *driver, struct call *machine, unsigned counter)
{
    struct calls *c = driver;
    struct calls_figures *whole = parts_whole(c, call_get_owner(machine));

    if (c->o.hooks.counter != NULL) {
        c->o.hooks.counter(c->o.hooks.arg, machine, counter);
    }
    if (whole != NULL && counter < whole->counter_count) {
        figures_add(&whole->counter[counter], 1);
    }
}

static void take_text(void *driver, struct call *machine, enum call_text kind, const char *text)
{
    struct calls *c = driver;
    if (c->o.hooks.text != NULL) {
        c->o.hooks.text(c->o.hooks.arg, machine, kind, text);
    }
}

static uint32_t place_of(const struct calls *c, const struct call *machine)
{
    return (uint32_t)((const struct record *)call_get_owner(machine) - c->records);
}

static unsigned give_port(void *driver, struct call *machine, enum call_port kind)
{
    const struct calls *c = driver;

    if (c->o.media.ops != NULL) {
        return c->o.media.ops->port(c->o.media.media, place_of(c, machine), kind);
    }
    return c->o.media_port + (kind == CALL_PORT_RTPSTREAM_VIDEO ? 2 : 0);
}

static void take_description(void *driver, struct call *machine, const char *bytes, size_t size)
{
    const struct calls *c = driver;

    if (c->o.media.ops != NULL) {
        c->o.media.ops->description(c->o.media.media, place_of(c, machine), bytes, size);
    }
}

static int give_key(void *driver, struct call *machine, const char *word, char *text, size_t size)
{
    const struct calls *c = driver;

    return c->o.media.ops != NULL && c->o.media.ops->crypto != NULL
               ? c->o.media.ops->crypto(c->o.media.media, place_of(c, machine), word, text, size)
               : -ENOTSUP;
}

static int play_media(void *driver, struct call *machine, enum call_media kind, const char *text)
{
    const struct calls *c = driver;

    return c->o.media.ops != NULL
               ? c->o.media.ops->act(c->o.media.media, place_of(c, machine), kind, text)
               : -ENOTSUP;
}

/* Of TCP and TLS by a connection of its own, which only calls with one each have. */
static int set_destination(void *driver, struct call *machine, const char *host, unsigned port,
                           const char *protocol)
{
    static const char *const names[] = {"udp", "tcp", "tls"};
    struct calls *c = driver;
    struct record *r = call_get_owner(machine);
    struct sockaddr_storage a;
    int result = 0;

    if (addr_parse(&a, host) < 0 || a.ss_family != r->peer.any.sa_family || port > UINT16_MAX ||
        strcasecmp(protocol, names[c->o.transport.kind]) != 0) {
        return -EAFNOSUPPORT;
    }
    addr_set_port(&a, (uint16_t)port);
    if (c->o.transport.kind != WAYS_UDP) {
        result = c->o.transport.sharing == WAYS_PER_CALL
                     ? move(c, r, ways_take_to(c->transport, &a))
                     : -EMFILE;
    }
    if (result == 0) {
        memcpy(&r->peer, &a, addr_size(&a));
    }
    return result;
}

static void close_connection(void *driver, struct call *machine)
{
    struct calls *c = driver;
    const struct record *r = call_get_owner(machine);
    ways_drop(c->transport, r->way);
}

static void take_control(void *driver, struct call *machine, enum call_control what,
                         const char *text)
{
    struct calls *c = driver;

    (void)machine;
    if (c->o.hooks.control != NULL) {
        c->o.hooks.control(c->o.hooks.arg, what, text);
    }
}

const struct call_ops calls_call_ops = {
    .send = send_message,
    .command = send_command,
    .ended = call_ended,
    .event = count_event,
    .rtd = take_rtd,
    .counter = bump_counter,
    .text = take_text,
    .media = play_media,
    .description = take_description,
    .port = give_port,
    .setdest = set_destination,
    .closecon = close_connection,
    .control = take_control,
    .crypto = give_key,
};

/* ---- the words of addresses ---- */

static void write_ip(const struct sockaddr *a, char *buffer, size_t size)
{
    char plain[INET6_ADDRSTRLEN] = "";

    if (a->sa_family == AF_INET) {
        (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr, buffer,
                        (socklen_t)size);
        return;
    }
    (void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, plain,
                    sizeof(plain));
    str_printf(buffer, size, "[%s]", plain);
}

static void write_words(struct words *w, const struct sockaddr_storage *peer,
                        const struct sockaddr_storage *local)
{
    write_ip((const struct sockaddr *)peer, w->remote_ip, sizeof(w->remote_ip));
    write_ip((const struct sockaddr *)local, w->local_ip, sizeof(w->local_ip));
    str_printf(w->remote_port, sizeof(w->remote_port), "%u", addr_port(peer));
    str_printf(w->local_port, sizeof(w->local_port), "%u", addr_port(local));
}

/* Those of the call before, when it had the same addresses. */
static void take_words(struct calls *c, struct words *w, const struct record *r,
                       const struct sockaddr_storage *local)
{
    struct recent *recent = &c->recent;
    struct sockaddr_storage peer = {0};

    memcpy(&peer, &r->peer, sizeof(r->peer));
    if (!recent->is_set || memcmp(&recent->peer, &peer, addr_size(&peer)) != 0 ||
        memcmp(&recent->local, local, addr_size(local)) != 0) {
        write_words(&recent->words, &peer, local);
        recent->peer = peer;
        memcpy(&recent->local, local, addr_size(local));
        recent->is_set = true;
    }
    *w = recent->words;
}

const struct call_facts *calls_words(struct calls *c, uint32_t place)
{
    static const char *const names[] = {"UDP", "TCP", "TLS"};
    struct words *w = &c->words[c->is_shared_words ? 0 : place];
    const struct sockaddr_storage *local = ways_local(c->transport, c->records[place].way);
    const char *own, *media;

    if (c->is_shared_words && w->facts.transport != NULL) {
        return &w->facts;
    }
    take_words(c, w, &c->records[place], local);
    own = c->o.local_ip != NULL ? c->o.local_ip : w->local_ip;
    media = c->o.media_ip != NULL ? c->o.media_ip : own;
    w->facts = (struct call_facts){
        .remote_ip = w->remote_ip,
        .remote_host = c->o.remote_host != NULL ? c->o.remote_host : w->remote_ip,
        .remote_port = w->remote_port,
        .local_ip = own,
        .local_ip_type = local->ss_family == AF_INET ? "4" : "6",
        .local_port = w->local_port,
        .server_ip = own,
        .media_ip = media,
        .media_ip_type = strchr(media, ':') == NULL ? "4" : "6",
        .transport = names[c->o.transport.kind],
        .is_reliable = c->o.transport.kind != WAYS_UDP,
    };
    return &w->facts;
}
