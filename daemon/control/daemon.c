// SPDX-License-Identifier: ISC
// daemon/control/daemon.c — wires the parts, runs the loop, and takes them apart in reverse.

#include "daemon/control/daemon.h"

#include <string.h>

#include "daemon/base/log.h"
#include "daemon/base/units.h"
#include "daemon/control/manager.h"
#include "daemon/control/session.h"
#include "daemon/control/signals.h"
#include "daemon/media/stream.h"

#define RATE_DEFAULT_HZ 48000
/// How long the last fade may take before the door is closed all the same: it is much shorter, but
/// a device may stall for a while.
#define FAREWELL_MS 1000
/// How long decoders may take to end.
#define DECODERS_END_NS (2 * CH_NS_PER_S)

static void
on_wake(uv_async_t *async)
{
    struct ch_daemon *daemon = async->data;
    if (daemon->left) {
        return; // there is nobody left to tell
    }
    ch_device_poll(daemon);
    ch_device_lists_poll(daemon);
    ch_transport_poll(daemon);
    ch_feeds_poll(daemon);
    ch_sound_state_poll(daemon);
    ch_scans_poll(daemon);
    ch_sessions_resume(daemon);
}

// As it was, before anybody can hear or change it.
static void
begin_sound(struct ch_daemon *daemon)
{
    ch_sound_state_restore(daemon);
    if (daemon->mixer.panic) {
        daemon->mixer.n_shuts = ch_link_shut(daemon, NULL, NULL);
    }
    ch_daemon_send_sound(daemon);
}

enum ch_status
ch_daemon_init(struct ch_daemon *daemon, const struct ch_options *options)
{
    memset(daemon, 0, sizeof *daemon);
    daemon->options = *options;
    daemon->start_mono_ns = ch_os_mono_ns();
    int err = uv_loop_init(&daemon->loop);
    if (err) {
        ch_error("no event loop: %s", uv_strerror(err));
        return ch_status_from_errno(-err);
    }
    uv_async_init(&daemon->loop, &daemon->wake, on_wake);
    daemon->wake.data = daemon;
    uv_timer_init(&daemon->loop, &daemon->farewell);
    daemon->farewell.data = daemon;

    ch_device_init(daemon);
    ch_transport_init(daemon);
    ch_loudness_init(daemon);
    ch_rt_watches_init(daemon);
    ch_txs_init(daemon);
    ch_feeds_init(daemon);
    ch_equaliser_init(&daemon->equaliser);
    ch_mixer_init(&daemon->mixer, options->max_gain_db);
    ch_sound_state_init(daemon);
    daemon->signals = ch_signals_create(daemon);
    enum ch_status status = CH_NO_MEMORY;
    if (daemon->signals) {
        status = ch_link_init(daemon, options->rate_hz ? options->rate_hz : RATE_DEFAULT_HZ);
    }
    if (status == CH_OK) {
        begin_sound(daemon);
        status = ch_server_init(daemon);
        if (status == CH_OK) {
            ch_manager_listening();
        }
    } else {
        ch_error("no engine: %s", ch_strerror(status));
    }
    return status;
}

int
ch_daemon_run(struct ch_daemon *daemon)
{
    ch_device_open(daemon);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    return daemon->exit_code;
}

// --- the rate ----------------------------------------------------------------------------------

void
ch_daemon_send_sound(struct ch_daemon *daemon)
{
    const uint32_t rate_hz = ch_engine_rate(daemon->link.engine);
    struct ch_command commands[CH_CHAIN_MAX];
    ch_equaliser_update(&daemon->equaliser, rate_hz);
    ch_equaliser_forget(&daemon->equaliser);
    uint32_t n = ch_equaliser_commands(&daemon->equaliser, rate_hz, commands);
    ch_mixer_command(&daemon->mixer, 0, &commands[n++]);
    ch_mixer_limiter_command(&daemon->mixer, &commands[n++]);
    ch_link_send(daemon, commands, n, NULL, NULL);
}

static void
change_rate(struct ch_daemon *daemon, uint32_t rate_hz)
{
    const enum ch_status status = ch_engine_set_rate(daemon->link.engine, rate_hz);
    if (status != CH_OK) {
        ch_error("can't go to %u Hz: %s", rate_hz, ch_strerror(status));
    }
    ch_link_drain(daemon);
    ch_daemon_send_sound(daemon);
    if (ch_sliders_of(&daemon->equaliser) || daemon->equaliser.preamp_auto) {
        ch_topics_changed(daemon, CH_TOPIC_EQ, "device");
    }
    ch_feeds_set_rate(daemon, rate_hz);
}

