/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kamailio: the SIP server of that name, as Debian packages it, in the place of our signalling
 * appliance: configured and started for the trial; its own statistics are the counters. The loop's
 * thread.
 */
#include "node/appliance/kamailio.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "io/addr.h"
#include "io/tcp.h"
#include "node/appliance/appliance.h"

enum { READY_S = 15, STOP_S = 5, PAUSE_MS = 20, LAST_WORDS = 256 };

static const char *const modes[] = {"plain", "digest", "rtpengine", NULL};

#define AT(member) offsetof(struct kamailio_options, member)
static const struct opt options[] = {
    {"mode", OPT_CHOICE, "plain",
     "plain: a stateful proxy without authentication; digest: with it, MD5; rtpengine: its media "
     "go through an rtpengine",
     0, 0, modes, AT(mode), 0},
    {"children", OPT_COUNT, "2", "its processes that read UDP, and as many for TCP", 1, 256, NULL,
     AT(children), 0},
    {"base_port", OPT_COUNT, "0", "its port, of UDP and of TCP; 0: any", 0, 65535, NULL,
     AT(base_port), 0},
    {"next_hop", OPT_STRING, NULL, "where calls go; without it, to the load's other end", 0, 0,
     NULL, AT(next_hop), 0},
    {"memory", OPT_SIZE, "512M", "its shared memory", 16e6, 0, NULL, AT(memory_bytes), 0},
    {"buffer", OPT_SIZE, "4M", "receive buffer of its UDP socket, at most", 0, 0, NULL,
     AT(buffer_bytes), 0},
    {"realm", OPT_STRING, "vaperf", "of the digest authentication", 0, 0, NULL, AT(realm), 0},
    {"password", OPT_STRING, "secret", "every user's", 0, 0, NULL, AT(password), 0},
    {"rtpengine", OPT_STRING, NULL,
     "ADDRESS:PORT of the ng protocol of one that runs already; without it, one is started beside "
     "it",
     0, 0, NULL, AT(rtpengine), 0},
    {"media_threads", OPT_COUNT, "2", "worker threads of that rtpengine", 1, 256, NULL,
     AT(media.threads), 0},
    {"media_program", OPT_STRING, "rtpengine", "its command, or a path", 0, 0, NULL,
     AT(media.program), 0},
    {"media_first_port", OPT_COUNT, "20000", "its UDP ports begin here; a call takes four or more",
     1024, 65535, NULL, AT(media.first_port), 0},
    {"media_last_port", OPT_COUNT, "65535", "and end here", 1024, 65535, NULL, AT(media.last_port),
     0},
    {"t1", OPT_COUNT, "500", "RFC 3261 timer T1, milliseconds; no answer in 64 of it is 408", 20,
     4000, NULL, AT(t1_ms), 0},
    {"program", OPT_STRING, "kamailio", "its command, or a path", 0, 0, NULL, AT(program), 0},
    {"modules", OPT_STRING, "/usr/lib/x86_64-linux-gnu/kamailio/modules/", "folder of its modules",
     0, 0, NULL, AT(modules), 0},
    OPT_END,
};

static bool is_plain_text(const char *text)
{
    return text == NULL || strpbrk(text, "\"\\\r\n") == NULL;
}

static int check(const void *given, struct err *e)
{
    const struct kamailio_options *o = given;
    struct sockaddr_storage at;

    if (o->next_hop != NULL && addr_parse(&at, o->next_hop) < 0) {
        return err_set(e, -EINVAL, "next_hop: '%s' is no address and port (e.g. 192.0.2.10:5060)",
                       o->next_hop);
    }
    if (o->rtpengine != NULL && (addr_parse(&at, o->rtpengine) < 0 || addr_port(&at) == 0)) {
        return err_set(e, -EINVAL, "rtpengine: '%s' is no ADDRESS:PORT (e.g. 127.0.0.1:22222)",
                       o->rtpengine);
    }
    if (o->media.last_port < o->media.first_port + 3) {
        return err_set(e, -EINVAL,
                       "media_last_port: a call takes four ports from "
                       "media_first_port on");
    }
    if (!is_plain_text(o->realm) || !is_plain_text(o->password) || !is_plain_text(o->modules)) {
        return err_set(e, -EINVAL, "realm, password, modules: no quotes, backslashes or line ends");
    }
    return 0;
}

