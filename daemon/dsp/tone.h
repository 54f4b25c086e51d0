// SPDX-License-Identifier: ISC
// daemon/dsp/tone.h — test signals.                                    [any, deterministic]

#ifndef CH_DSP_TONE_H
#define CH_DSP_TONE_H

#include <stdbool.h>
#include <stdint.h>

#define CH_TONE_MAP(X)                                                                             \
    X(SINE, "sine")                                                                                \
    X(SQUARE, "square")                                                                            \
    X(SAW, "saw")                                                                                  \
    X(TRIANGLE, "triangle")                                                                        \
    X(WHITE, "white")                                                                              \
    X(PINK, "pink")                                                                                \
    X(BROWN, "brown")                                                                              \
    X(SWEEP, "sweep")                                                                              \
    X(IMPULSE, "impulse")                                                                          \
    X(MULTITONE, "multitone")

enum ch_tone_kind {
#define X(id, name) CH_TONE_##id,
    CH_TONE_MAP(X)
#undef X
        CH_TONE_KINDS
};

struct ch_tone_spec {
    enum ch_tone_kind kind;
    double freq_hz;  ///< periodic kinds; sweep: where it starts; impulse: how many a second;
                     ///< noise and multitone (octaves from 31.25 Hz) have none
    double end_hz;   ///< sweep: where it ends
    double level_db; ///< peak, dBFS (noise: RMS of a full-scale sine = 0 dB).  Of the ideal shape:
                     ///< band-limited squares and saws ripple up to 1.5 dB above it
    double duration_s; ///< 0 = for ever; a sweep takes this long (10 s if 0) and repeats
};

/// Large enough for every kind; its fields are private to tone.c.
struct ch_tone {
    struct ch_tone_spec spec;
    uint32_t rate_hz;
    uint64_t position; ///< frames made
    double phase[16];
    double state[16];
    double gain;
    uint64_t seed;
};

bool ch_tone_kind_from_name(const char *name, enum ch_tone_kind *kind);

/// Square, saw and triangle are band-limited (no partial above rate/2 stronger than -60 dB).
void ch_tone_init(struct ch_tone *tone, const struct ch_tone_spec *spec, uint32_t rate_hz);

/// Interleaved stereo; both channels alike, but for noise, where they are independent.
/// Returns frames made: fewer than asked only at the end of duration_s.
uint32_t ch_tone_run(struct ch_tone *tone, float *stereo, uint32_t n_frames);

/// Go to a frame.  Noise starts a new sequence there.
void ch_tone_seek(struct ch_tone *tone, uint64_t frame);

#endif
