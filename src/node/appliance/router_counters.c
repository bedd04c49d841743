/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * router_counters: what the kernel says it forwarded (RFC 4293). A header line of names stands over
 * a line of values in snmp; snmp6 has a name and a value a line. Parsing is pure.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "node/appliance/router.h"

enum { DEV_RX_PACKETS = 1, DEV_RX_DROP = 3, DEV_TX_PACKETS = 9, DEV_TX_DROP = 11, DEV_FIELDS = 16 };

/* The value under `name` of the two lines that begin with "Ip:". */
static uint64_t find_in_ip(const char *snmp, const char *name)
{
    const char *names = strstr(snmp, "Ip:");
    const char *values = names != NULL ? strstr(names + 1, "\nIp:") : NULL;
    const size_t size = strlen(name);

    if (values == NULL) {
        return 0;
    }
    values++;
    while (*names != '\0' && *names != '\n' && *values != '\0' && *values != '\n') {
        names += strcspn(names, " \n");
        values += strcspn(values, " \n");
        names += *names == ' ';
        values += *values == ' ';
        if (strncmp(names, name, size) == 0 && (names[size] == ' ' || names[size] == '\n')) {
            return strtoull(values, NULL, 10);
        }
    }
    return 0;
}

static uint64_t find_line(const char *snmp6, const char *name)
{
    const size_t size = strlen(name);

    for (const char *at = snmp6; at != NULL && *at != '\0'; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, name, size) == 0 && (at[size] == ' ' || at[size] == '\t')) {
            return strtoull(at + size, NULL, 10);
        }
    }
    return 0;
}

void router_parse_counters(const char *snmp, const char *snmp6, struct router_counters *ret)
{
    ret->forwarded = find_in_ip(snmp, "ForwDatagrams") + find_line(snmp6, "Ip6OutForwDatagrams");
    ret->no_route = find_in_ip(snmp, "OutNoRoutes") + find_in_ip(snmp, "InAddrErrors") +
                    find_line(snmp6, "Ip6InNoRoutes");
    ret->discarded = find_in_ip(snmp, "InDiscards") + find_in_ip(snmp, "OutDiscards") +
                     find_line(snmp6, "Ip6InDiscards") + find_line(snmp6, "Ip6OutDiscards");
}

void router_read_counters(struct router_counters *ret)
{
    struct buf snmp, snmp6;

    buf_init(&snmp);
    buf_init(&snmp6);
    (void)buf_load(&snmp, "/proc/net/snmp");
    (void)buf_load(&snmp6, "/proc/net/snmp6");
    router_parse_counters(buf_str(&snmp), buf_str(&snmp6), ret);
    buf_finish(&snmp);
    buf_finish(&snmp6);
}

int router_parse_link(const char *dev, const char *interface, struct router_link *ret)
{
    const size_t size = strlen(interface);
    uint64_t values[DEV_FIELDS];

    for (const char *at = strchr(dev, '\n'); at != NULL; at = strchr(at + 1, '\n')) {
        const char *name = at + 1 + strspn(at + 1, " ");
        char *end = NULL;
        if (strncmp(name, interface, size) != 0 || name[size] != ':') {
            continue;
        }
        const char *from = name + size + 1;
        for (int i = 0; i < DEV_FIELDS; i++, from = end) {
            values[i] = strtoull(from, &end, 10);
        }
        *ret = (struct router_link){values[DEV_RX_PACKETS], values[DEV_TX_PACKETS],
                                    values[DEV_RX_DROP], values[DEV_TX_DROP]};
        return 0;
    }
    return -ENODEV;
}