/* A port that nobody has now, for UDP nor for TCP. */
static int find_port(struct kamailio *k, struct err *e)
{
    struct tcp_listener l;
    int result = tcp_listen(&l, &k->local, 0);

    if (result < 0) {
        char text[ADDR_TEXT_MAX];
        return err_set(e, result, "kamailio: %s: %s", addr_format(&k->local, text, sizeof(text)),
                       strerror(-result));
    }
    k->local = l.local;
    tcp_unlisten(&l);
    return 0;
}

/* It forks; when we die, its first process is told, which ends the others. */
static int start_server(struct kamailio *k, const struct kamailio_options *o, struct err *e)
{
    char config[KAMAILIO_FOLDER_MAX + 32], memory[24], buffer[24];
    const char *words[] = {o->program, "-DD",     "-E", "-f",   config, "-Y",   k->folder,
                           "-w",       k->folder, "-m", memory, "-b",   buffer, NULL};
    int result;

    str_printf(config, sizeof(config), "%s/" KAMAILIO_CONFIG, k->folder);
    str_printf(memory, sizeof(memory), "%llu", (unsigned long long)(o->memory_bytes >> 20));
    str_printf(buffer, sizeof(buffer), "%llu", (unsigned long long)o->buffer_bytes);
    result = proc_start(&k->server, (char *const *)(void *)words,
                        PROC_END_WITH_PARENT | PROC_PIPE_ERR, e);
    k->has_server = result == 0;
    if (result == 0) {
        result = proc_log_open(&k->log, &k->server, e);
    }
    if (result == -ENOENT) {
        return err_set(e, -ENOTSUP,
                       "there is no program '%s' here: it comes with Debian's package kamailio",
                       o->program);
    }
    return result;
}

static int end_at_once(struct kamailio *k, struct err *e)
{
    const int status = proc_stop(&k->server, 1);
    char words[LAST_WORDS];

    k->has_server = false;
    proc_log_end(k->log);
    return err_set(e, -EIO, "kamailio: it ended at once, with status %d%s", status,
                   proc_log_last_line(k->log, words, sizeof(words)));
}

static int wait_ready(struct kamailio *k, struct err *e)
{
    const uint64_t end_ns = clock_now_ns() + READY_S * NS_PER_S;
    struct err why = {0};
    json_t *answer;

    while ((answer = kamailio_rpc_call(&k->rpc, k->folder, "core.uptime", NULL, &why)) == NULL) {
        if (proc_has_exited(&k->server)) {
            return end_at_once(k, e);
        }
        if (clock_now_ns() >= end_ns) {
            return err_set(e, -ETIMEDOUT, "kamailio: not ready within %d s: %s", READY_S, why.text);
        }
        (void)clock_sleep_until(clock_now_ns() + PAUSE_MS * NS_PER_MS);
    }
    json_decref(answer);
    return 0;
}

