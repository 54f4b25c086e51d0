// SPDX-License-Identifier: ISC
// daemon/control/device.c — the backend's supervisor.

#include "daemon/control/device.h"

#include <stdio.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/control/daemon.h"
#include "daemon/control/play.h"
#include "daemon/control/request.h"
#include "daemon/control/systemd.h"

#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 2000
#define REST_MS      1000 ///< of silence before the device is stopped

static void
tell_all(struct ch_daemon *daemon)
{
    ch_topics_changed(daemon, CH_TOPIC_DEVICE, "device");
    ch_topics_changed(daemon, CH_TOPIC_SERVER, "device");
    ch_rt_watches_wake(daemon);
}

static void begin_open(struct ch_daemon *daemon);
static void retry_later(struct ch_daemon *daemon);

// Any thread but [rt].
static void
on_backend_event(void *context, enum ch_backend_event event)
{
    struct ch_daemon *daemon = context;
    switch (event) {
    case CH_BACKEND_LOST:
        atomic_store(&daemon->device.lost, true);
        break;
    case CH_BACKEND_CHANGED:
        atomic_store(&daemon->device.changed, true);
        break;
    case CH_BACKEND_MOVED:
        atomic_store(&daemon->device.moved, true);
        break;
    }
    uv_async_send(&daemon->wake);
}

// --- running -----------------------------------------------------------------------------------

static void
start_running(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    if (device->running || device->state != CH_DEVICE_OPEN) {
        return;
    }
    // Where somebody listens from the start the gain rises from nothing.
    const bool ramps_in = device->fresh && device->ops->always_on;
    if (ramps_in) {
        daemon->mixer.n_shuts = ch_link_shut(daemon, NULL, NULL);
    }
    ch_transport_before_start(daemon);
    // A file is written as fast as it goes: what waits for a frame has to be in the engine by then.
    const bool races = device->ops == &ch_backend_file;
    if (races) {
        ch_link_set_running(daemon, true);
    }
    char detail[256] = "";
    const enum ch_status status = device->ops->start(device->backend, daemon->link.engine, detail);
    if (status != CH_OK) {
        if (races) {
            ch_link_set_running(daemon, false);
        }
        ch_error("%s: can't start: %s", device->ops->name, *detail ? detail : ch_strerror(status));
        atomic_store(&device->lost, true);
        uv_async_send(&daemon->wake);
        return;
    }
    device->running = true;
    device->fresh = false;
    if (!races) {
        ch_link_set_running(daemon, true);
    }
    if (ramps_in) {
        struct ch_command command;
        ch_mixer_command(&daemon->mixer, 0, &command);
        ch_link_send(daemon, &command, 1, NULL, NULL);
    }
    ch_rt_watches_wake(daemon);
    ch_transport_after_start(daemon);
}

static void
stop_running(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    if (device->running) {
        device->ops->stop(device->backend);
        device->running = false;
        ch_link_set_running(daemon, false);
        ch_feeds_set_flowing(daemon, false);
        ch_transport_update_flow(daemon);
    }
}

static void
on_rest(uv_timer_t *timer)
{
    struct ch_daemon *daemon = timer->data;
    struct ch_device *device = &daemon->device;
    struct ch_engine_state state;
    ch_engine_read_state(daemon->link.engine, &state);
    if (device->wanted || (device->ops && device->ops->always_on)) {
        uv_timer_stop(timer);
    } else if (state.quiet || !device->running) {
        uv_timer_stop(timer);
        stop_running(daemon);
    }
}

void
ch_device_want(struct ch_daemon *daemon, bool wanted)
{
    struct ch_device *device = &daemon->device;
    const bool newly = wanted && !device->wanted;
    device->wanted = wanted;
    if (wanted) {
        uv_timer_stop(&device->rest);
        start_running(daemon);
        if (newly && device->state == CH_DEVICE_LOST) {
            retry_later(daemon); // sooner than before
        }
    } else if (device->running && !device->ops->always_on) {
        // Again and again until the last tail has gone.
        uv_timer_start(&device->rest, on_rest, REST_MS, REST_MS);
    }
}

