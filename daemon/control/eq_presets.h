// SPDX-License-Identifier: ISC
// daemon/control/eq_presets.h — settings of the equaliser that have a name.          [any, pure]
//
// The built-in ones are here, those of the user in preset_store.h.  A preset is bands (or sliders),
// their design and a preamp; bypass is not part of it.  Which one was loaded is remembered together
// with the bands it became: as long as the equaliser has these, it has that name.

#ifndef CH_CONTROL_EQ_PRESETS_H
#define CH_CONTROL_EQ_PRESETS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/units.h"
#include "daemon/dsp/eq_design.h"
#include "daemon/dsp/eq_graphic.h"
#include "protocol/json.h"

struct ch_equaliser;

#define CH_PRESET_NAME_CHARACTERS 64
#define CH_PRESET_NAME_BYTES      241 ///< with ".json" it is still the name of a file

struct ch_preset_mark {
    char name[CH_PRESET_NAME_BYTES]; ///< "": none
    struct ch_eq_band bands[CH_EQ_BANDS_MAX];
    uint32_t n_bands;
    enum ch_eq_design design;
    bool is_graphic; ///< the bands follow the sample rate, so the sliders are compared instead
    struct ch_graphic graphic;
};

struct ch_preset_builtin {
    const char *name, *description;
    uint32_t n_bands;
    struct ch_eq_band bands[5];
};

/// Ended by an entry without a name.
extern const struct ch_preset_builtin ch_preset_builtins[];

/// NULL if it is not built in.
const struct ch_preset_builtin *ch_preset_find(const char *name);

/// The bands of a built-in preset, with the preamp that keeps the highest point at 0 dB; bypass
/// stays.  False if there is no such preset; *eq is as before then.
bool ch_preset_apply(struct ch_equaliser *eq, const char *name);

/// "flat, bass, …"
const char *ch_preset_names(void);

/// What the equaliser has now is this preset.
void ch_preset_mark(struct ch_equaliser *eq, const char *name);

/// The preset that it still is, or NULL.
const char *ch_preset_of(const struct ch_equaliser *eq);

#endif
