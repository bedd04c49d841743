/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rfc2544: two more ways from the levels measured so far to the next one, after RFC 2544: the
 * throughput (§26.1: halving, as TST009 §12.3.2 does) and the loss rate (§26.3: from the top down,
 * until two successive levels lose nothing). Points and steps are those of ladder.h. Pure. Any
 * thread.
 */
#ifndef VAPERF_CONTROL_SEARCH_RFC2544_H
#define VAPERF_CONTROL_SEARCH_RFC2544_H

#include "control/search/ladder.h"

extern const struct opt throughput_options_table[], loss_rate_options_table[];

/* -EINVAL. */
int throughput_check(const struct ladder_options *o, struct err *e);
int loss_rate_check(const struct ladder_options *o, struct err *e);
/* points: in the order measured. */
void throughput_next(const struct ladder_options *o, const struct ladder_point *points,
                     size_t count, struct ladder_step *ret);
void loss_rate_next(const struct ladder_options *o, const struct ladder_point *points, size_t count,
                    struct ladder_step *ret);

#endif
