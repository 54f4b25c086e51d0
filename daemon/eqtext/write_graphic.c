// SPDX-License-Identifier: ISC
// daemon/eqtext/write_graphic.c — the curve at 127 frequencies: all a graphic equaliser can say.

#include <math.h>

#include "daemon/eqtext/internal.h"

/// Evenly spread by their logarithm from 20 Hz to 20 kHz, as AutoEq has them.
#define POINTS  127
#define LOW_HZ  20.0
#define HIGH_HZ 20000.0

static void
write_curve(FILE *out, const struct ch_eqtext_rack *rack, unsigned channel)
{
    struct ch_eq_section sections[CH_EQTEXT_SECTIONS_MAX];
    const uint32_t n = ch_eqtext_sections(rack->bands, rack->n_bands, rack->design, rack->rate_hz,
                                          channel, sections);
    fputs("GraphicEQ:", out);
    for (int i = 0; i < POINTS; i++) {
        const double wanted_hz = LOW_HZ * pow(HIGH_HZ / LOW_HZ, i / (POINTS - 1.0));
        const double freq_hz = fmin(wanted_hz, 0.49 * rack->rate_hz);
        const double db =
            rack->preamp_db + ch_eqtext_sections_db(sections, n, rack->rate_hz, freq_hz);
        fprintf(out, "%s %.7g %.4f", i ? ";" : "", wanted_hz, fmax(db, -120.0));
    }
    fputc('\n', out);
}

void
ch_eqtext_write_graphic(FILE *out, const struct ch_eqtext_rack *rack, struct ch_eqtext_notes *notes)
{
    bool alike = true;
    for (uint32_t i = 0; i < rack->n_bands; i++) {
        const struct ch_eq_band *band = &rack->bands[i];
        if (band->bypass) {
            ch_eqtext_unsaid(notes, (int)i, "it is bypassed, and a curve is what is heard");
        }
        alike &= band->bypass_left == band->bypass_right;
    }
    if (alike) {
        write_curve(out, rack, CH_EQ_LEFT);
        return;
    }
    fputs("Channel: L\n", out);
    write_curve(out, rack, CH_EQ_LEFT);
    fputs("Channel: R\n", out);
    write_curve(out, rack, CH_EQ_RIGHT);
}
