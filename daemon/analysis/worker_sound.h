// SPDX-License-Identifier: ISC
// daemon/analysis/worker_sound.h — how sound gets to the analyses.  [worker]

#ifndef CH_ANALYSIS_WORKER_SOUND_H
#define CH_ANALYSIS_WORKER_SOUND_H

#include <stdint.h>

#include "daemon/analysis/worker.h"

/// Read this tap from now on; NULL is silence.
void ch_worker_attach(struct ch_tap_reader *reader, struct ch_tap *tap);

/// Bring every analysis up to now: as far as a device that takes single frames would have got.
void ch_worker_pump(struct ch_worker *worker, uint64_t now_ns);

#endif
