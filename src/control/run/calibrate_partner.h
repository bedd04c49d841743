/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calibrate_partner: who a load's traffic meets in a calibration, in place of the appliance under
 * test (RFC 7502 §6.1). One thread.
 */
#ifndef VAPERF_CONTROL_RUN_CALIBRATE_PARTNER_H
#define VAPERF_CONTROL_RUN_CALIBRATE_PARTNER_H

#include "control/plan/plan.h"

struct calibrate_partner {
    const char *type;      /* of an appliance */
    const json_t *options; /* of the plan, lent; NULL: `protocol` is all there is to say */
    const char *protocol;  /* what a SIP server without options speaks; else NULL */
    bool is_reflector;     /* one for all loads that need no server */
    const char *mode;      /* of a router, between the load's two networks; else NULL */
    const char *routes6;   /* its number of IPv6 routes */
};

/* -EINVAL with why and the load's place in the plan: without the appliance the load means nothing.
 * l is one of s->loads. */
int calibrate_partner_find(struct calibrate_partner *ret, const struct plan *p,
                           const struct plan_setup *s, const struct plan_load *l, struct err *e);
/* For every load of the setup; also when none has a level that can be raised. */
int calibrate_partner_check(const struct plan *p, const struct plan_setup *s, struct err *e);
/* The caller's to release. */
json_t *calibrate_partner_options(const struct calibrate_partner *partner);

#endif
