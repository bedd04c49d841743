/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * udp: bulk over UDP to one port, out, in or both ways at once, as fast as it goes or at a rate;
 * both ends measure, and what does not arrive is loss, not an error.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "io/addr.h"
#include "io/udp.h"
#include "node/bench/bench.h"
#include "node/bench/net.h"

static const struct opt options[] = {
    NET_OPTIONS("256M"),
    {"payload", OPT_SIZE, "1472", "of a packet", 1, BULK_PAYLOAD_MAX, NULL,
     offsetof(struct net_options, payload_bytes), 0},
    {"rate", OPT_NUMBER, "0", "bits of payload a second each way; 0: as fast as it goes", 0, 1e13,
     NULL, offsetof(struct net_options, rate_bits), 0},
    {"offload", OPT_FLAG, "yes", "the kernel or the card may cut and join packets (GSO, GRO)", 0, 0,
     NULL, offsetof(struct net_options, offload), 0},
    OPT_END,
};

static int check(const void *given, struct err *e)
{
    const struct net_options *o = given;
    int r = net_check("udp", o, e);
    return r == 0 && o->size_bytes < o->payload_bytes
               ? err_set(e, -EINVAL, "udp: size: less than one packet")
               : r;
}

static void hang_up(struct net_state *s)
{
    talk_close(&s->talk);
    udp_close(&s->udp);
}

static void cleanup(void *state)
{
    hang_up(state);
}

/* The talk, and a socket at the address that it has here. */
static int call(struct net_state *s, const atomic_bool *stop, struct err *e)
{
    struct sockaddr_storage local;
    socklen_t size = sizeof local;
    int r = talk_connect(&s->talk, s->o.peer, stop, e);

    if (r < 0) {
        return r;
    }
    r = getsockname(s->talk.fd, (struct sockaddr *)&local, &size) < 0 ? -errno : 0;
    if (r == 0) {
        addr_set_port(&local, 0);
        r = udp_open(&s->udp, &local, BULK_BUFFER_BYTES, 0);
    }
    if (r < 0) {
        hang_up(s);
        return err_set(e, r, "a socket: %s", strerror(-r));
    }
    return 0;
}

static int prepare(void *state, const void *given, struct err *e)
{
    struct net_state *s = state;

    *s = (struct net_state){
        .o = *(const struct net_options *)given, .is_udp = true, .udp = {.fd = -1}};
    int r = call(s, NULL, e);
    return r < 0 ? err_prefix(e, "udp: ") : 0;
}

/* Says what the round is; the answer is the far end's port of this round. */
static int agree(struct net_state *s, struct err *e)
{
    struct sockaddr_storage peer;
    json_t *round = net_round("udp", &s->o), *word = NULL;
    uint64_t port = 0;

    json_object_set_new(round, "payload", json_u64(s->o.payload_bytes));
    json_object_set_new(round, "rate", json_real(s->o.rate_bits));
    json_object_set_new(round, "offload", json_boolean(s->o.offload));
    json_object_set_new(round, "port", json_u64(addr_port(&s->udp.local)));
    bulk_forget(s->udp.fd);
    int r = talk_say(&s->talk, round, e);
    if (r == 0) {
        r = talk_hear(&s->talk, &word, e);
    }
    if (r == 0) {
        r = json_need_u64(word, "port", &port, e);
    }
    json_decref(word);
    if (r < 0) {
        return r;
    }
    (void)addr_parse(&peer, s->o.peer);
    addr_set_port(&peer, (uint16_t)port);
    return connect(s->udp.fd, (const struct sockaddr *)&peer, addr_size(&peer)) == 0
               ? 0
               : talk_fail(&s->talk, -errno, e);
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct net_state *s = state;

    (void)round;
    int r = s->talk.fd < 0 ? call(s, stop, e) : 0;
    s->talk.stop = stop;
    if (r == 0) {
        r = agree(s, e);
    }
    const struct exchange x = {.talk = &s->talk,
                               .side = EXCHANGE_NEAR,
                               .sends = s->o.direction != NET_RECEIVE,
                               .receives = s->o.direction != NET_SEND,
                               .bytes = s->o.size_bytes,
                               .udp = {.fd = s->udp.fd,
                                       .payload_bytes = s->o.payload_bytes,
                                       .packets = s->o.size_bytes / s->o.payload_bytes,
                                       .rate_bits = s->o.rate_bits,
                                       .offload = s->o.offload,
                                       .stop = stop}};
    struct exchange_figures own = {0}, far = {0};
    if (r == 0) {
        r = exchange_udp(&x, &own, &far, e);
    }
    if (r == 0) { /* one that is broken off leaves those of the last whole one */
        s->own = own;
        s->far = far;
    }
    if (r < 0) { /* whatever is on its way belongs to no round */
        hang_up(s);
    }
    return r < 0 && r != -ECANCELED ? err_prefix(e, "udp: ") : r;
}

static int verify(void *state, struct err *e)
{
    return net_verify("udp", state, e);
}

static json_t *figures(void *state)
{
    return net_figures(state);
}

extern const struct bench_ops bench_udp;
const struct bench_ops bench_udp = {
    .name = "udp",
    .summary = "bulk over UDP to one port, out, in or both ways at once",
    .options = options,
    .options_size = sizeof(struct net_options),
    .state_size = sizeof(struct net_state),
    .check = check,
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .figures = figures,
    .cleanup = cleanup,
};