void
ch_daemon_rate_is(struct ch_daemon *daemon, uint32_t rate_hz)
{
    if (rate_hz != ch_engine_rate(daemon->link.engine)) {
        ch_transport_rebuild(daemon, change_rate, rate_hz);
    }
}

// --- the end -----------------------------------------------------------------------------------

static void
close_quietly(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

// Decoders, the writer of the state and whoever asks us to end may wake the loop until they have
// ended themselves; what they wake it by only keeps it no longer.
static void
close_but_bells(uv_handle_t *handle, void *context)
{
    if (handle->type == UV_ASYNC) {
        uv_unref(handle);
    } else {
        close_quietly(handle, context);
    }
}

// No more sound: give the device back and let the loop run dry.
static void
leave(struct ch_daemon *daemon)
{
    ch_device_close(daemon);
    ch_device_lists_fini(daemon);
    ch_sessions_close_all(daemon);
    ch_feeds_fini(daemon);
    ch_scans_fini(daemon); // its thread wakes the loop
    daemon->left = true;
    // Sessions' own close callbacks are under way; what is left has none.
    uv_walk(&daemon->loop, close_but_bells, NULL);
}

static void
on_farewell(uv_timer_t *timer)
{
    leave(timer->data);
}

static void
on_no_farewell(uv_timer_t *timer)
{
    ch_info("the device has not played the last fade: it is closed in mid-sound");
    leave(timer->data);
}

void
ch_daemon_silent(struct ch_daemon *daemon)
{
    if (uv_is_active((uv_handle_t *)&daemon->farewell)) {
        // Soon, not now: the last period has to leave the device, too.
        const uint32_t rate_hz = ch_engine_rate(daemon->link.engine);
        const uint64_t two_periods_ms = 2000ull * daemon->device.info.period / rate_hz + 1;
        uv_timer_start(&daemon->farewell, on_farewell, two_periods_ms, 0);
    }
}

// On one frame, since the equaliser may ring for long after the last deck has faded out.
static void
stop_and_mute(struct ch_daemon *daemon)
{
    const struct ch_command mute = {.op = CH_COMMAND_GAIN, .gain = {.mute = true}};
    struct ch_gather gather;
    ch_link_gather(daemon, &gather);
    ch_transport_stop(daemon, NULL);
    ch_link_gathered(daemon);
    gather.commands[gather.n++] = mute;
    ch_link_send(daemon, gather.commands, gather.n, NULL, NULL);
}

void
ch_daemon_stop(struct ch_daemon *daemon)
{
    if (daemon->stopping) {
        return;
    }
    daemon->stopping = true;
    ch_manager_stopping();
    ch_server_stop(daemon);
    ch_txs_stop(daemon);
    struct ch_engine_state state;
    ch_engine_read_state(daemon->link.engine, &state);
    const bool sounds = daemon->device.running && (daemon->transport.active || !state.quiet);
    stop_and_mute(daemon);
    (void)ch_scans_cancel(daemon);
    // ch_daemon_silent() shortens it.
    if (sounds) {
        uv_timer_start(&daemon->farewell, on_no_farewell, FAREWELL_MS, 0);
    } else {
        uv_timer_start(&daemon->farewell, on_farewell, 0, 0);
    }
}

void
ch_daemon_fini(struct ch_daemon *daemon)
{
    // After a failed start nothing has run the loop yet.
    daemon->left = true;
    uv_walk(&daemon->loop, close_but_bells, NULL);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    ch_loudness_fini(daemon);
    ch_transport_fini(daemon);
    ch_sound_state_fini(daemon);
    ch_link_fini(daemon);
    ch_signals_stop(daemon->signals);
    if (ch_streams_wait_ended(DECODERS_END_NS)) {
        uv_walk(&daemon->loop, close_quietly, NULL);
        uv_run(&daemon->loop, UV_RUN_DEFAULT);
    } else {
        ch_warning("a decoder hangs; leaving it behind");
    }
    const int err = uv_loop_close(&daemon->loop);
    if (err) {
        ch_debug("the loop is not empty: %s", uv_strerror(err));
    }
    ch_signals_destroy(daemon->signals);
}
