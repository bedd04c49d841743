/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reader: one request at a time from the owner to the thread (a semaphore) and back (an eventfd),
 * which order all access to what they share. Thread rule in reader.h.
 */
#include "control/top/reader.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { PATIENCE_MS = 200 };

struct top_reader {
    struct top_source source;
    pthread_t thread;
    sem_t wanted;
    atomic_bool stopping;
    int answered; /* eventfd */
    struct top_reading reading;
    struct err e;
    int result;
};

static void *run(void *arg)
{
    static const uint64_t one = 1;
    struct top_reader *r = arg;
    for (;;) {
        while (sem_wait(&r->wanted) < 0)
            continue;
        if (atomic_load(&r->stopping))
            break;
        top_reading_init(&r->reading);
        err_clear(&r->e);
        r->result = top_source_read(&r->source, &r->reading, &r->e);
        if (write(r->answered, &one, sizeof one) < 0)
            break; /* never: a counter takes it */
    }
    top_source_close(&r->source); /* asks libvirt too */
    return NULL;
}

static int start(struct top_reader *r, struct err *e)
{
    r->answered = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->answered < 0)
        return err_set(e, -errno, "top: no eventfd: %s", strerror(errno));
    sem_init(&r->wanted, 0, 0);
    const int code = -pthread_create(&r->thread, NULL, run, r);
    if (code < 0)
        close(r->answered);
    return code < 0 ? err_set(e, code, "top: no thread: %s", strerror(-code)) : 0;
}

int top_reader_start(struct top_reader **ret, const struct top_source *source, struct err *e)
{
    struct top_source own = *source;
    struct top_reader *r = calloc(1, sizeof *r);
    int code = r == NULL ? err_set(e, -ENOMEM, "top: out of memory") : 0;
    if (r != NULL) {
        r->source = own;
        code = start(r, e);
    }
    if (code < 0) {
        top_source_close(&own);
        free(r);
        return code;
    }
    *ret = r;
    return 0;
}

bool top_reader_stop(struct top_reader *r)
{
    if (r == NULL)
        return true;
    const uint64_t until_ns = clock_real_ns() + PATIENCE_MS * NS_PER_MS;
    const struct timespec until = {(time_t)(until_ns / NS_PER_S), (long)(until_ns % NS_PER_S)};
    atomic_store(&r->stopping, true);
    sem_post(&r->wanted);
    if (pthread_timedjoin_np(r->thread, NULL, &until) != 0) {
        pthread_detach(r->thread);
        return false;
    }
    top_reading_finish(&r->reading); /* one that nobody took */
    close(r->answered);
    sem_destroy(&r->wanted);
    free(r);
    return true;
}

int top_reader_fd(const struct top_reader *r)
{
    return r->answered;
}

void top_reader_ask(struct top_reader *r)
{
    sem_post(&r->wanted);
}

int top_reader_take(struct top_reader *r, struct top_reading *ret, struct err *e)
{
    uint64_t count;
    if (read(r->answered, &count, sizeof count) < 0)
        return err_set(e, -errno, "top: nothing was read yet");
    *ret = r->reading;
    memset(&r->reading, 0, sizeof r->reading);
    if (r->result < 0 && e != NULL)
        *e = r->e;
    return r->result;
}
