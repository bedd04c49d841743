/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmdline: words parted by blanks. Any thread.
 */
#include "node/guest/cmdline.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { WORD_MAX = 192 };

static bool parse_mac(const char *text, uint8_t mac[6])
{
    for (int i = 0; i < 6; i++) {
        const char *digits = "0123456789abcdefABCDEF";
        if (strspn(text, digits) != 2 || text[2] != (i < 5 ? ':' : '\0'))
            return false;
        mac[i] = (uint8_t)strtoul(text, NULL, 16);
        text += 3;
    }
    return true;
}

static bool parse_prefix(const char *text, uint8_t max, uint8_t *ret)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long value = strtoul(text, &end, 10);
    if (*end != '\0' || value > max)
        return false;
    *ret = (uint8_t)value;
    return true;
}

/* "MAC,ADDRESS/PREFIX[,GATEWAY]" in a buffer of ours. */
static bool parse_net(char *text, struct cmdline_net *ret)
{
    struct cmdline_net net = {.family = AF_INET};
    char *address = strchr(text, ',');
    if (address == NULL)
        return false;
    *address++ = '\0';
    char *gateway = strchr(address, ',');
    if (gateway != NULL)
        *gateway++ = '\0';
    char *prefix = strchr(address, '/');
    if (prefix == NULL)
        return false;
    *prefix++ = '\0';
    if (strchr(address, ':') != NULL)
        net.family = AF_INET6;
    if (!parse_mac(text, net.mac) || inet_pton(net.family, address, net.address) != 1 ||
        !parse_prefix(prefix, net.family == AF_INET ? 32 : 128, &net.prefix))
        return false;
    net.has_gateway = gateway != NULL;
    if (gateway != NULL && inet_pton(net.family, gateway, net.gateway) != 1)
        return false;
    *ret = net;
    return true;
}

static int take_net(const char *word, const char *value, struct cmdline *c, struct err *e)
{
    char copy[WORD_MAX];
    if (c->net_count == CMDLINE_NETS_MAX)
        return err_set(e, -EINVAL, "more than %d vaperf.net", CMDLINE_NETS_MAX);
    str_printf(copy, sizeof copy, "%s", value);
    if (!parse_net(copy, &c->nets[c->net_count]))
        return err_set(e, -EINVAL,
                       "'%s' is not vaperf.net=MAC,ADDRESS/PREFIX[,GATEWAY], as in "
                       "vaperf.net=52:54:00:00:00:01,10.0.0.2/24,10.0.0.1",
                       word);
    c->net_count++;
    return 0;
}

static int take_scratch(const char *word, const char *value, struct cmdline *c, struct err *e)
{
    const size_t size = strlen(value);
    if (size == 0 || size >= sizeof c->scratch ||
        strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789") != size)
        return err_set(e, -EINVAL, "'%s': a disk is named as in vaperf.scratch=vda", word);
    str_printf(c->scratch, sizeof c->scratch, "%s", value);
    return 0;
}

static int take_word(const char *word, struct cmdline *c, struct err *e)
{
    static const char net[] = "vaperf.net=", hostname[] = "vaperf.hostname=",
                      scratch[] = "vaperf.scratch=";
    if (str_starts(word, scratch))
        return take_scratch(word, word + sizeof scratch - 1, c, e);
    if (str_starts(word, net))
        return take_net(word, word + sizeof net - 1, c, e);
    if (str_starts(word, hostname)) {
        const char *value = word + sizeof hostname - 1;
        if (*value == '\0' || strlen(value) >= sizeof c->hostname)
            return err_set(e, -EINVAL, "'%s': a host's name has 1 to %d characters", word,
                           CMDLINE_HOSTNAME_MAX - 1);
        str_printf(c->hostname, sizeof c->hostname, "%s", value);
        return 0;
    }
    if (str_starts(word, "vaperf."))
        return err_set(e, -EINVAL,
                       "'%s': there is no such word (vaperf.net, vaperf.hostname, vaperf.scratch)",
                       word);
    return 0;
}

int cmdline_parse(const char *text, struct cmdline *ret, struct err *e)
{
    static const char blanks[] = " \t\n";
    int result = 0;
    *ret = (struct cmdline){.hostname = "guest"};
    for (text += strspn(text, blanks); *text != '\0'; text += strspn(text, blanks)) {
        const size_t length = strcspn(text, blanks);
        char word[WORD_MAX];
        str_printf(word, sizeof word, "%.*s", (int)length, text);
        text += length;
        struct err why = {0};
        int r = length < sizeof word ? take_word(word, ret, &why) : 0;
        if (length >= sizeof word && str_starts(word, "vaperf."))
            r = err_set(&why, -EINVAL, "'%.40s...' is too long", word);
        if (r < 0 && result == 0)
            result = err_set(e, r, "%s", why.text);
    }
    return result;
}
