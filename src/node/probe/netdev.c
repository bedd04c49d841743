/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * netdev: packets, bytes, drops and errors of network interfaces, and what the kernel's receive
 * path and UDP dropped. Figures are those of the network namespace the node runs in.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "node/probe/columns.h"
#include "node/probe/probe.h"
#include "node/probe/text.h"

enum { NAMES_MAX = 64, NAME_SIZE = 32, FILE_MAX = 1 << 18 };

struct netdev_options {
    const char *interface;
};

struct netdev_state {
    struct text_file dev, softnet, snmp;
    char names[NAMES_MAX][NAME_SIZE]; /* "eth0:" as in /proc/net/dev */
    size_t count;
};

static const struct opt options[] = {
    {"interface", OPT_STRING, "lo", "interfaces, with commas between", 0, 0, NULL,
     offsetof(struct netdev_options, interface), 0},
    OPT_END,
};

static void close_netdev(void *state)
{
    struct netdev_state *s = state;
    text_close(&s->dev);
    text_close(&s->softnet);
    text_close(&s->snmp);
}

static int add_names(struct netdev_state *s, const char *at, struct err *e)
{
    while (*at != '\0') {
        size_t size = strcspn(at, ",");
        char *name = s->names[s->count];
        if (size == 0 || size >= NAME_SIZE - 1 || s->count == NAMES_MAX) {
            return err_set(e, -EINVAL, "interface: '%s' is no list of interfaces (e.g. lo,eth0)",
                           at);
        }
        memcpy(name, at, size);
        name[size] = ':';
        name[size + 1] = '\0';
        if (text_line(s->dev.data, name) == NULL) {
            return err_set(e, -ENODEV, "there is no interface %.*s", (int)size, at);
        }
        s->count++;
        at += size + (at[size] == ',');
    }
    return 0;
}

static int open_netdev(void *state, const void *given, struct err *e)
{
    struct netdev_state *s = state;
    int result;

    memset(s, 0, sizeof(*s));
    s->softnet.fd = s->snmp.fd = -1;
    result = text_open(&s->dev, "/proc/net/dev", FILE_MAX);
    if (result < 0) {
        return err_set(e, result, "/proc/net/dev: %s", strerror(-result));
    }
    result = add_names(s, ((const struct netdev_options *)given)->interface, e);
    if (result < 0) {
        close_netdev(s);
        return result;
    }
    (void)text_open(&s->softnet, "/proc/net/softnet_stat", FILE_MAX);
    (void)text_open(&s->snmp, "/proc/net/snmp", TEXT_FILE_MAX);
    return 0;
}

/* Place of each figure in a line of /proc/net/dev, behind the name. */
static const struct {
    const char *metric, *unit;
    size_t place;
} figures[] = {
    {"rx_bytes", "bytes", 0},     {"rx_packets", "packets", 1}, {"rx_errors", "packets", 2},
    {"rx_drops", "packets", 3},   {"tx_bytes", "bytes", 8},     {"tx_packets", "packets", 9},
    {"tx_errors", "packets", 10}, {"tx_drops", "packets", 11},
};
enum { FIGURES = sizeof(figures) / sizeof(figures[0]), PLACES = 16 };

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    const struct netdev_state *s = state;
    char name[NAME_SIZE];
    size_t n = 0;

    for (size_t i = 0; i < s->count; i++) {
        str_printf(name, sizeof(name), "%.*s", (int)(strlen(s->names[i]) - 1), s->names[i]);
        for (size_t f = 0; f < FIGURES; f++) {
            n = columns_add(ret, room, n, name, figures[f].metric, figures[f].unit, SAMPLE_COUNTER);
        }
    }
    n = columns_add(ret, room, n, "network", "softnet_drops", "packets", SAMPLE_COUNTER);
    n = columns_add(ret, room, n, "network", "softnet_squeezes", "1", SAMPLE_COUNTER);
    n = columns_add(ret, room, n, "network", "udp_receive_errors", "packets", SAMPLE_COUNTER);
    n = columns_add(ret, room, n, "network", "udp_receive_buffer_errors", "packets",
                    SAMPLE_COUNTER);
    return columns_add(ret, room, n, "network", "udp_send_buffer_errors", "packets",
                       SAMPLE_COUNTER);
}

