/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * study: what a plan says of the study as a whole: times, hosts, networks, limits, generator,
 * search, figures. One thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "control/plan/reader.h"

#define AT(member) offsetof(struct plan, member)
static const struct opt study_options[] = {
    {"study", OPT_STRING, NULL, "its name", 0, 0, NULL, AT(study), 0},
    {"title", OPT_STRING, NULL, "printed in the report", 0, 0, NULL, AT(title), 0},
    {"seed", OPT_STRING, NULL, "any text; decides the order of the trials", 0, 0, NULL, AT(seed),
     0},
    {"trials", OPT_COUNT, "5", "of each case", 1, 1000, NULL, AT(trials), 0},
    {"duration", OPT_DURATION, NULL, "of the measured part of a trial", 1e8, 1e15, NULL,
     AT(duration_ns), 0},
    {"interval", OPT_DURATION, "1s", "between samples", 1e7, 1e13, NULL, AT(interval_ns), 0},
    {"warmup", OPT_DURATION, "5s", "loaded but not counted", 0, 0, NULL, AT(warmup_ns), 0},
    {"settle", OPT_DURATION, "0", "waited before the load begins", 0, 0, NULL, AT(settle_ns), 0},
    {"baseline", OPT_DURATION, "0", "watched before the load begins: what all does without it", 0,
     0, NULL, AT(baseline_ns), 0},
    {"void_retries", OPT_COUNT, "2", "how often a void trial is measured again", 0, 100, NULL,
     AT(void_retries), 0},
    OPT_END,
};
static const char *const sections[] = {"hosts",  "networks", "machines", "setups",
                                       "loads",  "limits",   "sweep",    "generator",
                                       "search", "figures",  "clock",    NULL};

static int read_scalars(struct reader *r)
{
    struct plan *p = r->plan;
    for (const struct opt *o = study_options; o->name != NULL; o++)
        if (o->dflt != NULL && opt_parse(o, o->dflt, p, NULL, r->e) < 0)
            return -EINVAL;
    int n = reader_options(r, r->root, study_options, p, sections);
    if (n < 0)
        return n;
    if (p->study == NULL)
        return reader_fail(r, r->root, "study: is missing: its name, such as study: mixed");
    struct yaml name = *yaml_find(r->root, "study");
    name.key = name.text;
    name.key_line = name.line;
    name.key_column = name.column;
    n = reader_check_name(r, &name, "study");
    if (n < 0)
        return n;
    if (p->duration_ns != 0 && p->interval_ns > p->duration_ns)
        return reader_fail(r, r->root, "the interval is longer than the duration of a trial");
    if (p->baseline_ns != 0 && p->baseline_ns < 2 * p->interval_ns)
        return reader_fail(r, yaml_find(r->root, "baseline"),
                           "the baseline is shorter than two intervals, so nothing is seen in it");
    if (p->seed == NULL)
        p->seed = p->study;
    if (p->title == NULL)
        p->title = p->study;
    return 0;
}

#define OF_HOST(member) offsetof(struct host, member)
static const struct opt host_options[] = {
    {"uri", OPT_STRING, NULL, "local, or ssh://[user@]host[:port]", 0, 0, NULL, OF_HOST(uri), 0},
    {"address", OPT_STRING, NULL, "its own, for traffic between hosts", 0, 0, NULL,
     OF_HOST(address), 0},
    {"interface", OPT_STRING, NULL, "its port to networks that span hosts", 0, 0, NULL,
     OF_HOST(interface), 0},
    {"rx_usecs", OPT_COUNT, NULL, "that interface waits so many us before it interrupts", 0,
     10000000, NULL, OF_HOST(coalesce.rx_usecs), 0},
    {"rx_frames", OPT_COUNT, NULL, "or until so many packets wait", 0, 65535, NULL,
     OF_HOST(coalesce.rx_frames), 0},
    {"node", OPT_STRING, NULL, "the vaperf-node there (else found, or brought)", 0, 0, NULL,
     OF_HOST(node), 0},
    OPT_END,
};

static bool is_interface(const char *name)
{
    const size_t n = strlen(name);
    return n > 0 && n < 16 && strpbrk(name, " /\t\n") == NULL && name[0] != '-';
}

