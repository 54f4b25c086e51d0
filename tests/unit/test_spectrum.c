// SPDX-License-Identifier: ISC
// tests/unit/test_spectrum.c — the spectrum as an instrument: sines, noise, time, channels.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/analysis/spectrum.h"
#include "tests/unit/near.h"
#include "tests/unit/noise.h"

static const struct ch_spectrum_spec usual = {
    .rate_hz = 60.0, .n_bands = 64, .fmin_hz = 20.0, .fmax_hz = 20000.0, .tap = CH_TAP_OUTPUT};

static struct ch_spectrum *
make(const struct ch_spectrum_spec *spec, uint32_t rate_hz)
{
    struct ch_spectrum *spectrum;
    assert_null(ch_spectrum_check(spec, rate_hz));
    assert_int_equal(ch_spectrum_create(&spectrum, spec, rate_hz, NULL), CH_OK);
    return spectrum;
}

static void
push_sine(struct ch_spectrum *spectrum, double hz, uint32_t rate_hz, double phase, double left,
          double right)
{
    const uint32_t n = ch_spectrum_span(spectrum);
    struct ch_pcm_frame *frames = test_malloc(n * sizeof *frames);
    for (uint32_t i = 0; i < n; i++) {
        const double value = sin(2.0 * M_PI * fmod(hz * i / rate_hz, 1.0) + phase);
        frames[i] = (struct ch_pcm_frame){(float)(left * value), (float)(right * value)};
    }
    ch_spectrum_push(spectrum, frames, n);
    test_free(frames);
}

static double
level_db(const struct ch_spectrum *spectrum, uint32_t channel, uint32_t band)
{
    uint32_t n_bands;
    return 10.0 * log10(fmax(1e-16, (double)ch_spectrum_levels(spectrum, channel, &n_bands)[band]));
}

static uint32_t
highest_band(const struct ch_spectrum *spectrum, uint32_t channel)
{
    uint32_t n_bands, highest = 0;
    const float *levels = ch_spectrum_levels(spectrum, channel, &n_bands);
    for (uint32_t i = 1; i < n_bands; i++) {
        if (levels[i] > levels[highest]) {
            highest = i;
        }
    }
    return highest;
}

// --- calibration --------------------------------------------------------------------------

/// Every layout, window and rate: a sine of amplitude 1 reads 0 dBFS between 40 Hz and 18 kHz, at
/// any phase and on no particular frequency.
static void
test_sine_reads_its_level(void **state)
{
    (void)state;
    static const struct {
        enum ch_scale scale;
        uint32_t n_bands, fft_bins;
    } layouts[] = {
        {CH_SCALE_LOG, 64, 0},
        {CH_SCALE_LOG, 8, 0},
        {CH_SCALE_LOG, 512, 0},
        {CH_SCALE_LINEAR, 64, 0},
        {CH_SCALE_LINEAR, 512, 0},
        {CH_SCALE_THIRD_OCTAVE, 0, 0},
        {CH_SCALE_THIRD_OCTAVE, 0, 4096},
    };
    static const uint32_t rates[] = {44100, 48000, 96000};
    struct noise noise = {42};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
            for (int window = 0; window < CH_WINDOWS; window++) {
                struct ch_spectrum_spec spec = usual;
                spec.scale = layouts[i].scale;
                spec.n_bands = layouts[i].n_bands;
                // The lobe must not reach its twin at the negative frequency: twice the bins.
                spec.fft_bins = layouts[i].fft_bins * (rates[r] > 48000 ? 2 : 1);
                spec.window = (enum ch_window_kind)window;
                struct ch_spectrum *spectrum = make(&spec, rates[r]);
                double worst = 0.0;
                for (int k = 0; k <= 200; k++) {
                    const double hz =
                        40.0 * pow(450.0, fmin(1.0, (k + (k ? noise_uniform(&noise) : 0.0)) / 200));
                    push_sine(spectrum, hz, rates[r], 6.28 * noise_uniform(&noise), 1.0, 1.0);
                    ch_spectrum_run(spectrum, 1.0 / 60.0);
                    const double db = level_db(spectrum, 0, highest_band(spectrum, 0));
                    worst = fmax(worst, fabs(db));
                    if (fabs(db) > 0.1) {
                        print_error("%s, layout %u, %u Hz: %.3f Hz reads %.3f dB\n",
                                    ch_window_name(spec.window), (unsigned)i, rates[r], hz, db);
                    }
                }
                assert_true(worst <= 0.1);
                ch_spectrum_destroy(spectrum);
            }
        }
    }
}

