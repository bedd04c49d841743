/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of loading: what is refused, where it says the mistake is, and what is taken for what.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"
#include "node/scenario/compiled.h"
#include "node/scenario/scenario.h"

#define SEND "<send><![CDATA[\n  OPTIONS sip:a SIP/2.0\n  Call-ID: [call_id]\n\n]]></send>"

static const struct {
    const char *text; /* within <scenario>, which is on the first line */
    int line, column; /* 0: any column */
    const char *words;
} refusals[] = {
    {"\n<snd/>", 2, 1, "<snd>: no such element; the nearest is <send>"},
    {"\n  <recv respons=\"200\"/>", 2, 9, "no attribute \"respons\"; the nearest is \"response\""},
    {"\n<recv/>", 2, 1, "either request=\"METHOD\" or response=\"code\""},
    {"\n<recv response=\"20\"/>", 2, 7, "a status code is 100 to 699"},
    {"\n<recv response=\"200\" optional=\"maybe\"/>", 2, 22, "write true, false or global"},
    {"\n<recv request=\"(\" regexp_match=\"true\"/>", 2, 7, "regular expression \"(\""},
    {"\n<send/>", 2, 1, "the message is missing"},
    {"<send><![CDATA[\n OPTIONS sip:a SIP/2.0\n CSeq: [csq] OPTIONS\n]]></send>", 3, 8,
     "no keyword [csq]; the nearest is [cseq]"},
    {"<send><![CDATA[\n OPTIONS sip:a SIP/2.0\n   X: [field0]\n]]></send>", 3, 7,
     "wants an injection file"},
    {"<send><![CDATA[\n OPTIONS sip:a SIP/2.0\n X: [cseq*2]\n]]></send>", 3, 5, "[cseq"},
    {"<send><![CDATA[\n OPTIONS sip:a SIP/2.0\n X: [cseq\n]]></send>", 3, 5, "without its ']'"},
    {"<send><![CDATA[\n [service] sip:a SIP/2.0\n]]></send>", 2, 0, "without keywords"},
    {"<send><![CDATA[\n OPTIONS sip:a SIP/2.0\n X: [$n]\n]]></send>", 3, 0,
     "variable \"n\" is used once only"},
    {"<send><![CDATA[\n OPTIONS sip:a SIP/2.0\n X: [fill text=\"a\"]\n]]></send>", 3, 5,
     "[fill] wants a variable"},
    {"<send><![CDATA[\n ACK sip:a SIP/2.0\n]]></send><send start_txn=\"a\"><![CDATA[ACK sip:a "
     "SIP/2.0]]></send>",
     3, 17, "starts no transaction"},
    {"<send start_txn=\"t\"><![CDATA[\n INVITE sip:a SIP/2.0\n]]></send>\n"
     "<recv response=\"200\" response_txn=\"t\"/>",
     1, 0, "no command has ack_txn=\"t\""},
    {"\n<nop><action><lg message=\"x\"/></action></nop>", 2, 14, "the nearest is <log>"},
    {"\n<nop><action><log/></action></nop>", 2, 14, "the attribute message is missing"},
    {"\n<nop><action><log message=\"[foo]\"/></action></nop>", 2, 19, "no keyword [foo]"},
    {"\n<nop><action><ereg regexp=\"(a\" search_in=\"msg\" assign_to=\"x\"/></action></nop>", 2, 20,
     "regular expression"},
    {"\n<nop><action><ereg regexp=\"a\" search_in=\"top\" assign_to=\"x\"/></action></nop>", 2, 31,
     "write msg, hdr, body or var"},
    {"\n<nop><action><ereg regexp=\"a\" search_in=\"msg\" assign_to=\"x,y\"/></action></nop>", 2,
     47, "the whole and 0 groups"},
    {"\n<nop><action><test variable=\"x\" compare=\"equals\" value=\"1\"/></action></nop>", 2, 33,
     "the nearest is \"equal\""},
    {"\n<nop><action><assign assign_to=\"x\" value=\"abc\"/></action></nop>", 2, 36,
     "is no number"},
    {"\n<nop><action><divide assign_to=\"x\" value=\"0\"/></action></nop>", 2, 36,
     "division by zero"},
    {"\n<nop><action><exec/></action></nop>", 2, 14, "exactly one of"},
    {"\n<nop><action><exec int_cmd=\"stop\"/></action></nop>", 2, 20,
     "the nearest is \"stop_now\""},
    {"\n<nop><action><exec rtp_stream=\"a.wav,0\"/></action></nop>", 2, 20, "how often"},
    {"\n<nop><action><exec rtp_stream=\"apattern,9\"/></action></nop>", 2, 20, "1 to 6"},
    {"\n<nop><action><exec rtp_stream=\"vpattern,0,97\"/></action></nop>", 2, 20, "1 to 6"},
    {"\n<nop><action><exec rtp_stream=\"vpattern,1,128\"/></action></nop>", 2, 20, "0 to 127"},
    {"\n<nop><action><lookup assign_to=\"x\" file=\"no.csv\" key=\"k\"/></action></nop>", 2, 36,
     "no injection file \"no.csv\""},
    {"\n<nop><action><sample assign_to=\"x\" distribution=\"norml\" mean=\"1\"/></action></nop>", 2,
     36, "known are fixed, uniform, normal"},
    {"\n<pause distribution=\"uniform\" min=\"1\"/>", 2, 1, "wants the attribute max"},
    {"\n<pause distribution=\"uniform\" min=\"5\" max=\"1\"/>", 2, 1, "min is above max"},
    {"\n<pause distribution=\"uniforn\" min=\"1\" max=\"2\"/>", 2, 8,
     "no distribution \"uniforn\""},
    {"\n<pause distribution=\"fixed\" value=\"1\" normal=\"true\"/>", 2, 1, "two forms"},
    {"\n<pause milliseconds=\"soon\"/>", 2, 8, "write milliseconds"},
    {"\n<pause milliseconds=\"3000000000\"/>", 2, 1, "sanity_check"},
    {"\n<pause milliseconds=\"1\" variable=\"x\"/>", 2, 1, "give one of"},
    {"\n<timewait/>\n<pause/>", 2, 0, "must be the last"},
    {"\n<nop next=\"there\"/><label id=\"here\"/><label id=\"x\"/>", 2, 6,
     "no such label; the nearest is \"here\", known are \"here\", \"x\""},
    {"\n<label id=\"a\"/><label id=\"a\"/><nop/>", 2, 23, "there twice"},
    {"\n<nop chance=\"2\" next=\"a\"/><label id=\"a\"/>", 2, 6, "0 to 1"},
    {"\n<nop chance=\"0.5\"/>", 2, 6, "works together with next"},
    {"\n<nop start_rtd=\"x\"/>", 2, 0, "never stopped"},
    {"\n<nop counter=\"a,b\"/>", 2, 6, "without '$' and ','"},
    {"\n<nop lost=\"101\"/>", 2, 6, "0 to 100"},
    {"\n<init><pause/></init><nop/>", 2, 7, "stand nop and label"},
    {"\n<ResponseTimeRepartition value=\"20, 10\"/><nop/>", 2, 26, "rising numbers"},
    {"\n<DefaultMessage id=\"by\"><![CDATA[BYE]]></DefaultMessage><nop/>", 2, 17,
     "bye, ack, cancel"},
    {"\n<sendCmd><![CDATA[\nX: y\n]]></sendCmd>", 2, 1, "Call-ID: [call_id]"},
    {"\n<Global variables=\"g\"/><User variables=\"g\"/><nop/>", 2, 30, "both"},
    {"\n<nop><action><setdest host=\"a\" port=\"1\"/></action></nop>", 2, 14,
     "protocol is missing"},
    {"\n<nop></action></nop>", 2, 8,
     "not XML: mismatched tag; what is open here is <nop> of line 2, which </nop> closes"},
    {"\n<nop next=\"end\"/>", 2, 6,
     "no such label, nor any other: <label id=\"end\"/> would be one"},
    {"\n<nop>", 2, 8, "what is open here is <nop> of line 2, which </nop> closes"},
    {"\n<nop>&</nop>", 2, 7, "write & as &amp;"},
    {"", 1, 1, "without any command"},
};

