/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_options: the options of the workload sip, and the scenarios they name. One thread.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "node/workload/sip_private.h"
#include "node/workload/telephone.h"

static const double rate_unsaid = 10;
enum { LIMIT_MOST = 1000000 };

const char *const sip_sharings[] = {"one", "call", "address", NULL};

#define AT(member) offsetof(struct sip_options, member)
const struct opt sip_options_table[] = {
    {"rate", OPT_RATE, NULL, "calls a second; 10 when erlang and bhca say nothing either", 0.001,
     1e6, NULL, AT(rate_per_s), OPT_LEVEL},
    {"erlang", OPT_NUMBER, NULL, "calls at a time on average: hold makes calls a second of them", 0,
     LIMIT_MOST, NULL, AT(erlang), OPT_LEVEL},
    {"bhca", OPT_NUMBER, NULL,
     "busy hour call attempts, of each of the users, or without users of all", 0, 1e9, NULL,
     AT(bhca), OPT_LEVEL},
    {"hold", OPT_DURATION, "0",
     "how long a call lasts: a pause of its scenario that has no length, as pause says", 0, 0, NULL,
     AT(hold_ns), 0},
    {"limit", OPT_COUNT, "0",
     "calls at a time, at most; one that finds no room makes the result void; 0: those of 40 s and "
     "a pause",
     0, LIMIT_MOST, NULL, AT(limit), 0},
    {"mix", OPT_STRING, NULL,
     "several scenarios instead of `scenario`, each attempt one of them at random: name=weight or "
     "name=weight/objective, with commas; +name registers a user, -name unregisters one",
     0, 0, NULL, AT(mix), 0},
    {"users", OPT_COUNT, "0",
     "each call is one of so many users, each with one call at a time: [userid], User variables, "
     "lines of a USER file; 0: calls of nobody",
     0, LIMIT_MOST, NULL, AT(users), 0},
    {"register", OPT_STRING, NULL,
     "scenario that registers the users before the load begins; one who cannot be fails the load",
     0, 0, NULL, AT(register_scenario), 0},
    {"registered", OPT_PERCENT, "100%", "so many of the users are registered beforehand", 0, 100,
     NULL, AT(registered_pct), 0},
    {"register_rate", OPT_RATE, "200/s", "registrations a second beforehand", 0.001, 1e6, NULL,
     AT(register_rate_per_s), 0},
    {"answers", OPT_STRING, NULL, "scenario that answers calls that come", 0, 0, NULL, AT(answers),
     0},
    {"strays", OPT_STRING, NULL,
     "scenario that answers requests that belong to no call (ooc_default: all of them); with "
     "auto_answer keep-alives are",
     0, 0, NULL, AT(strays), 0},
    {"objective", OPT_DURATION, "0",
     "a call with a longer session request or registration delay (else: first response time), "
     "from its intended time, is handled inadequately (IHSA); 0: only one that fails",
     0, 0, NULL, AT(objective_ns), 0},
    {"design_objective", OPT_PERCENT, "0.1%",
     "profile steps: a step meets it when no larger share of its attempts is inadequate; the "
     "highest step up to which all do is the capacity (DOC)",
     0, 100, NULL, AT(design_objective_pct), 0},
    {"transient", OPT_DURATION, "0",
     "profile steps: attempts of so long after each change count apart and in no figure", 0, 0,
     NULL, AT(transient_ns), 0},
    {"threshold", OPT_DURATION, "32s",
     "an attempt that is answered later has failed (establishment threshold time of RFC 7501)", 0,
     0, NULL, AT(threshold_ns), 0},
    {"sharing", OPT_CHOICE, "one",
     "sockets or connections: one for all calls of a worker, one a call, one a source address", 0,
     0, sip_sharings, AT(sharing), 0},
    {"sources", OPT_STRING, NULL, "source addresses, with commas, for sharing: address", 0, 0, NULL,
     AT(sources), 0},
    SETUP_OPTIONS(struct sip_options, setup, NULL, "; uac when mix says nothing either"),
    CALLMEDIA_OPTIONS(struct sip_options, media),
    OPT_END,
};

