// SPDX-License-Identifier: ISC
// daemon/control/sliders.h — the graphic layout that the bands of the equaliser were made from.
//                                                                                          [main]
//
// It is remembered together with the bands that it became.  As long as the equaliser has these, it
// is what the sliders show; once anybody has changed a band or the design, there are no sliders.

#ifndef CH_CONTROL_SLIDERS_H
#define CH_CONTROL_SLIDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/dsp/eq_graphic.h"
#include "protocol/json.h"

struct ch_equaliser;
struct ch_eq_refusal;

struct ch_sliders {
    bool set;
    struct ch_graphic graphic;
    uint32_t rate_hz; ///< that `bands` are for
    struct ch_eq_band bands[CH_GRAPHIC_SLIDERS_MAX];
};

/// In place of all bands, and of the design: what the sliders say.
void ch_sliders_set(struct ch_equaliser *eq, const struct ch_graphic *graphic, uint32_t rate_hz);

/// The bands of *eq are sliders of this layout, all at 0 dB.
void ch_sliders_claim_flat(struct ch_equaliser *eq, enum ch_graphic_layout layout);

/// The bands of *eq were made from these sliders, at a rate that is not known.  False if
/// their number is another one.
bool ch_sliders_claim(struct ch_equaliser *eq, const struct ch_graphic *graphic);

/// NULL if the bands are not those of sliders.
const struct ch_graphic *ch_sliders_of(const struct ch_equaliser *eq);

/// At another rate the same sliders are other bands.
void ch_sliders_follow_rate(struct ch_equaliser *eq, uint32_t rate_hz);

/// {layout, gains_db}: without a layout the one there is, without gains flat.
bool ch_sliders_read(const struct ch_equaliser *eq, const cJSON *params, struct ch_graphic *graphic,
                     const struct ch_eq_refusal *refusal);

/// "graphic": {layout, centres_hz, gains_db} or null, into an open object.
void ch_sliders_write_member(const struct ch_equaliser *eq, struct ch_buf *buf);

/// "layouts": what layouts there are and where their sliders stand, into an open object.
void ch_sliders_write_layouts(struct ch_buf *buf);

#endif
