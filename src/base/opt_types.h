/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * opt_types: what opt.c, opt_json.c and opt_argv.c know of each type. Not for others.
 */
#ifndef VAPERF_BASE_OPT_TYPES_H
#define VAPERF_BASE_OPT_TYPES_H

#include "base/opt.h"

enum { OPT_TYPE_COUNT = OPT_CPUS + 1 };

struct opt_type_info {
    const char *name;   /* in `describe` */
    const char *word;   /* in the help */
    const char *wanted; /* "... is not <wanted>" */
    size_t size;        /* of the member of the options struct */
};

extern const struct opt_type_info opt_types[OPT_TYPE_COUNT];

#endif
