// SPDX-License-Identifier: ISC
// bench/eq_sox.c — sox's `equalizer`, as many as there are bands, through libsox.
//
// A chain of effects runs once from beginning to end, so every run makes a new one; only the
// flow is timed.

#include <sox.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/eq_kinds.h"

struct rack {
    uint32_t n_bands;
};

/// What the first effect of the running chain still has to give, in samples.  libsox copies the
/// private part of an effect, so there is one chain at a time and this stands beside it.
static size_t n_left;

static int
give(sox_effect_t *effect, sox_sample_t *out, size_t *n_samples)
{
    static sox_sample_t noise[2 * BENCH_EQ_FRAMES];
    (void)effect;
    if (noise[0] == 0) {
        for (uint32_t i = 0; i < 2 * BENCH_EQ_FRAMES; i++) {
            noise[i] = (sox_sample_t)(bench_eq_noise(i % 2)[i / 2] * 2147483648.0f);
        }
    }
    size_t done = 0;
    const size_t wanted = *n_samples < n_left ? *n_samples : n_left;
    while (done < wanted) {
        const size_t room = wanted - done;
        const size_t n = room < 2 * BENCH_EQ_FRAMES ? room : 2 * BENCH_EQ_FRAMES;
        memcpy(out + done, noise, n * sizeof *noise);
        done += n;
    }
    n_left -= done;
    *n_samples = done;
    return done > 0 ? SOX_SUCCESS : SOX_EOF;
}

static int
take(sox_effect_t *effect, const sox_sample_t *in, sox_sample_t *out, size_t *n_in, size_t *n_out)
{
    (void)effect;
    (void)in;
    (void)out;
    (void)n_in; // all of it
    *n_out = 0;
    return SOX_SUCCESS;
}

static void
add(sox_effects_chain_t *chain, const sox_effect_handler_t *handler, int argc, char **argv)
{
    sox_signalinfo_t signal = {
        .rate = BENCH_EQ_RATE_HZ, .channels = 2, .precision = 32, .length = SOX_UNKNOWN_LEN};
    sox_effect_t *effect = sox_create_effect(handler);
    if (!effect || (argc > 0 && sox_effect_options(effect, argc, argv) != SOX_SUCCESS) ||
        sox_add_effect(chain, effect, &signal, &signal) != SOX_SUCCESS) {
        bench_fail("libsox refuses the chain");
    }
    free(effect);
}

static sox_effects_chain_t *
make_chain(uint32_t n_bands)
{
    static const sox_encodinginfo_t encoding = {.encoding = SOX_ENCODING_SIGN2,
                                                .bits_per_sample = 32};
    static const sox_effect_handler_t source = {
        .name = "noise", .flags = SOX_EFF_MCHAN, .drain = give};
    static const sox_effect_handler_t sink = {
        .name = "nothing", .flags = SOX_EFF_MCHAN, .flow = take};
    sox_effects_chain_t *chain = sox_create_effects_chain(&encoding, &encoding);
    if (!chain) {
        bench_fail("no chain of libsox");
    }
    add(chain, &source, 0, NULL);
    for (uint32_t i = 0; i < n_bands; i++) {
        const struct bench_eq_band band = bench_eq_band(i, n_bands);
        char freq[32], width[32], gain[32];
        char *argv[] = {freq, width, gain};
        snprintf(freq, sizeof freq, "%.4f", band.freq_hz);
        snprintf(width, sizeof width, "%.3fq", band.q);
        snprintf(gain, sizeof gain, "%.2f", band.gain_db);
        add(chain, sox_find_effect("equalizer"), 3, argv);
    }
    add(chain, &sink, 0, NULL);
    return chain;
}

static void *
open_rack(uint32_t n_bands)
{
    static bool ready;
    if (!ready) {
        if (sox_init() != SOX_SUCCESS) {
            bench_fail("libsox does not begin");
        }
        sox_get_globals()->verbosity = 1;
        sox_get_globals()->use_threads = sox_false;
        ready = true;
    }
    struct rack *rack = calloc(1, sizeof *rack);
    if (!rack) {
        bench_fail("no memory");
    }
    rack->n_bands = n_bands;
    return rack;
}

static double
run_rack(void *opened, uint32_t n_blocks)
{
    const struct rack *rack = opened;
    sox_effects_chain_t *chain = make_chain(rack->n_bands);
    n_left = (size_t)n_blocks * 2 * BENCH_EQ_FRAMES;
    const uint64_t began = bench_now_ns();
    sox_flow_effects(chain, NULL, NULL);
    const uint64_t ended = bench_now_ns();
    sox_delete_effects_chain(chain);
    return (double)(ended - began);
}

const struct bench_eq_kind bench_eq_sox = {"sox equalizer", "libsox3", "constant", false,
                                           open_rack,       free,      run_rack};
