/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_transport: which transport a load has: the first of the plan's list that can be opened here
 * and knows the way. All workers have the same one, and keep their ports when the next in the list
 * has to take over. Owner thread.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "io/frame.h"
#include "node/load/load_private.h"

enum { FRAMES_LEAST = 1024, FRAMES_MOST = 4096 };

/* The name at `at` of a list with commas; returns the next one, NULL at the end. */
static const char *take_name(const char *at, size_t *ret_size)
{
    size_t size = strcspn(at, ",");

    *ret_size = size;
    return at[size] == ',' ? at + size + 1 + strspn(at + size + 1, " ") : NULL;
}

/* The one that was meant; NULL: none is like it. */
static const char *nearest(const char *name, size_t size)
{
    static const char *const names[] = {"sockets", "ring", "xdp"};
    char word[16];
    const char *found = NULL;
    unsigned best = 3;

    str_printf(word, sizeof(word), "%.*s", (int)size, name);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unsigned distance = str_edit_distance(names[i], word);
        if (distance < best && distance < strlen(names[i])) {
            best = distance;
            found = names[i];
        }
    }
    return found;
}

int load_transport_check(const char *list, bool frames, struct err *e)
{
    for (const char *at = list; at != NULL;) {
        size_t size;
        const char *next = take_name(at, &size);
        if (transport_find(at, size, frames) == NULL) {
            const char *near = nearest(at, size);
            return err_set(e, -EINVAL,
                           "transport: '%.*s' is none%s%s%s: sockets, ring or xdp, or several in "
                           "the order they are to be tried (e.g. xdp,ring,sockets)",
                           (int)size, at, near != NULL ? " (did you mean " : "",
                           near != NULL ? near : "", near != NULL ? "?)" : "");
        }
        at = next;
    }
    return 0;
}

/* Room for what comes while a worker stands still as long as it may: who has less to carry has
 * fewer pages for the kernel to make. */
static uint32_t frames_for(const struct workload_shape *shape, const struct load_options *o)
{
    const double most = shape->rate_per_s * (double)o->void_pause_ns / (double)NS_PER_S;
    uint32_t frames = FRAMES_LEAST;

    while (frames < most && frames < FRAMES_MOST) {
        frames *= 2;
    }
    return frames;
}

static int config_of(const struct workload_shape *shape, const struct load_options *o,
                     struct transport_config *ret, struct err *e)
{
    *ret = (struct transport_config){.buffer_bytes = o->socket_buffer_bytes,
                                     .frames = frames_for(shape, o),
                                     .segmentation = o->segmentation,
                                     .workers = 1,
                                     .is_paired = shape->is_paired,
                                     .dscp = (uint8_t)o->dscp,
                                     .priority = (uint8_t)o->vlan_priority,
                                     .vlan = o->vlan > 0 ? (int)o->vlan : FRAME_NO_VLAN,
                                     .next_hop = o->next_hop};
    if (addr_parse(&ret->local, o->bind) < 0) {
        return err_set(e, -EINVAL, "bind: '%s' is no address (e.g. 127.0.0.1)", o->bind);
    }
    return 0;
}

static void close_all(struct load *l)
{
    for (uint32_t i = 0; i < l->worker_count; i++) {
        transport_close(&l->workers[i].transport);
    }
}

/* Of all workers; those of a list's earlier transport keep their ports. */
static int open_all(struct load *l, const struct transport_ops *ops,
                    const struct transport_config *given, struct err *e)
{
    struct transport_config c = *given;
    int result = 0;

    for (uint32_t i = 0; i < l->worker_count && result == 0; i++) {
        struct transport *t = &l->workers[i].transport;
        if (l->keeps_ports) {
            c.local = t->socket.local;
        }
        result = transport_open(t, ops, &c, e);
    }
    if (result < 0) {
        close_all(l);
    }
    return result;
}

/* Remembers why not, for the report. */
static void note_refusal(struct load *l, const struct transport_ops *ops, const struct err *e)
{
    size_t used = strlen(l->transport_refusals);

    str_printf(l->transport_refusals + used, sizeof(l->transport_refusals) - used, "%s%s: %s",
               used > 0 ? "; " : "", ops->name, e->text);
}

static int open_next(struct load *l, struct err *e)
{
    struct transport_config c;
    int result = config_of(&l->shape, &l->options, &c, e);

    c.workers = l->worker_count;
    c.ports = l->shape.frames ? &l->ports : NULL;
    while (result == 0 && l->transport_next != NULL) {
        size_t size;
        const struct transport_ops *ops;
        const char *name = l->transport_next;

        l->transport_next = take_name(name, &size);
        ops = transport_find(name, size, l->shape.frames);
        result = open_all(l, ops, &c, e);
        if (result == 0 || l->transport_next == NULL) {
            break;
        }
        note_refusal(l, ops, e);
        result = 0;
    }
    return result;
}

int load_transport_supported(const struct workload_shape *shape, const struct load_options *o,
                             struct err *e)
{
    struct transport_config c;
    int result = config_of(shape, o, &c, e);

    if (result < 0) {
        return result;
    }
    for (const char *at = o->transport; at != NULL;) {
        size_t size;
        const char *next = take_name(at, &size);
        const struct transport_ops *ops = transport_find(at, size, shape->frames);
        result = ops != NULL ? ops->supported(&c, e) : -EINVAL;
        if (result == 0) {
            break;
        }
        at = next;
    }
    return result;
}

int load_transport_open(struct load *l, struct err *e)
{
    int result = load_transport_check(l->options.transport, l->shape.frames, e);

    if (result < 0) {
        return result;
    }
    l->transport_next = l->options.transport;
    return open_next(l, e);
}

static int connect_all(struct load *l, const struct sockaddr_storage *to, size_t count,
                       struct err *e)
{
    int result = 0;

    for (uint32_t i = 0; i < l->worker_count && result == 0; i++) {
        struct transport *t = &l->workers[i].transport;
        result = t->ops->connect(t, to, count, e);
    }
    return result;
}

int load_transport_connect(struct load *l, const struct sockaddr_storage *to, size_t count,
                           struct err *e)
{
    int result;

    while ((result = connect_all(l, to, count, e)) < 0 && l->transport_next != NULL) {
        note_refusal(l, l->workers[0].transport.ops, e);
        l->keeps_ports = true;
        close_all(l);
        if ((result = open_next(l, e)) < 0) {
            return result;
        }
    }
    return result;
}
