/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signalling_call: calls from INVITE to BYE, and the records of them: a line each, written when the
 * call is over. A record that is to be safe is on the disk before anything of its turn is sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/appliance/signalling_private.h"

#define FORGET_NS (UINT64_C(7200) * NS_PER_S) /* a call whose end nobody told */
enum { FIELD_MAX = 100 };

static uint64_t call_key(const struct sip_message *m)
{
    uint64_t key = 1469598103934665603U;

    for (size_t i = 0; i < m->call_id.size; i++) {
        key = (key ^ (uint8_t)m->call_id.at[i]) * 1099511628211U;
    }
    return key;
}

struct signalling_call *signalling_call_find(struct signalling_part *p, const struct sip_message *m)
{
    uint64_t key = call_key(m);
    struct signalling_call *c = p->calls[key % SIGNALLING_BUCKETS];

    while (c != NULL && c->key != key) {
        c = c->next;
    }
    return c;
}

/* A field of a record: what would end it or the line is replaced. */
static size_t put_field(char *to, size_t room, struct sip_text t)
{
    size_t n = t.size < FIELD_MAX ? t.size : FIELD_MAX;

    n = n < room ? n : room;
    for (size_t i = 0; i < n; i++) {
        char c = t.at[i];
        to[i] = c == ',' || c == '"' || (unsigned char)c < ' ' ? '_' : c;
    }
    return n;
}

static char *record_text(const struct sip_message *m)
{
    char text[4 * FIELD_MAX];
    struct sip_address from = {.uri = {"", 0}}, to = {.uri = {"", 0}};
    size_t n;

    (void)sip_address_parse(&from, sip_value(m, SIP_H_FROM));
    (void)sip_address_parse(&to, sip_value(m, SIP_H_TO));
    n = put_field(text, FIELD_MAX, m->call_id);
    text[n++] = ',';
    n += put_field(text + n, FIELD_MAX, from.uri);
    text[n++] = ',';
    n += put_field(text + n, FIELD_MAX, to.uri);
    return strndup(text, n);
}

struct signalling_call *signalling_call_start(struct signalling_part *p,
                                              const struct sip_message *m)
{
    struct signalling *s = p->server;
    struct signalling_call *c = signalling_call_find(p, m), **head;

    if (c != NULL) {
        return c; /* asked again, as after 407 */
    }
    if (p->oldest != NULL && p->now_ns - p->oldest->start_ns > FORGET_NS) {
        signalling_call_end(p, p->oldest, 408);
    }
    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return NULL;
    }
    c->key = call_key(m);
    c->start_ns = p->now_ns;
    c->text = s->record_fd >= 0 ? record_text(m) : NULL;
    head = &p->calls[c->key % SIGNALLING_BUCKETS];
    c->next = *head;
    *head = c;
    c->older = p->newest;
    *(p->newest != NULL ? &p->newest->newer : &p->oldest) = c;
    p->newest = c;
    atomic_fetch_add_explicit(&s->calls_now, 1, memory_order_relaxed);
    signalling_count_by(p->thread, COUNT_CALLS, 1);
    p->thread->new_calls++;
    return c;
}

void signalling_call_answered(struct signalling_part *p, struct signalling_call *c)
{
    if (c->answer_ns == 0) {
        c->answer_ns = p->now_ns;
        signalling_count_by(p->thread, COUNT_ANSWERED, 1);
    }
}

void signalling_call_decided(struct signalling_part *p, const struct sip_message *m,
                             unsigned status)
{
    struct signalling_call *c = signalling_call_find(p, m);

    if (c == NULL || m->cseq_method != SIP_INVITE || status < 200 || c->answer_ns > 0) {
        return;
    }
    if (status < 300) {
        signalling_call_answered(p, c);
    } else {
        signalling_call_end(p, c, status);
    }
}

/* Out of those that ring. */
static void leave_line(struct signalling_part *p, const struct signalling_call *c)
{
    struct signalling_call **at = &p->ring_first, *before = NULL;

    while (*at != c) {
        before = *at;
        at = &before->next_ring;
    }
    *at = c->next_ring;
    if (p->ring_last == c) {
        p->ring_last = before;
    }
}

