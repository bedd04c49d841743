/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plan_fuzz: any text as a plan, without a node and with one: an error with words, or a plan that
 * can be printed and stored.
 */
#include <stdlib.h>
#include <string.h>

#include "control/plan/fixture.h"
#include "control/plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(const char *text, const json_t *describe)
{
    struct plan *p = NULL;
    struct err e = {0};
    int r = plan_parse(&p, "fuzz.yaml", text, describe, &e);
    if (r < 0) {
        if (p != NULL || e.code != r || e.text[0] == '\0')
            abort();
        return;
    }
    FILE *out = fopen("/dev/null", "w");
    if (out == NULL || p->case_count == 0 || p->setup_count == 0)
        abort();
    plan_print(p, out);
    fclose(out);
    json_t *all = plan_to_json(p);
    if (all == NULL)
        abort();
    json_decref(all);
    plan_destroy(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    memcpy(text, bytes, size);
    text[size] = '\0';
    json_t *describe = fixture_describe();
    check(text, NULL);
    check(text, describe);
    json_decref(describe);
    free(text);
    return 0;
}
