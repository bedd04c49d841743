/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * endpoints: lists of addresses. One thread.
 */
#include "node/cli/endpoints.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/addr.h"

enum { PORT_MAX = 65535 };

static int wrong(const char *text, const char *why, struct err *e)
{
    return err_set(e, -EINVAL,
                   "'%s' is no address (%s; such as 10.0.0.1:5000, [::1]:5000 or "
                   "10.0.0.1:5000-5199)",
                   text, why);
}

/* The port behind "-" in place: "10.0.0.1:5000-5199" becomes "10.0.0.1:5000". 0: no range. */
static int take_range(char *text, const char *whole, unsigned *ret_last, struct err *e)
{
    char *colon = strrchr(text, ':');
    char *dash = colon != NULL ? strchr(colon, '-') : NULL;
    *ret_last = 0;
    if (dash == NULL)
        return 0;
    char *end;
    unsigned long last = strtoul(dash + 1, &end, 10);
    if (dash[1] < '0' || dash[1] > '9' || *end != '\0' || last > PORT_MAX)
        return wrong(whole, "its last port is none", e);
    *dash = '\0';
    *ret_last = (unsigned)last;
    return 0;
}

/* The first address and how many ports follow on from it. */
static int parse_one(const char *word, struct arena *a, struct sockaddr_storage *ret_first,
                     size_t *ret_count, struct err *e)
{
    char *text = arena_strdup(a, word);
    unsigned last;
    int r = take_range(text, word, &last, e);
    if (r < 0)
        return r;
    struct sockaddr_storage first = {0};
    if (addr_parse(&first, text) < 0)
        return wrong(word, "names are not looked up", e);
    const unsigned port = addr_port(&first);
    if (port == 0)
        return wrong(word, "a port is wanted", e);
    if (last != 0 && last < port)
        return wrong(word, "its last port is below its first", e);
    *ret_first = first;
    *ret_count = last == 0 ? 1 : last - port + 1;
    return 0;
}

int endpoints_parse(const char *text, unsigned step, struct arena *a, struct sockaddr_storage **ret,
                    size_t *ret_count, struct err *e)
{
    size_t count = 0, ranges = 1, used = 0;
    for (const char *c = text; *c != '\0'; c++)
        ranges += *c == ',';
    struct sockaddr_storage *firsts = ARENA_ARRAY(a, struct sockaddr_storage, ranges);
    size_t *counts = ARENA_ARRAY(a, size_t, ranges);
    char *rest = arena_strdup(a, text);
    for (char *word; (word = strsep(&rest, ",")) != NULL; used++) {
        int r = parse_one(word, a, &firsts[used], &counts[used], e);
        if (r < 0)
            return r;
        counts[used] = (counts[used] + step - 1) / step;
        count += counts[used];
    }
    struct sockaddr_storage *list = ARENA_ARRAY(a, struct sockaddr_storage, count);
    size_t n = 0;
    for (size_t i = 0; i < used; i++) {
        for (size_t k = 0; k < counts[i]; k++, n++) {
            list[n] = firsts[i];
            addr_set_port(&list[n], (uint16_t)(addr_port(&firsts[i]) + step * k));
        }
    }
    *ret = list;
    *ret_count = count;
    return 0;
}

struct sockaddr_storage *endpoints_spread(const struct sockaddr_storage *given, size_t count,
                                          size_t wanted, struct arena *a)
{
    struct sockaddr_storage *list = ARENA_ARRAY(a, struct sockaddr_storage, wanted + 1);
    for (size_t i = 0; i < wanted; i++)
        list[i] = given[i % count];
    return list;
}

static bool is_loopback(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
    const uint32_t ip = ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr);
    return ip >> 24 == IN_LOOPBACKNET;
}

/* A connected datagram socket sends nothing, but has an address by the routes. */
static int route_to(const struct sockaddr_storage *to, struct sockaddr_storage *ret)
{
    socklen_t size = sizeof *ret;
    int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int r = 0;
    if (connect(fd, (const struct sockaddr *)to, addr_size(to)) < 0 ||
        getsockname(fd, (struct sockaddr *)ret, &size) < 0)
        r = -errno;
    close(fd);
    return r;
}

int endpoints_local(const char *bind, const struct sockaddr_storage *to, struct arena *a,
                    const char **ret, struct err *e)
{
    struct sockaddr_storage local;
    char text[ADDR_TEXT_MAX];
    *ret = bind;
    if (addr_parse(&local, bind) < 0 || !is_loopback(&local) ||
        (is_loopback(to) && to->ss_family == local.ss_family))
        return 0;
    int r = route_to(to, &local);
    if (r < 0)
        return err_set(e, r, "there is no way to %s: %s", addr_format(to, text, sizeof text),
                       strerror(-r));
    addr_set_port(&local, 0);
    *ret = arena_strdup(a, addr_format(&local, text, sizeof text));
    return 0;
}
