/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * capture: see capture.h. libpcap reads the file and its many clocks; headers are read here.
 */
#include "node/pcap/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

enum { VLAN = 0x8100, QINQ = 0x88a8, IP4 = 0x0800, IP6 = 0x86dd, UDP = 17, UDP_HEADER = 8 };

struct part {
    const uint8_t *at;
    size_t size;
};

static unsigned word(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static int skip(struct part *p, size_t size)
{
    if (p->size < size) {
        return -EBADMSG;
    }
    p->at += size;
    p->size -= size;
    return 0;
}

/* Behind what the link adds: an IP packet, or -EBADMSG. */
static int skip_link(struct part *p, int link)
{
    size_t type_at = link == DLT_EN10MB ? 12 : link == DLT_LINUX_SLL ? 14 : 0;
    unsigned type;

    if (link == DLT_RAW || link == DLT_IPV4 || link == DLT_IPV6) {
        return 0;
    }
    if (link == DLT_NULL || link == DLT_LOOP) {
        return skip(p, 4);
    }
    if (link == DLT_LINUX_SLL2) {
        return skip(p, 20);
    }
    if (type_at == 0 || p->size < type_at + 2) {
        return -EBADMSG;
    }
    type = word(p->at + type_at);
    (void)skip(p, type_at + 2);
    while ((type == VLAN || type == QINQ) && p->size >= 4) {
        type = word(p->at + 2);
        (void)skip(p, 4);
    }
    return type == IP4 || type == IP6 ? 0 : -EBADMSG;
}

/* Behind the header of IP; fragments are none of ours. */
static int skip_ip(struct part *p)
{
    size_t header, total;

    if (p->size < 20) {
        return -EBADMSG;
    }
    if (p->at[0] >> 4 == 4) {
        header = (size_t)(p->at[0] & 15) * 4;
        total = word(p->at + 2);
        if (p->at[9] != UDP || (word(p->at + 6) & 0x3fff) != 0 || header < 20) {
            return -EBADMSG;
        }
    } else {
        header = 40;
        if (p->at[0] >> 4 != 6 || p->size < header || p->at[6] != UDP) {
            return -EBADMSG;
        }
        total = header + word(p->at + 4);
    }
    if (total < header || total > p->size) {
        return -EBADMSG;
    }
    p->size = total;
    return skip(p, header);
}

static int cut_udp(struct part *p, struct capture_datagram *ret)
{
    unsigned size;

    if (p->size < UDP_HEADER) {
        return -EBADMSG;
    }
    ret->source_port = (uint16_t)word(p->at);
    ret->port = (uint16_t)word(p->at + 2);
    size = word(p->at + 4);
    if (size < UDP_HEADER || size > p->size) {
        return -EBADMSG;
    }
    ret->size = (uint16_t)(size - UDP_HEADER);
    return skip(p, UDP_HEADER);
}

/* One packet of the file into the lists. */
static void take(struct capture *c, struct buf *list, struct buf *bytes, int link,
                 const struct pcap_pkthdr *header, const uint8_t *data, uint64_t *first_ns)
{
    /* Nanoseconds were asked for: tv_usec holds them. */
    uint64_t at = (uint64_t)header->ts.tv_sec * NS_PER_S + (uint64_t)header->ts.tv_usec;
    struct part p = {data, header->caplen};
    const struct capture_datagram *last = (const void *)list->data;
    struct capture_datagram d = {0};

    if (skip_link(&p, link) < 0 || skip_ip(&p) < 0 || cut_udp(&p, &d) < 0) {
        c->left_out++;
        return;
    }
    if (c->count == 0) {
        *first_ns = at;
    }
    d.after_ns = at > *first_ns ? at - *first_ns : 0;
    if (c->count > 0 && d.after_ns < last[c->count - 1].after_ns) {
        d.after_ns = last[c->count - 1].after_ns;
    }
    d.at = bytes->size;
    buf_append(bytes, p.at, d.size);
    buf_append(list, &d, sizeof(d));
    c->count++;
}

static void *copy_of(const struct buf *b)
{
    void *to = b->size > 0 && !buf_failed(b) ? malloc(b->size) : NULL;

    if (to != NULL) {
        memcpy(to, b->data, b->size);
    }
    return to;
}

static int read_all(struct capture *c, pcap_t *file, const char *path, struct err *e)
{
    struct pcap_pkthdr *header;
    struct buf list, bytes;
    const uint8_t *data;
    uint64_t first_ns = 0;
    int got, result = 0;

    buf_init(&list);
    buf_init(&bytes);
    while ((got = pcap_next_ex(file, &header, &data)) == 1) {
        take(c, &list, &bytes, pcap_datalink(file), header, data, &first_ns);
    }
    if (got == PCAP_ERROR) {
        result = err_set(e, -EBADMSG, "%s: %s", path, pcap_geterr(file));
    } else if (bytes.size == 0) {
        result = err_set(e, -EBADMSG, "%s: there is no UDP datagram in it", path);
    } else {
        c->datagrams = copy_of(&list);
        c->bytes = copy_of(&bytes);
        if (c->datagrams == NULL || c->bytes == NULL) {
            result = err_set(e, -ENOMEM, "%s: no memory for it", path);
        }
    }
    buf_finish(&list);
    buf_finish(&bytes);
    return result;
}

int capture_supported(struct err *e)
{
    (void)e;
    return 0;
}

int capture_load(struct capture *ret, const char *path, struct err *e)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    struct capture c = {0};
    FILE *plain = fopen(path, "re");
    pcap_t *file;
    int result;

    if (plain == NULL) {
        result = -errno;
        return err_set(e, result, "%s: %s", path, strerror(-result));
    }
    file = pcap_fopen_offline_with_tstamp_precision(plain, PCAP_TSTAMP_PRECISION_NANO, text);
    if (file == NULL) {
        (void)fclose(plain);
        return err_set(e, -EBADMSG, "%s: no capture file: %s", path, text);
    }
    result = read_all(&c, file, path, e);
    pcap_close(file);
    if (result < 0) {
        capture_finish(&c);
        return result;
    }
    *ret = c;
    return 0;
}

void capture_finish(struct capture *c)
{
    free(c->datagrams);
    free(c->bytes);
    *c = (struct capture){0};
}
