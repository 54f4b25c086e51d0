// SPDX-License-Identifier: ISC
// tests/unit/test_stream_life.c — streams whose items fail, that wait, and that are given up.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/log.h"
#include "tests/unit/stream_take.h"

// --- what goes wrong ---------------------------------------------------------------------------

static void
test_items_fail(void **state)
{
    (void)state;
    sound_write_signal(sound_path("a.wav"), WAV_F, 48000, 0, 10000);
    sound_write_bytes(sound_path("text.flac"), "no sound\n", 9);
    const struct ch_stream_item items[4] = {
        item_of(1, sound_path("none.wav")), item_of(2, sound_path("text.flac")),
        item_of(3, sound_path("a.wav")), item_of(4, "http://somewhere/")};
    struct take take = play_items(48000, items, 4);
    assert_string_equal(told(&take), "fnfnbpnfnF");
    assert_int_equal(find(&take, CH_STREAM_FAILED, 1)->status, CH_NOT_FOUND);
    assert_non_null(strstr(find(&take, CH_STREAM_FAILED, 1)->detail, "none.wav"));
    assert_int_equal(find(&take, CH_STREAM_FAILED, 2)->status, CH_UNSUPPORTED_FORMAT);
    assert_int_equal(find(&take, CH_STREAM_FAILED, 4)->status, CH_UNAVAILABLE);
    assert_int_equal(take.n_frames, 10000);
    take_free(&take);

    // Nothing at all: still primed before it is finished.
    take = play_items(48000, items, 1);
    assert_string_equal(told(&take), "fnpF");
    assert_int_equal(take.n_frames, 0);
    take_free(&take);
}

/// What breaks off says so, sinks to silence in 10 ms, and the next one follows.
static void
test_item_breaks_off(void **state)
{
    (void)state;
    static const uint32_t rates_hz[] = {48000, 44100};
    for (int r = 0; r < 2; r++) {
        write_constant(sound_path("c.wav"), rates_hz[r], 0.0f, 10);
        sound_write_signal(sound_path("b.flac"), FLAC_16, rates_hz[r], 0, 200000);
        sound_cut(sound_path("b.flac"), sound_path("half.flac"), 0.5);
        const struct ch_stream_item items[2] = {item_of(1, sound_path("half.flac")),
                                                item_of(2, sound_path("c.wav"))};
        struct take take = play_items(48000, items, 2);
        assert_string_equal(told(&take), "bpdnbnF");
        const struct ch_stream_message *damaged = find(&take, CH_STREAM_DAMAGED, 1);
        assert_int_equal(damaged->status, CH_DECODE_FAILED);
        assert_non_null(strstr(damaged->detail, "ended after"));
        const uint64_t began = find(&take, CH_STREAM_BEGAN, 2)->ring_frame;
        assert_true(began > 60000 && began < 150000);
        assert_near((double)(take.n_frames - began), r ? 10.9 : 10.0, r ? 1.0 : 0.0);
        assert_near(take.stereo[2 * (began - 1)], 0.0, 1e-3);
        // No step is larger than the signal itself makes.
        for (uint64_t i = 1; i < began - 50; i++) {
            assert_true(fabsf(take.stereo[2 * i] - take.stereo[2 * i - 2]) < 0.06f);
        }
        take_free(&take);
    }
}

// --- waiting and going -------------------------------------------------------------------------

static void
wait_for(struct ch_stream *stream, enum ch_stream_kind kind)
{
    struct ch_stream_message message;
    for (;;) {
        while (!ch_stream_take_message(stream, &message)) {
            ch_os_sleep_until(ch_os_mono_ns() + 1000000);
        }
        if (message.kind == kind) {
            return;
        }
    }
}

static struct ch_stream *
create(const char *uri)
{
    const struct ch_stream_config config = {.rate_hz = 48000};
    const struct ch_stream_item item = item_of(1, uri);
    struct ch_stream *stream;
    assert_int_equal(ch_stream_create(&stream, &config, &item), CH_OK);
    return stream;
}

static void
wait_until_full(struct ch_stream *stream)
{
    struct ch_pcm_ring *pcm = ch_stream_pcm(stream);
    while (ch_ring_read_space(&pcm->ring) < pcm->ring.capacity) {
        ch_os_sleep_until(ch_os_mono_ns() + 1000000);
    }
}

static void
test_stands_without_waking(void **state)
{
    (void)state;
    struct ch_stream *stream = create("tone:pink");
    wait_for(stream, CH_STREAM_PRIMED);
    wait_until_full(stream);
    long before = 0, after;
    if (host_waits_of_thread("chant-decode", &after)) {
        // It may still be on its way to where it waits.
        for (int i = 0; i < 100 && (i == 0 || after != before); i++) {
            before = after;
            ch_os_sleep_until(ch_os_mono_ns() + CH_NS_PER_S / 20);
            assert_true(host_waits_of_thread("chant-decode", &after));
        }
        ch_os_sleep_until(ch_os_mono_ns() + CH_NS_PER_S / 5);
        assert_true(host_waits_of_thread("chant-decode", &before));
        assert_int_equal(after, before);
    }
    // Drained and told so, it fills the ring again.
    struct ch_pcm_ring *pcm = ch_stream_pcm(stream);
    ch_ring_release(&pcm->ring, ch_ring_read_space(&pcm->ring));
    ch_stream_poke(stream);
    wait_until_full(stream);
    ch_stream_destroy(stream);
    assert_true(ch_streams_wait_ended(10 * CH_NS_PER_S));
}

/// Unpoked too, while it is told that the consumer moves.
static void
test_flows_without_pokes(void **state)
{
    (void)state;
    struct ch_stream *stream = create("tone:pink");
    wait_until_full(stream);
    ch_stream_set_flowing(stream, true);
    ch_os_sleep_until(ch_os_mono_ns() + CH_NS_PER_S / 20);
    struct ch_pcm_ring *pcm = ch_stream_pcm(stream);
    ch_ring_release(&pcm->ring, ch_ring_read_space(&pcm->ring));
    wait_until_full(stream);
    ch_stream_destroy(stream);
    assert_true(ch_streams_wait_ended(10 * CH_NS_PER_S));
}

static void
test_destroyed_at_any_time(void **state)
{
    (void)state;
    sound_write_signal(sound_path("a.wav"), WAV_F, 44100, 0, 200000);
    for (uint32_t i = 0; i < 40; i++) {
        struct ch_stream *stream = create(i % 4 == 3 ? "/nowhere" : sound_path("a.wav"));
        if (i % 5 == 1) {
            wait_for(stream, i % 4 == 3 ? CH_STREAM_NEED_NEXT : CH_STREAM_PRIMED);
        }
        if (i % 5 == 2) {
            ch_stream_set_flowing(stream, true);
            ch_os_sleep_until(ch_os_mono_ns() + i * 50000);
        }
        ch_stream_destroy(stream);
    }
    assert_true(ch_streams_wait_ended(20 * CH_NS_PER_S));
    assert_true(ch_streams_wait_ended(0));
    ch_stream_destroy(NULL);
}

int
main(void)
{
    ch_log_set_level(CH_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_fail),
        cmocka_unit_test(test_item_breaks_off),
        cmocka_unit_test(test_stands_without_waking),
        cmocka_unit_test(test_flows_without_pokes),
        cmocka_unit_test(test_destroyed_at_any_time),
    };
    return cmocka_run_group_tests(tests, sound_dir_make, sound_dir_remove);
}
