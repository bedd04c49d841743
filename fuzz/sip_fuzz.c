/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_fuzz: any bytes into the SIP codec; every text of what it accepts lies within them, a message
 * without faults can be answered, and a stream is cut alike in one piece and byte by byte.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "node/codec/sip.h"
#include "node/codec/sip_value.h"
#include "node/codec/sip_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void within(struct sip_text t, const char *bytes, size_t size)
{
    if (t.size > 0 && (t.at < bytes || t.at + t.size > bytes + size)) {
        abort();
    }
}

static void look_at_item(struct sip_text item, const char *bytes, size_t size)
{
    struct sip_address a;
    struct sip_uri u;
    struct sip_via v;

    within(item, bytes, size);
    if (sip_address_parse(&a, item) == 0) {
        within(a.params, bytes, size);
        if (sip_uri_parse(&u, a.uri) == 0) {
            within(u.headers, bytes, size);
        }
    }
    if (sip_via_parse(&v, item) == 0) {
        within(v.branch, bytes, size);
    }
}

static void look_at_values(const struct sip_message *m, const char *bytes, size_t size)
{
    for (enum sip_header_id id = SIP_H_VIA; id < SIP_HEADER_IDS; id++) {
        struct sip_list l = {0};
        struct sip_text item;
        struct sip_digest d;
        if (sip_find(m, id) != NULL && sip_digest_parse(&d, sip_value(m, id)) == 0) {
            within(d.nonce, bytes, size);
        }
        while (sip_each(m, id, &l, &item) == 1) {
            look_at_item(item, bytes, size);
        }
    }
}

static void answer(const struct sip_message *m)
{
    static char out[2 * SIP_MESSAGE_MAX];
    static struct sip_message again;
    struct sip_writer w;
    int written;

    sip_write_init(&w, out, sizeof(out));
    sip_write_response(&w, m, 200, NULL, "tag");
    written = sip_write_end(&w, NULL, 0);
    if (written < 0 || sip_parse(&again, out, (size_t)written) < 0 ||
        sip_check(&again, NULL) != 0 || again.cseq != m->cseq || again.to_tag.size == 0) {
        abort();
    }
}

static int cut(const char *bytes, size_t size, size_t step)
{
    struct sip_framer f = {0};
    size_t at = 0, skip;
    int result = 0;

    for (size_t have = step < size ? step : size; result == 0; have += step) {
        have = have < size ? have : size;
        result = sip_frame(&f, bytes + at, have - at, 2000, &skip);
        at += skip;
        if (have == size) {
            break;
        }
    }
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct sip_message m;
    const char *text = (const char *)bytes;
    int whole = cut(text, size, size + 1), pieces = cut(text, size, 1);

    if (whole != pieces && whole >= 0 && pieces >= 0) {
        abort();
    }
    if (sip_parse(&m, text, size) == 0) {
        within(m.body, text, size);
        within(m.all, text, size);
        look_at_values(&m, text, size);
        if (m.is_request && sip_check(&m, NULL) == 0) {
            answer(&m);
        }
    }
    return 0;
}
