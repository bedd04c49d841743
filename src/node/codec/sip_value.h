/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_value: what stands in SIP headers: lists, parameters, numbers, URIs, addresses, Via, digest
 * credentials. Texts are lent from the text given, as in sip.h. Pure, any thread. 0, or -EBADMSG
 * when it is not what RFC 3261 §25 allows; `ret` only on success.
 */
#ifndef VAPERF_NODE_CODEC_SIP_VALUE_H
#define VAPERF_NODE_CODEC_SIP_VALUE_H

#include "node/codec/sip.h"

/* Takes the first item off a comma list (quotes and <> hold commas). 1, 0 at the end, -EBADMSG for
 * an open quote or bracket. Starts with *rest = the value. */
int sip_list_next(struct sip_text *rest, struct sip_text *ret_item);

/* Items of all headers of one id in their order, as if they were one list (§7.3.1). Zeroed at the
 * start, then 1 for each item, 0 at the end. */
struct sip_list {
    const struct sip_header *header;
    struct sip_text rest;
};
int sip_each(const struct sip_message *m, enum sip_header_id id, struct sip_list *l,
             struct sip_text *ret_item);

/* ;name=value;name of a header's or a URI's parameters. 1: found (value.at NULL: it has none; a
 * quoted value is given without its quotes), 0: not there, -EBADMSG. Name without regard to case.
 */
int sip_param(struct sip_text params, const char *name, struct sip_text *ret_value);
/* The next parameter and what is left behind it. 1, 0 at the end, -EBADMSG. Starts with *rest = the
 * parameters. */
int sip_param_next(struct sip_text *rest, struct sip_text *ret_name, struct sip_text *ret_value);
/* Decimal digits only, at most `max`. */
int sip_number(struct sip_text t, uint64_t max, uint64_t *ret);

struct sip_uri {
    struct sip_text scheme, user, password, host; /* host: IPv6 without its brackets */
    uint16_t port;                                /* 0: not given */
    struct sip_text params;                       /* ";lr;transport=tcp", with the first ; */
    struct sip_text headers;                      /* after the ? */
    bool is_ipv6;
    bool is_secure; /* sips: */
};
/* sip: and sips: in full; tel: has its number in user; of others scheme alone and the rest in host.
 */
int sip_uri_parse(struct sip_uri *ret, struct sip_text uri);

/* name-addr or addr-spec with the parameters of the header (From, To, Contact, Route...). */
struct sip_address {
    struct sip_text display; /* without quotes; size 0: none */
    struct sip_text uri;     /* as written, without <>; "*" of a Contact */
    struct sip_text params;  /* of the header, with the first ; */
};
int sip_address_parse(struct sip_address *ret, struct sip_text item);

struct sip_via {
    struct sip_text transport; /* "UDP" */
    struct sip_text host;      /* sent-by; IPv6 without its brackets */
    uint16_t port;             /* 0: not given */
    bool is_ipv6;
    bool has_rport; /* with or without a value (RFC 3581) */
    uint16_t rport; /* 0: none */
    struct sip_text params, branch, received, maddr;
};
int sip_via_parse(struct sip_via *ret, struct sip_text item);

/* Digest challenge or credentials (RFC 7616 §3.3, §3.4). Quotes are taken off, escapes are left. */
struct sip_digest {
    struct sip_text scheme; /* "Digest" */
    struct sip_text username, realm, nonce, uri, response, algorithm, cnonce, opaque, qop, nc,
        stale, domain, auts, userhash;
};
int sip_digest_parse(struct sip_digest *ret, struct sip_text value);

/* The text with each folding as one blank, NUL-ended. Its size, -ENOBUFS. */
int sip_unfold(struct sip_text t, char *ret, size_t room);

#endif
