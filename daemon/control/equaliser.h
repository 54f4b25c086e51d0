// SPDX-License-Identifier: ISC
// daemon/control/equaliser.h — the master EQ as a person set it, and what it asks of [rt].   [main]

#ifndef CH_CONTROL_EQUALISER_H
#define CH_CONTROL_EQUALISER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/units.h"
#include "daemon/control/eq_presets.h"
#include "daemon/control/eq_rack.h"
#include "daemon/control/sliders.h"
#include "daemon/dsp/eq_design.h"
#include "protocol/json.h"

struct ch_command;

struct ch_equaliser {
    struct ch_eq_band bands[CH_EQ_BANDS_MAX];
    uint32_t n_bands;
    double preamp_db; ///< as set; with preamp_auto, as computed
    bool preamp_auto; ///< minus the highest point of the curve, so that nothing grows
    bool bypass, bypass_left, bypass_right;
    enum ch_eq_design design;
    struct ch_sliders sliders;    ///< that the bands came from, if they did
    struct ch_preset_mark preset; ///< that was loaded last
    struct ch_eq_rack rack;       ///< what [rt] has been told
};

/// Ten flat octave bands at the ISO centres, 31.5 Hz … 16 kHz, which sliders stand for.
void ch_equaliser_init(struct ch_equaliser *eq);

/// After every change, and at another rate: an automatic preamp and the bands of sliders anew.
void ch_equaliser_update(struct ch_equaliser *eq, uint32_t rate_hz);

/// The chain of commands that brings [rt] to this state, as far as it differs from what it was told
/// last: 1 to CH_EQ_SECTIONS_MAX + 1.  Returns how many.
uint32_t ch_equaliser_commands(struct ch_equaliser *eq, uint32_t rate_hz,
                               struct ch_command *commands);

/// [rt] may have forgotten: the next chain says all of it.
void ch_equaliser_forget(struct ch_equaliser *eq);

#define CH_EQUALISER_TOO_STEEP                                                                     \
    "filters of high order and tilts need too many sections: 32 beyond the first of each band"

/// Whether there are sections enough to run the bands; nobody may set bands for which it is false.
bool ch_equaliser_fits(const struct ch_equaliser *eq);

/// The channels that the whole equaliser leaves alone: a mask.
uint32_t ch_equaliser_bypass(const struct ch_equaliser *eq);

/// The sections that one channel runs through.
struct ch_eq_curve {
    double preamp_db;
    uint32_t rate_hz;
    uint32_t n_sections;
    struct ch_eq_section section[CH_EQ_BANDS_MAX * CH_EQ_BAND_SECTIONS_MAX];
};

/// `channel` is CH_EQ_LEFT or CH_EQ_RIGHT.
void ch_equaliser_curve(const struct ch_equaliser *eq, uint32_t channel, uint32_t rate_hz,
                        struct ch_eq_curve *curve);

/// dB at freq_hz, of the coefficients as they run, preamp included.
double ch_eq_curve_db(const struct ch_eq_curve *curve, double freq_hz);

/// Whether both channels have the same curve.
bool ch_equaliser_channels_agree(const struct ch_equaliser *eq);

/// One point of the left channel's curve.
double ch_equaliser_response_db(const struct ch_equaliser *eq, uint32_t rate_hz, double freq_hz);

/// What eq.set takes: its checks and its changes, shared with the renderer.  On failure `param` and
/// `why` (256 bytes) say what is wrong, and *eq is as before.
bool ch_equaliser_apply_json(struct ch_equaliser *eq, const cJSON *params, uint32_t rate_hz,
                             const char **param, char *why, bool *out_of_range);

/// One band from the members that are there (see eq_band.h).
bool ch_equaliser_band_from_json(struct ch_eq_band *band, const cJSON *object, const char **param,
                                 char *why, bool *out_of_range);

/// The members of eq.get, into an open object.
void ch_equaliser_write_members(const struct ch_equaliser *eq, struct ch_buf *buf);

#endif
