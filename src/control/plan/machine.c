/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * machine: a group of machines as merged from `machines:` and a setup, to machine_spec. One thread.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/plan/reader.h"

struct machine_options {
    uint64_t count;
    const char *host;
    struct machine_spec spec; /* all but name and links */
};

#define AT(member) offsetof(struct machine_options, member)
static const struct opt machine_options[] = {
    {"count", OPT_COUNT, "1", "how many of them", 0, PLAN_MACHINES_MAX, NULL, AT(count), 0},
    {"host", OPT_STRING, "sut", "where they run", 0, 0, NULL, AT(host), 0},
    {"vcpus", OPT_COUNT, "0", "0: as many as the host has", 0, CPU_MAX, NULL, AT(spec.vcpus), 0},
    {"memory", OPT_SIZE, NULL, "at most", 1 << 20, 0, NULL, AT(spec.memory_bytes), 0},
    {"pin", OPT_CPUS, NULL, "CPUs of the host they may use", 0, 0, NULL, AT(spec.pin), 0},
    {"weight", OPT_COUNT, NULL, "share against others; 256 is that of all who say none", 1, 1000000,
     NULL, AT(spec.weight), 0},
    {"cap", OPT_PERCENT, NULL, "of one CPU, at most", 0.1, 100.0 * CPU_MAX, NULL, AT(spec.cap_pct),
     0},
    {"period", OPT_DURATION, NULL, "in which the cap holds", 1e6, 1e9, NULL, AT(spec.cap_period_ns),
     0},
    {"rx_usecs", OPT_COUNT, NULL, "a guest's interfaces wait so many us before they interrupt", 0,
     10000000, NULL, AT(spec.coalesce.rx_usecs), 0},
    {"rx_frames", OPT_COUNT, NULL, "or until so many packets wait", 0, 65535, NULL,
     AT(spec.coalesce.rx_frames), 0},
    OPT_END,
};
static const char *const others[] = {"links", "appliance", "neighbour", "bench", NULL};

static bool is_among(const char *word, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], word) == 0)
            return true;
    return false;
}

static int check_host(struct reader *r, const struct yaml *group, const char *name)
{
    const char **names = ARENA_ARRAY(r->arena, const char *, r->plan->host_count + 1);
    for (size_t i = 0; i < r->plan->host_count; i++)
        names[i] = r->plan->hosts[i].name;
    if (is_among(name, names))
        return 0;
    const struct yaml *host = yaml_find(group, "host");
    if (host == NULL)
        return reader_fail_key(r, group,
                               "machine %s: without host: it runs on host 'sut', which "
                               "hosts: does not name",
                               group->key);
    return reader_fail_name(r, host, false, "host", names);
}

static int read_links(struct reader *r, const struct yaml *links, struct machine_spec *spec)
{
    const char *const *texts;
    if (links == NULL) {
        spec->links[0] = r->plan->networks[0];
        return 0;
    }
    if (links->kind == YAML_LIST && links->count == 0)
        return 0;
    int n = reader_texts(r, links, "links", &texts);
    if (n < 0)
        return n;
    if (links->count > MACHINE_LINKS_MAX)
        return reader_fail_key(r, links, "a machine has at most %d links", MACHINE_LINKS_MAX);
    const struct yaml *y = links->kind == YAML_LIST ? links->first : links;
    for (size_t i = 0; texts[i] != NULL; i++, y = y->next) {
        if (!is_among(texts[i], r->plan->networks))
            return reader_fail_name(r, y, false, "network", r->plan->networks);
        spec->links[i] = texts[i];
    }
    return 0;
}

struct bench_options { /* the plan's, not the bench's */
    uint64_t idle_ns, rounds, within_ns;
};
#define OF(member) offsetof(struct bench_options, member)
static const struct opt neighbour_options[] = {
    {"idle", OPT_DURATION, "0", "between rounds", 0, 0, NULL, OF(idle_ns), 0},
    OPT_END,
};
static const struct opt bench_options[] = {
    {"idle", OPT_DURATION, "0", "between rounds", 0, 0, NULL, OF(idle_ns), 0},
    {"rounds", OPT_COUNT, "5", "how often it is done", 1, 4096, NULL, OF(rounds), 0},
    {"within", OPT_DURATION, "10m", "all rounds must be done by then", 1e9, 0, NULL, OF(within_ns),
     0},
    OPT_END,
};

static int read_bench(struct reader *r, const struct yaml *y, const struct opt *table,
                      const struct plan_driver **ret_driver, struct plan_machine *ret)
{
    const char *ours[8] = {"type"};
    struct bench_options o = {0};
    struct plan_driver *driver = ARENA_NEW(r->arena, struct plan_driver);
    for (size_t i = 0; table[i].name != NULL; i++)
        ours[i + 1] = table[i].name;
    int n = driver_read(r, y, "bench", ours, driver, NULL);
    opt_defaults(table, &o, sizeof o);
    for (const struct opt *own = table; n >= 0 && own->name != NULL; own++) {
        const struct yaml *text = yaml_find(y, own->name);
        if (text == NULL)
            continue;
        n = reader_need_text(r, text, own->name);
        if (n >= 0 && opt_parse(own, text->text, &o, NULL, r->e) < 0)
            n = reader_at(r, text);
    }
    ret->idle_ns = o.idle_ns;
    ret->rounds = o.rounds;
    ret->within_ns = o.within_ns;
    *ret_driver = driver;
    return n;
}