int sip_options_settle(const struct sip_options *given, struct sip_options *ret, struct err *e)
{
    const struct telephone said = {.rate_per_s = given->rate_per_s,
                                   .erlang = given->erlang,
                                   .bhca = given->bhca,
                                   .subscribers = given->users,
                                   .hold_ns = given->hold_ns};
    double rate_per_s = 0;
    int result = telephone_rate(&said, &rate_per_s, e);

    if (result < 0) {
        return result;
    }
    if (given->hold_ns > 0 && given->setup.pause_ns > 0) {
        return err_set(e, -EINVAL, "hold and pause say the same; one of them");
    }
    if (given->setup.scenario != NULL && given->mix != NULL) {
        return err_set(e, -EINVAL, "scenario and mix: each says what the calls are; one of them");
    }
    *ret = *given;
    if (given->setup.scenario == NULL && given->mix == NULL) {
        ret->setup.scenario = "uac";
    }
    ret->rate_per_s = rate_per_s > 0 ? rate_per_s : rate_unsaid;
    if (given->hold_ns > 0) {
        ret->setup.pause_ns = given->hold_ns;
    }
    return 0;
}

/* ---- what a mix says ---- */

static int fail_mix(const char *text, size_t size, struct err *e)
{
    return err_set(e, -EINVAL,
                   "mix: '%.*s' is no scenario=weight (e.g. uac=70,options=30 or "
                   "uac=70/200ms,+register=30)",
                   (int)(size < 80 ? size : 80), text);
}

