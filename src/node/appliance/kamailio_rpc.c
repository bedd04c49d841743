/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kamailio_rpc: JSON-RPC over datagrams of a unix socket (its module jsonrpcs). One question at a
 * time; the loop waits for the answer, which takes it a fraction of a millisecond.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "node/appliance/kamailio.h"

enum { ANSWER_MAX = 1 << 16, WAIT_MS = 2000 };

/* An address of its own in the abstract space, so that there is no file. */
int kamailio_rpc_open(struct kamailio_rpc *r)
{
    struct sockaddr_un own = {.sun_family = AF_UNIX};

    r->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (r->fd < 0) {
        return -errno;
    }
    if (bind(r->fd, (struct sockaddr *)&own, sizeof(own.sun_family)) < 0) {
        int result = -errno;
        kamailio_rpc_close(r);
        return result;
    }
    return 0;
}

void kamailio_rpc_close(struct kamailio_rpc *r)
{
    if (r->fd >= 0) {
        close(r->fd);
    }
    r->fd = -1;
}

static int ask(struct kamailio_rpc *r, const char *folder, const char *question)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    if (str_printf(to.sun_path, sizeof(to.sun_path), "%s/" KAMAILIO_SOCKET, folder) >=
        sizeof(to.sun_path) - 1) {
        return -ENAMETOOLONG;
    }
    while (recv(r->fd, &(char){0}, 1, MSG_DONTWAIT) >= 0) {
        /* an answer that came too late */
    }
    return sendto(r->fd, question, strlen(question), 0, (struct sockaddr *)&to, sizeof(to)) < 0
               ? -errno
               : 0;
}

static json_t *read_answer(struct kamailio_rpc *r, const char *method, struct err *e)
{
    struct pollfd ready = {.fd = r->fd, .events = POLLIN};
    char *bytes = malloc(ANSWER_MAX);
    json_t *answer = NULL, *result = NULL;
    ssize_t size = -1;

    if (bytes != NULL && poll(&ready, 1, WAIT_MS) > 0) {
        size = recv(r->fd, bytes, ANSWER_MAX, 0);
    }
    if (size < 0) {
        free(bytes);
        err_set(e, -ETIMEDOUT, "kamailio: no answer to %s within %d ms", method, WAIT_MS);
        return NULL;
    }
    answer = json_loadb(bytes, (size_t)size, 0, NULL);
    result = json_incref(json_object_get(answer, "result"));
    if (result == NULL) {
        err_set(e, -EPROTO, "kamailio: %s: %.*s", method, (int)(size < 200 ? size : 200), bytes);
    }
    json_decref(answer);
    free(bytes);
    return result;
}

json_t *kamailio_rpc_call(struct kamailio_rpc *r, const char *folder, const char *method,
                          const char *param, struct err *e)
{
    char question[256];
    int result;

    str_printf(question, sizeof(question),
               "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":[%s]}", method,
               param != NULL ? param : "");
    result = ask(r, folder, question);
    if (result < 0) {
        err_set(e, result, "kamailio: %s: %s", method, strerror(-result));
        return NULL;
    }
    return read_answer(r, method, e);
}
