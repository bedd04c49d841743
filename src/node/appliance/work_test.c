/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each work in the relay that carries it, over real loopback sockets: what goes in, what comes out.
 */
#include "base/test.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/udp.h"
#include "node/appliance/relay.h"
#include "node/audio/tone.h"
#include "node/codec/g711.h"
#include "node/codec/rtp.h"

enum { SAMPLES = 160, PACKET_MAX = 2048, STREAMS = 3, PLAYOUT_MS = 200 };
static const uint32_t ssrc = 0xabcd1234;

/* A relay with one work, and a peer that sends to it and hears it. */
struct bench {
    struct relay *relay;
    struct udp_socket peer;
    struct sockaddr_storage ends[STREAMS];
    uint8_t bytes[PACKET_MAX]; /* of the last packet heard */
    size_t size;
    struct rtp_packet packet;
};

static void begin(struct bench *b, const char *work)
{
    struct relay_options o = {.threads = 2,
                              .address = "127.0.0.1",
                              .plan = {.playout_ns = PLAYOUT_MS * NS_PER_MS,
                                       .tail_ns = 128 * NS_PER_MS,
                                       .conference = 3}};
    struct sockaddr_storage any, peers[STREAMS];
    struct err e = {0};

    for (size_t i = 0; work_names[i] != NULL; i++) {
        o.work = strcmp(work_names[i], work) == 0 ? work_registry[i] : o.work;
    }
    assert_non_null(o.work);
    assert_string_equal(o.work->name, work);
    memset(b, 0, sizeof(*b));
    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    assert_int_equal(udp_open(&b->peer, &any, 1 << 20, 0), 0);
    for (int i = 0; i < STREAMS; i++) {
        peers[i] = b->peer.local;
    }
    peers[1] = (struct sockaddr_storage){.ss_family = AF_UNSPEC}; /* back to the source */
    assert_int_equal(relay_open(&b->relay, &o, &e), 0);
    assert_int_equal(relay_add(b->relay, RELAY_SINGLE, peers, STREAMS, b->ends, &e), 0);
}

static void end(struct bench *b)
{
    relay_close(b->relay);
    udp_close(&b->peer);
}

static struct relay_stats sums(const struct bench *b)
{
    struct relay_stats all = {0}, s;

    for (uint32_t t = 0; t < relay_threads(b->relay); t++) {
        relay_read(b->relay, t, &s);
        all.received += s.received;
        all.relayed += s.relayed;
        all.worked += s.worked;
        all.unworked += s.unworked;
        all.timed += s.timed;
        all.timed_ns += s.timed_ns;
        for (int i = 0; i < WORK_COUNTERS; i++) {
            all.counted[i] += s.counted[i];
        }
    }
    return all;
}

/* Until the relay has all that was sent, so that nothing is on its way there, and has sent it on.
 */
