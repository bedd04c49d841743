/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ng: see ng.h. Not here: when a server is started, and what is asked of it (rtpengine).
 */
#include "node/appliance/ng.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/codec/sdp.h"

enum { ANSWER_MAX = 65536, TRIES = 8, TRY_MS = 250, PING_MS = 50, COOKIE_MAX = 48 };
#define CANNOT "rtpengine: %s: "

int ng_open(struct ng *ng, const struct sockaddr_storage *to, struct err *e)
{
    *ng = (struct ng){.fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    ng->answer = malloc(ANSWER_MAX);
    if (ng->fd < 0 || ng->answer == NULL ||
        connect(ng->fd, (const struct sockaddr *)to, addr_size(to)) < 0) {
        int cause = errno;
        ng_close(ng);
        return err_set(e, -cause, "socket to an rtpengine: %s", strerror(cause));
    }
    return 0;
}

void ng_close(struct ng *ng)
{
    if (ng == NULL) {
        return;
    }
    if (ng->fd >= 0) {
        close(ng->fd);
    }
    ng->fd = -1;
    buf_finish(&ng->question);
    free(ng->answer);
    ng->answer = NULL;
}

/* Questions are of one process and one socket: so are their cookies. */
static void begin(struct ng *ng, const char *command)
{
    buf_clear(&ng->question);
    buf_printf(&ng->question, "vaperf%d.%d.%llu ", (int)getpid(), ng->fd,
               (unsigned long long)++ng->asked);
    bencode_open_dict(&ng->question);
    bencode_put_pair(&ng->question, "command", command);
}

/* One datagram that came, if it answers the last question. */
static int take_answer(struct ng *ng, struct bencode *ret)
{
    ssize_t n = recv(ng->fd, ng->answer, ANSWER_MAX, 0);
    const char *question = buf_str(&ng->question);
    size_t front = (size_t)(strchr(question, ' ') - question) + 1;

    if (n < 0) {
        return -errno;
    }
    if ((size_t)n <= front || memcmp(ng->answer, question, front) != 0) {
        return -EAGAIN; /* of a question asked before */
    }
    return bencode_decode(ret, ng->answer + front, (size_t)n - front);
}

static int wait_answer(struct ng *ng, int timeout_ms, struct bencode *ret)
{
    const uint64_t end_ns = clock_now_ns() + (uint64_t)timeout_ms * NS_PER_MS;

    for (;;) {
        struct pollfd p = {.fd = ng->fd, .events = POLLIN};
        uint64_t now_ns = clock_now_ns();
        int result;
        if (now_ns >= end_ns) {
            return -ETIMEDOUT;
        }
        (void)poll(&p, 1, (int)((end_ns - now_ns) / NS_PER_MS) + 1);
        result = p.revents != 0 ? take_answer(ng, ret) : -EAGAIN;
        if (result != -EAGAIN && result != -EINTR) {
            return result;
        }
    }
}

static int send_question(struct ng *ng)
{
    if (buf_failed(&ng->question)) {
        return -ENOMEM;
    }
    return send(ng->fd, ng->question.data, ng->question.size, 0) < 0 ? -errno : 0;
}

/* "ok", "pong" (-> 0), or "error" with its reason. */
static int check_result(const struct bencode *answer, const char *what, struct err *e)
{
    struct bencode result, why;

    if (bencode_find(answer, "result", BENCODE_TEXT, &result) < 0) {
        return err_set(e, -EBADMSG, CANNOT "an answer without a result", what);
    }
    if (result.size != 5 || memcmp(result.bytes, "error", 5) != 0) {
        return 0;
    }
    if (bencode_find(answer, "error-reason", BENCODE_TEXT, &why) < 0) {
        return err_set(e, -EIO, CANNOT "it refused and gave no reason", what);
    }
    return err_set(e, -EIO, CANNOT "it says: %.*s", what, (int)(why.size < 200 ? why.size : 200),
                   (const char *)why.bytes);
}

/* Ends the question, asks it, and again when no answer comes. */
static int ask(struct ng *ng, const char *what, struct bencode *ret, struct err *e)
{
    int result = -ETIMEDOUT;

    bencode_close(&ng->question);
    for (int i = 0; i < TRIES && result == -ETIMEDOUT; i++) {
        result = send_question(ng);
        if (result == 0) {
            result = wait_answer(ng, TRY_MS, ret);
        }
    }
    if (result == -ETIMEDOUT) {
        return err_set(e, result, CANNOT "no answer within %d s", what, TRIES * TRY_MS / 1000);
    }
    if (result < 0) {
        return err_set(e, result, CANNOT "%s", what,
                       result == -EBADMSG ? "an answer that is no bencode" : strerror(-result));
    }
    return check_result(ret, what, e);
}

int ng_ping(struct ng *ng)
{
    struct bencode answer;
    int result;

    begin(ng, "ping");
    bencode_close(&ng->question);
    result = send_question(ng);
    return result == 0 ? wait_answer(ng, PING_MS, &answer) : result;
}

/* One audio stream, of every payload type that the load sends. */
static void put_sdp(struct ng *ng, const struct sockaddr_storage *at)
{
    char host[INET6_ADDRSTRLEN];
    struct buf sdp;

    addr_format_host(at, host, sizeof host);
    const char *ip = at->ss_family == AF_INET6 ? "IP6" : "IP4";
    buf_init(&sdp);
    buf_printf(&sdp,
               "v=0\r\no=vaperf 1 1 IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n"
               "m=audio %u RTP/AVP 8 0 9 18 96 97 101\r\n"
               "a=rtpmap:96 opus/48000/2\r\na=rtpmap:97 H264/90000\r\n"
               "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n",
               ip, host, ip, host, addr_port(at));
    bencode_put_pair(&ng->question, "sdp", buf_str(&sdp));
    ng->question.failed |= buf_failed(&sdp);
    buf_finish(&sdp);
}

/* How RTCP goes, as the load sends it. */
static void put_mux(struct buf *b, const char *mux)
{
    bencode_put_text(b, "rtcp-mux");
    bencode_open_list(b);
    bencode_put_text(b, mux);
    bencode_close(b);
}

/* Keys in their order. */
static void put_end(struct ng *ng, const char *call, const char *mux, const char *to_tag,
                    const struct sockaddr_storage *at)
{
    struct buf *b = &ng->question;

    bencode_put_pair(b, "ICE", "remove");
    bencode_put_pair(b, "call-id", call);
    bencode_put_pair(b, "from-tag", "first");
    if (ng->rtcp == NG_RTCP_MUX) {
        put_mux(b, mux);
    }
    put_sdp(ng, at);
    if (to_tag != NULL) {
        bencode_put_pair(b, "to-tag", to_tag);
    }
}

/* Without a=rtcp it is the next one (RFC 3605). */
static bool has_rtcp_beside(const struct sdp_media *m)
{
    return m->port % 2 == 0 && !m->rtcp_mux && (m->rtcp_port == 0 || m->rtcp_port == m->port + 1);
}

static int read_endpoint(const struct ng *ng, const struct bencode *answer,
                         struct sockaddr_storage *ret, struct err *e)
{
    struct bencode text;
    struct sdp sdp;
    char host[INET6_ADDRSTRLEN];

    if (bencode_find(answer, "sdp", BENCODE_TEXT, &text) < 0 ||
        sdp_parse(&sdp, (const char *)text.bytes, text.size) < 0 || sdp.media_count == 0 ||
        sdp.media[0].port == 0 || sdp.media[0].connection.text.size >= sizeof host) {
        return err_set(e, -EBADMSG, CANNOT "its SDP names no address and port", "answer");
    }
    if (ng->rtcp == NG_RTCP_NEXT && !has_rtcp_beside(&sdp.media[0])) {
        return err_set(e, -EBADMSG, CANNOT "its SDP has no RTCP on the port after RTP's", "answer");
    }
    const struct sip_text address = sdp.media[0].connection.text;
    str_printf(host, sizeof host, "%.*s", (int)address.size, address.at);
    if (addr_parse(ret, host) < 0) {
        return err_set(e, -EBADMSG, CANNOT "its SDP has an address that is none", "answer");
    }
    addr_set_port(ret, sdp.media[0].port);
    return 0;
}

int ng_offer_answer(struct ng *ng, const char *call, const struct sockaddr_storage *first,
                    const struct sockaddr_storage *second, struct sockaddr_storage *ret,
                    struct err *e)
{
    struct bencode answer;
    int result;

    begin(ng, "offer");
    put_end(ng, call, "offer", NULL, first);
    result = ask(ng, "offer", &answer, e);
    if (result < 0) {
        return result;
    }
    begin(ng, "answer");
    put_end(ng, call, "accept", "second", second);
    result = ask(ng, "answer", &answer, e);
    return result < 0 ? result : read_endpoint(ng, &answer, ret, e);
}

int ng_delete(struct ng *ng, const char *call, struct err *e)
{
    struct bencode answer;

    begin(ng, "delete");
    bencode_put_pair(&ng->question, "call-id", call);
    bencode_put_text(&ng->question, "delete-delay");
    bencode_put_number(&ng->question, 0);
    bencode_put_pair(&ng->question, "from-tag", "first");
    return ask(ng, "delete", &answer, e);
}

static int read_number(const struct bencode *dict, const char *key, int64_t *ret)
{
    struct bencode v;
    int result = bencode_find(dict, key, BENCODE_NUMBER, &v);

    if (result == 0) {
        *ret = v.number;
    }
    return result;
}

int ng_read_totals(struct ng *ng, struct ng_totals *ret, struct err *e)
{
    struct bencode answer, all, now, total;
    struct ng_totals t;
    int result;

    begin(ng, "statistics");
    result = ask(ng, "statistics", &answer, e);
    if (result < 0) {
        return result;
    }
    if (bencode_find(&answer, "statistics", BENCODE_DICT, &all) < 0 ||
        bencode_find(&all, "currentstatistics", BENCODE_DICT, &now) < 0 ||
        bencode_find(&all, "totalstatistics", BENCODE_DICT, &total) < 0 ||
        read_number(&total, "relayedpackets", &t.packets) < 0 ||
        read_number(&total, "relayedbytes", &t.bytes) < 0 ||
        read_number(&total, "relayedpacketerrors", &t.errors) < 0 ||
        read_number(&total, "managedsessions", &t.ended) < 0 ||
        read_number(&now, "sessionstotal", &t.streams) < 0) {
        return err_set(e, -EBADMSG, CANNOT "the counters of rtpengine 10 are not among its answer",
                       "statistics");
    }
    *ret = t;
    return 0;
}
