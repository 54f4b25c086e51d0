// SPDX-License-Identifier: ISC
// daemon/control/equaliser.h — the master EQ as a person set it, and what it asks of [rt].   [main]

#ifndef CH_CONTROL_EQUALISER_H
#define CH_CONTROL_EQUALISER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/units.h"
#include "daemon/dsp/eq_design.h"
#include "protocol/json.h"

struct ch_command;

struct ch_equaliser {
    struct ch_eq_band bands[CH_EQ_BANDS_MAX];
    uint32_t n_bands;
    double preamp_db; ///< as set; with preamp_auto, as computed
    bool preamp_auto; ///< minus the highest point of the curve, so that nothing grows
    bool bypass;
    enum ch_eq_design design;
    uint32_t n_sent; ///< sections that [rt] has been told of
};

/// Ten flat octave bands at the ISO centres, 31.5 Hz … 16 kHz.
void ch_equaliser_init(struct ch_equaliser *eq);

/// Compute an automatic preamp anew.  After every change.
void ch_equaliser_update(struct ch_equaliser *eq, uint32_t rate_hz);

/// The chain of commands that brings [rt] to this state: at most CH_EQ_BANDS_MAX + 1.  Returns how
/// many.
uint32_t ch_equaliser_commands(struct ch_equaliser *eq, uint32_t rate_hz,
                               struct ch_command *commands);

/// The same after a change of one band alone.
uint32_t ch_equaliser_band_commands(struct ch_equaliser *eq, uint32_t index, uint32_t rate_hz,
                                    struct ch_command *commands);

/// The curve as it runs, dB at freq_hz, preamp included.
double ch_equaliser_response_db(const struct ch_equaliser *eq, uint32_t rate_hz, double freq_hz);

/// What eq.set takes: its checks and its changes, shared with the renderer.  On failure `param` and
/// `why` (256 bytes) say what is wrong, and *eq is as before.
bool ch_equaliser_apply_json(struct ch_equaliser *eq, const cJSON *params, uint32_t rate_hz,
                             const char **param, char *why, bool *out_of_range);

/// One band from {type, freq_hz, gain_db, q, bypass}; members that are absent stay as they are.
bool ch_equaliser_band_from_json(struct ch_eq_band *band, const cJSON *object, const char **param,
                                 char *why, bool *out_of_range);

/// The members of eq.get, into an open object.
void ch_equaliser_write_members(const struct ch_equaliser *eq, struct ch_buf *buf);

#endif