static int load(const char *body, struct scenario **ret, struct err *err)
{
    struct scenario_options o;
    char text[4096];

    scenario_options_default(&o);
    snprintf(text, sizeof(text), "<scenario name=\"t\">%s</scenario>", body);
    return scenario_load_text("t.xml", text, strlen(text), &o, ret, err);
}

static void mistakes_are_named_with_their_place(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct scenario *s = NULL;
        struct err err = {0};
        int code = load(refusals[i].text, &s, &err);

        if (code >= 0 || err.line != refusals[i].line ||
            (refusals[i].column && err.column != refusals[i].column) ||
            !strstr(err.text, refusals[i].words) || strcmp(err.file, "t.xml") != 0) {
            fprintf(stderr, "%s\n  wants %d:%d %s\n  says %d:%d %s\n", refusals[i].text,
                    refusals[i].line, refusals[i].column, refusals[i].words, err.line, err.column,
                    err.text);
            wrong++;
        }
        assert_int_equal(err_exit_code(&err), EXIT_USAGE);
        scenario_destroy(s);
    }
    assert_int_equal(wrong, 0);
}

static void what_is_no_scenario_is_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } texts[] = {
        {"", "there is no element, not even <scenario>"},
        {"x", "not XML"},
        {"<a/>", "scenario"},
        {"<scenario>", "the file ends within <scenario> of line 1: </scenario> is missing"},
        {"<scenario><nop>", "the file ends within <nop> of line 1: </nop> is missing"},
        {"\xff\xfe<", "not XML"},
        {"<!--", "not XML"},
    };
    struct scenario_options o;

    (void)state;
    scenario_options_default(&o);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct scenario *s = NULL;
        struct err err = {0};

        assert_true(
            scenario_load_text("t.xml", texts[i].text, strlen(texts[i].text), &o, &s, &err) < 0);
        assert_non_null(strstr(err.text, texts[i].words));
        assert_null(s);
        assert_int_equal(err.line, 1);
    }
}

