/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * callmedia: what a peer sends into a call, as packets of a length byte each; and the same bytes as
 * a capture file to be played.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/callmedia/listener.h"
#include "node/callmedia/talker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void listen_to(const uint8_t *data, size_t size)
{
    const struct listener_rules rules = {
        .own_ssrc = 0, .first_sequence = 7, .event_type = 101, .playout_ns = 60 * NS_PER_MS};
    const struct rtp_voice voice = {"g711-plc", 0, 20 * NS_PER_MS, 60 * NS_PER_MS, 1};
    struct listener l = {0};
    struct rtp_packet p;
    struct rtp_totals t;
    uint64_t at = NS_PER_S;

    for (uint32_t n = 0; size > 0; n++) {
        size_t length = data[0] < size ? data[0] : size - 1;

        if (data[0] & 1) {
            listener_note_sent(&l, n, at);
        } else {
            n--;
        }
        if (rtp_decode(&p, data + 1, length) == 0) {
            (void)listener_take(&l, &p, &rules, at);
            (void)listener_take_digit(&l, &p);
        }
        at += data[0] * NS_PER_MS;
        data += length + 1;
        size -= length + 1;
    }
    t = listener_close(&l, &voice);
    if (t.received + t.lost != t.sent) {
        __builtin_trap();
    }
}

static void play(const uint8_t *data, size_t size)
{
    int fd = memfd_create("capture", MFD_CLOEXEC);
    struct library library = {0};
    const struct recording *r;
    struct talker t;
    uint8_t bytes[2048];
    char path[64];
    size_t made;

    str_printf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (write(fd, data, size) == (ssize_t)size &&
        library_add_recording(&library, path, NULL) == 0) {
        r = library_find_recording(&library, path);
        talker_init(&t, 1, 2, 3);
        talker_play_recording(&t, r, NS_PER_S);
        while (t.next_ns != TALKER_NEVER) {
            (void)talker_make(&t, bytes, sizeof(bytes), &made);
        }
    }
    library_finish(&library);
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    listen_to(data, size);
    play(data, size);
    return 0;
}
