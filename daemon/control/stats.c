// SPDX-License-Identifier: ISC
// daemon/control/stats.c — the engine's account, the device's and the link's, put together.

#include "daemon/control/stats.h"

#include <math.h>

#include "daemon/control/daemon.h"
#include "daemon/control/play.h"

static void
kv_us(struct ch_buf *buf, const char *key, double ns)
{
    ch_json_kv_fixed(buf, key, ns / 1e3, 3);
}

// --- times ---------------------------------------------------------------------------------------

static void
write_times(struct ch_buf *buf, const struct ch_histogram_copy *times, bool rare)
{
    static const struct {
        const char *key;
        double fraction;
        bool rare;
    } quantiles[] = {
        {"p50_us", 0.5, false},
        {"p99_us", 0.99, false},
        {"p999_us", 0.999, true},
        {"p9999_us", 0.9999, true},
    };
    // Of nothing there is no mean.
    const double none = NAN;
    ch_json_kv_uint(buf, "count", times->n);
    kv_us(buf, "sum_us", (double)times->sum);
    kv_us(buf, "mean_us", times->n ? ch_histogram_mean(times) : none);
    for (unsigned i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        if (rare || !quantiles[i].rare) {
            const double ns = (double)ch_histogram_quantile(times, quantiles[i].fraction);
            kv_us(buf, quantiles[i].key, times->n ? ns : none);
        }
    }
    kv_us(buf, "max_us", times->n ? (double)times->max : none);
}

void
ch_stats_write_histogram(struct ch_buf *buf, const struct ch_histogram_copy *times)
{
    ch_json_key(buf, "histogram");
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < CH_HISTOGRAM_BUCKETS; i++) {
        if (times->counts[i]) {
            ch_json_begin_array(buf);
            ch_json_fixed(buf, (double)ch_histogram_low(i) / 1e3, 3);
            ch_json_fixed(buf, ((double)ch_histogram_high(i) + 1.0) / 1e3, 3);
            ch_json_uint(buf, times->counts[i]);
            ch_json_end_array(buf);
        }
    }
    ch_json_end_array(buf);
}

void
ch_stats_write_recent(struct ch_buf *buf, const struct ch_histogram_copy *times, double interval_s)
{
    ch_json_key(buf, "recent");
    ch_json_begin_object(buf);
    ch_json_kv_fixed(buf, "interval_s", interval_s, 6);
    write_times(buf, times, false);
    ch_stats_write_histogram(buf, times);
    ch_json_end_object(buf);
}

static void
write_callback(struct ch_buf *buf, const struct ch_histogram_copy *run,
               const struct ch_engine_counts *counts)
{
    const double load = counts->span_ns ? 100.0 * (double)run->sum / (double)counts->span_ns : NAN;
    ch_json_key(buf, "callback");
    ch_json_begin_object(buf);
    write_times(buf, run, true);
    ch_json_kv_uint(buf, "frames", counts->n_frames);
    ch_json_kv_fixed(buf, "load_percent", load, 4);
    ch_json_kv_uint(buf, "deadline_misses", counts->n_misses);
    ch_json_kv_uint(buf, "late_starts", counts->n_late);
    ch_json_end_object(buf);
}

// --- xruns ---------------------------------------------------------------------------------------

enum { OF_DECODER, OF_CALLBACK, OF_SERVER, OF_DEVICE, N_CAUSES };

static void
collect_xruns(struct ch_daemon *daemon, const struct ch_engine_counts *counts,
              struct ch_engine_incidents xruns[N_CAUSES])
{
    xruns[OF_DECODER] = counts->droughts;
    xruns[OF_CALLBACK] = counts->overruns;
    ch_device_xruns(&daemon->device, &xruns[OF_SERVER], &xruns[OF_DEVICE]);
    xruns[OF_DEVICE].n += counts->absences.n;
    if (counts->absences.last_mono_ns > xruns[OF_DEVICE].last_mono_ns) {
        xruns[OF_DEVICE].last_mono_ns = counts->absences.last_mono_ns;
    }
}

static void
write_xruns(struct ch_buf *buf, const struct ch_engine_incidents xruns[N_CAUSES])
{
    static const char *const causes[] = {[OF_DECODER] = "decoder",
                                         [OF_CALLBACK] = "callback",
                                         [OF_SERVER] = "server",
                                         [OF_DEVICE] = "device"};
    uint64_t total = 0;
    int last = -1;
    for (int i = 0; i < N_CAUSES; i++) {
        total += xruns[i].n;
        if (xruns[i].n && (last < 0 || xruns[i].last_mono_ns > xruns[last].last_mono_ns)) {
            last = i;
        }
    }
    ch_json_key(buf, "xruns");
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "total", total);
    for (int i = 0; i < N_CAUSES; i++) {
        ch_json_kv_uint(buf, causes[i], xruns[i].n);
    }
    ch_json_key(buf, "last");
    if (last < 0) {
        ch_json_null(buf);
    } else {
        ch_json_begin_object(buf);
        ch_json_kv_string(buf, "cause", causes[last]);
        ch_json_kv_uint(buf, "mono_ns", xruns[last].last_mono_ns);
        ch_json_end_object(buf);
    }
    ch_json_end_object(buf);
}