static void a_missing_file_says_so(void **state)
{
    struct scenario_options o;
    struct scenario *s = NULL;
    struct err err = {0};

    (void)state;
    scenario_options_default(&o);
    assert_int_equal(scenario_load("no/such.xml", &o, &s, &err), -ENOENT);
    assert_non_null(strstr(err.text, "no/such.xml"));
}

static void old_files_with_bare_marks_are_read(void **state)
{
    struct scenario *s = NULL;
    struct err err = {0};
    int code = load("<recv response=\"200\"><action>"
                    "<ereg regexp=\"<sip:([^>&]*)&lt;\" search_in=\"msg\" assign_to=\"a,b\"/>"
                    "<log message=\"[$a] & [$b]\"/></action></recv>",
                    &s, &err);

    (void)state;
    assert_int_equal(code, 0);
    assert_int_equal(regexec(s->steps[0].actions[0].regex, "<sip:x<", 0, NULL, 0), 0);
    scenario_destroy(s);
    /* Positions behind them are those of the file. */
    assert_true(load("<nop hide=\"<&<\"/>", &s, &err) < 0);
    assert_int_equal(err.column, 25);
    assert_true(load("<recv request=\"<&<\"/><nop x=\"\"/>", &s, &err) < 0);
    assert_int_equal(err.column, 46);
}

static void bytes_come_through_as_they_are(void **state)
{
    static const char text[] =
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><scenario><send>"
        "<![CDATA[OPTIONS sip:a SIP/2.0\nSubject: \xe9\xc3\xa9]]></send></scenario>";
    struct scenario_options o;
    struct scenario *s = NULL;

    (void)state;
    scenario_options_default(&o);
    assert_int_equal(scenario_load_text("t.xml", text, sizeof(text) - 1, &o, &s, NULL), 0);
    assert_int_equal(s->steps[0].message->count, 1);
    assert_string_equal(s->steps[0].message->pieces[0].text,
                        "OPTIONS sip:a SIP/2.0\r\nSubject: \xe9\xc3\xa9\r\n\r\n");
    scenario_destroy(s);
}

static void steps_say_what_they_are(void **state)
{
    struct scenario_step_info info;
    struct scenario *s = NULL;

    (void)state;
    assert_int_equal(load("<pause/>\n<recv request=\"INVITE\" rtd=\"true\" hiderest=\"true\"/>"
                          "<send retrans=\"500\"><![CDATA[SIP/2.0 486 Busy]]></send>"
                          "<pause milliseconds=\"20\" hide=\"false\" display=\"rest\"/>" SEND,
                          &s, NULL),
                     0);
    assert_int_equal(scenario_role(s), SCENARIO_SERVER);
    assert_int_equal(scenario_step_count(s), 5);
    scenario_set_pause(s, NS_PER_S);
    scenario_get_step(s, 0, &info);
    assert_true(info.kind == SCENARIO_PAUSE && info.pause_ns == NS_PER_S && !info.is_hidden);
    scenario_get_step(s, 1, &info);
    assert_string_equal(info.text, "INVITE");
    assert_true(info.line == 2 && info.rtd == 0 && info.is_hidden);
    scenario_get_step(s, 2, &info);
    assert_string_equal(info.text, "486");
    assert_true(info.has_retrans && info.is_hidden);
    scenario_get_step(s, 3, &info);
    assert_true(!info.is_hidden && info.pause_ns == 20 * NS_PER_MS);
    assert_string_equal(info.display, "rest");
    scenario_get_step(s, 4, &info);
    assert_string_equal(info.text, "OPTIONS");
    scenario_destroy(s);
}

