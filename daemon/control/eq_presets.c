// SPDX-License-Identifier: ISC
// daemon/control/eq_presets.c — eight curves, each of a few wide bands.
//
// loudness is what the contours of equal loudness of ISO 226:2003 ask for at 60 phon of what was
// mixed at 75: their difference, 1 kHz at 0 dB, within half a dB from 20 Hz to 12.5 kHz.

#include "daemon/control/eq_presets.h"

#include <string.h>

#include "daemon/control/equaliser.h"

// clang-format off
#define BAND(kind, hz, db, width) \
    {.type = (kind), .freq_hz = (hz), .gain_db = (db), .q = (width), .order = 2}
// clang-format on
#define PEAK(hz, db, width) BAND(CH_EQ_PEAK, hz, db, width)
#define LOW(hz, db, width)  BAND(CH_EQ_LOW_SHELF, hz, db, width)
#define HIGH(hz, db, width) BAND(CH_EQ_HIGH_SHELF, hz, db, width)
#define HIGH_PASS(hz)       BAND(CH_EQ_HIGH_PASS, hz, 0, 0.7071)

const struct ch_preset_builtin ch_preset_builtins[] = {
    {"flat", "ten octaves at 0 dB", 0, {{0}}},
    {"bass",
     "more below 120 Hz, a little less at 300 Hz, where it would boom",
     2,
     {LOW(90, 5, 0.7), PEAK(300, -1, 0.9)}},
    {"vocal",
     "voices in front: less bass, more around 2.5 kHz",
     3,
     {LOW(140, -3, 0.7), PEAK(320, -1, 1), PEAK(2500, 3, 0.7)}},
    {"bright", "a high shelf of 4 dB above 6 kHz", 1, {HIGH(6000, 4, 0.6)}},
    {"warm",
     "more below 250 Hz, less above 5 kHz, gently",
     2,
     {LOW(220, 2.5, 0.6), HIGH(5000, -3, 0.6)}},
    {"loudness",
     "for low levels: bass and treble after the contours of equal loudness, ISO 226, 60 for 75 "
     "phon",
     3,
     {LOW(86, 7.1, 0.41), LOW(435, 1.3, 0.83), HIGH(10000, 2.5, 1.2)}},
    {"speech",
     "words: nothing below 90 Hz, less boom, more around 2.8 kHz, less hiss",
     4,
     {HIGH_PASS(90), PEAK(240, -2, 0.8), PEAK(2800, 3.5, 0.7), HIGH(8500, -3, 0.7)}},
    {"night",
     "bass that stays in the room, and speech that is understood in it",
     3,
     {LOW(110, -8, 0.7), PEAK(2400, 2.5, 0.6), HIGH(9000, -2, 0.7)}},
    {NULL, NULL, 0, {{0}}},
};

const struct ch_preset_builtin *
ch_preset_find(const char *name)
{
    for (const struct ch_preset_builtin *preset = ch_preset_builtins; preset->name; preset++) {
        if (!strcmp(name, preset->name)) {
            return preset;
        }
    }
    return NULL;
}

bool
ch_preset_apply(struct ch_equaliser *eq, const char *name)
{
    const struct ch_preset_builtin *preset = ch_preset_find(name);
    if (!preset) {
        return false;
    }
    if (preset->n_bands) {
        memcpy(eq->bands, preset->bands, preset->n_bands * sizeof *eq->bands);
        eq->n_bands = preset->n_bands;
    } else {
        struct ch_equaliser flat;
        ch_equaliser_init(&flat);
        memcpy(eq->bands, flat.bands, sizeof eq->bands);
        eq->n_bands = flat.n_bands;
    }
    eq->design = CH_EQ_MATCHED;
    eq->preamp_auto = true;
    ch_preset_mark(eq, name);
    return true;
}

const char *
ch_preset_names(void)
{
    return "flat, bass, vocal, bright, warm, loudness, speech, night";
}

// --- which one it is ---------------------------------------------------------------------------

void
ch_preset_mark(struct ch_equaliser *eq, const char *name)
{
    struct ch_preset_mark *mark = &eq->preset;
    const struct ch_graphic *graphic = ch_sliders_of(eq);
    memset(mark, 0, sizeof *mark);
    strncpy(mark->name, name, sizeof mark->name - 1);
    memcpy(mark->bands, eq->bands, sizeof mark->bands);
    mark->n_bands = eq->n_bands;
    mark->design = eq->design;
    mark->is_graphic = graphic != NULL;
    if (graphic) {
        mark->graphic = *graphic;
    }
}

static bool
same_band(const struct ch_eq_band *a, const struct ch_eq_band *b)
{
    return a->type == b->type && a->freq_hz == b->freq_hz && a->gain_db == b->gain_db &&
           a->q == b->q && a->slope == b->slope && a->order == b->order && a->family == b->family &&
           a->bypass == b->bypass && a->bypass_left == b->bypass_left &&
           a->bypass_right == b->bypass_right;
}

static bool
same_sliders(const struct ch_graphic *a, const struct ch_graphic *b)
{
    bool same = a->layout == b->layout;
    for (uint32_t i = 0; same && i < ch_graphic_centres(a->layout, NULL); i++) {
        same = a->gains_db[i] == b->gains_db[i];
    }
    return same;
}

const char *
ch_preset_of(const struct ch_equaliser *eq)
{
    const struct ch_preset_mark *mark = &eq->preset;
    if (!*mark->name) {
        return NULL;
    }
    if (mark->is_graphic) {
        const struct ch_graphic *graphic = ch_sliders_of(eq);
        return graphic && same_sliders(graphic, &mark->graphic) ? mark->name : NULL;
    }
    bool same = eq->n_bands == mark->n_bands && eq->design == mark->design;
    for (uint32_t i = 0; same && i < eq->n_bands; i++) {
        same = same_band(&eq->bands[i], &mark->bands[i]);
    }
    return same ? mark->name : NULL;
}
