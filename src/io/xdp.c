/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xdp: see xdp.h. The instructions are those of the kernel's Documentation/bpf/standardization.
 */
#include "io/xdp.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CODE_MAX = 96, JUMPS_MAX = 48, LOG_SIZE = 4096 };
enum { R0, R1, R2, R3, R4, R5, CTX, DATA, END, NET };

/* A program being written; jumps to its end that lets a frame pass are filled in last. */
struct code {
    struct bpf_insn at[CODE_MAX];
    unsigned count;
    unsigned pass[JUMPS_MAX], passes;
};

static unsigned add(struct code *c, unsigned op, unsigned dst, unsigned src, int16_t offset,
                    int32_t immediate)
{
    assert(c->count < CODE_MAX);
    c->at[c->count] = (struct bpf_insn){.code = (uint8_t)op,
                                        .dst_reg = dst & 0xf,
                                        .src_reg = src & 0xf,
                                        .off = offset,
                                        .imm = immediate};
    return c->count++;
}

static void load(struct code *c, unsigned size, unsigned dst, unsigned src, int16_t offset)
{
    (void)add(c, BPF_LDX | BPF_MEM | size, dst, src, offset, 0);
}

static void move(struct code *c, unsigned dst, unsigned src, int32_t plus)
{
    (void)add(c, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
    if (plus != 0) {
        (void)add(c, BPF_ALU64 | BPF_K, dst, 0, 0, plus); /* BPF_ADD, which is 0 */
    }
}

static void call(struct code *c, int function)
{
    (void)add(c, BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

/* The frame is the kernel's when `reg op immediate`. */
static void pass_if(struct code *c, unsigned op, unsigned reg, uint32_t immediate)
{
    assert(c->passes < JUMPS_MAX);
    c->pass[c->passes++] = add(c, BPF_JMP32 | op | BPF_K, reg, 0, 0, (int32_t)immediate);
}

/* The frame is the kernel's when it ends before reg + size. */
static void pass_if_shorter(struct code *c, unsigned reg, int32_t size)
{
    assert(c->passes < JUMPS_MAX);
    move(c, R3, reg, size);
    c->pass[c->passes++] = add(c, BPF_JMP | BPF_JGT | BPF_X, R3, END, 0, 0);
}

static void land(struct code *c, unsigned jump)
{
    c->at[jump].off = (int16_t)(c->count - jump - 1);
}

static void check_address(struct code *c, const struct frame_filter *f)
{
    const struct sockaddr_in6 *six = (const void *)&f->address;
    const struct sockaddr_in *four = (const void *)&f->address;

    if (f->address.ss_family == AF_INET) {
        load(c, BPF_W, R3, NET, 16);
        pass_if(c, BPF_JNE, R3, four->sin_addr.s_addr);
    } else if (f->address.ss_family == AF_INET6) {
        for (int i = 0; i < 4; i++) {
            load(c, BPF_W, R3, NET, (int16_t)(24 + 4 * i));
            pass_if(c, BPF_JNE, R3, six->sin6_addr.s6_addr32[i]);
        }
    }
}

/* NET: the IP header, R4: the type. Leaves the port in R5. */
static unsigned check_ip4(struct code *c, const struct frame_filter *f)
{
    unsigned other = add(c, BPF_JMP32 | BPF_JNE | BPF_K, R4, 0, 0, htons(ETHERTYPE_IP));

    if (f->address.ss_family == AF_INET6) {
        pass_if(c, BPF_JEQ, R4, htons(ETHERTYPE_IP));
    }
    pass_if_shorter(c, NET, 28);
    load(c, BPF_B, R3, NET, 0);
    pass_if(c, BPF_JNE, R3, 0x45);
    load(c, BPF_B, R3, NET, 9);
    pass_if(c, BPF_JNE, R3, IPPROTO_UDP);
    load(c, BPF_H, R3, NET, 6);
    pass_if(c, BPF_JSET, R3, htons(0x3fff));
    if (f->address.ss_family != AF_INET6) {
        check_address(c, f);
    }
    load(c, BPF_H, R5, NET, 22);
    unsigned done = add(c, BPF_JMP | BPF_JA, 0, 0, 0, 0);
    land(c, other);
    return done;
}

static void check_ip6(struct code *c, const struct frame_filter *f)
{
    pass_if(c, BPF_JNE, R4, htons(ETHERTYPE_IPV6));
    if (f->address.ss_family == AF_INET) {
        pass_if(c, BPF_JEQ, R4, htons(ETHERTYPE_IPV6));
    }
    pass_if_shorter(c, NET, 48);
    load(c, BPF_B, R3, NET, 6);
    pass_if(c, BPF_JNE, R3, IPPROTO_UDP);
    if (f->address.ss_family != AF_INET) {
        check_address(c, f);
    }
    load(c, BPF_H, R5, NET, 42);
}

static void find_network_header(struct code *c)
{
    unsigned untagged;

    move(c, CTX, R1, 0);
    load(c, BPF_W, DATA, CTX, offsetof(struct xdp_md, data));
    load(c, BPF_W, END, CTX, offsetof(struct xdp_md, data_end));
    pass_if_shorter(c, DATA, ETH_HLEN + FRAME_VLAN_SIZE);
    load(c, BPF_H, R4, DATA, 2 * ETH_ALEN);
    move(c, NET, DATA, ETH_HLEN);
    untagged = add(c, BPF_JMP32 | BPF_JNE | BPF_K, R4, 0, 0, htons(ETHERTYPE_VLAN));
    load(c, BPF_H, R4, DATA, 2 * ETH_ALEN + FRAME_VLAN_SIZE);
    move(c, NET, DATA, ETH_HLEN + FRAME_VLAN_SIZE);
    land(c, untagged);
}

/* A struct xdp_stamp before the frame; without one where the driver has no room for it. */
static void write_stamp(struct code *c)
{
    unsigned no_room, too_short;

    move(c, R1, CTX, 0);
    (void)add(c, BPF_ALU64 | BPF_MOV | BPF_K, R2, 0, 0, -(int32_t)sizeof(struct xdp_stamp));
    call(c, BPF_FUNC_xdp_adjust_meta);
    no_room = add(c, BPF_JMP | BPF_JNE | BPF_K, R0, 0, 0, 0);
    call(c, BPF_FUNC_ktime_get_ns);
    load(c, BPF_W, R1, CTX, offsetof(struct xdp_md, data_meta));
    load(c, BPF_W, R2, CTX, offsetof(struct xdp_md, data));
    move(c, R3, R1, sizeof(struct xdp_stamp));
    too_short = add(c, BPF_JMP | BPF_JGT | BPF_X, R3, R2, 0, 0);
    (void)add(c, BPF_STX | BPF_MEM | BPF_DW, R1, R0, offsetof(struct xdp_stamp, at_ns), 0);
    (void)add(c, BPF_LD | BPF_IMM | BPF_DW, R4, 0, 0, (int32_t)(uint32_t)XDP_STAMPED);
    (void)add(c, 0, 0, 0, 0, (int32_t)(uint32_t)(XDP_STAMPED >> 32));
    (void)add(c, BPF_STX | BPF_MEM | BPF_DW, R1, R4, offsetof(struct xdp_stamp, mark), 0);
    land(c, no_room);
    land(c, too_short);
}

static void redirect(struct code *c, int map_fd)
{
    load(c, BPF_W, R2, CTX, offsetof(struct xdp_md, rx_queue_index));
    (void)add(c, BPF_LD | BPF_IMM | BPF_DW, R1, BPF_PSEUDO_MAP_FD, 0, map_fd);
    (void)add(c, 0, 0, 0, 0, 0);
    (void)add(c, BPF_ALU64 | BPF_MOV | BPF_K, R3, 0, 0, XDP_PASS); /* a queue without a socket */
    call(c, BPF_FUNC_redirect_map);
    (void)add(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void write_program(struct code *c, const struct frame_filter *f, int map_fd)
{
    unsigned four;

    find_network_header(c);
    four = check_ip4(c, f);
    check_ip6(c, f);
    land(c, four);
    (void)add(c, BPF_ALU | BPF_END | BPF_TO_BE, R5, 0, 0, 16);
    pass_if(c, BPF_JLT, R5, f->port_first);
    pass_if(c, BPF_JGT, R5, f->port_last);
    write_stamp(c);
    redirect(c, map_fd);
    for (unsigned i = 0; i < c->passes; i++) {
        land(c, c->pass[i]);
    }
    (void)add(c, BPF_ALU64 | BPF_MOV | BPF_K, R0, 0, 0, XDP_PASS);
    (void)add(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static int bpf(enum bpf_cmd command, union bpf_attr *a)
{
    long result = syscall(SYS_bpf, command, a, sizeof(*a));
    return result < 0 ? -errno : (int)result;
}

static int make_map(uint32_t queues)
{
    union bpf_attr a = {.map_type = BPF_MAP_TYPE_XSKMAP,
                        .key_size = sizeof(uint32_t),
                        .value_size = sizeof(int),
                        .max_entries = queues};

    return bpf(BPF_MAP_CREATE, &a);
}

static int load_program(const struct frame_filter *f, int map_fd)
{
    struct code c = {.count = 0};
    union bpf_attr a;

    write_program(&c, f, map_fd);
    memset(&a, 0, sizeof(a));
    a.prog_type = BPF_PROG_TYPE_XDP;
    a.insns = (uint64_t)(uintptr_t)c.at;
    a.insn_cnt = c.count;
    a.license = (uint64_t)(uintptr_t) "GPL";
    memcpy(a.prog_name, "vaperf", sizeof("vaperf"));
    return bpf(BPF_PROG_LOAD, &a);
}

static int attach(int program_fd, unsigned index, enum xdp_mode mode)
{
    union bpf_attr a;

    memset(&a, 0, sizeof(a));
    a.link_create.prog_fd = (uint32_t)program_fd;
    a.link_create.target_ifindex = index;
    a.link_create.attach_type = BPF_XDP;
    a.link_create.flags = mode == XDP_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
    return bpf(BPF_LINK_CREATE, &a);
}

static int tell(struct err *e, int result, const char *interface, const char *what)
{
    const char *why = strerror(-result);

    if (result == -EBUSY) {
        why = "another XDP program is there ('ip link set dev … xdp off' takes it away)";
    } else if (result == -EOPNOTSUPP) {
        why = "its driver has no hook of its own for it: generic would be slower but possible";
    } else if (result == -EPERM) {
        why = "not permitted: needs root, or CAP_NET_ADMIN and CAP_BPF";
    }
    return err_set(e, result, "XDP at %s: %s: %s", interface, what, why);
}

int xdp_open(struct xdp_program *ret, const char *interface, uint32_t queues,
             const struct frame_filter *filter, enum xdp_mode mode, struct err *e)
{
    struct xdp_program p = {.program_fd = -1, .map_fd = -1, .link_fd = -1, .queues = queues};
    unsigned index = if_nametoindex(interface);
    int result;

    if (index == 0) {
        return err_set(e, -ENODEV, "XDP: no interface %s here", interface);
    }
    if ((result = p.map_fd = make_map(queues)) < 0) {
        return tell(e, result, interface, "a map of sockets");
    }
    if ((result = p.program_fd = load_program(filter, p.map_fd)) < 0) {
        result = tell(e, result, interface, "its program");
        xdp_close(&p);
        return result;
    }
    p.mode = mode == XDP_GENERIC ? XDP_GENERIC : XDP_NATIVE;
    p.link_fd = attach(p.program_fd, index, p.mode);
    if (p.link_fd < 0 && p.link_fd != -EBUSY && mode == XDP_ANY) {
        p.mode = XDP_GENERIC;
        p.link_fd = attach(p.program_fd, index, p.mode);
    }
    if ((result = p.link_fd) < 0) {
        result = tell(e, result, interface, xdp_mode_name(p.mode));
        xdp_close(&p);
        return result;
    }
    *ret = p;
    return 0;
}

int xdp_join(const struct xdp_program *p, uint32_t queue, int socket_fd)
{
    union bpf_attr a;

    memset(&a, 0, sizeof(a));
    a.map_fd = (uint32_t)p->map_fd;
    a.key = (uint64_t)(uintptr_t)&queue;
    a.value = (uint64_t)(uintptr_t)&socket_fd;
    return bpf(BPF_MAP_UPDATE_ELEM, &a);
}

void xdp_close(struct xdp_program *p)
{
    int *all[] = {p != NULL ? &p->link_fd : NULL, p != NULL ? &p->program_fd : NULL,
                  p != NULL ? &p->map_fd : NULL};

    for (size_t i = 0; p != NULL && i < sizeof(all) / sizeof(all[0]); i++) {
        if (*all[i] >= 0) {
            close(*all[i]);
        }
        *all[i] = -1;
    }
}

const char *xdp_mode_name(enum xdp_mode mode)
{
    static const char *const names[] = {"any", "native", "generic"};
    return names[mode];
}
