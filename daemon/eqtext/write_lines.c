// SPDX-License-Identifier: ISC
// daemon/eqtext/write_lines.c — "Filter 1: ON PK Fc …", for Equalizer APO and for REW.
//
// Stacks and tilts are written as the filters they are made of.  Neither program has filters of
// first order among its lines but REW, which has passes.

#include "daemon/eqtext/internal.h"

struct lines {
    FILE *out;
    struct ch_eqtext_notes *notes;
    bool rew;
    uint32_t n;        ///< filters written
    unsigned channels; ///< that the lines are for now
};

static const char *
type_name(const struct ch_eq_band *band, bool rew)
{
    const bool first = band->order == 1;
    switch (band->type) {
    case CH_EQ_PEAK:
        return "PK";
    case CH_EQ_LOW_SHELF:
        return rew && band->slope == 0.0 ? "LSQ" : "LSC";
    case CH_EQ_HIGH_SHELF:
        return rew && band->slope == 0.0 ? "HSQ" : "HSC";
    case CH_EQ_LOW_PASS:
        return first ? (rew ? "LP1" : NULL) : "LPQ";
    case CH_EQ_HIGH_PASS:
        return first ? (rew ? "HP1" : NULL) : "HPQ";
    case CH_EQ_BAND_PASS:
        return rew ? NULL : "BP";
    case CH_EQ_NOTCH:
        return "NO";
    case CH_EQ_ALL_PASS:
        return first ? NULL : "AP";
    case CH_EQ_TILT:
    case CH_EQ_TYPES:
        break;
    }
    return NULL;
}

static void
write_filter(struct lines *lines, const struct ch_eq_band *band, const char *name)
{
    const bool shelf = band->type == CH_EQ_LOW_SHELF || band->type == CH_EQ_HIGH_SHELF;
    fprintf(lines->out, "Filter %u: %s %s", ++lines->n, band->bypass ? "OFF" : "ON", name);
    if (shelf && band->slope > 0.0) {
        fprintf(lines->out, " %.10g dB", 12.0 * band->slope);
    }
    fprintf(lines->out, " Fc %.10g Hz", band->freq_hz);
    if (shelf || band->type == CH_EQ_PEAK) {
        fprintf(lines->out, " Gain %.10g dB", band->gain_db);
    }
    if (!(shelf && band->slope > 0.0) && band->order != 1) {
        fprintf(lines->out, " Q %.10g", band->q);
    }
    fputc('\n', lines->out);
}

static bool
set_channels(struct lines *lines, const struct ch_eq_band *band, int index)
{
    static const char *const names[] = {"", "L", "R", "all"};
    const unsigned channels = ch_eqtext_channels(band);
    if (channels == lines->channels) {
        return true;
    }
    if (lines->rew || !channels) {
        ch_eqtext_unsaid(lines->notes, index, "%s",
                         channels ? "the format knows no channels" : "it is for no channel");
        return false;
    }
    fprintf(lines->out, "Channel: %s\n", names[channels]);
    lines->channels = channels;
    return true;
}

static void
write_bands(struct lines *lines, const struct ch_eqtext_rack *rack)
{
    for (uint32_t i = 0; i < rack->n_bands; i++) {
        struct ch_eq_band stage[CH_EQ_BAND_SECTIONS_MAX];
        const uint32_t n = ch_eq_stages_from_band(&rack->bands[i], stage);
        bool said = true;
        if (rack->bands[i].slope > 0.0) {
            stage[0] = rack->bands[i]; // of which its stage is one by Q
        }
        for (uint32_t k = 0; k < n; k++) {
            said &= type_name(&stage[k], lines->rew) != NULL;
        }
        if (!said) {
            ch_eqtext_unsaid(lines->notes, (int)i, "the format has no such filter");
        } else if (set_channels(lines, &rack->bands[i], (int)i)) {
            ch_eqtext_lower_stages(rack, (int)i, stage, n, lines->notes);
            for (uint32_t k = 0; k < n; k++) {
                stage[k].bypass = rack->bands[i].bypass;
                write_filter(lines, &stage[k], type_name(&stage[k], lines->rew));
            }
        }
    }
}

void
ch_eqtext_write_apo(FILE *out, const struct ch_eqtext_rack *rack, struct ch_eqtext_notes *notes)
{
    struct lines lines = {.out = out, .notes = notes, .channels = CH_EQ_BOTH};
    fprintf(out, "Preamp: %.10g dB\n", rack->preamp_db);
    write_bands(&lines, rack);
}

void
ch_eqtext_write_rew(FILE *out, const struct ch_eqtext_rack *rack, struct ch_eqtext_notes *notes)
{
    struct lines lines = {.out = out, .notes = notes, .rew = true, .channels = CH_EQ_BOTH};
    fputs("Filter Settings file\n\nNotes:\n\nEqualiser: Generic\nchant\n", out);
    if (rack->preamp_db != 0.0) {
        ch_eqtext_unsaid(notes, -1, "the format has no preamp: set %.4g dB by hand",
                         rack->preamp_db);
    }
    write_bands(&lines, rack);
}
