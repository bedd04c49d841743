/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signalling_registrar: who is where (RFC 3261 §10.3), one contact a user, and whether a request is
 * allowed (§22). Any thread, under its own mutex.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/str.h"
#include "node/appliance/signalling_private.h"
#include "node/proto/sip_auth.h"

enum { USER_MAX = 128, CONTACT_MAX = 256, BINDINGS_MAX = 1000000, NONCE_AGE_S = 300 };

struct binding {
    char contact[CONTACT_MAX];
    uint64_t until_ns;
};

struct signalling_registrar {
    pthread_mutex_t mutex;
    struct map bindings;
};

int signalling_registrar_create(struct signalling *s)
{
    s->registrar = calloc(1, sizeof(*s->registrar));
    if (s->registrar == NULL) {
        return -ENOMEM;
    }
    pthread_mutex_init(&s->registrar->mutex, NULL);
    map_init(&s->registrar->bindings);
    return 0;
}

void signalling_registrar_destroy(struct signalling *s)
{
    if (s->registrar == NULL) {
        return;
    }
    for (size_t i = 0; i < s->registrar->bindings.count; i++) {
        free(s->registrar->bindings.entries[i].value);
    }
    map_finish(&s->registrar->bindings);
    pthread_mutex_destroy(&s->registrar->mutex);
    free(s->registrar);
    s->registrar = NULL;
}

static int copy_text(struct sip_text t, char *ret, size_t room)
{
    if (t.at == NULL || t.size == 0 || t.size >= room) {
        return -EINVAL;
    }
    memcpy(ret, t.at, t.size);
    ret[t.size] = '\0';
    return 0;
}

static int set_binding(struct signalling_registrar *r, const char *user, const char *contact,
                       uint64_t until_ns)
{
    struct binding *b = map_find(&r->bindings, user);

    if (b == NULL) {
        if (until_ns == 0) {
            return 0; /* never was there */
        }
        b = r->bindings.count < BINDINGS_MAX ? calloc(1, sizeof(*b)) : NULL;
        if (b == NULL || map_add(&r->bindings, user, b) < 0) {
            free(b);
            return -ENOMEM;
        }
    }
    str_printf(b->contact, sizeof(b->contact), "%s", contact);
    b->until_ns = until_ns;
    return 0;
}

int signalling_locate(struct signalling *s, struct sip_text user, uint64_t now_ns, char *ret,
                      size_t room)
{
    struct signalling_registrar *r = s->registrar;
    char name[USER_MAX];
    const struct binding *b;
    int result = -ENOENT;

    if (copy_text(user, name, sizeof(name)) < 0) {
        return -ENOENT;
    }
    pthread_mutex_lock(&r->mutex);
    b = map_find(&r->bindings, name);
    if (b != NULL && b->until_ns > now_ns && strlen(b->contact) < room) {
        memcpy(ret, b->contact, strlen(b->contact) + 1);
        result = 0;
    }
    pthread_mutex_unlock(&r->mutex);
    return result;
}

size_t signalling_bindings(struct signalling *s)
{
    struct signalling_registrar *r = s->registrar;
    uint64_t now = clock_now_ns();
    size_t n = 0;

    pthread_mutex_lock(&r->mutex);
    for (size_t i = 0; i < r->bindings.count; i++) {
        n += ((const struct binding *)r->bindings.entries[i].value)->until_ns > now;
    }
    pthread_mutex_unlock(&r->mutex);
    return n;
}

/* §10.2.1.1: the Contact's own, the header's, ours. */
static int read_expires(const struct signalling *s, const struct sip_message *m,
                        const struct sip_address *contact, uint64_t *ret_s)
{
    struct sip_text own = {NULL, 0}, header = sip_value(m, SIP_H_EXPIRES);

    if (sip_param(contact->params, "expires", &own) == 1) {
        return sip_number(own, UINT32_MAX, ret_s);
    }
    if (header.at != NULL) {
        return sip_number(header, UINT32_MAX, ret_s);
    }
    *ret_s = s->options.expires_s;
    return 0;
}

/* The contact to be bound (at least its URI); the status of what is wrong, 200. */
static unsigned read_contact(struct signalling_part *p, const struct sip_message *m,
                             struct sip_address *ret, uint64_t *ret_s)
{
    struct sip_list l = {0};
    struct sip_text item;
    struct sip_uri u;

    if (sip_each(m, SIP_H_CONTACT, &l, &item) != 1 || sip_address_parse(ret, item) < 0 ||
        read_expires(p->server, m, ret, ret_s) < 0) {
        return 400;
    }
    if (sip_text_is(ret->uri, "*")) {
        return *ret_s == 0 ? 200 : 400; /* §10.2.2 */
    }
    return sip_uri_parse(&u, ret->uri) == 0 ? 200 : 400;
}

