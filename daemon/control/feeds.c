// SPDX-License-Identifier: ISC
// daemon/control/feeds.c — the life of taps and of the analyser, and the way of its frames.

#include "daemon/control/feeds.h"

#include "daemon/base/log.h"
#include "daemon/control/daemon.h"

/// Seconds of sound that a tap holds: the worker looks many times a second.
#define TAP_S 0.5

/// The meter measures what leaves the daemon.
#define METER_TAP CH_TAP_OUTPUT

/// The loop's timers have milliseconds, and a turn that finds nothing due would be one more.
#define NS_PER_MS (CH_NS_PER_S / 1000)
#define EARLY_NS  NS_PER_MS

// Any thread but [rt].
static void
on_frames(void *context)
{
    struct ch_daemon *daemon = context;
    uv_async_send(&daemon->wake);
}

static void
on_turn(uv_timer_t *timer)
{
    struct ch_daemon *daemon = timer->data;
    if (!daemon->feeds.analyser) {
        return;
    }
    const uint64_t wait_ns = ch_analyser_turn(daemon->feeds.analyser, EARLY_NS);
    if (wait_ns != UINT64_MAX) {
        const uint64_t wait_ms = wait_ns / NS_PER_MS;
        uv_update_time(&daemon->loop);
        uv_timer_start(timer, on_turn, wait_ms, 0);
        ch_link_look_within(daemon, wait_ms);
    }
    ch_feeds_poll(daemon);
}

/// What is due may be another thing than before.
static void
rouse(struct ch_daemon *daemon)
{
    uv_timer_start(&daemon->feeds.turn, on_turn, 0, 0);
}

void
ch_feeds_init(struct ch_daemon *daemon)
{
    uv_timer_init(&daemon->loop, &daemon->feeds.turn);
    daemon->feeds.turn.data = daemon;
}

static void
send_tap(struct ch_daemon *daemon, struct ch_tap *tap, enum ch_tap_point point)
{
    struct ch_command command = {.op = CH_COMMAND_TAP, .tap = {.tap = tap, .point = point}};
    ch_link_send(daemon, &command, 1, NULL, NULL);
}

static void
attach(struct ch_daemon *daemon, enum ch_tap_point point)
{
    struct ch_feed_tap *feed = &daemon->feeds.taps[point];
    const double n_frames = TAP_S * ch_engine_rate(daemon->link.engine);
    feed->tap = ch_tap_create((uint32_t)n_frames);
    if (!feed->tap) {
        ch_error("out of memory for a spectrum's tap");
        return;
    }
    ch_analyser_set_tap(daemon->feeds.analyser, point, feed->tap);
    send_tap(daemon, feed->tap, point);
}

static void
use_tap(struct ch_daemon *daemon, enum ch_tap_point point)
{
    struct ch_feed_tap *feed = &daemon->feeds.taps[point];
    feed->n_users++;
    if (!feed->tap && !feed->leaving) {
        attach(daemon, point);
    }
}

const struct ch_frame *
ch_feeds_latest_frame(const struct ch_daemon *daemon, uint32_t analysis)
{
    const struct ch_analyser *analyser = daemon->feeds.analyser;
    return analyser ? ch_analyser_latest(analyser, analysis) : NULL;
}

static void
close_if_unused(struct ch_daemon *daemon)
{
    struct ch_feeds *feeds = &daemon->feeds;
    for (int i = 0; i < CH_TAP_POINTS; i++) {
        if (feeds->taps[i].n_users || feeds->taps[i].tap) {
            return;
        }
    }
    ch_analyser_destroy(feeds->analyser);
    feeds->analyser = NULL;
    feeds->flowing = false;
    uv_timer_stop(&feeds->turn);
}

static enum ch_status
need_analyser(struct ch_daemon *daemon)
{
    struct ch_feeds *feeds = &daemon->feeds;
    if (feeds->analyser) {
        return CH_OK;
    }
    const struct ch_analyser_config config = {
        .rate_hz = ch_engine_rate(daemon->link.engine),
        .clock = ch_engine_clock_snapshot(daemon->link.engine),
        .notify = on_frames,
        .context = daemon,
        .takes_turns = true,
    };
    const enum ch_status status = ch_analyser_create(&feeds->analyser, &config);
    if (status == CH_OK) {
        const bool moves = daemon->transport.state == CH_PLAYING && daemon->device.running;
        feeds->flowing = moves;
        ch_analyser_set_flowing(feeds->analyser, moves);
    }
    return status;
}

