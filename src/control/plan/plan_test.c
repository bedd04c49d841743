/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plan_test: what a plan comes to: inheritance, levels, sweeps, order, estimate.
 */
#include "control/plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "control/plan/fixture.h"

#define HEAD "study: mixed\nduration: 60s\n"
#define MACHINES                                              \
    "machines:\n"                                             \
    "  media: {vcpus: 2, memory: 1G, pin: \"0\", appliance: " \
    "{type: media, threads: 2, work: 20us}}\n"                \
    "  cpu: {count: 2, neighbour: {type: pi, digits: 2^20, idle: 5ms}}\n"
#define LOADS "loads: [{type: rtp, to: media, streams: [400, 800]}]\n"

static struct plan *parse(const char *text)
{
    struct plan *p = NULL;
    struct err e = {0};
    char message[1200];
    json_t *describe = fixture_describe();
    if (plan_parse(&p, "mixed.yaml", text, describe, &e) < 0)
        fail_msg("%s", err_format(&e, message, sizeof message));
    json_decref(describe);
    return p;
}

static void test_defaults(void **state)
{
    (void)state;
    struct plan *p = parse(HEAD MACHINES LOADS "setups: {N: {platform: native}}\n");
    assert_string_equal(p->study, "mixed");
    assert_string_equal(p->title, "mixed");
    assert_string_equal(p->seed, "mixed");
    assert_int_equal(p->trials, 5);
    assert_int_equal(p->duration_ns, 60000000000u);
    assert_int_equal(p->interval_ns, 1000000000u);
    assert_int_equal(p->warmup_ns, 5000000000u);
    assert_int_equal(p->settle_ns, 0);
    assert_int_equal(p->void_retries, 2);
    assert_int_equal(p->host_count, 2);
    assert_string_equal(p->hosts[0].name, "sut");
    assert_string_equal(p->hosts[1].uri, "local");
    assert_string_equal(p->networks[0], "traffic");
    assert_null(p->networks[1]);
    assert_null(p->search);
    assert_null(p->figures[0]);
    plan_destroy(p);
    plan_destroy(NULL);
}

static void test_hosts(void **state)
{
    (void)state;
    struct plan *p = parse(HEAD MACHINES LOADS
                           "hosts:\n"
                           "  sut: {address: 192.0.2.1, interface: eth1}\n"
                           "  gen: {uri: ssh://lab, address: \"2001:db8::2\", node: /opt/node}\n"
                           "setups: {N: {platform: native}, inside: {from: N, generator: sut}}\n");
    assert_string_equal(p->hosts[0].uri, "local");
    assert_string_equal(p->hosts[0].address, "192.0.2.1");
    assert_string_equal(p->hosts[0].interface, "eth1");
    assert_null(p->hosts[0].node);
    assert_string_equal(p->hosts[1].uri, "ssh://lab");
    assert_string_equal(p->hosts[1].node, "/opt/node");
    assert_ptr_equal(p->setups[0].generator, &p->hosts[1]);
    assert_ptr_equal(p->setups[1].generator, &p->hosts[0]);
    plan_destroy(p);
}

static void test_machines(void **state)
{
    (void)state;
    struct plan *p = parse(HEAD MACHINES LOADS "setups: {N: {platform: native}}\n");
    const struct plan_setup *s = &p->setups[0];
    assert_int_equal(s->machine_count, 3);
    const struct plan_machine *media = &s->machines[0], *cpu = &s->machines[2];
    assert_string_equal(media->spec.name, "media");
    assert_int_equal(media->spec.vcpus, 2);
    assert_int_equal(media->spec.memory_bytes, 1u << 30);
    assert_true(media->spec.has_pin && cpu_set_has(&media->spec.pin, 0));
    assert_string_equal(media->spec.links[0], "traffic");
    assert_string_equal(media->appliance->type, "media");
    assert_string_equal(json_str_or(media->appliance->options, "work", ""), "20us");
    assert_null(media->neighbour);
    assert_string_equal(cpu->spec.name, "cpu.2");
    assert_string_equal(cpu->group, "cpu");
    assert_false(cpu->spec.has_pin);
    assert_int_equal(cpu->idle_ns, 5000000);
    assert_string_equal(json_str_or(cpu->neighbour->options, "digits", ""), "2^20");
    assert_null(json_object_get(cpu->neighbour->options, "idle"));
    plan_destroy(p);
}

