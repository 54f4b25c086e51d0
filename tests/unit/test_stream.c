// SPDX-License-Identifier: ISC
// tests/unit/test_stream.c — what comes out of the ring, against the signal that the files were
// cut from: joins, resampling, positions.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/log.h"
#include "tests/unit/stream_take.h"

// --- joins at equal rates ----------------------------------------------------------------------

static void
test_one_item_is_bit_exact(void **state)
{
    (void)state;
    enum { N = 300000 };
    sound_write_signal(sound_path("a.wav"), WAV_F, 48000, 0, N);
    const struct ch_stream_item item = item_of(7, sound_path("a.wav"));
    struct take take = play_items(48000, &item, 1);
    assert_int_equal(take.n_frames, N);
    float *ideal = signal_of(0, N, 48000);
    assert_memory_equal(take.stereo, ideal, N * 2 * sizeof *ideal);
    assert_string_equal(told(&take), "bpnF");
    const struct ch_stream_message *began = find(&take, CH_STREAM_BEGAN, 7);
    assert_int_equal(began->ring_frame, 0);
    assert_int_equal(began->item_frame, 0);
    assert_string_equal(began->info.format, "WAV");
    assert_near(began->info.duration_s, N / 48000.0, 1e-9);
    assert_int_equal(find(&take, CH_STREAM_FINISHED, 0)->ring_frame, N);
    free(ideal);
    take_free(&take);
}

/// Four pieces, one of ten frames, of FLAC and WAV: together they are the signal, to the bit.
static void
test_pieces_join_bit_exact(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int format;
        uint32_t n_frames;
    } pieces[] = {{"0.flac", FLAC_16, 100001},
                  {"1.wav", WAV_16, 10},
                  {"2.flac", FLAC_16, 4096},
                  {"3.wav", WAV_16, 70000}};
    enum { N = 100001 + 10 + 4096 + 70000 };
    struct ch_stream_item items[4];
    uint32_t from = 0;
    for (uint32_t p = 0; p < 4; p++) {
        sound_write_signal(sound_path(pieces[p].name), pieces[p].format, 44100, from,
                           pieces[p].n_frames);
        items[p] = item_of(p + 1, sound_path(pieces[p].name));
        from += pieces[p].n_frames;
    }
    sound_write_signal(sound_path("all.wav"), WAV_16, 44100, 0, N);
    const struct ch_stream_item all = item_of(1, sound_path("all.wav"));
    static const uint32_t ring_sizes[] = {0, 1024, 65536};
    for (int r = 0; r < 3; r++) {
        struct take whole = play_items(44100, &all, 1);
        struct take take = play(&(struct script){
            .rate_hz = 44100, .ring_frames = ring_sizes[r], .items = items, .n_items = 4});
        assert_int_equal(whole.n_frames, N);
        assert_int_equal(take.n_frames, N);
        assert_memory_equal(take.stereo, whole.stereo, N * 2 * sizeof(float));
        uint64_t frame = 0;
        for (uint32_t p = 0; p < 4; p++) {
            assert_int_equal(find(&take, CH_STREAM_BEGAN, p + 1)->ring_frame, frame);
            frame += pieces[p].n_frames;
        }
        take_free(&take);
        take_free(&whole);
    }
}

// --- resampling --------------------------------------------------------------------------------

static void
test_resampled_is_the_signal(void **state)
{
    (void)state;
    static const uint32_t rates_hz[][2] = {
        {44100, 48000}, {48000, 44100}, {96000, 48000}, {22050, 48000}, {44100, 96000}};
    for (size_t r = 0; r < sizeof rates_hz / sizeof *rates_hz; r++) {
        const uint32_t from_hz = rates_hz[r][0], to_hz = rates_hz[r][1];
        sound_write_signal(sound_path("r.wav"), WAV_F, from_hz, 0, 2 * from_hz);
        const struct ch_stream_item item = item_of(1, sound_path("r.wav"));
        struct take take = play_items(to_hz, &item, 1);
        assert_int_equal(take.n_frames, 2 * to_hz);
        // At its ends the signal is cut, which no low-pass can follow.
        const uint32_t margin = to_hz / 10;
        float *ideal = signal_of(margin, 2 * to_hz - 2 * margin, to_hz);
        expect_near_take(take.stereo + 2 * (size_t)margin, ideal, 2 * to_hz - 2 * margin, 1e-5);
        free(ideal);
        take_free(&take);
    }
}

/// 44.1 → 48 kHz, cut where no output frame falls: the join is that of one signal.
static void
test_pieces_join_resampled(void **state)
{
    (void)state;
    static const uint32_t pieces[] = {50001, 7, 3000, 33333};
    enum { N = 50001 + 7 + 3000 + 33333 };
    struct ch_stream_item items[4];
    uint32_t from = 0;
    for (uint32_t p = 0; p < 4; p++) {
        char name[16];
        snprintf(name, sizeof name, "%u.wav", p);
        sound_write_signal(sound_path(name), WAV_F, 44100, from, pieces[p]);
        items[p] = item_of(p + 1, sound_path(name));
        from += pieces[p];
    }
    sound_write_signal(sound_path("all.wav"), WAV_F, 44100, 0, N);
    const struct ch_stream_item all = item_of(1, sound_path("all.wav"));
    struct take whole = play_items(48000, &all, 1);
    struct take take = play_items(48000, items, 4);
    assert_int_equal(whole.n_frames, (uint32_t)lround(N * 48000.0 / 44100.0));
    assert_int_equal(take.n_frames, whole.n_frames);
    expect_near_take(take.stereo, whole.stereo, whole.n_frames, 1e-5);
    from = 0;
    for (uint32_t p = 0; p < 4; p++) {
        const uint64_t began = find(&take, CH_STREAM_BEGAN, p + 1)->ring_frame;
        assert_near((double)began, from * 48000.0 / 44100.0, 0.5);
        from += pieces[p];
    }
    take_free(&take);
    take_free(&whole);
}

