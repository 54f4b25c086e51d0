// SPDX-License-Identifier: ISC
// client/png_eq.c — the equaliser's curve as a picture, and where its bands are.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/describe.h"
#include "client/fields.h"
#include "client/png.h"
#include "client/report.h"

#define POINTS_MAX 4096
#define BANDS_MAX  64

struct curve {
    int n_points, n_bands;
    double hz[POINTS_MAX], db[POINTS_MAX];
    bool has_right; ///< it is another curve than the left one
    double right_db[POINTS_MAX];
    double band_hz[BANDS_MAX], band_db[BANDS_MAX];
};

/// Returns how many there are.
static int
read_numbers(const cJSON *array, double out[POINTS_MAX])
{
    int n = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (n < POINTS_MAX) {
            out[n++] = cJSON_IsNumber(item) ? item->valuedouble : -INFINITY;
        }
    }
    return n;
}

static void
read_curve(struct curve *curve, const cJSON *response)
{
    const int n_freqs = read_numbers(ch_field(response, "freqs_hz"), curve->hz);
    const int n_gains = read_numbers(ch_field(response, "gains_db"), curve->db);
    curve->n_points = n_freqs < n_gains ? n_freqs : n_gains;
    curve->has_right = curve->n_points > 0 && read_numbers(ch_field(response, "gains_right_db"),
                                                           curve->right_db) >= curve->n_points;
}

/// Where such a curve is at hz, which must lie in it.
static double
curve_db(const struct curve *curve, const double *db, double hz)
{
    int i = 1;
    while (i + 1 < curve->n_points && curve->hz[i] < hz) {
        i++;
    }
    const double part = (hz - curve->hz[i - 1]) / (curve->hz[i] - curve->hz[i - 1]);
    return db[i - 1] + part * (db[i] - db[i - 1]);
}

/// A mark on the curve for each band that does something.
static void
read_bands(struct curve *curve, const cJSON *eq)
{
    const cJSON *band;
    cJSON_ArrayForEach(band, ch_field(eq, "bands"))
    {
        const double hz = ch_field_number(band, "freq_hz", 0);
        if (curve->n_bands < BANDS_MAX && curve->n_points > 1 && hz >= curve->hz[0] &&
            hz <= curve->hz[curve->n_points - 1] && !ch_field_bool(band, "bypass") &&
            ch_field_number(band, "gain_db", 1) != 0) {
            curve->band_hz[curve->n_bands] = hz;
            const bool right = curve->has_right && ch_field_bool(band, "bypass_left");
            curve->band_db[curve->n_bands++] =
                curve_db(curve, right ? curve->right_db : curve->db, hz);
        }
    }
}

/// Whole 6 dB that hold the curve, at least -12 to 12; deep notches may leave the picture.
static void
choose_levels(struct ch_plot *plot, const struct curve *curve)
{
    double top = 12, bottom = -12;
    for (int i = 0; i < curve->n_points; i++) {
        top = fmax(top, curve->db[i]);
        bottom = fmin(bottom, fmax(curve->db[i], -36));
        if (curve->has_right) {
            top = fmax(top, curve->right_db[i]);
            bottom = fmin(bottom, fmax(curve->right_db[i], -36));
        }
    }
    plot->max_db = 6 * ceil(top / 6);
    plot->min_db = 6 * floor(bottom / 6);
}

int
ch_png_eq(const cJSON *eq, const cJSON *response, const char *path, struct ch_plot_size size)
{
    struct curve *curve = calloc(1, sizeof *curve);
    if (!curve) {
        return ch_fail_memory();
    }
    read_curve(curve, response);
    read_bands(curve, eq);
    char preamp[32], note[128];
    ch_describe_db(ch_field_db(eq, "preamp_db"), preamp, sizeof preamp);
    const char *design = ch_field_string(eq, "design");
    snprintf(note, sizeof note, "%spreamp %s, %s design",
             ch_field_bool(eq, "bypass") ? "bypassed, " : "", preamp, design ? design : "?");
    struct ch_plot plot = {
        .title = "chant: equaliser",
        .note = note,
        .min_hz = curve->n_points > 1 ? curve->hz[0] : 20,
        .max_hz = curve->n_points > 1 ? curve->hz[curve->n_points - 1] : 20000,
        .n_series = 2,
        .series = {{.style = CH_PLOT_AREA, .n = curve->n_points, .hz = curve->hz, .db = curve->db},
                   {.style = CH_PLOT_DOTS,
                    .colour = 1,
                    .n = curve->n_bands,
                    .hz = curve->band_hz,
                    .db = curve->band_db}},
    };
    if (curve->has_right) {
        plot.series[0].name = "left";
        plot.series[plot.n_series++] = (struct ch_plot_series){.name = "right",
                                                               .style = CH_PLOT_LINE,
                                                               .colour = 2,
                                                               .n = curve->n_points,
                                                               .hz = curve->hz,
                                                               .db = curve->right_db};
    }
    choose_levels(&plot, curve);
    int rc = ch_plot_write(&plot, size, path);
    free(curve);
    return rc;
}
