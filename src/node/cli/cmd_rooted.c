/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_rooted: runs words where this process' root is the root of its mount namespace too. In a
 * chroot it is not, and a container made there has a way out of its root: whoever enters its mount
 * namespace, as `exec` of an OCI runtime does, stands in the host's root instead of the
 * container's. Needs a root that is a mount point. One thread.
 */
#include "node/cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Root and working directory become those of our own mount namespace. */
static int enter_own_namespace(void)
{
    int space = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    int r = space < 0 || setns(space, CLONE_NEWNS) < 0 ? -errno : 0;
    if (space >= 0)
        close(space);
    return r;
}

/* 1: it is, and was all the time; 0: it is not, and nothing has changed. */
static int is_root_of_namespace(void)
{
    struct stat ours = {0}, theirs = {0};
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), here = open(".", O_PATH | O_CLOEXEC);
    int r = root < 0 || here < 0 || fstat(root, &ours) < 0 ? -errno : enter_own_namespace();
    if (r == 0) {
        r = stat("/", &theirs) < 0 || fchdir(root) < 0 || chroot(".") < 0 || fchdir(here) < 0
                ? -errno
                : ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
    }
    if (root >= 0)
        close(root);
    if (here >= 0)
        close(here);
    return r;
}

/* A copy of the mount namespace in which nothing is left but what lies in our root. */
static int make_root(struct err *e)
{
    if (unshare(CLONE_NEWNS) < 0)
        return err_set(e, -errno, "cannot make a mount namespace: %s", strerror(errno));
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* of the copy */
    int r = root < 0 ? -errno : enter_own_namespace();
    if (r == 0 && (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || fchdir(root) < 0))
        r = -errno;
    if (r == 0 && syscall(SYS_pivot_root, ".", ".") < 0)
        r = -errno;
    if (r == 0 && (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0))
        r = -errno;
    if (root >= 0)
        close(root);
    return r == 0 ? 0
                  : err_set(e, r,
                            "this root is inside another one (a chroot) and cannot be made the "
                            "root of a mount namespace: %s; it has to be a mount point: mount "
                            "--bind it on itself before chroot",
                            strerror(-r));
}

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    if (argc == 0)
        return err_set(e, -EINVAL, "%s: the words to run are missing", c->name);
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
        return -ECANCELED;
    int r = is_root_of_namespace();
    if (r == 0)
        r = make_root(e);
    else if (r < 0) /* not allowed to look: then nothing can be made here either */
        r = r == -EPERM ? 0 : err_set(e, r, "cannot look at the root: %s", strerror(-r));
    if (r < 0)
        return r;
    execvp(argv[0], argv);
    return err_set(e, -errno, "%s: %s", argv[0], strerror(errno));
}

const struct command cmd_rooted = {
    .name = "rooted",
    .words = "WORDS...",
    .summary = "runs a command with this root as the root of its mount namespace",
    .about =
        "What makes containers uses it, so that they can be made in a chroot too. Elsewhere it "
        "changes nothing.",
    .driver_kind = -1,
    .run = run,
};