static void test_inheritance(void **state)
{
    (void)state;
    struct plan *p =
        parse(HEAD MACHINES LOADS "setups:\n"
                                  "  alone: {platform: native, without: [cpu]}\n"
                                  "  D: {platform: oci, platform_options: {runtime: crun}}\n"
                                  "  capped: {from: D, cpu: {cap: 50%, period: 10ms}}\n"
                                  "  odd: {from: capped, cpu.2: {cap: 20%}, "
                                  "media: {appliance: {threads: 4}}}\n");
    assert_int_equal(p->setup_count, 4);
    assert_int_equal(p->setups[0].machine_count, 1);
    assert_null(p->setups[0].platform_options);
    const struct plan_setup *odd = &p->setups[3];
    assert_string_equal(odd->platform, "oci");
    assert_string_equal(json_str_or(odd->platform_options, "runtime", ""), "crun");
    assert_true(p->setups[1].machines[1].spec.cap_pct <= 0);
    assert_true(odd->machines[1].spec.cap_pct > 49 && odd->machines[1].spec.cap_pct < 51);
    assert_true(odd->machines[2].spec.cap_pct > 19 && odd->machines[2].spec.cap_pct < 21);
    assert_int_equal(odd->machines[2].spec.cap_period_ns, 10000000);
    const json_t *options = odd->machines[0].appliance->options;
    assert_string_equal(json_str_or(options, "threads", ""), "4");
    assert_string_equal(json_str_or(options, "work", ""), "20us");
    plan_destroy(p);
}