static void unlink_call(struct signalling_part *p, struct signalling_call *c)
{
    struct signalling_call **at = &p->calls[c->key % SIGNALLING_BUCKETS];

    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
    *(c->older != NULL ? &c->older->newer : &p->oldest) = c->newer;
    *(c->newer != NULL ? &c->newer->older : &p->newest) = c->older;
    if (c->is_waiting) {
        leave_line(p, c);
    }
    if (c->invite != NULL) {
        c->invite->user = NULL;
    }
    p->announcing -= c->is_announcing;
}

static void free_call(struct signalling_call *c)
{
    free(c->text);
    free(c->bytes);
    free(c);
}

/* start,seconds to the answer,seconds of talk,status,Call-ID,From,To */
static void write_record(struct signalling_part *p, const struct signalling_call *c,
                         unsigned status)
{
    struct signalling_thread *t = p->thread;
    uint64_t end_ns = c->answer_ns > 0 ? c->answer_ns : p->now_ns;
    uint64_t start_real_ns = clock_real_ns() - (clock_now_ns() - c->start_ns);
    char start[40];

    if (c->text == NULL) {
        return;
    }
    if (t->records_size + SIGNALLING_RECORD_MAX > SIGNALLING_RECORDS_SIZE) {
        signalling_records_flush(t);
    }
    t->records_size +=
        str_printf(t->records + t->records_size, SIGNALLING_RECORD_MAX, "%s,%.6f,%.6f,%u,%s\n",
                   clock_format_real(start_real_ns, start, sizeof(start)),
                   (double)(end_ns - c->start_ns) / (double)NS_PER_S,
                   c->answer_ns > 0 ? (double)(p->now_ns - c->answer_ns) / (double)NS_PER_S : 0.0,
                   status, c->text);
    t->record_count++;
}

void signalling_call_end(struct signalling_part *p, struct signalling_call *c, unsigned status)
{
    signalling_count_by(p->thread, status == 0 ? COUNT_ENDED : COUNT_FAILED, 1);
    write_record(p, c, status == 0 ? 200 : status);
    unlink_call(p, c);
    free_call(c);
    atomic_fetch_sub_explicit(&p->server->calls_now, 1, memory_order_relaxed);
}

void signalling_calls_forget(struct signalling_part *p)
{
    struct signalling_call *c = p->oldest, *newer;

    for (; c != NULL; c = newer) {
        newer = c->newer;
        if (c->invite != NULL) {
            c->invite->user = NULL;
        }
        free_call(c);
    }
}

int signalling_records_open(struct signalling *s, struct err *e)
{
    static const char header[] = "start,setup_s,talk_s,status,call_id,from,to\n";
    const char *path = s->options.records;
    const int how = s->options.keep_records ? 0 : O_EXCL;
    off_t size;

    s->record_fd = -1;
    if (path == NULL || *path == '\0') {
        return 0;
    }
    s->record_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | how, 0644);
    if (s->record_fd < 0) {
        return err_set(e, -errno, "records: %s: %s", path, strerror(errno));
    }
    if (!s->options.keep_records) {
        (void)unlink(path); /* its room is free when it is closed, however that comes */
    }
    size = lseek(s->record_fd, 0, SEEK_END);
    if (size == 0 && write(s->record_fd, header, sizeof(header) - 1) < 0) {
        return err_set(e, -errno, "records: %s: %s", path, strerror(errno));
    }
    return 0;
}

void signalling_records_flush(struct signalling_thread *t)
{
    struct signalling *s = t->server;
    bool is_good;

    if (t->record_count == 0) {
        return;
    }
    pthread_mutex_lock(&s->record_mutex);
    is_good = write(s->record_fd, t->records, t->records_size) == (ssize_t)t->records_size;
    if (is_good && s->options.sync == SIGNALLING_SYNC_EACH) {
        is_good = fdatasync(s->record_fd) == 0;
        signalling_count_by(t, COUNT_SYNCS, 1);
    }
    pthread_mutex_unlock(&s->record_mutex);
    signalling_count_by(t, is_good ? COUNT_RECORDS : COUNT_RECORD_ERRORS, t->record_count);
    t->record_count = 0;
    t->records_size = 0;
}

void signalling_records_sync(struct signalling_thread *t, uint64_t now_ns)
{
    struct signalling *s = t->server;

    if (t->number != 0 || s->record_fd < 0 || s->options.sync != SIGNALLING_SYNC_INTERVAL ||
        now_ns - s->synced_ns < s->options.sync_interval_ns) {
        return;
    }
    s->synced_ns = now_ns;
    if (fdatasync(s->record_fd) == 0) {
        signalling_count_by(t, COUNT_SYNCS, 1);
    }
}
