// SPDX-License-Identifier: ISC
// client/stats_lines.c — the daemon's statistics as lines: name, number, unit, bar, the rest.

#include "client/stats_lines.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/fields.h"
#include "client/output.h"
#include "client/report.h"
#include "client/values.h"
#include "system/clock.h"
#include "system/printf.h"

#define FRESH_S     10.0 ///< so long an xrun is news
#define PLAYERS_MAX 4    ///< that are shown
#define UNKNOWN     "-"

/// Lines being made.
struct list {
    struct ch_stats_line *lines;
    int n;
};

CH_PRINTF(3, 4)
static void
append(char *out, size_t out_bytes, const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, out_bytes - used, format, args);
    va_end(args);
}

#define APPEND_REST(line, ...) append((line)->rest, sizeof(line)->rest, __VA_ARGS__)

static double
number(const cJSON *object, const char *key)
{
    return ch_field_number(object, key, NAN);
}

/// What is unknown is a dash, without its unit.
static struct ch_stats_line *
add(struct list *list, const char *name, double value, int decimals, const char *unit)
{
    struct ch_stats_line *line = &list->lines[list->n++];
    *line = (struct ch_stats_line){.part = NAN};
    snprintf(line->name, sizeof line->name, "%s", name);
    if (isfinite(value)) {
        snprintf(line->value, sizeof line->value, "%.*f", decimals, value);
        snprintf(line->unit, sizeof line->unit, "%s", unit);
    } else {
        snprintf(line->value, sizeof line->value, UNKNOWN);
    }
    return line;
}

/// A number between two phrases, with a comma if something is there; nothing for what is unknown.
static void
append_number(struct ch_stats_line *line, const char *before, double n, int decimals,
              const char *after)
{
    if (isfinite(n)) {
        APPEND_REST(line, "%s%s%.*f%s", *line->rest ? ", " : "", before, decimals, n, after);
    }
}

static const char *
micro(void)
{
    return ch_out_utf8() ? "µs" : "us";
}

// --- the lines ----------------------------------------------------------------------------------

static void
add_device(struct list *list, const cJSON *device)
{
    const char *backend = ch_field_string(device, "backend");
    const char *name = ch_field_string(device, "name");
    const char *state = ch_field_string(device, "state");
    double rate_hz = number(device, "rate_hz");
    struct ch_stats_line *line = add(list, "device", rate_hz / 1000, 1, "kHz");
    APPEND_REST(line, "%s", backend ? backend : "none");
    if (name && *name) {
        APPEND_REST(line, " (%s)", name);
    }
    if (state) {
        APPEND_REST(line, ", %s", state);
    }
    double n_lost = ch_field_number(device, "lost", 0);
    if (n_lost > 0) {
        APPEND_REST(line, ", lost %.0f time%s", n_lost, n_lost == 1 ? "" : "s");
        line->alarm = true;
    }
    ch_text_disarm(line->rest);

    line = add(list, "period", number(device, "period_us"), 1, micro());
    append_number(line, "", number(device, "period"), 0, " frames");
    append_number(line, "latency ", number(device, "latency_frames"), 0, " frames");
}

/// A time of the callback: how much of the period it is, and what it was lately.
static void
add_time(struct list *list, const char *name, const char *key, const cJSON *stats)
{
    double period_us = number(ch_field(stats, "device"), "period_us");
    double time_us = number(ch_field(stats, "callback"), key);
    double recent_us = number(ch_field(stats, "recent"), key);
    struct ch_stats_line *line = add(list, name, time_us, 1, micro());
    if (time_us >= 0 && period_us > 0) {
        line->part = line->danger = time_us / period_us;
        line->alarm = line->part >= 1;
        APPEND_REST(line, "%6.2f %%", line->part * 100);
    }
    if (recent_us >= 0) {
        APPEND_REST(line, "  now %.1f %s", recent_us, micro());
    }
}

static void
add_callback(struct list *list, const cJSON *stats)
{
    static const struct {
        const char *name, *key;
    } times[] = {{"p50", "p50_us"},
                 {"p99", "p99_us"},
                 {"p99.9", "p999_us"},
                 {"p99.99", "p9999_us"},
                 {"max", "max_us"}};
    const cJSON *callback = ch_field(stats, "callback");
    double load = number(callback, "load_percent");
    struct ch_stats_line *line = add(list, "load", load, 2, "%");
    line->group = true;
    line->part = line->danger = load / 100;
    append_number(line, "", number(callback, "count"), 0, " callbacks");
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        add_time(list, times[i].name, times[i].key, stats);
    }
    line = add(list, "misses", number(callback, "deadline_misses"), 0, "");
    line->alarm = ch_field_number(callback, "deadline_misses", 0) > 0;
    APPEND_REST(line, "deadlines");
    append_number(line, "", number(callback, "late_starts"), 0, " late starts");
}

