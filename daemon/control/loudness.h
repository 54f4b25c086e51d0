// SPDX-License-Identifier: ISC
// daemon/control/loudness.h — how loud pieces are to be, and who waits to hear it.           [main]
//
// The settings go with each item to its decoder, which finds the gain (media/loudness_resolve.h).
// What was decoded by older settings is exchanged (exchange.h); `rev` tells one from the other.

#ifndef CH_CONTROL_LOUDNESS_H
#define CH_CONTROL_LOUDNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/media/loudness_gain.h"
#include "protocol/json.h"

#define CH_LOUDNESS_TARGET_MIN_LUFS (-40.0)
#define CH_LOUDNESS_TARGET_MAX_LUFS (-5.0)
#define CH_LOUDNESS_PREAMP_MIN_DB   (-24.0)
#define CH_LOUDNESS_PREAMP_MAX_DB   12.0

struct ch_daemon;
struct ch_item;
struct ch_request;

struct ch_loudness {
    struct ch_loudness_settings settings;
    bool scan_played; ///< what is played and not known is scanned, for the next time
    uint32_t rev;     ///< counts changes of what a gain depends on
    struct ch_loudness_waiter {
        struct ch_loudness_waiter *next;
        struct ch_request *request;
        uint32_t rev;          ///< it waits until this is heard
    } * waiters, *last_waiter; ///< by rev; the last one means nothing if there is none
};

void ch_loudness_init(struct ch_daemon *daemon);
void ch_loudness_fini(struct ch_daemon *daemon);

/// What goes with an item to its decoder.
void ch_loudness_fill_order(struct ch_daemon *daemon, const struct ch_item *item,
                            struct ch_loudness_order *order);

/// Answer `request` when settings as they are now are heard; without memory at once.
void ch_loudness_wait(struct ch_daemon *daemon, struct ch_request *request);
/// Settings up to `rev` are heard since `frame` (0 = nothing sounds): answer who waits for them.
void ch_loudness_heard(struct ch_daemon *daemon, uint32_t rev, uint64_t frame, uint64_t mono_ns);

/// Tell subscribers of topic `loudness`; without a request the player is the cause.
void ch_loudness_changed(struct ch_daemon *daemon, const struct ch_request *request);

/// Of the settings, into an open object: what loudness.set takes.
void ch_loudness_write_settings(const struct ch_loudness *loudness, struct ch_buf *buf);
/// False if there is no mode of this name (NULL is none).
bool ch_loudness_mode_from_name(const char *name, enum ch_loudness_mode *mode);

/// The value of topic `loudness`: members into an open object.
void ch_loudness_write_members(struct ch_daemon *daemon, struct ch_buf *buf);
/// Gain, origin and basis, as an object.
void ch_loudness_write_applied(const struct ch_loudness_applied *applied, struct ch_buf *buf);

#endif