/// In the usual layout, at the very edges of bands and in the middle of each; and in that band.
static void
test_sine_at_edges_and_centres(void **state)
{
    (void)state;
    struct ch_spectrum *spectrum = make(&usual, 48000);
    for (uint32_t band = 7; band < 62; band++) {
        const double lo = 20.0 * pow(1000.0, band / 64.0), hi = lo * pow(1000.0, 1.0 / 64.0);
        push_sine(spectrum, sqrt(lo * hi), 48000, band, 1.0, 1.0);
        ch_spectrum_run(spectrum, 1.0 / 60.0);
        assert_int_equal(highest_band(spectrum, 0), band);
        assert_near(level_db(spectrum, 0, band), 0.0, 0.1);
        push_sine(spectrum, lo, 48000, band, 1.0, 1.0);
        ch_spectrum_run(spectrum, 1.0 / 60.0);
        const uint32_t highest = highest_band(spectrum, 0);
        assert_in_range(highest, band - 1, band);
        assert_near(level_db(spectrum, 0, highest), 0.0, 0.1);
    }
    ch_spectrum_destroy(spectrum);
}

static void
test_level_is_linear(void **state)
{
    (void)state;
    struct ch_spectrum *spectrum = make(&usual, 48000);
    for (double db = 0.0; db >= -120.0; db -= 10.0) {
        const double gain = pow(10.0, db / 20.0);
        for (double hz = 55.0; hz < 16000.0; hz *= 3.7) {
            push_sine(spectrum, hz, 48000, 1.0, gain, gain);
            ch_spectrum_run(spectrum, 1.0 / 60.0);
            assert_near(level_db(spectrum, 0, highest_band(spectrum, 0)), db, 0.1);
        }
    }
    ch_spectrum_destroy(spectrum);
}

static void
test_constant_reads_3_db(void **state)
{
    (void)state;
    struct ch_spectrum_spec spec = usual;
    spec.fft_bins = 1024;
    struct ch_spectrum *spectrum = make(&spec, 48000);
    struct ch_pcm_frame frames[2048];
    for (int i = 0; i < 2048; i++) {
        frames[i] = (struct ch_pcm_frame){1.0f, 1.0f};
    }
    ch_spectrum_push(spectrum, frames, 2048);
    ch_spectrum_run(spectrum, 1.0 / 60.0);
    // Power 1 against that of a sine, 1/2.
    assert_near(level_db(spectrum, 0, 0), 3.01, 0.01);
    ch_spectrum_destroy(spectrum);
}

// --- noise --------------------------------------------------------------------------------

/// Mean levels over one whole period of a noise.
static void
average_levels(struct ch_spectrum *spectrum, const float *signal, uint32_t n, uint32_t hop,
               double *mean)
{
    uint32_t n_bands;
    uint32_t n_runs = 0;
    (void)ch_spectrum_levels(spectrum, 0, &n_bands);
    memset(mean, 0, n_bands * sizeof *mean);
    struct ch_pcm_frame *frames = test_malloc(hop * sizeof *frames);
    const uint32_t lead = ch_spectrum_span(spectrum);
    for (uint32_t at = 0; at < n + lead; at += hop) {
        for (uint32_t i = 0; i < hop; i++) {
            const float value = signal[(at + i) % n];
            frames[i] = (struct ch_pcm_frame){value, value};
        }
        ch_spectrum_push(spectrum, frames, hop);
        if (at + hop <= lead) {
            continue;
        }
        ch_spectrum_run(spectrum, 1.0 / 60.0);
        const float *levels = ch_spectrum_levels(spectrum, 0, &n_bands);
        for (uint32_t i = 0; i < n_bands; i++) {
            mean[i] += (double)levels[i];
        }
        n_runs++;
    }
    for (uint32_t i = 0; i < n_bands; i++) {
        mean[i] /= n_runs;
    }
    test_free(frames);
}

enum { NOISE_POINTS = 1 << 20, NOISE_HOP = 1024 };

