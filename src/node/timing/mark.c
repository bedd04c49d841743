/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mark: see mark.h. Layout behind the ICMP header, in network order: magic 4, version 1, kind 1,
 * answer 1, zero 1, session 8, job 8, round 4, sequence 4, machine_ns 8, received_ns 8, sent_ns 8,
 * tag 16.
 */
#include "node/timing/mark.h"

#include <endian.h>
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/str.h"
#include "node/timing/hmac.h"

#define MAGIC UINT32_C(0x56504d4b) /* "VPMK" */
enum { VERSION = 1, ICMP_HEADER = 8, TAG_AT = MARK_SIZE - MARK_TAG_SIZE, DIGITS = 16 };

/* RFC 1071 */
static uint16_t check_sum(const uint8_t *bytes, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < size; i += 2) {
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return htobe16((uint16_t)~sum);
}

static void put32(uint8_t *at, uint32_t value)
{
    value = htobe32(value);
    memcpy(at, &value, sizeof value);
}

static void put64(uint8_t *at, uint64_t value)
{
    value = htobe64(value);
    memcpy(at, &value, sizeof value);
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return be32toh(value);
}

static uint64_t get64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return be64toh(value);
}

void mark_encode(const struct mark *m, enum mark_flag what, uint16_t identifier,
                 const uint8_t key[MARK_KEY_SIZE], uint8_t ret[MARK_PACKET])
{
    uint8_t *p = ret + ICMP_HEADER, tag[HMAC_SIZE];
    const uint16_t sequence = htobe16((uint16_t)m->sequence);

    memset(ret, 0, MARK_PACKET);
    ret[0] = what == MARK_ANSWER ? ICMP_ECHOREPLY : ICMP_ECHO;
    memcpy(ret + 4, &identifier, 2);
    memcpy(ret + 6, &sequence, 2);
    put32(p, MAGIC);
    p[4] = VERSION;
    p[5] = (uint8_t)m->kind;
    p[6] = what == MARK_ANSWER;
    put64(p + 8, m->session);
    put64(p + 16, m->job);
    put32(p + 24, m->round);
    put32(p + 28, m->sequence);
    put64(p + 32, m->machine_ns);
    put64(p + 40, m->received_ns);
    put64(p + 48, m->sent_ns);
    hmac_sha256(key, MARK_KEY_SIZE, p, TAG_AT, tag);
    memcpy(p + TAG_AT, tag, MARK_TAG_SIZE);
    const uint16_t sum = check_sum(ret, MARK_PACKET);
    memcpy(ret + 2, &sum, sizeof sum);
}

int mark_decode(struct mark *ret, enum mark_flag what, const struct mark_ticket *t,
                const void *icmp, size_t size)
{
    const uint8_t *b = icmp, *p = b + ICMP_HEADER;
    const int type = what == MARK_ANSWER ? ICMP_ECHOREPLY : ICMP_ECHO;
    uint8_t tag[HMAC_SIZE], differs = 0;

    if (size < MARK_PACKET || b[0] != type || get32(p) != MAGIC || p[4] != VERSION ||
        p[6] != (what == MARK_ANSWER)) {
        return -ENOMSG;
    }
    if (get64(p + 8) != t->session) {
        return -ESTALE;
    }
    hmac_sha256(t->key, MARK_KEY_SIZE, p, TAG_AT, tag);
    for (int i = 0; i < MARK_TAG_SIZE; i++) {
        differs |= tag[i] ^ p[TAG_AT + i];
    }
    if (differs != 0 || size != MARK_PACKET || p[5] < MARK_QUERY || p[5] > MARK_END) {
        return -EBADMSG;
    }
    *ret = (struct mark){.kind = (enum mark_kind)p[5],
                         .session = get64(p + 8),
                         .job = get64(p + 16),
                         .round = get32(p + 24),
                         .sequence = get32(p + 28),
                         .machine_ns = get64(p + 32),
                         .received_ns = get64(p + 40),
                         .sent_ns = get64(p + 48)};
    return 0;
}

/* FNV-1a, 64 bits. */
uint64_t mark_job(const char *name)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *name != '\0'; name++) {
        h = (h ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
    }
    return h;
}

int mark_draw(struct mark_ticket *ret)
{
    struct mark_ticket t;
    if (getrandom(&t, sizeof t, 0) != (ssize_t)sizeof t) {
        return errno != 0 ? -errno : -EIO;
    }
    *ret = t;
    return 0;
}

void mark_format_ticket(const struct mark_ticket *t, char ret[MARK_TICKET_MAX])
{
    size_t n = str_printf(ret, MARK_TICKET_MAX, "%016llx.", (unsigned long long)t->session);
    for (int i = 0; i < MARK_KEY_SIZE; i++) {
        n += str_printf(ret + n, MARK_TICKET_MAX - n, "%02x", t->key[i]);
    }
}

int mark_parse_ticket(struct mark_ticket *ret, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    struct mark_ticket t;
    const char *key = text + DIGITS + 1;

    if (strspn(text, digits) != DIGITS || text[DIGITS] != '.' ||
        strspn(key, digits) != (size_t)2 * MARK_KEY_SIZE || key[2 * MARK_KEY_SIZE] != '\0') {
        return -EINVAL;
    }
    t.session = strtoull(text, NULL, 16);
    for (int i = 0; i < MARK_KEY_SIZE; i++) {
        const char two[] = {key[2 * i], key[2 * i + 1], '\0'};
        t.key[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    *ret = t;
    return 0;
}