/* One line a CPU, hexadecimal: processed, dropped, squeezed, ... */
static bool read_softnet(const char *text, uint64_t *ret_drops, uint64_t *ret_squeezes)
{
    uint64_t drops = 0, squeezes = 0;
    bool any = false;

    for (const char *at = text; at != NULL; at = text_next_line(at)) {
        char *end;
        (void)strtoull(at, &end, 16);
        drops += strtoull(end, &end, 16);
        squeezes += strtoull(end, &end, 16);
        any = true;
    }
    *ret_drops = drops;
    *ret_squeezes = squeezes;
    return any;
}

/* The value under a heading of the Udp: pair of lines of /proc/net/snmp. */
static double udp_figure(const char *text, const char *heading)
{
    const char *names = text_line(text, "Udp:"), *values, *at;
    uint64_t numbers[16];
    size_t place = 0, count;

    values = names != NULL ? text_next_line(names) : NULL;
    if (values == NULL || strncmp(values, "Udp:", 4) != 0) {
        return NAN;
    }
    count = text_numbers(values, numbers, 16);
    for (at = names + 4; *at != '\n' && *at != '\0'; place++) {
        size_t size;
        at += strspn(at, " ");
        size = strcspn(at, " \n");
        if (size == strlen(heading) && strncmp(at, heading, size) == 0) {
            return place < count ? (double)numbers[place] : (double)NAN;
        }
        at += size;
    }
    return NAN;
}

static size_t put_interface(const struct netdev_state *s, size_t i, double *values, size_t count,
                            size_t at)
{
    const char *line = text_line(s->dev.data, s->names[i]);
    uint64_t v[PLACES];
    size_t n = line != NULL ? text_numbers(line + strlen(s->names[i]), v, PLACES) : 0;

    for (size_t f = 0; f < FIGURES; f++) {
        at =
            columns_put(values, count, at, n == PLACES ? (double)v[figures[f].place] : (double)NAN);
    }
    return at;
}

static int sample(void *state, uint64_t now_ns, double *ret_values, size_t count)
{
    struct netdev_state *s = state;
    uint64_t drops, squeezes;
    bool known;
    size_t at = 0;

    (void)now_ns;
    (void)text_read(&s->dev);
    for (size_t i = 0; i < s->count; i++) {
        at = put_interface(s, i, ret_values, count, at);
    }
    known = text_read(&s->softnet) == 0 && read_softnet(s->softnet.data, &drops, &squeezes);
    at = columns_put(ret_values, count, at, known ? (double)drops : (double)NAN);
    at = columns_put(ret_values, count, at, known ? (double)squeezes : (double)NAN);
    known = text_read(&s->snmp) == 0;
    at = columns_put(ret_values, count, at, known ? udp_figure(s->snmp.data, "InErrors") : NAN);
    at = columns_put(ret_values, count, at, known ? udp_figure(s->snmp.data, "RcvbufErrors") : NAN);
    (void)columns_put(ret_values, count, at,
                      known ? udp_figure(s->snmp.data, "SndbufErrors") : NAN);
    return 0;
}

extern const struct probe_ops probe_netdev;
const struct probe_ops probe_netdev = {
    .name = "netdev",
    .summary = "packets, drops and errors of interfaces, softnet and UDP",
    .options = options,
    .options_size = sizeof(struct netdev_options),
    .state_size = sizeof(struct netdev_state),
    .open = open_netdev,
    .columns = columns,
    .sample = sample,
    .close = close_netdev,
};