static void
test_white_noise_parseval(void **state)
{
    (void)state;
    float *signal = noise_with_slope(NOISE_POINTS, 48000.0, 0.0, 0.0, 7);
    double square = 0.0;
    for (uint32_t i = 0; i < NOISE_POINTS; i++) {
        square += (double)signal[i] * (double)signal[i];
    }
    const double expected = 10.0 * log10(2.0 * square / NOISE_POINTS);
    static const uint32_t bands[] = {8, 32};
    for (int window = 0; window < CH_WINDOWS; window++) {
        for (int b = 0; b < 2; b++) {
            struct ch_spectrum_spec spec = usual;
            spec.scale = CH_SCALE_LINEAR;
            spec.fmin_hz = 0.0;
            spec.fmax_hz = 24000.0;
            spec.n_bands = bands[b];
            spec.window = (enum ch_window_kind)window;
            struct ch_spectrum *spectrum = make(&spec, 48000);
            double mean[32], total = 0.0;
            average_levels(spectrum, signal, NOISE_POINTS, NOISE_HOP, mean);
            for (uint32_t i = 0; i < bands[b]; i++) {
                total += mean[i];
            }
            assert_near(10.0 * log10(total), expected, 0.1);
            ch_spectrum_destroy(spectrum);
        }
    }
    free(signal);
}

/// White noise fills every band in proportion to its width, however narrow.
static void
test_white_noise_density(void **state)
{
    (void)state;
    float *signal = noise_with_slope(NOISE_POINTS, 48000.0, 0.0, 0.0, 8);
    double square = 0.0;
    for (uint32_t i = 0; i < NOISE_POINTS; i++) {
        square += (double)signal[i] * (double)signal[i];
    }
    struct ch_spectrum *spectrum = make(&usual, 48000);
    double mean[64];
    average_levels(spectrum, signal, NOISE_POINTS, NOISE_HOP, mean);
    for (uint32_t i = 0; i < 64; i++) {
        const double width = 20.0 * (pow(1000.0, (i + 1) / 64.0) - pow(1000.0, i / 64.0));
        const double expected = 2.0 * square / NOISE_POINTS * width / 24000.0;
        assert_near(10.0 * log10(mean[i] / expected), 0.0, 0.5);
    }
    ch_spectrum_destroy(spectrum);
    free(signal);
}

static void
test_pink_noise_is_flat(void **state)
{
    (void)state;
    float *signal = noise_with_slope(NOISE_POINTS, 48000.0, -1.0, 5.0, 9);
    for (int window = 0; window < CH_WINDOWS; window++) {
        struct ch_spectrum_spec spec = usual;
        spec.scale = CH_SCALE_THIRD_OCTAVE;
        spec.window = (enum ch_window_kind)window;
        struct ch_spectrum *spectrum = make(&spec, 48000);
        double mean[31], reference = 0.0;
        average_levels(spectrum, signal, NOISE_POINTS, NOISE_HOP, mean);
        for (uint32_t i = 0; i < 30; i++) {
            reference += 10.0 * log10(mean[i]) / 30.0;
        }
        // The lobe of the wider windows is wider than bands below 63 Hz, and pink noise is not flat
        // within it.
        double worst = 0;
        for (uint32_t i = window == CH_WINDOW_HANN ? 1 : 5; i < 30; i++) {
            worst = fmax(worst, fabs(10.0 * log10(mean[i]) - reference));
        }
        assert_true(worst <= 0.3);
        ch_spectrum_destroy(spectrum);
    }
    free(signal);
}

/// A band narrower than a bin still has its share of any one frame.
static void
test_no_band_is_empty(void **state)
{
    (void)state;
    struct noise noise = {3};
    for (uint32_t n_bands = 8; n_bands <= 512; n_bands *= 2) {
        struct ch_spectrum_spec spec = usual;
        spec.n_bands = n_bands;
        struct ch_spectrum *spectrum = make(&spec, 44100);
        for (uint32_t i = 0; i < ch_spectrum_span(spectrum); i++) {
            const float value = (float)(noise_uniform(&noise) - 0.5);
            ch_spectrum_push(spectrum, &(struct ch_pcm_frame){value, value}, 1);
        }
        ch_spectrum_run(spectrum, 1.0 / 60.0);
        for (uint32_t i = 0; i < n_bands; i++) {
            assert_true(level_db(spectrum, 0, i) > -110.0);
        }
        ch_spectrum_destroy(spectrum);
    }
}

