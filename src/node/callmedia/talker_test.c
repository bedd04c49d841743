/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "node/callmedia/talker.h"
#include "node/codec/rtp.h"
#include "node/codec/telephone_event.h"

#define START (100 * NS_PER_S)
#define PTIME (20 * NS_PER_MS)

struct bench {
    struct library library;
    struct talker talker;
    uint8_t bytes[2048];
    size_t size;
    struct rtp_packet packet;
};

static int set_up(void **state)
{
    struct bench *b = test_calloc(1, sizeof(*b));

    assert_int_equal(library_add_clip(&b->library, "pattern 2", media_codec_of_type(0), NULL), 0);
    assert_int_equal(
        library_add_clip(&b->library, "tests/scenarios/tone.wav", media_codec_of_type(8), NULL), 0);
    assert_int_equal(library_add_clip(&b->library, "pattern 6", media_codec_find("H264", 4), NULL),
                     0);
    assert_int_equal(library_add_recording(&b->library, "tests/scenarios/tone.pcap", NULL), 0);
    talker_init(&b->talker, 0xabcd, 65530, 7000);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    library_finish(&b->library);
    test_free(b);
    return 0;
}

static enum talker_made make(struct bench *b)
{
    enum talker_made made = talker_make(&b->talker, b->bytes, sizeof(b->bytes), &b->size);

    if (made == TALKER_RTP || made == TALKER_DIGIT) {
        assert_int_equal(rtp_decode(&b->packet, b->bytes, b->size), 0);
        assert_int_equal(b->packet.header.ssrc, 0xabcd);
        assert_int_equal(b->packet.header.sequence, (uint16_t)(65530 + b->talker.number - 1));
    }
    return made;
}

static const struct clip *clip_of(const struct bench *b, const char *path, unsigned type)
{
    const struct clip *c = library_find_clip(&b->library, path, media_codec_of_type(type));

    assert_non_null(c);
    return c;
}

static void a_clip_is_sent_every_packet_time(void **state)
{
    struct bench *b = *state;

    assert_false(talker_is_busy(&b->talker));
    talker_play(&b->talker, clip_of(b, "pattern 2", 0), 0, 8, START);
    for (unsigned i = 0; i < 8; i++) {
        assert_true(talker_is_busy(&b->talker));
        assert_int_equal(b->talker.next_ns, START + i * PTIME);
        assert_int_equal(make(b), TALKER_RTP);
        assert_int_equal(b->packet.header.marker, i == 0);
        assert_int_equal(b->packet.header.timestamp, 7000 + 160 * i);
        assert_int_equal(b->packet.header.payload_type, 0);
        assert_int_equal(b->packet.payload_size, 160);
        assert_int_equal(b->packet.payload[159], 0xbb);
    }
    assert_false(talker_is_busy(&b->talker));
    assert_int_equal(b->talker.next_ns, TALKER_NEVER);
}

static void video_has_packets_and_times_of_its_own(void **state)
{
    struct bench *b = *state;
    const struct clip *c =
        library_find_clip(&b->library, "pattern 6", media_codec_find("h264/90000", 10));

    assert_non_null(c);
    talker_play(&b->talker, c, 97, -1, START);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(b->talker.next_ns, START + i * 160 * NS_PER_MS);
        assert_int_equal(make(b), TALKER_RTP);
        assert_int_equal(b->packet.header.timestamp, 7000 + 14400 * i);
        assert_int_equal(b->packet.header.payload_type, 97);
        assert_int_equal(b->packet.payload_size, 1280);
        assert_int_equal(b->packet.payload[0], 0xff);
        assert_int_equal(b->packet.payload[1279], 0xff);
    }
}

/* A file of n whole packets, twice; and its time goes on while nothing is said. */
static void a_file_is_played_as_often_as_asked(void **state)
{
    struct bench *b = *state;
    const struct clip *c = clip_of(b, "tests/scenarios/tone.wav", 8);
    unsigned sent = 0;

    assert_true(c->packets > 0);
    talker_play(&b->talker, c, 8, 2, START);
    while (b->talker.next_ns != TALKER_NEVER) {
        assert_int_equal(make(b), TALKER_RTP);
        sent++;
    }
    assert_int_equal(sent, 2 * c->packets);
    talker_play(&b->talker, c, 8, 1, START + 10 * NS_PER_S);
    assert_int_equal(make(b), TALKER_RTP);
    assert_int_equal(b->packet.header.timestamp, 7000 + 8000 * 10);
    assert_true(b->packet.header.marker);
}