static int read_drivers(struct reader *r, const struct yaml *group, struct plan_machine *ret)
{
    static const char *const ours[] = {"type", NULL};
    const struct yaml *appliance = yaml_find(group, "appliance");
    const struct yaml *neighbour = yaml_find(group, "neighbour");
    const struct yaml *bench = yaml_find(group, "bench");
    int n = 0;
    if (appliance != NULL) {
        struct plan_driver *driver = ARENA_NEW(r->arena, struct plan_driver);
        n = driver_read(r, appliance, "appliance", ours, driver, NULL);
        ret->appliance = driver;
    }
    if (neighbour != NULL && n >= 0)
        n = read_bench(r, neighbour, neighbour_options, &ret->neighbour, ret);
    if (bench != NULL && neighbour != NULL && n >= 0)
        return reader_fail_key(r, bench,
                               "a machine has a bench or a neighbour, not both: put one into a "
                               "machine of its own");
    if (bench != NULL && n >= 0)
        n = read_bench(r, bench, bench_options, &ret->bench, ret);
    return n;
}

static int read_one(struct reader *r, const struct yaml *machine, const char *name,
                    struct plan_machine *ret)
{
    struct machine_options o = {0};
    opt_defaults(machine_options, &o, sizeof o);
    int n = reader_options(r, machine, machine_options, &o, others);
    if (n < 0)
        return n;
    const struct yaml *period = yaml_find(machine, "period");
    if (period != NULL && yaml_find(machine, "cap") == NULL)
        return reader_fail_key(r, period,
                               "a period says nothing without a cap: cap: 50%%, "
                               "period: 10ms");
    *ret = (struct plan_machine){.spec = o.spec,
                                 .group = machine->key,
                                 .host = o.host,
                                 .place = {machine->key_line, machine->key_column}};
    ret->spec.name = name;
    ret->spec.has_pin = yaml_find(machine, "pin") != NULL;
    ret->spec.coalesce.has_rx_usecs = yaml_find(machine, "rx_usecs") != NULL;
    ret->spec.coalesce.has_rx_frames = yaml_find(machine, "rx_frames") != NULL;
    n = check_host(r, machine, o.host);
    if (n >= 0)
        n = read_links(r, yaml_find(machine, "links"), &ret->spec);
    return n >= 0 ? read_drivers(r, machine, ret) : n;
}

/* "cpu.3" when there are two of cpu. */
static int check_numbered(struct reader *r, const struct yaml *group, const struct yaml *setup,
                          uint64_t count)
{
    const size_t length = strlen(group->key);
    for (const struct yaml *y = setup->first; y != NULL; y = y->next) {
        if (strncmp(y->key, group->key, length) != 0 || y->key[length] != '.')
            continue;
        const char *digits = y->key + length + 1;
        const unsigned long number = strtoul(digits, NULL, 10);
        if (digits[0] < '1' || digits[0] > '9' || strspn(digits, "0123456789") != strlen(digits) ||
            number > count || yaml_find(group, "count") == NULL)
            return reader_fail_key(r, y, "there is no machine '%s' (%s has count %llu)", y->key,
                                   group->key, (unsigned long long)count);
    }
    return 0;
}

int machine_read(struct reader *r, const struct yaml *group, const struct yaml *setup,
                 struct plan_machine *machines, size_t *count)
{
    struct machine_options o = {0};
    opt_defaults(machine_options, &o, sizeof o);
    int n = reader_need_map(r, group, group->key);
    if (n >= 0)
        n = reader_options(r, group, machine_options, &o, others);
    if (n >= 0)
        n = check_numbered(r, group, setup, o.count);
    const bool numbered = yaml_find(group, "count") != NULL;
    for (uint64_t i = 1; i <= o.count && n >= 0; i++) {
        const char *name = group->key;
        const struct yaml *machine = group;
        if (numbered) {
            name = arena_printf(r->arena, "%s.%llu", group->key, (unsigned long long)i);
            struct yaml *merged = arena_dup(
                r->arena, yaml_merge(group, yaml_find(setup, name), r->arena), sizeof *merged);
            merged->key = group->key;
            machine = merged;
        }
        if (*count >= PLAN_MACHINES_MAX)
            return reader_fail_key(r, group, "a setup has at most %d machines", PLAN_MACHINES_MAX);
        n = read_one(r, machine, name, &machines[(*count)++]);
    }
    return n;
}
