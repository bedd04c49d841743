/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * capture_absent: what stands in for capture where libpcap cannot be linked.
 */
#include <errno.h>

#include "node/pcap/capture.h"

int capture_supported(struct err *e)
{
    return err_set(e, -ENOTSUP, "the static vaperf-node reads no capture files");
}

int capture_load(struct capture *ret, const char *path, struct err *e)
{
    (void)ret;
    return err_set(e, -ENOTSUP, "%s: the static vaperf-node reads no capture files", path);
}

void capture_finish(struct capture *c)
{
    (void)c;
}
