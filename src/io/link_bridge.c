/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * link_bridge: by the ioctls of brctl(8), which need no more than a name and an index.
 */
#include "io/link_bridge.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"

static int set_up(int fd, const char *name, short wanted)
{
    struct ifreq r = {0};

    str_printf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    if (ioctl(fd, SIOCGIFFLAGS, &r) < 0) {
        return -errno;
    }
    r.ifr_flags = (short)((r.ifr_flags & ~IFF_UP) | wanted);
    return ioctl(fd, SIOCSIFFLAGS, &r) < 0 ? -errno : 0;
}

static int add_member(int fd, const char *name, const struct link_info *l)
{
    struct ifreq r = {.ifr_ifindex = (int)l->index};

    str_printf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    return ioctl(fd, SIOCBRADDIF, &r) < 0 ? -errno : 0;
}

static int fill(int fd, const char *name, const struct link_info *members, unsigned count,
                struct err *e)
{
    for (unsigned i = 0; i < count; i++) {
        int result = add_member(fd, name, &members[i]);
        if (result < 0) {
            return err_set(e, result, "bridge %s: interface %s cannot join: %s", name,
                           members[i].name, strerror(-result));
        }
    }
    int result = set_up(fd, name, IFF_UP);
    return result < 0 ? err_set(e, result, "bridge %s: %s", name, strerror(-result)) : 0;
}

int link_bridge_open(const char *name, const struct link_info *members, unsigned count,
                     struct err *e)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

    if (fd < 0) {
        return err_set(e, -errno, "bridge %s: %s", name, strerror(errno));
    }
    result = ioctl(fd, SIOCBRADDBR, name) < 0 ? -errno : 0;
    if (result < 0) {
        result = result == -ENOPKG ? -ENOTSUP : result;
        err_set(e, result, "bridge %s: %s", name,
                result == -ENOTSUP ? "this kernel has no bridges (CONFIG_BRIDGE)"
                                   : strerror(-result));
    } else if ((result = fill(fd, name, members, count, e)) < 0) {
        link_bridge_close(name);
    }
    close(fd);
    return result;
}

void link_bridge_close(const char *name)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0) {
        (void)set_up(fd, name, 0);
        (void)ioctl(fd, SIOCBRDELBR, name);
        close(fd);
    }
}
