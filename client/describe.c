// SPDX-License-Identifier: ISC
// client/describe.c — the daemon's state in words.

#include "client/describe.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/fields.h"
#include "client/output.h"
#include "client/report.h"
#include "client/values.h"

/// snprintf() at the end of `out`, which may be full.
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

void
ch_describe_title(const cJSON *item, char *out, size_t out_bytes)
{
    const char *title = ch_field_string(item, "title");
    const char *artist = ch_field_string(item, "artist");
    const char *uri = ch_field_string(item, "uri");
    if (title && artist) {
        snprintf(out, out_bytes, "%s %s %s", artist, ch_out_utf8() ? "–" : "-", title);
    } else if (title) {
        snprintf(out, out_bytes, "%s", title);
    } else if (uri && strncmp(uri, "tone:", 5) != 0) {
        const char *slash = strrchr(uri, '/');
        snprintf(out, out_bytes, "%s", slash && slash[1] ? slash + 1 : uri);
    } else {
        snprintf(out, out_bytes, "%s", uri ? uri : "nothing");
    }
    ch_text_disarm(out);
}

void
ch_describe_format(const cJSON *item, char *out, size_t out_bytes)
{
    const char *format = ch_field_string(item, "format");
    double rate_hz = ch_field_number(item, "rate_hz", 0);
    double bits = ch_field_number(item, "bits", 0);
    double channels = ch_field_number(item, "channels", 0);
    snprintf(out, out_bytes, "%s", format ? format : "");
    if (rate_hz > 0) {
        append(out, out_bytes, "%s%.6g kHz", *out ? ", " : "", rate_hz / 1000);
    }
    if (bits > 0) {
        append(out, out_bytes, ", %.0f bit", bits);
    }
    if (channels == 1 || channels == 2) {
        append(out, out_bytes, ", %s", channels == 1 ? "mono" : "stereo");
    } else if (channels > 2) {
        append(out, out_bytes, ", %.0f channels", channels);
    }
    ch_text_disarm(out);
}

void
ch_describe_db(double gain_db, char *out, size_t out_bytes)
{
    if (isfinite(gain_db)) {
        // Not "-0.0".
        snprintf(out, out_bytes, "%.1f dB", fabs(gain_db) < 0.05 ? 0.0 : gain_db);
    } else {
        snprintf(out, out_bytes, "-inf dB");
    }
}

static void
print_place(const cJSON *player)
{
    const cJSON *item = ch_field(player, "item");
    char position[CH_TIME_BYTES], duration[CH_TIME_BYTES];
    double duration_s = ch_field_number(item, "duration_s", -1);
    ch_value_time(ch_field_number(player, "position_s", 0), position);
    ch_value_time(duration_s, duration);
    ch_out("%s", position);
    if (duration_s >= 0) {
        ch_out(" / %s", duration);
    }
}

void
ch_print_player_line(const cJSON *player)
{
    const char *state = ch_field_string(player, "state");
    const cJSON *item = ch_field(player, "item");
    ch_out("%s", state ? state : "?");
    if (cJSON_IsObject(item)) {
        char title[512];
        ch_describe_title(item, title, sizeof title);
        ch_out("  %s  ", title);
        print_place(player);
    }
    const cJSON *error = ch_field(player, "error");
    if (cJSON_IsObject(error)) {
        const char *name = ch_field_string(error, "name");
        const char *detail = ch_field_string(error, "detail");
        ch_out("  (%s: %s)", name ? name : "error", detail ? detail : "");
    }
    ch_out("\n");
}

void
ch_print_mixer_line(const cJSON *mixer)
{
    char gain[32];
    ch_describe_db(ch_field_db(mixer, "gain_db"), gain, sizeof gain);
    ch_out("%s", gain);
    double pan = ch_field_number(mixer, "pan", 0);
    if (pan != 0) {
        ch_out(", pan %+.2f", pan);
    }
    const cJSON *limiter = ch_field(mixer, "limiter");
    if (ch_field_bool(limiter, "bypass")) {
        ch_out(", limiter off");
    }
    ch_out("%s%s\n", ch_field_bool(mixer, "mute") ? ", muted" : "",
           ch_field_bool(mixer, "panic") ? ", silent by panic" : "");
}

