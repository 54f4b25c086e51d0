// SPDX-License-Identifier: ISC
// daemon/analysis/analyser.h — from taps to encoded spectrum and meter frames.
//
// One [worker] reads the taps, runs each distinct analysis once per frame and encodes it once per
// encoding; [main] takes encoded frames and hands the same bytes to every subscriber.  It is a
// thread that exists only while an analysis does, and sleeps without a time-out while nothing
// plays; or no thread at all: a picture or two, of a size that leaves [main] responsive, [main]
// makes in turns of its own.

#ifndef CH_ANALYSIS_ANALYSER_H
#define CH_ANALYSIS_ANALYSER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/status.h"
#include "daemon/dsp/bandmap.h"
#include "daemon/dsp/weighting.h"
#include "daemon/dsp/window.h"
#include "daemon/lockfree/clock.h"
#include "daemon/lockfree/tap.h"

enum ch_spectrum_channels { CH_SPECTRUM_MIX, CH_SPECTRUM_EACH, CH_SPECTRUM_MID_SIDE };
enum ch_encoding { CH_ENCODING_JSON, CH_ENCODING_U8, CH_ENCODING_F32 };

/// Equal specs share one analysis.  Compared with memcmp: zero the struct first.
struct ch_spectrum_spec {
    double rate_hz;    ///< frames a second, 1…120
    uint32_t n_bands;  ///< 8…512; ignored if bins or third octaves
    uint32_t fft_bins; ///< 0, or: linear bins of an FFT of 2·fft_bins (256…16384, power of two)
    double fmin_hz, fmax_hz;
    enum ch_scale scale;
    enum ch_window_kind window;
    enum ch_weighting weighting;
    enum ch_tap_point tap;
    enum ch_spectrum_channels channels;
    double smoothing_ms; ///< time constant of the exponential average of power; 0 = none
    double peak_hold_ms; ///< 0 = no peaks in the frame
    enum ch_encoding encoding;
};

struct ch_meter_spec {
    double rate_hz; ///< 1…120
};

/// One encoded frame, shared by all who get it.  Reference-counted on [main] alone.
struct ch_frame {
    uint32_t n_refs;
    uint32_t analysis;      ///< handle
    uint64_t frame;         ///< engine frame at the centre of the window (meter: the end)
    uint64_t heard_mono_ns; ///< when that is heard
    uint32_t n_bytes;
    char data[]; ///< the JSON value of "data", compact, UTF-8, not terminated
};

void ch_frame_ref(struct ch_frame *frame);   ///< [main]
void ch_frame_unref(struct ch_frame *frame); ///< [main]

struct ch_analyser;

/// What CH_BUSY means.
#define CH_ANALYSES_TOO_MANY "too many different spectra and meters; ask for one that runs already"

struct ch_analyser_config {
    uint32_t rate_hz;              ///< engine rate
    struct ch_snapshot *clock;     ///< of struct ch_clock
    void (*notify)(void *context); ///< [worker] frames wait to be taken
    void *context;
    bool takes_turns; ///< [main] calls ch_analyser_turn(); if not, there is always a thread
};

CH_NODISCARD enum ch_status ch_analyser_create(struct ch_analyser **out,
                                               const struct ch_analyser_config *config);
/// Joins the thread.  [rt] must have let go of all taps.                                    [main]
void ch_analyser_destroy(struct ch_analyser *analyser);

/// Give a tap to read, or NULL to stop reading it (returns when the worker has let go).     [main]
void ch_analyser_set_tap(struct ch_analyser *analyser, enum ch_tap_point point, struct ch_tap *tap);

/// Start (or share) an analysis; *handle names it.  The caller keeps the tap it needs alive.
/// `*description` is malloc'ed JSON for the subscriber's snapshot: centres, edges, window, ENBW.
/// CH_OUT_OF_RANGE, CH_BUSY: with a static reason in *why.                                 [main]
CH_NODISCARD enum ch_status ch_analyser_add_spectrum(struct ch_analyser *analyser,
                                                     const struct ch_spectrum_spec *spec,
                                                     uint32_t *handle, char **description,
                                                     const char **why);
CH_NODISCARD enum ch_status ch_analyser_add_meter(struct ch_analyser *analyser,
                                                  const struct ch_meter_spec *spec,
                                                  uint32_t *handle);
void ch_analyser_remove(struct ch_analyser *analyser, uint32_t handle);

/// Sound flows (or not).  When it stops, each analysis decays into its rest state, and the worker
/// sleeps until sound flows again.                                                          [main]
void ch_analyser_set_flowing(struct ch_analyser *analyser, bool flowing);

/// The device's rate changed: every analysis starts anew.                                   [main]
void ch_analyser_set_rate(struct ch_analyser *analyser, uint32_t rate_hz);

/// Integrated loudness and range of all meters begin anew.                                  [main]
void ch_analyser_reset_meters(struct ch_analyser *analyser);

/// Make what is due, or will be in early_ns, unless a thread sees to that.  Nanoseconds until the
/// next turn; UINT64_MAX if none is needed before something else is called here.           [main]
uint64_t ch_analyser_turn(struct ch_analyser *analyser, uint64_t early_ns);

/// There is a thread.                                                                       [main]
bool ch_analyser_has_thread(const struct ch_analyser *analyser);

/// The next encoded frame, or NULL; the caller owns one reference.  A spectrum, and a meter in
/// silence, makes none as long as it would be equal to the last.                            [main]
struct ch_frame *ch_analyser_take(struct ch_analyser *analyser);

/// The frame of an analysis that was taken last: what stands as long as no other comes.  Borrowed;
/// NULL = none yet.                                                                         [main]
const struct ch_frame *ch_analyser_latest(const struct ch_analyser *analyser, uint32_t handle);

#endif