static bool is_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* A URI alone, or a map with one. */
static int read_host(struct reader *r, const struct yaml *y, struct host *ret)
{
    const bool alone = y->kind != YAML_MAP;
    *ret = (struct host){.name = y->key, .uri = "local"};
    int n = alone ? reader_need_text(r, y, y->key) : reader_options(r, y, host_options, ret, NULL);
    if (n < 0)
        return n;
    if (alone)
        ret->uri = y->text;
    const struct yaml *usecs = alone ? NULL : yaml_find(y, "rx_usecs");
    const struct yaml *frames = alone ? NULL : yaml_find(y, "rx_frames");
    ret->coalesce.has_rx_usecs = usecs != NULL;
    ret->coalesce.has_rx_frames = frames != NULL;
    if ((usecs != NULL || frames != NULL) && ret->interface == NULL)
        return reader_fail_key(r, usecs != NULL ? usecs : frames,
                               "of which interface? host %s names none: interface: eth1", y->key);
    if (host_check_uri(ret->uri, r->e) < 0)
        return reader_at(r, alone ? y : yaml_find(y, "uri"));
    if (ret->address != NULL && !is_address(ret->address))
        return reader_fail(r, yaml_find(y, "address"), "'%s' is not an address, such as 192.0.2.1",
                           ret->address);
    if (ret->interface != NULL && !is_interface(ret->interface))
        return reader_fail(r, yaml_find(y, "interface"), "'%s' is no name of an interface",
                           ret->interface);
    return 0;
}

static int read_hosts(struct reader *r)
{
    static struct host local[] = {{.name = "sut", .uri = "local"}, {.name = "gen", .uri = "local"}};
    const struct yaml *hosts = yaml_find(r->root, "hosts");
    struct plan *p = r->plan;
    p->hosts = arena_dup(r->arena, local, sizeof local);
    p->host_count = 2;
    if (hosts == NULL)
        return 0;
    int n = reader_need_map(r, hosts, "hosts");
    if (n < 0)
        return n;
    if (hosts->count == 0)
        return reader_fail_key(r, hosts, "hosts: names none, such as {sut: local, gen: local}");
    p->hosts = ARENA_ARRAY(r->arena, struct host, hosts->count);
    p->host_count = 0;
    for (const struct yaml *y = hosts->first; y != NULL; y = y->next) {
        n = reader_check_name(r, y, "host");
        if (n >= 0)
            n = read_host(r, y, &p->hosts[p->host_count]);
        if (n < 0)
            return n;
        p->host_count++;
    }
    return 0;
}

static int read_networks(struct reader *r)
{
    static const char *const one[] = {"traffic", NULL};
    const struct yaml *networks = yaml_find(r->root, "networks");
    r->plan->networks = one;
    if (networks == NULL)
        return 0;
    if (networks->kind == YAML_LIST)
        return reader_texts(r, networks, "networks", &r->plan->networks);
    int n = reader_need_map(r, networks, "networks");
    if (n < 0)
        return n;
    for (const struct yaml *y = networks->first; y != NULL; y = y->next) {
        n = reader_check_name(r, y, "network");
        if (n < 0)
            return n;
        if (y->count > 0 || (y->kind == YAML_TEXT && y->text[0] != '\0'))
            return reader_fail(r, y, "a network has no settings: %s: {}", y->key);
    }
    if (networks->count > 0)
        r->plan->networks = reader_keys(r, networks);
    return 0;
}

static int read_clock_link(struct reader *r, const struct yaml *link)
{
    struct plan *p = r->plan;
    int n = reader_need_text(r, link, "link");
    for (size_t i = 0; n >= 0 && p->networks[i] != NULL; i++) {
        if (strcmp(p->networks[i], link->text) != 0)
            continue;
        p->clock = PLAN_CLOCK_LINK;
        p->clock_link = link->text;
        return 0;
    }
    return n < 0 ? n : reader_fail_name(r, link, false, "network", p->networks);
}

static int read_clock_host(struct reader *r, const struct yaml *host, const struct yaml *address)
{
    struct plan *p = r->plan;
    const char **names = ARENA_ARRAY(r->arena, const char *, p->host_count + 1);
    int n = reader_need_text(r, host, "host");
    if (n >= 0 && address != NULL)
        n = reader_need_text(r, address, "address");
    for (size_t i = 0; n >= 0 && i < p->host_count; i++) {
        names[i] = p->hosts[i].name;
        if (strcmp(names[i], host->text) == 0)
            p->clock_host = &p->hosts[i];
    }
    if (n < 0 || p->clock_host == NULL)
        return n < 0 ? n : reader_fail_name(r, host, false, "host", names);
    p->clock = PLAN_CLOCK_HOST;
    p->clock_address = address != NULL ? address->text : p->clock_host->address;
    if (p->clock_address == NULL)
        return reader_fail(r, host,
                           "machines must know where to reach the clock: clock: {host: %s, "
                           "address: 192.0.2.1}, or an address of the host in hosts:",
                           host->text);
    if (!is_address(p->clock_address))
        return reader_fail(r, address, "'%s' is not an address, such as 192.0.2.1",
                           p->clock_address);
    return 0;
}

/* clock: channel; {link: traffic}, where the load comes from; or {host: far, address: 192.0.2.1}.
 */
