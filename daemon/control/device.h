// SPDX-License-Identifier: ISC
// daemon/control/device.h — keeps a backend open, starts and stops it, gets it back.         [main]
//
// CLOSED → OPENING → OPEN ⇄ running, and from OPEN to LOST, which tries again after 100, 200, …
// 2000 ms, or as often as the backend wants while somebody listens.  What plays waits meanwhile,
// and goes on where it was.  Open and close may block, so
// they happen on a helper thread for backends that can.

#ifndef CH_CONTROL_DEVICE_H
#define CH_CONTROL_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/backend/backend.h"
#include "daemon/base/os.h"
#include "daemon/engine/engine_setup.h"
#include "protocol/json.h"

struct ch_daemon;
struct ch_request;

#define CH_DEVICE_LISTS_MAX 4 ///< backends of a build

struct ch_device_asker;

/// What backends have answered to device.list, and who waits for it.
struct ch_device_lists {
    struct ch_device_asker *being_answered, *waiting;
    const struct ch_backend_ops *skipped; ///< is open, and not asked
    struct ch_thread helper;
    bool helping;
    _Atomic bool helped; ///< set by the helper when it has done
    struct ch_device_answer {
        const struct ch_backend_ops *ops;
        struct ch_device_list list;
        enum ch_status status;
        char detail[256];
    } answers[CH_DEVICE_LISTS_MAX];
};

enum ch_device_state { CH_DEVICE_CLOSED, CH_DEVICE_OPENING, CH_DEVICE_OPEN, CH_DEVICE_LOST };

struct ch_device {
    enum ch_device_state state;
    const struct ch_backend_ops *ops; ///< being opened, or open
    struct ch_backend *backend;       ///< NULL unless open
    struct ch_backend_info info;      ///< the latest known
    bool running;                     ///< started: the callback runs
    bool wanted;                      ///< something plays
    bool ever_open;
    bool fresh;          ///< not started since it was opened, or found at another rate
    bool probing;        ///< auto: trying jack first
    uv_timer_t retry;    ///< LOST: when to try again
    uv_timer_t rest;     ///< nothing plays: when to stop
    uint32_t n_failures; ///< in a row
    uint32_t n_losses;
    uint64_t n_server_xruns; ///< of backends that were closed since, losses of a server included
    uint64_t n_other_losses; ///< of devices that are no servers
    uint64_t server_xrun_ns; ///< when it was the last time; 0 = never
    uint64_t other_loss_ns;
    char detail[256]; ///< the latest reason for not being open

    // the helper thread
    struct ch_thread helper;
    bool helping;
    _Atomic bool helped;         ///< set by the helper when it has done
    struct ch_backend *opened;   ///< what it got
    struct ch_backend *to_close; ///< what it is to close first
    enum ch_status opened_status;
    char opened_detail[256]; ///< why it got nothing

    // from any thread but [rt]
    _Atomic bool lost, changed, moved;
};

/// Handles only: may not fail.
void ch_device_init(struct ch_daemon *daemon);

/// Begin to open what the options say.  Reports by ch_device_poll() later, or before it returns.
void ch_device_open(struct ch_daemon *daemon);

/// The wake-up has come: look what the backend or the helper has to say.
void ch_device_poll(struct ch_daemon *daemon);

/// Something plays and needs the callback, or nothing does (it is stopped a while later).
void ch_device_want(struct ch_daemon *daemon, bool wanted);

/// Stop and close, for good.
void ch_device_close(struct ch_daemon *daemon);

/// Something can be played on it, or will be in a moment, as it is being opened for the first time.
bool ch_device_usable(const struct ch_device *device);
/// Answer NO_DEVICE with the reason.
void ch_device_refuse(const struct ch_device *device, struct ch_request *request);

/// Ask the backend, if one is open, how things are.
void ch_device_refresh(struct ch_device *device);

/// What servers and devices have missed, but for what the engine's account knows.
void ch_device_xruns(const struct ch_device *device, struct ch_engine_incidents *server,
                     struct ch_engine_incidents *other);

const char *ch_device_backend_name(const struct ch_daemon *daemon);
/// "running" or "standing" for one that is open, else what topic `device` says.
const char *ch_device_motion_name(const struct ch_device *device);

/// The wake-up has come: answer device.list if its helper has done.
void ch_device_lists_poll(struct ch_daemon *daemon);
/// Wait for the helper; nobody is left waiting.
void ch_device_lists_fini(struct ch_daemon *daemon);

/// The value of topic `device`.
void ch_device_write(struct ch_daemon *daemon, struct ch_buf *buf);

#endif
