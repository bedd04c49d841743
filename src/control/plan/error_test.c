/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * error_test: every mistake in a plan has a place, and says what would be right.
 */
#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "control/plan/fixture.h"
#include "control/plan/plan.h"

#define M "machines: {media: {appliance: {type: media}}}\n"
#define S "setups: {N: {platform: native}}\n"
#define L "loads: [{type: rtp, to: media}]\n"
#define MIX "loads: [{type: rtp, to: media, mix: 'uac=7/200ms,+b.xml=2,-b.xml=1'}]\n"
#define HEAD "study: x\nduration: 5s\n"
/* Lines 1 and 2 are the head; what is tested stands in line 3. */
static const struct {
    const char *text, *message;
} wrong[] = {
    {"", "p.yaml:1:1: the plan is empty"},
    {"x", "p.yaml:1:1: a plan is a map: study: name, machines: ..., setups: ..."},
    {"study: a\nstudy: b\n", "p.yaml:2:1: 'study' stands twice; the first is in line 1"},
    {"a: &x 1\nb: *x\n", "p.yaml:2:5: aliases (*name) are no part of a plan"},
    {"a: !t 1\n", "p.yaml:1:1: tags (!name) are no part of a plan"},
    {"a: b\n---\nc: d\n", "p.yaml:1:1: there is a second document (---)"},
    {"a: \"\\0\"\n", "p.yaml:1:4: a text holds a zero byte"},
    {"a: b\nc: d\xa5\n", "p.yaml:2:5: not a text in UTF-8"},
    {"a: \xe2\x82\n", "p.yaml:1:4: not a text in UTF-8"},
    {"a: \xc0\x80\n", "p.yaml:1:4: not a text in UTF-8"},
    {"a: b\001\n", "p.yaml:1:5: not a text in UTF-8"},
    {"%YAML 1.2\n---\na: b\n", "p.yaml:1:1: directives (%) are no part of a plan"},
    {HEAD "title: \"\xc3\xa9t\xc3\xa9\"\ntrails: 3\n" M S L,
     "p.yaml:4:1: there is no setting 'trails'"},
    {"duration: 5s\n" M S L, "p.yaml:1:1: study: is missing"},
    {"study: x\n" M S L, "p.yaml:1:1: duration: is missing"},
    {"study: a/b\nduration: 5s\n", "p.yaml:1:8: 'a/b' is no name of a study"},
    {HEAD "trails: 3\n" M S L, "p.yaml:3:1: there is no setting 'trails' (did you mean trials?)"},
    {HEAD "trials: many\n" M S L, "p.yaml:3:9: trials: 'many' is not a count"},
    {HEAD "trials: [1]\n" M S L, "p.yaml:3:1: trials is one value, not a list"},
    {HEAD "trials:\n" M S L, "p.yaml:3:1: trials has no value"},
    {HEAD "interval: 9s\n" M S L, "the interval is longer than the duration"},
    {HEAD "baseline: 1500ms\n" M S L, "p.yaml:3:11: the baseline is shorter than two intervals"},
    {HEAD "hosts: {sut: telnet://x}\n" M S L, "p.yaml:3:14: "},
    {HEAD "hosts: {gen: {uri: ssh://, address: 192.0.2.1}}\n" M S L,
     "p.yaml:3:20: 'ssh://' is not"},
    {HEAD "hosts: {gen: {adress: 192.0.2.1}}\n" M S L,
     "p.yaml:3:15: there is no setting 'adress' (did you mean address?)"},
    {HEAD "hosts: {gen: {address: lab}}\n" M S L, "p.yaml:3:24: 'lab' is not an address"},
    {HEAD "clock: {host: gem}\n" M S L, "p.yaml:3:15: there is no host 'gem'"},
    {HEAD "clock: {host: gen}\n" M S L,
     "p.yaml:3:15: machines must know where to reach the clock: clock: {host: gen, address: "},
    {HEAD "clock: {host: gen, address: lab}\n" M S L, "'lab' is not an address"},
    {HEAD "clock: {address: 192.0.2.1}\n" M S L, "p.yaml:3:1: the clock needs its link, {link: "},
    {HEAD "hosts: {gen: {rx_usecs: 50}}\n" M S L,
     "p.yaml:3:15: of which interface? host gen names none"},
    {HEAD "hosts: {gen: {interface: a/b}}\n" M S L,
     "p.yaml:3:26: 'a/b' is no name of an interface"},
    {HEAD "setups: {N: {platform: native, generator: gem}}\n" M L,
     "p.yaml:3:43: there is no host 'gem' (did you mean gen?)"},
    {HEAD "hosts: {a: local}\n" M S L, "p.yaml:4:12: machine media: without host:"},
    {HEAD "networks: {traffic: {speed: 1}}\n" M S L, "p.yaml:3:22: a network has no settings"},
    {HEAD "machines: {media: {appliance: {type: medai}}}\n" S L,
     "p.yaml:3:38: there is no appliance 'medai' (did you mean media?)"},
    {HEAD "machines: {media: {appliance: {type: media, treads: 2}}}\n" S L,
     "p.yaml:3:45: there is no option 'treads' (did you mean threads?)"},
    {HEAD "machines: {media: {appliance: {type: media, work: 20}}}\n" S L,
     "p.yaml:3:51: work: '20' is not a duration"},
    {HEAD "machines: {media: {appliance: {threads: 2}}}\n" S L,
     "p.yaml:3:32: the appliance needs its type"},
    {HEAD "machines: {media: {vcpu: 1}}\n" S L,
     "p.yaml:3:20: there is no setting 'vcpu' (did you mean vcpus?)"},
    {HEAD "machines: {media: {memory: lots}}\n" S L, "p.yaml:3:28: memory: 'lots' is not a size"},
    {HEAD "machines: {media: {links: [trafic]}}\n" S L,
     "p.yaml:3:28: there is no network 'trafic' (did you mean traffic?)"},
    {HEAD "machines: {media: {host: gem}}\n" S L,
     "p.yaml:3:26: there is no host 'gem' (did you mean gen?)"},
    {HEAD "machines: {media: {period: 10ms}}\n" S L, "p.yaml:3:20: a period says nothing without"},
    {HEAD "machines: {media: {neighbour: {type: pi, idle: 5}}}\n" S L,
     "p.yaml:3:48: idle: '5' is not a duration"},
    {HEAD "machines: {from: {}}\n" S L, "p.yaml:3:12: a machine cannot be named 'from'"},
    {HEAD "machines: {a b: {}}\n" S L, "p.yaml:3:12: 'a b' is no name of a machine"},
    {HEAD S L, "p.yaml:1:1: machines: is a map of at least one"},
    {HEAD M L, "p.yaml:1:1: setups: is a map of at least one"},
    {HEAD M S, "p.yaml:1:1: loads: is a list of at least one"},
    {HEAD "setups: {N: {platform: nativ}}\n" M L,
     "p.yaml:3:24: there is no platform 'nativ' (did you mean native?)"},
    {HEAD "setups: {N: {without: []}}\n" M L, "p.yaml:3:10: setup N: platform: is missing"},
    {HEAD "setups: {N: {platform: oci, platform_options: {runtim: runc}}}\n" M L,
     "p.yaml:3:48: there is no option 'runtim' (did you mean runtime?)"},
    {HEAD "setups: {N: {from: M}, D: {platform: oci}}\n" M L,
     "p.yaml:3:20: there is no setup 'M' (there is N, D)"},
    {HEAD "setups: {N: {from: D}, D: {from: N}}\n" M L, "is from itself"},
    {HEAD "setups: {N: {platform: native, medio: {}}}\n" M L,
     "p.yaml:3:32: there is no machine or setting 'medio' (did you mean media?)"},
    {HEAD "setups: {N: {platform: native, media: 5}}\n" M L, "p.yaml:3:39: media is not a map"},
    {HEAD "setups: {N: {platform: native, media.2: {}}}\n" M L,
     "p.yaml:3:32: there is no machine 'media.2'"},
    {HEAD "setups: {N: {platform: native, without: [cpu]}}\n" M L,
     "p.yaml:3:42: there is no machine 'cpu' (there is media)"},
    {HEAD "setups: {N: {platform: native, without: [media]}}\n" M L,
     "p.yaml:3:10: setup N has no machine"},
    {HEAD "loads: [{type: rtcp, to: media}]\n" M S,
     "p.yaml:3:16: there is no workload 'rtcp' (did you mean rtp?)"},
    {HEAD "loads: [{type: rtp}]\n" M S, "p.yaml:3:10: a load needs type and to:"},
    {HEAD "loads: [{type: rtp, to: medai}]\n" M S,
     "p.yaml:3:25: there is no machine 'medai' in setup N (did you mean media?)"},
    {HEAD "loads: [{type: rtp, to: cpu}]\nmachines: {cpu: {neighbour: {type: pi}}}\n" S,
     "p.yaml:3:25: machine cpu has no appliance"},
    {HEAD "loads: [{type: rtp, to: media, stream: [1, 2]}]\n" M S,
     "p.yaml:3:32: there is no option 'stream' (did you mean streams?)"},
    {HEAD "loads: [{type: rtp, to: media, streams: [1, few]}]\n" M S,
     "p.yaml:3:45: streams: 'few' is not a count"},
    {HEAD "loads: [{type: rtp, to: media, streams: [1, 1]}]\n" M S,
     "p.yaml:3:45: level 1 stands twice"},
    {HEAD "loads: [{type: rtp, to: media, streams: []}]\n" M S,
     "p.yaml:3:32: streams is an empty list"},
    {HEAD "loads: [{type: rtp, to: media, streams: [1, 2], ptime: [10ms]}]\n" M S,
     "p.yaml:3:49: one option of a load is a list of levels, and streams is it already"},
    {HEAD "loads: [{type: rtp, to: media, called: {type: medai}}]\n" M S,
     "p.yaml:3:47: there is no appliance 'medai' (did you mean media?)"},
    {HEAD "loads: [{type: rtp, to: media, called: {type: media, treads: 1}}]\n" M S,
     "p.yaml:3:54: there is no option 'treads' (did you mean threads?)"},
    {HEAD "loads: [{type: rtp, to: media, called: [media]}]\n" M S,
     "p.yaml:3:41: the appliance needs its type:"},
    {HEAD "loads: [{type: rtp, to: media, streams: [1, 2, 3]}, "
          "{type: rtp, to: media, streams: [1, 2]}]\n" M S,
     "this load has 2 levels and another has 3"},
    {HEAD "limits: {los: 1%}\n" M S L,
     "p.yaml:3:10: there is no metric 'los' (did you mean loss?)"},
    {HEAD "limits: {rtp_losspct: 1%}\n" M S L,
     "p.yaml:3:10: no load of setup N measures 'rtp_losspct' (did you mean rtp_loss_pct?)"},
    {HEAD "limits: {delay.p99: 1s, broken: 0}\n" M S L,
     "p.yaml:3:25: no load of setup N measures 'broken'; they measure delay.p99, sent, loss, "
     "jitter, mos, failed"},
    {HEAD "limits: {loss: little}\n" M S L, "p.yaml:3:16: 'little' is no limit"},
    {HEAD "limits: {loss: 20ms}\n" M S L, "p.yaml:3:16: loss: '20ms' is a time, but loss is none"},
    {HEAD "limits: {delay: 20ms}\n" M S L, "p.yaml:3:10: of delay a point is needed: delay.p99"},
    {HEAD "limits: {srd_ms.p99: 20}\n" M S L, "p.yaml:3:22: srd_ms.p99: '20' is not a time"},
    {HEAD "limits: {srd_ms.p: 20ms}\n" M S L,
     "p.yaml:3:10: srd_ms has no point 'p' (there is srd_ms.p50, srd_ms.p99.9"},
    {HEAD "limits: {delay.p99: 20}\n" M S L, "p.yaml:3:21: delay.p99: '20' is not a time"},
    {HEAD M S "loads: [{type: rtp, to: media, scheduling: fifo}]\n",
     "p.yaml:5:32: 'scheduling' is no option of a load, but of what sends all of them: "
     "generator: {scheduling: fifo}"},
    {HEAD M S "loads: [{type: rtp, to: media, scheduling: [fifo, other]}]\n",
     "p.yaml:5:32: 'scheduling' is no option of a load, but of what sends all of them: "
     "generator: {scheduling: ...}"},
    {HEAD "limits: {mos: 6}\n" M S L, "p.yaml:3:15: mos: 6 is never reached: it is 1 to 5"},
    {HEAD "limits: {achieved: 101%}\n" M S L,
     "p.yaml:3:20: achieved: 101% is never reached: it is at most 100%"},
    {HEAD "limits: {setup_ratio_pct: 199%}\n" M S L, "setup_ratio_pct: 199% is never reached"},
    {HEAD "limits: {loss: 101%}\n" M S L, "p.yaml:3:16: loss: 101% is always kept"},
    {HEAD "limits: {loss: 1}\n" M S L,
     "p.yaml:3:16: loss: '1' of what? It is a share of what was sent: loss: 1% is one in 100"},
    {HEAD "limits: {failed@uac: 0}\n" M S L,
     "p.yaml:3:10: no load of setup N has a scenario 'uac' in its mix"},
    {HEAD "limits: {mos@uac: 4, failed@b.xml.2: 1, failed@uac.2: 0}\n" M S MIX,
     "p.yaml:3:41: no load of setup N has a scenario 'uac.2' in its mix"},
    {HEAD "limits: {delay.p99@uac: 1s}\n" M S MIX,
     "p.yaml:3:10: no load of setup N measures 'delay.p99' of one scenario"},
    {HEAD "limits: {srd_ms.p@b.xml: 1s}\n" M S MIX,
     "p.yaml:3:10: srd_ms has no point 'p' (there is srd_ms.p50"},
    {HEAD "limits: {mos@b.xml: 6}\n" M S MIX, "mos@b.xml: 6 is never reached: it is 1 to 5"},
    {HEAD "generator: {cpu: 1}\n" M S L,
     "p.yaml:3:13: there is no option 'cpu' (did you mean cpus?)"},
    {HEAD "generator: {duration: 1s}\n" M S L, "p.yaml:3:13: there is no option 'duration'"},
    {HEAD "generator: {scheduling: rr}\n" M S L,
     "p.yaml:3:25: scheduling: 'rr' is none of auto, fifo, other"},
    {HEAD "search: {type: lader}\n" M S L,
     "p.yaml:3:16: there is no search 'lader' (did you mean ladder?)"},
    {HEAD "figures: [delay-bos]\n" M S L,
     "p.yaml:3:11: there is no figure 'delay-bos' (did you mean delay-box?)"},
    {HEAD "sweep: {weight: [1]}\n" M S L, "p.yaml:3:9: 'weight' is no setting of a machine"},
    {HEAD "sweep: {media.weigth: [1]}\n" M S L,
     "there is no setting 'weigth' (did you mean weight?)"},
    {HEAD "sweep: {media.weight: []}\n" M S L, "p.yaml:3:9: media.weight is an empty list"},
};

