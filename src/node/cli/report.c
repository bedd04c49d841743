/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * report: tables for people from the JSON of results. Pure but for the stream it prints to.
 */
#include "node/cli/report.h"

#include <string.h>

#include "base/str.h"

enum { NAME_WIDTH = 30, CELL_WIDTH = 8, LIST_MAX = 8, PATH_MAX_BYTES = 96 };

static const char *const hist_columns[] = {"min", "mean",  "p50", "p90", "p95",
                                           "p99", "p99.9", "max", NULL};
static const char *const stream_columns[] = {"min", "median", "mean", "p95", "max", NULL};

static const char *format_value(const json_t *value, char *buffer, size_t size)
{
    if (json_is_string(value))
        str_printf(buffer, size, "%s", json_string_value(value));
    else if (json_is_boolean(value))
        str_printf(buffer, size, "%s", json_is_true(value) ? "yes" : "no");
    else if (json_is_integer(value))
        str_printf(buffer, size, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        str_format_number(json_real_value(value), buffer, size);
    else
        str_printf(buffer, size, "-");
    return buffer;
}

static void print_value(FILE *out, const char *path, const json_t *value)
{
    char text[160];
    fprintf(out, "  %-*s %s\n", NAME_WIDTH, path, format_value(value, text, sizeof text));
}

static void print_list(FILE *out, const char *path, const json_t *list)
{
    char text[160];
    fprintf(out, "  %-*s", NAME_WIDTH, path);
    for (size_t i = 0; i < json_array_size(list); i++)
        fprintf(out, " %s", format_value(json_array_get(list, i), text, sizeof text));
    fputc('\n', out);
}

/* Nesting is that of our own results: at most three deep. */
static void print_members(FILE *out, const char *prefix, const json_t *object, int depth)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        char path[PATH_MAX_BYTES];
        str_printf(path, sizeof path, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", key);
        if (strcmp(key, "histograms") == 0)
            continue;
        if (json_is_object(value) && depth > 0)
            print_members(out, path, value, depth - 1);
        else if (json_is_array(value) && json_array_size(value) <= LIST_MAX &&
                 !json_is_object(json_array_get(value, 0)))
            print_list(out, path, value);
        else if (!json_is_object(value) && !json_is_array(value))
            print_value(out, path, value);
    }
}

void report_print_values(FILE *out, const json_t *object)
{
    print_members(out, "", object, 3);
}

/* ---- of a load ---- */

static void print_heads(FILE *out, const char *title, const char *first, const char *const *columns)
{
    fprintf(out, "\n  %-*s", NAME_WIDTH, title);
    if (first != NULL)
        fprintf(out, " %*s", CELL_WIDTH, first);
    for (; *columns != NULL; columns++)
        fprintf(out, " %*s", CELL_WIDTH, *columns);
    fputc('\n', out);
}

static const char *format_ns(const json_t *value, char *buffer, size_t size)
{
    if (json_is_number(value))
        return str_format_short_duration((uint64_t)json_number_value(value), buffer, size);
    str_printf(buffer, size, "-");
    return buffer;
}

static void print_hist(FILE *out, const char *name, const json_t *hist)
{
    char text[32];
    fprintf(out, "  %-*s", NAME_WIDTH, name);
    for (size_t i = 0; hist_columns[i] != NULL; i++)
        fprintf(out, " %*s", CELL_WIDTH,
                format_ns(json_object_get(hist, hist_columns[i]), text, sizeof text));
    fputc('\n', out);
}

static void print_hists(FILE *out, const json_t *report)
{
    print_heads(out, "", NULL, hist_columns);
    print_hist(out, "delay from intended time", json_object_get(report, "delay_from_intended_ns"));
    print_hist(out, "delay from actual send", json_object_get(report, "delay_from_sent_ns"));
    print_hist(out, "lateness of sending", json_object_get(report, "lateness_ns"));
}

static void print_cell(FILE *out, const json_t *value)
{
    char text[32];
    fprintf(out, " %*s", CELL_WIDTH, format_value(value, text, sizeof text));
}

/* Of something that this load did not have: a codec without a rating, no reports, no pauses. */
static bool is_unknown(const json_t *overall, const json_t *spread)
{
    const json_t *median = json_object_get(spread, "median");
    return (overall == NULL || json_is_null(overall)) && (median == NULL || json_is_null(median));
}

/* A metric over all, and how it is spread over the streams where that is known. */
static void print_metric(FILE *out, const char *name, const json_t *overall, const json_t *spread)
{
    if (is_unknown(overall, spread))
        return;
    fprintf(out, "  %-*s", NAME_WIDTH, name);
    print_cell(out, overall);
    for (size_t i = 0; spread != NULL && stream_columns[i] != NULL; i++)
        print_cell(out, json_object_get(spread, stream_columns[i]));
    fputc('\n', out);
}

static void print_metrics(FILE *out, const json_t *workload)
{
    const json_t *metrics = json_object_get(workload, "metrics");
    const json_t *spreads = json_object_get(workload, "per_stream");
    const char *name;
    json_t *value;
    if (json_object_size(metrics) + json_object_size(spreads) == 0)
        return;
    if (json_object_size(spreads) > 0)
        print_heads(out, "over all, and of the streams", "all", stream_columns);
    else
        fputc('\n', out);
    json_object_foreach((json_t *)metrics, name, value)
        print_metric(out, name, value, json_object_get(spreads, name));
    json_object_foreach((json_t *)spreads, name, value)
    {
        if (json_object_get(metrics, name) == NULL && json_object_get(value, "median") != NULL)
            print_metric(out, name, NULL, value);
    }
}

