/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_media: the media of the workload's calls: one shard of callmedia for each of calls. Threads:
 * as the functions' callers.
 */
#include <stdlib.h>

#include "node/workload/sip_private.h"

uint64_t sip_read_media(const struct sip_shard *shard, enum media_count c)
{
    return shard->media == NULL
               ? 0
               : atomic_load_explicit(&callmedia_get_figures(shard->media)->count[c],
                                      memory_order_relaxed);
}

void sip_report_media(json_t *report, void *const shards[], uint32_t count)
{
    struct media_figures **all = calloc((size_t)count + 1, sizeof(struct media_figures *));
    uint32_t n = 0;

    for (uint32_t i = 0; i < count && all != NULL; i++) {
        const struct sip_shard *shard = shards[i];
        if (shard->media != NULL) {
            callmedia_settle(shard->media);
            all[n++] = callmedia_get_figures(shard->media);
        }
    }
    if (n > 0) {
        json_object_set_new(report, "media",
                            media_figures_to_json(all, n, json_object_get(report, "metrics")));
    }
    free(all);
}
