/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bare: the limits our own speed is held against, with nothing around them: a sink that drops in
 * the kernel, a sendmmsg loop, an epoll receive-and-send loop. Each prints one JSON line with what
 * it did; its CPU time is taken by the one who started it (perf/run). One thread.
 *
 *   bare sink  ADDR PORT COUNT
 *       sockets on PORT.. that drop everything; until stdin ends
 *   bare send  ADDR PORT COUNT SIZE PACKETS [BURST US]
 *       sendmmsg of 64, one socket, round robin over the ports; or BURST packets every US
 *       microseconds, at most 64 at once
 *   bare relay ADDR PORT COUNT TO_PORT
 *       what comes to PORT+i goes to TO_PORT; until stdin ends
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, PACKET_MAX = 2048 };

static void fail(const char *what)
{
    fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
    exit(3);
}

static struct sockaddr_in address(const char *text, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, text, &a.sin_addr) != 1) {
        fprintf(stderr, "bare: %s is no IPv4 address\n", text);
        exit(2);
    }
    return a;
}

static int bound_socket(const char *text, int port)
{
    struct sockaddr_in a = address(text, port);
    int size = 4 << 20;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        fail("socket");
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
        fail("bind");
    }
    return fd;
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        fail("getrlimit");
    }
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) {
        fail("setrlimit");
    }
}

static void say_ready_and_wait(void)
{
    char c;
    puts("ready");
    fflush(stdout);
    while (read(STDIN_FILENO, &c, 1) > 0) {
    }
}

static int run_sink(const char *to, int port, int count)
{
    struct sock_filter drop_all[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    struct sock_fprog program = {1, drop_all};
    raise_file_limit();
    for (int i = 0; i < count; i++) {
        int fd = bound_socket(to, port + i);
        if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0) {
            fail("SO_ATTACH_FILTER");
        }
    }
    say_ready_and_wait();
    return 0;
}

/* Absolute times, a period apart. */
static void sleep_a_period(struct timespec *next, long period_ns)
{
    if (next->tv_sec == 0) {
        clock_gettime(CLOCK_MONOTONIC, next);
    }
    next->tv_nsec += period_ns;
    if (next->tv_nsec >= 1000000000) {
        next->tv_nsec -= 1000000000;
        next->tv_sec++;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

static int run_send(const char *to, int port, int count, int size, long packets, int burst,
                    long period_us)
{
    static uint8_t data[BATCH][PACKET_MAX];
    static struct sockaddr_in names[BATCH];
    struct iovec parts[BATCH];
    struct mmsghdr batch[BATCH];
    struct sockaddr_in first = address(to, port);
    struct timespec wake = {0};
    int fd = bound_socket(to, 0), next = 0;
    long sent = 0;

    memset(batch, 0, sizeof(batch));
    while (sent < packets) {
        for (int i = 0; i < burst; i++) {
            names[i] = first;
            names[i].sin_port = htons((uint16_t)(port + next));
            next = next + 1 == count ? 0 : next + 1;
            parts[i] = (struct iovec){data[i], (size_t)size};
            batch[i].msg_hdr.msg_name = &names[i];
            batch[i].msg_hdr.msg_namelen = sizeof(names[i]);
            batch[i].msg_hdr.msg_iov = &parts[i];
            batch[i].msg_hdr.msg_iovlen = 1;
        }
        int n = sendmmsg(fd, batch, (unsigned)burst, 0);
        if (n > 0) {
            sent += n;
        } else if (errno != EAGAIN) {
            fail("sendmmsg");
        }
        if (period_us > 0) {
            sleep_a_period(&wake, period_us * 1000);
        }
    }
    printf("{\"packets\": %ld}\n", sent);
    return 0;
}

static long relay_ready(int fd, const struct sockaddr_in *to)
{
    uint8_t data[PACKET_MAX];
    long relayed = 0;
    for (;;) {
        ssize_t size = recv(fd, data, sizeof(data), MSG_DONTWAIT);
        if (size < 0) {
            return relayed;
        }
        if (sendto(fd, data, (size_t)size, 0, (const struct sockaddr *)to, sizeof(*to)) == size) {
            relayed++;
        }
    }
}

static int run_relay(const char *at, int port, int count, int to_port)
{
    struct sockaddr_in to = address(at, to_port);
    struct epoll_event events[BATCH], want = {.events = EPOLLIN | EPOLLET};
    int poll_fd = epoll_create1(EPOLL_CLOEXEC);
    long relayed = 0;

    raise_file_limit();
    for (int i = 0; i < count; i++) {
        want.data.fd = bound_socket(at, port + i);
        if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, want.data.fd, &want) < 0) {
            fail("epoll_ctl");
        }
    }
    want = (struct epoll_event){.events = EPOLLIN, .data.fd = STDIN_FILENO};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &want) < 0) {
        fail("epoll_ctl of stdin");
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(poll_fd, events, BATCH, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == STDIN_FILENO) {
                printf("{\"packets\": %ld}\n", relayed);
                return 0;
            }
            relayed += relay_ready(events[i].data.fd, &to);
        }
    }
}

int main(int argc, char *argv[])
{
    if (argc == 5 && strcmp(argv[1], "sink") == 0) {
        return run_sink(argv[2], atoi(argv[3]), atoi(argv[4]));
    }
    if ((argc == 7 || argc == 9) && strcmp(argv[1], "send") == 0 && atoi(argv[5]) <= PACKET_MAX) {
        int burst = argc == 9 ? atoi(argv[7]) : BATCH;
        return run_send(argv[2], atoi(argv[3]), atoi(argv[4]), atoi(argv[5]), atol(argv[6]),
                        burst < 1 || burst > BATCH ? BATCH : burst, argc == 9 ? atol(argv[8]) : 0);
    }
    if (argc == 6 && strcmp(argv[1], "relay") == 0) {
        return run_relay(argv[2], atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
    }
    fprintf(stderr, "usage: bare sink ADDR PORT COUNT | send ADDR PORT COUNT SIZE PACKETS "
                    "[BURST US] |"
                    " relay ADDR PORT COUNT TO_PORT\n");
    return 2;
}