static void remove_folder(struct kamailio *k)
{
    static const char *const names[] = {KAMAILIO_CONFIG, KAMAILIO_HOPS, KAMAILIO_SOCKET};
    char path[KAMAILIO_FOLDER_MAX + 32];

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        str_printf(path, sizeof(path), "%s/%s", k->folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(k->folder);
    k->folder[0] = '\0';
}

/* When it ends, each of its processes complains of the others' end: it is told to be silent. */
static void silence(struct kamailio *k)
{
    struct err unheard = {0};

    if (!proc_has_exited(&k->server)) {
        json_decref(kamailio_rpc_call(&k->rpc, k->folder, "corex.debug", "-4", &unheard));
    }
}

static void close_kamailio(void *state)
{
    struct kamailio *k = state;

    if (k == NULL || k->folder[0] == '\0') {
        return;
    }
    if (k->has_server) {
        silence(k);
    }
    kamailio_rpc_close(&k->rpc);
    if (k->has_server) {
        (void)kill(k->server.pid, SIGTERM);
        proc_stop(&k->server, STOP_S * NS_PER_S);
        k->has_server = false;
    }
    proc_log_close(k->log);
    k->log = NULL;
    if (k->has_media) {
        rtpengine_server_close(&k->media);
        k->has_media = false;
    }
    remove_folder(k);
}

static int prepare(struct kamailio *k, const struct kamailio_options *o, struct err *e)
{
    char where[ADDR_TEXT_MAX], media[ADDR_TEXT_MAX] = "";
    int result = kamailio_rpc_open(&k->rpc);

    if (result < 0) {
        return err_set(e, result, "kamailio: a socket: %s", strerror(-result));
    }
    if (o->next_hop != NULL) {
        (void)addr_parse(&k->hops[0], o->next_hop); /* checked */
        if (addr_port(&k->hops[0]) == 0) {
            addr_set_port(&k->hops[0], 5060);
        }
        k->hop_count = 1;
        k->has_own_hop = true;
    }
    if (o->mode == KAMAILIO_RTPENGINE) {
        result = rtpengine_server_open(&k->media, &o->media, &k->local, o->rtpengine, e);
        if (result < 0) {
            return result;
        }
        k->has_media = true;
        addr_format(&k->media.control, media, sizeof(media));
    }
    result = kamailio_write_hops(k->folder, k->hops, k->hop_count, e);
    if (result == 0) {
        result = kamailio_write_config(o, k->folder, addr_format(&k->local, where, sizeof(where)),
                                       media, e);
    }
    return result;
}

static int open_kamailio(void *state, const void *given, const char *address, struct err *e)
{
    const struct kamailio_options *o = given;
    struct kamailio *k = state;
    int result;

    memset(k, 0, sizeof(*k));
    k->rpc.fd = -1;
    if (addr_parse(&k->local, address) < 0) {
        return err_set(e, -EINVAL, "kamailio: '%s' is no address (e.g. 192.0.2.10)", address);
    }
    addr_set_port(&k->local, (uint16_t)o->base_port);
    result = find_port(k, e);
    if (result < 0) {
        return result;
    }
    str_printf(k->folder, sizeof(k->folder), "/tmp/vaperf-kamailio-XXXXXX");
    if (mkdtemp(k->folder) == NULL) {
        k->folder[0] = '\0';
        return err_set(e, -errno, "kamailio: a folder in /tmp: %s", strerror(errno));
    }
    result = prepare(k, o, e);
    result = result < 0 ? result : start_server(k, o, e);
    result = result < 0 ? result : wait_ready(k, e);
    if (result < 0) {
        close_kamailio(k);
    }
    return result;
}

static bool has_hop(const struct kamailio *k, const struct sockaddr_storage *a)
{
    for (size_t i = 0; i < k->hop_count; i++) {
        if (memcmp(&k->hops[i], a, addr_size(a)) == 0) {
            return true;
        }
    }
    return false;
}

static int endpoints(void *state, const struct sockaddr_storage *peers, size_t count,
                     struct sockaddr_storage *ret, struct err *e)
{
    struct kamailio *k = state;
    size_t before = k->hop_count;
    json_t *answer;

    for (size_t i = 0; i < count; i++) {
        ret[i] = k->local;
        if (peers[i].ss_family != AF_UNSPEC && !k->has_own_hop &&
            k->hop_count < KAMAILIO_HOPS_MAX && !has_hop(k, &peers[i])) {
            k->hops[k->hop_count++] = peers[i];
        }
    }
    if (k->hop_count == before) {
        return 0;
    }
    if (kamailio_write_hops(k->folder, k->hops, k->hop_count, e) < 0) {
        return e != NULL ? e->code : -EIO;
    }
    answer = kamailio_rpc_call(&k->rpc, k->folder, "dispatcher.reload", NULL, e);
    if (answer == NULL) {
        return -EIO;
    }
    json_decref(answer);
    return 0;
}

/* What is in its queues nobody can see. */
static int drain(void *state, uint64_t deadline_ns)
{
    (void)state;
    (void)deadline_ns;
    return 0;
}

static int alive(void *state, struct err *e)
{
    const struct kamailio *k = state;
    char words[LAST_WORDS];

    if (!k->has_server || proc_has_exited(&k->server)) {
        proc_log_end(k->log);
        return err_set(e, -EIO, "kamailio has ended%s",
                       proc_log_last_line(k->log, words, sizeof(words)));
    }
    if (k->has_media && k->media.has_proc && proc_has_exited(&k->media.proc)) {
        return err_set(e, -EIO, "its rtpengine has ended");
    }
    return 0;
}

static void said(void *state, struct buf *ret)
{
    const struct kamailio *k = state;

    proc_log_take(k->log, ret);
}

extern const struct appliance_ops appliance_kamailio;
const struct appliance_ops appliance_kamailio = {
    .name = "kamailio",
    .summary = "Kamailio, the SIP server, as a stateful proxy, with its own counters",
    .options = options,
    .options_size = sizeof(struct kamailio_options),
    .state_size = sizeof(struct kamailio),
    .is_server = true,
    .is_foreign = true,
    .check = check,
    .open = open_kamailio,
    .endpoints = endpoints,
    .columns = kamailio_columns,
    .stats = kamailio_stats,
    .drain = drain,
    .alive = alive,
    .said = said,
    .close = close_kamailio,
};