static void
print_mode(const cJSON *mode)
{
    const char *repeat = ch_field_string(mode, "repeat");
    static const char *const switches[] = {"random", "single", "consume"};
    char text[160] = "";
    if (repeat && strcmp(repeat, "off") != 0) {
        append(text, sizeof text, ", repeat %s", repeat);
    }
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        if (ch_field_bool(mode, switches[i])) {
            append(text, sizeof text, ", %s", switches[i]);
        }
    }
    double crossfade_s = ch_field_number(mode, "crossfade_s", 0);
    if (crossfade_s > 0) {
        append(text, sizeof text, ", crossfade %g s", crossfade_s);
    }
    if (*text) {
        ch_out("mode     %s\n", text + 2);
    }
}

static void
print_item(const cJSON *player)
{
    const cJSON *item = ch_field(player, "item");
    char text[512];
    ch_describe_title(item, text, sizeof text);
    const char *album = ch_field_string(item, "album");
    ch_out("%s%s%s%s\n         ", text, album ? " (" : "", album ? album : "", album ? ")" : "");
    print_place(player);
    double length = ch_field_number(player, "queue_length", 0);
    ch_out(", item %.0f of %.0f", ch_field_number(item, "index", 0) + 1, length);
    ch_describe_format(item, text, sizeof text);
    ch_out("%s%s\n", *text ? ", " : "", text);
}

static void
print_device(const cJSON *device)
{
    const char *backend = ch_field_string(device, "backend");
    const char *state = ch_field_string(device, "state");
    const char *name = ch_field_string(device, "device");
    ch_out("device   %s", backend ? backend : "none");
    if (name && *name) {
        ch_out(" (%s)", name);
    }
    double rate_hz = ch_field_number(device, "rate_hz", 0);
    if (rate_hz > 0) {
        ch_out(", %.6g kHz, period %.0f", rate_hz / 1000, ch_field_number(device, "period", 0));
    }
    double xruns = ch_field_number(device, "xruns", 0);
    if (xruns > 0) {
        ch_out(", %.0f xruns", xruns);
    }
    ch_out("%s%s\n", state && strcmp(state, "open") != 0 ? ", " : "",
           state && strcmp(state, "open") != 0 ? state : "");
}

static void
print_server(const cJSON *server)
{
    const char *daemon = ch_field_string(server, "daemon");
    double clients = ch_field_number(server, "clients", 0);
    char uptime[CH_TIME_BYTES];
    ch_value_time(ch_field_number(server, "uptime_s", -1), uptime);
    ch_out("daemon   %s, pid %.0f, up %s, %.0f client%s\n", daemon ? daemon : "?",
           ch_field_number(server, "pid", 0), uptime, clients, clients == 1 ? "" : "s");
}

void
ch_print_status(const cJSON *player, const cJSON *mixer, const cJSON *server)
{
    const char *state = ch_field_string(player, "state");
    ch_out("%-8s ", state ? state : "?");
    if (cJSON_IsObject(ch_field(player, "item"))) {
        print_item(player);
    } else {
        ch_out("%.0f in the queue\n", ch_field_number(player, "queue_length", 0));
    }
    const cJSON *error = ch_field(player, "error");
    if (cJSON_IsObject(error)) {
        const char *name = ch_field_string(error, "name");
        const char *detail = ch_field_string(error, "detail");
        ch_out("error    %s: %s\n", name ? name : "", detail ? detail : "");
    }
    ch_out("gain     ");
    ch_print_mixer_line(mixer);
    print_mode(ch_field(player, "mode"));
    print_device(ch_field(server, "device"));
    print_server(server);
}

void
ch_print_queue(const cJSON *queue)
{
    const cJSON *items = ch_field(queue, "items");
    double current = ch_field_number(queue, "current", -1);
    if (cJSON_GetArraySize(items) == 0) {
        ch_out("the queue is empty\n");
        return;
    }
    ch_out("  %5s %6s %8s  %s\n", "INDEX", "ID", "TIME", "TITLE");
    const cJSON *item;
    cJSON_ArrayForEach(item, items)
    {
        double id = ch_field_number(item, "id", 0);
        char title[512], duration[CH_TIME_BYTES];
        ch_describe_title(item, title, sizeof title);
        ch_value_time(ch_field_number(item, "duration_s", -1), duration);
        const char *mark = id != current ? " " : ch_out_utf8() ? "▶" : ">";
        ch_out("%s %5.0f %6.0f %8s  %s\n", mark, ch_field_number(item, "index", 0), id, duration,
               title);
    }
}
