/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * port: the kernel announces a port when it has its name; /sys says which it is. One thread.
 */
#include "node/guest/port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/guest/system.h"

/* Where the kernel's announcements cannot be heard, /sys is looked at again this often. */
enum { LOOK_AGAIN_MS = 100 };

static bool is_named(const char *device, const char *name)
{
    char path[320];
    str_printf(path, sizeof path, "/sys/class/virtio-ports/%s/name", device);
    return system_says(path, name);
}

static int find_and_open(const char *name, struct err *e)
{
    char path[320] = "";
    DIR *d = opendir("/sys/class/virtio-ports");
    if (d != NULL) {
        for (const struct dirent *entry; (entry = readdir(d)) != NULL;)
            if (entry->d_name[0] != '.' && is_named(entry->d_name, name))
                str_printf(path, sizeof path, "/dev/%s", entry->d_name);
        closedir(d);
    }
    if (path[0] == '\0')
        return err_set(e, -ENODEV, "there is no virtio-serial port named %s", name);
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? err_set(e, -errno, "port %s, %s: %s", name, path, strerror(errno)) : fd;
}

static int listen_to_kernel(void)
{
    const struct sockaddr_nl all = {.nl_family = AF_NETLINK, .nl_groups = 1};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&all, sizeof all) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

int port_open(const char *name, uint64_t timeout_ns, struct err *e)
{
    char event[4096];
    const uint64_t begin = clock_now_ns();
    struct pollfd kernel = {.fd = listen_to_kernel(), .events = POLLIN};
    int fd;
    for (;;) {
        fd = find_and_open(name, e);
        if ((fd != -ENODEV && fd != -ENOENT) || clock_now_ns() - begin >= timeout_ns)
            break;
        poll(&kernel, 1, LOOK_AGAIN_MS);
        while (kernel.fd >= 0 && recv(kernel.fd, event, sizeof event, 0) > 0)
            continue;
    }
    if (kernel.fd >= 0)
        close(kernel.fd);
    return fd;
}