void signalling_register(struct signalling_part *p, const struct sip_message *m,
                         struct sip_transaction *t)
{
    struct signalling_registrar *r = p->server->registrar;
    char name[USER_MAX], contact[CONTACT_MAX], extra[CONTACT_MAX + 64];
    struct sip_address to, a = {.uri = {NULL, 0}};
    struct sip_uri u;
    uint64_t expires_s = 0;
    unsigned status;
    int result;

    if (sip_address_parse(&to, sip_value(m, SIP_H_TO)) < 0 || sip_uri_parse(&u, to.uri) < 0 ||
        copy_text(u.user, name, sizeof(name)) < 0) {
        signalling_answer(p, m, t, 404, NULL);
        return;
    }
    if (sip_find(m, SIP_H_CONTACT) == NULL) { /* asks what is there */
        extra[0] = '\0';
        if (signalling_locate(p->server, u.user, p->now_ns, contact, sizeof(contact)) == 0) {
            str_printf(extra, sizeof(extra), "Contact: <%s>\r\n", contact);
        }
        signalling_answer(p, m, t, 200, extra);
        return;
    }
    status = read_contact(p, m, &a, &expires_s);
    if (status == 200 && copy_text(a.uri, contact, sizeof(contact)) < 0) {
        status = 400;
    }
    if (status != 200) {
        signalling_answer(p, m, t, status, NULL);
        return;
    }
    pthread_mutex_lock(&r->mutex);
    result = set_binding(r, name, contact, expires_s > 0 ? p->now_ns + expires_s * NS_PER_S : 0);
    pthread_mutex_unlock(&r->mutex);
    str_printf(extra, sizeof(extra), "Contact: <%s>;expires=%llu\r\n", contact,
               (unsigned long long)expires_s);
    signalling_answer(p, m, t, result == 0 ? 200 : 503,
                      result == 0 && expires_s > 0 ? extra : NULL);
}

static void challenge(struct signalling_part *p, const struct sip_message *m,
                      struct sip_transaction *t, bool is_stale)
{
    const struct signalling *s = p->server;
    bool is_ours = m->method == SIP_REGISTER || s->options.mode == SIGNALLING_ANSWER;
    char nonce[SIP_AUTH_NONCE_MAX], value[512], extra[600];
    struct sip_auth_offer offer = {
        .algorithm = s->options.auth == SIGNALLING_AUTH_MD5 ? SIP_AUTH_MD5 : SIP_AUTH_SHA256,
        .realm = s->options.realm,
        .nonce = nonce,
        .qop = "auth",
        .is_stale = is_stale};

    sip_auth_make_nonce(s->secret, clock_now_ns() / NS_PER_S, nonce);
    (void)sip_auth_challenge(&offer, value, sizeof(value));
    str_printf(extra, sizeof(extra), "%s: %s\r\n",
               sip_header_name(is_ours ? SIP_H_WWW_AUTHENTICATE : SIP_H_PROXY_AUTHENTICATE), value);
    signalling_count_by(p->thread, COUNT_CHALLENGED, 1);
    signalling_answer(p, m, t, is_ours ? 401 : 407, extra);
}

/* Every user has the same password: what matters is the work. */
bool signalling_is_allowed(struct signalling_part *p, const struct sip_message *m,
                           struct sip_transaction *t)
{
    const struct signalling *s = p->server;
    struct sip_auth_request request = {.method = m->method_text, .body = m->body};
    struct sip_auth_user user = {.password = {s->options.password, 0}};
    struct sip_digest d;
    const struct sip_header *h;
    bool is_stale = false;

    if (s->options.auth == SIGNALLING_AUTH_OFF || m->to_tag.size > 0 ||
        (m->method != SIP_INVITE && m->method != SIP_REGISTER)) {
        return true;
    }
    user.password.size = (uint32_t)strlen(s->options.password);
    for (int i = 0; i < 2; i++) {
        h = sip_find(m, i == 0 ? SIP_H_AUTHORIZATION : SIP_H_PROXY_AUTHORIZATION);
        if (h == NULL || sip_digest_parse(&d, sip_header_text(h)) < 0 ||
            !sip_text_is(d.realm, s->options.realm)) {
            continue;
        }
        user.username = d.username;
        request.uri = d.uri;
        if (sip_auth_verify(&d, &user, &request) == 0) {
            int64_t age = sip_auth_nonce_age_s(s->secret, d.nonce, clock_now_ns() / NS_PER_S);
            if (age >= 0 && age <= NONCE_AGE_S) {
                return true;
            }
            is_stale = age > NONCE_AGE_S;
        }
    }
    challenge(p, m, t, is_stale);
    return false;
}
