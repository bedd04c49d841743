/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu_scratch: by small scripts on the host. One thread.
 */
#include "control/platform/qemu_scratch.h"

#include "base/str.h"

/* $1 folder, $2 bytes. */
#define CHECK                                                                               \
    "no() { printf '%s\\n' \"$1\" >&2; exit 1; }\n"                                         \
    "command -v mkfs.ext4 >/dev/null || no 'no mkfs.ext4: apt install e2fsprogs'\n"         \
    "[ -d \"$1\" ] || no \"scratch_folder $1 is no folder\"\n"                              \
    "[ -w \"$1\" ] || no \"scratch_folder $1: nothing can be written there\"\n"             \
    "free=$(df --block-size=1 --output=avail \"$1\" | tail -n 1)\n"                         \
    "[ \"$free\" -ge \"$2\" ] || no \"scratch_folder $1 has $((free >> 20)) MiB free, and " \
    "$(($2 >> 20)) MiB are needed\"\n"

/* $3 machine's folder, $4 file. mkfs discards nothing: the room stays taken. */
static const char create_script[] =
    CHECK "umask 077; ln -s \"$4\" \"$3/scratch\"; set -C; : >\"$4\"; set +C\n"
          "fallocate -l \"$2\" \"$4\" 2>/dev/null || truncate -s \"$2\" \"$4\"\n"
          "chown libvirt-qemu \"$4\" 2>/dev/null || :\n"
          "mkfs.ext4 -q -F -m 0 -E nodiscard,lazy_itable_init=0,lazy_journal_init=0 \"$4\"";

static const char check_script[] = CHECK;

static const char remove_script[] = "f=$(readlink \"$1/scratch\") || exit 0\n"
                                    "case ${f##*/} in vaperf-*.disk) rm -f -- \"$f\" ;; esac\n"
                                    "rm -f -- \"$1/scratch\"";

static const char list_script[] = "for l in \"$1\"/qemu/*/scratch; do [ ! -h \"$l\" ] || "
                                  "printf '%s\\n' \"${l%/scratch}\"; done";

static const char *say_bytes(const struct qemu_options *o, char text[32])
{
    str_printf(text, 32, "%llu", (unsigned long long)o->scratch_bytes);
    return text;
}

void qemu_scratch_describe(const struct host *h, const struct qemu_options *o,
                           struct setting_check *ret)
{
    char bytes[32], size[32];
    const char *args[] = {o->scratch_folder, say_bytes(o, bytes), NULL};
    struct err e = {0};
    *ret = (struct setting_check){.setting = "scratch", .state = SETTING_APPLIED};
    if (host_sh(h, check_script, args, NULL, &e) == 0) {
        str_printf(ret->text, sizeof ret->text, "%s on /var/tmp, a file in %s",
                   str_format_size(o->scratch_bytes, size, sizeof size), o->scratch_folder);
    } else {
        ret->state = SETTING_UNSUPPORTED;
        str_printf(ret->text, sizeof ret->text, "%.159s", e.text);
    }
}

int qemu_scratch_create(const struct host *h, const struct qemu_options *o, const char *dir,
                        const char *file, struct err *e)
{
    char bytes[32];
    const char *args[] = {o->scratch_folder, say_bytes(o, bytes), dir, file, NULL};
    return host_sh(h, create_script, args, NULL, e) < 0 ? err_prefix(e, "disk: ") : 0;
}

int qemu_scratch_remove(const struct host *h, const char *dir, struct err *e)
{
    const char *args[] = {dir, NULL};
    return host_sh(h, remove_script, args, NULL, e);
}

int qemu_scratch_list(const struct host *h, const char *run_dir, struct buf *ret, struct err *e)
{
    const char *args[] = {run_dir, NULL};
    return host_sh(h, list_script, args, ret, e);
}
