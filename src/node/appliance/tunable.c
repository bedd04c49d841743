/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tunable: see tunable.h.
 */
#include "node/appliance/tunable.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"

enum { VALUE_MAX = 512, PATH_LENGTH = 256 };

struct tunable {
    char path[PATH_LENGTH], before[VALUE_MAX];
};

static int write_value(const char *path, const char *value)
{
    const size_t size = strlen(value);
    int result = 0, fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0) {
        return -errno;
    }
    if (write(fd, value, size) != (ssize_t)size) {
        result = -errno;
    }
    close(fd);
    return result;
}

static int read_value(const char *path, char ret[VALUE_MAX])
{
    struct buf text;
    int result;

    buf_init(&text);
    result = buf_load(&text, path);
    if (result == 0) {
        str_printf(ret, VALUE_MAX, "%.*s", (int)strcspn(buf_str(&text), "\n"), buf_str(&text));
    }
    buf_finish(&text);
    return result;
}

static int keep(struct tunables *t, const char *path, const char *before)
{
    struct tunable *grown = realloc(t->list, (t->count + 1) * sizeof(*grown));

    if (grown == NULL) {
        return -ENOMEM;
    }
    t->list = grown;
    str_printf(grown[t->count].path, PATH_LENGTH, "%s", path);
    str_printf(grown[t->count].before, VALUE_MAX, "%s", before);
    t->count++;
    return 0;
}

int tunables_set(struct tunables *t, const char *path, const char *value, const char *what,
                 struct err *e)
{
    char before[VALUE_MAX];
    int result = read_value(path, before);

    if (result == 0 && strcmp(before, value) == 0) {
        return 0;
    }
    if (result == 0 && (result = write_value(path, value)) == 0 &&
        (result = keep(t, path, before)) < 0) {
        (void)write_value(path, before);
    }
    return result < 0 ? err_set(e, result, "%s: cannot become '%s': %s (%s)", what, value,
                                strerror(-result), path)
                      : 0;
}

int tunables_set_sysctl(struct tunables *t, const char *name, const char *value, struct err *e)
{
    char path[PATH_LENGTH], what[PATH_LENGTH];
    size_t n = sizeof("/proc/sys/") - 1;

    if (strstr(name, "..") != NULL || name[0] == '/' || name[0] == '.') {
        return err_set(e, -EINVAL, "sysctl: '%s' is no name, such as net.ipv4.ip_forward", name);
    }
    str_printf(path, sizeof(path), "/proc/sys/%s", name);
    str_printf(what, sizeof(what), "sysctl %s", name);
    for (; path[n] != '\0'; n++) {
        path[n] = (char)(path[n] == '.' ? '/' : path[n] == '/' ? '.' : path[n]);
    }
    return tunables_set(t, path, value, what, e);
}

int tunables_set_sysctls(struct tunables *t, const char *text, struct err *e)
{
    char *all = strdup(text), *rest = all;
    int result = all != NULL ? 0 : err_set(e, -ENOMEM, "no memory for sysctls");

    for (char *word; result == 0 && (word = strsep(&rest, " ")) != NULL;) {
        char *equal = strchr(word, '=');
        if (*word == '\0') {
            continue;
        }
        if (equal == NULL || equal == word || equal[1] == '\0') {
            result =
                err_set(e, -EINVAL,
                        "sysctl: '%s' is no NAME=VALUE, such as net.core.netdev_budget=600", word);
            break;
        }
        *equal = '\0';
        result = tunables_set_sysctl(t, word, equal + 1, e);
    }
    free(all);
    return result;
}

/* All files of a pattern get the value; how many there were. */
static int set_all(struct tunables *t, const char *pattern, const char *value, const char *what,
                   struct err *e)
{
    glob_t files;
    int result = 0, count = 0;

    if (glob(pattern, 0, NULL, &files) == 0) {
        count = (int)files.gl_pathc;
        for (size_t i = 0; i < files.gl_pathc && result == 0; i++) {
            result = tunables_set(t, files.gl_pathv[i], value, what, e);
        }
    }
    globfree(&files);
    return result < 0 ? result : count;
}

/* "3" of CPUs 0 and 1; groups of 32 with commas. */
static const char *format_mask(const struct cpu_set *cpus, char *buffer, size_t size)
{
    size_t n = 0;
    int highest = cpu_set_nth(cpus, cpu_set_count(cpus) - 1);

    buffer[0] = '\0';
    for (int group = highest / 32; group >= 0 && n < size; group--) {
        uint32_t bits = 0;
        for (unsigned bit = 0; bit < 32; bit++) {
            bits |= (uint32_t)cpu_set_has(cpus, (unsigned)group * 32 + bit) << bit;
        }
        str_printf(buffer + n, size - n, n > 0 ? ",%08x" : "%x", bits);
        n = strlen(buffer);
    }
    return buffer;
}

int tunables_set_rps(struct tunables *t, const char *interface, const struct cpu_set *cpus,
                     struct err *e)
{
    char pattern[PATH_LENGTH], mask[VALUE_MAX];
    int n;

    str_printf(pattern, sizeof(pattern), "/sys/class/net/%s/queues/rx-*/rps_cpus", interface);
    n = set_all(t, pattern, format_mask(cpus, mask, sizeof(mask)), "rps", e);
    return n == 0 ? err_set(e, -ENOTSUP, "rps: interface %s has no receive queue to set", interface)
                  : (n < 0 ? n : 0);
}

int tunables_set_irqs(struct tunables *t, const char *interface, const struct cpu_set *cpus,
                      struct err *e)
{
    /* The device's own, or those of the bus device that carries it (virtio). */
    static const char *const places[] = {"", "../"};
    char pattern[PATH_LENGTH], path[PATH_LENGTH], list[VALUE_MAX];
    glob_t irqs = {0};
    int result = -ENOTSUP;

    for (size_t i = 0; i < 2 && irqs.gl_pathc == 0; i++) {
        globfree(&irqs);
        str_printf(pattern, sizeof(pattern), "/sys/class/net/%s/device/%smsi_irqs/*", interface,
                   places[i]);
        (void)glob(pattern, 0, NULL, &irqs);
    }
    cpu_set_format(cpus, list, sizeof(list));
    for (size_t i = 0; i < irqs.gl_pathc && (i == 0 || result == 0); i++) {
        str_printf(path, sizeof(path), "/proc/irq/%s/smp_affinity_list",
                   strrchr(irqs.gl_pathv[i], '/') + 1);
        result = tunables_set(t, path, list, "irq_cpus", e);
    }
    if (irqs.gl_pathc == 0) {
        result =
            err_set(e, -ENOTSUP, "irq_cpus: interface %s has no interrupts of its own", interface);
    }
    globfree(&irqs);
    return result;
}

void tunables_restore(struct tunables *t)
{
    while (t->count > 0) {
        t->count--;
        (void)write_value(t->list[t->count].path, t->list[t->count].before);
    }
    free(t->list);
    t->list = NULL;
}
