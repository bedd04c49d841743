/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scenario_fuzz: any bytes as a scenario, and any bytes into a call. The input is split by NUL
 * bytes: the scenario's XML, then messages (those that begin with '!' are commands of a twin). A
 * scenario that is refused leaves a built-in one in its place. Everything that a call saved must
 * be given back.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "node/scenario/call.h"
#include "node/scenario/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static unsigned sent;

static int on_send(void *driver, struct call *c, const void *bytes, size_t size, unsigned flags)
{
    (void)driver;
    (void)c;
    (void)flags;
    sent += size > 0 && ((const char *)bytes)[size - 1] != 0;
    return sent % 7 == 6 ? -1 : 0;
}

static int on_command(void *driver, struct call *c, const char *dest, const void *bytes,
                      size_t size)
{
    return on_send(driver, c, bytes, size, (unsigned)strlen(dest));
}

static void on_ended(void *driver, struct call *c, enum call_cause cause, uint64_t now_ns)
{
    (void)driver;
    (void)now_ns;
    if (!call_cause_name(cause)[0] || call_next_due(c) != CALL_NEVER) {
        abort();
    }
}

static const struct call_ops ops = {.send = on_send, .command = on_command, .ended = on_ended};
static const struct call_facts facts = {"192.0.2.2", "peer",      "5060", "192.0.2.1", "4",  "5060",
                                        "192.0.2.9", "192.0.2.3", "4",    "UDP",       false};

static void run_call(struct scenario *s, struct call_env *env, const char *bytes, size_t size)
{
    struct call_start start = {.facts = &facts, .number = 1, .user = 1};
    struct call *c = aligned_alloc(16, scenario_call_size(s));
    uint64_t now = NS_PER_S;
    enum call_result result;

    if (!c) {
        abort();
    }
    call_run_init(s, env, now, NULL);
    result = call_start(c, s, env, &start, now);
    for (int i = 0; i < 40 && result == CALL_RUNNING; i++) {
        const char *end = size ? memchr(bytes, 0, size) : NULL;
        size_t part = end ? (size_t)(end - bytes) : size;

        if (part > 0) {
            result = bytes[0] == '!' ? call_on_command(c, "", bytes + 1, part - 1, now)
                                     : call_on_message(c, bytes, part, now);
        } else if (call_next_due(c) != CALL_NEVER) {
            now = call_next_due(c) > now ? call_next_due(c) : now + 1;
            result = call_on_timer(c, now);
        }
        bytes += end ? part + 1 : part;
        size -= end ? part + 1 : part;
    }
    if (result == CALL_RUNNING) {
        call_abort(c, CALL_STOPPED, now);
    }
    call_finish(c);
    free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static char scratch[CALL_SCRATCH_BYTES] __attribute__((aligned(16)));
    const char *text = (const char *)bytes, *end = size ? memchr(text, 0, size) : NULL;
    size_t part = end ? (size_t)(end - text) : size;
    struct scenario_options o;
    struct scenario *s = NULL;
    struct rand_state rand;
    struct call_env env = {.ops = &ops, .rand = &rand, .scratch = scratch};

    env.scratch_size = sizeof(scratch);
    env.store = call_store_create(1, 0);
    rand_init(&rand, size);
    scenario_options_default(&o);
    if (scenario_load_text("fuzz.xml", text, part, &o, &s, NULL) < 0 &&
        scenario_load(size % 2 ? "uas" : "regexp", &o, &s, NULL) < 0) {
        abort();
    }
    run_call(s, &env, text + (end ? part + 1 : part), size - (end ? part + 1 : part));
    if (call_store_used(env.store) != 0) {
        abort();
    }
    scenario_destroy(s);
    call_store_destroy(env.store);
    return 0;
}