static void drain(struct bench *b, uint64_t received)
{
    const uint64_t until = clock_now_ns() + 20 * NS_PER_S;

    while (sums(b).received < received && clock_now_ns() < until) {
        (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    assert_int_equal(sums(b).received, received);
    assert_int_equal(relay_drain(b->relay, until), 0);
}

static void send_bytes(struct bench *b, int stream, const void *bytes, size_t size)
{
    const struct sockaddr_storage *to = &b->ends[stream];
    assert_int_equal(sendto(b->peer.fd, bytes, size, 0, (const struct sockaddr *)to, addr_size(to)),
                     size);
}

static void send_rtp(struct bench *b, int stream, uint8_t type, uint16_t sequence,
                     const uint8_t *payload, size_t size)
{
    const struct rtp_header h = {.payload_type = type,
                                 .sequence = sequence,
                                 .timestamp = sequence * (uint32_t)SAMPLES,
                                 .ssrc = ssrc};
    uint8_t bytes[PACKET_MAX];
    int at = rtp_encode_header(&h, bytes, sizeof(bytes));

    memcpy(bytes + at, payload, size);
    send_bytes(b, stream, bytes, (size_t)at + size);
}

static void send_samples(struct bench *b, int stream, uint16_t sequence, const int16_t *samples)
{
    uint8_t payload[SAMPLES];

    g711_to_octets(G711_ALAW, samples, SAMPLES, payload);
    send_rtp(b, stream, G711_ALAW, sequence, payload, SAMPLES);
}

static void hear(struct bench *b)
{
    struct pollfd p = {.fd = b->peer.fd, .events = POLLIN};
    ssize_t size;

    assert_int_equal(poll(&p, 1, 5000), 1);
    size = recv(b->peer.fd, b->bytes, sizeof(b->bytes), 0);
    assert_true(size > 0);
    b->size = (size_t)size;
}

static void hear_rtp(struct bench *b, uint8_t type, uint16_t sequence, size_t payload_size)
{
    hear(b);
    assert_int_equal(rtp_decode(&b->packet, b->bytes, b->size), 0);
    assert_int_equal(b->packet.header.payload_type, type);
    assert_int_equal(b->packet.header.sequence, sequence);
    assert_int_equal(b->packet.header.timestamp, sequence * (uint32_t)SAMPLES);
    assert_int_equal(b->packet.header.ssrc, ssrc);
    assert_int_equal(b->packet.payload_size, payload_size);
}

static void transcoding_changes_the_payload_alone(void **state)
{
    int16_t samples[SAMPLES];
    uint8_t silence[SAMPLES], coded[20];
    struct relay_stats s;
    struct bench b;

    (void)state;
    begin(&b, "transcode");
    for (int i = 0; i < 100; i++) {
        assert_int_equal(tone_make('5', (size_t)i * SAMPLES, samples, SAMPLES), 0);
        send_samples(&b, i % STREAMS, (uint16_t)i, samples);
        hear_rtp(&b, 18, (uint16_t)i, 20);
    }
    memcpy(coded, b.packet.payload, sizeof(coded));
    send_rtp(&b, 0, 18, 7, coded, sizeof(coded));
    hear_rtp(&b, G711_ALAW, 7, SAMPLES);
    memset(silence, 0xff, sizeof(silence));
    send_rtp(&b, 1, G711_ULAW, 8, silence, 80);
    hear_rtp(&b, 18, 8, 10);
    s = sums(&b);
    assert_int_equal(s.worked, 102);
    assert_int_equal(s.unworked, 0);
    assert_true(s.timed > 0 && s.timed_ns / s.timed > 10000); /* a frame of G.729 is hard work */
    end(&b);
}

/* Neither RTP of its kind nor RTP at all: sent on as it is, and counted. */
static void what_is_not_for_a_work_goes_on(void **state)
{
    static const uint8_t rtcp[] = {0x80, 201, 0, 1, 0, 0, 0, 1}, odd[SAMPLES] = {0};

    (void)state;
    for (size_t i = 1; work_names[i] != NULL; i++) {
        uint64_t expected = 3;
        struct bench b;
        begin(&b, work_names[i]);
        send_bytes(&b, 0, "0123456789", 10);
        hear(&b);
        assert_int_equal(b.size, 10);
        assert_memory_equal(b.bytes, "0123456789", 10);
        send_bytes(&b, 1, rtcp, sizeof(rtcp));
        hear(&b);
        assert_int_equal(b.size, sizeof(rtcp));
        send_rtp(&b, 2, 96, 1, odd, sizeof(odd));
        hear_rtp(&b, 96, 1, sizeof(odd));
        expected -= strcmp(work_names[i], "jitter-buffer") == 0; /* that one takes any RTP */
        assert_int_equal(sums(&b).unworked, expected);
        end(&b);
    }
}

static void digits_are_counted_and_nothing_changes(void **state)
{
    int16_t tone[SAMPLES], quiet[SAMPLES] = {0};
    struct bench b;

    (void)state;
    begin(&b, "tone-detect");
    for (uint16_t i = 0; i < 16; i++) {
        bool on = i % 8 < 4;
        assert_int_equal(tone_make('7', (size_t)i * SAMPLES, tone, SAMPLES), 0);
        send_samples(&b, 0, i, on ? tone : quiet);
        hear_rtp(&b, G711_ALAW, i, SAMPLES);
        assert_int_equal(b.packet.payload[5], g711_sample_to_octet(G711_ALAW, on ? tone[5] : 0));
    }
    assert_int_equal(sums(&b).counted[0], 2);
    end(&b);
}

static void a_jitter_buffer_holds_and_puts_in_order(void **state)
{
    static const uint8_t payload[SAMPLES] = {1};
    uint64_t from = clock_now_ns(), to;
    struct relay_stats s;
    struct bench b;

    (void)state;
    begin(&b, "jitter-buffer");
    send_rtp(&b, 1, 8, 1, payload, SAMPLES);
    send_rtp(&b, 1, 8, 3, payload, SAMPLES);
    send_rtp(&b, 1, 8, 2, payload, SAMPLES);
    send_rtp(&b, 1, 8, 2, payload, SAMPLES);
    drain(&b, 4);
    to = clock_now_ns(); /* drained: all three have been sent */
    for (uint16_t i = 1; i <= 3; i++) {
        hear_rtp(&b, 8, i, SAMPLES);
    }
    assert_true(to - from >= (PLAYOUT_MS + 40) * NS_PER_MS); /* the first's, and two packet times */
    send_rtp(&b, 1, 8, 0, payload, SAMPLES);
    drain(&b, 5);
    s = sums(&b);
    assert_int_equal(s.relayed, 3);
    assert_int_equal(s.counted[0], 1); /* late */
    assert_int_equal(s.counted[1], 1); /* double */
    assert_true(s.timed_ns > 0);
    end(&b);
}

/* Each hears the others and not itself. */
static void a_conference_hears_the_others(void **state)
{
    static const int16_t levels[STREAMS] = {1000, 2000, 4000};
    struct bench b;

    (void)state;
    begin(&b, "mix");
    for (uint16_t round = 0; round < 2; round++) {
        for (int i = 0; i < STREAMS; i++) {
            int16_t samples[SAMPLES], heard, expected;
            for (int k = 0; k < SAMPLES; k++) {
                samples[k] = levels[i];
            }
            send_samples(&b, i, (uint16_t)(round * STREAMS + i), samples);
            hear_rtp(&b, G711_ALAW, (uint16_t)(round * STREAMS + i), SAMPLES);
            heard = g711_octet_to_sample(G711_ALAW, b.packet.payload[9]);
            expected = (int16_t)(7000 - levels[i]);
            if (round == 1) {
                assert_true(heard > expected - 200 && heard < expected + 200);
            }
        }
    }
    end(&b);
}

static void an_echo_canceller_takes_its_own_packets(void **state)
{
    int16_t samples[SAMPLES];
    struct bench b;

    (void)state;
    begin(&b, "echo-cancel");
    for (uint16_t i = 0; i < 20; i++) {
        assert_int_equal(tone_make('1', (size_t)i * SAMPLES, samples, SAMPLES), 0);
        send_samples(&b, i % STREAMS, i, samples);
        hear_rtp(&b, G711_ALAW, i, SAMPLES);
    }
    assert_int_equal(sums(&b).worked, 20);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transcoding_changes_the_payload_alone),
        cmocka_unit_test(what_is_not_for_a_work_goes_on),
        cmocka_unit_test(digits_are_counted_and_nothing_changes),
        cmocka_unit_test(a_jitter_buffer_holds_and_puts_in_order),
        cmocka_unit_test(a_conference_hears_the_others),
        cmocka_unit_test(an_echo_canceller_takes_its_own_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