static void print_counters(FILE *out, const json_t *report)
{
    char text[64];
    const char *name;
    json_t *value;
    size_t n = 0;
    json_object_foreach(json_object_get(report, "counters"), name, value)
    {
        fprintf(out, "%s  %-18s %11s", n % 3 == 0 ? "\n" : "  ", name,
                format_value(value, text, sizeof text));
        n++;
    }
    fputs(n > 0 ? "\n" : "", out);
}

/* Where the first call of each cause stood. */
static void print_failures(FILE *out, const json_t *workload)
{
    const json_t *failure;
    size_t i;
    json_array_foreach(json_object_get(workload, "failures"), i, failure)
    {
        fprintf(out, "%s  %s: %s\n", i == 0 ? "the first of each\n" : "",
                json_str_or(failure, "cause", "?"), json_str_or(failure, "text", "?"));
        if (json_object_get(failure, "hint") != NULL)
            fprintf(out, "    (%s)\n", json_str_or(failure, "hint", "?"));
    }
}

/* Of calls: why they failed, and each scenario of a mix. */
static void print_calls(FILE *out, const json_t *workload)
{
    static const char *const columns[] = {"calls_per_s", "successful", "failed", "unfinished"};
    const json_t *causes = json_object_get(workload, "causes"), *scenario;
    const json_t *scenarios = json_object_get(workload, "scenarios");
    char text[32];
    size_t i;
    if (json_object_size(causes) > 0) {
        fputs("\ncauses of failure\n", out);
        report_print_values(out, causes);
        print_failures(out, workload);
    }
    if (json_array_size(scenarios) > 0)
        fprintf(out, "\n  %-*s %11s %11s %11s %11s\n", NAME_WIDTH, "scenario", "calls/s",
                columns[1], columns[2], columns[3]);
    json_array_foreach(scenarios, i, scenario)
    {
        const json_t *metrics = json_object_get(scenario, "metrics");
        str_printf(text, sizeof text, "%s (%s)", json_str_or(scenario, "name", "?"),
                   json_str_or(scenario, "use", "?"));
        fprintf(out, "  %-*s", NAME_WIDTH, text);
        for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++)
            fprintf(out, " %11s",
                    format_value(json_object_get(metrics, columns[k]), text, sizeof text));
        fputc('\n', out);
    }
}

static const char *unit_of(const json_t *report)
{
    return json_str_or(report, "unit", "packet");
}

static void print_head(FILE *out, const char *title, const json_t *report)
{
    const double from_ns = json_number_or(report, "measure_from_ns", 0);
    const double to_ns = json_number_or(report, "measure_to_ns", 0);
    char offered[32];
    fprintf(out, "%s\n", title);
    fprintf(out, "  offered %s %ss/s over %.6g s, sent %.3f %% of them\n",
            str_format_number(json_number_or(report, "offered_per_s", 0), offered, sizeof offered),
            unit_of(report), (to_ns - from_ns) / 1e9, json_number_or(report, "achieved_pct", 0));
}

static void print_generator(FILE *out, const json_t *report)
{
    const json_t *g = json_object_get(report, "generator");
    char late[32], wait[32], steal[32], cpu[32];
    const json_t *lateness = json_object_get(report, "lateness_ns");
    const char *refusals = json_str_or(g, "transport_refusals", NULL);
    format_ns(json_object_get(lateness, "p99"), late, sizeof late);
    fprintf(out,
            "\ngenerator: %lld worker(s), %s, %s us of CPU a %s, lateness p99 %s, run-queue "
            "wait %s %%,\n           host steal %s %%, drops %lld, %ss timed by: %s\n",
            (long long)json_u64_or(g, "workers", 0), json_str_or(g, "scheduling", "?"),
            format_value(json_object_get(g, "cpu_us_per_packet"), cpu, sizeof cpu), unit_of(report),
            late, format_value(json_object_get(g, "wait_pct"), wait, sizeof wait),
            format_value(json_object_get(g, "steal_pct"), steal, sizeof steal),
            (long long)json_u64_or(g, "drops", 0), unit_of(report),
            json_str_or(g, "timestamps", "?"));
    fprintf(out, "transport: %s\n", json_str_or(g, "transport", "?"));
    if (refusals != NULL)
        fprintf(out, "           not those before it in the list: %s\n", refusals);
}

/* Silence is no fault of the generator's, but often that of who typed the address. Of calls the
 * causes of their failures say it. */
static void print_silence(FILE *out, const char *to, const json_t *report)
{
    if (strcmp(unit_of(report), "packet") == 0 && json_u64_or(report, "sent", 0) > 0 &&
        json_u64_or(report, "received", 0) == 0)
        fprintf(out, "nothing came back from %.120s: does somebody listen there?\n", to);
}

static void print_verdict(FILE *out, const json_t *report)
{
    const json_t *reasons = json_object_get(report, "void");
    if (json_bool_or(report, "cut_short", false))
        fputs("cut short: this is what was measured until then\n", out);
    if (json_array_size(reasons) == 0) {
        fputs("verdict: valid\n", out);
        return;
    }
    fputs("verdict: VOID, the generator was the limit: this says nothing about the appliance\n",
          out);
    for (size_t i = 0; i < json_array_size(reasons); i++)
        fprintf(out, "  - %s\n", json_string_value(json_array_get(reasons, i)));
}

void report_print_load(FILE *out, const char *title, const char *to, const json_t *report)
{
    print_head(out, title, report);
    print_hists(out, report);
    print_counters(out, report);
    print_metrics(out, json_object_get(report, "workload"));
    print_calls(out, json_object_get(report, "workload"));
    print_generator(out, report);
    if (to != NULL)
        print_silence(out, to, report);
    print_verdict(out, report);
}

void report_result(const struct output_options *o, json_t *result)
{
    if (output_result(o, result))
        return;
    report_print_values(stdout, result);
    json_decref(result);
}
