/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stat/emodel.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/test.h"

struct vector {
    double t_ms, ta_ms; /* Tr = 2 T */
    const char *codec;
    double ppl_pct, burst_r, r, mos;
};

/* Published points and points computed beforehand from the Recommendation's formulae. */
static const struct vector vectors[] = {
    {0, 0, "g711", 0, 1, 93.21, 4.409},          {50, 50, "g711", 0, 1, 91.76, 4.380},
    {100, 100, "g711", 0, 1, 90.66, 4.355},      {150, 150, "g711", 0, 1, 89.54, 4.328},
    {200, 200, "g711", 0, 1, 85.80, 4.223},      {300, 300, "g711", 0, 1, 72.67, 3.719},
    {400, 400, "g711", 0, 1, 62.25, 3.216},      {0, 150, "g711", 0, 1, 93.04, 4.406},
    {0, 200, "g711", 0, 1, 90.16, 4.343},        {0, 300, "g711", 0, 1, 78.45, 3.964},
    {0, 400, "g711", 0, 1, 69.14, 3.556},        {0, 0, "g711", 1, 1, 75.28, 3.834},
    {0, 0, "g711-plc", 1, 1, 89.57, 4.328},      {0, 0, "g711", 5, 1, 42.13, 2.170},
    {0, 0, "g711", 5, 2, 23.35, 1.358},          {0, 0, "g729", 0, 1, 83.21, 4.139},
    {100, 100, "g729a-vad", 1, 1, 75.46, 3.842}, {150, 150, "g729a-vad", 5, 1, 61.04, 3.154},
};

static void near(double value, double expected, double tolerance, const char *what, size_t i)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("vector %zu: %s is %.4f and should be %.4f", i, what, value, expected);
}

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *v = &vectors[i];
        struct emodel_params p;
        struct emodel_rating rating;
        emodel_defaults(&p);
        if (v->t_ms > 0)
            emodel_set_delay(&p, v->t_ms);
        p.ta_ms = v->ta_ms;
        p.ppl_pct = v->ppl_pct;
        p.burst_r = v->burst_r;
        assert_int_equal(emodel_set_codec(&p, emodel_codec_find(v->codec)), 0);
        emodel_rate(&rating, &p);
        near(rating.r, v->r, 0.01, "R", i);
        near(rating.mos, v->mos, 0.001, "MOS", i);
        near(emodel_r(&p), rating.r, 0, "R alone", i);
        near(emodel_mos(rating.r), rating.mos, 0, "MOS alone", i);
    }
}

static void test_ie_eff(void **state)
{
    (void)state;
    struct emodel_params p;
    emodel_defaults(&p);
    p.ppl_pct = 1;
    assert_true(fabs(emodel_ie_eff(&p) - 17.92) < 0.01);
    p.bpl = 25.1;
    assert_true(fabs(emodel_ie_eff(&p) - 3.64) < 0.01);
    p.ppl_pct = 0;
    p.bpl = NAN;
    p.ie = 7;
    assert_true(emodel_ie_eff(&p) == 7);
}

/* The parts of R add up, and A is added. */
static void test_parts(void **state)
{
    (void)state;
    struct emodel_params p;
    struct emodel_rating a, b;
    emodel_defaults(&p);
    emodel_set_delay(&p, 250);
    p.ppl_pct = 2;
    emodel_rate(&a, &p);
    assert_true(fabs(a.ro - a.is - a.id - a.ie_eff - a.r) < 1e-9);
    assert_true(a.ro > 94 && a.ro < 95); /* 94.77 with the defaults */
    p.a = 5;
    emodel_rate(&b, &p);
    assert_true(fabs(b.r - a.r - 5) < 1e-9);
    p.a = 500;
    assert_true(emodel_r(&p) == 100);
    p.a = -500;
    assert_true(emodel_r(&p) == 0);
}

