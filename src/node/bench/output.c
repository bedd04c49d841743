/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * output: see output.h. Tried with fio 3.33, iperf3 3.12, sockperf 3.7, bonnie++ 2.00a, sysbench
 * 1.0.20, stress-ng 0.15 and cyclictest 2.4.
 */
#include "node/bench/output.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { NAME = 64, EXPRESSION = 512, SHOWN = 120 };

const char *const output_parser_words[] = {"none",     "fio",      "iperf3",    "sockperf",
                                           "bonnie++", "sysbench", "stress-ng", "cyclictest",
                                           "regex",    NULL};

struct line_figure { /* the last match counts */
    const char *name, *expression;
    double scale; /* 0: 1 */
};

static const struct line_figure sockperf_lines[] = {
    {"latency_mean_us", "Latency is ([0-9.]+) usec", 0},
    {"latency_p50_us", "percentile 50[.]000 = +([0-9.]+)", 0},
    {"latency_p99_us", "percentile 99[.]000 = +([0-9.]+)", 0},
    {"latency_max_us", "<MAX> observation = +([0-9.]+)", 0},
    {"messages_per_s", "Message Rate is ([0-9]+) ", 0},
    {"bytes_per_s", "BandWidth is ([0-9.]+) MBps", 1048576},
    {"dropped_messages", "# dropped messages = ([0-9]+)", 0},
    {NULL, NULL, 0},
};
static const struct line_figure sysbench_lines[] = {
    {"events_per_s", "events per second: +([0-9.]+)", 0},
    {"events", "total number of events: +([0-9]+)", 0},
    {"operations_per_s", "Total operations: [0-9]+ [(] *([0-9.]+) per second", 0},
    {"bytes_per_s", "transferred [(]([0-9.]+) MiB/sec", 1048576},
    {"latency_mean_us", "avg: +([0-9.]+)", 1000},
    {"latency_p95_us", "95th percentile: +([0-9.]+)", 1000},
    {"latency_max_us", "max: +([0-9.]+)", 1000},
    {NULL, NULL, 0},
};
static const struct line_figure cyclictest_lines[] = {
    {"lateness_min_us", "T: *[0-9]+ .* Min: +([0-9]+)", 0},
    {"lateness_mean_us", "T: *[0-9]+ .* Avg: +([0-9]+)", 0},
    {"lateness_max_us", "T: *[0-9]+ .* Max: +([0-9]+)", 0},
    {NULL, NULL, 0},
};

static void put(json_t *o, const char *name, double value)
{
    json_object_set_new(o, name, json_real(value));
}

/* The first group of the last match, as a number. False: there is none. */
static bool last_match(const char *expression, const char *text, double *ret)
{
    regmatch_t m[2];
    regex_t r;
    bool found = false;

    if (regcomp(&r, expression, REG_EXTENDED | REG_NEWLINE) != 0) {
        return false;
    }
    for (const char *at = text; regexec(&r, at, 2, m, 0) == 0 && m[1].rm_so >= 0;
         at += m[0].rm_eo) {
        char *end;
        const double value = strtod(at + m[1].rm_so, &end);
        if (end > at + m[1].rm_so) {
            *ret = value;
            found = true;
        }
        if (m[0].rm_eo == 0) {
            break;
        }
    }
    regfree(&r);
    return found;
}

static void take_lines(const struct line_figure *lines, const char *text, json_t *o)
{
    double value;
    for (; lines->name != NULL; lines++) {
        if (last_match(lines->expression, text, &value)) {
            put(o, lines->name, lines->scale > 0 ? value * lines->scale : value);
        }
    }
}

/* Programs put warnings before their JSON. */
static json_t *find_json(const char *text)
{
    const char *from = strchr(text, '{'), *to = strrchr(text, '}');
    return from != NULL && to > from ? json_parse(from, (size_t)(to - from) + 1, NULL) : NULL;
}

static const json_t *at_path(const json_t *o, const char *path)
{
    char name[NAME];
    while (o != NULL && *path != '\0') {
        const size_t n = strcspn(path, "/");
        str_printf(name, sizeof name, "%.*s", (int)n, path);
        o = json_object_get(o, name);
        path += n + (path[n] == '/');
    }
    return o;
}

static double number_at(const json_t *o, const char *path)
{
    return json_number_value(at_path(o, path));
}

