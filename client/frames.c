// SPDX-License-Identifier: ISC
// client/frames.c — what the live verbs show, and the way of frames into a pipe.

#include "client/frames.h"

#include <stddef.h>

#include "client/command.h"
#include "client/fields.h"
#include "client/output.h"
#include "client/png.h"
#include "client/report.h"
#include "client/values.h"
#include "client/view.h"

// --- options ------------------------------------------------------------------------------------

static bool
parse_number(const struct ch_invocation *inv, const char *name, double min, double *out)
{
    const char *text = ch_args_option(inv, name);
    if (!text || (ch_value_number(text, out) && *out >= min)) {
        return true;
    }
    ch_fail_usage(inv->command->name, "--%s takes a number from %g, not '%s'", name, min, text);
    return false;
}

static bool
parse_count(const struct ch_invocation *inv, const char *name, int64_t *out)
{
    const char *text = ch_args_option(inv, name);
    if (!text || ch_value_integer(text, 1, INT32_MAX, out)) {
        return true;
    }
    ch_fail_usage(inv->command->name, "--%s takes a whole number from 1, not '%s'", name, text);
    return false;
}

bool
ch_frame_options_parse(struct ch_frame_options *out, const struct ch_invocation *inv)
{
    *out = (struct ch_frame_options){
        .count = -1, .fmin_hz = -1, .smoothing_ms = -1, .peak_hold_ms = -1};
    return parse_number(inv, "rate", 1, &out->rate_hz) && parse_count(inv, "count", &out->count);
}

static bool
parse_spectrum(struct ch_frame_options *out, const struct ch_invocation *inv)
{
    if (!ch_frame_options_parse(out, inv)) {
        return false;
    }
    out->tap = ch_args_option(inv, "tap");
    out->channels = ch_args_option(inv, "channels");
    out->window = ch_args_option(inv, "window");
    out->weighting = ch_args_option(inv, "weighting");
    out->scale = ch_args_option(inv, "scale");
    return parse_count(inv, "bands", &out->bands) && parse_number(inv, "fmin", 0, &out->fmin_hz) &&
           parse_number(inv, "fmax", 1, &out->fmax_hz) &&
           parse_number(inv, "smoothing", 0, &out->smoothing_ms) &&
           parse_number(inv, "peak-hold", 0, &out->peak_hold_ms);
}

static void
write_positive(struct ch_buf *params, const char *key, double value)
{
    if (value > 0) {
        ch_json_kv_fixed(params, key, value, 3);
    }
}

static void
write_text(struct ch_buf *params, const char *key, const char *value)
{
    if (value) {
        ch_json_kv_string(params, key, value);
    }
}

void
ch_frame_options_write(const struct ch_frame_options *options, struct ch_buf *params)
{
    write_positive(params, "rate_hz", options->rate_hz);
    write_positive(params, "bands", (double)options->bands);
    if (options->fmin_hz >= 0) {
        ch_json_kv_fixed(params, "fmin_hz", options->fmin_hz, 3); // 0 is one of a linear scale
    }
    write_positive(params, "fmax_hz", options->fmax_hz);
    write_positive(params, "smoothing_ms", options->smoothing_ms);
    write_positive(params, "peak_hold_ms", options->peak_hold_ms);
    write_text(params, "tap", options->tap);
    write_text(params, "channels", options->channels);
    write_text(params, "window", options->window);
    write_text(params, "weighting", options->weighting);
    write_text(params, "scale", options->scale);
}

void
ch_write_topic(struct ch_buf *params, const char *name)
{
    ch_json_key(params, "topics");
    ch_json_begin_array(params);
    ch_json_string(params, name);
    ch_json_end_array(params);
}

// --- into a pipe --------------------------------------------------------------------------------

static void
move_member(cJSON *to, cJSON *from, const char *key)
{
    cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(from, key);
    if (item && !cJSON_AddItemToObject(to, key, item)) {
        cJSON_Delete(item);
    }
}

/// One line: when and which, then what the event carries.
static int
print_frame(cJSON *event)
{
    cJSON *frame = cJSON_CreateObject();
    cJSON *data = cJSON_GetObjectItemCaseSensitive(event, "data");
    move_member(frame, event, "seq");
    move_member(frame, event, "t");
    move_member(frame, event, "dropped");
    while (cJSON_IsObject(data) && data->child) {
        // Adding copies the name and frees the one that the item has: they must not be the same.
        cJSON *item = cJSON_DetachItemViaPointer(data, data->child);
        char *key = item->string;
        item->string = NULL;
        if (!cJSON_AddItemToObject(frame, key ? key : "", item)) {
            cJSON_Delete(item);
        }
        cJSON_free(key);
    }
    int rc = frame ? ch_out_json(frame) : ch_fail_memory();
    cJSON_Delete(frame);
    return rc;
}

static int
follow(struct ch_conn *conn, int64_t n_left)
{
    int rc = CH_EXIT_OK;
    while (rc == CH_EXIT_OK && n_left != 0 && !ch_out_closed()) {
        cJSON *message;
        enum ch_conn_next next = ch_conn_next(conn, -1, &message);
        if (next == CH_NEXT_NONE) {
            return CH_EXIT_OK;
        }
        if (next != CH_NEXT_MESSAGE) {
            return ch_conn_fail(conn, next);
        }
        cJSON *event = cJSON_GetObjectItemCaseSensitive(message, "params");
        if (event) {
            rc = print_frame(event);
            n_left -= n_left > 0;
        }
        cJSON_Delete(message);
    }
    return rc;
}

int
ch_frames_print(const struct ch_invocation *inv, const char *topic,
                const struct ch_frame_options *options)
{
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    conn.with_reader = true;
    struct ch_buf *params = ch_conn_begin(&conn, "subscribe");
    ch_write_topic(params, topic);
    ch_frame_options_write(options, params);
    rc = ch_conn_call(&conn, NULL);
    if (rc == CH_EXIT_OK) {
        rc = follow(&conn, options->count);
    }
    ch_conn_close(&conn);
    return rc;
}

int
ch_cmd_spectrum(const struct ch_invocation *inv)
{
    struct ch_frame_options options;
    const char *png;
    struct ch_plot_size size;
    if (!parse_spectrum(&options, inv) || !ch_png_options(inv, &png, &size)) {
        return CH_EXIT_USAGE;
    }
    if (png) {
        return ch_png_spectrum(inv, &options, png, size);
    }
    return ch_out_query_json(inv) ? ch_frames_print(inv, "spectrum", &options)
                                  : ch_view_spectrum(inv, &options);
}

int
ch_cmd_meter(const struct ch_invocation *inv)
{
    struct ch_frame_options options;
    if (!ch_frame_options_parse(&options, inv)) {
        return CH_EXIT_USAGE;
    }
    return ch_out_query_json(inv) ? ch_frames_print(inv, "meter", &options)
                                  : ch_view_meter(inv, &options);
}