/// Where the rate changes, each item keeps its full length, and what needs no resampling its bits.
static void
test_rates_change(void **state)
{
    (void)state;
    sound_write_signal(sound_path("0.wav"), WAV_F, 44100, 0, 44100);
    sound_write_signal(sound_path("1.wav"), WAV_F, 48000, 0, 30000);
    sound_write_signal(sound_path("2.wav"), WAV_F, 96000, 0, 96001);
    struct ch_stream_item items[3];
    for (uint32_t p = 0; p < 3; p++) {
        char name[16];
        snprintf(name, sizeof name, "%u.wav", p);
        items[p] = item_of(p + 1, sound_path(name));
    }
    struct take take = play_items(48000, items, 3);
    assert_int_equal(take.n_frames, 48000 + 30000 + 48001);
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 1)->ring_frame, 0);
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 2)->ring_frame, 48000);
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 3)->ring_frame, 78000);
    float *ideal = signal_of(0, 30000, 48000);
    assert_memory_equal(take.stereo + 2 * (size_t)48000, ideal, 30000 * 2 * sizeof *ideal);
    free(ideal);
    ideal = signal_of(4800, 38400, 48000);
    expect_near_take(take.stereo + 2 * (size_t)82800, ideal, 38400, 1e-5);
    free(ideal);
    take_free(&take);
}

static void
test_extreme_rates(void **state)
{
    (void)state;
    static const uint32_t rates_hz[][2] = {{1000, 384000}, {768000, 8000}, {44101, 48000}};
    for (size_t r = 0; r < 3; r++) {
        sound_write_signal(sound_path("x.wav"), WAV_F, rates_hz[r][0], 0, 1001);
        const struct ch_stream_item item = item_of(1, sound_path("x.wav"));
        struct take take = play_items(rates_hz[r][1], &item, 1);
        assert_near(take.n_frames, 1001.0 * rates_hz[r][1] / rates_hz[r][0], 1.0);
        take_free(&take);
    }
}

// --- positions ---------------------------------------------------------------------------------

static void
test_start_in_the_middle(void **state)
{
    (void)state;
    enum { N = 120000 };
    sound_write_signal(sound_path("s.wav"), WAV_F, 48000, 0, N);
    static const double starts_s[] = {0.00001, 0.5, 1.234567, 2.49999, 2.5, 1000.0, -3.0, NAN};
    for (size_t s = 0; s < sizeof starts_s / sizeof *starts_s; s++) {
        struct ch_stream_item item = item_of(1, sound_path("s.wav"));
        item.start_s = starts_s[s];
        struct take take = play_items(48000, &item, 1);
        const double wanted = starts_s[s] > 0.0 ? fmin(rint(starts_s[s] * 48000.0), N) : 0.0;
        const uint32_t frame = (uint32_t)wanted;
        assert_int_equal(take.n_frames, N - frame);
        assert_int_equal(find(&take, CH_STREAM_BEGAN, 1)->item_frame, frame);
        assert_int_equal(find(&take, CH_STREAM_BEGAN, 1)->ring_frame, 0);
        float *ideal = signal_of(frame, N - frame + 1, 48000);
        assert_memory_equal(take.stereo, ideal, (size_t)(N - frame) * 2 * sizeof *ideal);
        free(ideal);
        take_free(&take);
    }
}

/// With a resampler too, and without a transient: it sounds as if it had played all along.
static void
test_start_in_the_middle_resampled(void **state)
{
    (void)state;
    enum { N = 132300 };
    sound_write_signal(sound_path("s.wav"), WAV_F, 44100, 0, N);
    struct ch_stream_item item = item_of(1, sound_path("s.wav"));
    struct take whole = play_items(48000, &item, 1);
    // 147 source frames last exactly 160: at their multiples both lie on the same grid.
    for (uint32_t k = 1; k <= 801; k += 200) {
        item.start_s = 147.0 * k / 44100.0;
        struct take take = play_items(48000, &item, 1);
        assert_int_equal(find(&take, CH_STREAM_BEGAN, 1)->item_frame, 160 * k);
        assert_int_equal(find(&take, CH_STREAM_BEGAN, 1)->ring_frame, 0);
        assert_int_equal(take.n_frames, whole.n_frames - 160 * k);
        const uint32_t skip_frames = k == 1 ? 2000 : 0; // too near the beginning for a pre-roll
        expect_near_take(take.stereo + 2 * (size_t)skip_frames,
                         whole.stereo + 2 * (size_t)(160 * k + skip_frames),
                         take.n_frames - skip_frames, k == 1 ? 1e-4 : 2e-5);
        take_free(&take);
    }
    take_free(&whole);
}

int
main(void)
{
    ch_log_set_level(CH_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_item_is_bit_exact),
        cmocka_unit_test(test_pieces_join_bit_exact),
        cmocka_unit_test(test_resampled_is_the_signal),
        cmocka_unit_test(test_pieces_join_resampled),
        cmocka_unit_test(test_rates_change),
        cmocka_unit_test(test_extreme_rates),
        cmocka_unit_test(test_start_in_the_middle),
        cmocka_unit_test(test_start_in_the_middle_resampled),
    };
    return cmocka_run_group_tests(tests, sound_dir_make, sound_dir_remove);
}
