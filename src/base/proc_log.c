/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * proc_log: two pipes, a thread that reads them, and two rows of bytes: the first ones stay, the
 * last ones go round. Not a file: it would need a place and a size in every kind of machine. The
 * mutex guards the rows.
 */
#include "base/proc_log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/str.h"

enum { CHUNK = 4096, PIPES = 2 };

struct proc_log {
    int fds[PIPES], end_fd; /* -1: closed */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex;
    uint64_t size; /* of all that was said */
    char first[PROC_LOG_FIRST_BYTES], last[PROC_LOG_LAST_BYTES];
};

static void keep(struct proc_log *l, const char *bytes, size_t size)
{
    pthread_mutex_lock(&l->mutex);
    for (size_t i = 0; i < size; i++, l->size++) {
        if (l->size < PROC_LOG_FIRST_BYTES)
            l->first[l->size] = bytes[i];
        else
            l->last[(l->size - PROC_LOG_FIRST_BYTES) % PROC_LOG_LAST_BYTES] = bytes[i];
    }
    pthread_mutex_unlock(&l->mutex);
}

/* false: nothing is there now, or never again (then it is closed). */
static bool read_some(struct proc_log *l, int which)
{
    char bytes[CHUNK];
    ssize_t n = read(l->fds[which], bytes, sizeof bytes);
    if (n > 0)
        keep(l, bytes, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(l->fds[which]);
        l->fds[which] = -1;
    }
    return n > 0;
}

static void *run(void *arg)
{
    struct proc_log *l = arg;
    struct pollfd fds[PIPES + 1] = {{.events = POLLIN}, {.events = POLLIN}, {.events = POLLIN}};
    fds[PIPES].fd = l->end_fd;
    while (l->fds[0] >= 0 || l->fds[1] >= 0) {
        for (int i = 0; i < PIPES; i++)
            fds[i].fd = l->fds[i];
        if (poll(fds, PIPES + 1, -1) < 0 && errno != EINTR)
            break;
        for (int i = 0; i < PIPES; i++)
            if (fds[i].fd >= 0 && fds[i].revents != 0)
                read_some(l, i);
        if (fds[PIPES].revents != 0)
            break;
    }
    return NULL;
}

static int start(struct proc_log *l, struct err *e)
{
    l->end_fd = eventfd(0, EFD_CLOEXEC);
    if (l->end_fd < 0)
        return err_set(e, -errno, "a log: eventfd: %s", strerror(errno));
    for (int i = 0; i < PIPES; i++)
        if (fcntl(l->fds[i], F_SETFL, O_NONBLOCK) < 0)
            return err_set(e, -errno, "a log: its pipe: %s", strerror(errno));
    int r = pthread_create(&l->thread, NULL, run, l);
    l->has_thread = r == 0;
    return r == 0 ? 0 : err_set(e, -r, "a log: its thread: %s", strerror(r));
}

int proc_log_open(struct proc_log **ret, struct proc *p, struct err *e)
{
    struct proc_log *l = calloc(1, sizeof *l);
    if (l == NULL)
        return err_set(e, -ENOMEM, "a log: out of memory");
    pthread_mutex_init(&l->mutex, NULL);
    l->fds[0] = p->out_fd;
    l->fds[1] = p->err_fd;
    int r = start(l, e);
    if (r < 0) {
        l->fds[0] = l->fds[1] = -1;
        proc_log_close(l);
        return r;
    }
    p->out_fd = p->err_fd = -1;
    *ret = l;
    return 0;
}

/* With the mutex. */
static void append_kept(const struct proc_log *l, struct buf *ret)
{
    const uint64_t size = l->size, room = PROC_LOG_LAST_BYTES;
    const uint64_t behind = size > PROC_LOG_FIRST_BYTES ? size - PROC_LOG_FIRST_BYTES : 0;
    buf_append(ret, l->first, (size_t)(size - behind));
    if (behind > room) {
        buf_printf(ret, "\n[%llu bytes left out]\n", (unsigned long long)(behind - room));
        buf_append(ret, l->last + behind % room, (size_t)(room - behind % room));
        buf_append(ret, l->last, (size_t)(behind % room));
    } else {
        buf_append(ret, l->last, (size_t)behind);
    }
}

void proc_log_text(struct proc_log *l, struct buf *ret)
{
    if (l == NULL)
        return;
    pthread_mutex_lock(&l->mutex);
    append_kept(l, ret);
    pthread_mutex_unlock(&l->mutex);
}

void proc_log_take(struct proc_log *l, struct buf *ret)
{
    if (l == NULL)
        return;
    pthread_mutex_lock(&l->mutex);
    append_kept(l, ret);
    l->size = 0;
    pthread_mutex_unlock(&l->mutex);
}

const char *proc_log_last_line(struct proc_log *l, char *ret, size_t room)
{
    struct buf text;
    ret[0] = '\0';
    buf_init(&text);
    proc_log_text(l, &text);
    while (text.size > 0 && strchr("\r\n ", text.data[text.size - 1]) != NULL)
        text.data[--text.size] = '\0';
    if (text.size > 0) {
        const char *line = strrchr(text.data, '\n');
        str_printf(ret, room, ": %s", line != NULL ? line + 1 : text.data);
    }
    buf_finish(&text);
    return ret;
}

void proc_log_end(struct proc_log *l)
{
    if (l == NULL)
        return;
    if (l->has_thread) {
        eventfd_write(l->end_fd, 1);
        pthread_join(l->thread, NULL);
    }
    l->has_thread = false;
    for (int i = 0; i < PIPES; i++) {
        while (l->fds[i] >= 0 && read_some(l, i))
            ;
        if (l->fds[i] >= 0)
            close(l->fds[i]);
        l->fds[i] = -1;
    }
}

void proc_log_close(struct proc_log *l)
{
    if (l == NULL)
        return;
    proc_log_end(l);
    if (l->end_fd >= 0)
        close(l->end_fd);
    pthread_mutex_destroy(&l->mutex);
    free(l);
}
