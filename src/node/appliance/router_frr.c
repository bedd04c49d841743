/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * router_frr: FRRouting, the routing daemons of Debian's package frr: bgpd hears routes by BGP,
 * zebra puts them into the kernel's table; what they are told, and how they are started. Sockets,
 * process ids and configuration are in a folder of ours, so an FRR of the system's is another one;
 * only in a network namespace of its own, since a zebra takes routes of its kind for its own.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/router.h"
#include "node/appliance/router_daemon.h"

#define ZEBRA "zebra"
#define BGPD "bgpd"
#define USER "frr" /* who may not be root: of Debian's group frrvty, which is compiled in */
#define NEEDED "\"chown,setuid,setgid,sys_admin\""
#define SOCKET "zserv.api"
#define RECEIVE_BUFFER "16777216" /* of netlink: the kernel tells of every route */

/* The user's group in the text of /etc/passwd (passwd(5)); by hand, since a static program's
 * getpwnam wants libraries. */
static int find_group(gid_t *ret_group, struct err *e)
{
    struct buf text;
    const char *line;
    char *end = NULL;

    buf_init(&text);
    (void)buf_load(&text, "/etc/passwd");
    line = strstr(buf_str(&text), "\n" USER ":");
    line = line != NULL ? strchr(line + sizeof("\n" USER ":") - 1, ':') : NULL;
    if (line != NULL) {
        (void)strtoul(line + 1, &end, 10);
        *ret_group = (gid_t)strtoul(end + (*end == ':'), NULL, 10);
    }
    buf_finish(&text);
    return line != NULL
               ? 0
               : err_set(e, -ENOTSUP,
                         "there is no user " USER " here: it comes with Debian's package frr");
}

/* Is process `pid` a zebra in this network namespace? */
static bool is_our_zebra(const char *pid)
{
    char path[ROUTER_PATH_MAX];
    struct stat own, its;
    struct buf name;
    bool is_one;

    buf_init(&name);
    str_printf(path, sizeof(path), "/proc/%s/comm", pid);
    is_one = buf_load(&name, path) == 0 && strcmp(buf_str(&name), ZEBRA "\n") == 0;
    buf_finish(&name);
    str_printf(path, sizeof(path), "/proc/%s/ns/net", pid);
    return is_one && stat("/proc/self/ns/net", &own) == 0 && stat(path, &its) == 0 &&
           own.st_ino == its.st_ino && own.st_dev == its.st_dev;
}

/* Two of them in one network namespace would each remove the other's routes. */
static int check_alone(struct err *e)
{
    DIR *all = opendir("/proc");
    const struct dirent *entry;
    int result = 0;

    while (all != NULL && result == 0 && (entry = readdir(all)) != NULL) {
        if (isdigit((unsigned char)entry->d_name[0]) && is_our_zebra(entry->d_name)) {
            result = err_set(e, -EBUSY,
                             "a zebra (process %s) has this network already: a machine with a "
                             "network of its own is needed (platform_options: {network: own})",
                             entry->d_name);
        }
    }
    if (all != NULL) {
        (void)closedir(all);
    }
    return result;
}

static int check_frr(const struct router_feed *f, struct err *e)
{
    gid_t group;
    const int result = find_group(&group, e);

    if (result < 0) {
        return result;
    }
    if (f->options->peer == NULL && f->in->address.ss_family != AF_INET) {
        return err_set(e, -EINVAL, "%s has no IPv4 address for the session with the feeder",
                       f->in->name);
    }
    return check_alone(e);
}

/* Its end of the session: zebra knows no addresses of 127.0.0.0/8. */
static void put_address(const struct router_feed *f, char *ret, size_t room)
{
    (void)addr_format_host(&f->in->address, ret, room);
}

/* The name by which the peer is spoken of; with the port to call, if it is called. */
static unsigned read_peer(const struct router_feed *f, char *ret, size_t room)
{
    struct sockaddr_storage peer;

    if (f->options->peer == NULL) {
        str_printf(ret, room, ROUTER_FEEDER_ADDRESS);
        return 0;
    }
    (void)addr_parse(&peer, f->options->peer); /* checked */
    (void)addr_format_host(&peer, ret, room);
    return addr_port(&peer) != 0 ? addr_port(&peer) : BGP_PORT;
}

/* RFC 8212 (nothing is imported without a policy) is put off, as the feeder's routes have none. */
static void put_bgp(struct buf *b, const struct router_feed *f)
{
    static const char *const families[] = {"ipv4", "ipv6"};
    const struct router_options *o = f->options;
    char peer[ADDR_TEXT_MAX];
    const unsigned port = read_peer(f, peer, sizeof(peer));

    buf_printf(b,
               "log stdout notifications\n"
               "router bgp %" PRIu64 "\n"
               " bgp router-id 127.0.0.1\n"
               " no bgp ebgp-requires-policy\n"
               " no bgp default ipv4-unicast\n"
               " neighbor %s remote-as %" PRIu64 "\n"
               " neighbor %s ebgp-multihop 8\n"
               " neighbor %s timers connect 1\n",
               o->as, peer, o->peer_as, peer, peer);
    buf_printf(b, port != 0 ? " neighbor %s port %u\n" : " neighbor %s passive\n", peer, port);
    for (int i = 0; i < 2; i++) {
        if (f->blocks[i].count > 0) {
            buf_printf(b, " address-family %s unicast\n  neighbor %s activate\n", families[i],
                       peer);
            buf_append_str(b, " exit-address-family\n");
        }
    }
}

