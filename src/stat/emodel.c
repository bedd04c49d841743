/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emodel: ITU-T G.107 clause 7 (06/2015). Names are those of the Recommendation. Pure.
 */
#include "stat/emodel.h"

#include <math.h>

void emodel_defaults(struct emodel_params *p)
{
    *p = (struct emodel_params){
        .slr = 8,
        .rlr = 2,
        .stmr = 15,
        .ds = 3,
        .dr = 3,
        .telr = 65,
        .wepl = 110,
        .qdu = 1,
        .bpl = 4.3,
        .burst_r = 1,
        .nc_dbm0p = -70,
        .nfor_dbmp = -64,
        .ps_db = 35,
        .pr_db = 35,
        .st = 1,
        .mt_ms = 100,
    };
}

void emodel_set_delay(struct emodel_params *p, double one_way_ms)
{
    p->t_ms = p->ta_ms = one_way_ms;
    p->tr_ms = 2 * one_way_ms;
}

/* What several clauses share. */
struct terms {
    double olr, no, ro;
};

/* 7.2: basic signal-to-noise ratio. */
static struct terms signal_to_noise(const struct emodel_params *p)
{
    const double olr = p->slr + p->rlr, lstr = p->stmr + p->dr;
    const double send = p->ps_db - p->slr - p->ds, sd = p->ps_db - olr - p->ds - 14;
    const double nos = send - 100 + 0.004 * sd * sd;
    const double pre = p->pr_db + 10 * log10(1 + pow(10, (10 - lstr) / 10));
    const double nor = p->rlr - 121 + pre + 0.008 * (pre - 35) * (pre - 35);
    const double nfo = p->nfor_dbmp + p->rlr;
    const double no = 10 * log10(pow(10, p->nc_dbm0p / 10) + pow(10, nos / 10) + pow(10, nor / 10) +
                                 pow(10, nfo / 10));
    return (struct terms){.olr = olr, .no = no, .ro = 15 - 1.5 * (p->slr + no)};
}

/* 7.3, Ist: the impairment by non-optimum sidetone. */
static double sidetone(const struct emodel_params *p)
{
    const double stmro =
        -10 * log10(pow(10, -p->stmr / 10) + exp(-p->t_ms / 4) * pow(10, -p->telr / 10));
    return 12 * pow(1 + pow((stmro - 13) / 6, 8), 1. / 8) -
           28 * pow(1 + pow((stmro + 1) / 19.4, 35), 1. / 35) -
           13 * pow(1 + pow((stmro - 3) / 33, 13), 1. / 13) + 29;
}

/* 7.3: simultaneous impairment, Iolr + Ist + Iq. */
static double simultaneous(const struct emodel_params *p, const struct terms *t)
{
    const double xolr = t->olr + 0.2 * (64 + t->no - p->rlr);
    const double iolr = 20 * (pow(1 + pow(xolr / 8, 8), 1. / 8) - xolr / 8);
    const double q = 37 - 15 * log10(p->qdu);
    const double g = 1.07 + 0.258 * q + 0.0602 * q * q;
    const double y = (t->ro - 100) / 15 + 46 / 8.4 - g / 9;
    const double z = 46. / 30 - g / 40;
    const double iq = 15 * log10(1 + pow(10, y) + pow(10, z));
    return iolr + sidetone(p) + iq;
}

/* 7.4, Idte: talker echo. */
static double talker_echo(const struct emodel_params *p, const struct terms *t)
{
    if (p->t_ms < 1)
        return 0;
    double terv = p->telr - 40 * log10((1 + p->t_ms / 10) / (1 + p->t_ms / 150)) +
                  6 * exp(-0.3 * p->t_ms * p->t_ms);
    if (p->stmr < 9)
        terv += sidetone(p) / 2;
    const double roe = -1.5 * (t->no - p->rlr), re = 80 + 2.5 * (terv - 14);
    const double half = (roe - re) / 2;
    const double idte = (half + sqrt(half * half + 100) - 1) * (1 - exp(-p->t_ms));
    return p->stmr > 20 ? hypot(idte, sidetone(p)) : idte;
}

/* 7.4, Idle: listener echo. */
static double listener_echo(const struct emodel_params *p, const struct terms *t)
{
    const double rle = 10.5 * (p->wepl + 7) * pow(p->tr_ms + 1, -0.25);
    const double half = (t->ro - rle) / 2;
    return half + sqrt(half * half + 169);
}

/* 7.4, Idd: too long an absolute delay, also with perfect echo cancelling. */
static double absolute_delay(const struct emodel_params *p)
{
    if (p->ta_ms <= p->mt_ms)
        return 0;
    const double x = log2(p->ta_ms / p->mt_ms), k = 6 * p->st;
    return 25 * (pow(1 + pow(x, k), 1 / k) - 3 * pow(1 + pow(x / 3, k), 1 / k) + 2);
}

/* 7.5 */
double emodel_ie_eff(const struct emodel_params *p)
{
    if (p->ppl_pct <= 0)
        return p->ie;
    return p->ie + (95 - p->ie) * p->ppl_pct / (p->ppl_pct / p->burst_r + p->bpl);
}

void emodel_rate(struct emodel_rating *ret, const struct emodel_params *p)
{
    const struct terms t = signal_to_noise(p);
    struct emodel_rating rating = {.ro = t.ro};
    rating.is = simultaneous(p, &t);
    rating.id = talker_echo(p, &t) + listener_echo(p, &t) + absolute_delay(p);
    rating.ie_eff = emodel_ie_eff(p);
    /* 7.1 */
    const double r = t.ro - rating.is - rating.id - rating.ie_eff + p->a;
    rating.r = isnan(r) ? NAN : fmin(100, fmax(0, r));
    rating.mos = emodel_mos(rating.r);
    *ret = rating;
}

double emodel_r(const struct emodel_params *p)
{
    struct emodel_rating rating;
    emodel_rate(&rating, p);
    return rating.r;
}

/* Annex B, B.4. The cubic dips a little below 1 for R under 6.5, where no opinion can lie. */
double emodel_mos(double r)
{
    if (isnan(r))
        return NAN; /* loss, and a codec without a published Bpl */
    if (r <= 0)
        return 1;
    if (r >= 100)
        return 4.5;
    return fmax(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}

/* Annex B, Table B.1. */
const char *emodel_band(double r)
{
    if (r >= 90)
        return "very satisfied";
    if (r >= 80)
        return "satisfied";
    if (r >= 70)
        return "some users dissatisfied";
    if (r >= 60)
        return "many users dissatisfied";
    if (r >= 50)
        return "nearly all users dissatisfied";
    return r >= 0 ? "not recommended" : "unknown";
}

double emodel_burst_ratio_markov(double p, double q)
{
    return 1 / (p + q);
}

/* Under random loss with probability P a burst is 1 / (1 - P) packets long in the mean. */
double emodel_burst_ratio(double mean_burst, double ppl_pct)
{
    return mean_burst * (1 - ppl_pct / 100);
}
