/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * addr: inet_pton and friends with the port beside them. Pure.
 */
#include "io/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static int parse_port(const char *text, uint16_t *ret)
{
    uint64_t port;
    if (str_parse_count(text, &port) < 0 || port > UINT16_MAX) {
        return -EINVAL;
    }
    *ret = (uint16_t)port;
    return 0;
}

/* Splits "[v6]:port", "v4:port", "v6" or "v4"; host is INET6_ADDRSTRLEN bytes. */
static int split(const char *text, char *host, uint16_t *ret_port)
{
    const char *end, *port = NULL;

    *ret_port = 0;
    if (*text == '[') {
        text++;
        end = strchr(text, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':')) {
            return -EINVAL;
        }
        port = end[1] == ':' ? end + 2 : NULL;
    } else {
        end = strchr(text, ':');
        if (end != NULL && strchr(end + 1, ':') == NULL) {
            port = end + 1;
        } else {
            end = text + strlen(text);
        }
    }
    if ((size_t)(end - text) >= INET6_ADDRSTRLEN) {
        return -EINVAL;
    }
    memcpy(host, text, (size_t)(end - text));
    host[end - text] = '\0';
    return port == NULL ? 0 : parse_port(port, ret_port);
}

int addr_parse(struct sockaddr_storage *ret, const char *text)
{
    char host[INET6_ADDRSTRLEN];
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    uint16_t port;

    if (split(text, host, &port) < 0) {
        return -EINVAL;
    }
    memset(ret, 0, sizeof(*ret));
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        v4.sin_port = htons(port);
        memcpy(ret, &v4, sizeof(v4));
        return 0;
    }
    if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        v6.sin6_port = htons(port);
        memcpy(ret, &v6, sizeof(v6));
        return 0;
    }
    return -EINVAL;
}

const char *addr_format_host(const struct sockaddr_storage *a, char *buffer, size_t size)
{
    const void *bytes = a->ss_family == AF_INET
                            ? (const void *)&((const struct sockaddr_in *)a)->sin_addr
                            : (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr;

    if ((a->ss_family != AF_INET && a->ss_family != AF_INET6) ||
        inet_ntop(a->ss_family, bytes, buffer, (socklen_t)size) == NULL) {
        str_printf(buffer, size, "unspecified");
    }
    return buffer;
}

const char *addr_format(const struct sockaddr_storage *a, char *buffer, size_t size)
{
    char host[INET6_ADDRSTRLEN];

    addr_format_host(a, host, sizeof(host));
    if (a->ss_family == AF_INET || a->ss_family == AF_INET6) {
        str_printf(buffer, size, a->ss_family == AF_INET ? "%s:%u" : "[%s]:%u", host, addr_port(a));
    } else {
        str_printf(buffer, size, "%s", host);
    }
    return buffer;
}

socklen_t addr_size(const struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

uint16_t addr_port(const struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)a)->sin6_port)
                                    : ntohs(((const struct sockaddr_in *)a)->sin_port);
}

void addr_set_port(struct sockaddr_storage *a, uint16_t port)
{
    if (a->ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)a)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)a)->sin_port = htons(port);
    }
}
