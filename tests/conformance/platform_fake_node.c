/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * platform_fake_node: stands in for the node where a platform is tested, linked static so that it
 * is all a container needs: `hold` waits for SIGTERM, `serve` repeats lines, `echo` datagrams,
 * `burn` says "burning" and keeps a CPU busy until its input ends.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int hold(void)
{
    sigset_t set;
    int signal_number;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    puts("holding");
    fflush(stdout);
    return sigwait(&set, &signal_number);
}

static int serve(void)
{
    char line[512];
    while (fgets(line, sizeof line, stdin) != NULL) {
        fputs(line, stdout);
        fflush(stdout);
    }
    return 0;
}

/* Says "port N", then sends each datagram back to who sent it. */
static int echo(void)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    socklen_t size = sizeof from;
    char bytes[512];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&from, size) < 0 ||
        getsockname(fd, (struct sockaddr *)&from, &size) < 0)
        return 1;
    printf("port %d\n", ntohs(from.sin_port));
    fflush(stdout);
    for (;;) {
        size = sizeof from;
        ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);
        if (n < 0 || sendto(fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, size) != n)
            return 1;
    }
}

static void *spin(void *arg)
{
    for (volatile unsigned long i = 0;; i++)
        if (i == ~0UL)
            return arg;
}

static int burn(void)
{
    char byte;
    pthread_t thread;
    if (pthread_create(&thread, NULL, spin, NULL) != 0)
        return 1;
    puts("burning");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    return 0;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "hold") == 0)
        return hold();
    if (strcmp(verb, "serve") == 0)
        return serve();
    if (strcmp(verb, "burn") == 0)
        return burn();
    if (strcmp(verb, "echo") == 0)
        return echo();
    if (strcmp(verb, "rooted") == 0 && argc > 2) {
        /* Of no test's concern here, and needed in a chroot: the real node's. */
        const char *node = getenv("VAPERF_NODE");
        execv(node != NULL ? node : "vaperf-node", argv);
        perror("VAPERF_NODE");
        return 3;
    }
    fprintf(stderr, "hold, serve, echo, burn or rooted\n");
    return 2;
}
