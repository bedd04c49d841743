/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The torture messages of RFC 4475 (tests/data/sip/torture.txt): what is valid is read, what is not
 * gets the status that the RFC names; a stream cuts the valid ones off where they end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/test.h"
#include "node/codec/sdp.h"
#include "node/codec/sip.h"
#include "node/codec/sip_value.h"
#include "node/codec/sip_write.h"

struct torture {
    char name[32], expected[16];
    char bytes[8192];
    size_t size;
};

static void append(struct torture *t, const char *line)
{
    unsigned v;

    for (; *line != '\0'; line++) {
        if (t->size + 2 >= sizeof(t->bytes)) {
            fail_msg("%s is too long for the test", t->name);
        }
        if (line[0] == '\\' && line[1] == '\\') {
            t->bytes[t->size++] = *line++;
        } else if (line[0] == '\\' && line[1] == 'x' && sscanf(line + 2, "%2x", &v) == 1) {
            t->bytes[t->size++] = (char)v;
            line += 3;
        } else if (*line == '\n') {
            t->bytes[t->size++] = '\r';
            t->bytes[t->size++] = '\n';
        } else {
            t->bytes[t->size++] = *line;
        }
    }
}

/* Calls `each` for all of the file. Returns how many. */
static size_t for_each_torture(void (*each)(const struct torture *t))
{
    struct torture t = {.size = 0};
    FILE *file = fopen("tests/data/sip/torture.txt", "r");
    char line[4096];
    size_t n = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "=== ", 4) == 0) {
            if (n++ > 0) {
                each(&t);
            }
            t = (struct torture){.size = 0};
            assert_int_equal(sscanf(line, "=== %31s %15s", t.name, t.expected), 2);
        } else if (n > 0) {
            append(&t, line);
        }
    }
    each(&t);
    fclose(file);
    return n;
}

static void is_judged_right(const struct torture *t)
{
    struct sip_message m;
    const char *reason = "";
    char got[16] = "drop";

    if (sip_parse(&m, t->bytes, t->size) == 0) {
        int status = sip_check(&m, &reason);
        (void)snprintf(got, sizeof(got), "%d", status);
        if (status == 0) {
            strcpy(got, "valid");
        }
    }
    if (strcmp(got, t->expected) != 0) {
        fail_msg("%s: %s %s, not %s", t->name, got, reason, t->expected);
    }
}

static void judged_as_the_standard_says(void **state)
{
    (void)state;
    assert_int_equal(for_each_torture(is_judged_right), 45);
}

static void is_cut_where_it_ends(const struct torture *t)
{
    struct sip_framer f = {0};
    struct sip_message m;
    size_t skip;

    if (strcmp(t->expected, "valid") == 0 && sip_parse(&m, t->bytes, t->size) == 0 &&
        m.content_length >= 0) {
        assert_int_equal(sip_frame(&f, t->bytes, t->size, sizeof(t->bytes), &skip), m.all.size);
    }
}

static void cut_where_they_end(void **state)
{
    (void)state;
    (void)for_each_torture(is_cut_where_it_ends);
}

/* Of broken requests too, as far as they say whom to answer. */
static void can_be_answered(const struct torture *t)
{
    struct sip_message m, again;
    struct sip_writer w;
    char bytes[16384];
    int size;

    if (sip_parse(&m, t->bytes, t->size) == 0 && m.is_request) {
        sip_write_init(&w, bytes, sizeof(bytes));
        sip_write_response(&w, &m, 400, NULL, "x");
        size = sip_write_end(&w, NULL, 0);
        assert_true(size > 0);
        assert_int_equal(sip_parse(&again, bytes, (size_t)size), 0);
        assert_int_equal(again.status, 400);
        assert_true(sip_text_equals(again.call_id, m.call_id));
        assert_int_equal(again.cseq, m.cseq);
    }
}

static void requests_can_be_answered(void **state)
{
    (void)state;
    (void)for_each_torture(can_be_answered);
}

static void look_closer(const struct torture *t)
{
    struct sip_message m;
    struct sip_text item, value;
    struct sip_list l = {0};
    struct sip_address a;
    struct sdp d;
    size_t n = 0;

    if (strcmp(t->name, "wsinv") != 0) {
        return;
    }
    assert_int_equal(sip_parse(&m, t->bytes, t->size), 0);
    assert_true(sip_text_is(m.to_tag, "1918181833n"));
    assert_true(sip_text_is(m.from_tag, "98asjd8"));
    assert_int_equal(m.max_forwards, 68);
    assert_int_equal(m.cseq, 9);
    while (sip_each(&m, SIP_H_VIA, &l, &item) == 1) {
        struct sip_via v;
        assert_int_equal(sip_via_parse(&v, item), 0);
        n++;
    }
    assert_int_equal(n, 3);
    assert_int_equal(sip_address_parse(&a, sip_value(&m, SIP_H_CONTACT)), 0);
    assert_int_equal(sip_param(a.params, "q", &value), 1);
    assert_true(sip_text_is(value, "0.33"));
    assert_int_equal(sip_param(a.params, "secondparam", &value), 1);
    assert_null(value.at);
    assert_int_equal(sdp_parse(&d, m.body.at, m.body.size), 0);
    assert_int_equal(d.media_count, 2);
}

static void the_folded_one_says_what_it_means(void **state)
{
    (void)state;
    (void)for_each_torture(look_closer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judged_as_the_standard_says),
        cmocka_unit_test(cut_where_they_end),
        cmocka_unit_test(requests_can_be_answered),
        cmocka_unit_test(the_folded_one_says_what_it_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
