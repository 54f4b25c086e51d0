// SPDX-License-Identifier: ISC
// client/stats_prometheus.c — the daemon's statistics for Prometheus, text format 0.0.4.
//
// The limits of the histogram are fixed, not those of the daemon's buckets that happen to be in
// use: a series that appears later would have no rate for what it holds already.

#include "client/stats_prometheus.h"

#include <math.h>
#include <stdio.h>

#include "client/fields.h"
#include "client/output.h"
#include "system/clock.h"

#define LABEL_BYTES 600
/// Powers of two of nanoseconds and the middles between them; the daemon's buckets end there too.
#define LIMIT_FIRST 9  ///< 512 ns
#define LIMIT_LAST  28 ///< 268 ms

static double
number(const cJSON *object, const char *key)
{
    return ch_field_number(object, key, NAN);
}

static void
head(const char *name, const char *type, const char *help)
{
    ch_out("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/// One series.  @param labels as they stand between braces; NULL: none
static void
sample(const char *name, const char *labels, double value)
{
    ch_out("%s%s%s%s %.15g\n", name, labels ? "{" : "", labels ? labels : "", labels ? "}" : "",
           value);
}

/// A metric of one series; nothing if the value is unknown.
static void
metric(const char *name, const char *type, const char *help, double value)
{
    if (isfinite(value)) {
        head(name, type, help);
        sample(name, NULL, value);
    }
}

/// NAME="TEXT" with what the format wants escaped; cut where it doesn't fit.
static const char *
label(const char *name, const char *text, char out[LABEL_BYTES])
{
    size_t n = (size_t)snprintf(out, LABEL_BYTES, "%s=\"", name);
    for (const char *p = text ? text : ""; *p; p++) {
        // Room for the longest character, its escape and the end: none is cut in two.
        if (((unsigned char)*p & 0xc0) != 0x80 && n + 6 > LABEL_BYTES) {
            break;
        }
        if (*p == '\\' || *p == '"' || *p == '\n') {
            out[n++] = '\\';
        }
        out[n++] = *p == '\n' ? 'n' : *p;
    }
    snprintf(out + n, LABEL_BYTES - n, "\"");
    return out;
}

// --- parts --------------------------------------------------------------------------------------

static void
print_device(const cJSON *device)
{
    const char *backend = ch_field_string(device, "backend");
    const char *state = ch_field_string(device, "state");
    double rate_hz = number(device, "rate_hz");
    if (backend) {
        char first[LABEL_BYTES], second[LABEL_BYTES], third[LABEL_BYTES], all[3 * LABEL_BYTES + 2];
        snprintf(all, sizeof all, "%s,%s,%s", label("backend", backend, first),
                 label("name", ch_field_string(device, "name"), second),
                 label("state", state, third));
        head("chant_device_info", "gauge", "The audio device and its state; the value is 1.");
        sample("chant_device_info", all, 1);
    }
    metric("chant_device_sample_rate_hertz", "gauge", "Frames a second of the device.", rate_hz);
    metric("chant_device_period_frames", "gauge", "Frames between two callbacks.",
           number(device, "period"));
    metric("chant_device_period_seconds", "gauge", "Time between two callbacks.",
           number(device, "period_us") * 1e-6);
    metric("chant_device_latency_seconds", "gauge", "From a callback until it is heard.",
           number(device, "latency_frames") / rate_hz);
    metric("chant_device_lost_total", "counter", "Times the device went away.",
           number(device, "lost"));
}

/// The end of a histogram or summary.  Times have a mean only if there are any; their sum is better
/// where it is said, because a rounded mean makes it fall now and then.
static void
print_sum(const char *name, const cJSON *times, double count)
{
    double mean_us = count > 0 ? ch_field_number(times, "mean_us", 0) : 0;
    double sum_us = ch_field_number(times, "sum_us", mean_us * count);
    ch_out("%s_sum %.15g\n%s_count %.0f\n", name, sum_us * 1e-6, name, count);
}

/// A bucket counts as a whole, as soon as all of it lies below the limit.
static double
count_until(const cJSON *buckets, double limit_us)
{
    double count = 0;
    const cJSON *bucket;
    cJSON_ArrayForEach(bucket, buckets)
    {
        if (ch_element_number(bucket, 1, INFINITY) <= limit_us * (1 + 1e-9)) {
            count += ch_element_number(bucket, 2, 0);
        }
    }
    return count;
}

static void
print_duration(const cJSON *callback, const cJSON *buckets)
{
    static const char name[] = "chant_callback_duration_seconds";
    if (!cJSON_IsArray(buckets)) {
        return;
    }
    double total = count_until(buckets, INFINITY);
    head(name, "histogram", "How long the audio callback ran.");
    for (int step = 2 * LIMIT_FIRST; step <= 2 * LIMIT_LAST; step++) {
        double limit_ns = ldexp(step % 2 ? 1.5 : 1, step / 2);
        ch_out("%s_bucket{le=\"%.9g\"} %.0f\n", name, limit_ns * 1e-9,
               count_until(buckets, limit_ns * 1e-3));
    }
    ch_out("%s_bucket{le=\"+Inf\"} %.0f\n", name, total);
    print_sum(name, callback, total);
}

static void
print_callback(const cJSON *stats)
{
    const cJSON *callback = ch_field(stats, "callback");
    print_duration(callback, ch_field(stats, "histogram"));
    metric("chant_callback_duration_max_seconds", "gauge", "The longest callback so far.",
           number(callback, "max_us") * 1e-6);
    metric("chant_callback_frames_total", "counter", "Frames that callbacks made.",
           number(callback, "frames"));
    metric("chant_callback_load_ratio", "gauge",
           "Time in callbacks by the time of the frames they made.",
           number(callback, "load_percent") / 100);
    metric("chant_callback_deadline_misses_total", "counter",
           "Callbacks that ended after the next one was due.", number(callback, "deadline_misses"));
    metric("chant_callback_late_starts_total", "counter",
           "Callbacks that began more than a period after they were due.",
           number(callback, "late_starts"));
}

/// When on the calendar's clock something was that is known on the monotonic one.
static double
calendar_s(double mono_ns)
{
    double ago_s = (double)ch_sys_mono_ns() * 1e-9 - mono_ns * 1e-9;
    return (double)ch_sys_wall_ns() * 1e-9 - ago_s;
}

static void
print_xruns(const cJSON *xruns)
{
    static const char *const causes[] = {"decoder", "callback", "server", "device"};
    char text[LABEL_BYTES];
    if (xruns) {
        head("chant_xruns_total", "counter",
             "Moments at which what was due was not there, by their cause.");
    }
    for (size_t i = 0; xruns && i < sizeof causes / sizeof *causes; i++) {
        sample("chant_xruns_total", label("cause", causes[i], text),
               ch_field_number(xruns, causes[i], 0));
    }
    const cJSON *last = ch_field(xruns, "last");
    const char *cause = ch_field_string(last, "cause");
    if (cause) {
        head("chant_xrun_last_timestamp_seconds", "gauge",
             "When the last xrun was, and its cause.");
        ch_out("chant_xrun_last_timestamp_seconds{%s} %.3f\n", label("cause", cause, text),
               calendar_s(number(last, "mono_ns")));
    }
}

/// The same field of every player.
static void
print_players(const cJSON *players, const char *key, const char *name, const char *type,
              const char *help)
{
    bool begun = false;
    const cJSON *player;
    cJSON_ArrayForEach(player, players)
    {
        char text[LABEL_BYTES];
        double value = number(player, key);
        if (!isfinite(value)) {
            continue;
        }
        if (!begun) {
            head(name, type, help);
            begun = true;
        }
        sample(name, label("player", ch_field_string(player, "player"), text), value);
    }
}

static void
print_latency(const cJSON *latency)
{
    static const char name[] = "chant_command_latency_seconds";
    static const struct {
        const char *key, *label;
    } quantiles[] = {{"p50_us", "quantile=\"0.5\""},
                     {"p99_us", "quantile=\"0.99\""},
                     {"p999_us", "quantile=\"0.999\""}};
    double count = number(latency, "count");
    if (!isfinite(count)) {
        return;
    }
    head(name, "summary", "From a command's handing over until the frame it took effect at.");
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        double value_us = number(latency, quantiles[i].key);
        if (isfinite(value_us)) {
            sample(name, quantiles[i].label, value_us * 1e-6);
        }
    }
    print_sum(name, latency, count);
    metric("chant_command_latency_max_seconds", "gauge", "The longest of them.",
           number(latency, "max_us") * 1e-6);
}

static void
print_commands(const cJSON *commands)
{
    metric("chant_commands_queued", "gauge", "Commands in the queue to the callback.",
           number(commands, "queued"));
    metric("chant_commands_queued_max", "gauge", "The most that were in it at once.",
           number(commands, "queued_max"));
    metric("chant_commands_capacity", "gauge", "Commands that the queue holds.",
           number(commands, "capacity"));
    metric("chant_commands_waiting", "gauge", "Commands for which the queue had no room yet.",
           number(commands, "waiting"));
    metric("chant_commands_pending", "gauge", "Commands whose frame has not come yet.",
           number(commands, "pending"));
    metric("chant_commands_applied_total", "counter", "Commands that took effect.",
           number(commands, "applied"));
    print_latency(ch_field(commands, "latency"));
}

static void
print_engine(const cJSON *engine)
{
    metric("chant_engine_frames_total", "counter", "Frames of the engine's time.",
           number(engine, "frames"));
    metric("chant_engine_starved_frames_total", "counter",
           "Frames of silence in place of music that was late.", number(engine, "starved_frames"));
    metric("chant_engine_limited_frames_total", "counter", "Frames that the limiter turned down.",
           number(engine, "limited_frames"));
    metric("chant_engine_clamped_frames_total", "counter",
           "Frames that were clamped behind the limiter; there should be none.",
           number(engine, "clamped_frames"));
    metric("chant_engine_faults_total", "counter", "Filters reset because of NaN or infinity.",
           number(engine, "faults"));
}

void
ch_stats_print_prometheus(const cJSON *stats)
{
    metric("chant_uptime_seconds", "gauge", "How long the daemon runs.", number(stats, "uptime_s"));
    print_device(ch_field(stats, "device"));
    print_callback(stats);
    print_xruns(ch_field(stats, "xruns"));
    const cJSON *players = ch_field(stats, "players");
    print_players(players, "fill_s", "chant_player_ring_fill_seconds", "gauge",
                  "Decoded sound that waits for the callback.");
    print_players(players, "fill_frames", "chant_player_ring_fill_frames", "gauge",
                  "The same in frames.");
    print_players(players, "capacity_frames", "chant_player_ring_capacity_frames", "gauge",
                  "Frames that may wait.");
    print_players(players, "starved_frames", "chant_player_starved_frames_total", "counter",
                  "Frames that were not decoded in time.");
    print_commands(ch_field(stats, "commands"));
    metric("chant_device_clock_drift_ratio", "gauge",
           "How much faster the device's clock runs than the system's.",
           number(stats, "drift_ppm") * 1e-6);
    print_engine(ch_field(stats, "engine"));
    metric("chant_clients", "gauge", "Connections to the daemon.", number(stats, "clients"));
    metric("chant_requests_total", "counter", "Requests that the daemon answered.",
           number(stats, "requests"));
}
