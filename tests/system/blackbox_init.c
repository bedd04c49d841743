/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A product that knows nothing of vaperf: process 1 of a guest with an address of its own, which
 * sends every UDP packet of port 5004 back, and answers at port 9100 how many those were
 * ("packets_total N"). Modules stand in /modules, in the order of /modules/order.
 *
 *   init ADDRESS (as the kernel hands it over: product=ADDRESS on its command line)
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void fail(const char *what)
{
    perror(what);
    exit(1); /* the kernel panics */
}

static void load_modules(void)
{
    char name[128], path[160];
    FILE *order = fopen("/modules/order", "r");

    while (order != NULL && fscanf(order, "%127s", name) == 1) {
        snprintf(path, sizeof(path), "/modules/%s", name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0) {
            perror(path);
        }
        close(fd);
    }
}

static struct sockaddr_in at(const char *address, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, address, &a.sin_addr) != 1) {
        fail(address);
    }
    return a;
}

/* The first interface there is, within 10 s. */
static void bring_up(const char *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq r = {.ifr_name = "eth0"};
    struct sockaddr_in own = at(address, 0), mask = at("255.255.255.0", 0);

    for (int i = 0; i < 100 && ioctl(fd, SIOCGIFFLAGS, &r) < 0; i++) {
        usleep(100000);
    }
    memcpy(&r.ifr_addr, &own, sizeof(own));
    if (ioctl(fd, SIOCSIFADDR, &r) < 0) {
        fail("address");
    }
    memcpy(&r.ifr_netmask, &mask, sizeof(mask));
    (void)ioctl(fd, SIOCSIFNETMASK, &r);
    r.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(fd, SIOCSIFFLAGS, &r) < 0) {
        fail("up");
    }
    close(fd);
}

static int serve(const char *address, int port)
{
    struct sockaddr_in own = at(address, port);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0) {
        fail("bind");
    }
    return fd;
}

int main(void)
{
    const char *address = getenv("product"); /* unknown words of the command line come so */
    unsigned long count = 0;
    char bytes[2048];

    if (address == NULL) {
        address = "0.0.0.0";
    }
    load_modules();
    bring_up(address);
    struct pollfd fds[] = {{serve(address, 5004), POLLIN, 0}, {serve(address, 9100), POLLIN, 0}};
    for (;;) {
        struct sockaddr_in from;
        socklen_t size = sizeof(from);
        poll(fds, 2, -1);
        for (int i = 0; i < 2; i++) {
            ssize_t n = recvfrom(fds[i].fd, bytes, sizeof(bytes), MSG_DONTWAIT,
                                 (struct sockaddr *)&from, &size);
            if (n < 0) {
                continue;
            }
            count += i == 0;
            if (i == 1) {
                n = snprintf(bytes, sizeof(bytes), "packets_total %lu\n", count);
            }
            sendto(fds[i].fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, size);
        }
    }
}
