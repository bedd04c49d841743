/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * html_conditions: under which conditions it was measured, which trials say nothing and why, how
 * the figures were made, and how to repeat them. Pure.
 */
#include <inttypes.h>
#include <string.h>

#include "control/report/report_private.h"

enum { DEPTH_MAX = 12, PATH = 256 };

static void value_text(struct page *p, const json_t *value)
{
    if (json_is_string(value))
        html_text(p, json_string_value(value));
    else if (json_is_integer(value))
        buf_printf(p->out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        buf_printf(p->out, "%.6g", json_real_value(value));
    else if (json_is_boolean(value))
        buf_append_str(p->out, json_is_true(value) ? "yes" : "no");
    else
        buf_append_str(p->out, "–");
}

static bool is_plain(const json_t *value)
{
    return !json_is_object(value) && !json_is_array(value);
}

/* A list of plain values stands in one cell. */
static bool is_plain_list(const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!is_plain(json_array_get(value, i)))
            return false;
    return json_is_array(value);
}

static void row(struct page *p, const char *path, const json_t *value)
{
    buf_append_str(p->out, "<tr><th scope=\"row\">");
    html_text(p, path);
    buf_append_str(p->out, "</th><td>");
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            buf_append_str(p->out, i > 0 ? ", " : "");
            value_text(p, json_array_get(value, i));
        }
    } else {
        value_text(p, value);
    }
    buf_append_str(p->out, "</td></tr>\n");
}

/* Every leaf as a row "cpu › model". Nodes cannot nest without end: DEPTH_MAX. */
static void rows(struct page *p, const char *path, const json_t *value, int depth)
{
    const char *key;
    json_t *child;
    size_t i;
    struct buf next;
    if (is_plain(value) || is_plain_list(value) || depth == DEPTH_MAX) {
        row(p, path, value);
        return;
    }
    buf_init(&next);
    json_object_foreach((json_t *)(uintptr_t)value, key, child)
    {
        buf_clear(&next);
        buf_printf(&next, "%s%s%s", path, path[0] != '\0' ? " › " : "", key);
        rows(p, buf_str(&next), child, depth + 1);
    }
    json_array_foreach(value, i, child)
    {
        buf_clear(&next);
        buf_printf(&next, "%s %zu", path, i + 1);
        rows(p, buf_str(&next), child, depth + 1);
    }
    buf_finish(&next);
}

static void facts_table(struct page *p, const char *title, const json_t *value)
{
    if (value == NULL || json_is_null(value))
        return;
    buf_append_str(p->out, "<details open><summary>");
    html_text(p, title);
    buf_append_str(p->out, "</summary><div class=\"wide\"><table class=\"facts\"><tbody>\n");
    rows(p, "", value, 0);
    buf_append_str(p->out, "</tbody></table></div></details>\n");
}

static const struct trial_view *first_trial(const struct analysis *a, size_t case_index)
{
    for (size_t i = 0; i < a->trial_count; i++)
        if (a->trials[i].case_index == case_index && a->trials[i].state == TRIAL_DONE)
            return &a->trials[i];
    return NULL;
}

/* How much they did, by their own clock and by ours. */
static void neighbours(struct page *p, const json_t *all)
{
    const char *name;
    json_t *done, *shown = json_object();
    json_object_foreach((json_t *)(uintptr_t)all, name, done)
    {
        json_t *one = json_object();
        json_object_set(one, "rounds", json_object_get(done, "rounds"));
        json_object_set(one, "elapsed_ns", json_object_get(done, "elapsed_ns"));
        json_object_set(one, "elapsed_outside_ns", json_object_get(done, "elapsed_outside_ns"));
        json_object_set_new(shown, name, one);
    }
    if (json_object_size(shown) > 0)
        rows(p, "neighbours' work", shown, 0);
    json_decref(shown);
}

/* What the plan asked for, what became of it, and how the generator ran. */
static void case_conditions(struct page *p, size_t i)
{
    const struct case_result *c = &p->a->cases[i];
    const struct trial_view *t = first_trial(p->a, i);
    buf_append_str(p->out, "<details><summary>Case ");
    html_text(p, c->name);
    buf_append_str(p->out, "</summary><div class=\"wide\"><table class=\"facts\"><tbody>\n");
    if (c->levels != NULL)
        rows(p, "load level", c->levels, 0);
    if (c->settings != NULL)
        rows(p, "asked for", c->settings, 0);
    if (t == NULL) {
        buf_append_str(p->out,
                       "<tr><th scope=\"row\">as applied</th><td>no valid trial</td></tr>\n");
    } else {
        const json_t *loads = json_object_get(t->report, "loads");
        rows(p, "as applied", json_object_get(t->report, "machines"), 0);
        for (size_t k = 0; k < json_array_size(loads); k++)
            rows(p, "generator", json_object_get(json_array_get(loads, k), "generator"), 0);
        if (json_object_get(t->report, "probe") != NULL)
            rows(p, "probes' own cost", json_object_get(t->report, "probe"), 0);
        neighbours(p, json_object_get(t->report, "neighbours"));
        if (json_object_get(t->report, "vmm") != NULL)
            rows(p, "VMM's own figures", json_object_get(t->report, "vmm"), 0);
        if (json_object_get(t->report, "clock") != NULL)
            rows(p, "clocks", json_object_get(t->report, "clock"), 0);
        if (json_object_get(t->report, "host_clocks") != NULL)
            rows(p, "clocks of other hosts over the trial",
                 json_object_get(t->report, "host_clocks"), 0);
        if (json_object_get(t->report, "guest_clocks") != NULL)
            rows(p, "guests' clocks over the trial", json_object_get(t->report, "guest_clocks"), 0);
    }
    buf_append_str(p->out, "</tbody></table></div></details>\n");
}

