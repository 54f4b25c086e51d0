// SPDX-License-Identifier: ISC
// tests/unit/test_crossfade.c — items that overlap: the law, the lengths, and when there is none.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/log.h"
#include "tests/unit/stream_take.h"

static const struct {
    uint32_t n_first, n_second; // frames at 48 kHz
    double crossfade_s;
    uint32_t overlap;
} fades[] = {
    {96000, 96000, 0.5, 24000}, {96000, 96000, 0.00002, 1}, {40000, 96000, 2.0, 20000},
    {96000, 30000, 1.0, 15000}, {96000, 1, 1.0, 0},         {96000, 50000, 0.0, 0},
};

static void
test_crossfade_law(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof fades / sizeof *fades; f++) {
        write_constant(sound_path("0.wav"), 48000, 0.5f, fades[f].n_first);
        write_constant(sound_path("1.wav"), 48000, 0.25f, fades[f].n_second);
        struct ch_stream_item items[2] = {item_of(1, sound_path("0.wav")),
                                          item_of(2, sound_path("1.wav"))};
        items[1].crossfade_s = fades[f].crossfade_s;
        struct take take = play(&(struct script){
            .rate_hz = 48000, .crossfade_s = fades[f].crossfade_s, .items = items, .n_items = 2});
        const uint32_t n_overlap = fades[f].overlap;
        const uint32_t at = fades[f].n_first - n_overlap;
        assert_int_equal(take.n_frames, fades[f].n_first + fades[f].n_second - n_overlap);
        assert_int_equal(find(&take, CH_STREAM_BEGAN, 2)->ring_frame, at);
        for (uint32_t i = 0; i < take.n_frames; i++) {
            double ideal = i < at ? 0.5 : 0.25;
            if (i >= at && i < at + n_overlap) {
                const double x = (i - at + 0.5) / n_overlap * M_PI / 2.0;
                ideal = 0.5 * cos(x) + 0.25 * sin(x);
            }
            assert_near(take.stereo[2 * i], ideal, 1e-6);
            assert_near(take.stereo[2 * i + 1], ideal, 1e-6);
        }
        take_free(&take);
    }
}

/// Three items of different rates, each mixed with the next.
static void
test_crossfade_over_rates(void **state)
{
    (void)state;
    write_constant(sound_path("0.wav"), 44100, 0.5f, 88200);
    write_constant(sound_path("1.wav"), 48000, 0.5f, 96000);
    write_constant(sound_path("2.wav"), 96000, 0.5f, 192000);
    struct ch_stream_item items[3] = {item_of(1, sound_path("0.wav")),
                                      item_of(2, sound_path("1.wav")),
                                      item_of(3, sound_path("2.wav"))};
    items[1].crossfade_s = items[2].crossfade_s = 0.5;
    struct take take =
        play(&(struct script){.rate_hz = 48000, .crossfade_s = 0.5, .items = items, .n_items = 3});
    assert_string_equal(told(&take), "bpnbnbnF");
    assert_int_equal(take.n_frames, 3 * 96000 - 2 * 24000);
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 2)->ring_frame, 72000);
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 3)->ring_frame, 144000);
    for (uint32_t i = 2000; i < take.n_frames - 2000; i++) {
        // Where a resampled constant begins or ends it rings, at the faint end of the mix.
        const bool mixed = i % 72000 < 24000 && i / 72000 % 3 > 0;
        assert_true((double)take.stereo[2 * i] > 0.4999);
        assert_true((double)take.stereo[2 * i] < (mixed ? 0.5 * M_SQRT2 + 1e-3 : 0.5001));
    }
    take_free(&take);
}

/// Changed while the first item plays, far from its end: a ring that is full holds the worker back.
static void
test_crossfade_is_set_later(void **state)
{
    (void)state;
    write_constant(sound_path("0.wav"), 48000, 0.5f, 96000);
    const struct ch_stream_config config = {.rate_hz = 48000, .ring_frames = 4096};
    struct ch_stream_item item = item_of(1, sound_path("0.wav"));
    struct ch_stream *stream;
    assert_int_equal(ch_stream_create(&stream, &config, &item), CH_OK);
    ch_stream_set_crossfade(stream, 1.0);
    struct ch_pcm_ring *pcm = ch_stream_pcm(stream);
    struct ch_stream_message message = {.kind = CH_STREAM_BEGAN};
    uint32_t n = 0;
    while (message.kind != CH_STREAM_NEED_NEXT) {
        if (!ch_stream_take_message(stream, &message)) {
            const uint32_t more = ch_ring_read_space(&pcm->ring);
            n += more;
            ch_ring_release(&pcm->ring, more);
            ch_stream_poke(stream);
        }
    }
    assert_int_equal(message.ring_frame, 48000);
    assert_true(n <= 48000);
    ch_stream_destroy(stream);
    assert_true(ch_streams_wait_ended(10 * CH_NS_PER_S));
}

/// What is endless can't be mixed in; what the next item asks for counts, not the setting.
static void
test_crossfade_that_is_none(void **state)
{
    (void)state;
    write_constant(sound_path("0.wav"), 48000, 0.5f, 96000);
    struct ch_stream_item items[3] = {item_of(1, sound_path("0.wav")),
                                      item_of(2, sound_path("0.wav")),
                                      item_of(3, "tone:sine?s=0.5")};
    items[2].crossfade_s = 0.1;
    struct take take =
        play(&(struct script){.rate_hz = 48000, .crossfade_s = 0.3, .items = items, .n_items = 3});
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 2)->ring_frame, 96000);
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 3)->ring_frame, 192000 - 4800);
    assert_int_equal(take.n_frames, 192000 - 4800 + 24000);
    take_free(&take);

    // And an item that can't be opened is replaced in time.
    items[1] = item_of(2, "/nowhere/at/all");
    items[1].crossfade_s = 0.3;
    items[2].crossfade_s = 0.3;
    take =
        play(&(struct script){.rate_hz = 48000, .crossfade_s = 0.3, .items = items, .n_items = 3});
    assert_string_equal(told(&take), "bpnfnbnF");
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 3)->ring_frame, 96000 - 12000);
    assert_int_equal(take.n_frames, 96000 - 12000 + 24000);
    take_free(&take);
}

int
main(void)
{
    ch_log_set_level(CH_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crossfade_law),
        cmocka_unit_test(test_crossfade_over_rates),
        cmocka_unit_test(test_crossfade_is_set_later),
        cmocka_unit_test(test_crossfade_that_is_none),
    };
    return cmocka_run_group_tests(tests, sound_dir_make, sound_dir_remove);
}
