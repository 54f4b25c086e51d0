// SPDX-License-Identifier: ISC
// daemon/backend/common.h — what the backends with a thread of their own share.

#ifndef CH_BACKEND_COMMON_H
#define CH_BACKEND_COMMON_H

#include <stdint.h>

#include "daemon/backend/backend.h"
#include "daemon/base/attributes.h"
#include "daemon/base/status.h"
#include "daemon/base/units.h"

/// Size of every `detail` buffer in backend.h.
#define CH_DETAIL_BYTES 256

/// 48000 Hz when nothing is asked for; CH_OUT_OF_RANGE, with the range in `detail`.
enum ch_status ch_backend_choose_rate(uint32_t asked_hz, uint32_t *rate_hz, char *detail);

/// 1024 frames when nothing is asked for; CH_OUT_OF_RANGE, with the range in `detail`.
enum ch_status ch_backend_choose_period(uint32_t asked, uint32_t min, uint32_t *period,
                                        char *detail);

/// A list of a single device: a copy of it.
enum ch_status ch_backend_list_one(struct ch_device_list *out, const struct ch_device_entry *entry,
                                   char *detail);

/// Buffers for one block.
struct ch_planes {
    float *out[CH_CHANNELS]; ///< out[0] is the start of one allocation
};

/// Every page is touched, so that the first block does not fault.
CH_NODISCARD enum ch_status ch_planes_init(struct ch_planes *planes, uint32_t n_frames);
void ch_planes_fini(struct ch_planes *planes);

#endif
