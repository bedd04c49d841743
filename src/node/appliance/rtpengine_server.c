/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtpengine_server: the command line, the start and the end of an rtpengine. The loop's thread.
 */
#include "node/appliance/rtpengine_server.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "io/addr.h"
#include "io/udp.h"

enum { READY_S = 10, STOP_S = 3, PAUSE_MS = 20, WORDS_MAX = 64, TRIES = 3 };

/* A UDP port for its control that nobody has now. */
static int free_port(struct sockaddr_storage *at, struct err *e)
{
    struct udp_socket s;
    int result;

    addr_set_port(at, 0);
    result = udp_open(&s, at, 0, 0);
    if (result < 0) {
        return err_set(e, result, "rtpengine: a socket at its address: %s", strerror(-result));
    }
    addr_set_port(at, addr_port(&s.local));
    udp_close(&s);
    return 0;
}

/* Its log goes to our stderr, errors only. Calls end when we say so, not by silence. */
static char *const *command_line(struct arena *a, const struct rtpengine_words *w,
                                 const char *address, const char *control)
{
    char **words = ARENA_ARRAY(a, char *, WORDS_MAX);
    char *more = w->more != NULL ? arena_strdup(a, w->more) : NULL, *word;
    size_t n = 0;

    words[n++] = arena_strdup(a, w->program);
    words[n++] = arena_strdup(a, "--config-file=none");
    words[n++] = arena_strdup(a, "--foreground");
    words[n++] = arena_strdup(a, "--log-stderr");
    words[n++] = arena_strdup(a, "--log-level=3");
    words[n++] = arena_strdup(a, "--table=-1"); /* no kernel module: its user space */
    words[n++] = arena_strdup(a, "--timeout=86400");
    words[n++] = arena_strdup(a, "--silent-timeout=86400");
    words[n++] = arena_strdup(a, "--delete-delay=0");
    words[n++] = arena_printf(a, "--interface=%s", address);
    words[n++] = arena_printf(a, "--listen-ng=%s", control);
    words[n++] = arena_printf(a, "--num-threads=%llu", (unsigned long long)w->threads);
    words[n++] = arena_printf(a, "--port-min=%llu", (unsigned long long)w->first_port);
    words[n++] = arena_printf(a, "--port-max=%llu", (unsigned long long)w->last_port);
    while ((word = strsep(&more, " ")) != NULL && n < WORDS_MAX - 1) {
        words[n] = word;
        n += word[0] != '\0';
    }
    words[n] = NULL;
    return words;
}

static int start(struct rtpengine_server *s, const struct rtpengine_words *w, const char *address,
                 struct err *e)
{
    char text[ADDR_TEXT_MAX];
    struct arena a;
    int result;

    arena_init(&a);
    addr_format(&s->control, text, sizeof(text));
    result = proc_start(&s->proc, command_line(&a, w, address, text), PROC_DIE_WITH_PARENT, e);
    arena_finish(&a);
    s->has_proc = result == 0;
    if (result == -ENOENT) {
        return err_set(e, -ENOTSUP,
                       "there is no program '%s' here: it comes with Debian's package "
                       "rtpengine-daemon",
                       w->program);
    }
    return result;
}

static int wait_ready(struct rtpengine_server *s, struct err *e)
{
    const uint64_t end_ns = clock_now_ns() + READY_S * NS_PER_S;
    char where[ADDR_TEXT_MAX];
    struct ng_totals unused;

    while (ng_ping(&s->ng) < 0) {
        if (s->has_proc && proc_has_exited(&s->proc)) {
            s->has_proc = false;
            return err_set(e, -EIO, "rtpengine: it ended at once, with status %d",
                           proc_stop(&s->proc, 1));
        }
        if (clock_now_ns() >= end_ns) {
            return err_set(e, -ETIMEDOUT, "rtpengine: nothing answers at %s within %d s",
                           addr_format(&s->control, where, sizeof(where)), READY_S);
        }
        (void)clock_sleep_until(clock_now_ns() + PAUSE_MS * NS_PER_MS);
    }
    return ng_read_totals(&s->ng, &unused, e); /* the counters are those we know */
}

static int open_once(struct rtpengine_server *s, const struct rtpengine_words *w,
                     const struct sockaddr_storage *own, const char *control, struct err *e)
{
    char text[ADDR_TEXT_MAX];
    int result = 0;

    memset(s, 0, sizeof(*s));
    s->control = *own;
    if (control != NULL && addr_parse(&s->control, control) < 0) {
        return err_set(e, -EINVAL, "'%s' is no address (e.g. 127.0.0.1:22222)", control);
    }
    if (control == NULL && (result = free_port(&s->control, e)) < 0) {
        return result;
    }
    result = ng_open(&s->ng, &s->control, e);
    if (result == 0 && control == NULL) {
        result = start(s, w, addr_format_host(own, text, sizeof(text)), e);
    }
    if (result == 0) {
        result = wait_ready(s, e);
    }
    if (result < 0) {
        rtpengine_server_close(s);
    }
    return result;
}

static bool is_taken(const struct sockaddr_storage *at)
{
    struct udp_socket s;
    const int result = udp_open(&s, at, 0, 0);

    if (result == 0) {
        udp_close(&s);
    }
    return result == -EADDRINUSE;
}

/* Between our look for a port and its start, which takes long, somebody else may get that one. */
int rtpengine_server_open(struct rtpengine_server *s, const struct rtpengine_words *w,
                          const struct sockaddr_storage *own, const char *control, struct err *e)
{
    int result = open_once(s, w, own, control, e);

    for (int i = 1; i < TRIES && result == -EIO && control == NULL && is_taken(&s->control); i++) {
        result = open_once(s, w, own, control, e);
    }
    return result;
}

void rtpengine_server_close(struct rtpengine_server *s)
{
    if (s == NULL || s->ng.answer == NULL) {
        return;
    }
    ng_close(&s->ng);
    if (s->has_proc && s->proc.pid > 0) {
        (void)kill(s->proc.pid, SIGTERM);
        proc_stop(&s->proc, STOP_S * NS_PER_S);
    }
    s->has_proc = false;
}

int rtpengine_server_read(struct rtpengine_server *s, struct ng_totals *ret)
{
    struct err unheard = {0};

    if (s->has_proc && proc_has_exited(&s->proc)) {
        return -ESRCH;
    }
    return ng_read_totals(&s->ng, ret, &unheard);
}
