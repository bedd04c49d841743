/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * failure: see failure.h.
 */
#include "node/calls/failure.h"

#include <string.h>

#include "base/str.h"

enum { EXPECTED_MAX = 160, TEXT_MAX = 480 };

/* By these a message ended the call; by others it only happened to be at hand. */
static bool is_by_message(enum call_cause cause)
{
    return cause == CALL_UNEXPECTED || cause == CALL_REJECTED;
}

static bool is_by_silence(enum call_cause cause)
{
    return cause == CALL_MAX_RETRANS || cause == CALL_RECV_TIMEOUT || cause == CALL_SEND_TIMEOUT ||
           cause == CALL_UNANSWERED;
}

void failure_note(struct failure *f, enum call_cause cause, const struct call *c, const char *bytes,
                  size_t size)
{
    size_t n = 0;

    if (atomic_load_explicit(&f->is_noted, memory_order_relaxed) || cause == CALL_GOOD) {
        return;
    }
    f->scenario = call_get_scenario(c);
    f->step = call_get_step(c);
    f->has_received = bytes != NULL && is_by_message(cause);
    for (; f->has_received && n < size && n + 1 < sizeof(f->received); n++) {
        if (bytes[n] == '\r' || bytes[n] == '\n') {
            break;
        }
        f->received[n] = (char)(bytes[n] >= ' ' && bytes[n] <= '~' ? bytes[n] : '?');
    }
    f->received[n] = '\0';
    atomic_store_explicit(&f->is_noted, true, memory_order_release);
}

/* "100, 180 or 200": optional messages and the one that is not, from the step on. The number of
 * them; 0: the step waits for no message. */
static unsigned list_expected(const struct scenario *s, unsigned step, char *text, size_t size)
{
    const unsigned steps = scenario_step_count(s);
    struct scenario_step_info info, next;
    unsigned count = 0;
    size_t used = 0;

    text[0] = '\0';
    for (; step < steps; step++) {
        scenario_get_step(s, step, &info);
        if (info.kind != SCENARIO_RECV || used >= size) {
            break;
        }
        bool is_last = !info.is_optional || step + 1 == steps;
        if (!is_last) {
            scenario_get_step(s, step + 1, &next);
            is_last = next.kind != SCENARIO_RECV;
        }
        used += str_printf(text + used, size - used, "%s%s",
                           count == 0 ? ""
                           : is_last  ? " or "
                                      : ", ",
                           info.text);
        count++;
        if (is_last) {
            break;
        }
    }
    return count;
}

static void say(const struct failure *f, enum call_cause cause, const char *expected, char *text,
                size_t size)
{
    static const char *const doing[] = {"while sending",  "while waiting for", "in the pause",
                                        "at an action",   "while sending",     "while waiting",
                                        "in the timewait"};
    struct scenario_step_info info = {0};
    const char *name = scenario_name(f->scenario);
    size_t used;

    if (f->step >= scenario_step_count(f->scenario)) {
        str_printf(text, size, "scenario %s, at its end", name);
        return;
    }
    scenario_get_step(f->scenario, f->step, &info);
    used = str_printf(text, size, "scenario %s, step %u (line %d), %s%s%s", name, f->step,
                      info.line, doing[info.kind], info.kind <= SCENARIO_RECV ? " " : "",
                      info.kind == SCENARIO_RECV ? expected : info.text);
    if (used < size && f->has_received) {
        str_printf(text + used, size - used, ": \"%s\" came", f->received);
    } else if (used < size && info.kind == SCENARIO_RECV && is_by_silence(cause)) {
        str_printf(text + used, size - used, ": none came");
    }
}

/* What came is the request that the scenario began with: whoever was to pass it on gave it back. */
static bool is_own_request(const struct failure *f)
{
    struct scenario_step_info info;

    for (unsigned i = 0; f->has_received && i < scenario_step_count(f->scenario); i++) {
        scenario_get_step(f->scenario, i, &info);
        if (info.kind == SCENARIO_SEND) {
            const size_t n = strlen(info.text);

            return strncmp(f->received, info.text, n) == 0 && f->received[n] == ' ';
        }
        if (info.kind == SCENARIO_RECV) {
            return false;
        }
    }
    return false;
}

/* What it may be that cannot be seen at this end; NULL: nothing. */
static const char *find_hint(const struct failure *f)
{
    if (is_own_request(f)) {
        return "the call came back to who began it: a proxy needs somebody else to pass it on to "
               "(its next_hop; in a plan, called: {type: sip-uas} of the load)";
    }
    if (f->has_received && strncmp(f->received, "SIP/2.0 404", 11) == 0) {
        return "the server knows nobody of that name: a proxy needs somebody to pass it on to (its "
               "next_hop; in a plan, called: {type: sip-uas} of the load), or users who registered";
    }
    return NULL;
}

json_t *failure_to_json(const struct failure *f, enum call_cause cause)
{
    static const char *const kinds[] = {"send",    "recv",    "pause",   "nop",
                                        "sendCmd", "recvCmd", "timewait"};
    char expected[EXPECTED_MAX], text[TEXT_MAX];
    struct scenario_step_info info;
    const char *hint;
    json_t *o;
    bool is_wait;

    if (!atomic_load_explicit(&f->is_noted, memory_order_acquire)) {
        return NULL;
    }
    is_wait = list_expected(f->scenario, f->step, expected, sizeof(expected)) > 0;
    say(f, cause, expected, text, sizeof(text));
    o = json_pack("{s:s, s:s, s:I, s:o, s:o, s:s}", "cause", call_cause_name(cause), "scenario",
                  scenario_name(f->scenario), "step", (json_int_t)f->step, "expected",
                  is_wait ? json_string(expected) : json_null(), "received",
                  f->has_received ? json_string(f->received) : json_null(), "text", text);
    if (f->step < scenario_step_count(f->scenario)) {
        scenario_get_step(f->scenario, f->step, &info);
        json_object_set_new(o, "line", json_integer(info.line));
        json_object_set_new(o, "kind", json_string(kinds[info.kind]));
    }
    if ((hint = find_hint(f)) != NULL) {
        json_object_set_new(o, "hint", json_string(hint));
    }
    return o;
}
