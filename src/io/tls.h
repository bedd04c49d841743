/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tls: TLS over a tcp connection, with the same verbs and the same back-pressure. The only home of
 * OpenSSL's connections; the library allocates for each connection as it pleases. A context is set
 * up once and then shared by threads; a connection belongs to one, and stays where it is in memory.
 */
#ifndef VAPERF_IO_TLS_H
#define VAPERF_IO_TLS_H

#include "base/err.h"
#include "io/tcp.h"

struct tls_context;

struct tls_options {
    const char *certificate; /* PEM chain; NULL: none (a caller need not have one) */
    const char *key;         /* PEM; NULL: in the certificate's file */
    const char *authorities; /* PEM; given: the peer must have a certificate of one of them */
    const char *revoked;     /* PEM list of revoked certificates; NULL: none */
    const char *version;     /* "1.2" or "1.3" alone; NULL: both */
};

/* 0, -EINVAL / -ENOENT with which file and why. */
int tls_context_create(struct tls_context **ret, const struct tls_options *o, struct err *e);
void tls_context_destroy(struct tls_context *c); /* NULL-safe; after its connections */

struct tls_conn {
    struct tcp_conn tcp;
    void *session; /* OpenSSL's; NULL: closed */
    bool is_ready; /* the handshake is over */
    bool wants_write;
};

void tls_init(struct tls_conn *c, uint8_t *memory, uint32_t size);
/* As their namesakes of tcp; interface NULL: any. The handshake runs by itself inside tls_flush and
 * tls_receive; until it is over tls_send queues. A failed handshake is -EPROTO, a certificate that
 * is not accepted -EKEYREJECTED. */
int tls_connect(struct tls_conn *c, struct tls_context *context, const char *interface,
                const struct sockaddr_storage *local, const struct sockaddr_storage *peer);
int tls_accept(const struct tcp_listener *l, struct tls_context *context, struct tls_conn *c);
int tls_send(struct tls_conn *c, const void *bytes, size_t size);
int tls_flush(struct tls_conn *c);
bool tls_wants_write(const struct tls_conn *c);
/* After readable: call until it gives 0, for OpenSSL may hold bytes that epoll does not know. */
long tls_receive(struct tls_conn *c, void *bytes, size_t room);
void tls_close(struct tls_conn *c);

#endif
