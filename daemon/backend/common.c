// SPDX-License-Identifier: ISC
// daemon/backend/common.c — ranges and block buffers.

#include "daemon/backend/common.h"
#include "daemon/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_RATE_HZ = 48000, DEFAULT_PERIOD = 1024 };

enum ch_status
ch_backend_choose_rate(uint32_t asked_hz, uint32_t *rate_hz, char *detail)
{
    if (!asked_hz) {
        asked_hz = DEFAULT_RATE_HZ;
    }
    if (asked_hz < CH_RATE_MIN_HZ || asked_hz > CH_RATE_MAX_HZ) {
        snprintf(detail, CH_DETAIL_BYTES, "a rate of %u Hz is out of range; choose %d to %d Hz",
                 asked_hz, CH_RATE_MIN_HZ, CH_RATE_MAX_HZ);
        return CH_OUT_OF_RANGE;
    }
    *rate_hz = asked_hz;
    return CH_OK;
}

enum ch_status
ch_backend_choose_period(uint32_t asked, uint32_t min, uint32_t *period, char *detail)
{
    if (!asked) {
        asked = DEFAULT_PERIOD;
    }
    if (asked < min || asked > CH_BLOCK_MAX) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "a period of %u frames is out of range; choose %u to %d frames", asked, min,
                 CH_BLOCK_MAX);
        return CH_OUT_OF_RANGE;
    }
    *period = asked;
    return CH_OK;
}

enum ch_status
ch_backend_list_one(struct ch_device_list *out, const struct ch_device_entry *entry, char *detail)
{
    *out = (struct ch_device_list){.entries = malloc(sizeof *out->entries)};
    if (!out->entries) {
        snprintf(detail, CH_DETAIL_BYTES, "no memory for a list of devices");
        return CH_NO_MEMORY;
    }
    out->entries[0] = *entry;
    out->n = 1;
    return CH_OK;
}

enum ch_status
ch_planes_init(struct ch_planes *planes, uint32_t n_frames)
{
    // Whole vectors per plane, so that each one starts aligned.
    const size_t stride = (n_frames + 15u) & ~(size_t)15u;
    const size_t bytes = CH_CHANNELS * stride * sizeof(float);
    float *memory = ch_memory_aligned(64, bytes);
    if (!memory) {
        return CH_NO_MEMORY;
    }
    memset(memory, 0, bytes);
    for (uint32_t i = 0; i < CH_CHANNELS; i++) {
        planes->out[i] = memory + i * stride;
    }
    return CH_OK;
}

void
ch_planes_fini(struct ch_planes *planes)
{
    ch_memory_aligned_free(planes->out[0]);
    *planes = (struct ch_planes){0};
}
