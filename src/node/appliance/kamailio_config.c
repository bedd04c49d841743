/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kamailio_config: what Kamailio is told: a stateful proxy with Record-Route that sends calls on to
 * its list of next hops by their Call-ID; with digest authentication, or with an rtpengine, on
 * demand.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/kamailio.h"

static int save(const char *folder, const char *name, const struct buf *b, struct err *e)
{
    char path[256];
    FILE *file;
    bool is_good;

    str_printf(path, sizeof(path), "%s/%s", folder, name);
    file = buf_failed(b) ? NULL : fopen(path, "we");
    if (file == NULL) {
        return err_set(e, -EIO, "kamailio: %s: %s", path, strerror(errno));
    }
    is_good = fputs(buf_str(b), file) >= 0;
    is_good = fclose(file) == 0 && is_good;
    return is_good ? 0 : err_set(e, -EIO, "kamailio: %s: %s", path, strerror(errno));
}

int kamailio_write_hops(const char *folder, const struct sockaddr_storage *hops, size_t count,
                        struct err *e)
{
    char text[ADDR_TEXT_MAX];
    struct buf b;
    int result;

    buf_init(&b);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&b, "1 sip:%s\n", addr_format(&hops[i], text, sizeof(text)));
    }
    result = save(folder, KAMAILIO_HOPS, &b, e);
    buf_finish(&b);
    return result;
}

/* Its log is its stderr, errors only. */
static void put_globals(struct buf *b, const struct kamailio_options *o, const char *where)
{
    buf_printf(b,
               "#!KAMAILIO\n"
               "debug=0\nlog_stderror=yes\nfork=yes\nauto_aliases=no\n"
               "children=%" PRIu64 "\ntcp_children=%" PRIu64 "\n"
               "listen=udp:%s\nlisten=tcp:%s\n"
               "tcp_connection_lifetime=3600\n"
               "mpath=\"%s\"\n",
               o->children, o->children, where, where, o->modules);
}

static void put_modules(struct buf *b, const struct kamailio_options *o, const char *folder,
                        const char *media)
{
    static const char *const always[] = {"pv",     "kex",      "corex",   "jsonrpcs",
                                         "tm",     "tmx",      "sl",      "rr",
                                         "maxfwd", "siputils", "textops", "dispatcher"};

    for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++) {
        buf_printf(b, "loadmodule \"%s.so\"\n", always[i]);
    }
    buf_printf(b,
               "modparam(\"jsonrpcs\", \"transport\", 4)\n"
               "modparam(\"jsonrpcs\", \"dgram_socket\", \"%s/" KAMAILIO_SOCKET "\")\n"
               "modparam(\"dispatcher\", \"list_file\", \"%s/" KAMAILIO_HOPS "\")\n"
               "modparam(\"dispatcher\", \"reload_delta\", 0)\n"
               "modparam(\"tm\", \"retr_timer1\", %" PRIu64 ")\n"
               "modparam(\"tm\", \"fr_timer\", %" PRIu64 ")\n",
               folder, folder, o->t1_ms, 64 * o->t1_ms);
    if (o->mode == KAMAILIO_DIGEST) {
        buf_append_str(b, "loadmodule \"auth.so\"\nmodparam(\"auth\", \"qop\", \"auth\")\n");
    }
    if (o->mode == KAMAILIO_RTPENGINE) {
        buf_printf(b,
                   "loadmodule \"rtpengine.so\"\n"
                   "modparam(\"rtpengine\", \"rtpengine_sock\", \"udp:%s\")\n",
                   media);
    }
}

static void put_authentication(struct buf *b, const struct kamailio_options *o)
{
    if (o->mode == KAMAILIO_DIGEST) {
        buf_printf(b,
                   "    if (is_method(\"INVITE\") && !has_totag()) {\n"
                   "        if (!pv_proxy_authenticate(\"%s\", \"%s\", \"0\")) {\n"
                   "            proxy_challenge(\"%s\", \"1\");\n"
                   "            exit;\n"
                   "        }\n"
                   "        consume_credentials();\n"
                   "    }\n",
                   o->realm, o->password, o->realm);
    }
}

static void put_routes(struct buf *b, const struct kamailio_options *o)
{
    bool has_media = o->mode == KAMAILIO_RTPENGINE;

    buf_append_str(b, "request_route {\n"
                      "    if (!mf_process_maxfwd_header(\"70\")) {\n"
                      "        sl_send_reply(\"483\", \"Too Many Hops\");\n"
                      "        exit;\n"
                      "    }\n"
                      "    if (is_method(\"OPTIONS\") && uri==myself && $rU==$null) {\n"
                      "        sl_send_reply(\"200\", \"OK\");\n"
                      "        exit;\n"
                      "    }\n"
                      "    if (is_method(\"CANCEL\")) {\n"
                      "        if (t_check_trans()) { t_relay(); }\n"
                      "        exit;\n"
                      "    }\n"
                      "    if (!is_method(\"ACK\")) {\n"
                      "        if (t_precheck_trans()) { t_check_trans(); exit; }\n"
                      "        t_check_trans();\n"
                      "    }\n");
    put_authentication(b, o);
    buf_append_str(b, "    if (!(has_totag() && loose_route())) {\n"
                      "        if (is_method(\"INVITE\") && !has_totag()) { record_route(); }\n"
                      "        if (uri==myself && !ds_select_dst(\"1\", \"0\")) {\n"
                      "            sl_send_reply(\"404\", \"Not Found\");\n"
                      "            exit;\n"
                      "        }\n"
                      "        if (proto==TCP && $du!=$null) {\n"
                      "            $du = $du + \";transport=tcp\";\n"
                      "        }\n"
                      "    }\n");
    if (has_media) {
        buf_append_str(b, "    if (is_method(\"INVITE|BYE|ACK\")) { rtpengine_manage(); }\n"
                          "    if (is_method(\"INVITE\")) { t_on_reply(\"MEDIA\"); }\n");
    }
    buf_append_str(b, "    if (!t_relay()) { sl_reply_error(); }\n}\n");
    if (has_media) {
        buf_append_str(b, "onreply_route[MEDIA] {\n    rtpengine_manage();\n}\n");
    }
}

int kamailio_write_config(const struct kamailio_options *o, const char *folder, const char *where,
                          const char *media, struct err *e)
{
    struct buf b;
    int result;

    buf_init(&b);
    put_globals(&b, o, where);
    put_modules(&b, o, folder, media);
    put_routes(&b, o);
    result = save(folder, KAMAILIO_CONFIG, &b, e);
    buf_finish(&b);
    return result;
}
