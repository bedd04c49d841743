/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * debian: what goes into a guest is resolved and fetched by apt, with lists and a record of
 * installed packages of its own, so that this host is neither asked nor changed. It uses this
 * host's sources and keys. One thread.
 */
#include "control/image/image_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/tree.h"

enum { PACKAGES_MAX = 4096, DAY_S = 24 * 3600, FETCH_AT_ONCE = 64 };
static const uint64_t apt_limit_ns = 1800 * NS_PER_S;

/* Only scripts of packages need these, and no script runs: a guest does without, unless asked. */
static const char *const not_needed[] = {
    "adduser",
    "cron",
    "debconf",
    "dpkg",
    "init-system-helpers",
    "kmod",
    "initramfs-tools",
    "install-info",
    "linux-base",
    "logrotate",
    "lsb-base",
    "libpam-runtime",
    "passwd",
    "sysvinit-utils",
    "ucf",
    "usrmerge",
    NULL,
};

bool debian_is_name(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    return strlen(name) >= 2 && strchr(first, name[0]) != NULL &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.")] == '\0';
}

/* The last line apt said, without the long command before it. */
static const char *last_words(const struct err *why)
{
    const char *status = strstr(why->text, ": exit status "), *said;
    said = status != NULL ? strstr(status + 2, ": ") : NULL;
    return said != NULL ? said + 2 : why->text;
}

/* apt-get with our folders, started in this one. */
static char **apt_words(struct making *m, const char *folder, const char *const *words)
{
    enum { FIXED = 32 };
    size_t count = 0, n = 0;
    while (words[count] != NULL)
        count++;
    char **argv = ARENA_ARRAY(&m->arena, char *, count + FIXED);
    const char *const start[] = {
        "sh",
        "-c",
        "cd \"$1\" && shift && exec env LC_ALL=C apt-get \"$@\"",
        "sh",
        folder,
        "-q",
        "-o",
        arena_printf(&m->arena, "Dir::State=%s/apt", m->cache),
        "-o",
        arena_printf(&m->arena, "Dir::State::status=%s/apt/status", m->cache),
        "-o",
        arena_printf(&m->arena, "Dir::Cache=%s/apt/cache", m->cache),
        "-o",
        "APT::Sandbox::User=root",
        "-o",
        "APT::Install-Recommends=false",
        "-o",
        "Acquire::Languages=none",
        "-o",
        "Acquire::Retries=2",
        "-o",
        "APT::Update::Error-Mode=any",
        NULL};
    for (; start[n] != NULL; n++)
        argv[n] = arena_strdup(&m->arena, start[n]);
    for (size_t i = 0; i < count; i++)
        argv[n++] = arena_strdup(&m->arena, words[i]);
    return argv;
}

/* In words: -EINVAL no such package, -ENETUNREACH no network. */
static int run_apt(struct making *m, const char *folder, const char *const *words, struct buf *out,
                   struct err *e)
{
    struct err why = {0};
    int r = proc_run(apt_words(m, folder, words), NULL, out, apt_limit_ns, &why);
    if (r <= 0)
        return r < 0 ? err_set(e, r, "%s", why.text) : 0;
    if (strstr(why.text, "Unable to locate package") != NULL ||
        strstr(why.text, "no installation candidate") != NULL)
        return err_set(e, -EINVAL, "not in the apt sources of this host: %s", last_words(&why));
    if (r == 127)
        return err_set(e, -ENOENT,
                       "there is no apt-get here; guests are made from Debian "
                       "packages, on Debian 12");
    return err_set(e, -ENETUNREACH, "cannot get Debian packages: apt-get: %s", last_words(&why));
}

static bool has_lists(const struct making *m, bool *ret_old)
{
    char path[IMAGE_PATH_MAX];
    struct stat st;
    str_printf(path, sizeof path, "%s/apt/fetched", m->cache);
    if (stat(path, &st) < 0)
        return false;
    *ret_old = (uint64_t)st.st_mtime + DAY_S < clock_real_ns() / NS_PER_S;
    return true;
}

static int write_text(const char *path, const char *text, struct err *e)
{
    FILE *f = fopen(path, "we");
    if (f == NULL)
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    int r = fputs(text, f) < 0 ? -errno : 0;
    if (fclose(f) != 0 && r == 0)
        r = -errno;
    return r < 0 ? err_set(e, r, "%s: %s", path, strerror(-r)) : 0;
}

/* The record of installed packages: those not needed, but for those that are asked for. */
static int write_status(struct making *m, const char *const *names, struct err *e)
{
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; not_needed[i] != NULL; i++) {
        bool asked = false;
        for (size_t j = 0; names[j] != NULL; j++)
            asked = asked || strcmp(names[j], not_needed[i]) == 0;
        if (!asked)
            buf_printf(&b,
                       "Package: %s\nStatus: install ok installed\nVersion: 999\n"
                       "Architecture: all\nMulti-Arch: foreign\nMaintainer: none\n"
                       "Description: not needed in a guest\n\n",
                       not_needed[i]);
    }
    int r = write_text(arena_printf(&m->arena, "%s/apt/status", m->cache), buf_str(&b), e);
    buf_finish(&b);
    return r;
}

