// SPDX-License-Identifier: ISC
// daemon/control/eq_band.h — a band of the equaliser as JSON.                          [any, pure]

#ifndef CH_CONTROL_EQ_BAND_H
#define CH_CONTROL_EQ_BAND_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/dsp/eq_design.h"
#include "protocol/json.h"

/// Octave-wide: the skirts of neighbours meet at half their gain.
#define CH_EQ_OCTAVE_Q 1.41

/// Where a value is wrong: its name, why, and whether it is of the right type but out of range.
struct ch_eq_refusal {
    const char **param;
    char *why; ///< CH_EQ_WHY_BYTES
    bool *out_of_range;
};

#define CH_EQ_WHY_BYTES 256

/// Says why; always false.
bool ch_eq_refuse(const struct ch_eq_refusal *refusal, const char *name, const char *text);

/// A number of min…max.
bool ch_eq_read_number(const cJSON *value, const char *name, double min, double max, double *out,
                       const struct ch_eq_refusal *refusal);

bool ch_eq_read_bool(const cJSON *value, const char *name, bool *out,
                     const struct ch_eq_refusal *refusal);

/// One band from the members that are there; the others stay as they are, but for an order that
/// does not exist for another type, which becomes 2.
bool ch_eq_band_read(struct ch_eq_band *band, const cJSON *object,
                     const struct ch_eq_refusal *refusal);

/// An object that ch_eq_band_read() takes.
void ch_eq_band_write(const struct ch_eq_band *band, uint32_t index, struct ch_buf *buf);

#endif
