// SPDX-License-Identifier: ISC
// daemon/control/sound_state.h — mixer, limiter, equaliser, loudness as they were.        [main]
//
// Kept in one JSON file, a second after a change and at the end; restored before the first sound,
// with a gain that is never above what the options allow for that.  Written by a thread of its own
// for as long as that takes: a slow disk keeps nobody waiting, and while nothing changes nothing
// runs.  A file that makes no sense is set aside and said, and the daemon begins anew.

#ifndef CH_CONTROL_SOUND_STATE_H
#define CH_CONTROL_SOUND_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

#include "daemon/base/os.h"
#include "protocol/json.h"

struct ch_daemon;

struct ch_sound_state {
    char *path;       ///< owned; NULL = nothing is kept
    uv_timer_t timer; ///< runs from a change until it is written
    bool changed;     ///< since the text of the writer was made
    bool warned;      ///< of a failure to write: once is enough

    // the writer
    struct ch_thread writer;
    bool writing;
    _Atomic bool written; ///< it has done
    struct ch_buf text;
    enum ch_status status;
    char detail[256];
};

/// Handles only: may not fail.
void ch_sound_state_init(struct ch_daemon *daemon);

/// What was kept becomes the state of mixer and equaliser; the engine is not told.
void ch_sound_state_restore(struct ch_daemon *daemon);

/// The mixer, the equaliser or the settings of loudness have changed.
void ch_sound_state_changed(struct ch_daemon *daemon);

/// The wake-up has come: has the writer done?
void ch_sound_state_poll(struct ch_daemon *daemon);

/// Write what is not written yet, and wait for it.
void ch_sound_state_fini(struct ch_daemon *daemon);

#endif
