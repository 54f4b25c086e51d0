// SPDX-License-Identifier: ISC
// daemon/control/presets.h — the built-in settings of the equaliser.                    [any, pure]

#ifndef CH_CONTROL_PRESETS_H
#define CH_CONTROL_PRESETS_H

#include <stdbool.h>

struct ch_equaliser;

/// Ten octave bands at the preset's gains, with the preamp that keeps its highest point at 0 dB.
/// False if there is no such preset; *eq is as before then.
bool ch_preset_apply(struct ch_equaliser *eq, const char *name);

/// "flat, bass, …"
const char *ch_preset_names(void);

#endif
