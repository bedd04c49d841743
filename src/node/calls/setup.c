/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * setup: see setup.h.
 */
#include "node/calls/setup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "version.h"

enum { PARTS_MAX = 64 };

const char *const setup_protocols[] = {"udp", "tcp", "tls", NULL};

/* "a.csv,b.csv" in pieces. */
static size_t cut(const char *text, struct arena *a, const char **ret)
{
    size_t n = 0;

    while (text != NULL && *text != '\0' && n < PARTS_MAX) {
        size_t size = strcspn(text, ",");
        ret[n++] = arena_strndup(a, text, size);
        text += size + (text[size] == ',' ? 1 : 0);
    }
    return n;
}

/* "name=value,name=value". */
static int cut_pairs(const char *option, const char *text, struct arena *a,
                     struct scenario_pair *ret, size_t *ret_count, struct err *e)
{
    const char *parts[PARTS_MAX];
    size_t n = cut(text, a, parts);

    for (size_t i = 0; i < n; i++) {
        const char *equals = strchr(parts[i], '=');
        if (equals == NULL || equals == parts[i]) {
            return err_set(e, -EINVAL, "%s: '%s' is no name=value", option, parts[i]);
        }
        ret[i] = (struct scenario_pair){arena_strndup(a, parts[i], (size_t)(equals - parts[i])),
                                        equals + 1};
    }
    *ret_count = n;
    return 0;
}

static unsigned flags_of(const struct setup_options *o)
{
    return (o->auto_answer ? SCENARIO_AUTO_ANSWER : 0u) |
           (o->retransmit ? 0u : SCENARIO_NO_RETRANS) |
           (o->loose_check ? SCENARIO_RTCHECK_LOOSE : 0u);
}

static int load(struct scenario **ret, const struct setup_options *o, const char *name,
                struct arena *a, struct err *e)
{
    struct scenario_pair keys[PARTS_MAX], sets[PARTS_MAX];
    const char *injections[PARTS_MAX];
    struct scenario_options s;
    int result;

    scenario_options_default(&s);
    s.keys = keys;
    s.sets = sets;
    s.injections = injections;
    s.injection_count = cut(o->inject, a, injections);
    if ((result = cut_pairs("keys", o->keys, a, keys, &s.key_count, e)) < 0 ||
        (result = cut_pairs("sets", o->sets, a, sets, &s.set_count, e)) < 0) {
        return result;
    }
    s.service = o->service;
    s.auth_user = o->auth_user;
    s.auth_password = o->auth_password;
    s.flags = flags_of(o);
    s.behaviours = o->answer_unexpected ? SCENARIO_BEHAVIOURS_ALL : 0;
    s.base_cseq = (unsigned)o->base_cseq;
    s.pause_ns = o->pause_ns;
    s.t2_ns = o->t2_ns;
    s.recv_timeout_ns = o->recv_timeout_ns;
    s.send_timeout_ns = o->send_timeout_ns;
    s.max_invite_retrans = (unsigned)o->invite_retrans;
    s.max_non_invite_retrans = (unsigned)o->other_retrans;
    s.users = (unsigned)o->users;
    s.process_id = (uint32_t)getpid();
    s.version = VAPERF_VERSION;
    return scenario_load(name, &s, ret, e);
}

/* Neither a path nor a built-in scenario: a misspelt one of these. */
static int check_name(const char *name, struct err *e)
{
    char names[256] = "";
    size_t used = 0, size, length = strlen(name);

    if (scenario_builtin_text(name, &size) != NULL || strchr(name, '/') != NULL ||
        (length > 4 && strcmp(name + length - 4, ".xml") == 0) || access(name, F_OK) == 0) {
        return 0;
    }
    for (unsigned i = 0; scenario_builtin_name(i) != NULL && used < sizeof(names); i++) {
        used += str_printf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
                           scenario_builtin_name(i));
    }
    return err_set(e, -EINVAL, "scenario %.60s: no file and no built-in one has that name (%s)",
                   name, names);
}

static int check_twin(const struct scenario *s, const char *name, struct err *e)
{
    return scenario_has_twin(s)
               ? err_set(e, -EINVAL,
                         "scenario %s talks with a 3PCC twin, which only vaperf-node sip does",
                         name)
               : 0;
}

int setup_no_file(int result, struct err *e)
{
    if (result != -ENOENT && result != -EACCES && result != -EISDIR) {
        return result;
    }
    if (e != NULL) {
        e->code = -EINVAL;
    }
    return -EINVAL;
}

int setup_load(const struct setup_options *o, const char *name, struct scenario **ret,
               struct err *e)
{
    struct arena a;
    int result;

    if ((result = check_name(name, e)) < 0) {
        return result;
    }
    arena_init(&a);
    result = setup_no_file(load(ret, o, name, &a, e), e);
    arena_finish(&a);
    if (result == 0 && (result = check_twin(*ret, name, e)) < 0) {
        scenario_destroy(*ret);
        *ret = NULL;
    }
    return result;
}

int setup_open(struct setup *ret, const struct setup_options *o, struct err *e)
{
    const struct tls_options tls = {.certificate = o->tls_certificate,
                                    .key = o->tls_key,
                                    .authorities = o->tls_authorities,
                                    .version = o->tls_version};
    struct setup s = {0};
    int result = setup_load(o, o->scenario, &s.scenario, e);

    if (result == 0 && o->protocol == WAYS_TLS) {
        result = tls_context_create(&s.tls, &tls, e);
    }
    if (result < 0) {
        setup_close(&s);
        return result;
    }
    *ret = s;
    return 0;
}

void setup_close(struct setup *s)
{
    if (s != NULL) {
        scenario_destroy(s->scenario);
        tls_context_destroy(s->tls);
        *s = (struct setup){0};
    }
}

void setup_shard(const struct setup *s, const struct setup_options *o, struct calls_options *ret)
{
    *ret = (struct calls_options){
        .scenario = s->scenario,
        .transport = {.kind = (enum ways_kind)o->protocol,
                      .ways_max = (uint32_t)o->sockets,
                      .reconnect_ns = UINT64_C(1000000000),
                      .tls = s->tls},
        .media_ip = o->media_ip,
        .media_port = (unsigned)o->media_port,
        .dead_ns = o->dead_ns,
        .first_number = 1,
        .number_step = 1,
        .scenario_flags = flags_of(o),
    };
}
