/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reader: reads the source in a thread of its own, so that keys and signals are heard while a
 * far or dead libvirt does not answer. All functions are for the thread that started it.
 */
#ifndef VAPERF_CONTROL_TOP_READER_H
#define VAPERF_CONTROL_TOP_READER_H

#include "control/top/source.h"

struct top_reader;

/* Takes the source, also when it fails; its texts may still be read by the caller, who keeps the
 * struct. */
int top_reader_start(struct top_reader **ret, const struct top_source *source, struct err *e);
/* Closes the source. A libvirt that does not answer is not waited for: false, and the thread is
 * left to itself, with what it holds, to the end of the process. NULL is fine: true. */
bool top_reader_stop(struct top_reader *r);

int top_reader_fd(const struct top_reader *r); /* readable when there is something to take */
/* Asks for one reading; not again before it was taken. */
void top_reader_ask(struct top_reader *r);
/* What the source said, once the descriptor was readable (-EAGAIN before); the reading is the
 * caller's then, also of a failure. */
int top_reader_take(struct top_reader *r, struct top_reading *ret, struct err *e);

#endif
