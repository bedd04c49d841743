/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_sip_open: SIPp's options become a scenario, addresses and sockets. One thread.
 */
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "io/addr.h"
#include "io/netif.h"
#include "io/tls.h"
#include "node/cli/cmd_sip.h"
#include "version.h"

enum { ROOM_LEAST = 100000, ROOM_MOST = 4000000, DEFAULT_PORT = 5060, SOURCES_MAX = 4096 };
#define NAME_TIMEOUT_NS (20 * NS_PER_S)

/* ---- addresses ---- */

/* Names are asked of the system: a static program has no name service of its own. */
static int ask_for(const char *name, struct sockaddr_storage *ret, struct err *e)
{
    char *argv[] = {(char *)"getent", (char *)"ahosts", (char *)(uintptr_t)name, NULL};
    struct buf out;
    char text[ADDR_TEXT_MAX];

    buf_init(&out);
    int result = proc_run(argv, NULL, &out, NAME_TIMEOUT_NS, e);
    if (result == 0) {
        str_printf(text, sizeof text, "%.*s", (int)strcspn(buf_str(&out), " \t\n"), buf_str(&out));
        result = addr_parse(ret, text);
    }
    buf_finish(&out);
    return result == 0 ? 0 : err_set(e, -EINVAL, "host %.100s is not known here", name);
}

static int resolve(const char *name, unsigned port, struct sockaddr_storage *ret, struct err *e)
{
    char text[ADDR_TEXT_MAX];
    int result = -EINVAL;
    str_printf(text, sizeof text, strchr(name, ':') != NULL ? "[%.60s]" : "%.60s", name);
    if (strlen(name) < sizeof text - 2)
        result = addr_parse(ret, text);
    if (result < 0)
        result = ask_for(name, ret, e);
    if (result == 0)
        addr_set_port(ret, (uint16_t)port);
    return result;
}

