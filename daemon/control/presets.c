// SPDX-License-Identifier: ISC
// daemon/control/presets.c — eight tasteful curves on the ten ISO octaves.

#include "daemon/control/presets.h"

#include <string.h>

#include "daemon/control/equaliser.h"

#define N_OCTAVES 10

static const struct {
    const char *name;
    double gains_db[N_OCTAVES]; ///< 31.5 Hz … 16 kHz
} presets[] = {
    {"flat", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
    {"bass", {5, 5, 3.5, 1.5, 0, 0, 0, 0, 0, 0}},
    {"vocal", {-4, -3, -1.5, 0, 1.5, 2.5, 3, 2, 0.5, 0}},
    {"bright", {0, 0, 0, 0, 0, 0, 1, 2.5, 4, 4}},
    {"warm", {1.5, 2.5, 2.5, 1.5, 0.5, 0, -0.5, -1.5, -2.5, -3}},
    {"loudness", {6, 5, 3, 1, 0, 0, 0, 1, 3, 4}},
    {"speech", {-12, -9, -3, 0, 1, 2, 3, 2.5, -1, -6}},
    {"night", {-9, -6, -3, 0, 1, 1.5, 1, 0.5, -1, -2}},
};

bool
ch_preset_apply(struct ch_equaliser *eq, const char *name)
{
    for (unsigned i = 0; i < sizeof presets / sizeof *presets; i++) {
        if (!strcmp(name, presets[i].name)) {
            ch_equaliser_init(eq);
            for (unsigned band = 0; band < N_OCTAVES; band++) {
                eq->bands[band].gain_db = presets[i].gains_db[band];
            }
            eq->preamp_auto = true;
            return true;
        }
    }
    return false;
}

const char *
ch_preset_names(void)
{
    return "flat, bass, vocal, bright, warm, loudness, speech, night";
}