/* 7.4 has other formulae for a low and for a high sidetone rating. */
static void test_sidetone_branches(void **state)
{
    (void)state;
    struct emodel_params p;
    struct emodel_rating at, beyond;
    emodel_defaults(&p);
    emodel_set_delay(&p, 100);
    p.telr = 90; /* hardly any echo, so that Ist shows beside it */
    p.stmr = 20;
    emodel_rate(&at, &p);
    p.stmr = 20.0001;
    emodel_rate(&beyond, &p);
    assert_true(beyond.id > at.id + 0.01); /* Ist joins */
    emodel_defaults(&p);
    emodel_set_delay(&p, 100);
    p.stmr = 9;
    emodel_rate(&at, &p);
    p.stmr = 8.9999;
    emodel_rate(&beyond, &p);
    assert_true(beyond.id < at.id - 0.001); /* TERV grows by Ist / 2 */
    /* Below 1 ms there is no talker echo. */
    emodel_defaults(&p);
    p.telr = 20;
    p.t_ms = 0.99;
    emodel_rate(&at, &p);
    p.t_ms = 1.01;
    emodel_rate(&beyond, &p);
    assert_true(beyond.id > at.id + 0.1);
}

static void test_mos(void **state)
{
    (void)state;
    assert_true(emodel_mos(-5) == 1 && emodel_mos(0) == 1);
    assert_true(emodel_mos(100) == 4.5 && emodel_mos(120) == 4.5);
    double before = 1;
    for (double r = 0; r <= 100; r += 0.25) {
        assert_true(emodel_mos(r) >= before && emodel_mos(r) <= 4.5);
        before = emodel_mos(r);
    }
    /* Annex B: the lower limits of the bands, printed there with two digits */
    static const double limits[][2] = {{90, 4.34}, {80, 4.03}, {70, 3.60}, {60, 3.10}, {50, 2.58}};
    for (size_t i = 0; i < 5; i++)
        assert_true(fabs(emodel_mos(limits[i][0]) - limits[i][1]) < 0.0075);
    assert_string_equal(emodel_band(93.2), "very satisfied");
    assert_string_equal(emodel_band(89.9), "satisfied");
    assert_string_equal(emodel_band(70), "some users dissatisfied");
    assert_string_equal(emodel_band(60), "many users dissatisfied");
    assert_string_equal(emodel_band(50), "nearly all users dissatisfied");
    assert_string_equal(emodel_band(10), "not recommended");
}

static void test_burst_ratio(void **state)
{
    (void)state;
    /* 5 % random loss: p = 0.05, q = 0.95; bursts of 1 / 0.95 */
    assert_true(fabs(emodel_burst_ratio_markov(0.05, 0.95) - 1) < 1e-12);
    assert_true(fabs(emodel_burst_ratio(1 / 0.95, 5) - 1) < 1e-12);
    /* A chain with p and q has loss p / (p + q) and bursts of 1 / q: both ways agree. */
    assert_true(fabs(emodel_burst_ratio_markov(0.02, 0.48) - 2) < 1e-12);
    assert_true(fabs(emodel_burst_ratio(1 / 0.48, 4) - 2) < 1e-12);
}

static void test_codecs(void **state)
{
    (void)state;
    struct emodel_params p;
    emodel_defaults(&p);
    assert_null(emodel_codec_find("mp3"));
    for (const struct emodel_codec *c = emodel_codecs; c->name != NULL; c++) {
        assert_ptr_equal(emodel_codec_find(c->name), c);
        assert_true(strlen(c->source) > 0 && strlen(c->text) > 0);
        assert_true(c->ie >= 0 && c->ie < 95 && !(c->bpl <= 0));
        p.ppl_pct = 0;
        assert_int_equal(emodel_set_codec(&p, c), 0);
        assert_true(fabs(emodel_r(&p) - (93.21 - c->ie)) < 0.01);
        p.ppl_pct = 1;
        assert_int_equal(emodel_set_codec(&p, c), isnan(c->bpl) ? -ENODATA : 0);
    }
    /* Loss that comes after the codec was set: no number rather than a wrong one. */
    p.ppl_pct = 0;
    emodel_set_codec(&p, emodel_codec_find("gsm-fr"));
    p.ppl_pct = 1;
    assert_true(isnan(emodel_r(&p)));
    assert_true(isnan(emodel_mos(emodel_r(&p))));
    assert_string_equal(emodel_band(emodel_r(&p)), "unknown");
    assert_true(emodel_codec_find("ilbc")->provisional);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_ie_eff),
        cmocka_unit_test(test_parts),   cmocka_unit_test(test_sidetone_branches),
        cmocka_unit_test(test_mos),     cmocka_unit_test(test_burst_ratio),
        cmocka_unit_test(test_codecs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
