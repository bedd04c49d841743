/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * trace: see the header. One lock for all files: traces are for looking, not for measuring.
 */
#include "node/sipp/trace.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "node/sipp/csv.h"

static const char *const endings[SIPP_TRACE_COUNT] = {
    [SIPP_TRACE_STAT] = ".csv",
    [SIPP_TRACE_RTT] = "rtt.csv",
    [SIPP_TRACE_COUNTS] = "counts.csv",
    [SIPP_TRACE_MSG] = "messages.log",
    [SIPP_TRACE_SHORTMSG] = "shortmessages.log",
    [SIPP_TRACE_ERR] = "errors.log",
    [SIPP_TRACE_ERROR_CODES] = "error_codes.csv",
    [SIPP_TRACE_CALLDEBUG] = "calldebug.log",
    [SIPP_TRACE_SCREEN] = "screen.log",
    [SIPP_TRACE_LOGS] = "logs.log",
};

/* "dir/my uac.xml" is "my uac". */
static void scenario_word(const char *scenario, char *ret, size_t size)
{
    const char *slash = strrchr(scenario, '/');
    const char *name = slash != NULL ? slash + 1 : scenario;
    const char *dot = strrchr(name, '.');
    const size_t length = dot != NULL && dot > name ? (size_t)(dot - name) : strlen(name);
    str_printf(ret, size, "%.*s", (int)length, name);
}