// --- the rest -----------------------------------------------------------------------------

static void
write_device(struct ch_daemon *daemon, struct ch_buf *buf)
{
    const struct ch_device *device = &daemon->device;
    const struct ch_backend_info *info = &device->info;
    const double period_s = info->rate_hz ? (double)info->period / (double)info->rate_hz : NAN;
    ch_json_key(buf, "device");
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "backend", ch_device_backend_name(daemon));
    ch_json_kv_string(buf, "name", info->device);
    ch_json_kv_string(buf, "state", ch_device_motion_name(device));
    ch_json_kv_uint(buf, "rate_hz", info->rate_hz);
    ch_json_kv_uint(buf, "period", info->period);
    kv_us(buf, "period_us", period_s * 1e9);
    ch_json_kv_uint(buf, "latency_frames", info->latency_frames);
    ch_json_kv_uint(buf, "lost", device->n_losses);
    ch_json_end_object(buf);
}

static void
write_players(struct ch_daemon *daemon, const struct ch_engine_counts *counts, struct ch_buf *buf)
{
    const struct ch_play *active = daemon->transport.active;
    struct ch_pcm_ring *pcm = active ? ch_stream_pcm(active->stream) : NULL;
    const uint32_t fill = pcm ? ch_ring_fill(&pcm->ring) : 0;
    ch_json_key(buf, "players");
    ch_json_begin_array(buf);
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "player", "main");
    ch_json_kv_uint(buf, "fill_frames", fill);
    ch_json_kv_uint(buf, "capacity_frames", pcm ? pcm->ring.capacity : 0);
    ch_json_kv_fixed(buf, "fill_s", (double)fill / (double)ch_engine_rate(daemon->link.engine), 6);
    ch_json_kv_uint(buf, "starved_frames", counts->n_starved[0]);
    ch_json_end_object(buf);
    ch_json_end_array(buf);
}

static void
write_commands(struct ch_daemon *daemon, const struct ch_engine_counts *counts, struct ch_buf *buf)
{
    struct ch_histogram_copy latency;
    ch_histogram_read(&daemon->link.latency, &latency);
    ch_json_key(buf, "commands");
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "queued", counts->n_queued);
    ch_json_kv_uint(buf, "capacity", counts->n_slots);
    ch_json_kv_uint(buf, "waiting", ch_link_n_waiting(daemon));
    ch_json_kv_uint(buf, "pending", counts->n_pending);
    ch_json_kv_uint(buf, "queued_max", daemon->link.n_queued_max);
    ch_json_kv_uint(buf, "applied", counts->n_applied);
    ch_json_key(buf, "latency");
    ch_json_begin_object(buf);
    write_times(buf, &latency, true);
    ch_json_end_object(buf);
    ch_json_end_object(buf);
}

static void
write_drift(struct ch_daemon *daemon, struct ch_buf *buf)
{
    const struct ch_device *device = &daemon->device;
    double ppm;
    const bool known = device->running && ch_engine_read_drift(daemon->link.engine, &ppm);
    ch_json_kv_fixed(buf, "drift_ppm", known ? ppm : NAN, 3);
}

static void
write_engine(struct ch_buf *buf, const struct ch_engine_state *state,
             const struct ch_engine_counts *counts)
{
    ch_json_key(buf, "engine");
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "frames", state->frame);
    ch_json_kv_uint(buf, "starved_frames", state->n_starved);
    ch_json_kv_uint(buf, "limited_frames", state->n_limited);
    ch_json_kv_uint(buf, "clamped_frames", counts->n_clamped);
    ch_json_kv_uint(buf, "faults", state->n_faults);
    ch_json_end_object(buf);
}

void
ch_stats_write_members(struct ch_daemon *daemon, const struct ch_histogram_copy *run,
                       struct ch_buf *buf)
{
    struct ch_engine_counts counts;
    struct ch_engine_state state;
    struct ch_engine_incidents xruns[N_CAUSES];
    ch_device_refresh(&daemon->device);
    ch_engine_read_counts(daemon->link.engine, &counts);
    ch_engine_read_state(daemon->link.engine, &state);
    collect_xruns(daemon, &counts, xruns);

    const double uptime_ns = (double)(ch_os_mono_ns() - daemon->start_mono_ns);
    ch_json_kv_fixed(buf, "uptime_s", uptime_ns / (double)CH_NS_PER_S, 6);
    write_device(daemon, buf);
    write_callback(buf, run, &counts);
    write_xruns(buf, xruns);
    write_players(daemon, &counts, buf);
    write_commands(daemon, &counts, buf);
    write_drift(daemon, buf);
    write_engine(buf, &state, &counts);
    ch_json_kv_uint(buf, "clients", daemon->n_sessions);
    ch_json_kv_uint(buf, "requests", daemon->n_requests);
}