/// "0.5", "12", "3:25" ago.
static void
format_age(double age_s, struct ch_stats_line *line)
{
    if (age_s < 60) {
        snprintf(line->value, sizeof line->value, age_s < 10 ? "%.1f" : "%.0f", age_s);
        snprintf(line->unit, sizeof line->unit, "s");
        return;
    }
    char text[CH_TIME_BYTES];
    ch_value_time(age_s, text);
    snprintf(line->value, sizeof line->value, "%.*s", (int)sizeof line->value - 1, text);
}

static void
add_xruns(struct list *list, const cJSON *xruns, double now_ns)
{
    static const char *const causes[] = {"decoder", "callback", "server", "device"};
    struct ch_stats_line *line = add(list, "xruns", number(xruns, "total"), 0, "");
    line->group = true;
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
        char name[16];
        snprintf(name, sizeof name, "%s ", causes[i]);
        append_number(line, name, number(xruns, causes[i]), 0, "");
    }
    const cJSON *last = ch_field(xruns, "last");
    const char *cause = ch_field_string(last, "cause");
    double age_s = fmax((now_ns - number(last, "mono_ns")) * 1e-9, 0);
    struct ch_stats_line *age = add(list, "last xrun", NAN, 0, "");
    if (cause) {
        format_age(age_s, age);
        APPEND_REST(age, "ago, %s", cause);
        ch_text_disarm(age->rest);
        age->alarm = line->alarm = age_s < FRESH_S;
    } else {
        APPEND_REST(age, "none");
    }
}

static void
add_rings(struct list *list, const cJSON *players, double rate_hz)
{
    int n = 0;
    const cJSON *player;
    cJSON_ArrayForEach(player, players)
    {
        if (n++ == PLAYERS_MAX) {
            return;
        }
        const char *name = ch_field_string(player, "player");
        double capacity = number(player, "capacity_frames");
        struct ch_stats_line *line = add(list, "ring", number(player, "fill_s"), 3, "s");
        line->group = n == 1;
        if (capacity > 0) {
            // Full is calm: what is missing is the danger.
            line->part = number(player, "fill_frames") / capacity;
            line->danger = 1 - line->part;
            APPEND_REST(line, "%6.2f %%", line->part * 100);
        }
        if (capacity > 0 && rate_hz > 0) {
            APPEND_REST(line, "  of %.3f s", capacity / rate_hz);
        }
        double starved = number(player, "starved_frames");
        append_number(line, "starved ", starved > 0 ? starved : NAN, 0, "");
        if (cJSON_GetArraySize(players) > 1) {
            APPEND_REST(line, ", %s", name ? name : "?");
        }
        ch_text_disarm(line->rest);
    }
}

static void
add_commands(struct list *list, const cJSON *commands)
{
    double queued = number(commands, "queued");
    double capacity = number(commands, "capacity");
    struct ch_stats_line *line = add(list, "commands", queued, 0, "");
    line->group = true;
    if (capacity > 0) {
        line->part = line->danger = queued / capacity;
        APPEND_REST(line, "of %.0f", capacity);
    }
    append_number(line, "most ", number(commands, "queued_max"), 0, "");
    append_number(line, "waiting ", number(commands, "waiting"), 0, "");
    append_number(line, "pending ", number(commands, "pending"), 0, "");

    const cJSON *latency = ch_field(commands, "latency");
    line = add(list, "applied in", number(latency, "p50_us"), 1, micro());
    if (*line->unit) {
        APPEND_REST(line, "p50");
    }
    append_number(line, "p99 ", number(latency, "p99_us"), 1, "");
    append_number(line, "max ", number(latency, "max_us"), 1, "");
    append_number(line, "", number(commands, "applied"), 0, " applied");
}

int
ch_stats_lines(const cJSON *stats, double now_ns, struct ch_stats_line *lines)
{
    struct list list = {lines, 0};
    const cJSON *device = ch_field(stats, "device");
    add_device(&list, device);
    add_callback(&list, stats);
    add_xruns(&list, ch_field(stats, "xruns"), now_ns);
    add_rings(&list, ch_field(stats, "players"), number(device, "rate_hz"));
    add_commands(&list, ch_field(stats, "commands"));
    struct ch_stats_line *line = add(&list, "drift", number(stats, "drift_ppm"), 2, "ppm");
    APPEND_REST(line, "device clock against the system's");
    return list.n;
}

static void
print_line(const struct ch_stats_line *line)
{
    char text[256];
    // printf() counts bytes, and of the micro sign's two one is no column.
    int unit_width = 4 + (strcmp(line->unit, "µs") == 0);
    snprintf(text, sizeof text, "%-10s %9s %-*s %s", line->name, line->value, unit_width,
             line->unit, line->rest);
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == ' ') {
        text[--n] = '\0';
    }
    ch_out("%s\n", text);
}

void
ch_stats_print(const cJSON *stats)
{
    struct ch_stats_line lines[CH_STATS_LINES_MAX];
    int n = ch_stats_lines(stats, (double)ch_sys_mono_ns(), lines);
    for (int i = 0; i < n; i++) {
        print_line(&lines[i]);
    }
}
