/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * trace: the log files that SIPp writes beside a run: messages whole or a line each, errors, what
 * <log> says, screens, figures. The files of traces that are on are made at the beginning, another
 * when the first line goes into it. Any thread may write; each piece is whole.
 */
#ifndef VAPERF_NODE_SIPP_TRACE_H
#define VAPERF_NODE_SIPP_TRACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "node/sipp/options.h"
#include "node/sipp/trace_ring.h"

enum { SIPP_TRACE_NAME_MAX = 256, SIPP_TRACE_STEM_MAX = 160 };

struct sipp_traces {
    pthread_mutex_t lock;
    char name[SIPP_TRACE_COUNT][SIPP_TRACE_NAME_MAX];
    FILE *file[SIPP_TRACE_COUNT];
    uint64_t written[SIPP_TRACE_COUNT];
    bool is_on[SIPP_TRACE_COUNT], appends[SIPP_TRACE_COUNT];
    bool is_rfc3339;
    uint64_t most_bytes; /* of a log, 0: no limit */
    uint64_t ring_bytes; /* a log that is larger begins anew; 0: none does */
    unsigned ring_files; /* so many older ones are kept */
    struct sipp_ring ring[SIPP_TRACE_COUNT];
    uint64_t begun_s[SIPP_TRACE_COUNT]; /* when its file was opened, wall clock */
    char stem[SIPP_TRACE_STEM_MAX];     /* <scenario>_<pid> */
    int error;                          /* the first that writing met, -errno */
    enum sipp_trace_kind failed;        /* whose it was */
};

/* Names the files: <scenario>_<pid>_messages.log and so on, where an option does not. */
void sipp_traces_init(struct sipp_traces *t, const struct sipp_options *o, const char *scenario,
                      uint32_t process_id);
/* Opens those that are on, so that a name that is no good is told before the first call: 0, or
 * -errno with the file's name. */
int sipp_traces_open(struct sipp_traces *t, struct err *e);
/* 0, or -errno with the file's name when something could not be written. */
int sipp_traces_finish(struct sipp_traces *t, struct err *e);

/* As keys and commands change it. */
void sipp_traces_set(struct sipp_traces *t, enum sipp_trace_kind kind, bool on);
bool sipp_traces_is_on(const struct sipp_traces *t, enum sipp_trace_kind kind);

/* A message that went or came, into both files of messages. real_ns: the wall clock. */
struct sipp_traced {
    const char *transport; /* "UDP" */
    bool is_sent;
    uint64_t real_ns;
    const char *call_id;
    size_t call_id_size;
    const void *bytes;
    size_t size;
};
void sipp_traces_message(struct sipp_traces *t, const struct sipp_traced *m);

/* A line with the time in front: errors and logs. */
void sipp_traces_line(struct sipp_traces *t, enum sipp_trace_kind kind, uint64_t real_ns,
                      const char *text);
/* Text as it is: rows of figures, screens. Flushed when `flush`. */
void sipp_traces_text(struct sipp_traces *t, enum sipp_trace_kind kind, const char *text,
                      size_t size, bool flush);

#endif