/* One piece, "+register=20/1s", into parts; its scenario is not loaded yet. */
static int read_piece(struct sip_parts *p, const char *text, size_t size, struct err *e)
{
    struct calls_part *part = &p->part[p->count];
    char copy[192], *equals, *slash;

    if (p->count == CALLS_PARTS_MAX - 3) {
        return err_set(e, -EINVAL, "mix: at most %d scenarios", CALLS_PARTS_MAX - 3);
    }
    if (size >= sizeof(copy)) {
        return fail_mix(text, size, e);
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    equals = strrchr(copy, '=');
    slash = equals != NULL ? strchr(equals, '/') : NULL;
    if (slash != NULL) {
        *slash++ = '\0';
    }
    if (equals == NULL || (slash != NULL && str_parse_duration(slash, &part->objective_ns) < 0) ||
        str_parse_number(equals + 1, &part->weight) < 0 || !(part->weight > 0) ||
        !isfinite(part->weight)) {
        return fail_mix(text, size, e);
    }
    *equals = '\0';
    part->user = copy[0] == '+' ? USERS_REGISTER : copy[0] == '-' ? USERS_UNREGISTER : USERS_STAY;
    str_printf(p->name[p->count], sizeof(p->name[0]), "%s",
               copy + (part->user == USERS_STAY ? 0 : 1));
    return p->name[p->count++][0] != '\0' ? 0 : fail_mix(text, size, e);
}

static int read_mix(struct sip_parts *p, const struct sip_options *o, struct err *e)
{
    const char *text = o->mix;

    for (size_t size; text != NULL && *text != '\0'; text += size + (text[size] == ',')) {
        int result;

        size = strcspn(text, ",");
        p->part[p->count] = (struct calls_part){.objective_ns = o->objective_ns};
        if ((result = read_piece(p, text, size, e)) < 0) {
            return result;
        }
    }
    return p->count > 0 ? 0 : err_set(e, -EINVAL, "mix: it names no scenario");
}

static void add(struct sip_parts *p, const char *name, enum calls_use use, enum users_change change,
                uint64_t objective_ns)
{
    p->part[p->count] =
        (struct calls_part){.use = use, .weight = 1, .objective_ns = objective_ns, .user = change};
    str_printf(p->name[p->count++], sizeof(p->name[0]), "%s", name);
}

/* ---- together ---- */

static int check_users(const struct sip_parts *p, const struct sip_options *o, struct err *e)
{
    bool changes = false;

    for (uint32_t i = 0; i < p->count; i++) {
        changes |= p->part[i].use == CALLS_MIXED && p->part[i].user != USERS_STAY;
    }
    if (o->users == 0 && (changes || o->register_scenario != NULL)) {
        return err_set(e, -EINVAL, "%s needs users above 0",
                       changes ? "mix: a scenario that registers or unregisters" : "register");
    }
    if (o->register_scenario == NULL && o->registered_pct < 100) {
        return err_set(e, -EINVAL, "registered needs register, the scenario that does it");
    }
    return 0;
}

static int check_role(const struct sip_parts *p, uint32_t i, struct err *e)
{
    bool answers = p->part[i].use == CALLS_ANSWERS || p->part[i].use == CALLS_STRAYS;

    if (answers == (scenario_role(p->part[i].scenario) == SCENARIO_SERVER)) {
        return 0;
    }
    return answers ? err_set(e, -EINVAL, "%s: scenario %s begins calls and cannot answer",
                             p->part[i].use == CALLS_ANSWERS ? "answers" : "strays", p->name[i])
                   : err_set(e, -EINVAL,
                             "scenario %s waits for a call; this workload begins calls (appliance "
                             "sip-uas answers them)",
                             p->name[i]);
}

static int load_all(struct sip_parts *p, struct err *e)
{
    int result;

    p->setup_options.scenario = p->name[0];
    if ((result = setup_open(&p->setup, &p->setup_options, e)) < 0) {
        return result;
    }
    p->part[0].scenario = p->setup.scenario;
    for (uint32_t i = 1; i < p->count && result == 0; i++) {
        result = setup_load(&p->setup_options, p->name[i], &p->part[i].scenario, e);
    }
    for (uint32_t i = 0; i < p->count && result == 0; i++) {
        result = check_role(p, i, e);
    }
    return result;
}

static int open_media(struct sip_parts *p, const struct sip_options *o, struct err *e)
{
    const struct scenario *scenarios[CALLS_PARTS_MAX];

    for (uint32_t i = 0; i < p->count; i++) {
        scenarios[i] = p->part[i].scenario;
    }
    return callmedia_setup_open(&p->media, &o->media, scenarios, p->count, e);
}

int sip_parts_open(struct sip_parts *ret, const struct sip_options *o, struct err *e)
{
    struct sip_parts *p = ret;
    int result = 0;

    *p = (struct sip_parts){.setup_options = o->setup, .beforehand = -1};
    p->setup_options.users = o->users;
    if (o->mix != NULL) {
        result = read_mix(p, o, e);
    } else {
        add(p, o->setup.scenario, CALLS_MIXED, USERS_STAY, o->objective_ns);
    }
    result = result < 0 ? result : check_users(p, o, e);
    if (result < 0) {
        return result;
    }
    p->pool = o->register_scenario != NULL ? USERS_UNREGISTERED : USERS_REGISTERED;
    for (uint32_t i = 0; i < p->count; i++) {
        p->pool = p->part[i].user == USERS_REGISTER ? USERS_UNREGISTERED : p->pool;
    }
    if (o->register_scenario != NULL) {
        p->beforehand = (int)p->count;
        add(p, o->register_scenario, CALLS_BEFOREHAND, USERS_REGISTER, 0);
    }
    if (o->answers != NULL) {
        add(p, o->answers, CALLS_ANSWERS, USERS_STAY, 0);
    }
    if (o->strays != NULL || o->setup.auto_answer) {
        add(p, o->strays != NULL ? o->strays : "ooc_answer", CALLS_STRAYS, USERS_STAY, 0);
    }
    if ((result = load_all(p, e)) < 0 || (result = sip_check_hold(p, o, e)) < 0 ||
        (result = open_media(p, o, e)) < 0) {
        sip_parts_close(p);
    }
    return result;
}

void sip_parts_close(struct sip_parts *p)
{
    for (uint32_t i = 1; i < p->count; i++) {
        scenario_destroy(p->part[i].scenario);
    }
    callmedia_setup_close(&p->media);
    setup_close(&p->setup);
    *p = (struct sip_parts){0};
}