// --- opening -----------------------------------------------------------------------------------

static struct ch_backend_config
config_for(struct ch_daemon *daemon)
{
    const struct ch_options *options = &daemon->options;
    return (struct ch_backend_config){
        .device = options->device,
        .rate_hz = options->rate_hz,
        .period = options->period,
        .exclusive = options->exclusive,
        .connect = options->connect,
        .format = options->format,
        .dither = options->dither,
        .on_event = on_backend_event,
        .context = daemon,
    };
}

// What is to be closed goes first.
static void
open_now(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    if (device->to_close) {
        device->ops->close(device->to_close);
        device->to_close = NULL;
    }
    // What the one before has said no longer counts; this one may speak before open() returns.
    atomic_store(&device->lost, false);
    atomic_store(&device->changed, false);
    atomic_store(&device->moved, false);
    const struct ch_backend_config config = config_for(daemon);
    device->opened_detail[0] = 0;
    device->opened_status = device->ops->open(&device->opened, &config, device->opened_detail);
}

// The helper thread.
static void
help(void *context)
{
    struct ch_daemon *daemon = context;
    open_now(daemon);
    atomic_store(&daemon->device.helped, true);
    uv_async_send(&daemon->wake);
}

static void
on_retry(uv_timer_t *timer)
{
    begin_open(timer->data);
}

static void
retry_later(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    uint64_t delay_ms = RETRY_MIN_MS;
    for (uint32_t i = 1; i < device->n_failures && delay_ms < RETRY_MAX_MS; i++) {
        delay_ms *= 2;
    }
    if (delay_ms > RETRY_MAX_MS) {
        delay_ms = RETRY_MAX_MS;
    }
    // Somebody listens, or is about to, and wants to hear it again as soon as it is back.
    const bool awaited = device->wanted || daemon->transport.state == CH_PAUSED;
    if (awaited && device->ops->retry_ms && delay_ms > device->ops->retry_ms) {
        delay_ms = device->ops->retry_ms;
    }
    uv_timer_start(&device->retry, on_retry, delay_ms, 0);
}

static void
on_open_failed(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    memcpy(device->detail, device->opened_detail, sizeof device->detail);
    if (device->probing) {
        ch_debug("auto: %s", device->detail);
        device->probing = false;
        device->ops = &ch_backend_null;
        begin_open(daemon);
        return;
    }
    device->n_failures++;
    const bool may_come =
        device->ever_open || (device->ops->waits_for & 1u << device->opened_status);
    if (!may_come) {
        ch_error("%s", device->detail);
        device->state = CH_DEVICE_CLOSED;
        daemon->exit_code = 1;
        ch_daemon_stop(daemon);
        return;
    }
    if (device->n_failures == 1 && !device->ever_open) {
        ch_warning("%s; trying again until it does", device->detail);
    }
    device->state = CH_DEVICE_LOST;
    tell_all(daemon);
    ch_transport_device_failed(daemon, device->detail);
    retry_later(daemon);
}

static void
on_opened(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    device->backend = device->opened;
    device->opened = NULL;
    device->probing = false;
    device->ops->get_info(device->backend, &device->info);
    device->state = CH_DEVICE_OPEN;
    device->fresh = true;
    device->n_failures = 0;
    device->detail[0] = 0;
    const bool again = device->ever_open;
    device->ever_open = true;
    ch_info("%s: %s %s at %u Hz, %u frames a period", device->ops->name,
            again ? "playing again on" : "playing on", device->info.device, device->info.rate_hz,
            device->info.period);
    ch_daemon_rate_is(daemon, device->info.rate_hz);
    tell_all(daemon);
    if (device->wanted || device->ops->always_on) {
        start_running(daemon);
    }
    ch_transport_device_opened(daemon);
    ch_systemd_ready(daemon);
}

