/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * TLS over the loopback with certificates made here: handshake, back-pressure, refusals.
 */
#include "io/tls.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/test.h"
#include "io/addr.h"

enum { QUEUE = 64 * 1024, WAIT_MS = 20000 };

static char directory[] = "/tmp/tls_test.XXXXXX";
static char certificate[64], other[64];

static void make_certificate(const char *path, const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_NAME *n;
    FILE *f = fopen(path, "w");

    assert_true(key != NULL && x != NULL && f != NULL);
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    n = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, n);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(f, x), 1);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(f);
    X509_free(x);
    EVP_PKEY_free(key);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL) {
        return -1;
    }
    snprintf(certificate, sizeof(certificate), "%s/a.pem", directory);
    snprintf(other, sizeof(other), "%s/b.pem", directory);
    make_certificate(certificate, "a.example");
    make_certificate(other, "b.example");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(certificate);
    unlink(other);
    return rmdir(directory);
}

struct pair {
    struct tls_context *caller, *called;
    struct tcp_listener listener;
    struct tls_conn client, server;
    uint8_t memory[2][QUEUE];
};

static void pair_open(struct pair *p, const char *trusted, const char *version)
{
    struct tls_options o = {.authorities = trusted, .version = version};
    struct sockaddr_storage local;
    struct err e = {0};

    assert_int_equal(tls_context_create(&p->caller, &o, &e), 0);
    o = (struct tls_options){.certificate = certificate};
    assert_int_equal(tls_context_create(&p->called, &o, &e), 0);
    assert_int_equal(addr_parse(&local, "[::1]:0"), 0);
    assert_int_equal(tcp_listen(&p->listener, &local, 0), 0);
    tls_init(&p->client, p->memory[0], QUEUE);
    tls_init(&p->server, p->memory[1], QUEUE);
    assert_int_equal(tls_connect(&p->client, p->caller, NULL, NULL, &p->listener.local), 0);
}

static void pair_close(struct pair *p)
{
    tls_close(&p->client);
    tls_close(&p->client);
    tls_close(&p->server);
    tcp_unlisten(&p->listener);
    tls_context_destroy(p->caller);
    tls_context_destroy(p->called);
    free(p);
}

/* Waits until one of both can go on, and lets it. */
static void turn(struct pair *p, int ret[2])
{
    struct pollfd polled[3] = {
        {.fd = p->client.tcp.fd,
         .events = (short)(POLLIN | (tls_wants_write(&p->client) ? POLLOUT : 0))},
        {.fd = p->server.tcp.fd,
         .events = (short)(POLLIN | (tls_wants_write(&p->server) ? POLLOUT : 0))},
        {.fd = p->listener.fd, .events = POLLIN},
    };

    ret[0] = ret[1] = 0;
    assert_true(poll(polled, 3, WAIT_MS) > 0);
    if (polled[2].revents != 0) {
        assert_int_equal(tls_accept(&p->listener, p->called, &p->server), 1);
    }
    if (polled[0].revents != 0) {
        ret[0] = tls_flush(&p->client);
    }
    if (polled[1].revents != 0) {
        ret[1] = tls_flush(&p->server);
    }
}

static void what_waits_arrives(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));
    unsigned char line[1000], heard[20000];
    unsigned sent = 0, bytes = 0;
    int result[2], status;

    (void)state;
    assert_non_null(p);
    pair_open(p, certificate, "1.3");
    assert_int_equal(tls_send(&p->client, "\0", 1), 0); /* before there is a connection */
    while (!p->client.is_ready || !p->server.is_ready) {
        turn(p, result);
        assert_true(result[0] >= 0 && result[1] >= 0);
    }
    for (;; sent++) {
        memset(line, 1 + (int)(sent % 200), sizeof(line));
        if ((status = tls_send(&p->client, line, sizeof(line))) != 0) {
            break;
        }
    }
    assert_int_equal(status, -EAGAIN);
    while (bytes < 1 + sent * sizeof(line)) {
        long n = tls_receive(&p->server, heard, sizeof(heard));
        assert_true(n >= 0);
        for (long i = 0; i < n; i++, bytes++) {
            assert_int_equal(heard[i], bytes == 0 ? 0 : 1 + (bytes - 1) / 1000 % 200);
        }
        (void)tls_flush(&p->client);
    }
    tls_close(&p->client);
    assert_int_equal(tls_send(&p->client, "x", 1), -ENOTCONN);
    while ((status = (int)tls_receive(&p->server, heard, sizeof(heard))) == 0) {
    }
    assert_int_equal(status, -ESHUTDOWN);
    pair_close(p);
}

static void a_stranger_is_refused(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));
    int result[2] = {0, 0};

    (void)state;
    assert_non_null(p);
    pair_open(p, other, NULL);
    while (result[0] >= 0) {
        turn(p, result);
    }
    assert_int_equal(result[0], -EKEYREJECTED);
    pair_close(p);
}

/* A peer that speaks something else. */
static void noise_is_no_handshake(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));
    struct tcp_conn noise;
    int result = 0;

    (void)state;
    assert_non_null(p);
    pair_open(p, NULL, "1.2");
    assert_int_equal(poll(&(struct pollfd){.fd = p->listener.fd, .events = POLLIN}, 1, WAIT_MS), 1);
    assert_int_equal(tls_accept(&p->listener, p->called, &p->server), 1);
    tls_close(&p->client);
    tls_close(&p->server);
    tcp_init(&noise, p->memory[0], QUEUE);
    assert_int_equal(tcp_connect(&noise, NULL, &p->listener.local), 0);
    assert_int_equal(tcp_send(&noise, "INVITE sip:a SIP/2.0\r\n\r\n", 24), 0);
    assert_int_equal(poll(&(struct pollfd){.fd = p->listener.fd, .events = POLLIN}, 1, WAIT_MS), 1);
    assert_int_equal(tls_accept(&p->listener, p->called, &p->server), 1);
    while ((result = tls_flush(&p->server)) >= 0) {
        (void)tcp_flush(&noise);
    }
    assert_int_equal(result, -EPROTO);
    tcp_close(&noise);
    pair_close(p);
}

static void files_are_named(void **state)
{
    struct tls_options o = {.certificate = "/nonexistent/c.pem"};
    struct tls_context *c;
    struct err e = {0};

    (void)state;
    assert_int_equal(tls_context_create(&c, &o, &e), -EINVAL);
    assert_non_null(strstr(e.text, "certificate /nonexistent/c.pem"));
    o = (struct tls_options){.version = "1.1"};
    assert_int_equal(tls_context_create(&c, &o, &e), -EINVAL);
    assert_non_null(strstr(e.text, "neither 1.2 nor 1.3"));
    o = (struct tls_options){.certificate = certificate, .key = other};
    assert_int_equal(tls_context_create(&c, &o, &e), -EINVAL);
    assert_non_null(strstr(e.text, "private key"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_arrives),
        cmocka_unit_test(a_stranger_is_refused),
        cmocka_unit_test(noise_is_no_handshake),
        cmocka_unit_test(files_are_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
