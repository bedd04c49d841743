/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calibrate_partner: streams and packets come back from a reflector; calls are answered by the
 * generator's own server, with what the plan says of it; whole frames are forwarded by the kernel,
 * in a network namespace. Loads that speak with the appliance itself (a registrar, whoever asks for
 * a password) have no partner. One thread.
 */
#include "control/run/calibrate_partner.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "control/run/run_private.h"

static const char sip_server[] = "sip-uas";

static const char *option(const struct plan_load *l, const char *name)
{
    return json_str_or(l->driver.options, name, NULL);
}

static const struct plan_driver *appliance_of(const struct plan_setup *s, const struct plan_load *l)
{
    for (size_t i = 0; i < s->machine_count; i++)
        if (strcmp(s->machines[i].spec.name, l->to) == 0)
            return s->machines[i].appliance;
    return NULL;
}

/* The scenario that only a registrar or whoever asks for a password answers; or NULL. */
static const char *needs_appliance(const struct plan_load *l)
{
    static const char *const scenarios[] = {"uac_auth", "register"};
    const char *scenario = option(l, "scenario"), *mix = option(l, "mix");
    if (option(l, "register") != NULL)
        return option(l, "register");
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        if ((scenario != NULL && strcmp(scenario, scenarios[i]) == 0) ||
            (mix != NULL && strstr(mix, scenarios[i]) != NULL))
            return scenarios[i];
    return mix != NULL && (strpbrk(mix, "+-") == mix || strstr(mix, ",+") || strstr(mix, ",-"))
               ? mix
               : NULL;
}

/* Calls that sip-uas answers without a word: those of scenario uac. */
static int find_plain_server(struct calibrate_partner *ret, const struct plan_load *l,
                             struct err *e)
{
    const char *scenario = option(l, "scenario"), *protocol = option(l, "protocol");
    if (option(l, "mix") != NULL || (scenario != NULL && strcmp(scenario, "uac") != 0))
        return err_set(e, -EINVAL,
                       "this sip load cannot be calibrated: who answers %s without the appliance "
                       "is not known; its `called: {type: sip-uas, scenario: ...}` would say it",
                       scenario != NULL ? scenario : "its mix");
    if (protocol != NULL && strcmp(protocol, "tls") == 0)
        return err_set(e, -EINVAL,
                       "this sip load cannot be calibrated: whoever answers by TLS without the "
                       "appliance needs a certificate; its `called: {type: sip-uas, protocol: tls, "
                       "tls_certificate: ...}` would say it");
    *ret = (struct calibrate_partner){.type = sip_server,
                                      .protocol = protocol != NULL ? protocol : "udp"};
    return 0;
}

static int find_server(struct calibrate_partner *ret, const struct plan_setup *s,
                       const struct plan_load *l, struct err *e)
{
    const struct plan_driver *own = appliance_of(s, l);
    const char *needs = needs_appliance(l);
    const bool is_server = own != NULL && strcmp(own->type, sip_server) == 0;
    if (is_server || (needs == NULL && l->called != NULL)) {
        const struct plan_driver *d = is_server ? own : l->called;
        *ret = (struct calibrate_partner){.type = d->type, .options = d->options};
        return 0;
    }
    if (needs != NULL)
        return err_set(e, -EINVAL,
                       "this sip load cannot be calibrated: %s is a conversation with the "
                       "appliance itself, and without it nobody registers or asks for a password",
                       needs);
    return find_plain_server(ret, l, e);
}

static bool is_set(const struct plan_load *l, const char *name)
{
    bool value = false;
    return option(l, name) != NULL && str_parse_bool(option(l, name), &value) == 0 && value;
}

/* The least that takes frames from one network to another: one route of each kind that the load is
 * spread over, or a bridge. */
static int find_router(struct calibrate_partner *ret, const struct plan_setup *s,
                       const struct plan_load *l, struct err *e)
{
    const struct plan_driver *own = appliance_of(s, l);
    const bool has_routes6 = own != NULL && strcmp(own->type, "router") == 0 &&
                             strcmp(json_str_or(own->options, "routes6", "0"), "0") != 0;
    if (l->back == NULL || strcmp(l->back, l->network) == 0)
        return err_set(e, -EINVAL,
                       "a flow load of whole frames to a machine of one link cannot be calibrated: "
                       "without the appliance nothing forwards them");
    *ret = (struct calibrate_partner){.type = "router",
                                      .mode = is_set(l, "bridged") ? "bridge" : "route",
                                      .routes6 = has_routes6 ? "1" : "0"};
    return 0;
}

static int find(struct calibrate_partner *ret, const struct plan_setup *s,
                const struct plan_load *l, struct err *e)
{
    if (strcmp(l->driver.type, "sip") == 0)
        return find_server(ret, s, l, e);
    if (strcmp(l->driver.type, "flow") == 0 && is_set(l, "frames"))
        return find_router(ret, s, l, e);
    *ret = (struct calibrate_partner){.type = "null", .is_reflector = true};
    return 0;
}

int calibrate_partner_find(struct calibrate_partner *ret, const struct plan *p,
                           const struct plan_setup *s, const struct plan_load *l, struct err *e)
{
    const int result = find(ret, s, l, e);
    if (result == 0)
        return 0;
    err_prefix(e, "setup %s: ", s->name);
    return err_at(e, p->path, l->driver.place.line, l->driver.place.column);
}

int calibrate_partner_check(const struct plan *p, const struct plan_setup *s, struct err *e)
{
    struct calibrate_partner partner;
    if (s->load_count == 0 || s->loads[hunt_leading_load(s)].level_option == NULL) {
        err_set(e, -EINVAL,
                "setup %s cannot be calibrated: it has no load whose level can be "
                "raised",
                s->name);
        return err_at(e, p->path, s->place.line, s->place.column);
    }
    for (size_t i = 0; i < s->load_count; i++) {
        const int result = calibrate_partner_find(&partner, p, s, &s->loads[i], e);
        if (result < 0)
            return result;
    }
    return 0;
}

json_t *calibrate_partner_options(const struct calibrate_partner *partner)
{
    if (partner->options != NULL)
        return json_deep_copy(partner->options);
    if (partner->mode != NULL)
        return json_pack("{s:s, s:s}", "mode", partner->mode, "routes6", partner->routes6);
    return partner->protocol != NULL ? json_pack("{s:s}", "protocol", partner->protocol)
                                     : json_object();
}
