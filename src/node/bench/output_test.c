/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What programs printed here, shortened; and the programs themselves where they are installed.
 */
#include "base/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/proc.h"
#include "node/bench/output.h"

static const struct {
    enum output_parser parser;
    const char *text, *figure;
    double value;
} printed[] = {
    {OUTPUT_FIO,
     "fio: a warning\n{\"jobs\": [{\"read\": {\"bw_bytes\": 1000, \"iops\": 2.5, \"clat_ns\": "
     "{\"mean\": 4000, \"percentile\": {\"99.000000\": 9000}}}, \"write\": {\"iops\": 0}},"
     "{\"read\": {\"bw_bytes\": 500, \"iops\": 1.5, \"clat_ns\": {\"mean\": 5000}}}]}",
     "read_operations_per_s", 4},
    {OUTPUT_IPERF3,
     "{\"end\": {\"sum_sent\": {\"bits_per_second\": 5e7}, \"sum_received\": "
     "{\"bits_per_second\": 4.9e7}, \"sum\": {\"lost_percent\": 2}}}",
     "received_bits_per_s", 4.9e7},
    {OUTPUT_SOCKPERF,
     "sockperf: \033[2;35m====> avg-latency=10.060\n"
     "sockperf: Summary: Latency is 10.060 usec\n"
     "sockperf: ---> percentile 99.990 = 1999.246\n"
     "sockperf: ---> percentile 99.000 =   28.402\n",
     "latency_p99_us", 28.402},
    {OUTPUT_BONNIE,
     "1.98,2.00a,vm,1,1795285664,16M,,8192,5,786,67,+++++,+++,500,1,1526,74,+++++,+++,+++++,+++,"
     "1,,,,,2026,47,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++,20736us\n",
     "rewrite_bytes_per_s", 512000},
    {OUTPUT_SYSBENCH,
     "    events per second:  2484.82\n         avg:                   0.40\n"
     "         95th percentile:                        0.32\n",
     "events_per_s", 2484.82},
    {OUTPUT_STRESS_NG,
     "stress-ng: metrc: [20681] stressor       bogo ops real time  usr time  sys time\n"
     "stress-ng: metrc: [20681] cpu     1125      1.00      0.70      0.00      1121.25     "
     "1610.20\n",
     "cpu_operations_per_s", 1121.25},
    {OUTPUT_CYCLICTEST,
     "# /dev/cpu_dma_latency set to 0us\n"
     "T: 0 (20782) P: 0 I:1000 C:    100 Min:     20 Act:   85 Avg:   76 Max:     183\n",
     "lateness_max_us", 183},
};

static void outputs_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof printed / sizeof *printed; i++) {
        json_t *o = NULL;
        struct err e = {0};
        assert_int_equal(output_parse(printed[i].parser, NULL, printed[i].text, &o, &e), 0);
        const double value = json_number_or(o, printed[i].figure, -1);
        assert_true(value > printed[i].value - 1e-6 && value < printed[i].value + 1e-6);
        json_decref(o);
        /* Nonsense, and nothing at all. */
        assert_int_equal(output_parse(printed[i].parser, NULL, "no such thing\n}{", &o, &e),
                         -EBADMSG);
        assert_non_null(strstr(e.text, "it began with: no such thing"));
        assert_int_equal(output_parse(printed[i].parser, NULL, "", &o, &e), -EBADMSG);
    }
}

static void what_was_too_fast_is_no_figure(void **state)
{
    json_t *o = NULL;
    (void)state;
    assert_int_equal(output_parse(OUTPUT_BONNIE, NULL, printed[3].text, &o, NULL), 0);
    assert_null(json_object_get(o, "put_block_bytes_per_s"));
    assert_true(json_number_or(o, "create_files_per_s", 0) == 2026);
    json_decref(o);
}

static void patterns_are_free(void **state)
{
    json_t *o = NULL;
    struct err e = {0};

    (void)state;
    const char *two = "score=Score: ([0-9.]+);;errors=^([0-9]+) errors";
    assert_int_equal(output_check_pattern(two, &e), 0);
    assert_int_equal(output_parse(OUTPUT_REGEX, two, "Score: 1\nScore: 2.5\n3 errors\n", &o, &e),
                     0);
    assert_true(json_number_or(o, "score", 0) == 2.5);
    assert_true(json_number_or(o, "errors", 0) == 3);
    json_decref(o);
    assert_int_equal(output_parse(OUTPUT_REGEX, two, "Score: none\n", &o, &e), -EBADMSG);
    static const char *const wrong[] = {NULL, "", "score", "=x(.)", "a=no group", "a=(", "a=(b);;"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(output_check_pattern(wrong[i], &e), -EINVAL);
    }
}

static void programs_print_what_is_read(void **state)
{
    static const struct {
        enum output_parser parser;
        const char *command;
    } programs[] = {
        {OUTPUT_FIO, "fio --name=x --rw=randread --size=64k --ioengine=null --output-format=json"},
        {OUTPUT_SYSBENCH, "sysbench cpu --events=10 run"},
        {OUTPUT_SYSBENCH, "sysbench memory --memory-total-size=1M run"},
        {OUTPUT_STRESS_NG, "stress-ng --cpu 1 --cpu-ops 5 --metrics-brief 2>&1"},
        {OUTPUT_CYCLICTEST, "cyclictest -q -l 5 -i 1000"},
    };
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        char word[32], test[64];
        struct buf out;
        json_t *o = NULL;
        struct err e = {0};
        (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(programs[i].command, " "),
                       programs[i].command);
        (void)snprintf(test, sizeof test, "command -v %s", word);
        char *look[] = {(char[]){"sh"}, (char[]){"-c"}, test, NULL};
        buf_init(&out);
        if (proc_run(look, NULL, &out, 0, NULL) == 0) {
            char *line = strdup(programs[i].command);
            char *start[] = {(char[]){"sh"}, (char[]){"-c"}, line, NULL};
            found++;
            buf_clear(&out);
            int r = proc_run(start, NULL, &out, UINT64_C(20000000000), &e);
            if (r != 0) {
                print_message("%s: %s\n", word, e.text);
            }
            assert_int_equal(r, 0);
            r = output_parse(programs[i].parser, NULL, buf_str(&out), &o, &e);
            if (r < 0) {
                print_message("%s: %s\n%s\n", word, e.text, buf_str(&out));
            }
            assert_int_equal(r, 0);
            json_decref(o);
            free(line);
        }
        buf_finish(&out);
    }
    if (found == 0) {
        print_message("none of the programs is installed\n");
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_read),
        cmocka_unit_test(what_was_too_fast_is_no_figure),
        cmocka_unit_test(patterns_are_free),
        cmocka_unit_test(programs_print_what_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