enum ch_status
ch_feeds_add_spectrum(struct ch_daemon *daemon, const struct ch_spectrum_spec *spec,
                      uint32_t *analysis, char **description, const char **why)
{
    *why = "out of memory";
    enum ch_status status = need_analyser(daemon);
    if (status == CH_OK) {
        status = ch_analyser_add_spectrum(daemon->feeds.analyser, spec, analysis, description, why);
        if (status == CH_OK) {
            use_tap(daemon, spec->tap);
            rouse(daemon);
        } else {
            close_if_unused(daemon);
        }
    }
    return status;
}

enum ch_status
ch_feeds_add_meter(struct ch_daemon *daemon, const struct ch_meter_spec *spec, uint32_t *analysis)
{
    enum ch_status status = need_analyser(daemon);
    if (status == CH_OK) {
        status = ch_analyser_add_meter(daemon->feeds.analyser, spec, analysis);
        if (status == CH_OK) {
            use_tap(daemon, METER_TAP);
            rouse(daemon);
        } else {
            close_if_unused(daemon);
        }
    }
    return status;
}

void
ch_feeds_remove(struct ch_daemon *daemon, uint32_t analysis, enum ch_tap_point point)
{
    struct ch_feeds *feeds = &daemon->feeds;
    struct ch_feed_tap *feed = &feeds->taps[point];
    if (!feeds->analyser) {
        return; // the daemon is on its way out
    }
    ch_analyser_remove(feeds->analyser, analysis);
    rouse(daemon);
    if (--feed->n_users == 0 && feed->tap && !feed->leaving) {
        feed->leaving = true;
        send_tap(daemon, NULL, point);
    } else {
        close_if_unused(daemon);
    }
}

void
ch_feeds_on_tap_released(struct ch_daemon *daemon, struct ch_tap *tap, enum ch_tap_point point)
{
    struct ch_feeds *feeds = &daemon->feeds;
    struct ch_feed_tap *feed = &feeds->taps[point];
    if (feeds->analyser) {
        ch_analyser_set_tap(feeds->analyser, point, NULL);
    }
    ch_tap_destroy(tap);
    feed->tap = NULL;
    feed->leaving = false;
    if (feed->n_users) {
        attach(daemon, point); // somebody came while it was on its way back
    } else if (feeds->analyser) {
        close_if_unused(daemon);
    }
}

void
ch_feeds_set_flowing(struct ch_daemon *daemon, bool flowing)
{
    struct ch_feeds *feeds = &daemon->feeds;
    if (feeds->analyser && feeds->flowing != flowing) {
        feeds->flowing = flowing;
        ch_analyser_set_flowing(feeds->analyser, flowing);
        rouse(daemon);
    }
}

bool
ch_feeds_flowing(const struct ch_daemon *daemon)
{
    return daemon->feeds.flowing;
}

void
ch_feeds_set_rate(struct ch_daemon *daemon, uint32_t rate_hz)
{
    if (daemon->feeds.analyser) {
        ch_analyser_set_rate(daemon->feeds.analyser, rate_hz);
        rouse(daemon);
    }
}

void
ch_feeds_reset_meters(struct ch_daemon *daemon)
{
    if (daemon->feeds.analyser) {
        ch_analyser_reset_meters(daemon->feeds.analyser);
    }
}

void
ch_feeds_poll(struct ch_daemon *daemon)
{
    struct ch_frame *frame;
    while (daemon->feeds.analyser && (frame = ch_analyser_take(daemon->feeds.analyser))) {
        ch_topics_frame(daemon, frame); // may close the last client, and the analyser with it
        ch_frame_unref(frame);
    }
}

void
ch_feeds_fini(struct ch_daemon *daemon)
{
    struct ch_feeds *feeds = &daemon->feeds;
    for (int i = 0; i < CH_TAP_POINTS; i++) {
        feeds->taps[i].n_users = 0;
        if (feeds->taps[i].tap && !feeds->taps[i].leaving) {
            feeds->taps[i].leaving = true;
            send_tap(daemon, NULL, (enum ch_tap_point)i);
        }
    }
    ch_link_drain(daemon);
    if (feeds->analyser) {
        ch_analyser_destroy(feeds->analyser);
        feeds->analyser = NULL;
    }
}