static void test_cases(void **state)
{
    (void)state;
    static const char *const names[] = {"N/400", "N/800", "D/400", "D/800", "few/100"};
    struct plan *p =
        parse(HEAD MACHINES LOADS "setups:\n  N: {platform: native}\n  D: {platform: oci}\n"
                                  "  few: {from: N, loads: [{type: rtp, to: media}]}\n");
    assert_int_equal(p->case_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(p->cases[i].name, names[i]);
    assert_string_equal(p->cases[3].levels[0], "800");
    assert_ptr_equal(p->cases[3].setup, &p->setups[1]);
    const struct plan_load *l = &p->setups[0].loads[0];
    assert_string_equal(l->level_option, "streams");
    assert_null(json_object_get(l->driver.options, "streams"));
    assert_string_equal(l->to, "media");
    assert_string_equal(l->network, "traffic");
    plan_destroy(p);
}

static void test_called(void **state)
{
    (void)state;
    struct plan *p = parse(HEAD MACHINES "loads:\n"
                                         "  - {type: rtp, to: media, streams: [1, 2], "
                                         "called: {type: media, threads: 1}}\n"
                                         "  - {type: rtp, to: media}\n"
                                         "setups: {N: {platform: native}}\n");
    const struct plan_load *l = p->setups[0].loads;
    assert_string_equal(l[0].called->type, "media");
    assert_string_equal(json_str_or(l[0].called->options, "threads", ""), "1");
    assert_null(json_object_get(l[0].driver.options, "called"));
    assert_string_equal(l[0].level_option, "streams");
    assert_null(l[1].called);
    plan_destroy(p);
}

/* Several options say how much a load is: its level is the one that is written. */
static void test_single_level(void **state)
{
    (void)state;
    struct plan *p = parse(HEAD MACHINES "loads:\n"
                                         "  - {type: rtp, to: media}\n"
                                         "  - {type: rtp, to: media, erlang: 4}\n"
                                         "  - {type: rtp, to: media, streams: 5}\n"
                                         "setups: {N: {platform: native}}\n");
    assert_string_equal(p->setups[0].loads[0].level_option, "streams");
    assert_string_equal(p->setups[0].loads[1].level_option, "erlang");
    assert_string_equal(p->cases[0].levels[0], "100");
    assert_string_equal(p->cases[0].levels[1], "4");
    assert_string_equal(p->cases[0].levels[2], "5");
    plan_destroy(p);
}

static void test_levels_in_step(void **state)
{
    (void)state;
    struct plan *p = parse(HEAD MACHINES "loads:\n"
                                         "  - {type: rtp, to: media, streams: [10, 20]}\n"
                                         "  - {type: rtp, to: media, streams: [1, 2]}\n"
                                         "  - {type: rtp, to: media, streams: 7}\n"
                                         "setups: {N: {platform: native}}\n");
    assert_int_equal(p->case_count, 2);
    assert_string_equal(p->cases[1].name, "N/20,2");
    assert_string_equal(p->cases[1].levels[2], "7");
    plan_destroy(p);
}

static void test_sweep(void **state)
{
    (void)state;
    struct plan *p = parse(
        HEAD MACHINES "loads: [{type: rtp, to: media, streams: 5}]\n"
                      "setups:\n  N: {platform: native}\n"
                      "  few: {from: N, sweep: {cpu.count: [0, 3]}}\n"
                      "sweep: {media.weight: [256, 1024], media.appliance.work: [1us, 2us]}\n");
    assert_int_equal(p->setup_count, 6);
    assert_string_equal(p->setups[2].name, "N media.weight=1024 media.appliance.work=1us");
    assert_int_equal(p->setups[2].machines[0].spec.weight, 1024);
    assert_string_equal(json_str_or(p->setups[3].machines[0].appliance->options, "work", ""),
                        "2us");
    assert_int_equal(p->setups[4].machine_count, 1);
    assert_int_equal(p->setups[5].machine_count, 4);
    assert_string_equal(p->cases[5].name, "few cpu.count=3/5");
    plan_destroy(p);
}

static void test_sweep_of_one_machine(void **state)
{
    (void)state;
    struct plan *p = parse(HEAD MACHINES LOADS "setups: {N: {platform: native}}\n"
                                               "sweep: {cpu.2.weight: [512]}\n");
    assert_int_equal(p->setups[0].machines[1].spec.weight, 0);
    assert_int_equal(p->setups[0].machines[2].spec.weight, 512);
    plan_destroy(p);
}

static void test_limits(void **state)
{
    (void)state;
    struct plan *p =
        parse(HEAD MACHINES LOADS "setups: {N: {platform: native}}\n"
                                  "limits: {loss: 0.1%, delay.p99: 20ms, mos: 3.6, failed: 0}\n"
                                  "generator: {cpus: \"1\", scheduling: fifo}\n"
                                  "search: {type: ladder, step: 50}\nfigures: [delay-box]\n");
    assert_int_equal(p->limit_count, 4);
    assert_string_equal(p->limits[1].metric, "delay.p99");
    assert_true(p->limits[1].value > 19999999 && p->limits[1].value < 20000001);
    assert_true(p->limits[0].value > 0.099 && p->limits[0].value < 0.101);
    assert_int_equal(p->limits[0].kind, LIMIT_AT_MOST);
    assert_int_equal(p->limits[2].kind, LIMIT_AT_LEAST);
    assert_string_equal(json_str_or(p->load_options, "scheduling", ""), "fifo");
    assert_string_equal(p->search, "ladder");
    assert_string_equal(json_str_or(p->search_options->options, "step", ""), "50");
    assert_string_equal(p->figures[0], "delay-box");
    plan_destroy(p);
}

/* Every round holds every case once; the same seed gives the same order, another one another. */
static void test_order(void **state)
{
    (void)state;
    static const char text[] = HEAD MACHINES
        "seed: one\nloads: [{type: rtp, to: media, streams: [1, 2, 3, 4, 5, 6, 7, 8]}]\n"
        "setups: {N: {platform: native}, D: {platform: oci}}\n";
    enum { CASES = 16, ALL = CASES * 5 };
    size_t order[ALL], again[ALL];
    struct plan *p = parse(text);
    assert_int_equal(p->case_count, CASES);
    plan_order(p, order);
    plan_order(p, again);
    assert_memory_equal(order, again, sizeof order);
    for (size_t round = 0; round < 5; round++) {
        unsigned seen = 0;
        for (size_t i = 0; i < CASES; i++)
            seen |= 1u << order[round * CASES + i];
        assert_int_equal(seen, 0xffff);
    }
    assert_memory_not_equal(order, order + CASES, CASES * sizeof *order);
    p->seed = "two";
    plan_order(p, again);
    assert_memory_not_equal(order, again, sizeof order);
    plan_destroy(p);
}

static void test_estimate(void **state)
{
    (void)state;
    struct plan *p = parse(HEAD MACHINES LOADS "setups: {N: {platform: native}}\n");
    assert_true(plan_estimate_ns(p) >= 2 * 5 * 65000000000u);
    assert_true(plan_estimate_ns(p) < 2 * 5 * 75000000000u);
    plan_destroy(p);
}

static void test_json(void **state)
{
    (void)state;
    struct plan *p = parse(HEAD MACHINES LOADS "setups: {N: {platform: native}}\n"
                                               "limits: {loss: 1%}\n");
    json_t *all = plan_to_json(p);
    plan_destroy(p); /* it holds nothing of the plan */
    const json_t *cases = json_object_get(all, "cases");
    const json_t *setup = json_array_get(json_object_get(all, "setups"), 0);
    const json_t *media = json_array_get(json_object_get(setup, "machines"), 0);
    assert_int_equal(json_array_size(cases), 2);
    assert_string_equal(json_str_or(json_array_get(cases, 1), "name", ""), "N/800");
    assert_string_equal(json_str_or(media, "pin", ""), "0");
    assert_string_equal(json_str_or(json_object_get(media, "appliance"), "type", ""), "media");
    assert_int_equal(json_u64_or(all, "trials", 0), 5);
    json_decref(all);
}

static void test_print(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    struct plan *p = parse(HEAD MACHINES LOADS "setups: {N: {platform: native}}\n");
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    plan_print(p, out);
    fclose(out);
    assert_string_equal(
        text, "study mixed: mixed\n"
              "2 cases x 5 trials of 1m after 5s of warm-up; about 11 min 20 s in all\n"
              "setups:\n"
              "  N: platform native\n"
              "    media      on sut  vcpus 2  memory 1G  pin 0  appliance media threads=2 "
              "work=20us\n"
              "    cpu.1      on sut  neighbour pi digits=2^20 idle=5ms\n"
              "    cpu.2      on sut  neighbour pi digits=2^20 idle=5ms\n"
              "    load rtp to media over traffic, 400 | 800 streams\n"
              "cases:\n  N/400\n  N/800\n");
    free(text);
    plan_destroy(p);
}

/* The plans that are shipped. Tests run at the top of the tree. */
static void test_shipped(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t cases;
        uint64_t most_ns;
    } shipped[] = {{"studies/appliance-configs-small.yaml", 36, 2000000000000u},
                   {"studies/appliance-configs.yaml", 67, UINT64_MAX},
                   {"studies/kamailio-ladder-small.yaml", 29, 1200000000000u},
                   {"studies/kamailio-overload-small.yaml", 2, 300000000000u},
                   {"studies/media-products-small.yaml", 10, 500000000000u},
                   {"studies/telephony-calls-small.yaml", 22, 1200000000000u},
                   {"studies/telephony-calls.yaml", 36, UINT64_MAX},
                   {"studies/telephony-inside-small.yaml", 18, 1200000000000u},
                   {"studies/telephony-mixed-small.yaml", 10, 600000000000u},
                   {"studies/telephony-mixed.yaml", 27, UINT64_MAX},
                   {"studies/telephony-turnkey-small.yaml", 23, 600000000000u},
                   {"studies/telephony-turnkey.yaml", 156, UINT64_MAX}};
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        struct plan *p = NULL;
        struct err e = {0};
        if (plan_load_file(&p, shipped[i].path, NULL, &e) < 0)
            fail_msg("%s:%d: %s", e.file, e.line, e.text);
        assert_int_equal(p->case_count, shipped[i].cases);
        assert_true(plan_estimate_ns(p) <= shipped[i].most_ns);
        plan_destroy(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_machines), cmocka_unit_test(test_inheritance),
        cmocka_unit_test(test_cases),    cmocka_unit_test(test_levels_in_step),
        cmocka_unit_test(test_called),   cmocka_unit_test(test_single_level),
        cmocka_unit_test(test_sweep),    cmocka_unit_test(test_sweep_of_one_machine),
        cmocka_unit_test(test_limits),   cmocka_unit_test(test_order),
        cmocka_unit_test(test_estimate), cmocka_unit_test(test_json),
        cmocka_unit_test(test_print),    cmocka_unit_test(test_shipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
