/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * call_state: where the parts of a call lie, what it keeps, and what a driver asks of it. Thread
 * rule: the call's.
 */
#include "node/scenario/call_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "node/scenario/inject.h"
#include "node/scenario/store.h"

enum {
    OUT_AT = 0,
    LAST_AT = 64 * 1024,
    AUX_AT = 136 * 1024,
    MORE_AT = 192 * 1024,
    LAST_BYTES = AUX_AT - LAST_AT - (int)sizeof(struct sip_message),
};
_Static_assert((int)LAST_BYTES >= (int)CALL_MESSAGE_MAX, "a whole message can be restored");

size_t call_state_size(const struct scenario *s)
{
    size_t size = sizeof(struct call) + s->call_variables * sizeof(struct cell) +
                  s->rtd_count * sizeof(uint64_t) + s->txn_count * sizeof(struct txn) +
                  inject_file_count(s->inject) * sizeof(uint32_t);

    return (size + 15) / 16 * 16;
}

struct cell *call_cells(struct call *c)
{
    return (struct cell *)(void *)(c + 1);
}

uint64_t *call_rtds(struct call *c)
{
    return (uint64_t *)(void *)(call_cells(c) + c->s->call_variables);
}

struct txn *call_txns(struct call *c)
{
    return (struct txn *)(void *)(call_rtds(c) + c->s->rtd_count);
}

uint32_t *call_lines(struct call *c)
{
    return (uint32_t *)(void *)(call_txns(c) + c->s->txn_count);
}

char *call_scratch(struct call *c, int part)
{
    static const size_t at[] = {[SCRATCH_OUT] = OUT_AT,
                                [SCRATCH_LAST] = LAST_AT,
                                [SCRATCH_AUX] = AUX_AT,
                                [SCRATCH_MORE] = MORE_AT};

    return c->env->scratch + at[part];
}

void call_keep(struct call *c, uint32_t *handle, const char *bytes, size_t size)
{
    call_store_remove(c->env->store, *handle);
    *handle = call_store_add(c->env->store, bytes, size);
}

const struct sip_message *call_last(struct call *c)
{
    struct sip_message *m = (struct sip_message *)(void *)call_scratch(c, SCRATCH_LAST);
    char *bytes = (char *)(m + 1);
    size_t n;

    if (!c->last && c->last_recv) {
        n = call_store_read(c->env->store, c->last_recv, bytes, LAST_BYTES);
        c->last = sip_parse(m, bytes, n) == 0 ? m : NULL;
    }
    return c->last;
}

void call_finish(struct call *c)
{
    uint32_t *handles[] = {&c->call_id,  &c->last_sent, &c->last_recv, &c->peer_tag,
                           &c->next_url, &c->routes,    &c->challenge};

    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        call_store_remove(c->env->store, *handles[i]);
        *handles[i] = 0;
    }
    for (unsigned i = 0; i < c->s->call_variables; i++) {
        struct cell *cell = &call_cells(c)[i];

        if (cell->kind == VALUE_TEXT) {
            call_store_remove(c->env->store, cell->u.text);
            cell->kind = VALUE_NONE;
        }
    }
    shared_give_circuit(c->s->shared, c->circuit);
    c->circuit = -1;
    c->is_ended = true;
}

uint64_t call_next_due(const struct call *c)
{
    uint64_t due = c->wait_ns < c->retrans_ns ? c->wait_ns : c->retrans_ns;

    return due < c->giveup_ns ? due : c->giveup_ns;
}

unsigned call_get_step(const struct call *c)
{
    return c->step;
}

uint64_t call_get_number(const struct call *c)
{
    return c->number;
}

unsigned call_get_user(const struct call *c)
{
    return c->user;
}

void *call_get_owner(const struct call *c)
{
    return c->owner;
}

const struct scenario *call_get_scenario(const struct call *c)
{
    return c->s;
}

const struct call_facts *call_get_facts(const struct call *c)
{
    return c->facts;
}

void call_set_facts(struct call *c, const struct call_facts *facts)
{
    c->facts = facts;
}

