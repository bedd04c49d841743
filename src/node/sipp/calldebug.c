/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calldebug: see the header. Chains by the call's number.
 */
#include "node/sipp/calldebug.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/sipp/csv.h"

struct calldebug_entry {
    struct calldebug_entry *next;
    uint64_t number;
    struct buf text;
};

static const char *const event_words[CALL_EVENT_COUNT] = {
    [CALL_SENT] = "done",
    [CALL_RECEIVED] = "received",
    [CALL_RETRANS_SENT] = "sent again",
    [CALL_RETRANS_RECEIVED] = "received again",
    [CALL_TIMEOUT] = "time-out",
    [CALL_UNEXPECTED_MESSAGE] = "unexpected message",
    [CALL_LOST] = "lost on purpose",
    [CALL_AUTO_ANSWERED] = "answered outside the scenario",
    [CALL_IGNORED] = "ignored",
};

int sipp_calldebug_init(struct sipp_calldebug *d, bool is_rfc3339)
{
    d->is_rfc3339 = is_rfc3339;
    d->buckets = calloc(CALLDEBUG_BUCKETS, sizeof(struct calldebug_entry *));
    return d->buckets != NULL ? 0 : -ENOMEM;
}

static void drop(struct calldebug_entry *e)
{
    buf_finish(&e->text);
    free(e);
}

void sipp_calldebug_finish(struct sipp_calldebug *d)
{
    for (int i = 0; d->buckets != NULL && i < CALLDEBUG_BUCKETS; i++)
        while (d->buckets[i] != NULL) {
            struct calldebug_entry *e = d->buckets[i];
            d->buckets[i] = e->next;
            drop(e);
        }
    free(d->buckets);
    d->buckets = NULL;
}

static struct calldebug_entry **find(struct sipp_calldebug *d, uint64_t number)
{
    struct calldebug_entry **at = &d->buckets[number % CALLDEBUG_BUCKETS];
    while (*at != NULL && (*at)->number != number)
        at = &(*at)->next;
    return at;
}

void sipp_calldebug_event(struct sipp_calldebug *d, const struct scenario *s, uint64_t number,
                          unsigned step, enum call_event event, uint64_t real_ns)
{
    struct calldebug_entry **at = find(d, number);
    struct scenario_step_info info;
    if (*at == NULL) {
        if ((*at = calloc(1, sizeof **at)) == NULL)
            return;
        (*at)->number = number;
        buf_init(&(*at)->text);
    }
    struct buf *out = &(*at)->text;
    sipp_csv_time(d->is_rfc3339, real_ns, out);
    if (step < scenario_step_count(s)) {
        scenario_get_step(s, step, &info);
        buf_printf(out, "\tstep %u (line %d) %s: %s\n", step, info.line,
                   info.text[0] != '\0' ? info.text : "pause", event_words[event]);
    } else {
        buf_printf(out, "\tof no step: %s\n", event_words[event]);
    }
}

void sipp_calldebug_end(struct sipp_calldebug *d, uint64_t number, struct buf *out)
{
    struct calldebug_entry **at = find(d, number);
    struct calldebug_entry *e = *at;
    if (e == NULL)
        return;
    if (out != NULL)
        buf_append(out, buf_str(&e->text), e->text.size);
    *at = e->next;
    drop(e);
}
