/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_image: vaperf image: makes, lists and removes what guests boot. One thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "control/cli/command.h"
#include "control/image/image.h"
#include "control/run/run.h"

enum { WORDS_MAX = 256 };

struct image_words {
    const char *cache, *node;
    bool update, json, all, quiet;
    int kernel;
};

#define AT(member) offsetof(struct image_words, member)
static const struct opt options[] = {
    {"update", OPT_FLAG, "false", "build: ask Debian for newer versions of what is kept", 0, 0,
     NULL, AT(update), 0},
    {"node", OPT_STRING, NULL, "build: the static node (default: vaperf-node-static beside vaperf)",
     0, 0, NULL, AT(node), 0},
    {"kernel", OPT_CHOICE, "cloud",
     "build: Debian's kernel for virtual machines (virtio only), or for any machine (e1000 too)", 0,
     0, image_kernel_names, AT(kernel), 0},
    {"json", OPT_FLAG, "false", "build, list: as JSON", 0, 0, NULL, AT(json), 0},
    {"all", OPT_FLAG, "false", "remove: every image, and all that was fetched for them", 0, 0, NULL,
     AT(all), 0},
    {"quiet", OPT_FLAG, "false", "build: no progress on stderr", 0, 0, NULL, AT(quiet), 0},
    {"cache", OPT_STRING, NULL,
     "the folder of images (default: $XDG_CACHE_HOME/vaperf, for root /var/cache/vaperf)", 0, 0,
     NULL, AT(cache), 0},
    OPT_END,
};

static void tell(void *arg, const char *what)
{
    (void)arg;
    log_info("%s", what);
}

static json_t *names_to_json(const char *const *names)
{
    json_t *list = json_array();
    for (size_t i = 0; names[i] != NULL; i++)
        json_array_append_new(list, json_string(names[i]));
    return list;
}

static json_t *image_to_json(const struct image *x)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "id", x->id, "kernel", x->kernel, "initrd",
                     x->initrd, "kernel_version", x->kernel_version, "bytes", json_u64(x->bytes),
                     "made_real_ns", json_u64(x->made_real_ns));
}

static void print_json(json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(value);
}

static int build(const struct image_words *w, int count, char *const names[], struct err *e)
{
    const char *packages[WORDS_MAX + 1] = {NULL};
    if (count > WORDS_MAX)
        return err_set(e, -EINVAL, "image build: more than %d packages", WORDS_MAX);
    for (int i = 0; i < count; i++)
        packages[i] = names[i];
    const struct image_want want = {
        .node = w->node != NULL ? w->node : run_node_static_path(run_node_path()),
        .packages = packages,
        .cache = w->cache,
        .flags = w->update ? IMAGE_UPDATE : 0,
        .kernel = (enum image_kernel)w->kernel,
    };
    struct image x;
    int r = image_ensure(&want, &x, w->quiet ? NULL : tell, NULL, e);
    if (r < 0)
        return r;
    if (w->json)
        print_json(image_to_json(&x));
    else
        printf("%s\nkernel %s\ninitrd %s\n", x.id, x.kernel, x.initrd);
    return EXIT_GOOD;
}

static void print_entry(const struct image_entry *x)
{
    char size[32], made[40];
    const uint64_t mib = UINT64_C(1) << 20;
    str_format_size((x->image.bytes + mib - 1) / mib * mib, size, sizeof size);
    clock_format_real(x->image.made_real_ns, made, sizeof made);
    printf("%-12s  %-16s  %-7s  %-7s  %.16s ", x->image.id, x->image.kernel_version,
           image_kernel_names[x->kernel], size, made);
    for (size_t i = 0; x->packages[i] != NULL; i++)
        printf(" %s", x->packages[i]);
    putchar('\n');
}

static int list(const struct image_words *w, int count, char *const names[], struct err *e)
{
    struct arena a;
    const struct image_entry *entries;
    if (count > 0)
        return err_set(e, -EINVAL, "image list takes no '%s'", names[0]);
    arena_init(&a);
    int n = image_list(w->cache, &a, &entries, e);
    json_t *all = w->json ? json_array() : NULL;
    if (n > 0 && !w->json)
        printf("%-12s  %-16s  %-7s  %-7s  %-16s  %s\n", "id", "kernel", "kind", "size", "made",
               "packages");
    for (int i = 0; i < n && !w->json; i++)
        print_entry(&entries[i]);
    for (int i = 0; i < n && w->json; i++) {
        json_t *one = image_to_json(&entries[i].image);
        json_object_set_new(one, "kind", json_string(image_kernel_names[entries[i].kernel]));
        json_object_set_new(one, "node_sha256", json_string(entries[i].node_hash));
        json_object_set_new(one, "packages", names_to_json(entries[i].packages));
        json_object_set_new(one, "versions", names_to_json(entries[i].versions));
        json_array_append_new(all, one);
    }
    if (n >= 0 && w->json)
        print_json(all);
    else
        json_decref(all);
    arena_finish(&a);
    return n < 0 ? n : EXIT_GOOD;
}

static int remove_some(const struct image_words *w, int count, char *const names[], struct err *e)
{
    if (w->all != (count == 0))
        return err_set(e, -EINVAL, "image remove: give the ids of images, or --all");
    if (w->all) {
        int r = image_remove_all(w->cache, e);
        if (r >= 0)
            printf("removed %d image%s and what was fetched for them\n", r, r == 1 ? "" : "s");
        return r < 0 ? r : EXIT_GOOD;
    }
    int r = 0;
    for (int i = 0; i < count && r == 0; i++)
        r = image_remove(w->cache, names[i], e);
    return r < 0 ? r : EXIT_GOOD;
}

static const struct verb {
    const char *name;
    int (*run)(const struct image_words *w, int count, char *const names[], struct err *e);
} verbs[] = {{"build", build}, {"list", list}, {"remove", remove_some}};

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct image_words w;
    struct arena a;
    arena_init(&a);
    opt_defaults(options, &w, sizeof w);
    int words = command_parse(c, argc, argv, &w, &a, e), r = words;
    if (words == 0)
        r = err_set(e, -EINVAL, "image needs a verb: build, list or remove");
    if (words > 0) {
        r = err_set(e, -EINVAL, "image has no verb '%s' (build, list, remove)", argv[0]);
        for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
            if (strcmp(verbs[i].name, argv[0]) == 0)
                r = verbs[i].run(&w, words - 1, argv + 1, e);
    }
    arena_finish(&a);
    return r;
}

static const struct command_example examples[] = {
    {"image build", "the image of a guest that is only a node"},
    {"image build kamailio iproute2", "and one with two programs of Debian in it"},
    {"image list --json | jq '.[].versions'", "all that is inside, with versions"},
    {"image remove --all", "gives the disk space back"},
    {NULL, NULL},
};

const struct command cmd_image = {
    .name = "image",
    .words = "build [PACKAGE...] | list | remove ID...|--all [options]",
    .summary = "make, list and remove the images that guests boot",
    .about =
        "An image is a kernel and an initramfs, made from Debian packages and the static node:\n"
        "nothing is installed on this host, and no root is needed. PACKAGEs, and all they depend\n"
        "on, are unpacked into it; their installation scripts do not run. An image that fits is\n"
        "kept and found again; --update looks for newer packages. Guests that a study starts get\n"
        "theirs in the same way.",
    .options = options,
    .examples = examples,
    .run = run,
};