/* Rates of all jobs are added; of delays, the largest stands. */
static void take_fio(const char *text, json_t *o)
{
    static const char *const ways[] = {"read", "write"};
    json_t *all = find_json(text), *job;
    char name[NAME];
    size_t i;

    for (int w = 0; w < 2; w++) {
        double bytes = 0, operations = 0, mean = 0, p99 = 0;
        json_array_foreach(json_object_get(all, "jobs"), i, job)
        {
            const json_t *one = json_object_get(job, ways[w]);
            const double job_mean = number_at(one, "clat_ns/mean") / 1e3;
            const double job_p99 = number_at(one, "clat_ns/percentile/99.000000") / 1e3;
            bytes += number_at(one, "bw_bytes");
            operations += number_at(one, "iops");
            mean = job_mean > mean ? job_mean : mean;
            p99 = job_p99 > p99 ? job_p99 : p99;
        }
        if (operations <= 0) {
            continue;
        }
        str_printf(name, sizeof name, "%s_bytes_per_s", ways[w]);
        put(o, name, bytes);
        str_printf(name, sizeof name, "%s_operations_per_s", ways[w]);
        put(o, name, operations);
        str_printf(name, sizeof name, "%s_latency_mean_us", ways[w]);
        put(o, name, mean);
        str_printf(name, sizeof name, "%s_latency_p99_us", ways[w]);
        put(o, name, p99);
    }
    json_decref(all);
}

static void take_iperf3(const char *text, json_t *o)
{
    static const struct {
        const char *name, *path;
    } paths[] = {{"sent_bits_per_s", "end/sum_sent/bits_per_second"},
                 {"received_bits_per_s", "end/sum_received/bits_per_second"},
                 {"retransmits", "end/sum_sent/retransmits"},
                 {"loss_pct", "end/sum/lost_percent"},
                 {"jitter_ms", "end/sum/jitter_ms"},
                 {"near_cpu_pct", "end/cpu_utilization_percent/host_total"},
                 {"far_cpu_pct", "end/cpu_utilization_percent/remote_total"}};
    json_t *all = find_json(text);

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const json_t *value = at_path(all, paths[i].path);
        if (json_is_number(value)) {
            put(o, paths[i].name, json_number_value(value));
        }
    }
    json_decref(all);
}

/* The line of commas of format 1.98; what was too fast to be measured is "+++++" there. */
static void take_bonnie(const char *text, json_t *o)
{
    static const struct {
        const char *name;
        unsigned column;
        double scale;
    } columns[] = {{"put_char_bytes_per_s", 9, 1024},   {"put_block_bytes_per_s", 11, 1024},
                   {"rewrite_bytes_per_s", 13, 1024},   {"get_char_bytes_per_s", 15, 1024},
                   {"get_block_bytes_per_s", 17, 1024}, {"seeks_per_s", 19, 1},
                   {"create_files_per_s", 26, 1},       {"read_files_per_s", 28, 1},
                   {"delete_files_per_s", 30, 1},       {"random_create_files_per_s", 32, 1},
                   {"random_read_files_per_s", 34, 1},  {"random_delete_files_per_s", 36, 1}};
    const char *line = strstr(text, "1.98,");

    for (size_t i = 0; line != NULL && i < sizeof columns / sizeof *columns; i++) {
        const char *at = line;
        for (unsigned c = 0; c < columns[i].column && at != NULL; c++) {
            at = strchr(at, ',');
            at = at != NULL ? at + 1 : NULL;
        }
        char *end = NULL;
        const double value = at != NULL ? strtod(at, &end) : 0;
        if (at != NULL && end > at && *at != '+') {
            put(o, columns[i].name, value * columns[i].scale);
        }
    }
}

