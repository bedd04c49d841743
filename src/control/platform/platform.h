/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * platform: the contract of a way of running machines on a host (null, native, oci, later qemu,
 * xen).
 *
 * open → check(machine)* → networks → create(machine) → start → ready → stream → tune* → stop →
 * destroy → close. Everything made carries the prefix "vaperf-" (interfaces: "vp") and the run's
 * mark, so that sweep removes leftovers of a killed run and nothing else. A failed create leaves
 * nothing. One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_PLATFORM_H
#define VAPERF_CONTROL_PLATFORM_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cpu.h"
#include "base/err.h"
#include "base/json.h"
#include "base/opt.h"
#include "control/platform/host.h"
#include "rpc/sample.h"

enum { MACHINE_LINKS_MAX = 8, MACHINE_CHECKS_MAX = 16 };

/* What a plan says of one machine, after `from:` and sweeps are resolved. Lent by the plan's arena.
 */
struct machine_spec {
    const char *name;                         /* "media", "cpu.1" */
    const char *links[MACHINE_LINKS_MAX + 1]; /* network names, NULL-ended */
    uint64_t vcpus;                           /* 0: as many as the host has */
    bool has_pin;
    struct cpu_set pin;
    uint64_t weight;          /* 0: not set; 256 is the default of every platform */
    double cap_pct;           /* of one CPU; 0: none */
    uint64_t cap_period_ns;   /* 0: the platform's own (100 ms for cgroups) */
    uint64_t memory_bytes;    /* 0: not set */
    struct coalesce coalesce; /* of its own interfaces; the run's affair, through its node */
};

enum setting_state { SETTING_APPLIED, SETTING_UNSUPPORTED, SETTING_DEFAULT };
struct setting_check {
    const char *setting; /* "weight" */
    enum setting_state state;
    char text[160]; /* what it becomes ("cpu.shares 1024") or why not */
};

struct platform_env { /* lent until close, with its texts */
    const struct host *host;
    const char *mark;      /* of this run: "a1b2c3"; part of every name */
    const char *node_path; /* vaperf-node on that host */
    const char *node_static_path;
    const char *state_dir;     /* the run's own folder there (mark_dir_on): sweep looks there */
    const char *record_dir;    /* struct mark's dir, here; NULL: state_dir */
    const struct host *tester; /* where the load comes from, when that is another host; or NULL */
};

struct machine;  /* a platform's own */
struct platform; /* a platform's own */

struct platform_ops {
    const char *name;
    const char *summary;
    bool own_kernel; /* its machines have a kernel and a clock of their own */
    bool host_files; /* its machines see the host's files */
    /* Are its machines reached by the loopback, from the same host? NULL: no. */
    bool (*on_loopback)(const void *options);
    const struct opt *options; /* platform-wide, e.g. oci: runtime */
    size_t options_size;
    uint64_t memory_dflt_bytes; /* of a machine whose plan says nothing; 0: it shares the host's */
    int (*supported)(const struct host *h, const void *options,
                     struct err *e); /* 0 or -ENOTSUP with reason and remedy */
    int (*open)(struct platform **ret, const struct platform_env *env, const void *options,
                struct err *e);
    /* Per setting: applied as what, or unsupported and why. Returns the number. */
    int (*check)(struct platform *p, const struct machine_spec *spec, struct setting_check *ret,
                 size_t room);
    int (*network)(struct platform *p, const char *name,
                   struct err *e); /* makes a plan's network once */
    int (*create)(struct platform *p, const struct machine_spec *spec, struct machine **ret,
                  struct err *e);
    int (*start)(struct machine *m, struct err *e);
    /* Waits until its stream can be used; optional. Called once, after start; others may be started
     * in between, so that slow ones come up side by side. */
    int (*ready)(struct machine *m, struct err *e);
    /* Is what holds the machines still there, such as a daemon? Asked many times a second, so
     * cheap. NULL: nothing that could go. */
    int (*alive)(struct platform *p, struct err *e);
    /* The last words on the machine's console, as one line. NULL: it has none. */
    int (*console)(struct machine *m, struct buf *ret, struct err *e);
    /* The words that, when run, give a node's stdin/stdout in the machine (NULL-ended, lent). NULL:
     * there is none in it, it is a black box. */
    char *const *(*stream)(struct machine *m);
    /* The address of the machine on a network; on NULL the first link. And the tester's own there.
     */
    const char *(*address)(struct machine *m, const char *network);
    const char *(*tester_address)(struct platform *p, const char *network);
    /* Live change of weight, cap, pin. */
    int (*tune)(struct machine *m, const struct machine_spec *spec, struct err *e);
    /* For probes on the host's node: [{"type": "cgroup", "options": {...}, "entity": "media"},
     * ...]. New reference. */
    json_t *(*targets)(struct machine *m);
    /* What the VMM itself says of a machine that runs (entities "vmm", "vmm/vcpu.0", ...), some ms
     * a call; optional, all or none. Columns: returns how many, at most room are written. A
     * sample: values of such columns, NAN for what is not said any more. -EPIPE, in the words of
     * `alive`, when what holds the machines has gone. */
    int (*vmm_columns)(struct machine *m, struct sample_column *ret, size_t room, struct err *e);
    /* After vmm_columns: what is not among them and why, as a sentence; NULL: nothing. */
    const char *(*vmm_missing)(struct machine *m);
    int (*vmm_sample)(struct machine *m, const struct sample_column *columns, size_t count,
                      double *ret, struct err *e);
    int (*stop)(struct machine *m, uint64_t timeout_ns, struct err *e);
    void (*destroy)(struct machine *m);
    void (*close)(struct platform *p); /* networks too */
    /* Leftovers of any run whose controller is dead (mark.h), but for processes on the host, which
     * are platform_sweep's: removes, calls told for each ("container vaperf-a1b2c3-media"). dry:
     * only tells. Returns how many. */
    int (*sweep)(const struct host *h, const void *options, bool dry,
                 void (*told)(void *, const char *), void *told_arg, struct err *e);
};

extern const struct platform_ops *const platform_registry[]; /* NULL-ended */
const struct platform_ops *platform_find(const char *name);

/* What `vaperf clean` does: processes of dead runs and every platform's sweep, on this host and on
 * those that the runs noted; then the records of the dead runs (mark.h), unless a host could not be
 * swept. Tells each thing; returns how many, -errno at the first that could not be
 * removed. */
int platform_sweep(bool dry, void (*told)(void *, const char *), void *told_arg, struct err *e);
/* The same of one host alone, whatever the records say of it; the records stay. */
int platform_sweep_host(const struct host *h, bool dry, void (*told)(void *, const char *),
                        void *told_arg, struct err *e);
/* What carries a mark of ours on this host, but of which nothing is recorded and whom nobody who
 * lives announces (stray.h); only after platform_sweep. Returns how many. */
int platform_sweep_strays(bool dry, void (*told)(void *, const char *), void *told_arg,
                          struct err *e);

#endif
