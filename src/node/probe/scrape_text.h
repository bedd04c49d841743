/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scrape_text: lines of "name value" as programs give their figures: the Prometheus text format
 * (version 0.0.4: name{label="x"} value [time], # TYPE name counter), and anything simpler such as
 * snmpwalk -Oqs. Pure; any bytes.
 */
#ifndef VAPERF_NODE_PROBE_SCRAPE_TEXT_H
#define VAPERF_NODE_PROBE_SCRAPE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "rpc/sample.h"

struct scrape_line {
    char name[SAMPLE_NAME_MAX]; /* labels' values behind it: "packets_total.rtp"; cut when too long
                                 */
    enum sample_kind kind;      /* counter: by its TYPE line, or a name that ends in _total */
    double value;
};

/* Lines without a name and a finite number are left out; of equal names the first counts. Returns
 * how many there are, of which at most `room` are written. */
size_t scrape_parse(const char *text, struct scrape_line *ret, size_t room);

#endif
