/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * methods_far: the far end of network benches by request. The loop's thread; a far end has its own.
 */
#include "node/serve/methods.h"

#include "io/addr.h"
#include "node/bench/far.h"
#include "node/serve/thing.h"

struct far_thing {
    struct thing thing;
    struct far *far;
};

static void close_far(struct thing *t)
{
    far_close(((struct far_thing *)t)->far);
}

static const struct thing_kind far_kind = {"far end", sizeof(struct far_thing), close_far};

METHOD(method_far_open)
{
    struct sockaddr_storage at;
    const char *address = "";
    char text[ADDR_TEXT_MAX];
    (void)request;
    struct far_thing *f = (struct far_thing *)thing_create(arg, &far_kind, params, e);
    if (f == NULL)
        return e->code;
    int r = json_need_str(params, "address", &address, e);
    if (r == 0)
        r = far_open(&f->far, address, e);
    if (r < 0) {
        thing_discard(&f->thing);
        return r;
    }
    thing_add(&f->thing);
    far_get_address(f->far, &at);
    *ret_result = json_pack("{s:s}", "address", addr_format(&at, text, sizeof text));
    return 0;
}

METHOD(method_far_close)
{
    (void)request;
    struct far_thing *f = (struct far_thing *)thing_find(arg, &far_kind, params, e);
    if (f == NULL)
        return e->code;
    *ret_result = json_pack("{s:o}", "rounds", json_u64(far_rounds(f->far)));
    thing_close(&f->thing);
    return 0;
}
