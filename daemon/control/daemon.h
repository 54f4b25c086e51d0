// SPDX-License-Identifier: ISC
// daemon/control/daemon.h — the parts of the running daemon, wired together.                 [main]

#ifndef CH_CONTROL_DAEMON_H
#define CH_CONTROL_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/control/device.h"
#include "daemon/control/equaliser.h"
#include "daemon/control/feeds.h"
#include "daemon/control/link.h"
#include "daemon/control/loudness.h"
#include "daemon/control/loudness_scans.h"
#include "daemon/control/mixer.h"
#include "daemon/control/rt_watch.h"
#include "daemon/control/server.h"
#include "daemon/control/sound_state.h"
#include "daemon/control/subscriptions.h"
#include "daemon/control/transport.h"
#include "daemon/control/tx.h"
#include "daemon/options.h"

struct ch_session;
struct ch_signals;

struct ch_daemon {
    struct ch_options options;
    uv_loop_t loop;
    uv_async_t wake; ///< any thread but [rt]: "look at your messages"
    struct ch_signals *signals;
    uv_timer_t farewell; ///< bounds the fade at the end
    uint64_t start_mono_ns;
    bool stopping;
    bool left; ///< has given everything back; only threads that still end may wake the loop
    int exit_code;

    struct ch_link link; ///< to the engine
    struct ch_device device;
    struct ch_device_lists device_lists;
    struct ch_transport transport;
    struct ch_loudness loudness;
    struct ch_scans scans;
    struct ch_mixer mixer;
    struct ch_equaliser equaliser;
    struct ch_sound_state sound_state;
    struct ch_feeds feeds;
    struct ch_topics topics;
    struct ch_txs txs;
    struct ch_rt_watches rt_watches;
    struct ch_server server;

    struct ch_session *sessions;
    uint32_t n_sessions;
    uint64_t last_session_id;
    uint64_t n_requests;
    char read_buffer[64 * 1024]; ///< of whichever session is being read
};

/// Wire everything and listen.  Says why on failure.
CH_NODISCARD enum ch_status ch_daemon_init(struct ch_daemon *daemon,
                                           const struct ch_options *options);

/// Until it is told to end; the process's exit code.
int ch_daemon_run(struct ch_daemon *daemon);

/// Fade out, close and leave the loop.
void ch_daemon_stop(struct ch_daemon *daemon);

/// On the way out: the fade is over.
void ch_daemon_silent(struct ch_daemon *daemon);

/// The device runs at rate_hz: everything that counts in frames follows.
void ch_daemon_rate_is(struct ch_daemon *daemon, uint32_t rate_hz);

/// Bring the engine's gain, limiter and EQ to what the mixer and the equaliser say.
void ch_daemon_send_sound(struct ch_daemon *daemon);

/// After run, or after a failed init: give everything back.
void ch_daemon_fini(struct ch_daemon *daemon);

#endif
