/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_sip_terminal: the live screen, hot keys, and the control port: datagrams that are keys or a
 * command. The thread of the run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/cli/cmd_sip.h"

enum { CONTROL_PORT = 8888, CONTROL_TRIES = 60, ORDERS_MAX = 64, DATAGRAM_MAX = 2048 };

/* ---- the control port ---- */

static int open_control(struct sip_run *r, bool *ret_is_bind, struct err *e)
{
    const struct sipp_options *o = &r->options;
    const char *address = o->control_ip != NULL ? o->control_ip : "127.0.0.1";
    const unsigned first = o->control_port > 0 ? o->control_port : CONTROL_PORT;
    const unsigned tries = o->control_port > 0 ? 1 : CONTROL_TRIES;
    struct sockaddr_storage a;
    int result = -EADDRINUSE;
    if (addr_parse(&a, address) < 0)
        return err_set(e, -EINVAL, "-ci %.60s: an address is wanted, such as 127.0.0.1", address);
    const int fd = socket(a.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_set(e, -errno, "control port: %s", strerror(errno));
    for (unsigned i = 0; i < tries && result == -EADDRINUSE; i++) {
        addr_set_port(&a, (uint16_t)(first + i));
        result = bind(fd, (const struct sockaddr *)&a, addr_size(&a)) < 0 ? -errno : 0;
    }
    if (result < 0) {
        close(fd);
        *ret_is_bind = true;
        return err_set(e, result, "control port %s:%u%s: %s", address, first,
                       tries > 1 ? " and the next ones" : "", strerror(-result));
    }
    r->terminal.control_fd = fd;
    return 0;
}

void cmd_sip_terminal_control(struct sip_run *r)
{
    struct sipp_order orders[ORDERS_MAX];
    char bytes[DATAGRAM_MAX];
    ssize_t size;
    while ((size = recv(r->terminal.control_fd, bytes, sizeof bytes, 0)) >= 0) {
        struct err e = {0};
        const size_t n = sipp_control(bytes, (size_t)size, orders, ORDERS_MAX, &e);
        if (e.code != 0)
            cmd_sip_notes_say(r, "control port: %s", e.text);
        for (size_t i = 0; i < n; i++)
            cmd_sip_do(r, &orders[i]);
    }
}

/* ---- keys ---- */

static void type_command(struct sip_run *r, char key)
{
    struct sip_terminal *t = &r->terminal;
    struct sipp_order order;
    struct err e = {0};
    if (key != '\n' && key != '\r') {
        if ((key == 127 || key == '\b') && t->command_size > 0)
            t->command_size--;
        else if (t->command_size + 1 < sizeof t->command)
            t->command[t->command_size++] = key;
        return;
    }
    t->command[t->command_size] = '\0';
    t->is_typing = false;
    t->command_size = 0;
    if (sipp_command(t->command, &order, &e) < 0)
        cmd_sip_notes_say(r, "%s", e.text);
    else
        cmd_sip_do(r, &order);
}

void cmd_sip_terminal_keys(struct sip_run *r)
{
    struct sip_terminal *t = &r->terminal;
    struct sipp_order order;
    char bytes[256];
    const ssize_t size = read(t->key_fd, bytes, sizeof bytes);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
        t->key_fd = -1; /* nobody will type any more */
    for (ssize_t i = 0; i < size; i++) {
        if (t->is_typing)
            type_command(r, bytes[i]);
        else if (bytes[i] == 'c')
            t->is_typing = true;
        else if (sipp_key(bytes[i], &order))
            cmd_sip_do(r, &order);
    }
    if (size > 0)
        cmd_sip_terminal_show(r);
}

/* ---- the screen ---- */

void cmd_sip_terminal_show(struct sip_run *r)
{
    struct buf text;
    if (!r->terminal.is_live)
        return;
    buf_init(&text);
    buf_append_str(&text, "\033[H\033[2J");
    cmd_sip_notes_show(r, r->terminal.screen, &text);
    if (r->terminal.is_typing)
        buf_printf(&text, "Command: %.*s", (int)r->terminal.command_size, r->terminal.command);
    (void)fwrite(buf_str(&text), 1, text.size, stdout);
    (void)fflush(stdout);
    buf_finish(&text);
}

static void take_terminal(struct sip_terminal *t)
{
    struct termios raw;
    if (tcgetattr(STDIN_FILENO, &t->before) < 0)
        return;
    raw = t->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    t->is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

int cmd_sip_terminal_open(struct sip_run *r, bool *ret_is_bind, struct err *e)
{
    struct sip_terminal *t = &r->terminal;
    *ret_is_bind = false;
    t->screen = SIPP_SCREEN_SCENARIO;
    const int result = open_control(r, ret_is_bind, e);
    if (result < 0)
        return result;
    t->is_live = !r->options.in_background && isatty(STDOUT_FILENO);
    if (!r->options.no_stdin && !r->options.in_background) {
        t->key_fd = STDIN_FILENO;
        if (isatty(STDIN_FILENO))
            take_terminal(t);
    }
    return 0;
}

void cmd_sip_terminal_close(struct sip_run *r)
{
    struct sip_terminal *t = &r->terminal;
    struct buf text;
    if (t->is_raw)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
    if (t->control_fd >= 0)
        close(t->control_fd);
    t->control_fd = -1;
    if (!r->is_over || r->options.in_background)
        return;
    buf_init(&text);
    if (t->is_live)
        buf_append_str(&text, "\033[H\033[2J");
    cmd_sip_notes_show(r, SIPP_SCREEN_SCENARIO, &text);
    cmd_sip_notes_show(r, SIPP_SCREEN_STATISTICS, &text);
    (void)fwrite(buf_str(&text), 1, text.size, stdout);
    buf_finish(&text);
}