static void
begin_open(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    if (device->helping || daemon->stopping) {
        return;
    }
    device->state = CH_DEVICE_OPENING;
    device->opened = NULL;
    if (device->ops->may_block) {
        atomic_store(&device->helped, false);
        if (ch_thread_start(&device->helper, "chant-device", CH_STACK_WORKER, help, daemon) ==
            CH_OK) {
            device->helping = true;
            return;
        }
    }
    open_now(daemon);
    if (device->opened_status == CH_OK) {
        on_opened(daemon);
    } else {
        on_open_failed(daemon);
    }
}

void
ch_device_init(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    uv_timer_init(&daemon->loop, &device->retry);
    uv_timer_init(&daemon->loop, &device->rest);
    device->retry.data = daemon;
    device->rest.data = daemon;
}

void
ch_device_open(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    device->ops = ch_backend_find(daemon->options.backend);
    if (!device->ops) {
        // auto: where Windows has a device or will have one, that; else a server, else none
        device->ops = ch_backend_find("wasapi");
        if (!device->ops) {
            device->ops = ch_backend_find("jack");
            device->probing = device->ops != NULL;
        }
        if (!device->ops) {
            device->ops = &ch_backend_null;
        }
    }
    begin_open(daemon);
}

// --- losing and changing -----------------------------------------------------------------------

// The backend is about to go, and what it has counted with it.
static void
keep_counts(struct ch_device *device)
{
    ch_device_refresh(device);
    device->n_server_xruns += device->info.n_server_xruns;
    if (device->info.server_xrun_ns > device->server_xrun_ns) {
        device->server_xrun_ns = device->info.server_xrun_ns;
    }
    device->info.n_server_xruns = 0;
}

static void
count_loss(struct ch_device *device)
{
    const uint64_t now_ns = ch_os_mono_ns();
    keep_counts(device);
    device->n_losses++;
    if (device->ops->always_on) {
        device->n_server_xruns++;
        device->server_xrun_ns = now_ns;
    } else {
        device->n_other_losses++;
        device->other_loss_ns = now_ns;
    }
}

// By the helper, before it opens anew; at once if it takes no time.
static void
close_later(struct ch_device *device)
{
    if (device->ops->may_block) {
        device->to_close = device->backend;
    } else {
        device->ops->close(device->backend);
    }
    device->backend = NULL;
}

static void
on_lost(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    if (device->running) {
        count_loss(device); // else it has not started at all
    }
    snprintf(device->detail, sizeof device->detail, "%s: %s has gone", device->ops->name,
             device->info.device);
    ch_warning("%s; playing on when it is back", device->detail);
    stop_running(daemon);
    device->state = CH_DEVICE_LOST;
    close_later(device);
    tell_all(daemon);
    retry_later(daemon);
}

// What plays goes on at once on the device that is the default now, whatever its rate.
static void
on_moved(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    keep_counts(device);
    stop_running(daemon);
    close_later(device);
    begin_open(daemon);
    tell_all(daemon);
}

static void
on_changed(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    ch_device_refresh(device);
    // Not what was known of the device before: somebody may have read it anew a moment ago.
    if (device->info.rate_hz != ch_engine_rate(daemon->link.engine)) {
        ch_info("%s: the rate is now %u Hz", device->ops->name, device->info.rate_hz);
        stop_running(daemon);
        device->fresh = true;
        ch_daemon_rate_is(daemon, device->info.rate_hz);
        start_running(daemon);
        ch_transport_device_opened(daemon);
    }
    tell_all(daemon);
}

void
ch_device_poll(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    if (device->helping && atomic_load(&device->helped)) {
        ch_thread_join(&device->helper);
        device->helping = false;
        if (device->opened_status != CH_OK) {
            on_open_failed(daemon);
        } else if (daemon->stopping) {
            device->ops->close(device->opened);
        } else {
            on_opened(daemon);
        }
    }
    // Of one that is not open yet it is looked at when it is.
    if (device->state == CH_DEVICE_OPEN && atomic_exchange(&device->lost, false)) {
        on_lost(daemon);
    }
    if (device->state == CH_DEVICE_OPEN && atomic_exchange(&device->moved, false)) {
        on_moved(daemon);
    }
    if (device->state == CH_DEVICE_OPEN && atomic_exchange(&device->changed, false)) {
        on_changed(daemon);
    }
}

