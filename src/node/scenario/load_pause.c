/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_pause: how long a pause lasts, and distributions wherever they stand. One thread.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "node/scenario/load.h"

const char *const load_pause_words[] = {"milliseconds",
                                        "variable",
                                        "distribution",
                                        "sanity_check",
                                        "min",
                                        "max",
                                        "mean",
                                        "stdev",
                                        "lambda",
                                        "k",
                                        "x_m",
                                        "shape",
                                        "scale",
                                        "location",
                                        "theta",
                                        "p",
                                        "n",
                                        "value",
                                        "normal",
                                        "exponential",
                                        "lognormal",
                                        "weibull",
                                        "pareto",
                                        "gamma",
                                        "uniform",
                                        NULL};

static const char *distribution_names(char *buffer, size_t size)
{
    buffer[0] = 0;
    for (int i = 0; i < DIST_COUNT; i++) {
        if (i > 0) {
            strncat(buffer, ", ", size - strlen(buffer) - 1);
        }
        strncat(buffer, distribution_infos[i].name, size - strlen(buffer) - 1);
    }
    return buffer;
}

/* Parameters are plain numbers; those of a pause may be times ("5s"), which come out as ms. */
static int read_param(struct loader *l, const struct xml_node *n, const char *name, double *ret)
{
    const struct xml_attr *a = xml_attr_get(n, name);
    uint64_t ns;
    char *end;

    if (a && strcmp(n->name, "sample") != 0) {
        strtod(a->value, &end);
        if (end != a->value && *end) {
            int code = load_ms(l, n, name, &ns);

            *ret = code < 0 ? 0 : (double)ns / (double)NS_PER_MS;
            return code;
        }
    }
    return load_double(l, n, name, ret);
}

static int read_params(struct loader *l, const struct xml_node *n, enum distribution_kind kind,
                       struct distribution *ret)
{
    const struct distribution_info *info = &distribution_infos[kind];
    const char *wrong;

    ret->kind = kind;
    for (int i = 0; i < DIST_PARAMS && info->params[i]; i++) {
        int code;

        if (!xml_attr_find(n, info->params[i])) {
            return load_fail_node(l, n, "distribution %s wants the attribute %s", info->name,
                                  info->params[i]);
        }
        code = read_param(l, n, info->params[i], &ret->p[i]);
        if (code < 0) {
            return code;
        }
    }
    wrong = distribution_check(ret);
    return wrong ? load_fail_node(l, n, "distribution %s: %s", info->name, wrong) : 0;
}

int load_distribution(struct loader *l, const struct xml_node *n, struct distribution *ret)
{
    const struct xml_attr *a = xml_attr_get(n, "distribution");
    char names[256];

    if (!a) {
        return load_fail_node(l, n, "which distribution? Known are %s",
                              distribution_names(names, sizeof(names)));
    }
    for (int i = 0; i < DIST_COUNT; i++) {
        if (strcmp(distribution_infos[i].name, a->value) == 0) {
            return read_params(l, n, (enum distribution_kind)i, ret);
        }
    }
    return load_fail_at(l, a, "no distribution \"%s\"; known are %s", a->value,
                        distribution_names(names, sizeof(names)));
}

/* The form before distribution="": normal="true" mean="" stdev="", or min and max alone. -1: none
 * of them is there. */
static int old_style(struct loader *l, const struct xml_node *n, int *ret_kind)
{
    *ret_kind = -1;
    for (int i = DIST_UNIFORM; i < DIST_COUNT; i++) {
        bool is_on = false;
        int code = load_bool(l, n, distribution_infos[i].name, &is_on);

        if (code < 0) {
            return code;
        }
        if (is_on) {
            *ret_kind = i;
        }
    }
    if (*ret_kind >= 0 && xml_attr_get(n, "distribution")) {
        return load_fail_node(l, n, "distribution=\"\" and %s=\"\" are two forms of one thing",
                              distribution_infos[*ret_kind].name);
    }
    if (*ret_kind < 0 && xml_attr_get(n, "min") && !xml_attr_get(n, "distribution")) {
        *ret_kind = DIST_UNIFORM;
    }
    return 0;
}

static int check_sanity(struct loader *l, const struct xml_node *n, const struct distribution *d)
{
    bool is_checked = true;
    int code = load_bool(l, n, "sanity_check", &is_checked);
    double p99 = distribution_p99(d);

    if (code == 0 && is_checked && p99 >= INT_MAX) {
        return load_fail_node(l, n,
                              "one of a hundred pauses is longer than %.3g ms; "
                              "sanity_check=\"false\" if that is meant",
                              p99);
    }
    return code;
}

static int fixed_length(struct loader *l, const struct xml_node *n, struct step *step)
{
    uint64_t ns = 0;
    int code = load_ms(l, n, "milliseconds", &ns);

    step->pause = (struct distribution){.kind = DIST_FIXED, .p = {(double)ns / (double)NS_PER_MS}};
    return code;
}

int load_pause(struct loader *l, const struct xml_node *n, struct step *step)
{
    int kind = -1, code = load_variable_attr(l, n, "variable", &step->pause_variable);
    int forms;

    if (code == 0) {
        code = old_style(l, n, &kind);
    }
    if (code < 0) {
        return code;
    }
    forms = !!xml_attr_get(n, "milliseconds") + (step->pause_variable >= 0) +
            (xml_attr_get(n, "distribution") || kind >= 0);
    if (forms > 1) {
        return load_fail_node(l, n,
                              "give one of milliseconds, variable and distribution for its length");
    }
    if (forms == 0) {
        return 0;
    }
    step->flags |= STEP_HAS_PAUSE;
    if (step->pause_variable >= 0) {
        return 0;
    }
    if (xml_attr_get(n, "milliseconds")) {
        code = fixed_length(l, n, step);
    } else if (kind >= 0) {
        code = read_params(l, n, (enum distribution_kind)kind, &step->pause);
    } else {
        code = load_distribution(l, n, &step->pause);
    }
    return code < 0 ? code : check_sanity(l, n, &step->pause);
}