/* "stress-ng: metrc: [9] cpu  1125  1.00  0.70  0.00  1121.25  1610.20", a line a stressor. */
static void take_stress_ng(const char *text, json_t *o)
{
    static const char expression[] =
        "(metrc|info): +\\[[0-9]+\\] +([a-z][a-z0-9-]*) +([0-9]+) +[0-9.]+ +[0-9.]+ +[0-9.]+ "
        "+([0-9.]+) +([0-9.]+)";
    regmatch_t m[6];
    regex_t r;
    char name[NAME];

    if (regcomp(&r, expression, REG_EXTENDED | REG_NEWLINE) != 0) {
        return;
    }
    for (const char *at = text; regexec(&r, at, 6, m, 0) == 0; at += m[0].rm_eo) {
        const int length = (int)(m[2].rm_eo - m[2].rm_so);
        str_printf(name, sizeof name, "%.*s_operations", length, at + m[2].rm_so);
        put(o, name, strtod(at + m[3].rm_so, NULL));
        str_printf(name, sizeof name, "%.*s_operations_per_s", length, at + m[2].rm_so);
        put(o, name, strtod(at + m[4].rm_so, NULL));
    }
    regfree(&r);
}

/* The next "name=REGEX" of a pattern. NULL at its end; -EINVAL in *ret_bad. */
static const char *next_pattern(const char *at, char *name, char *expression, bool *ret_bad)
{
    const char *equals = strchr(at, '='), *end = strstr(at, ";;");
    const size_t all = end != NULL ? (size_t)(end - at) : strlen(at);
    regex_t r;

    *ret_bad = equals == NULL || equals == at || (size_t)(equals - at) >= all ||
               (size_t)(equals - at) >= NAME || all >= EXPRESSION;
    if (*ret_bad) {
        return NULL;
    }
    str_printf(name, NAME, "%.*s", (int)(equals - at), at);
    str_printf(expression, EXPRESSION, "%.*s", (int)(all - (size_t)(equals - at) - 1), equals + 1);
    *ret_bad = regcomp(&r, expression, REG_EXTENDED | REG_NEWLINE) != 0;
    if (!*ret_bad) {
        *ret_bad = r.re_nsub < 1;
        regfree(&r);
    }
    return end != NULL ? end + 2 : NULL;
}

int output_check_pattern(const char *pattern, struct err *e)
{
    char name[NAME], expression[EXPRESSION];
    bool bad = pattern == NULL || *pattern == '\0';

    for (const char *at = pattern; !bad && at != NULL;) {
        at = next_pattern(at, name, expression, &bad);
    }
    return bad ? err_set(e, -EINVAL,
                         "pattern: '%s' is not name=REGEX with a group that is a number, such as "
                         "score=Score: ([0-9.]+)",
                         pattern != NULL ? pattern : "")
               : 0;
}

static void take_patterns(const char *pattern, const char *text, json_t *o)
{
    char name[NAME], expression[EXPRESSION];
    bool bad = false;

    for (const char *at = pattern; !bad && at != NULL;) {
        at = next_pattern(at, name, expression, &bad);
        double value;
        if (!bad && last_match(expression, text, &value)) {
            put(o, name, value);
        }
    }
}

/* Nothing was found: with the first words of what was printed. */
static int not_read(enum output_parser parser, const char *text, struct err *e)
{
    char shown[SHOWN + 1];
    str_printf(shown, sizeof shown, "%.*s", SHOWN, text + strspn(text, " \n\t"));
    shown[strcspn(shown, "\n")] = '\0';
    return err_set(e, -EBADMSG, "what it printed is not what parser %s reads; it began with: %s",
                   output_parser_words[parser], shown[0] != '\0' ? shown : "(nothing)");
}

int output_parse(enum output_parser parser, const char *pattern, const char *text, json_t **ret,
                 struct err *e)
{
    json_t *o = json_object();

    switch (parser) {
    case OUTPUT_FIO:
        take_fio(text, o);
        break;
    case OUTPUT_IPERF3:
        take_iperf3(text, o);
        break;
    case OUTPUT_SOCKPERF:
        take_lines(sockperf_lines, text, o);
        break;
    case OUTPUT_BONNIE:
        take_bonnie(text, o);
        break;
    case OUTPUT_SYSBENCH:
        take_lines(sysbench_lines, text, o);
        break;
    case OUTPUT_STRESS_NG:
        take_stress_ng(text, o);
        break;
    case OUTPUT_CYCLICTEST:
        take_lines(cyclictest_lines, text, o);
        break;
    case OUTPUT_REGEX:
        take_patterns(pattern, text, o);
        break;
    case OUTPUT_NONE:
        break;
    }
    if (parser != OUTPUT_NONE && json_object_size(o) == 0) {
        json_decref(o);
        return not_read(parser, text, e);
    }
    *ret = o;
    return 0;
}
