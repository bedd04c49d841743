/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bare_calls: what the messages of calls cost the kernel alone: those of the built-in scenarios
 * (INVITE, ACK, BYE one way, 180, 200, 200 the other, in their sizes) go to and fro over the
 * loopback, a batch of calls at a time, and nothing is made of them. Prints one JSON line: the CPU
 * time a call of either end. One thread.
 *
 *   bare_calls udp|segments|tcp CALLS BATCH
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH_MAX = 64,
    ROOM = 65536,
    INVITE = 490,
    ACK = 347,
    BYE = 347,
    RINGING = 305,
    OK = 452,
    BYE_OK = 297
};

static uint8_t bytes[ROOM], into[BATCH_MAX][ROOM];

static void fail(const char *what)
{
    fprintf(stderr, "bare_calls: %s: %s\n", what, strerror(errno));
    exit(3);
}

static void check(int result, const char *what)
{
    if (result < 0) {
        fail(what);
    }
}

static int bound(int type)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int size = 4000000, on = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    check(fd, "socket");
    check(bind(fd, (struct sockaddr *)&a, sizeof(a)), "bind");
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    if (type == SOCK_DGRAM) {
        (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    }
    return fd;
}

static struct sockaddr_in name_of(int fd)
{
    struct sockaddr_in a;
    socklen_t size = sizeof(a);
    check(getsockname(fd, (struct sockaddr *)&a, &size), "getsockname");
    return a;
}

static void open_pair(const char *way, int fd[2])
{
    int on = 1;

    if (strcmp(way, "tcp") == 0) {
        int listener = bound(SOCK_STREAM);
        struct sockaddr_in a = name_of(listener);
        check(listen(listener, 1), "listen");
        fd[0] = bound(SOCK_STREAM);
        check(connect(fd[0], (struct sockaddr *)&a, sizeof(a)), "connect");
        check(fd[1] = accept(listener, NULL, NULL), "accept");
        close(listener);
    } else {
        for (int i = 0; i < 2; i++) {
            fd[i] = bound(SOCK_DGRAM);
        }
    }
    for (int i = 0; i < 2; i++) {
        if (strcmp(way, "tcp") == 0) {
            check(setsockopt(fd[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "TCP_NODELAY");
        } else if (strcmp(way, "segments") == 0) {
            check(setsockopt(fd[i], IPPROTO_UDP, UDP_GRO, &on, sizeof(on)), "UDP_GRO");
        }
    }
}

/* Runs of one size: `kinds` sizes, `count` messages each; as one each when they are segments. */
static void send_udp(int fd, struct sockaddr_in *to, const int *sizes, int kinds, int count,
                     bool is_segments)
{
    struct mmsghdr m[2 * BATCH_MAX] = {0};
    struct iovec part[2 * BATCH_MAX];
    _Alignas(16) char control[2][CMSG_SPACE(sizeof(uint16_t))];
    int n = is_segments ? kinds : kinds * count, sent = 0;

    for (int i = 0; i < n; i++) {
        int size = is_segments ? sizes[i] : sizes[i / count];
        part[i] = (struct iovec){bytes, (size_t)(is_segments ? size * count : size)};
        m[i].msg_hdr = (struct msghdr){
            .msg_name = to, .msg_namelen = sizeof(*to), .msg_iov = &part[i], .msg_iovlen = 1};
        if (is_segments && count > 1) {
            uint16_t segment = (uint16_t)size;
            struct cmsghdr *c = (struct cmsghdr *)(void *)control[i];
            m[i].msg_hdr.msg_control = control[i];
            m[i].msg_hdr.msg_controllen = sizeof(control[i]);
            *c = (struct cmsghdr){CMSG_LEN(sizeof(segment)), IPPROTO_UDP, UDP_SEGMENT};
            memcpy(CMSG_DATA(c), &segment, sizeof(segment));
        }
    }
    while (sent < n) {
        int k = sendmmsg(fd, m + sent, (unsigned)(n - sent), 0);
        check(k, "sendmmsg");
        sent += k;
    }
}

static void receive_udp(int fd, int want)
{
    struct mmsghdr m[BATCH_MAX] = {0};
    struct iovec part[BATCH_MAX];
    struct sockaddr_in from[BATCH_MAX];
    _Alignas(16) char control[BATCH_MAX][64];

    while (want > 0) {
        int n;
        for (int i = 0; i < BATCH_MAX; i++) {
            part[i] = (struct iovec){into[i], ROOM};
            m[i].msg_hdr = (struct msghdr){&from[i],   sizeof(from[i]),    &part[i], 1,
                                           control[i], sizeof(control[i]), 0};
        }
        n = recvmmsg(fd, m, BATCH_MAX, MSG_DONTWAIT, NULL);
        check(n, "recvmmsg: a message was lost");
        for (int i = 0; i < n; i++) {
            want -= (int)m[i].msg_len;
        }
    }
}

static void carry(const char *way, int from, int to, const int *sizes, int kinds, int count,
                  uint64_t cost[2])
{
    struct sockaddr_in a = name_of(to);
    struct timespec t[3];
    int total = 0;

    for (int i = 0; i < kinds; i++) {
        total += sizes[i] * count;
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t[0]);
    if (strcmp(way, "tcp") == 0) {
        check((int)send(from, bytes, (size_t)total, 0), "send");
    } else {
        send_udp(from, &a, sizes, kinds, count, strcmp(way, "segments") == 0);
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t[1]);
    if (strcmp(way, "tcp") == 0) {
        for (int want = total; want > 0;) {
            int n = (int)recv(to, into, sizeof(into), 0);
            check(n, "recv");
            want -= n;
        }
    } else {
        receive_udp(to, total);
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t[2]);
    for (int i = 0; i < 2; i++) {
        cost[i] += (uint64_t)((t[i + 1].tv_sec - t[i].tv_sec) * 1000000000L + t[i + 1].tv_nsec -
                              t[i].tv_nsec);
    }
}

int main(int argc, char **argv)
{
    static const int invite[] = {INVITE}, answers[] = {RINGING, OK}, ends[] = {ACK, BYE},
                     end[] = {BYE_OK};
    uint64_t called[2] = {0}, caller[2] = {0}; /* sending, receiving, of what goes that way */
    long calls = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
    int batch = argc == 4 ? atoi(argv[3]) : 0, fd[2];

    if (calls < 1 || batch < 1 || batch > BATCH_MAX) {
        fprintf(stderr, "usage: bare_calls udp|segments|tcp CALLS BATCH (1 to %d)\n", BATCH_MAX);
        return 2;
    }
    memset(bytes, 'x', sizeof(bytes));
    open_pair(argv[1], fd);
    for (long i = 0; i < calls; i += batch) {
        carry(argv[1], fd[0], fd[1], invite, 1, batch, caller);
        carry(argv[1], fd[1], fd[0], answers, 2, batch, called);
        carry(argv[1], fd[0], fd[1], ends, 2, batch, caller);
        carry(argv[1], fd[1], fd[0], end, 1, batch, called);
    }
    calls = (calls + batch - 1) / batch * batch;
    printf("{\"uac_us\": %.3f, \"uas_us\": %.3f}\n",
           (double)(caller[0] + called[1]) / 1e3 / (double)calls,
           (double)(called[0] + caller[1]) / 1e3 / (double)calls);
    return 0;
}
