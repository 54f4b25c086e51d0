// SPDX-License-Identifier: ISC
// daemon/dsp/eq_graphic.c — the layouts, and the line that their sliders draw.

#include "daemon/dsp/eq_graphic.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const double iso10_hz[] = {31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000};

static const double iso31_hz[] = {
    20,  25,   31.5, 40,   50,   63,   80,   100,  125,  160,  200,  250,   315,   400,   500,  630,
    800, 1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000, 6300, 8000, 10000, 12500, 16000, 20000};

static const double seed8_hz[] = {60, 120, 240, 480, 960, 1920, 3840, 7680};

static const struct {
    const char *name;
    const double *centres_hz;
    uint32_t n_sliders;
} layouts[] = {
    [CH_GRAPHIC_ISO10] = {"iso10", iso10_hz, sizeof iso10_hz / sizeof *iso10_hz},
    [CH_GRAPHIC_ISO31] = {"iso31", iso31_hz, sizeof iso31_hz / sizeof *iso31_hz},
    [CH_GRAPHIC_SEED8] = {"seed8", seed8_hz, sizeof seed8_hz / sizeof *seed8_hz},
};

const char *
ch_graphic_layout_name(enum ch_graphic_layout layout)
{
    return layouts[layout].name;
}

bool
ch_graphic_layout_from_name(const char *name, enum ch_graphic_layout *layout)
{
    for (uint32_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if (!strcmp(name, layouts[i].name)) {
            *layout = (enum ch_graphic_layout)i;
            return true;
        }
    }
    return false;
}

uint32_t
ch_graphic_centres(enum ch_graphic_layout layout, const double **centres_hz)
{
    if (centres_hz) {
        *centres_hz = layouts[layout].centres_hz;
    }
    return layouts[layout].n_sliders;
}

double
ch_graphic_target_db(const struct ch_graphic *graphic, double freq_hz)
{
    const double *centres_hz;
    const uint32_t n = ch_graphic_centres(graphic->layout, &centres_hz);
    uint32_t right = 0;
    while (right < n && centres_hz[right] < freq_hz) {
        right++;
    }
    if (right == 0 || right == n) {
        return graphic->gains_db[right ? n - 1 : 0];
    }
    const double part =
        log(freq_hz / centres_hz[right - 1]) / log(centres_hz[right] / centres_hz[right - 1]);
    const double left_db = graphic->gains_db[right - 1];
    return left_db + part * (graphic->gains_db[right] - left_db);
}
