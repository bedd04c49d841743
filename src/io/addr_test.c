/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include "io/addr.h"

static void reads_back_what_it_writes(void **state)
{
    const char *texts[] = {"127.0.0.1:5000", "[::1]:65535", "198.18.0.2:0"};
    char text[ADDR_TEXT_MAX];
    struct sockaddr_storage a;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(addr_parse(&a, texts[i]), 0);
        assert_string_equal(addr_format(&a, text, sizeof(text)), texts[i]);
    }
    assert_int_equal(addr_parse(&a, "::1"), 0);
    assert_int_equal(addr_port(&a), 0);
    addr_set_port(&a, 7);
    assert_string_equal(addr_format(&a, text, sizeof(text)), "[::1]:7");
    assert_string_equal(addr_format_host(&a, text, sizeof(text)), "::1");
}

static void refuses_what_is_no_address(void **state)
{
    const char *texts[] = {"",           "localhost:1",
                           "1.2.3:4",    "127.0.0.1:65536",
                           "[::1",       "[::1]x:1",
                           "127.0.0.1:", "1.1.1.1:1:1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1"};
    struct sockaddr_storage a;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_true(addr_parse(&a, texts[i]) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_writes),
        cmocka_unit_test(refuses_what_is_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
