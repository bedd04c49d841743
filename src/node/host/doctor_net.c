/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * doctor_net: what networks can do here: buffers, protocols of the kernel, and the host's own
 * interfaces (those with a device behind them). Any thread; netem is tried in a network namespace
 * of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "io/ethtool.h"
#include "node/host/doctor_private.h"
#include "node/host/doctor_text.h"

enum doctor_state doctor_check_ip(struct found *f)
{
    if (doctor_has_program(f, "ip")) {
        return DOCTOR_GOOD;
    }
    str_printf(f->text, sizeof(f->text), "not installed");
    return DOCTOR_BAD;
}

/* Tried, as a load does (io/udp.c): CAP_NET_ADMIN goes above the limit. */
static bool is_above_limit(int forced, unsigned long long wanted)
{
    const int bytes = wanted > INT32_MAX ? INT32_MAX : (int)wanted;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good;

    if (fd < 0) {
        return false;
    }
    good = setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)) == 0;
    close(fd);
    return good;
}

static enum doctor_state check_buffer(struct found *f, const char *path, int forced)
{
    const unsigned long long wanted = f->wants->socket_buffer_bytes;

    if (!doctor_load_line(f, path)) {
        return DOCTOR_UNKNOWN;
    }
    unsigned long long limit = strtoull(f->text, NULL, 10);
    str_printf(f->text, sizeof(f->text), "%llu bytes, a load asks for %llu", limit, wanted);
    if (limit >= wanted) {
        return DOCTOR_GOOD;
    }
    if (is_above_limit(forced, wanted)) {
        doctor_add(f, "and gets them: the limit holds for unprivileged users alone");
        return DOCTOR_GOOD;
    }
    return DOCTOR_WEAK;
}

enum doctor_state doctor_check_rmem(struct found *f)
{
    return check_buffer(f, "/proc/sys/net/core/rmem_max", SO_RCVBUFFORCE);
}

enum doctor_state doctor_check_wmem(struct found *f)
{
    return check_buffer(f, "/proc/sys/net/core/wmem_max", SO_SNDBUFFORCE);
}

enum doctor_state doctor_check_netem(struct found *f)
{
    static const char *const words[] = {"unshare", "--net", "tc",    "qdisc", "add", "dev",
                                        "lo",      "root",  "netem", "delay", "1ms", NULL};
    struct err e = {0};
    int r = proc_run((char *const *)(uintptr_t)words, NULL, NULL, 10 * NS_PER_S, &e);

    str_printf(f->text, sizeof(f->text), "%s", r == 0 ? "there" : doctor_text_last_part(e.text));
    return r == 0 ? DOCTOR_GOOD : DOCTOR_WEAK;
}

enum doctor_state doctor_check_sctp(struct found *f)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);
    str_printf(f->text, sizeof(f->text), "%s", fd >= 0 ? "there" : strerror(errno));
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 ? DOCTOR_GOOD : DOCTOR_WEAK;
}

/* ---- the host's interfaces ---- */

/* Judges one interface, and adds to what was found. */
typedef enum doctor_state judge_interface(struct found *f, const char *name);

/* Good when one is; the others are said too. */
static enum doctor_state each_interface(struct found *f, judge_interface *judge)
{
    enum doctor_state state = DOCTOR_UNKNOWN;
    const struct dirent *entry;
    char path[512];
    DIR *d;

    str_printf(path, sizeof(path), "%s/sys/class/net", f->root);
    d = opendir(path);
    while (d != NULL && (entry = readdir(d)) != NULL) {
        str_printf(path, sizeof(path), "/sys/class/net/%.200s/device", entry->d_name);
        if (entry->d_name[0] == '.' || !doctor_exists(f, path)) {
            continue;
        }
        const enum doctor_state one = judge(f, entry->d_name);
        state = one < state ? one : state;
    }
    if (d != NULL) {
        closedir(d);
    }
    if (f->text[0] == '\0') {
        str_printf(f->text, sizeof(f->text), "no interface with a device");
    }
    return state;
}

static enum doctor_state judge_timestamps(struct found *f, const char *name)
{
    const unsigned both = SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE;
    struct ethtool_ts_info info = {.cmd = ETHTOOL_GET_TS_INFO};
    struct ifreq request = {.ifr_data = (void *)&info};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

    str_printf(request.ifr_name, sizeof(request.ifr_name), "%.15s", name);
    r = fd < 0 || ioctl(fd, SIOCETHTOOL, &request) < 0 ? errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    if (r != 0) {
        doctor_add(f, "%s: %s", name, strerror(r));
        return DOCTOR_UNKNOWN;
    }
    const bool good = (info.so_timestamping & both) == both;
    doctor_add(f, "%s: %s", name, good ? "both ways" : "by software alone");
    return good ? DOCTOR_GOOD : DOCTOR_WEAK;
}

enum doctor_state doctor_check_timestamps(struct found *f)
{
    return each_interface(f, judge_timestamps);
}

static enum doctor_state judge_coalescing(struct found *f, const char *name)
{
    struct ethtool_wait wait;
    char usecs[32] = "", frames[32] = "";

    if (ethtool_get_coalesce(name, &wait, NULL) < 0 ||
        (!wait.has_rx_usecs && !wait.has_rx_frames)) {
        doctor_add(f, "%s: its driver does not say", name);
        return DOCTOR_WEAK;
    }
    if (wait.has_rx_usecs) {
        str_printf(usecs, sizeof(usecs), " rx-usecs %u", wait.rx_usecs);
    }
    if (wait.has_rx_frames) {
        str_printf(frames, sizeof(frames), " rx-frames %u", wait.rx_frames);
    }
    doctor_add(f, "%s:%s%s", name, usecs, frames);
    return DOCTOR_GOOD;
}

enum doctor_state doctor_check_coalescing(struct found *f)
{
    return each_interface(f, judge_coalescing);
}
