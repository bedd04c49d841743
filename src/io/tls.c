/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tls: see tls.h.
 */
#include "io/tls.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

struct tls_context {
    SSL_CTX *of[2]; /* [0] calls, [1] is called */
    BIO_METHOD *socket;
};

/* ---- the socket below: the library's own would raise SIGPIPE ---- */

static int socket_write(BIO *b, const char *bytes, int size)
{
    const struct tcp_conn *c = BIO_get_data(b);
    ssize_t n = send(c->fd, bytes, (size_t)size, MSG_NOSIGNAL);

    BIO_clear_retry_flags(b);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_write(b);
    }
    return (int)n;
}

static int socket_read(BIO *b, char *bytes, int room)
{
    const struct tcp_conn *c = BIO_get_data(b);
    ssize_t n = recv(c->fd, bytes, (size_t)room, 0);

    BIO_clear_retry_flags(b);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_read(b);
    } else if (n == 0) {
        errno = 0;
    }
    return (int)n;
}

static long socket_control(BIO *b, int what, long number, void *pointer)
{
    (void)b;
    (void)number;
    (void)pointer;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
}

static int make_socket(struct tls_context *c)
{
    c->socket = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tcp");
    return c->socket != NULL && BIO_meth_set_write(c->socket, socket_write) == 1 &&
                   BIO_meth_set_read(c->socket, socket_read) == 1 &&
                   BIO_meth_set_ctrl(c->socket, socket_control) == 1
               ? 0
               : -ENOMEM;
}

/* ---- contexts ---- */

static int refuse(struct err *e, const char *what, const char *file)
{
    const char *why = ERR_reason_error_string(ERR_peek_error());
    int result = err_set(e, -EINVAL, "%s %s: %s", what, file, why != NULL ? why : "not usable");
    ERR_clear_error();
    return result;
}

static int set_version(SSL_CTX *x, const char *version, struct err *e)
{
    int only;

    if (version == NULL) {
        return SSL_CTX_set_min_proto_version(x, TLS1_2_VERSION) == 1 ? 0 : -EINVAL;
    }
    if (strcmp(version, "1.2") != 0 && strcmp(version, "1.3") != 0) {
        return err_set(e, -EINVAL, "TLS version '%s' is neither 1.2 nor 1.3", version);
    }
    only = version[2] == '2' ? TLS1_2_VERSION : TLS1_3_VERSION;
    return SSL_CTX_set_min_proto_version(x, only) == 1 &&
                   SSL_CTX_set_max_proto_version(x, only) == 1
               ? 0
               : -EINVAL;
}

