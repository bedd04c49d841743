/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * virt: opening, the event loop that every libvirt client with an embedded driver must run, and
 * libvirt's errors in our form. The loop's thread takes no signals. Thread rule in virt.h.
 */
#include "control/virt/virt_private.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/* Of the process, because libvirt keeps them so. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t root_lock = PTHREAD_MUTEX_INITIALIZER;
static char first_root[VIRT_ROOT_MAX + 1];
static int loop_error;

static void say_nothing(void *arg, virErrorPtr error)
{
    (void)arg;
    (void)error;
}

static void *run_loop(void *arg)
{
    while (virEventRunDefaultImpl() >= 0)
        continue;
    return arg;
}

static void start_loop(void)
{
    pthread_t thread;
    sigset_t all, before;
    /* Its log goes nowhere: what concerns a caller comes as an error. */
    setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 0);
    virSetErrorFunc(NULL, say_nothing);
    if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0) {
        loop_error = -EIO;
        return;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    loop_error = -pthread_create(&thread, NULL, run_loop, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (loop_error == 0)
        pthread_detach(thread);
}

static int code_of(int libvirt_code)
{
    switch (libvirt_code) {
    case VIR_ERR_NO_DOMAIN:
        return -ENOENT;
    case VIR_ERR_DOM_EXIST:
        return -EEXIST;
    case VIR_ERR_NO_MEMORY:
        return -ENOMEM;
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE:
    case VIR_ERR_ACCESS_DENIED:
    case VIR_ERR_OPERATION_DENIED:
        return -EACCES;
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_CONFIG_UNSUPPORTED:
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
    case VIR_ERR_OPERATION_UNSUPPORTED:
        return -ENOTSUP;
    case VIR_ERR_INVALID_ARG:
    case VIR_ERR_XML_ERROR:
    case VIR_ERR_XML_DETAIL:
    case VIR_ERR_XML_INVALID_SCHEMA:
        return -EINVAL;
    default:
        return -EIO;
    }
}

bool virt_is_lost(const virError *said)
{
    return said->domain == VIR_FROM_RPC &&
           (said->code == VIR_ERR_SYSTEM_ERROR || said->code == VIR_ERR_INTERNAL_ERROR ||
            said->code == VIR_ERR_RPC);
}

int virt_fail(struct err *e)
{
    const virError *said = virGetLastError();
    if (said == NULL || said->message == NULL)
        return err_set(e, -EIO, "libvirt failed and did not say why");
    /* Its messages may be of several lines: QEMU's own words stand in the last. */
    const bool is_refused =
        said->code == VIR_ERR_SYSTEM_ERROR && (said->int1 == EACCES || said->int1 == EPERM);
    const int code = is_refused ? -EACCES : virt_is_lost(said) ? -EPIPE : code_of(said->code);
    return err_set(e, code, "%.*s", (int)ERR_TEXT_MAX / 2, said->message);
}

/* Who is let in is the other side's affair; its reason is libvirt's. */
static int fail_open(const char *uri, int r, struct err *e)
{
    const virError *why = virGetLastError();
    const bool is_absent = why != NULL && why->code == VIR_ERR_SYSTEM_ERROR &&
                           (why->int1 == ENOENT || why->int1 == ECONNREFUSED);
    struct err said = {0};
    if (e != NULL)
        said = *e;
    if (r == -EACCES)
        return err_set(e, r,
                       "libvirt %s lets this user not in: %s (run as root, or as a member of the "
                       "group its socket is for; over ssh, as another user)",
                       uri, said.text);
    if (is_absent)
        return err_set(e, r,
                       "libvirt %s: %s (no daemon listens there: systemctl start libvirtd, or name "
                       "another libvirt: -c URI, in a plan uri:)",
                       uri, said.text);
    err_prefix(e, "libvirt %s: ", uri);
    return r;
}

static int open_with(struct virt **ret, const char *uri, unsigned flags, struct err *e)
{
    pthread_once(&once, start_loop);
    if (loop_error < 0)
        return err_set(e, loop_error, "libvirt's event loop does not start");
    struct virt *v = calloc(1, sizeof *v);
    if (v == NULL)
        return err_set(e, -ENOMEM, "libvirt: out of memory");
    v->connection = virConnectOpenAuth(uri, virConnectAuthPtrDefault, flags);
    if (v->connection == NULL) {
        int r = virt_fail(e);
        free(v);
        return fail_open(uri, r, e);
    }
    virConnectSetKeepAlive(v->connection, 5, 3); /* a daemon that is gone is seen; others refuse */
    virResetLastError();
    *ret = v;
    return 0;
}

int virt_open(struct virt **ret, const char *uri, struct err *e)
{
    return open_with(ret, uri, 0, e);
}

int virt_open_read_only(struct virt **ret, const char *uri, struct err *e)
{
    return open_with(ret, uri, VIR_CONNECT_RO, e);
}

int virt_check_embedded(struct err *e)
{
    static const char user[] = "libvirt-qemu";
    if (getpwnam(user) != NULL)
        return 0;
    return err_set(e, -ENOTSUP,
                   "libvirt's qemu driver wants a system user %s, and there is none: "
                   "useradd --system --user-group --no-create-home %s",
                   user, user);
}

/* root/etc/qemu.conf: guests run as we do, and QEMU writes its console files itself, since
 * virtlogd is a daemon too. */
static int write_settings(const char *root, struct err *e)
{
    char path[VIRT_ROOT_MAX + 32];
    str_printf(path, sizeof path, "%s/etc", root);
    if ((mkdir(root, 0755) < 0 && errno != EEXIST) || (mkdir(path, 0755) < 0 && errno != EEXIST))
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    str_printf(path, sizeof path, "%s/etc/qemu.conf", root);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    fputs("user = \"root\"\ngroup = \"root\"\nstdio_handler = \"file\"\n"
          "security_driver = \"none\"\ndynamic_ownership = 0\nremember_owner = 0\n",
          file);
    if (fclose(file) != 0)
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    return 0;
}

static int take_root(const char *root, struct err *e)
{
    int r = 0;
    pthread_mutex_lock(&root_lock);
    if (strlen(root) > VIRT_ROOT_MAX || root[0] != '/')
        r = err_set(e, -EINVAL, "%s: not an absolute path of at most %d characters", root,
                    VIRT_ROOT_MAX);
    else if (first_root[0] == '\0')
        str_printf(first_root, sizeof first_root, "%s", root);
    else if (strcmp(first_root, root) != 0)
        r = err_set(e, -EBUSY, "%s: this process keeps its guests in %s", root, first_root);
    pthread_mutex_unlock(&root_lock);
    return r;
}

/* root/cache is then elsewhere. A cache that cannot be is none: it saves time alone. */
static void link_cache(const char *root, const char *cache)
{
    char path[VIRT_ROOT_MAX + 32];
    str_printf(path, sizeof path, "%s/cache", root);
    if (cache != NULL && (mkdir(cache, 0755) == 0 || errno == EEXIST))
        (void)(symlink(cache, path) < 0);
}

int virt_open_embedded(struct virt **ret, const char *root, const char *cache, struct err *e)
{
    char uri[VIRT_ROOT_MAX + 32];
    int r = virt_check_embedded(e);
    if (r == 0)
        r = take_root(root, e);
    if (r == 0)
        r = write_settings(root, e);
    if (r < 0)
        return r;
    link_cache(root, cache);
    str_printf(uri, sizeof uri, "qemu:///embed?root=%s", root);
    return virt_open(ret, uri, e);
}

void virt_close(struct virt *v)
{
    if (v == NULL)
        return;
    virConnectClose(v->connection);
    free(v);
}

bool virt_is_alive(struct virt *v)
{
    return virConnectIsAlive(v->connection) == 1;
}

int virt_check_type(struct virt *v, const char *type, struct err *e)
{
    char *text = virConnectGetDomainCapabilities(v->connection, NULL, "x86_64", NULL, type, 0);
    if (text == NULL) {
        virt_fail(e);
        err_prefix(e, "guests of type %s: ", type);
        return e != NULL ? (e->code = -ENOTSUP) : -ENOTSUP;
    }
    free(text);
    return 0;
}
