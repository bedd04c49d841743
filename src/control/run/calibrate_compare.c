/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calibrate_compare: a plan against what its generators were found to carry alone: notes, and facts
 * of the hosts. Loads that cannot be calibrated are of no concern. The loop's thread.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/run/calibrate_partner.h"
#include "control/run/run_private.h"

static const struct plan_case *greatest_case(const struct plan *p, const struct plan_setup *s)
{
    const size_t lead = hunt_leading_load(s);
    const struct plan_case *most = NULL;
    for (size_t i = 0; i < p->case_count; i++)
        if (p->cases[i].setup == s && (most == NULL || hunt_level_of(p->cases[i].levels[lead]) >
                                                           hunt_level_of(most->levels[lead])))
            most = &p->cases[i];
    return most;
}

/* Without --setup the first that can be calibrated is: another one with other loads must be named.
 */
static const char *setup_words(struct run *r, const struct plan_setup *s, const char *key)
{
    const struct plan_setup *first = NULL;
    for (size_t i = 0; i < r->plan->setup_count && first == NULL; i++)
        if (calibrate_partner_check(r->plan, &r->plan->setups[i], NULL) == 0)
            first = &r->plan->setups[i];
    char *other = first != NULL ? calibrate_signature(r->plan, first, NULL) : NULL;
    const bool same = other != NULL && strcmp(other, key) == 0;
    free(other);
    return same ? "" : arena_printf(&r->arena, " --setup '%s'", s->name);
}

/* "" when all is known and enough. */
static void judge(struct run *r, const struct plan_setup *s, const char *key, const json_t *entry,
                  char text[ERR_TEXT_MAX])
{
    const struct plan_case *most = greatest_case(r->plan, s);
    const json_t *facts = calibrate_host_facts(r, s->generator);
    const double highest = json_number_or(entry, "highest", 0);
    const double wanted = most != NULL ? hunt_level_of(most->levels[hunt_leading_load(s)]) : 0;
    text[0] = '\0';
    if (entry == NULL)
        str_printf(text, ERR_TEXT_MAX,
                   "was never calibrated for these loads: vaperf calibrate %s%s", r->plan->path,
                   setup_words(r, s, key));
    else if (strcmp(json_str_or(entry, "kernel", ""), json_str_or(facts, "kernel", "")) != 0 ||
             strcmp(json_str_or(entry, "cpu_model", ""), json_str_or(facts, "cpu_model", "")) != 0)
        str_printf(text, ERR_TEXT_MAX,
                   "was calibrated with another kernel or CPU: vaperf calibrate %s%s",
                   r->plan->path, setup_words(r, s, key));
    else if (highest <= 0)
        str_printf(text, ERR_TEXT_MAX,
                   "was calibrated and carried not even the lowest level of these loads: vaperf "
                   "calibrate %s%s",
                   r->plan->path, setup_words(r, s, key));
    else if (wanted > highest)
        str_printf(text, ERR_TEXT_MAX, "carried %.0f %s alone, and setup %s asks for %.0f", highest,
                   json_str_or(entry, "option", ""), s->name, wanted);
}

/* told: the texts and, where something is to be done, the loads that were spoken of. */
static void compare(struct run *r, const struct plan_setup *s, const json_t *all, json_t *told)
{
    char text[ERR_TEXT_MAX], *key = calibrate_signature(r->plan, s, NULL);
    const json_t *entry =
        key != NULL ? json_object_get(json_object_get(all, s->generator->uri), key) : NULL;
    json_t *facts = (json_t *)(uintptr_t)calibrate_host_facts(r, s->generator);
    if (key == NULL)
        return;
    judge(r, s, key, entry, text);
    if (entry != NULL)
        json_object_set_new(facts, "calibrated_as_generator",
                            json_string(json_str_or(entry, "text", "")));
    const char *about = strstr(text, ": vaperf calibrate ") != NULL
                            ? arena_printf(&r->arena, "%s %s", s->generator->name, key)
                            : text;
    if (text[0] != '\0' && json_object_get(told, about) == NULL) {
        json_object_set_new(told, about, json_true());
        json_object_set_new(facts, "calibration", json_string(text));
        run_note(r, "note: the generator on host %s %s", s->generator->name, text);
    }
    free(key);
}

void calibrate_compare(struct run *r)
{
    json_t *all = json_load_file(r->job.calibration_file, 0, NULL), *told = json_object();
    for (size_t i = 0; i < r->plan->setup_count; i++) {
        const struct plan_setup *s = &r->plan->setups[i];
        if (run_wants(r, s) && calibrate_partner_check(r->plan, s, NULL) == 0)
            compare(r, s, all, told);
    }
    json_decref(told);
    json_decref(all);
}
