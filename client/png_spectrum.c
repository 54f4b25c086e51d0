// SPDX-License-Identifier: ISC
// client/png_spectrum.c — a still of the spectrum, after a second of listening.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/connect.h"
#include "client/fields.h"
#include "client/live.h"
#include "client/png.h"
#include "client/report.h"

#define BANDS_MAX    16384
#define LISTEN_S     1.0
#define RATE_HZ      30
#define SMOOTHING_MS 300
#define PEAK_HOLD_MS 1000
#define FLOOR_DB     (-96)
#define CHANNELS_MAX 2

struct still {
    cJSON *description, *data; ///< of the subscription, of its last frame
    double edges_hz[BANDS_MAX + 1];
    int n_bands;
    double levels_db[CHANNELS_MAX][BANDS_MAX], peaks_db[CHANNELS_MAX][BANDS_MAX];
};

/// Frames until `until_s`, or n_left of them; the last one stays.
static int
listen(struct still *still, struct ch_conn *conn, int64_t n_left, double until_s)
{
    while (n_left != 0) {
        const double wait_s = until_s - ch_live_now_s();
        cJSON *message;
        if (n_left < 0 && wait_s <= 0) {
            break;
        }
        enum ch_conn_next next =
            ch_conn_next(conn, n_left < 0 ? (int)ceil(wait_s * 1000) : -1, &message);
        if (next == CH_NEXT_NONE) {
            break;
        }
        if (next != CH_NEXT_MESSAGE) {
            return ch_conn_fail(conn, next);
        }
        cJSON *event = cJSON_GetObjectItemCaseSensitive(message, "params");
        if (event) {
            cJSON_Delete(still->data);
            still->data = cJSON_DetachItemFromObjectCaseSensitive(event, "data");
            n_left -= n_left > 0;
        }
        cJSON_Delete(message);
    }
    return CH_EXIT_OK;
}

static int
ask(struct still *still, const struct ch_invocation *inv, const struct ch_frame_options *options)
{
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    struct ch_buf *params = ch_conn_begin(&conn, "subscribe");
    ch_write_topic(params, "spectrum");
    ch_frame_options_write(options, params);
    cJSON *answer = NULL;
    rc = ch_conn_call(&conn, &answer);
    if (rc == CH_EXIT_OK) {
        cJSON *snapshot = cJSON_GetObjectItemCaseSensitive(answer, "snapshot");
        still->description = cJSON_DetachItemFromObjectCaseSensitive(snapshot, "spectrum");
        rc = listen(still, &conn, options->count, ch_live_now_s() + LISTEN_S);
    }
    cJSON_Delete(answer);
    ch_conn_close(&conn);
    return rc;
}

static int
read_numbers(const cJSON *array, double *out, int max)
{
    int n = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (n < max) {
            out[n++] = cJSON_IsNumber(item) ? item->valuedouble : -INFINITY;
        }
    }
    return n;
}

/// Bands, or the bins of an FFT: each from half a bin below to half a bin above.
static void
read_edges(struct still *still)
{
    const double bin_hz = ch_field_number(still->description, "bin_hz", 0);
    const int n =
        read_numbers(ch_field(still->description, "edges_hz"), still->edges_hz, BANDS_MAX + 1);
    still->n_bands = n - 1;
    if (n == 0 && bin_hz > 0) {
        still->n_bands = (int)ch_field_number(still->description, "bands", 0);
        still->n_bands = still->n_bands > BANDS_MAX ? BANDS_MAX : still->n_bands;
        for (int i = 0; i <= still->n_bands; i++) {
            still->edges_hz[i] = (i - 0.5) * bin_hz;
        }
    }
}

/// One channel's member of `data`, or the only one.
static const cJSON *
channel_of(const cJSON *values, int channel)
{
    const cJSON *first = cJSON_GetArrayItem(values, 0);
    return cJSON_IsArray(first) ? cJSON_GetArrayItem(values, channel)
           : channel == 0       ? values
                                : NULL;
}