static void a_pause_keeps_the_place(void **state)
{
    struct bench *b = *state;

    talker_play(&b->talker, clip_of(b, "pattern 2", 0), 0, 3, START);
    (void)make(b);
    talker_pause(&b->talker);
    assert_int_equal(make(b), TALKER_NOTHING);
    assert_int_equal(b->talker.next_ns, TALKER_NEVER);
    assert_true(talker_is_busy(&b->talker));
    talker_resume(&b->talker, START + NS_PER_S);
    assert_int_equal(make(b), TALKER_RTP);
    assert_int_equal(b->packet.header.timestamp, 7000 + 8000);
    assert_int_equal(b->talker.number, 2);
    assert_int_equal(make(b), TALKER_RTP);
    assert_false(talker_is_busy(&b->talker));
}

/* RFC 4733: 100 ms each, the end thrice, 200 ms from one to the next; then the clip goes on. */
static void digits_take_the_place_of_sound(void **state)
{
    struct bench *b = *state;
    struct telephone_event v;
    unsigned digits = 0, ends = 0, sounds = 0;

    assert_int_equal(talker_dial(&b->talker, "12x", 101, START), -EINVAL);
    talker_play(&b->talker, clip_of(b, "pattern 2", 0), 0, -1, START);
    assert_int_equal(talker_dial(&b->talker, "1#", 101, START), 0);
    for (unsigned i = 0; i < 25; i++) {
        enum talker_made made = make(b);

        digits += made == TALKER_DIGIT;
        if (b->packet.header.payload_type == 101) {
            assert_int_equal(telephone_event_decode(&v, b->packet.payload, b->packet.payload_size),
                             0);
            assert_int_equal(v.event, digits == 1 ? 1 : 11);
            ends += v.end;
        } else {
            sounds++;
        }
    }
    assert_int_equal(digits, 2);
    assert_int_equal(ends, 6);
    assert_int_equal(sounds, 25 - 14);
    talker_stop(&b->talker);
    assert_int_equal(
        talker_dial(&b->talker, "0123456789012345678901234567890123456789", 101, START), 0);
    assert_int_equal(talker_dial(&b->talker, "01234567", 101, START), -E2BIG);
}

/* Payloads and times are the file's; SSRC and numbers are the talker's. */
static void a_recording_is_played_at_its_own_pace(void **state)
{
    struct bench *b = *state;
    const struct recording *r = library_find_recording(&b->library, "tests/scenarios/tone.pcap");
    struct rtp_packet file;

    assert_non_null(r);
    assert_null(library_find_recording(&b->library, "none.pcap"));
    talker_play_recording(&b->talker, r, START);
    for (size_t i = 0; i < r->capture.count; i++) {
        const struct capture_datagram *d = &r->capture.datagrams[i];

        assert_int_equal(b->talker.next_ns, START + d->after_ns);
        assert_int_equal(make(b), TALKER_RTP);
        assert_int_equal(rtp_decode(&file, r->capture.bytes + d->at, d->size), 0);
        assert_int_equal(b->packet.header.payload_type, file.header.payload_type);
        assert_int_equal(b->packet.payload_size, file.payload_size);
        assert_memory_equal(b->packet.payload, file.payload, file.payload_size);
        if (i == 0) {
            assert_int_equal(b->packet.header.timestamp, 7000);
        }
    }
    assert_int_equal(b->talker.number, r->capture.count);
    assert_false(talker_is_busy(&b->talker));
}

static void codecs_are_found(void **state)
{
    (void)state;
    assert_int_equal(media_codec_find("pcmu/8000", 9)->payload_type, 0);
    assert_int_equal(media_codec_find("iLBC", 4)->ptime_ns, 30 * NS_PER_MS);
    assert_null(media_codec_find("VP8/90000", 9));
    assert_null(media_codec_of_type(97));
    assert_null(media_codec_of_type(MEDIA_TYPE_BY_NAME));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_clip_is_sent_every_packet_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(video_has_packets_and_times_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_is_played_as_often_as_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pause_keeps_the_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(digits_take_the_place_of_sound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_recording_is_played_at_its_own_pace, set_up, tear_down),
        cmocka_unit_test(codecs_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