static int read_clock(struct reader *r)
{
    static const char *const words[] = {"auto", "channel", NULL};
    static const char *const keys[] = {"link", "host", "address", NULL};
    const struct yaml *clock = yaml_find(r->root, "clock");
    struct plan *p = r->plan;
    if (clock == NULL)
        return 0;
    if (clock->kind == YAML_TEXT) {
        if (strcmp(clock->text, words[0]) != 0 && strcmp(clock->text, words[1]) != 0)
            return reader_fail_name(r, clock, false, "clock", words);
        p->clock = clock->text[0] == 'c' ? PLAN_CLOCK_CHANNEL : PLAN_CLOCK_AUTO;
        return 0;
    }
    const struct yaml *link = yaml_find(clock, keys[0]), *host = yaml_find(clock, keys[1]);
    int n = reader_need_map(r, clock, "clock");
    for (const struct yaml *y = n >= 0 ? clock->first : NULL; y != NULL; y = y->next)
        if (strcmp(y->key, keys[0]) != 0 && strcmp(y->key, keys[1]) != 0 &&
            strcmp(y->key, keys[2]) != 0)
            return reader_fail_name(r, y, true, "setting of the clock", keys);
    if (n >= 0 && (link == NULL) == (host == NULL))
        return reader_fail_key(r, clock,
                               "the clock needs its link, {link: %s}, or its host, {host: %s}",
                               p->networks[0], p->hosts[0].name);
    if (n < 0)
        return n;
    return host != NULL ? read_clock_host(r, host, yaml_find(clock, keys[2]))
                        : read_clock_link(r, link);
}

static void note_places(struct reader *r, const struct yaml *generator)
{
    struct plan_option_place *all =
        ARENA_ARRAY(r->arena, struct plan_option_place, generator->count + 1);
    size_t count = 0;
    for (const struct yaml *y = generator->first; y != NULL; y = y->next)
        all[count++] = (struct plan_option_place){y->key, reader_place(y)};
    r->plan->load_places = all;
}

static int read_generator(struct reader *r)
{
    const struct yaml *generator = yaml_find(r->root, "generator");
    const struct opt *table;
    json_t *options = NULL;
    if (generator == NULL)
        return 0;
    int n = reader_need_map(r, generator, "generator");
    if (n >= 0)
        n = driver_load_options(r, &table);
    if (n >= 0)
        n = reader_texts_of(r, generator, table, NULL, &options);
    r->plan->load_options = options;
    if (n >= 0)
        note_places(r, generator);
    return n;
}

static int read_search(struct reader *r)
{
    static const char *const types[] = {"ladder", "throughput", "loss-rate", NULL};
    static const char *const others[] = {"type", NULL};
    const struct yaml *search = yaml_find(r->root, "search");
    if (search == NULL)
        return 0;
    const struct yaml *type = yaml_find(search, "type");
    if (type == NULL)
        return reader_fail(r, search, "a search needs its type: {type: ladder, ...}");
    int n = reader_need_text(r, type, "type");
    if (n < 0)
        return n;
    bool known = false;
    for (size_t i = 0; types[i] != NULL; i++)
        known = known || strcmp(type->text, types[i]) == 0;
    if (!known)
        return reader_fail_name(r, type, false, "search", types);
    json_t *options = NULL;
    n = reader_texts_of(r, search, NULL, others, &options);
    if (n < 0)
        return n;
    struct plan_driver *driver = ARENA_NEW(r->arena, struct plan_driver);
    *driver =
        (struct plan_driver){.type = type->text, .options = options, .place = reader_place(type)};
    r->plan->search = type->text;
    r->plan->search_options = driver;
    return 0;
}

static int read_figures(struct reader *r)
{
    static const char *const known[] = {"delay-box", "capacity", "cpu-vs-load", "response-vs-load",
                                        NULL};
    static const char *const none[] = {NULL};
    const struct yaml *figures = yaml_find(r->root, "figures");
    r->plan->figures = none;
    if (figures == NULL || (figures->kind == YAML_LIST && figures->count == 0))
        return 0;
    int n = reader_texts(r, figures, "figures", &r->plan->figures);
    if (n < 0)
        return n;
    for (const struct yaml *y = figures->kind == YAML_LIST ? figures->first : figures; y != NULL;
         y = figures->kind == YAML_LIST ? y->next : NULL) {
        const char *near = reader_nearest(y->text, known);
        if (near == NULL || strcmp(near, y->text) != 0)
            return reader_fail_name(r, y, false, "figure", known);
    }
    return 0;
}

int study_read(struct reader *r)
{
    int n = read_scalars(r);
    if (n >= 0)
        n = read_hosts(r);
    if (n >= 0)
        n = read_networks(r);
    if (n >= 0)
        n = read_clock(r);
    if (n >= 0)
        n = limits_read(r);
    if (n >= 0)
        n = read_generator(r);
    if (n >= 0)
        n = read_search(r);
    return n >= 0 ? read_figures(r) : n;
}