static int
read_channels(struct still *still)
{
    const cJSON *bands = ch_field(still->data, "bands"), *peaks = ch_field(still->data, "peaks");
    int n_channels = 0;
    for (int i = 0; i < CHANNELS_MAX; i++) {
        for (int band = 0; band < still->n_bands; band++) {
            still->levels_db[i][band] = still->peaks_db[i][band] = -INFINITY;
        }
        const cJSON *levels = channel_of(bands, i);
        n_channels += levels != NULL;
        read_numbers(levels, still->levels_db[i], still->n_bands);
        read_numbers(channel_of(peaks, i), still->peaks_db[i], still->n_bands);
    }
    return n_channels > 0 ? n_channels : 1;
}

static void
add_series(struct ch_plot *plot, const struct still *still, const double *db,
           enum ch_plot_style style, int colour, const char *name)
{
    plot->series[plot->n_series++] =
        (struct ch_plot_series){.name = name,
                                .style = style,
                                .colour = colour,
                                .n = still->n_bands > 0 ? still->n_bands : 0,
                                .hz = still->edges_hz,
                                .db = db};
}

static int
draw(struct still *still, const struct ch_frame_options *options, const char *path,
     struct ch_plot_size size)
{
    static const char *const names[2][CHANNELS_MAX] = {{"left", "right"}, {"mid", "side"}};
    read_edges(still);
    const int n_channels = read_channels(still);
    const bool mid_side = options->channels && strcmp(options->channels, "mid_side") == 0;
    const char *window = ch_field_string(still->description, "window");
    const char *scale = ch_field_string(still->description, "scale");
    char note[128];
    snprintf(note, sizeof note, "%s, %s window, dBFS", options->tap ? options->tap : "output",
             window ? window : "?");
    const double lowest = still->n_bands > 0 ? still->edges_hz[0] : 20;
    struct ch_plot plot = {
        .title = "chant: spectrum",
        .note = note,
        .linear = !scale || strcmp(scale, "linear") == 0 || lowest <= 0,
        .max_hz = still->n_bands > 0 ? still->edges_hz[still->n_bands] : 20000,
        .max_db = 0,
        .min_db = FLOOR_DB,
    };
    plot.min_hz = plot.linear && lowest < 0 ? 0 : lowest;
    for (int i = 0; i < n_channels; i++) {
        add_series(&plot, still, still->levels_db[i], n_channels > 1 ? CH_PLOT_STEPS : CH_PLOT_BARS,
                   i, n_channels > 1 ? names[mid_side][i] : "level");
        if (ch_field(still->data, "peaks")) {
            add_series(&plot, still, still->peaks_db[i], CH_PLOT_STEPS, n_channels > 1 ? i + 2 : 1,
                       n_channels > 1 ? NULL : "peak");
        }
    }
    return ch_plot_write(&plot, size, path);
}

int
ch_png_spectrum(const struct ch_invocation *inv, const struct ch_frame_options *options,
                const char *path, struct ch_plot_size size)
{
    struct ch_frame_options wanted = *options;
    wanted.rate_hz = options->rate_hz > 0 ? options->rate_hz : RATE_HZ;
    wanted.smoothing_ms = options->smoothing_ms >= 0 ? options->smoothing_ms : SMOOTHING_MS;
    wanted.peak_hold_ms = options->peak_hold_ms >= 0 ? options->peak_hold_ms : PEAK_HOLD_MS;
    wanted.bands = options->bands > 0 ? options->bands : 240;
    struct still *still = calloc(1, sizeof *still);
    if (!still) {
        return ch_fail_memory();
    }
    int rc = ask(still, inv, &wanted);
    if (rc == CH_EXIT_OK) {
        rc = draw(still, &wanted, path, size);
    }
    cJSON_Delete(still->description);
    cJSON_Delete(still->data);
    free(still);
    return rc;
}
