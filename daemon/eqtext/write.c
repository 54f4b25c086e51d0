// SPDX-License-Identifier: ISC
// daemon/eqtext/write.c — what all writers begin with.

#include <math.h>

#include "daemon/eqtext/internal.h"

/// Of the sample rate: the highest frequency that is designed.
#define FREQ_TOP 0.49

unsigned
ch_eqtext_channels(const struct ch_eq_band *band)
{
    return (band->bypass_left ? 0 : CH_EQ_LEFT) | (band->bypass_right ? 0 : CH_EQ_RIGHT);
}

void
ch_eqtext_lower_stages(const struct ch_eqtext_rack *rack, int index, struct ch_eq_band *stage,
                       uint32_t n, struct ch_eqtext_notes *notes)
{
    const double top_hz = FREQ_TOP * rack->rate_hz;
    bool lowered = false;
    for (uint32_t i = 0; i < n; i++) {
        lowered |= stage[i].freq_hz > top_hz;
        stage[i].freq_hz = fmin(stage[i].freq_hz, top_hz);
    }
    if (lowered) {
        ch_eqtext_unsaid(notes, index,
                         "above half the sample rate it is written as it runs, at %g Hz", top_hz);
    }
}

void
ch_eqtext_write(FILE *out, const struct ch_eqtext_rack *rack, enum ch_eqtext_format format,
                struct ch_eqtext_notes *notes)
{
    if (rack->design == CH_EQ_MATCHED && format != CH_EQTEXT_GRAPHIC) {
        ch_eqtext_unsaid(notes, -1,
                         "other programs use the design \"rbj\": the same bands sound "
                         "a little different above 5 kHz or so");
    }
    switch (format) {
    case CH_EQTEXT_AUTO:
    case CH_EQTEXT_APO:
        ch_eqtext_write_apo(out, rack, notes);
        break;
    case CH_EQTEXT_GRAPHIC:
        ch_eqtext_write_graphic(out, rack, notes);
        break;
    case CH_EQTEXT_REW:
        ch_eqtext_write_rew(out, rack, notes);
        break;
    case CH_EQTEXT_CAMILLADSP:
        ch_eqtext_write_camilladsp(out, rack, notes);
        break;
    }
}
