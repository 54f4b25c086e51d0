// SPDX-License-Identifier: ISC
// bench/rig.h — an engine with streams in it that never end, called as a backend calls it.

#ifndef CH_BENCH_RIG_H
#define CH_BENCH_RIG_H

#include <stdbool.h>
#include <stdint.h>

#define BENCH_RATE_HZ 48000

/// What is in the rings of the streams.
enum bench_signal {
    BENCH_NOISE, ///< -18 dBFS
    BENCH_FAINT, ///< -200 dBFS: not silence, though nobody hears it
    BENCH_ZEROS, ///< a stream that runs and says nothing
};

struct bench_chain {
    const char *name;
    uint32_t n_streams;
    enum bench_signal signal;
    uint32_t n_bands; ///< of the equaliser
    bool limiting;    ///< a ceiling that the noise exceeds; else it stays at 0 dBFS
    bool taps;        ///< at all points
};

struct bench_rig;

struct bench_rig *bench_rig_open(const struct bench_chain *chain);
void bench_rig_close(struct bench_rig *rig);

/// Fill the streams and empty the taps and the events: enough for the next BENCH_RIG_FRAMES.
void bench_rig_refill(struct bench_rig *rig);
#define BENCH_RIG_FRAMES 65536

/// One callback, as a backend does it, that began at `now_ns`.
void bench_rig_call(struct bench_rig *rig, uint32_t n_frames, uint64_t now_ns);

/// The same calls, and nothing in them: the control.
void bench_empty_call(struct bench_rig *rig, uint32_t n_frames, uint64_t now_ns);

#endif
