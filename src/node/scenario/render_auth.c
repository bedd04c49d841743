/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * render_auth: [authentication] in a message that is being written, and the action verifyauth. The
 * arithmetic is node/proto's. Thread rule: the call's.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/rand.h"
#include "node/proto/sip_auth.h"
#include "node/scenario/call_state.h"
#include "node/scenario/load.h"
#include "node/scenario/store.h"

enum { WORD_MAX = 256 };

struct credentials {
    char words[AUTH_PARAM_COUNT][WORD_MAX];
};

static struct sip_text text_of(const char *text)
{
    return (struct sip_text){text, (uint32_t)strlen(text)};
}

/* "0x0123..." (32 digits) or up to 16 characters as they are. */
static int secret_bytes(const char *word, uint8_t *ret, size_t size)
{
    size_t n = strlen(word);

    memset(ret, 0, size);
    if (n == 2 + 2 * size && word[0] == '0' && (word[1] == 'x' || word[1] == 'X')) {
        for (size_t i = 0; i < size; i++) {
            unsigned byte;

            if (sscanf(word + 2 + 2 * i, "%2x", &byte) != 1) {
                return -EINVAL;
            }
            ret[i] = (uint8_t)byte;
        }
        return 0;
    }
    if (n > size) {
        return -EINVAL;
    }
    memcpy(ret, word, n);
    return 0;
}

/* The method and the Request-URI of the message that is being written. */
static void read_request(const struct out *o, struct sip_auth_request *ret)
{
    const char *end = memchr(o->bytes, '\r', o->size);
    const char *method_end, *uri_end;
    size_t size = end ? (size_t)(end - o->bytes) : o->size;

    method_end = memchr(o->bytes, ' ', size);
    if (!method_end) {
        return;
    }
    ret->method = (struct sip_text){o->bytes, (uint32_t)(method_end - o->bytes)};
    uri_end = memchr(method_end + 1, ' ', size - (size_t)(method_end + 1 - o->bytes));
    if (uri_end) {
        ret->uri = (struct sip_text){method_end + 1, (uint32_t)(uri_end - method_end - 1)};
    }
}

static void add_header(struct call *c, const struct credentials *cred, struct out *o)
{
    char *challenge = call_scratch(c, SCRATCH_MORE), cnonce[24];
    enum { CHALLENGE_MAX = 8192, URI_MAX = 512 };
    size_t n = call_store_read(c->env->store, c->challenge, challenge, CHALLENGE_MAX);
    char *answer = challenge + CHALLENGE_MAX, uri[URI_MAX];
    struct sip_auth_request request = {.body = o->body, .nc = ++c->auth_count, .cnonce = cnonce};
    struct milenage_key key;
    struct sip_auth_user user = {text_of(cred->words[AUTH_USERNAME]),
                                 text_of(cred->words[AUTH_PASSWORD]), NULL};
    struct sip_digest digest;
    uint8_t op[16];
    int code;

    read_request(o, &request);
    if (c->s->options.auth_uri) {
        snprintf(uri, sizeof(uri), "sip:%s", c->s->options.auth_uri);
        request.uri = text_of(uri);
    }
    snprintf(cnonce, sizeof(cnonce), "%016llx", (unsigned long long)rand_u64(c->env->rand));
    if (cred->words[AUTH_K][0]) {
        if (secret_bytes(cred->words[AUTH_K], key.k, 16) < 0 ||
            secret_bytes(cred->words[AUTH_OP], op, 16) < 0) {
            call_say(c, CALL_TEXT_ERROR, "aka_K and aka_OP are 16 bytes, or 0x and 32 digits");
            o->code = -EINVAL;
            return;
        }
        milenage_opc(key.k, op, key.opc);
        user.aka = &key;
    }
    code = sip_digest_parse(&digest, (struct sip_text){challenge, (uint32_t)n});
    code = code < 0 ? code : sip_auth_answer(&digest, &user, &request, answer, CHALLENGE_MAX);
    if (code < 0) {
        call_say(c, CALL_TEXT_ERROR, "no answer to the challenge \"%.*s\": %s", (int)n, challenge,
                 strerror(-code));
        o->code = -EACCES;
        return;
    }
    o->wants_body = o->body.at == NULL && strstr(answer, "qop=auth-int") != NULL;
    out_text(o, c->is_challenge_proxy ? "Proxy-Authorization: " : "Authorization: ");
    out_add(o, answer, (size_t)code);
}

static void render_credentials(struct call *c, struct credentials *cred, struct out *o)
{
    const struct scenario_options *opt = &c->s->options;

    if (!c->challenge) {
        call_say(c, CALL_TEXT_ERROR,
                 "[authentication] without a challenge: write auth=\"true\" in the recv of the 401 "
                 "or 407 before it");
        o->code = -EACCES;
        return;
    }
    if (!cred->words[AUTH_USERNAME][0]) {
        snprintf(cred->words[AUTH_USERNAME], WORD_MAX, "%s",
                 opt->auth_user ? opt->auth_user : opt->service);
    }
    if (!cred->words[AUTH_PASSWORD][0]) {
        snprintf(cred->words[AUTH_PASSWORD], WORD_MAX, "%s", opt->auth_password);
    }
    add_header(c, cred, o);
}

void render_auth(struct call *c, const struct piece *p, struct out *o)
{
    struct credentials cred;

    memset(&cred, 0, sizeof(cred));
    for (int i = 0; i < AUTH_PARAM_COUNT; i++) {
        render_text(c, p->params[i], cred.words[i], WORD_MAX);
    }
    render_credentials(c, &cred, o);
}

void render_auth_words(struct call *c, const char *words, size_t size, struct out *o)
{
    static const char *const names[AUTH_PARAM_COUNT] = {"username", "password", "aka_K", "aka_OP",
                                                        "aka_AMF"};
    const char *end = memchr(words, ']', size), *p = words, *name, *value;
    size_t name_size, value_size;
    struct credentials cred;

    memset(&cred, 0, sizeof(cred));
    end = end ? end : words + size;
    while (load_keyword_param(&p, end, &name, &name_size, &value, &value_size) > 0) {
        for (int i = 0; i < AUTH_PARAM_COUNT; i++) {
            if (strlen(names[i]) == name_size && memcmp(names[i], name, name_size) == 0) {
                snprintf(cred.words[i], WORD_MAX, "%.*s", (int)value_size, value);
            }
        }
    }
    render_credentials(c, &cred, o);
    if (end < words + size) {
        out_add(o, end + 1, (size_t)(words + size - end) - 1);
    }
}

int auth_verify(struct call *c, const char *username, const char *password)
{
    const struct sip_message *m = call_last(c);
    struct sip_auth_user user = {text_of(username), text_of(password), NULL};
    struct sip_auth_request request = {0};
    struct sip_text value;
    struct sip_digest digest;

    if (!m || !m->is_request) {
        return -ENOENT;
    }
    value = sip_value(m, SIP_H_AUTHORIZATION);
    if (!value.at) {
        value = sip_value(m, SIP_H_PROXY_AUTHORIZATION);
    }
    if (!value.at || sip_digest_parse(&digest, value) < 0) {
        return -ENOENT;
    }
    if (digest.username.size != user.username.size ||
        memcmp(digest.username.at, username, user.username.size) != 0) {
        return -EACCES;
    }
    request.method = m->method_text;
    request.uri = digest.uri;
    request.body = m->body;
    return sip_auth_verify(&digest, &user, &request);
}
