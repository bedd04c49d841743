/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the whole language, word by word: every element, attribute, action, distribution and
 * keyword is loaded and stands in the manual; the same with a letter too many is refused, with its
 * place. What each does is in table_test and call_test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/test.h"
#include "node/scenario/scenario.h"

#define CALL_ID "Call-ID: [call_id]\n"

enum kind {
    ELEMENT,       /* `rest` follows "<name" */
    ANY_ATTRIBUTE, /* of every command: name="rest" */
    SEND,          /* of send, and so on */
    RECV,
    PAUSE,
    SEND_CMD,
    RECV_CMD,
    ACTION, /* "<name" rest */
    EXEC,   /* of the action exec */
    DISTRIBUTION,
    WORD, /* "[name" rest "]" */
    KINDS
};

static const struct row {
    enum kind kind;
    const char *name, *rest;
} rows[] = {
    {ELEMENT, "send", "><![CDATA[\nBYE sip:a SIP/2.0\n" CALL_ID "]]></send>"},
    {ELEMENT, "recv", " response=\"200\"/>"},
    {ELEMENT, "pause", " milliseconds=\"1\"/>"},
    {ELEMENT, "nop", "/>"},
    {ELEMENT, "sendCmd", "><![CDATA[\n" CALL_ID "]]></sendCmd>"},
    {ELEMENT, "recvCmd", "/>"},
    {ELEMENT, "timewait", " milliseconds=\"1\"/>"},
    {ELEMENT, "label", " id=\"_unexp.main\"/>"},
    {ELEMENT, "init", "><nop/></init>"},
    {ELEMENT, "Global", " variables=\"a,b\"/><Reference variables=\"a,b\"/>"},
    {ELEMENT, "User", " variables=\"a\"/><Reference variables=\"a\"/>"},
    {ELEMENT, "Reference", " variables=\"a\"/>"},
    {ELEMENT, "ResponseTimeRepartition", " value=\"10, 20\"/>"},
    {ELEMENT, "CallLengthRepartition", " value=\"10, 20\"/>"},
    {ELEMENT, "DefaultMessage", " id=\"bye\"><![CDATA[BYE sip:a SIP/2.0]]></DefaultMessage>"},
    {ANY_ATTRIBUTE, "start_rtd", "r"},
    {ANY_ATTRIBUTE, "rtd", "true"},
    {ANY_ATTRIBUTE, "repeat_rtd", "true"},
    {ANY_ATTRIBUTE, "crlf", "true"},
    {ANY_ATTRIBUTE, "next", "end"},
    {ANY_ATTRIBUTE, "test", "v\" next=\"end"},
    {ANY_ATTRIBUTE, "chance", "0.5\" next=\"end"},
    {ANY_ATTRIBUTE, "condexec", "v"},
    {ANY_ATTRIBUTE, "condexec_inverse", "true\" condexec=\"v"},
    {ANY_ATTRIBUTE, "counter", "c"},
    {ANY_ATTRIBUTE, "hide", "true"},
    {ANY_ATTRIBUTE, "hiderest", "true"},
    {ANY_ATTRIBUTE, "display", "words"},
    {ANY_ATTRIBUTE, "lost", "0.5"},
    {ANY_ATTRIBUTE, "timeout", "20s"},
    {ANY_ATTRIBUTE, "ontimeout", "end"},
    {ANY_ATTRIBUTE, "ignoresdp", "true"},
    {SEND, "retrans", "500"},
    {SEND, "start_txn", "t"},
    {SEND, "ack_txn", "t"},
    {RECV, "regexp_match", "true"},
    {RECV, "optional", "global"},
    {RECV, "advance_state", "false\" optional=\"true"},
    {RECV, "rrs", "true"},
    {RECV, "auth", "true"},
    {RECV, "response_txn", "t"},
    {PAUSE, "milliseconds", "10"},
    {PAUSE, "variable", "v"},
    {PAUSE, "sanity_check", "false\" milliseconds=\"3000000000"},
    {PAUSE, "distribution", "fixed\" value=\"1"},
    {PAUSE, "min", "1\" max=\"2"},
    {PAUSE, "normal", "true\" mean=\"10\" stdev=\"1"},
    {PAUSE, "exponential", "true\" mean=\"10"},
    {PAUSE, "lognormal", "true\" mean=\"1\" stdev=\"1"},
    {PAUSE, "weibull", "true\" lambda=\"1\" k=\"1"},
    {PAUSE, "pareto", "true\" k=\"1\" x_m=\"1\" sanity_check=\"false"},
    {PAUSE, "gamma", "true\" k=\"1\" theta=\"1"},
    {SEND_CMD, "dest", "s1"},
    {RECV_CMD, "src", "m"},
    {RECV_CMD, "optional", "true"},
    {DISTRIBUTION, "fixed", " value=\"5\""},
    {DISTRIBUTION, "uniform", " min=\"5\" max=\"10\""},
    {DISTRIBUTION, "normal", " mean=\"60\" stdev=\"15\""},
    {DISTRIBUTION, "lognormal", " mean=\"2\" stdev=\"1\""},
    {DISTRIBUTION, "exponential", " mean=\"60\""},
    {DISTRIBUTION, "weibull", " lambda=\"3\" k=\"4\""},
    {DISTRIBUTION, "pareto", " k=\"1\" x_m=\"2\""},
    {DISTRIBUTION, "gpareto", " shape=\"0.1\" scale=\"2\" location=\"3\""},
    {DISTRIBUTION, "gamma", " k=\"3\" theta=\"4\""},
    {DISTRIBUTION, "negbin", " p=\"0.1\" n=\"2\""},
    {ACTION, "ereg",
     " regexp=\"(a)\" search_in=\"hdr\" header=\"To:\" case_indep=\"true\" occurrence=\"1\" "
     "start_line=\"true\" check_it=\"true\" assign_to=\"v,w\"/>"},
    {ACTION, "log", " message=\"[$v]\"/>"},
    {ACTION, "warning", " message=\"w\"/>"},
    {ACTION, "error", " message=\"e\"/>"},
    {ACTION, "assign", " assign_to=\"v\" value=\"1\"/>"},
    {ACTION, "assignstr", " assign_to=\"v\" value=\"[call_id]\"/>"},
    {ACTION, "todouble", " assign_to=\"v\" variable=\"w\"/>"},
    {ACTION, "add", " assign_to=\"v\" variable=\"w\"/>"},
    {ACTION, "subtract", " assign_to=\"v\" value=\"1\"/>"},
    {ACTION, "multiply", " assign_to=\"v\" value=\"2\"/>"},
    {ACTION, "divide", " assign_to=\"v\" value=\"2\"/>"},
    {ACTION, "sample", " assign_to=\"v\" distribution=\"uniform\" min=\"1\" max=\"2\"/>"},
    {ACTION, "test", " assign_to=\"v\" variable=\"w\" compare=\"less_than_equal\" value=\"1\"/>"},
    {ACTION, "strcmp", " assign_to=\"v\" variable=\"w\" value=\"x\" check_it_inverse=\"true\"/>"},
    {ACTION, "trim", " assign_to=\"v\"/>"},
    {ACTION, "urlencode", " variable=\"v\"/>"},
    {ACTION, "urldecode", " variable=\"v\"/>"},
    {ACTION, "gettimeofday", " assign_to=\"v,w\"/>"},
    {ACTION, "index", " assign_to=\"v\"/>"},
    {ACTION, "jump", " value=\"1\"/>"},
    {ACTION, "pauserestore", " variable=\"v\"/>"},
    {ACTION, "lookup", " assign_to=\"v\" file=\"users.csv\" key=\"[$w]\"/>"},
    {ACTION, "insert", " file=\"users.csv\" value=\"a;b\"/>"},
    {ACTION, "replace", " file=\"users.csv\" line=\"[$v]\" value=\"a;b\"/>"},
    {ACTION, "verifyauth", " assign_to=\"v\" username=\"a\" password=\"b\"/>"},
    {ACTION, "setdest", " host=\"[remote_ip]\" port=\"5060\" protocol=\"udp\"/>"},
    {ACTION, "closecon", "/>"},
    {ACTION, "rtp_echo", " value=\"1\"/>"},
    {ACTION, "exec", " command=\"true\"/>"},
    {EXEC, "command", "true [call_id]"},
    {EXEC, "int_cmd", "stop_gracefully"},
    {EXEC, "play_pcap_audio", "a.pcap"},
    {EXEC, "play_pcap_video", "a.pcap"},
    {EXEC, "play_pcap_image", "a.pcap"},
    {EXEC, "play_dtmf", "123#"},
    {EXEC, "rtp_stream", "a.wav,-1,8,PCMA/8000"},
    {EXEC, "rtp_echo", "startaudio,0,PCMU/8000"},
    {WORD, "remote_ip", ""},
    {WORD, "remote_host", ""},
    {WORD, "remote_port", "+1"},
    {WORD, "transport", ""},
    {WORD, "local_ip", ""},
    {WORD, "local_ip_type", ""},
    {WORD, "local_port", ""},
    {WORD, "server_ip", ""},
    {WORD, "media_ip", ""},
    {WORD, "media_ip_type", ""},
    {WORD, "media_port", "+2"},
    {WORD, "auto_media_port", ""},
    {WORD, "rtpstream_audio_port", ""},
    {WORD, "rtpstream_video_port", "+1"},
    {WORD, "call_number", "-1"},
    {WORD, "dynamic_id", ""},
    {WORD, "call_id", ""},
    {WORD, "cseq", "+1"},
    {WORD, "pid", ""},
    {WORD, "service", ""},
    {WORD, "branch", "-1"},
    {WORD, "msg_index", ""},
    {WORD, "next_url", ""},
    {WORD, "len", ""},
    {WORD, "peer_tag_param", ""},
    {WORD, "last_Request_URI", ""},
    {WORD, "last_cseq_number", "+1"},
    {WORD, "last_message", ""},
    {WORD, "routes", ""},
    {WORD, "tdmmap", ""},
    {WORD, "clock_tick", ""},
    {WORD, "users", ""},
    {WORD, "userid", ""},
    {WORD, "timestamp", ""},
    {WORD, "date", ""},
    {WORD, "sipp_version", ""},
    {WORD, "field0", " file=\"users.csv\" line=\"[$v]\""},
    {WORD, "file", " name=body.txt"},
    {WORD, "$v", ""},
    {WORD, "fill", " variable=v text=ab"},
    {WORD, "authentication", " username=a password=[field1] aka_K=k aka_OP=o aka_AMF=f"},
    {WORD, "cryptotag1audio", ""},
    {WORD, "cryptokeyparams2video", ""},
    {WORD, "cryptosuiteaescm128sha1801audio", ""},
    {WORD, "cryptosuitenullsha1322video", ""},
    {WORD, "ueaescm128sha1801audio", ""},
    {WORD, "mine", ""}, /* by -key */
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

#define MESSAGE(method) "<![CDATA[\n" method " sip:a SIP/2.0\n" CALL_ID "\n]]></send>"
#define TAIL "<nop rtd=\"r\"/><Reference variables=\"v,w\"/><label id=\"end\"/></scenario>"
#define TRANSACTION "<send%s>" MESSAGE("INVITE") "<recv response=\"200\"%s/><send%s>" MESSAGE("ACK")

/* A transaction has three parts; the row has one of them. */
static void write_transaction(char *text, size_t size, const char *attribute, const char *name)
{
    snprintf(text, size, "<scenario name=\"t\">" TRANSACTION TAIL,
             strncmp(name, "start", 5) == 0 ? attribute : " start_txn=\"t\"",
             strncmp(name, "response", 8) == 0 ? attribute : " response_txn=\"t\"",
             strncmp(name, "ack", 3) == 0 ? attribute : " ack_txn=\"t\"");
}

static void write_scenario(char *text, size_t size, const struct row *r, const char *name,
                           unsigned command)
{
    static const struct {
        const char *front, *back;
    } commands[] = {{"<send", ">" MESSAGE("BYE")},
                    {"<recv response=\"200\"", "/>"},
                    {"<nop", "/>"},
                    {"<recvCmd", "/>"},
                    {"<sendCmd", "><![CDATA[\nFrom: m\n" CALL_ID "]]></sendCmd>"},
                    {"<pause", "/>"}};
    static const unsigned of_kind[KINDS] = {
        [SEND] = 0, [RECV] = 1, [PAUSE] = 5, [SEND_CMD] = 4, [RECV_CMD] = 3};
    char attribute[256], body[1024] = "";

    snprintf(attribute, sizeof(attribute), " %s=\"%s\"", name, r->rest);
    if (strstr(r->name, "_txn") != NULL) {
        write_transaction(text, size, attribute, name);
        return;
    }
    switch (r->kind) {
    case ELEMENT: {
        const char *close = strstr(r->rest, "</");

        snprintf(body, sizeof(body), "%s<%s%.*s", command == 0 ? "<nop/>" : "", name,
                 close != NULL ? (int)(close - r->rest) : (int)strlen(r->rest), r->rest);
        if (close != NULL) {
            snprintf(body + strlen(body), sizeof(body) - strlen(body), "</%s>", name);
        }
        break;
    }
    case ACTION:
        snprintf(body, sizeof(body), "<nop><action><%s%s</action></nop>", name, r->rest);
        break;
    case EXEC:
        snprintf(body, sizeof(body), "<nop><action><exec%s/></action></nop>", attribute);
        break;
    case DISTRIBUTION:
        snprintf(body, sizeof(body), "<pause distribution=\"%s\"%s sanity_check=\"false\"/>", name,
                 r->rest);
        break;
    case WORD:
        snprintf(body, sizeof(body), "<send><![CDATA[\nBYE sip:a SIP/2.0\nX: [%s%s]\n]]></send>",
                 name, r->rest);
        break;
    default:
        command = r->kind == ANY_ATTRIBUTE ? command : of_kind[r->kind];
        snprintf(body, sizeof(body), "%s%s%s", commands[command].front, attribute,
                 commands[command].back);
        break;
    }
    if (r->kind == ELEMENT && strncmp(name, "timewait", 8) == 0) { /* it is the last one */
        snprintf(text, size, "<scenario name=\"t\">%s</scenario>", body);
    } else {
        snprintf(text, size, "<scenario name=\"t\">%s" TAIL, body);
    }
}

static int load(const char *text, struct err *err)
{
    static const char *const files[] = {"tests/scenarios/users.csv"};
    static const struct scenario_pair index = {"users.csv", "0"}, key = {"mine", "x"};
    struct scenario_options o;
    struct scenario *s = NULL;
    int code;

    scenario_options_default(&o);
    o.injections = files;
    o.injection_count = 1;
    o.indexes = &index;
    o.index_count = 1;
    o.keys = &key;
    o.key_count = 1;
    code = scenario_load_text("t.xml", text, strlen(text), &o, &s, err);
    scenario_destroy(s);
    return code;
}

static unsigned forms(const struct row *r)
{
    return r->kind == ANY_ATTRIBUTE ? 5 : 1;
}

static void every_word_is_known(void **state)
{
    char text[4096];

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        for (unsigned form = 0; form < forms(&rows[i]); form++) {
            struct err err = {0};

            write_scenario(text, sizeof(text), &rows[i], rows[i].name, form);
            if (load(text, &err) < 0) {
                fail_msg("%s: %s\n%s", rows[i].name, err.text, text);
            }
        }
    }
}