void sipp_traces_init(struct sipp_traces *t, const struct sipp_options *o, const char *scenario,
                      uint32_t process_id)
{
    char word[128];
    memset(t, 0, sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    scenario_word(scenario, word, sizeof word);
    t->is_rfc3339 = o->is_rfc3339;
    t->most_bytes = o->max_log_bytes;
    t->ring_bytes = o->ring_bytes;
    t->ring_files = o->ring_files;
    str_printf(t->stem, sizeof t->stem, "%s_%u", word, process_id);
    for (int i = 0; i < SIPP_TRACE_COUNT; i++) {
        t->is_on[i] = o->trace[i].is_on;
        t->appends[i] = !o->trace[i].overwrite;
        if (o->trace[i].file != NULL)
            str_printf(t->name[i], SIPP_TRACE_NAME_MAX, "%s", o->trace[i].file);
        else
            str_printf(t->name[i], SIPP_TRACE_NAME_MAX, "%s_%s", t->stem, endings[i]);
    }
}

/* With the lock held. */
static FILE *file_of(struct sipp_traces *t, enum sipp_trace_kind kind)
{
    if (t->file[kind] == NULL) {
        t->file[kind] = fopen(t->name[kind], t->appends[kind] ? "ae" : "we");
        t->begun_s[kind] = clock_real_ns() / NS_PER_S;
    }
    return t->file[kind];
}

static void note_error(struct sipp_traces *t, enum sipp_trace_kind kind)
{
    if (t->error == 0) {
        t->error = -errno;
        t->failed = kind;
    }
}

int sipp_traces_open(struct sipp_traces *t, struct err *e)
{
    int result = 0;
    pthread_mutex_lock(&t->lock);
    for (enum sipp_trace_kind i = 0; i < SIPP_TRACE_COUNT && result == 0; i++)
        if (t->is_on[i] && file_of(t, i) == NULL)
            result = err_set(e, -errno, "cannot write %s: %s", t->name[i], strerror(errno));
    pthread_mutex_unlock(&t->lock);
    return result;
}

int sipp_traces_finish(struct sipp_traces *t, struct err *e)
{
    for (enum sipp_trace_kind i = 0; i < SIPP_TRACE_COUNT; i++) {
        sipp_ring_finish(&t->ring[i]);
        if (t->file[i] == NULL)
            continue;
        if (fclose(t->file[i]) != 0)
            note_error(t, i);
        t->file[i] = NULL;
    }
    pthread_mutex_destroy(&t->lock);
    if (t->error < 0)
        err_set(e, t->error, "cannot write %s: %s", t->name[t->failed], strerror(-t->error));
    return t->error;
}

void sipp_traces_set(struct sipp_traces *t, enum sipp_trace_kind kind, bool on)
{
    __atomic_store_n(&t->is_on[kind], on, __ATOMIC_RELAXED);
}

bool sipp_traces_is_on(const struct sipp_traces *t, enum sipp_trace_kind kind)
{
    return __atomic_load_n(&t->is_on[kind], __ATOMIC_RELAXED);
}

/* With the lock held: the file is put aside, or thrown away when none is to be kept, and another
 * one begun. */
static void turn_over(struct sipp_traces *t, enum sipp_trace_kind kind)
{
    char stem[SIPP_TRACE_STEM_MAX + 32];
    int result = fclose(t->file[kind]) != 0 ? -errno : 0;
    t->file[kind] = NULL;
    str_printf(stem, sizeof stem, "%s_%.*s", t->stem, (int)strcspn(endings[kind], "."),
               endings[kind]);
    if (result == 0 && t->ring_files > 0)
        result =
            sipp_ring_put(&t->ring[kind], t->ring_files, t->name[kind], stem, t->begun_s[kind]);
    t->appends[kind] = false;
    t->written[kind] = 0;
    errno = -result;
    if (result < 0 || file_of(t, kind) == NULL)
        note_error(t, kind);
}

/* With the lock held. */
static void put(struct sipp_traces *t, enum sipp_trace_kind kind, const char *text, size_t size,
                bool flush)
{
    const bool is_log = kind == SIPP_TRACE_MSG || kind == SIPP_TRACE_SHORTMSG ||
                        kind == SIPP_TRACE_ERR || kind == SIPP_TRACE_CALLDEBUG;
    if (is_log && t->most_bytes > 0 && t->written[kind] + size > t->most_bytes)
        return;
    if (file_of(t, kind) == NULL || fwrite(text, 1, size, t->file[kind]) != size ||
        (flush && fflush(t->file[kind]) != 0)) {
        note_error(t, kind);
        return;
    }
    t->written[kind] += size;
    if (is_log && t->ring_bytes > 0 && t->written[kind] > t->ring_bytes)
        turn_over(t, kind);
}

void sipp_traces_text(struct sipp_traces *t, enum sipp_trace_kind kind, const char *text,
                      size_t size, bool flush)
{
    pthread_mutex_lock(&t->lock);
    put(t, kind, text, size, flush);
    pthread_mutex_unlock(&t->lock);
}

/* ---- messages ---- */

/* The line of a header that begins with `name`, without it; NULL: there is none. */
static const char *header(const struct sipp_traced *m, const char *name, int *ret_size)
{
    const char *bytes = m->bytes, *end = bytes + m->size;
    const size_t length = strlen(name);
    for (const char *line = bytes; line != NULL && line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        const char *next = stop != NULL ? stop + 1 : end;
        if ((size_t)(next - line) > length && strncasecmp(line, name, length) == 0) {
            line += length;
            while (line < next && *line == ' ')
                line++;
            while (next > line && (next[-1] == '\n' || next[-1] == '\r'))
                next--;
            *ret_size = (int)(next - line);
            return line;
        }
        line = next;
    }
    return NULL;
}

static void put_short(struct sipp_traces *t, const struct sipp_traced *m, struct buf *b)
{
    const char *first = m->bytes, *end = memchr(first, '\n', m->size);
    int size = 0, length = (int)(end != NULL ? (size_t)(end - first) : m->size);
    const char *cseq = header(m, "CSeq:", &size);
    if (length > 0 && first[length - 1] == '\r')
        length--;
    buf_clear(b);
    sipp_csv_time(t->is_rfc3339, m->real_ns, b);
    buf_printf(b, "\t%c\t%.*s\tCSeq:%.*s\t%.*s\n", m->is_sent ? 'S' : 'R', (int)m->call_id_size,
               m->call_id, size, cseq != NULL ? cseq : "", length, first);
    put(t, SIPP_TRACE_SHORTMSG, buf_str(b), b->size, false);
}

static void put_whole(struct sipp_traces *t, const struct sipp_traced *m, struct buf *b)
{
    const time_t seconds = (time_t)(m->real_ns / NS_PER_S);
    char at[32];
    struct tm local;
    localtime_r(&seconds, &local);
    strftime(at, sizeof at, "%Y-%m-%d %H:%M:%S", &local);
    buf_clear(b);
    buf_printf(b, "----------------------------------------------- %s.%06u\n", at,
               (unsigned)(m->real_ns % NS_PER_S / NS_PER_US));
    if (m->is_sent)
        buf_printf(b, "%s message sent (%zu bytes):\n\n", m->transport, m->size);
    else
        buf_printf(b, "%s message received [%zu] bytes :\n\n", m->transport, m->size);
    buf_append(b, m->bytes, m->size);
    buf_append_str(b, "\n");
    put(t, SIPP_TRACE_MSG, buf_str(b), b->size, false);
}

void sipp_traces_message(struct sipp_traces *t, const struct sipp_traced *m)
{
    struct buf b;
    buf_init(&b);
    pthread_mutex_lock(&t->lock);
    if (sipp_traces_is_on(t, SIPP_TRACE_MSG))
        put_whole(t, m, &b);
    if (sipp_traces_is_on(t, SIPP_TRACE_SHORTMSG))
        put_short(t, m, &b);
    pthread_mutex_unlock(&t->lock);
    buf_finish(&b);
}

void sipp_traces_line(struct sipp_traces *t, enum sipp_trace_kind kind, uint64_t real_ns,
                      const char *text)
{
    struct buf b;
    if (!sipp_traces_is_on(t, kind))
        return;
    buf_init(&b);
    sipp_csv_time(t->is_rfc3339, real_ns, &b);
    buf_printf(&b, ": %s\n", text);
    pthread_mutex_lock(&t->lock);
    put(t, kind, buf_str(&b), b.size, true);
    pthread_mutex_unlock(&t->lock);
    buf_finish(&b);
}