int debian_refresh(struct making *m, struct err *e)
{
    static const char *const none[] = {NULL}, *const update[] = {"update", NULL};
    static const char *const folders[] = {"apt/lists/partial", "apt/cache/archives/partial",
                                          "debs"};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof folders / sizeof folders[0]; i++)
        r = cache_make_folder(arena_printf(&m->arena, "%s/%s", m->cache, folders[i]), e);
    if (r == 0)
        r = write_status(m, none, e);
    bool old = false;
    const bool have = has_lists(m, &old);
    if (r < 0 || (have && !old && (m->flags & IMAGE_UPDATE) == 0))
        return r;
    making_tell(m, "fetching Debian's lists of packages");
    struct err why;
    r = run_apt(m, m->cache, update, NULL, &why);
    if (r < 0 && have) { /* what was known yesterday will do */
        making_tell(m, "the lists stay as they are: %s", why.text);
        return 0;
    }
    if (r < 0)
        return err_set(e, r, "%s", why.text);
    return write_text(arena_printf(&m->arena, "%s/apt/fetched", m->cache), "", e);
}

/* "Inst NAME (VERSION ORIGIN, ORIGIN [ARCHITECTURE]) ..." */
static bool parse_line(struct arena *a, const char *line, size_t size, struct debian_package *ret)
{
    static const char word[] = "Inst ";
    if (size < sizeof word || strncmp(line, word, sizeof word - 1) != 0)
        return false;
    const char *text = arena_strndup(a, line + sizeof word - 1, size - (sizeof word - 1));
    const char *open = strstr(text, " ("), *square = open != NULL ? strchr(open, '[') : NULL;
    if (square == NULL)
        return false;
    ret->name = arena_strndup(a, text, strcspn(text, " "));
    ret->version = arena_strndup(a, open + 2, strcspn(open + 2, " )"));
    ret->architecture = arena_strndup(a, square + 1, strcspn(square + 1, "]"));
    return true;
}

int debian_resolve(struct making *m, const char *const *names, struct debian_package **ret,
                   struct err *e)
{
    size_t asked = 0;
    while (names[asked] != NULL)
        asked++;
    const char **words = ARENA_ARRAY(&m->arena, const char *, asked + 4);
    words[0] = "-s";
    words[1] = "install";
    for (size_t i = 0; i < asked; i++)
        words[i + 2] = names[i];
    struct buf out;
    buf_init(&out);
    int r = write_status(m, names, e);
    if (r == 0)
        r = run_apt(m, m->cache, words, &out, e);
    struct debian_package *found = ARENA_ARRAY(&m->arena, struct debian_package, PACKAGES_MAX);
    int count = 0;
    for (const char *at = buf_str(&out); r == 0 && *at != '\0' && count < PACKAGES_MAX;) {
        const size_t size = strcspn(at, "\n");
        if (parse_line(&m->arena, at, size, &found[count]))
            count++;
        at += size + (at[size] == '\n');
    }
    buf_finish(&out);
    if (r < 0)
        return r;
    *ret = found;
    return count;
}

/* As apt calls the file: the colon of an epoch is %3a. */
static const char *deb_name(struct making *m, const struct debian_package *p)
{
    const char *colon = strchr(p->version, ':');
    if (colon == NULL)
        return arena_printf(&m->arena, "%s_%s_%s.deb", p->name, p->version, p->architecture);
    return arena_printf(&m->arena, "%s_%.*s%%3a%s_%s.deb", p->name, (int)(colon - p->version),
                        p->version, colon + 1, p->architecture);
}

static const char *deb_path(struct making *m, const struct debian_package *p)
{
    return arena_printf(&m->arena, "%s/debs/%s", m->cache, deb_name(m, p));
}

/* A few, by one apt-get. What it leaves half done stays in the folder that is thrown away. */
static int fetch_some(struct making *m, const struct debian_package *const *some, int count,
                      struct err *e)
{
    const char *folder = arena_printf(&m->arena, "%s/debs/.fetch", m->cache);
    const char *words[FETCH_AT_ONCE + 2] = {"download"};
    for (int i = 0; i < count; i++)
        words[i + 1] = arena_printf(&m->arena, "%s:%s=%s", some[i]->name, some[i]->architecture,
                                    some[i]->version);
    tree_remove(folder);
    int r = cache_make_folder(folder, e);
    if (r == 0)
        r = run_apt(m, folder, words, NULL, e);
    for (int i = 0; r == 0 && i < count; i++) {
        const char *got = arena_printf(&m->arena, "%s/%s", folder, deb_name(m, some[i]));
        if (rename(got, deb_path(m, some[i])) < 0)
            r = err_set(e, -errno, "%s: %s", got, strerror(errno));
    }
    tree_remove(folder);
    return r;
}

int debian_fetch(struct making *m, const struct debian_package *p, int count, struct err *e)
{
    const struct debian_package *some[FETCH_AT_ONCE];
    int missing = 0, waiting = 0, r = 0;
    for (int i = 0; i < count; i++)
        missing += access(deb_path(m, &p[i]), R_OK) < 0;
    if (missing > 0)
        making_tell(m, "fetching %d package%s, %s%s", missing, missing > 1 ? "s" : "", p[0].name,
                    missing > 1 ? " and others" : "");
    for (int i = 0; r == 0 && i < count; i++) {
        if (access(deb_path(m, &p[i]), R_OK) < 0)
            some[waiting++] = &p[i];
        if (waiting > 0 && (waiting == FETCH_AT_ONCE || i == count - 1)) {
            r = fetch_some(m, some, waiting, e);
            waiting = 0;
        }
    }
    return r;
}

int debian_unpack(struct making *m, const struct debian_package *p, const char *folder,
                  struct err *e)
{
    char *const argv[] = {arena_strdup(&m->arena, "dpkg-deb"), arena_strdup(&m->arena, "-x"),
                          arena_strdup(&m->arena, deb_path(m, p)), arena_strdup(&m->arena, folder),
                          NULL};
    int r = proc_run(argv, NULL, NULL, apt_limit_ns, e);
    return r > 0 ? e->code = -EIO : r;
}

void debian_forget(struct making *m, const struct debian_package *p)
{
    unlink(deb_path(m, p));
}