/* The address from which the remote one is reached; nothing is sent. */
static int address_towards(const struct sockaddr_storage *remote, const char *interface,
                           struct sockaddr_storage *ret, struct err *e)
{
    socklen_t size = sizeof *ret;
    const int fd = socket(remote->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int result = 0;
    const int bound = fd >= 0 ? netif_bind(fd, interface) : 0;
    if (bound < 0)
        result = err_set(e, bound, "-bind_to_device %.40s: %s", interface, strerror(-bound));
    else if (fd < 0 || connect(fd, (const struct sockaddr *)remote, addr_size(remote)) < 0 ||
             getsockname(fd, (struct sockaddr *)ret, &size) < 0)
        result = err_set(e, -errno, "no way to the remote host: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return result;
}

/* A server without -i: the first address of this machine that is not its own loop, as SIPp's
 * primary address; without any the loop. */
static void primary_address(struct sockaddr_storage *ret)
{
    struct ifaddrs *all = NULL;
    (void)addr_parse(ret, "127.0.0.1");
    if (getifaddrs(&all) < 0)
        return;
    for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
        if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET) {
            const struct sockaddr_in *a = (const struct sockaddr_in *)(const void *)i->ifa_addr;
            if (ntohl(a->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) {
                memcpy(ret, a, sizeof *a);
                break;
            }
        }
    freeifaddrs(all);
}

static int find_local(struct sip_run *r, struct err *e)
{
    const struct sipp_options *o = &r->options;
    char host[ADDR_TEXT_MAX];
    int result = 0;
    if (o->interface != NULL && if_nametoindex(o->interface) == 0)
        return err_set(e, -ENODEV, "-bind_to_device %.40s: %s", o->interface, strerror(ENODEV));
    if (o->local_ip != NULL)
        result = resolve(o->local_ip, 0, &r->local, e);
    else if (r->remote.ss_family != AF_UNSPEC)
        result = address_towards(&r->remote, o->interface, &r->local, e);
    else
        primary_address(&r->local);
    if (result < 0)
        return err_prefix(e, o->local_ip != NULL ? "-i: " : "");
    addr_format_host(&r->local, host, sizeof host);
    str_printf(r->media_ip, sizeof r->media_ip, "%s", host);
    str_printf(r->local_ip, sizeof r->local_ip, r->local.ss_family == AF_INET6 ? "[%s]" : "%s",
               host);
    if (o->is_bound)
        return 0;
    (void)addr_parse(&r->local, r->local.ss_family == AF_INET6 ? "[::]" : "0.0.0.0");
    return 0;
}

/* "HOST", "HOST:PORT", "[::1]:PORT" of -rsa. */
static int find_via(struct sip_run *r, struct err *e)
{
    const char *text = r->options.sending_address;
    struct sipp_options o;
    char *words[] = {(char *)(uintptr_t)text};
    if (text == NULL)
        return 0;
    int result = sipp_options_parse(1, words, &r->arena, &o, e);
    if (result == 0 && o.remote_host == NULL)
        return err_set(e, -EINVAL, "-rsa: %.60s is no HOST[:PORT]", text);
    if (result == 0)
        result = resolve(o.remote_host, o.remote_port, &r->via, e);
    return result < 0 ? err_prefix(e, "-rsa: ") : 0;
}

static int find_addresses(struct sip_run *r, struct err *e)
{
    static const char *const words[] = {"UDP", "TCP", "TLS"};
    const struct sipp_options *o = &r->options;
    int result = 0;
    if (scenario_role(r->scenario) == SCENARIO_CLIENT && o->remote_host == NULL)
        return err_set(e, -EINVAL, "scenario %.80s begins calls: where to? HOST[:PORT] is missing",
                       scenario_name(r->scenario));
    if (o->remote_host != NULL) {
        result = resolve(o->remote_host, o->remote_port, &r->remote, e);
        str_printf(r->remote_text, sizeof r->remote_text, "%.100s:%u(%s)", o->remote_host,
                   o->remote_port, words[o->transport]);
    }
    if (result == 0)
        result = find_via(r, e);
    return result < 0 ? result : find_local(r, e);
}

/* -t ui: the addresses of field -ip_field, one a line. */
static int find_sources(struct sip_run *r, struct ways_options *w, struct err *e)
{
    const struct sipp_options *o = &r->options;
    struct sockaddr_storage *all = ARENA_ARRAY(&r->arena, struct sockaddr_storage, SOURCES_MAX);
    char text[ADDR_TEXT_MAX], *end;
    const unsigned long field = strtoul(o->ip_field, &end, 10);
    unsigned n = 0;
    if (*o->ip_field < '0' || *o->ip_field > '9' || *end != '\0' || field > 1000)
        return err_set(e, -EINVAL, "-ip_field %.40s: a field's number is wanted", o->ip_field);
    while (n < SOURCES_MAX &&
           scenario_injection_field(r->scenario, n, (unsigned)field, text, sizeof text) >= 0) {
        if (addr_parse(&all[n], text) < 0)
            return err_set(e, -EINVAL, "-ip_field %lu: line %u has '%s', which is no address",
                           field, n + 1, text);
        addr_set_port(&all[n++], addr_port(&w->local));
    }
    if (n == 0)
        return err_set(e, -EINVAL, "-ip_field %lu: no line of the first -inf file has it", field);
    w->sources = all;
    w->source_count = n;
    return 0;
}

/* ---- calls ---- */

static void fill_scenario_options(const struct sipp_options *o, struct scenario_options *ret)
{
    *ret = o->scenario;
    ret->process_id = (uint32_t)getpid();
    ret->version = VAPERF_VERSION;
    ret->lost_pct = o->lost_pct;
}

static int open_tls(struct sip_run *r, struct err *e)
{
    const struct sipp_options *o = &r->options;
    const struct tls_options t = {o->tls_cert, o->tls_key, o->tls_ca, o->tls_crl, o->tls_version};
    return o->transport == SIPP_TLS ? tls_context_create(&r->tls, &t, e) : 0;
}

static void fill_ways(const struct sip_run *r, struct ways_options *w)
{
    static const enum ways_sharing sharings[] = {
        [SIPP_ONE] = WAYS_ONE, [SIPP_PER_CALL] = WAYS_PER_CALL, [SIPP_PER_IP] = WAYS_PER_ADDRESS};
    static const enum ways_kind kinds[] = {
        [SIPP_UDP] = WAYS_UDP, [SIPP_TCP] = WAYS_TCP, [SIPP_TLS] = WAYS_TLS};
    const struct sipp_options *o = &r->options;
    const bool is_server = scenario_role(r->scenario) == SCENARIO_SERVER;
    w->kind = kinds[o->transport];
    w->sharing = is_server && o->sockets == SIPP_PER_CALL ? WAYS_ONE : sharings[o->sockets];
    w->flags = is_server ? WAYS_SERVER : 0;
    w->local = r->local;
    w->interface = o->interface;
    w->buffer_bytes = o->buffer_bytes;
    w->ways_max = (uint32_t)(o->max_sockets < 1000000 ? o->max_sockets : 1000000);
    w->reconnect_ns = o->reconnect_sleep_ns;
    w->tls = r->tls;
}

/* As SIPp does: the port that was asked for; else 5060, or a free one when that is taken. */
static int open_first(struct sip_shard *s, struct calls_options *c, struct err *e)
{
    struct sip_run *r = s->run;
    const bool has_port = r->options.local_port > 0;
    const bool listens = c->transport.kind == WAYS_UDP || (c->transport.flags & WAYS_SERVER) != 0;
    const unsigned usual = listens ? DEFAULT_PORT : 0; /* a connection may leave from any */
    addr_set_port(&c->transport.local, (uint16_t)(has_port ? r->options.local_port : usual));
    int result = 0;
    if (r->options.sockets == SIPP_PER_IP)
        result = find_sources(r, &c->transport, e);
    if (result == 0)
        result = calls_open(&s->calls, c, e);
    if (result == -EADDRINUSE && !has_port) {
        addr_set_port(&c->transport.local, 0);
        for (uint32_t i = 0; i < c->transport.source_count; i++)
            addr_set_port((struct sockaddr_storage *)(uintptr_t)&c->transport.sources[i], 0);
        result = calls_open(&s->calls, c, e);
    }
    return result;
}

/* A server's other threads share the port of the first one. Those of a client, to whom answers must
 * come back, have the next ports, or free ones when none was asked for. */
static int open_next(struct sip_shard *s, struct calls_options *c, struct err *e)
{
    const struct sip_run *r = s->run;
    const unsigned asked = r->options.local_port;
    unsigned port = asked > 0 ? asked + s->number : 0;
    if ((c->transport.flags & WAYS_SERVER) != 0)
        port = addr_port(calls_local(r->shards[0].calls));
    if (port > 65535)
        return err_set(e, -EADDRNOTAVAIL, "-p %u: each of -threads %u has a port, the last one %u",
                       asked, r->shard_count, asked + r->shard_count - 1);
    addr_set_port(&c->transport.local, (uint16_t)port);
    return calls_open(&s->calls, c, e);
}

static void share(const struct sip_shard *s, struct calls_options *c)
{
    const struct sip_run *r = s->run;
    const uint64_t users = r->options.users;
    const uint64_t from = users * s->number / r->shard_count;
    const uint64_t to = users * (s->number + 1) / r->shard_count;
    c->first_number = s->number + 1;
    c->number_step = r->shard_count;
    c->seed += s->number;
    c->first_user = users > 0 ? (uint32_t)from + 1 : 0;
    c->users = (uint32_t)(to - from);
    if ((c->transport.flags & WAYS_SERVER) == 0) { /* a server's callers choose for themselves */
        c->limit = (uint32_t)((r->room + r->shard_count - 1) / r->shard_count);
        c->transport.ways_max = (c->transport.ways_max + r->shard_count - 1) / r->shard_count;
    } else if (r->shard_count > 1) {
        c->transport.flags |= WAYS_REUSE_PORT;
    }
}

static int open_shard(struct sip_run *r, uint32_t number, const struct calls_options *all,
                      struct err *e)
{
    struct sip_shard *s = &r->shards[number];
    struct calls_options c = *all;
    *s = (struct sip_shard){.run = r, .number = number, .wake_fd = -1};
    s->waiting = ARENA_ARRAY(&r->arena, uint64_t, scenario_step_count(r->scenario) + 1);
    if (sipp_stats_init(&s->stats, r->scenario) < 0)
        return err_set(e, -ENOMEM, "no memory for figures");
    share(s, &c);
    s->users = c.users;
    cmd_sip_notes_hook(s, &c.hooks);
    const int result = cmd_sip_add_media(s, &c, e);
    if (result < 0)
        return result;
    return number == 0 ? open_first(s, &c, e) : open_next(s, &c, e);
}

static int open_calls(struct sip_run *r, const struct calls_options *all, bool *ret_is_bind,
                      struct err *e)
{
    int result = 0;
    r->shards = ARENA_ARRAY(&r->arena, struct sip_shard, r->options.threads);
    r->shard_count = r->options.threads;
    for (uint32_t i = 0; i < r->shard_count && result == 0; i++)
        result = open_shard(r, i, all, e);
    *ret_is_bind = result == -EADDRINUSE || result == -EADDRNOTAVAIL || result == -EACCES;
    r->is_open = result == 0;
    return result;
}

static void raise_files(const struct sipp_options *o)
{
    struct rlimit l;
    const rlim_t wanted = o->max_sockets + 64;
    if (o->keeps_rlimit || getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur >= wanted)
        return;
    l.rlim_cur = l.rlim_max == RLIM_INFINITY || l.rlim_max >= wanted ? wanted : l.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &l);
}

int cmd_sip_open(struct sip_run *r, bool *ret_is_bind, struct err *e)
{
    const struct sipp_options *o = &r->options;
    struct calls_options c = {.users_pool = USERS_REGISTERED}; /* all may call */
    struct scenario_options so;
    *ret_is_bind = false;
    fill_scenario_options(o, &so);
    int result = cmd_sip_load(o->scenario_file, o->builtin != NULL ? o->builtin : "uac", &so,
                              &r->scenario, e);
    if (result < 0 || (result = find_addresses(r, e)) < 0 || (result = open_tls(r, e)) < 0 ||
        (result = cmd_sip_notes_open(r, e)) < 0)
        return result;
    raise_files(o);
    r->room = o->call_limit > ROOM_LEAST ? o->call_limit : ROOM_LEAST;
    r->room = o->users > r->room ? o->users : r->room;
    if (r->room > ROOM_MOST)
        return err_set(e, -EINVAL, "-l and -users: %d calls at a time are the most", ROOM_MOST);
    fill_ways(r, &c.transport);
    c.scenario = r->scenario;
    c.remote = r->remote;
    c.remote_host = o->remote_host;
    c.via = r->via;
    c.local_ip = r->local_ip;
    c.media_ip = o->media_ip != NULL ? o->media_ip : r->media_ip;
    c.media_port = o->media_port;
    c.limit = (uint32_t)r->room;
    c.dead_ns = o->dead_call_wait_ns;
    c.seed = clock_real_ns();
    c.scenario_flags = o->scenario.flags;
    result = cmd_sip_add_parts(r, &so, &c, e);
    return result < 0 ? result : open_calls(r, &c, ret_is_bind, e);
}

void cmd_sip_close(struct sip_run *r)
{
    for (uint32_t i = 0; i < r->shard_count; i++) {
        calls_close(r->shards[i].calls);
        callmedia_close(r->shards[i].media);
        sipp_stats_finish(&r->shards[i].stats);
    }
    cmd_sip_finish_parts(r);
    scenario_destroy(r->scenario);
    tls_context_destroy(r->tls);
}