static void every_built_in_scenario_loads(void **state)
{
    struct scenario_options o;
    const char *name;

    (void)state;
    scenario_options_default(&o);
    for (unsigned i = 0; (name = scenario_builtin_name(i)) != NULL; i++) {
        struct scenario *s = NULL;

        assert_int_equal(scenario_load(name, &o, &s, NULL), 0);
        assert_true(scenario_call_size(s) < 700);
        scenario_destroy(s);
    }
}

static void injection_and_sets_are_checked(void **state)
{
    static const char *const missing[] = {"no/such.csv"};
    static const struct scenario_pair set = {"g", "1"};
    static const char text[] = "<scenario><nop/></scenario>";
    struct scenario_options o;
    struct scenario *s = NULL;
    struct err err = {0};

    (void)state;
    scenario_options_default(&o);
    o.injections = missing;
    o.injection_count = 1;
    assert_int_equal(scenario_load_text("t", text, sizeof(text) - 1, &o, &s, &err), -ENOENT);
    assert_non_null(strstr(err.text, "no/such.csv"));
    o.injection_count = 0;
    o.sets = &set;
    o.set_count = 1;
    assert_int_equal(scenario_load_text("t", text, sizeof(text) - 1, &o, &s, &err), -EINVAL);
    assert_non_null(strstr(err.text, "declares no global variable"));
    o.set_count = 0;
    o.tdmmap = "{3-1}{1}{1}{1}";
    assert_int_equal(scenario_load_text("t", text, sizeof(text) - 1, &o, &s, &err), -EINVAL);
    assert_non_null(strstr(err.text, "is no TDM map"));
}

static uint64_t lasts_ms(const char *commands, bool *ret_is_least)
{
    struct scenario_options o;
    struct scenario *s = NULL;
    struct err e = {0};
    char text[4096];
    uint64_t ns;

    scenario_options_default(&o);
    o.pause_ns = 70 * NS_PER_MS;
    snprintf(text, sizeof(text), "<scenario name=\"x\"><recv request=\"INVITE\"/>%s</scenario>",
             commands);
    assert_int_equal(scenario_load_text("x.xml", text, strlen(text), &o, &s, &e), 0);
    ns = scenario_lasts_ns(s, ret_is_least);
    scenario_destroy(s);
    return ns / NS_PER_MS;
}

static void a_call_lasts_as_long_as_its_pauses(void **state)
{
    bool is_least = false;

    (void)state;
    assert_int_equal(
        lasts_ms("<pause milliseconds=\"30\"/><pause/><timewait milliseconds=\"9\"/>", &is_least),
        100);
    assert_true(is_least);
    assert_int_equal(lasts_ms("<pause distribution=\"uniform\" min=\"0\" max=\"100\"/>", &is_least),
                     99);
    assert_false(is_least); /* this one or a shorter one */
    assert_int_equal(
        lasts_ms(
            "<recv request=\"BYE\" next=\"1\"/><pause/><label id=\"1\"/><recv request=\"ACK\"/>",
            &is_least),
        70);
    assert_false(is_least); /* there is a way around it */
    assert_int_equal(lasts_ms("", &is_least), 0);
    assert_true(is_least);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_lasts_as_long_as_its_pauses),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(what_is_no_scenario_is_refused),
        cmocka_unit_test(a_missing_file_says_so),
        cmocka_unit_test(old_files_with_bare_marks_are_read),
        cmocka_unit_test(bytes_come_through_as_they_are),
        cmocka_unit_test(steps_say_what_they_are),
        cmocka_unit_test(every_built_in_scenario_loads),
        cmocka_unit_test(injection_and_sets_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