// --- channels, time -----------------------------------------------------------------------

static void
test_channels(void **state)
{
    (void)state;
    static const struct {
        enum ch_spectrum_channels channels;
        double left, right, first_db, second_db;
    } cases[] = {
        {CH_SPECTRUM_MIX, 1.0, 1.0, 0.0, 0.0},
        {CH_SPECTRUM_MIX, 1.0, 0.0, -6.0206, 0.0},
        {CH_SPECTRUM_MIX, 1.0, -1.0, -160.0, 0.0},
        {CH_SPECTRUM_EACH, 1.0, 0.1, 0.0, -20.0},
        {CH_SPECTRUM_EACH, 0.0, 1.0, -160.0, 0.0},
        {CH_SPECTRUM_MID_SIDE, 1.0, 1.0, 0.0, -160.0},
        {CH_SPECTRUM_MID_SIDE, 1.0, -1.0, -160.0, 0.0},
        {CH_SPECTRUM_MID_SIDE, 0.0, 1.0, -6.0206, -6.0206},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ch_spectrum_spec spec = usual;
        spec.channels = cases[i].channels;
        struct ch_spectrum *spectrum = make(&spec, 48000);
        push_sine(spectrum, 1234.5, 48000, 0.3, cases[i].left, cases[i].right);
        ch_spectrum_run(spectrum, 1.0 / 60.0);
        assert_near(level_db(spectrum, 0, highest_band(spectrum, 0)), cases[i].first_db, 0.1);
        if (spec.channels != CH_SPECTRUM_MIX) {
            assert_near(level_db(spectrum, 1, highest_band(spectrum, 1)), cases[i].second_db, 0.1);
        }
        ch_spectrum_destroy(spectrum);
    }
}

static void
test_smoothing_is_a_time_constant(void **state)
{
    (void)state;
    static const double rates[] = {10.0, 30.0, 120.0};
    for (int r = 0; r < 3; r++) {
        struct ch_spectrum_spec spec = usual;
        spec.smoothing_ms = 300.0;
        struct ch_spectrum *spectrum = make(&spec, 48000);
        for (int frame = 1; frame <= (int)rates[r]; frame++) {
            push_sine(spectrum, 500.0, 48000, 0.0, 1.0, 1.0);
            ch_spectrum_run(spectrum, 1.0 / rates[r]);
            const double expected = 1.0 - exp(-frame / rates[r] / 0.3);
            assert_near(level_db(spectrum, 0, highest_band(spectrum, 0)), 10.0 * log10(expected),
                        0.1);
        }
        ch_spectrum_destroy(spectrum);
    }
}

static void
test_peaks_hold_then_fall(void **state)
{
    (void)state;
    struct ch_spectrum_spec spec = usual;
    spec.peak_hold_ms = 500.0;
    struct ch_spectrum *spectrum = make(&spec, 48000);
    push_sine(spectrum, 1000.0, 48000, 0.0, 0.5, 0.5);
    ch_spectrum_run(spectrum, 0.02);
    const uint32_t band = highest_band(spectrum, 0);
    const double top = level_db(spectrum, 0, band);
    ch_spectrum_push(spectrum, NULL, ch_spectrum_span(spectrum));
    for (int frame = 1; frame <= 200; frame++) {
        ch_spectrum_run(spectrum, 0.02);
        const double expected = top - 20.0 * fmax(0.0, frame * 0.02 - 0.5);
        assert_near(level_db(spectrum, 0, band), -160.0, 0.01);
        assert_near(10.0 * log10((double)ch_spectrum_peaks(spectrum, 0)[band]), expected, 0.01);
        assert_false(ch_spectrum_at_rest(spectrum));
    }
    for (int frame = 0; frame < 500 && !ch_spectrum_at_rest(spectrum); frame++) {
        ch_spectrum_run(spectrum, 0.02);
    }
    assert_true(ch_spectrum_at_rest(spectrum));
    ch_spectrum_destroy(spectrum);
}