/* They run as a user who is not root, and make their sockets in it. */
static int share_folder(const struct router_feed *f, struct err *e)
{
    gid_t group = 0;
    int result = find_group(&group, e);

    if (result == 0 && (chown(f->folder, (uid_t)-1, group) < 0 || chmod(f->folder, 0770) < 0)) {
        result = err_set(e, -errno,
                         "%s: giving it to group " USER ": %s (in a container: "
                         "platform_options: {root: /, capabilities: " NEEDED "})",
                         f->folder, strerror(errno));
    }
    return result;
}

static int write_config(const struct router_feed *f, struct err *e)
{
    struct buf zebra, bgpd;
    int result;

    buf_init(&zebra);
    buf_init(&bgpd);
    buf_append_str(&zebra, "log stdout errors\nip nht resolve-via-default\n"
                           "ipv6 nht resolve-via-default\n");
    put_bgp(&bgpd, f);
    result = router_daemon_save(f, ZEBRA ".conf", &zebra, e);
    if (result == 0) {
        result = router_daemon_save(f, BGPD ".conf", &bgpd, e);
    }
    if (result == 0) {
        result = share_folder(f, e);
    }
    buf_finish(&zebra);
    buf_finish(&bgpd);
    return result;
}

static void add_words(struct router_command *c, const char *const *words)
{
    size_t n = 0;

    while (c->words[n] != NULL) {
        n++;
    }
    while (*words != NULL && n < ROUTER_WORDS_MAX - 1) {
        c->words[n++] = *words++;
    }
}

/* The signal at a parent's death does not outlive their change of user: when this program is killed
 * by SIGKILL they stay, and what ends its machine (a namespace's, a container's cgroup) ends them.
 */
static void put_command(const struct router_feed *f, const char *part, struct router_command *ret)
{
    char(*t)[ROUTER_PATH_MAX] = ret->text;
    const char *const all[] = {t[0], "-f", t[1], "-z", t[2], "-i", t[3], "--vty_socket",
                               t[4], "-P", "0",  "-u", USER, "-g", USER, NULL};
    const char *const zebra[] = {"-s", RECEIVE_BUFFER, NULL};
    const char *const listens[] = {"-p", t[6], "-l", t[5], NULL};
    const char *const calls[] = {"-p", "0", NULL};

    str_printf(t[0], ROUTER_PATH_MAX, "%s/%s", f->options->frr, part);
    str_printf(t[1], ROUTER_PATH_MAX, "%s/%s.conf", f->folder, part);
    str_printf(t[2], ROUTER_PATH_MAX, "%s/" SOCKET, f->folder);
    str_printf(t[3], ROUTER_PATH_MAX, "%s/%s.pid", f->folder, part);
    str_printf(t[4], ROUTER_PATH_MAX, "%s", f->folder);
    put_address(f, t[5], ROUTER_PATH_MAX);
    str_printf(t[6], ROUTER_PATH_MAX, "%d", ROUTER_DAEMON_PORT);
    add_words(ret, all);
    if (strcmp(part, ZEBRA) == 0) {
        add_words(ret, zebra);
    } else {
        add_words(ret, f->options->peer == NULL ? listens : calls);
    }
}

/* bgpd asks zebra once, and again only after ten seconds. */
static bool is_ready(const struct router_feed *f, const char *part)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there;

    str_printf(to.sun_path, sizeof(to.sun_path), "%s/" SOCKET, f->folder);
    /* EACCES: it is theirs alone, and there; a root without all privileges gets it. */
    is_there = fd >= 0 && (connect(fd, (const void *)&to, sizeof(to)) == 0 || errno == EACCES);
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_there || strcmp(part, ZEBRA) != 0;
}

/* Each has a folder for what it says when it crashes. */
static void tidy(const char *part, pid_t pid)
{
    char path[ROUTER_PATH_MAX];

    str_printf(path, sizeof(path), "/var/tmp/frr/%s.%d", part, pid);
    router_daemon_remove_folder(path);
}

const struct router_daemon_ops router_frr = {
    .name = "frr",
    .package = "frr",
    .parts = {ZEBRA, BGPD}, /* zebra ends first: it takes all routes away at once */
    .check = check_frr,
    .write = write_config,
    .command = put_command,
    .is_ready = is_ready,
    .address = put_address,
    .tidy = tidy,
    .wants_network6 = true,
};
