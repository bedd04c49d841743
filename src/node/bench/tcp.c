/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tcp: bulk over one TCP connection, out, in or both ways at once; both ends measure.
 */
#include <errno.h>

#include "node/bench/bench.h"
#include "node/bench/net.h"

static const struct opt options[] = {
    NET_OPTIONS("1G"),
    OPT_END,
};

static int check(const void *given, struct err *e)
{
    return net_check("tcp", given, e);
}

static int prepare(void *state, const void *given, struct err *e)
{
    struct net_state *s = state;

    *s = (struct net_state){.o = *(const struct net_options *)given};
    int r = talk_connect(&s->talk, s->o.peer, NULL, e);
    return r < 0 ? err_prefix(e, "tcp: ") : 0;
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct net_state *s = state;
    const struct exchange x = {.talk = &s->talk,
                               .side = EXCHANGE_NEAR,
                               .sends = s->o.direction != NET_RECEIVE,
                               .receives = s->o.direction != NET_SEND,
                               .bytes = s->o.size_bytes};
    (void)round;
    int r = s->talk.fd < 0 ? talk_connect(&s->talk, s->o.peer, stop, e) : 0;
    s->talk.stop = stop;
    if (r == 0) {
        r = talk_say(&s->talk, net_round("tcp", &s->o), e);
    }
    struct exchange_figures own = {0}, far = {0};
    if (r == 0) {
        r = exchange_tcp(&x, &own, &far, e);
    }
    if (r == 0) { /* one that is broken off leaves those of the last whole one */
        s->own = own;
        s->far = far;
    }
    if (r < 0) { /* whatever is on its way belongs to no round */
        talk_close(&s->talk);
    }
    return r < 0 && r != -ECANCELED ? err_prefix(e, "tcp: ") : r;
}

static int verify(void *state, struct err *e)
{
    return net_verify("tcp", state, e);
}

static json_t *figures(void *state)
{
    return net_figures(state);
}

static void cleanup(void *state)
{
    talk_close(&((struct net_state *)state)->talk);
}

extern const struct bench_ops bench_tcp;
const struct bench_ops bench_tcp = {
    .name = "tcp",
    .summary = "bulk over TCP, out, in or both ways at once",
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
