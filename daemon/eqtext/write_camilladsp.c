// SPDX-License-Identifier: ISC
// daemon/eqtext/write_camilladsp.c — filters and a pipeline for CamillaDSP, version 2 or later.

#include <math.h>

#include "daemon/eqtext/camilla_filter.h"

static void
write_pass(FILE *out, const struct ch_eq_band *band)
{
    const char *side = band->type == CH_EQ_LOW_PASS ? "Lowpass" : "Highpass";
    switch (band->family) {
    case CH_EQ_BUTTERWORTH:
    case CH_EQ_LINKWITZ_RILEY:
        fprintf(out, "type: BiquadCombo\n    parameters: {type: %s%s, freq: %.10g, order: %u}\n",
                band->family == CH_EQ_BUTTERWORTH ? "Butterworth" : "LinkwitzRiley", side,
                band->freq_hz, band->order);
        return;
    case CH_EQ_BY_Q:
    case CH_EQ_FAMILIES:
        break;
    }
    if (band->order == 1) {
        fprintf(out, "type: Biquad\n    parameters: {type: %sFO, freq: %.10g}\n", side,
                band->freq_hz);
    } else {
        fprintf(out, "type: Biquad\n    parameters: {type: %s, freq: %.10g, q: %.10g}\n", side,
                band->freq_hz, band->q);
    }
}

static void
write_by_q(FILE *out, const char *type, const struct ch_eq_band *band)
{
    fprintf(out, "type: Biquad\n    parameters: {type: %s, freq: %.10g, q: %.10g}\n", type,
            band->freq_hz, band->q);
}

static void
write_with_gain(FILE *out, const char *type, const struct ch_eq_band *band)
{
    const bool by_slope = band->slope > 0.0;
    fprintf(out, "type: Biquad\n    parameters: {type: %s, freq: %.10g, gain: %.10g, %s: %.10g}\n",
            type, band->freq_hz, band->gain_db, by_slope ? "slope" : "q",
            by_slope ? 12.0 * band->slope : band->q);
}

static void
write_band(FILE *out, const struct ch_eq_band *band)
{
    switch (band->type) {
    case CH_EQ_PEAK:
        write_with_gain(out, "Peaking", band);
        return;
    case CH_EQ_LOW_SHELF:
        write_with_gain(out, "Lowshelf", band);
        return;
    case CH_EQ_HIGH_SHELF:
        write_with_gain(out, "Highshelf", band);
        return;
    case CH_EQ_LOW_PASS:
    case CH_EQ_HIGH_PASS:
        write_pass(out, band);
        return;
    case CH_EQ_BAND_PASS:
        write_by_q(out, "Bandpass", band);
        return;
    case CH_EQ_NOTCH:
        write_by_q(out, "Notch", band);
        return;
    case CH_EQ_ALL_PASS:
        if (band->order == 1) {
            fprintf(out, "type: Biquad\n    parameters: {type: AllpassFO, freq: %.10g}\n",
                    band->freq_hz);
        } else {
            write_by_q(out, "Allpass", band);
        }
        return;
    case CH_EQ_TILT:
        fprintf(out, "type: BiquadCombo\n    parameters: {type: Tilt, gain: %.10g}\n",
                band->gain_db);
        return;
    case CH_EQ_TYPES:
        return;
    }
}

// A tilt about another frequency is the two shelves it is made of.
static bool
in_stages(const struct ch_eq_band *band)
{
    return band->type == CH_EQ_TILT && fabs(band->freq_hz - CH_CAMILLA_TILT_HZ) > 0.001;
}

static uint32_t
stages_of(const struct ch_eq_band *band, struct ch_eq_band stage[CH_EQ_BAND_SECTIONS_MAX])
{
    if (in_stages(band)) {
        return ch_eq_stages_from_band(band, stage);
    }
    stage[0] = *band;
    return 1;
}

/// `index` is what each was before those of no channel went.
static void
write_filters(FILE *out, const struct ch_eqtext_rack *rack, const int *index,
              struct ch_eqtext_notes *notes)
{
    fprintf(out,
            "filters:\n  preamp:\n    type: Gain\n    parameters: {gain: %.10g, inverted: false}\n",
            rack->preamp_db);
    for (uint32_t i = 0; i < rack->n_bands; i++) {
        struct ch_eq_band stage[CH_EQ_BAND_SECTIONS_MAX];
        const uint32_t n = stages_of(&rack->bands[i], stage);
        ch_eqtext_lower_stages(rack, index[i], stage, n, notes);
        for (uint32_t k = 0; k < n; k++) {
            fprintf(out, "  band%u%s:\n    ", i, k ? "b" : "");
            write_band(out, &stage[k]);
        }
    }
}

// Neighbours that are for the same channels, and on or off, share a step.
static bool
same_step(const struct ch_eq_band *a, const struct ch_eq_band *b)
{
    return ch_eqtext_channels(a) == ch_eqtext_channels(b) && a->bypass == b->bypass;
}

static void
write_pipeline(FILE *out, const struct ch_eqtext_rack *rack)
{
    static const char *const channels[] = {"", "0", "1", "0, 1"};
    fputs("\npipeline:\n  - type: Filter\n    channels: [0, 1]\n    names: [preamp]\n", out);
    for (uint32_t i = 0; i < rack->n_bands;) {
        const struct ch_eq_band *first = &rack->bands[i];
        const uint32_t begin = i;
        fprintf(out, "  - type: Filter\n    channels: [%s]\n%s    names: [",
                channels[ch_eqtext_channels(first)], first->bypass ? "    bypassed: true\n" : "");
        for (; i < rack->n_bands && same_step(first, &rack->bands[i]); i++) {
            fprintf(out, "%sband%u", i > begin ? ", " : "", i);
            if (in_stages(&rack->bands[i])) {
                fprintf(out, ", band%ub", i);
            }
        }
        fputs("]\n", out);
    }
}

void
ch_eqtext_write_camilladsp(FILE *out, const struct ch_eqtext_rack *rack,
                           struct ch_eqtext_notes *notes)
{
    struct ch_eqtext_rack said = *rack;
    struct ch_eq_band bands[CH_EQ_BANDS_MAX];
    int index[CH_EQ_BANDS_MAX];
    said.bands = bands;
    said.n_bands = 0;
    for (uint32_t i = 0; i < rack->n_bands; i++) {
        if (ch_eqtext_channels(&rack->bands[i])) {
            index[said.n_bands] = (int)i;
            bands[said.n_bands++] = rack->bands[i];
        } else {
            ch_eqtext_unsaid(notes, (int)i, "it is for no channel");
        }
    }
    write_filters(out, &said, index, notes);
    write_pipeline(out, &said);
}
