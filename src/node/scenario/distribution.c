/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * distribution: samples by inversion where the inverse has a closed form; normal by the polar
 * method, gamma by Marsaglia and Tsang (2000), negative binomial as Poisson of a gamma. Not for
 * arrivals: those are the load engine's. Any thread with a random state of its own.
 */
#include "node/scenario/distribution.h"

#include <math.h>
#include <stdlib.h>

const struct distribution_info distribution_infos[DIST_COUNT] = {
    [DIST_FIXED] = {"fixed", {"value"}},
    [DIST_UNIFORM] = {"uniform", {"min", "max"}},
    [DIST_NORMAL] = {"normal", {"mean", "stdev"}},
    [DIST_LOGNORMAL] = {"lognormal", {"mean", "stdev"}},
    [DIST_EXPONENTIAL] = {"exponential", {"mean"}},
    [DIST_WEIBULL] = {"weibull", {"lambda", "k"}},
    [DIST_PARETO] = {"pareto", {"k", "x_m"}},
    [DIST_GPARETO] = {"gpareto", {"shape", "scale", "location"}},
    [DIST_GAMMA] = {"gamma", {"k", "theta"}},
    [DIST_NEGBIN] = {"negbin", {"p", "n"}},
};

const char *distribution_check(const struct distribution *d)
{
    const double *p = d->p;

    switch (d->kind) {
    case DIST_UNIFORM:
        return p[0] > p[1] ? "min is above max" : NULL;
    case DIST_NORMAL:
    case DIST_LOGNORMAL:
        return p[1] < 0 ? "stdev is negative" : NULL;
    case DIST_EXPONENTIAL:
        return p[0] <= 0 ? "mean must be above 0" : NULL;
    case DIST_WEIBULL:
        return p[0] <= 0 || p[1] <= 0 ? "lambda and k must be above 0" : NULL;
    case DIST_PARETO:
        return p[0] <= 0 || p[1] <= 0 ? "k and x_m must be above 0" : NULL;
    case DIST_GPARETO:
        return p[1] <= 0 ? "scale must be above 0" : NULL;
    case DIST_GAMMA:
        return p[0] <= 0 || p[1] <= 0 ? "k and theta must be above 0" : NULL;
    case DIST_NEGBIN:
        return p[0] <= 0 || p[0] > 1 || p[1] <= 0 ? "p must be in 0..1 and n above 0" : NULL;
    case DIST_FIXED:
    case DIST_COUNT:
        break;
    }
    return NULL;
}

/* In (0,1]: safe for a logarithm. */
static double open_unit(struct rand_state *r)
{
    return 1.0 - rand_double(r);
}

static double sample_normal(struct rand_state *r)
{
    double u, v, s;

    do {
        u = 2 * rand_double(r) - 1;
        v = 2 * rand_double(r) - 1;
        s = u * u + v * v;
    } while (s >= 1 || s == 0);
    return u * sqrt(-2 * log(s) / s);
}

static double sample_gamma(double k, struct rand_state *r)
{
    double boost = k < 1 ? pow(open_unit(r), 1 / k) : 1;
    double d = (k < 1 ? k + 1 : k) - 1.0 / 3, c = 1 / sqrt(9 * d);

    for (;;) {
        double x = sample_normal(r), v = 1 + c * x;

        v = v * v * v;
        if (v > 0 && log(open_unit(r)) < 0.5 * x * x + d - d * v + d * log(v)) {
            return d * v * boost;
        }
    }
}

/* Counts arrivals of rate 1; so many that it takes long are as good as normal. */
static double sample_poisson(double mean, struct rand_state *r)
{
    double count = 0, product = open_unit(r), limit = exp(-mean);

    if (mean > 500) {
        count = floor(mean + sqrt(mean) * sample_normal(r) + 0.5);
        return count < 0 ? 0 : count;
    }
    while (product > limit) {
        product *= open_unit(r);
        count++;
    }
    return count;
}

double distribution_sample(const struct distribution *d, struct rand_state *r)
{
    const double *p = d->p;

    switch (d->kind) {
    case DIST_UNIFORM:
        return p[0] + rand_double(r) * (p[1] - p[0]);
    case DIST_NORMAL:
        return p[0] + p[1] * sample_normal(r);
    case DIST_LOGNORMAL:
        return exp(p[0] + p[1] * sample_normal(r));
    case DIST_EXPONENTIAL:
        return -p[0] * log(open_unit(r));
    case DIST_WEIBULL:
        return p[0] * pow(-log(open_unit(r)), 1 / p[1]);
    case DIST_PARETO:
        return p[1] / pow(open_unit(r), 1 / p[0]);
    case DIST_GPARETO:
        return p[0] == 0 ? p[2] - p[1] * log(open_unit(r))
                         : p[2] + p[1] * (pow(open_unit(r), -p[0]) - 1) / p[0];
    case DIST_GAMMA:
        return sample_gamma(p[0], r) * p[1];
    case DIST_NEGBIN:
        return p[0] >= 1 ? 0 : sample_poisson(sample_gamma(p[1], r) * (1 - p[0]) / p[0], r);
    case DIST_FIXED:
    case DIST_COUNT:
        break;
    }
    return p[0];
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double distribution_p99(const struct distribution *d)
{
    enum { SAMPLES = 4000 };
    static const double q = 0.99;
    const double *p = d->p;
    double samples[SAMPLES];
    struct rand_state r;

    switch (d->kind) {
    case DIST_FIXED:
        return p[0];
    case DIST_UNIFORM:
        return p[0] + q * (p[1] - p[0]);
    case DIST_NORMAL:
        return p[0] + 2.3263478740408408 * p[1];
    case DIST_LOGNORMAL:
        return exp(p[0] + 2.3263478740408408 * p[1]);
    case DIST_EXPONENTIAL:
        return -p[0] * log(1 - q);
    case DIST_WEIBULL:
        return p[0] * pow(-log(1 - q), 1 / p[1]);
    case DIST_PARETO:
        return p[1] / pow(1 - q, 1 / p[0]);
    case DIST_GPARETO:
        return p[0] == 0 ? p[2] - p[1] * log(1 - q) : p[2] + p[1] * (pow(1 - q, -p[0]) - 1) / p[0];
    case DIST_GAMMA:
    case DIST_NEGBIN:
    case DIST_COUNT:
        break;
    }
    rand_init(&r, 1);
    for (int i = 0; i < SAMPLES; i++) {
        samples[i] = distribution_sample(d, &r);
    }
    qsort(samples, SAMPLES, sizeof(double), compare_doubles);
    return samples[(int)(q * SAMPLES)];
}