void
ch_device_close(struct ch_daemon *daemon)
{
    struct ch_device *device = &daemon->device;
    uv_timer_stop(&device->retry);
    uv_timer_stop(&device->rest);
    if (device->helping) {
        ch_thread_join(&device->helper);
        device->helping = false;
        if (device->opened_status == CH_OK && device->opened) {
            device->ops->close(device->opened);
        }
    }
    stop_running(daemon);
    if (device->backend) {
        device->ops->close(device->backend);
        device->backend = NULL;
    }
    if (device->to_close) {
        device->ops->close(device->to_close);
        device->to_close = NULL;
    }
    device->state = CH_DEVICE_CLOSED;
}

bool
ch_device_usable(const struct ch_device *device)
{
    return device->state == CH_DEVICE_OPEN ||
           (device->state == CH_DEVICE_OPENING && !device->ever_open && !device->n_failures);
}

void
ch_device_refuse(const struct ch_device *device, struct ch_request *request)
{
    ch_request_fail(request, CH_RPC_NO_DEVICE, NULL, "%s",
                    *device->detail ? device->detail : "no audio device is open");
}

// --- what is known of it -------------------------------------------------------------------------

static const char *
state_name(const struct ch_device *device)
{
    static const char *const states[] = {
        [CH_DEVICE_CLOSED] = "closed",
        [CH_DEVICE_OPENING] = "opening",
        [CH_DEVICE_OPEN] = "open",
        [CH_DEVICE_LOST] = "lost",
    };
    const bool lost_once = device->ever_open && device->state == CH_DEVICE_OPENING;
    return states[lost_once ? CH_DEVICE_LOST : device->state];
}

const char *
ch_device_motion_name(const struct ch_device *device)
{
    if (device->state == CH_DEVICE_OPEN) {
        return device->running ? "running" : "standing";
    }
    return state_name(device);
}

const char *
ch_device_backend_name(const struct ch_daemon *daemon)
{
    return daemon->device.ops ? daemon->device.ops->name : daemon->options.backend;
}

void
ch_device_refresh(struct ch_device *device)
{
    if (device->backend) {
        device->ops->get_info(device->backend, &device->info);
    }
}

void
ch_device_xruns(const struct ch_device *device, struct ch_engine_incidents *server,
                struct ch_engine_incidents *other)
{
    const struct ch_backend_info *info = &device->info;
    const bool newer = info->server_xrun_ns > device->server_xrun_ns;
    *server = (struct ch_engine_incidents){
        .n = device->n_server_xruns + info->n_server_xruns,
        .last_mono_ns = newer ? info->server_xrun_ns : device->server_xrun_ns,
    };
    *other = (struct ch_engine_incidents){.n = device->n_other_losses,
                                          .last_mono_ns = device->other_loss_ns};
}

void
ch_device_write(struct ch_daemon *daemon, struct ch_buf *buf)
{
    struct ch_device *device = &daemon->device;
    ch_device_refresh(device);
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "backend", ch_device_backend_name(daemon));
    ch_json_kv_string(buf, "state", state_name(device));
    ch_json_kv_string(buf, "device", device->info.device);
    ch_json_kv_uint(buf, "rate_hz", device->info.rate_hz);
    ch_json_kv_uint(buf, "period", device->info.period);
    ch_json_kv_uint(buf, "latency_frames", device->info.latency_frames);
    ch_json_kv_uint(buf, "xruns", device->info.n_xruns);
    ch_json_kv_bool(buf, "running", device->running);
    ch_json_kv_uint(buf, "losses", device->n_losses);
    if (*device->detail && device->state != CH_DEVICE_OPEN) {
        ch_json_kv_string(buf, "detail", device->detail);
    }
    ch_json_end_object(buf);
}
