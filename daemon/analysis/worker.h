// SPDX-License-Identifier: ISC
// daemon/analysis/worker.h — what analyses, and what it shares with [main].
//
// [main] builds analyses and sends them down in commands; the worker runs them, sends encoded
// frames up, and gives back what it has let go of.  [main] frees: FFTW's planner is used by no
// other thread.  Three rings, no lock.
//
// The worker is a thread, or, while its work is small, [main] itself, which then has the part of
// both: waking a thread and being woken by it costs several times what the picture does.

#ifndef CH_ANALYSIS_WORKER_H
#define CH_ANALYSIS_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/analysis/analyser.h"
#include "daemon/analysis/meter.h"
#include "daemon/analysis/spectrum.h"
#include "daemon/base/attributes.h"
#include "daemon/base/os.h"
#include "daemon/base/status.h"
#include "daemon/lockfree/ring.h"

#define CH_ANALYSES_MAX    64 ///< different ones at a time
#define CH_WORKER_COMMANDS 64
#define CH_WORKER_FRAMES   64 ///< that wait for [main]; then the newest is dropped
/// Whatever was retired since [main] last looked was named by a command that it sent since.
#define CH_WORKER_RETIRED (2 * CH_WORKER_COMMANDS)

struct ch_analysis {
    // constant
    uint32_t handle;
    double rate_hz; ///< frames a second
    enum ch_tap_point tap;
    struct ch_spectrum *spectrum; ///< either this
    struct ch_meter *meter;       ///< or that; owned
    uint32_t capacity;            ///< bytes of draft and of sent, which are owned
    // [worker]
    uint64_t due_ns;
    uint64_t last_ns; ///< when it last ran; 0 = never
    bool resting;     ///< its rest state has been sent
    char *draft;      ///< where frames are encoded
    char *sent;       ///< the last one that was sent
    uint32_t n_sent;  ///< bytes of it; 0 = none yet
};

void ch_analysis_destroy(struct ch_analysis *analysis); ///< [main]

enum ch_worker_verb {
    CH_WORKER_ADD,
    CH_WORKER_REMOVE,  ///< analysis is retired
    CH_WORKER_REPLACE, ///< analysis is retired, `other` takes its place
    CH_WORKER_TAP,
    CH_WORKER_FLOWING,
    CH_WORKER_RATE,
    CH_WORKER_RESET, ///< what all meters have integrated
    CH_WORKER_QUIT
};

struct ch_worker_command {
    enum ch_worker_verb verb;
    enum ch_tap_point point;
    uint32_t value; ///< flowing, rate
    struct ch_analysis *analysis, *other;
    struct ch_tap *tap;
};

/// Reads one tap.                                                                          [worker]
struct ch_tap_reader {
    struct ch_tap *tap; ///< NULL counts as silence
    uint64_t n_read, n_dropped;
    uint64_t position;  ///< engine frame after the newest that was read
    uint64_t n_silent;  ///< frames of silence made up since then
    uint64_t filled_ns; ///< up to when sound or silence is there
};

struct ch_worker {
    // set while no thread runs
    struct ch_snapshot *clock;
    void (*notify)(void *context);
    void *context;
    struct ch_thread thread; ///< none while [main] is the worker

    // shared, each end named
    struct ch_ring commands;   ///< main → worker
    struct ch_ring frames;     ///< worker → main, struct ch_frame *
    struct ch_ring retired;    ///< worker → main, struct ch_analysis *
    struct ch_event wake;      ///< main → worker: there are commands
    struct ch_event done;      ///< worker → main: n_done has changed
    _Atomic uint64_t n_done;   ///< commands carried out
    _Atomic uint32_t notified; ///< main knows of frames and has not taken all

    // [worker], or whoever starts it
    uint32_t rate_hz;
    uint64_t n_pushes; ///< of sound or silence into analyses, ever
    bool flowing;
    bool slept;          ///< for no other reason than that nothing was due
    bool alone;          ///< a thread: [main] has to be told of frames
    uint64_t stopped_ns; ///< when sound last stopped flowing
    uint64_t epoch_ns;   ///< all analyses' frames are due at multiples of their period from here
    struct ch_tap_reader reader[CH_TAP_POINTS];
    uint32_t n_analyses;
    struct ch_analysis *analysis[CH_ANALYSES_MAX];

    struct ch_worker_command command_storage[CH_WORKER_COMMANDS];
    struct ch_frame *frame_storage[CH_WORKER_FRAMES];
    struct ch_analysis *retired_storage[CH_WORKER_RETIRED];
};

/// On zeroed memory.                                                                         [main]
CH_NODISCARD enum ch_status ch_worker_init(struct ch_worker *worker);
void ch_worker_fini(struct ch_worker *worker); ///< [main] the thread has ended

/// Begin with nothing to analyse; with rate_hz, flowing and the readers' taps set.           [main]
void ch_worker_begin(struct ch_worker *worker);

/// From here on it is a thread, until CH_WORKER_QUIT; then [main] is it again.               [main]
CH_NODISCARD enum ch_status ch_worker_start(struct ch_worker *worker);

/// Carry out what was commanded; false if that was to end.                                 [worker]
bool ch_worker_obey(struct ch_worker *worker);

/// Analyse what is due, or will be in early_ns; nanoseconds until the next turn, or
/// CH_WAIT_FOREVER if only a command can make something due.                               [worker]
uint64_t ch_worker_turn(struct ch_worker *worker, uint64_t early_ns);

#endif
