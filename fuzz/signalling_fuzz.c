/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signalling_fuzz: any bytes into the signalling appliance, a proxy or a server that answers. The
 * input's first byte says which; then messages, split by NUL bytes, a second apart. Whatever the
 * appliance sends has to be SIP, and when all timers have run nothing may be left. Its thread is
 * stopped, and the system calls by which bytes would leave this process are the harness's.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/opt.h"
#include "io/addr.h"
#include "node/appliance/appliance.h"
#include "node/appliance/signalling_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
extern const struct appliance_ops appliance_signalling;

enum { PROXY, ANSWERS, ANNOUNCES, SERVERS, MESSAGES_MAX = 40, END_STEPS = 12 };

static struct signalling *servers[SERVERS];
static uint64_t now_ns;

int sendmmsg(int fd, struct mmsghdr *m, unsigned count, int flags)
{
    static struct sip_message sent;

    (void)fd;
    (void)flags;
    for (unsigned i = 0; i < count; i++) {
        const struct iovec *part = m[i].msg_hdr.msg_iov;
        if (sip_parse(&sent, part->iov_base, part->iov_len) < 0) {
            abort();
        }
    }
    return (int)count;
}

int connect(int fd, const struct sockaddr *to, socklen_t size)
{
    (void)fd;
    (void)to;
    (void)size;
    errno = ENETUNREACH;
    return -1;
}

/* Tags and nonces are the same every time. */
ssize_t getrandom(void *to, size_t size, unsigned flags)
{
    (void)flags;
    memset(to, 7, size);
    return (ssize_t)size;
}

ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
               socklen_t to_size)
{
    (void)fd;
    (void)bytes;
    (void)flags;
    (void)to;
    (void)to_size;
    return (ssize_t)size;
}

static struct signalling *open_server(int kind)
{
    struct signalling_options o;
    struct signalling *s = calloc(1, appliance_signalling.state_size);

    opt_defaults(appliance_signalling.options, &o, sizeof(o));
    o.threads = 1;
    o.mode = kind == ANSWERS ? SIGNALLING_ANSWER : SIGNALLING_PROXY;
    o.auth = kind == PROXY ? SIGNALLING_AUTH_MD5 : SIGNALLING_AUTH_OFF;
    o.ring_ns = NS_PER_S / 2;
    o.next_hop = kind == ANSWERS ? NULL : "127.0.0.1:9";
    o.calls = kind == ANNOUNCES ? 1 : o.calls;
    o.overload = kind == ANNOUNCES ? SIGNALLING_ANNOUNCE : o.overload;
    if (s == NULL || appliance_signalling.open(s, &o, "127.0.0.1", NULL) < 0) {
        abort();
    }
    atomic_store(&s->stop, true);
    (void)!write(s->stop_fd, &(uint64_t){1}, sizeof(uint64_t));
    pthread_join(s->threads[0].thread, NULL);
    s->threads[0].started = false;
    return s;
}

static void tick(struct signalling *s, uint32_t number)
{
    struct signalling_part *p = signalling_take_part(&s->threads[0], number, now_ns);

    sip_layer_tick(p->layer, now_ns);
    signalling_ring(p);
    signalling_finish_turn(&s->threads[0]);
    signalling_give_part(p);
}

static uint32_t deliver(struct signalling *s, const char *bytes, size_t size)
{
    struct sockaddr_storage a;
    struct signalling_part *p;
    struct sip_hop from;
    uint32_t number = signalling_part_of(bytes, size);

    (void)addr_parse(&a, "127.0.0.1:7777");
    from = signalling_hop(&a, 0);
    p = signalling_take_part(&s->threads[0], number, now_ns);
    signalling_receive(p, bytes, size, &from);
    signalling_finish_turn(&s->threads[0]);
    signalling_give_part(p);
    return number;
}

/* Calls that nobody ended are; then there is nothing. */
static void check_empty(struct signalling *s, uint32_t number)
{
    struct signalling_part *p = signalling_take_part(&s->threads[0], number, now_ns);

    while (p->oldest != NULL) {
        signalling_call_end(p, p->oldest, 0);
    }
    signalling_finish_turn(&s->threads[0]);
    if (sip_layer_count(p->layer) != 0) {
        abort();
    }
    signalling_give_part(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint32_t used[MESSAGES_MAX];
    int count = 0;
    struct signalling *s;

    if (servers[0] == NULL) {
        for (int i = 0; i < SERVERS; i++) {
            servers[i] = open_server(i);
        }
        now_ns = clock_now_ns() + NS_PER_S;
    }
    s = servers[size > 0 ? bytes[0] % SERVERS : 0];
    for (const uint8_t *at = bytes, *end = bytes + size; at + 1 < end && count < MESSAGES_MAX;) {
        const uint8_t *stop = memchr(at + 1, 0, (size_t)(end - at - 1));
        size_t part = (size_t)((stop != NULL ? stop : end) - at - 1);

        at++;
        used[count] = deliver(s, (const char *)at, part);
        now_ns += NS_PER_S;
        tick(s, used[count++]);
        at += part;
    }
    for (int step = 0; step < END_STEPS; step++) {
        now_ns += 60 * NS_PER_S;
        for (int i = 0; i < count; i++) {
            tick(s, used[i]);
        }
    }
    for (int i = 0; i < count; i++) {
        check_empty(s, used[i]);
    }
    return 0;
}