static void
test_rest_and_reset(void **state)
{
    (void)state;
    struct ch_spectrum *spectrum = make(&usual, 48000);
    ch_spectrum_run(spectrum, 0.02);
    assert_true(ch_spectrum_at_rest(spectrum));
    push_sine(spectrum, 1000.0, 48000, 0.0, 1.0, 1.0);
    ch_spectrum_run(spectrum, 0.02);
    assert_false(ch_spectrum_at_rest(spectrum));
    ch_spectrum_reset(spectrum);
    assert_true(ch_spectrum_at_rest(spectrum));
    ch_spectrum_run(spectrum, 0.02);
    assert_true(ch_spectrum_at_rest(spectrum));
    assert_null(ch_spectrum_peaks(spectrum, 0));
    ch_spectrum_destroy(spectrum);
    ch_spectrum_destroy(NULL);
}

/// The window lasts at least 170 ms at every rate, and low rates leave their upper bands at the
/// floor.
static void
test_rates(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 11025, 22050, 44100, 48000, 88200, 192000, 384000};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        struct ch_spectrum *spectrum = make(&usual, rates[r]);
        assert_true(ch_spectrum_span(spectrum) >= 0.17 * rates[r]);
        assert_true(ch_spectrum_span(spectrum) < 0.35 * rates[r]);
        push_sine(spectrum, 440.0, rates[r], 0.0, 1.0, 1.0);
        ch_spectrum_run(spectrum, 0.02);
        assert_near(level_db(spectrum, 0, highest_band(spectrum, 0)), 0.0, 0.1);
        if (rates[r] == 8000) {
            assert_near(level_db(spectrum, 0, 63), -160.0, 0.0);
        }
        ch_spectrum_destroy(spectrum);
    }
}

// --- what is refused ----------------------------------------------------------------------

static void
test_check(void **state)
{
    (void)state;
    static const struct {
        struct ch_spectrum_spec spec;
        const char *names;
    } bad[] = {
        {{.rate_hz = 0.5, .n_bands = 64, .fmin_hz = 20, .fmax_hz = 2e4}, "rate_hz"},
        {{.rate_hz = 121, .n_bands = 64, .fmin_hz = 20, .fmax_hz = 2e4}, "rate_hz"},
        {{.rate_hz = (double)NAN, .n_bands = 64, .fmin_hz = 20, .fmax_hz = 2e4}, "rate_hz"},
        {{.rate_hz = 60, .n_bands = 7, .fmin_hz = 20, .fmax_hz = 2e4}, "bands"},
        {{.rate_hz = 60, .n_bands = 513, .fmin_hz = 20, .fmax_hz = 2e4}, "bands"},
        {{.rate_hz = 60, .n_bands = 64, .fmin_hz = 0, .fmax_hz = 2e4}, "fmin_hz"},
        {{.rate_hz = 60, .n_bands = 64, .fmin_hz = 24000, .fmax_hz = 3e4}, "fmin_hz"},
        {{.rate_hz = 60, .n_bands = 64, .fmin_hz = 200, .fmax_hz = 200}, "fmax_hz"},
        {{.rate_hz = 60, .n_bands = 64, .fmin_hz = 20, .fmax_hz = 1e9}, "fmax_hz"},
        {{.rate_hz = 60, .fmin_hz = 1050, .fmax_hz = 1100, .scale = CH_SCALE_THIRD_OCTAVE},
         "third_octave"},
        {{.rate_hz = 60, .fft_bins = 300}, "fft_bins"},
        {{.rate_hz = 60, .fft_bins = 128}, "fft_bins"},
        {{.rate_hz = 60, .fft_bins = 32768}, "fft_bins"},
        {{.rate_hz = 60, .fft_bins = 256, .smoothing_ms = -1}, "smoothing_ms"},
        {{.rate_hz = 60, .fft_bins = 256, .peak_hold_ms = 1e6}, "peak_hold_ms"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *why = ch_spectrum_check(&bad[i].spec, 48000);
        assert_non_null(why);
        assert_non_null(strstr(why, bad[i].names));
    }
    assert_null(ch_spectrum_check(&usual, 48000));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sine_reads_its_level),
        cmocka_unit_test(test_sine_at_edges_and_centres),
        cmocka_unit_test(test_level_is_linear),
        cmocka_unit_test(test_constant_reads_3_db),
        cmocka_unit_test(test_white_noise_parseval),
        cmocka_unit_test(test_white_noise_density),
        cmocka_unit_test(test_pink_noise_is_flat),
        cmocka_unit_test(test_no_band_is_empty),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_smoothing_is_a_time_constant),
        cmocka_unit_test(test_peaks_hold_then_fall),
        cmocka_unit_test(test_rest_and_reset),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
