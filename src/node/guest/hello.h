/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hello: where a conversation begins and ends on a line that outlives conversations. A
 * virtio-serial port keeps bytes of a controller that has gone, and does not always tell that
 * another one came. So who connects sends a greeting with a random nonce, and the guest repeats it
 * before anything else: what comes before a greeting is of an older conversation and dropped, on
 * both sides. One byte says that a side has nothing more to say. Neither can occur in JSON text,
 * which has no raw control characters. Pure but for hello_draw.
 */
#ifndef VAPERF_NODE_GUEST_HELLO_H
#define VAPERF_NODE_GUEST_HELLO_H

#include <stdbool.h>
#include <stddef.h>

/* SYN, the nonce in hexadecimal, a line feed. */
enum { HELLO_NONCE_SIZE = 16, HELLO_SIZE = HELLO_NONCE_SIZE + 2 };
enum { HELLO_SYN = 0x16, HELLO_EOT = 0x04 };

enum hello_event {
    HELLO_MORE,     /* everything was used, nothing to do */
    HELLO_DATA,     /* the used bytes belong to the conversation */
    HELLO_GREETING, /* scan->nonce has come, whole */
    HELLO_END       /* the other side has nothing more to say */
};

struct hello_scan {
    char nonce[HELLO_NONCE_SIZE + 1];
    unsigned have;
    bool inside; /* a greeting has begun */
};

/* Looks at bytes up to the next event; *ret_used of them are done with. Starts from a zeroed
 * struct; greetings may come in any pieces, and broken ones are dropped. */
enum hello_event hello_next(struct hello_scan *scan, const char *bytes, size_t size,
                            size_t *ret_used);
void hello_format(const char nonce[HELLO_NONCE_SIZE + 1], char ret[HELLO_SIZE]);
/* -errno without random numbers. */
int hello_draw(char ret_nonce[HELLO_NONCE_SIZE + 1]);

#endif