static int set_authorities(SSL_CTX *x, const struct tls_options *o, struct err *e)
{
    X509_STORE *store = SSL_CTX_get_cert_store(x);

    if (o->revoked != NULL) {
        if (X509_STORE_load_locations(store, o->revoked, NULL) != 1) {
            return refuse(e, "list of revoked certificates", o->revoked);
        }
        X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    }
    if (o->authorities != NULL) {
        if (SSL_CTX_load_verify_locations(x, o->authorities, NULL) != 1) {
            return refuse(e, "certificate authorities", o->authorities);
        }
        SSL_CTX_set_verify(x, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return 0;
}

static int set_own(SSL_CTX *x, const struct tls_options *o, struct err *e)
{
    const char *key = o->key != NULL ? o->key : o->certificate;

    if (o->certificate == NULL) {
        return 0;
    }
    if (SSL_CTX_use_certificate_chain_file(x, o->certificate) != 1) {
        return refuse(e, "certificate", o->certificate);
    }
    if (SSL_CTX_use_PrivateKey_file(x, key, SSL_FILETYPE_PEM) != 1) {
        return refuse(e, "private key", key);
    }
    return 0;
}

int tls_context_create(struct tls_context **ret, const struct tls_options *o, struct err *e)
{
    struct tls_context *c = calloc(1, sizeof(*c));
    int result = 0;

    if (c == NULL || make_socket(c) < 0) {
        result = err_set(e, -ENOMEM, "no memory for TLS");
    }

    for (int i = 0; i < 2 && c != NULL && result == 0; i++) {
        SSL_CTX *x = SSL_CTX_new(i == 0 ? TLS_client_method() : TLS_server_method());
        c->of[i] = x;
        if (x == NULL) {
            result = err_set(e, -ENOMEM, "no memory for TLS");
        } else if ((result = set_version(x, o->version, e)) == 0 &&
                   (result = set_own(x, o, e)) == 0) {
            result = set_authorities(x, o, e);
            (void)SSL_CTX_set_mode(x, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                          SSL_MODE_RELEASE_BUFFERS);
        }
    }
    if (result < 0) {
        tls_context_destroy(c);
        return result;
    }
    *ret = c;
    return 0;
}

void tls_context_destroy(struct tls_context *c)
{
    if (c != NULL) {
        SSL_CTX_free(c->of[0]);
        SSL_CTX_free(c->of[1]);
        BIO_meth_free(c->socket);
        free(c);
    }
}

/* ---- connections ---- */

void tls_init(struct tls_conn *c, uint8_t *memory, uint32_t size)
{
    *c = (struct tls_conn){.session = NULL};
    tcp_init(&c->tcp, memory, size);
}

static int attach(struct tls_conn *c, const struct tls_context *context, int is_called)
{
    SSL *session = SSL_new(context->of[is_called]);
    BIO *below = BIO_new(context->socket);

    if (session == NULL || below == NULL) {
        SSL_free(session);
        BIO_free(below);
        tcp_close(&c->tcp);
        return -ENOMEM;
    }
    BIO_set_data(below, &c->tcp);
    BIO_set_init(below, 1);
    SSL_set_bio(session, below, below);
    if (is_called) {
        SSL_set_accept_state(session);
    } else {
        SSL_set_connect_state(session);
    }
    c->session = session;
    c->is_ready = false;
    c->wants_write = false;
    return 0;
}

int tls_connect(struct tls_conn *c, struct tls_context *context, const char *interface,
                const struct sockaddr_storage *local, const struct sockaddr_storage *peer)
{
    int result = tcp_connect_by(&c->tcp, interface, local, peer);
    return result < 0 ? result : attach(c, context, 0);
}

int tls_accept(const struct tcp_listener *l, struct tls_context *context, struct tls_conn *c)
{
    int result = tcp_accept(l, &c->tcp);
    if (result > 0) {
        int attached = attach(c, context, 1);
        return attached < 0 ? attached : 1;
    }
    return result;
}

/* What a call of the library that gave no bytes means: 0 later, -errno. */
static int reason(struct tls_conn *c, int result)
{
    int saved = errno, why = SSL_get_error(c->session, result);

    c->wants_write = why == SSL_ERROR_WANT_WRITE;
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        return 0;
    }
    if (why == SSL_ERROR_ZERO_RETURN) {
        return -ESHUTDOWN;
    }
    if (why == SSL_ERROR_SYSCALL) {
        ERR_clear_error();
        return saved != 0 ? -saved : -ESHUTDOWN;
    }
    why = ERR_GET_REASON(ERR_peek_error());
    ERR_clear_error();
    if (why == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return -ESHUTDOWN;
    }
    return why == SSL_R_CERTIFICATE_VERIFY_FAILED || why == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE
               ? -EKEYREJECTED
               : -EPROTO;
}

/* 0: ready, 1: not yet, -errno. */
static int shake_hands(struct tls_conn *c)
{
    int n;

    if (c->is_ready) {
        return 0;
    }
    errno = 0;
    n = SSL_do_handshake(c->session);
    if (n == 1) {
        c->is_ready = true;
        c->wants_write = false;
        return 0;
    }
    n = reason(c, n);
    return n < 0 ? n : 1;
}

int tls_send(struct tls_conn *c, const void *bytes, size_t size)
{
    int result;

    if (c->session == NULL) {
        return -ENOTCONN;
    }
    result = tcp_queue_put(&c->tcp.queue, bytes, size);
    if (result == 0 && c->is_ready) {
        result = tls_flush(c);
    }
    return result > 0 ? 0 : result;
}

int tls_flush(struct tls_conn *c)
{
    struct tcp_queue *q = &c->tcp.queue;
    struct tcp_queue none = {0};
    int result;

    if (c->session == NULL) {
        return -ENOTCONN;
    }
    if (c->tcp.state == TCP_CONNECTING) {
        struct tcp_queue kept = *q; /* what waits is for the library, not for the socket */
        *q = none;
        result = tcp_flush(&c->tcp);
        *q = kept;
        if (result != 0) {
            return result;
        }
    }
    if ((result = shake_hands(c)) != 0) {
        return result;
    }
    while (q->used > 0) {
        size_t size;
        const uint8_t *bytes = tcp_queue_front(q, &size);
        int n;
        errno = 0;
        n = SSL_write(c->session, bytes, size > INT_MAX ? INT_MAX : (int)size);
        if (n <= 0) {
            result = reason(c, n);
            return result < 0 ? result : 1;
        }
        c->wants_write = false;
        tcp_queue_take(q, (size_t)n);
    }
    return 0;
}

bool tls_wants_write(const struct tls_conn *c)
{
    return c->session != NULL && (c->tcp.state == TCP_CONNECTING || c->wants_write ||
                                  (c->is_ready && c->tcp.queue.used > 0));
}

long tls_receive(struct tls_conn *c, void *bytes, size_t room)
{
    int n;

    if (c->session == NULL) {
        return -ENOTCONN;
    }
    if (c->tcp.state == TCP_CONNECTING) {
        return 0;
    }
    if (!c->is_ready) {
        n = tls_flush(c);
        if (!c->is_ready) {
            return n < 0 ? n : 0;
        }
    }
    errno = 0;
    n = SSL_read(c->session, bytes, room > INT_MAX ? INT_MAX : (int)room);
    return n > 0 ? n : reason(c, n);
}

void tls_close(struct tls_conn *c)
{
    if (c == NULL) {
        return;
    }
    if (c->session != NULL) {
        if (c->is_ready) {
            (void)SSL_shutdown(c->session); /* says so to the peer, waits for nothing */
        }
        SSL_free(c->session);
        ERR_clear_error();
        c->session = NULL;
    }
    c->is_ready = c->wants_write = false;
    tcp_close(&c->tcp);
}