static void test_wrong_plans(void **state)
{
    (void)state;
    json_t *describe = fixture_describe();
    unsigned failures = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct plan *p = NULL;
        struct err e = {0};
        char message[ERR_TEXT_MAX + ERR_FILE_MAX + 32];
        int r = plan_parse(&p, "p.yaml", wrong[i].text, describe, &e);
        err_format(&e, message, sizeof message);
        if (r >= 0 || strstr(message, wrong[i].message) == NULL) {
            print_error("of\n%s\nit says '%s', not '%s'\n", wrong[i].text, message,
                        wrong[i].message);
            plan_destroy(p);
            failures++;
            continue;
        }
        assert_null(p);
        assert_int_equal(r, e.code);
        assert_int_equal(err_exit_code(&e), EXIT_USAGE);
        assert_true(e.line > 0 && e.column > 0);
        assert_true(plan_parse(&p, "p.yaml", wrong[i].text, describe, NULL) < 0);
    }
    json_decref(describe);
    assert_int_equal(failures, 0);
}

static void test_no_file(void **state)
{
    (void)state;
    struct plan *p = NULL;
    struct err e = {0};
    assert_int_equal(plan_load_file(&p, "studies/no-such.yaml", NULL, &e), -ENOENT);
    assert_string_equal(e.file, "studies/no-such.yaml");
    assert_int_equal(err_exit_code(&e), EXIT_USAGE);
}

/* Without a description only the shape is checked. */
static void test_without_node(void **state)
{
    (void)state;
    struct plan *p = NULL;
    assert_int_equal(plan_parse(&p, "p.yaml",
                                HEAD "machines: {m: {appliance: {type: new, size: 2}}}\n" S
                                     "loads: [{type: newer, to: m}]\n",
                                NULL, NULL),
                     0);
    assert_null(p->setups[0].loads[0].level_option);
    assert_string_equal(p->cases[0].name, "N");
    plan_destroy(p);
}

static void test_depth(void **state)
{
    (void)state;
    char text[256] = "a: ";
    for (int i = 0; i < 40; i++)
        strcat(text, "[");
    for (int i = 0; i < 40; i++)
        strcat(text, "]");
    struct plan *p = NULL;
    struct err e = {0};
    assert_int_equal(plan_parse(&p, "p.yaml", text, NULL, &e), -EBADMSG);
    assert_non_null(strstr(e.text, "nested too deep"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_plans),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_without_node),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
