// SPDX-License-Identifier: ISC
// daemon/dsp/eq_voice.h — one time-invariant section at rest; private to eq*.c.                [rt]

#ifndef CH_DSP_EQ_VOICE_H
#define CH_DSP_EQ_VOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/dsp/eq.h"

/// A voice at rest, arrived.
CH_RT void ch_eq_voice_init(struct ch_eq_voice *voice, const struct ch_eq_section *section,
                            uint32_t identity);

/// Whether both filter alike.
CH_RT bool ch_eq_voice_same(const struct ch_eq_voice *a, const struct ch_eq_voice *b);

CH_RT void ch_eq_voice_clear(struct ch_eq_voice *voice);

/// Whether m0 can be left to a gain before all sections: it is far from what the product of them
/// cannot hold.
CH_RT bool ch_eq_voice_scalable(const struct ch_eq_voice *voice);

CH_RT void ch_eq_voice_scale(struct ch_eq_voice *voice, const double by[CH_CHANNELS]);

/// Bound of what its states, which are multiplied by `scale`, can still put out by themselves, in
/// one sample.
CH_RT double ch_eq_voice_level(const struct ch_eq_voice *voice, const double scale[CH_CHANNELS]);

/// States that nothing can hear any more become zero, before they become denormal; so do states
/// that are not finite, and then it returns false.
CH_RT bool ch_eq_voice_tidy(struct ch_eq_voice *voice, const double scale[CH_CHANNELS]);

#endif