int call_get_id(struct call *c, char *buffer, size_t size)
{
    struct out o = {.bytes = buffer, .capacity = size};

    render_call_id(c, &o);
    return o.code < 0 ? -ENOSPC : (int)o.size;
}

/* The value when the line is a Call-ID, in its long or compact form. */
static size_t call_id_of(const char *line, const char *end, const char **ret)
{
    const char *p = line;

    if (end - p > 7 && strncasecmp(p, "call-id", 7) == 0) {
        p += 7;
    } else if (*p == 'i' || *p == 'I') {
        p++;
    } else {
        return 0;
    }
    for (; p < end && (*p == ' ' || *p == '\t'); p++) {
    }
    if (p == end || *p++ != ':') {
        return 0;
    }
    for (; p < end && (*p == ' ' || *p == '\t'); p++) {
    }
    for (; end > p && strchr(" \t\r", end[-1]); end--) {
    }
    *ret = p;
    return (size_t)(end - p);
}

/* At one of its ends, in a line that is as it should be. */
static bool has_version(const char *line, const char *end)
{
    static const char word[] = "SIP/2.0";
    const size_t n = sizeof(word) - 1;
    const char *stop = end > line && end[-1] == '\r' ? end - 1 : end;

    return (size_t)(end - line) >= n &&
           (memcmp(line, word, n) == 0 ||
            ((size_t)(stop - line) >= n && memcmp(stop - n, word, n) == 0) ||
            memmem(line, (size_t)(end - line), word, n) != NULL);
}

/* Only as much of the message is read as filing it needs. */
size_t call_key(const void *bytes, size_t size, unsigned flags, const char **ret_key)
{
    const char *p = bytes, *all = p + size, *end = size ? memchr(p, '\n', size) : NULL;
    const char *id = NULL, *slashes;
    size_t n = 0;

    if (!end || !has_version(p, end)) {
        return 0;
    }
    for (p = end + 1; n == 0 && p < all && *p != '\r' && *p != '\n'; p = end + 1) {
        end = memchr(p, '\n', (size_t)(all - p));
        if (!end) {
            break;
        }
        n = call_id_of(p, end, &id);
    }
    if (n == 0) {
        return 0;
    }
    slashes = flags & SCENARIO_CALLID_SLASH_IGN ? NULL : memchr(id, '/', n);
    slashes = slashes ? memmem(id, n, "///", 3) : NULL;
    *ret_key = slashes ? slashes + 3 : id;
    return slashes ? n - (size_t)(slashes + 3 - id) : n;
}

const char *call_cause_name(enum call_cause cause)
{
    static const char *const names[CALL_CAUSE_COUNT] = {
        [CALL_GOOD] = "good",
        [CALL_CANNOT_SEND] = "cannot send",
        [CALL_MAX_RETRANS] = "no answer to the last retransmission",
        [CALL_CONNECT_FAILED] = "connection failed",
        [CALL_CONNECTION_CLOSED] = "connection closed",
        [CALL_UNEXPECTED] = "unexpected message",
        [CALL_REJECTED] = "rejected",
        [CALL_COMMAND_NOT_SENT] = "command not sent",
        [CALL_REGEXP_NO_MATCH] = "regexp does not match",
        [CALL_REGEXP_MATCH] = "regexp should not match",
        [CALL_REGEXP_NO_HEADER] = "regexp: no such header",
        [CALL_CONGESTION] = "outbound congestion",
        [CALL_RECV_TIMEOUT] = "timeout on recv",
        [CALL_SEND_TIMEOUT] = "timeout on send",
        [CALL_TEST_FALSE] = "test does not match",
        [CALL_TEST_TRUE] = "test should not match",
        [CALL_STRCMP_FALSE] = "strcmp does not match",
        [CALL_STRCMP_TRUE] = "strcmp should not match",
        [CALL_STOPPED] = "stopped",
        [CALL_ACTION_ERROR] = "an action failed",
        [CALL_UNANSWERED] = "unanswered at the end",
    };

    return (unsigned)cause < CALL_CAUSE_COUNT ? names[cause] : "?";
}