void html_conditions(struct page *p)
{
    const json_t *hosts = json_object_get(p->a->study.facts, "hosts");
    const char *name;
    json_t *facts;
    html_section(p, "conditions", "Conditions");
    buf_append_str(p->out, "<h3>Hosts</h3>\n");
    json_object_foreach((json_t *)(uintptr_t)hosts, name, facts)
    {
        facts_table(p, name, facts);
    }
    if (json_object_size(hosts) == 0)
        facts_table(p, "facts", p->a->study.facts);
    buf_append_str(p->out, "<h3>Settings of each case</h3>\n<p>As applied and as the generator ran "
                           "in the first valid trial.</p>\n");
    for (size_t i = 0; i < p->a->case_count; i++)
        case_conditions(p, i);
}

static void void_delays(struct page *p, const struct trial_view *t)
{
    static const char *const keys[] = {"lateness_ns", "delay_from_intended_ns",
                                       "delay_from_sent_ns"};
    const json_t *load = json_array_get(json_object_get(t->report, "loads"), 0);
    char p99[32], max[32];
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *d = json_object_get(load, keys[i]);
        buf_printf(p->out, "<td class=\"n\">%s / %s</td>",
                   number_format(json_number_or(d, "p99", NAN) / 1e6, 3, p99, sizeof p99),
                   number_format(json_number_or(d, "max", NAN) / 1e6, 3, max, sizeof max));
    }
}

void html_voids(struct page *p)
{
    static const char *const names[] = {"Case",
                                        ">Trial",
                                        ">Attempt",
                                        "State",
                                        "Why",
                                        ">Lateness p99 / max, ms",
                                        ">From intended p99 / max, ms",
                                        ">From actual send p99 / max, ms",
                                        NULL};
    const struct trial_counts *n = &p->a->counts;
    html_section(p, "voids", "Voids and failures");
    buf_append_str(p->out, "<p>A void trial says nothing about the appliance: the generator, not "
                           "the appliance, was the limit. No figure of this table is part of any "
                           "result; they show what the generator saw of itself.</p>\n");
    if (n->voided + n->failed + n->interrupted == 0) {
        buf_append_str(p->out, "<p>Every trial is valid.</p>\n");
        return;
    }
    buf_append_str(p->out, "<div class=\"wide\"><table class=\"voids\">");
    html_head_row(p, names);
    buf_append_str(p->out, "<tbody>\n");
    for (size_t i = 0; i < p->a->trial_count; i++) {
        const struct trial_view *t = &p->a->trials[i];
        if (t->state == TRIAL_DONE)
            continue;
        buf_append_str(p->out, "<tr>");
        html_cell(p, p->a->cases[t->case_index].name);
        buf_printf(p->out, "<td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu64 "</td>",
                   t->number, t->attempt);
        html_cell(p, trial_state_name(t->state));
        html_cell(p, t->reason);
        void_delays(p, t);
        buf_append_str(p->out, "</tr>\n");
    }
    buf_append_str(p->out, "</tbody></table></div>\n");
}

void html_method(struct page *p)
{
    html_section(p, "method", "Method");
    buf_append_str(
        p->out,
        "<ul>\n<li>The load is open loop: packets have intended times that nothing bends. Delay "
        "from the intended time contains what a stalled generator or appliance kept waiting; delay "
        "from the actual send does not.</li>\n"
        "<li>Delays are kept in log-linear histograms (1 ns to 1 h, error at most 0.1 %). Those of "
        "the valid trials of a case are merged; percentiles are never averaged.</li>\n"
        "<li>A trial is the unit of certainty: Student's t over trials for means; percentile "
        "bootstrap over trials for medians and for percentiles of all packets. Beside them stands "
        "mean ± 1.96 σ/√N with the population's σ, which is meant for N above 30 and too narrow "
        "below. One trial has no interval; \"no spread\" says that all trials gave the same. "
        "Intervals are cut where nothing can lie: below 0, and above 100 % of a whole.</li>\n"
        "<li>The share of lost packets has Wilson's interval, and with no loss at all the rule of "
        "three. Both take losses as independent; losses come in bursts, so the interval over "
        "trials beside them is the safer one.</li>\n"
        "<li>MOS is the E-model's estimate (ITU-T G.107), jitter that of RFC 3550.</li>\n"
        "<li>CPU of machines comes from their control groups or processes, that of physical CPUs "
        "from the host, both over the measured part alone.</li>\n"
        "<li>Cases are interleaved in seeded order, so that drift favours none.</li>\n</ul>\n");
}

void html_repeat(struct page *p)
{
    const struct store_study *s = &p->a->study;
    html_section(p, "repeat", "How to repeat");
    buf_append_str(p->out, "<p>With vaperf ");
    html_text(p, s->version);
    buf_append_str(p->out, " and this plan: <code>vaperf run ");
    html_text(p, s->plan_path);
    buf_append_str(p->out, "</code>. Seed: ");
    html_text(p, s->seed);
    buf_append_str(p->out, "</p>\n<pre class=\"plan\">");
    html_text(p, s->plan_text);
    buf_append_str(p->out, "</pre>\n");
}