static void a_letter_too_many_is_refused_with_its_place(void **state)
{
    char text[4096], name[64];

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct err err = {0};
        bool is_variable = rows[i].name[0] == '$';

        if (rows[i].kind == WORD && strncmp(rows[i].name, "last_", 5) == 0) {
            continue; /* any header's name is one */
        }
        snprintf(name, sizeof(name), "%sq", rows[i].name);
        write_scenario(text, sizeof(text), &rows[i], name, 0);
        if (load(text, &err) == 0 || strcmp(err.file, "t.xml") != 0 || err.line < 1 ||
            err.column < 1 || strstr(err.text, name + (is_variable ? 1 : 0)) == NULL) {
            fail_msg("%s: at %d:%d \"%s\"\n%s", name, err.line, err.column, err.text, text);
        }
    }
}

/* The manual has it as `word`, `[word]` or `[word`, and so has the reader. */
static void every_word_is_in_the_manual(void **state)
{
    struct buf manual;

    (void)state;
    buf_init(&manual);
    assert_int_equal(buf_load(&manual, "doc/manual/sip-language.md"), 0);
    for (size_t i = 0; i < ROWS; i++) {
        static const char *const forms_of_it[] = {"`%s`", "`[%s]`", "`[%s ", "`%s ", "`<%s"};
        char form[80];
        bool is_there = strcmp(rows[i].name, "mine") == 0 || rows[i].name[0] == '$' ||
                        strncmp(rows[i].name, "crypto", 6) == 0 ||
                        strncmp(rows[i].name, "ueaes", 5) == 0;

        for (size_t k = 0; k < sizeof(forms_of_it) / sizeof(forms_of_it[0]); k++) {
            size_t at = (size_t)(strchr(forms_of_it[k], '%') - forms_of_it[k]);

            snprintf(form, sizeof(form), "%.*s%s%s", (int)at, forms_of_it[k], rows[i].name,
                     forms_of_it[k] + at + 2);
            is_there = is_there || strstr(buf_str(&manual), form) != NULL;
        }
        if (!is_there) {
            fail_msg("%s is not in doc/manual/sip-language.md", rows[i].name);
        }
    }
    buf_finish(&manual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_known),
        cmocka_unit_test(a_letter_too_many_is_refused_with_its_place),
        cmocka_unit_test(every_word_is_in_the_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
