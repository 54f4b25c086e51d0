// SPDX-License-Identifier: ISC
// client/cmd_eq.c — the equaliser: show it, change a band, flatten, load.

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/eq_picture.h"
#include "client/fields.h"
#include "client/output.h"
#include "client/png.h"
#include "client/report.h"
#include "client/values.h"
#include "protocol/decode.h"
#include "protocol/names.h"
#include "system/file.h"

static int
show(const struct ch_invocation *inv)
{
    const char *png;
    struct ch_plot_size size;
    if (!ch_png_options(inv, &png, &size)) {
        return CH_EXIT_USAGE;
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    ch_conn_begin(&conn, "eq.get");
    if (!png && ch_out_query_json(inv)) {
        return ch_finish_query(&conn, inv, NULL);
    }
    cJSON *eq = NULL, *response = NULL;
    rc = ch_conn_call(&conn, &eq);
    if (rc == CH_EXIT_OK) {
        ch_eq_ask_curve(ch_conn_begin(&conn, "eq.response"), png ? size.width : 0);
        rc = ch_conn_call(&conn, &response);
    }
    ch_conn_close(&conn);
    if (rc == CH_EXIT_OK && png) {
        rc = ch_png_eq(eq, response, png, size);
    } else if (rc == CH_EXIT_OK) {
        ch_eq_print_summary(eq);
        ch_eq_print_bands(eq);
        rc = ch_eq_print_curve(response);
    }
    cJSON_Delete(eq);
    cJSON_Delete(response);
    return rc == CH_EXIT_OK ? ch_out_flush() : rc;
}

// --- eq set -------------------------------------------------------------------------------------

/// What `eq set` was given, checked before anything is sent.
struct band_change {
    int64_t index;
    const char *type;
    const char *family;
    double freq_hz, gain_db, q, slope, order; ///< NAN: not given
    const char *bypass;
};

/// on, off, left or right.
static bool
is_bypass(const char *text)
{
    bool on;
    return ch_value_on_off(text, &on) || !strcmp(text, "left") || !strcmp(text, "right");
}

/// Which channels are bypassed, and with `off` none.
static void
write_bypass(struct ch_buf *params, const char *text)
{
    ch_json_kv_bool(params, "bypass", strcmp(text, "on") == 0);
    if (strcmp(text, "on") != 0) {
        ch_json_kv_bool(params, "bypass_left", strcmp(text, "left") == 0);
        ch_json_kv_bool(params, "bypass_right", strcmp(text, "right") == 0);
    }
}

static bool
parse_option(const struct ch_invocation *inv, const char *name, bool gain, double *out)
{
    const char *text = ch_args_option(inv, name);
    *out = NAN;
    if (!text) {
        return true;
    }
    if (gain ? ch_value_gain_db(text, out) && isfinite(*out) : ch_value_number(text, out)) {
        return true;
    }
    ch_fail_usage("eq", "--%s takes a number, not '%s'", name, text);
    return false;
}

static bool
parse_band(const struct ch_invocation *inv, struct band_change *out)
{
    out->type = ch_args_option(inv, "type");
    out->family = ch_args_option(inv, "family");
    out->bypass = ch_args_option(inv, "bypass");
    if (inv->n_words < 2 || !ch_value_integer(inv->words[1], 0, INT32_MAX, &out->index)) {
        ch_fail_usage("eq", "set takes the index of a band, from 0");
        return false;
    }
    if (!parse_option(inv, "freq", false, &out->freq_hz) ||
        !parse_option(inv, "gain", true, &out->gain_db) ||
        !parse_option(inv, "q", false, &out->q) ||
        !parse_option(inv, "slope", false, &out->slope) ||
        !parse_option(inv, "order", false, &out->order)) {
        return false;
    }
    if (out->bypass && !is_bypass(out->bypass)) {
        ch_fail_usage("eq", "--bypass is on, off, left or right, not '%s'", out->bypass);
        return false;
    }
    if (!out->type && !out->family && !out->bypass && isnan(out->freq_hz) && isnan(out->gain_db) &&
        isnan(out->q) && isnan(out->slope) && isnan(out->order)) {
        ch_fail_usage("eq", "nothing to set: --type, --freq, --gain, --q, --slope, --order, "
                            "--family or --bypass");
        return false;
    }
    return true;
}

static void
write_given(struct ch_buf *params, const char *key, double value)
{
    if (!isnan(value)) {
        ch_json_kv_fixed(params, key, value, 4);
    }
}

static int
set_band(const struct ch_invocation *inv)
{
    struct band_change band;
    struct ch_conn conn;
    if (!parse_band(inv, &band)) {
        return CH_EXIT_USAGE;
    }
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    struct ch_buf *params = ch_conn_begin(&conn, "eq.band");
    ch_json_kv_uint(params, "index", (uint64_t)band.index);
    if (band.type) {
        ch_json_kv_string(params, "type", band.type);
    }
    write_given(params, "freq_hz", band.freq_hz);
    write_given(params, "gain_db", band.gain_db);
    write_given(params, "q", band.q);
    write_given(params, "slope", band.slope);
    write_given(params, "order", band.order);
    if (band.family) {
        ch_json_kv_string(params, "family", band.family);
    }
    if (band.bypass) {
        write_bypass(params, band.bypass);
    }
    return ch_finish_change(&conn, inv, ch_eq_print_summary);
}

// --- the others ---------------------------------------------------------------------------------

/// The band as it is, except that it changes nothing of the sound.
static void
write_flat_band(struct ch_buf *params, const cJSON *band)
{
    const char *type = ch_field_string(band, "type");
    const char *family = ch_field_string(band, "family");
    bool has_gain =
        type && (strcmp(type, "peak") == 0 || strcmp(type, "tilt") == 0 || strstr(type, "shelf"));
    ch_json_begin_object(params);
    ch_json_kv_string(params, "type", type ? type : "peak");
    ch_json_kv_fixed(params, "freq_hz", ch_field_number(band, "freq_hz", 1000), 4);
    ch_json_kv_fixed(params, "gain_db", 0, 4);
    write_given(params, "q", ch_field_number(band, "q", NAN));
    write_given(params, "slope", ch_field_number(band, "slope", NAN));
    write_given(params, "order", ch_field_number(band, "order", NAN));
    if (family) {
        ch_json_kv_string(params, "family", family);
    }
    ch_json_kv_bool(params, "bypass", ch_field_bool(band, "bypass") || !has_gain);
    ch_json_kv_bool(params, "bypass_left", ch_field_bool(band, "bypass_left"));
    ch_json_kv_bool(params, "bypass_right", ch_field_bool(band, "bypass_right"));
    ch_json_end_object(params);
}

/// All bands, flat, as the params of eq.set.
static void
write_flat_bands(struct ch_buf *params, const cJSON *bands)
{
    ch_json_key(params, "bands");
    ch_json_begin_array(params);
    const cJSON *band;
    cJSON_ArrayForEach(band, bands)
    {
        write_flat_band(params, band);
    }
    ch_json_end_array(params);
}

/// Sliders stay sliders.
static int
flatten_sliders(struct ch_conn *conn, const char *layout)
{
    cJSON *ignored = NULL;
    ch_json_kv_string(ch_conn_begin(conn, "eq.graphic"), "layout", layout);
    const int rc = ch_conn_call(conn, &ignored);
    cJSON_Delete(ignored);
    return rc;
}

static int
flat(const struct ch_invocation *inv)
{
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    cJSON *eq = NULL;
    ch_conn_begin(&conn, "eq.get");
    rc = ch_conn_call(&conn, &eq);
    const char *layout = ch_field_string(ch_field(eq, "graphic"), "layout");
    if (rc == CH_EXIT_OK && layout) {
        rc = flatten_sliders(&conn, layout);
    }
    if (rc != CH_EXIT_OK) {
        ch_conn_close(&conn);
        cJSON_Delete(eq);
        return rc;
    }
    struct ch_buf *params = ch_conn_begin(&conn, "eq.set");
    if (!layout) {
        write_flat_bands(params, ch_field(eq, "bands"));
    }
    if (!ch_field_bool(eq, "preamp_auto")) {
        ch_json_kv_fixed(params, "preamp_db", 0, 4);
    }
    cJSON_Delete(eq);
    return ch_finish_change(&conn, inv, ch_eq_print_summary);
}

static int
bypass(const struct ch_invocation *inv)
{
    if (inv->n_words < 2 || !is_bypass(inv->words[1])) {
        return ch_fail_usage("eq", "bypass is on, off, left or right");
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    write_bypass(ch_conn_begin(&conn, "eq.set"), inv->words[1]);
    return ch_finish_change(&conn, inv, ch_eq_print_summary);
}

static int
preamp(const struct ch_invocation *inv)
{
    double db = 0;
    bool is_auto = inv->n_words == 2 && strcmp(inv->words[1], "auto") == 0;
    if (!is_auto && (inv->n_words < 2 || !ch_value_gain_db(inv->words[1], &db) || !isfinite(db))) {
        return ch_fail_usage("eq", "preamp takes a gain in dB, or auto");
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    struct ch_buf *params = ch_conn_begin(&conn, "eq.set");
    if (is_auto) {
        ch_json_kv_string(params, "preamp_db", "auto");
    } else {
        ch_json_kv_fixed(params, "preamp_db", db, 4);
    }
    return ch_finish_change(&conn, inv, ch_eq_print_summary);
}

/// The whole file, checked, the caller's; NULL after a message, with the exit code in *rc.
static char *
read_json_file(const char *path, int *rc)
{
    FILE *file = ch_sys_fopen(path, "rb");
    if (!file) {
        const char *name = errno == ENOENT || errno == ENOTDIR ? "NOT_FOUND"
                           : errno == EACCES                   ? "DENIED"
                                                               : "UNAVAILABLE";
        *rc = errno == ENOENT ? ch_fail(name, "no such file: %s", path)
                              : ch_fail(name, "can't read %s: %s", path, strerror(errno));
        return NULL;
    }
    const size_t room = CH_LINE_MAX_DEFAULT / 2;
    char *bytes = malloc(room + 1);
    size_t n = bytes ? fread(bytes, 1, room + 1, file) : 0;
    const bool failed = ferror(file) != 0, too_long = n > room;
    fclose(file);
    char *text = bytes ? ch_text_to_utf8(bytes, n, &n) : NULL;
    free(bytes);
    size_t at = 0;
    enum ch_json_verdict verdict = CH_JSON_OK;
    if (!text) {
        *rc = ch_fail_memory();
    } else if (failed || too_long) {
        *rc = ch_fail("UNAVAILABLE", "%s %s", path, failed ? "can't be read" : "is too long");
    } else if ((verdict = ch_json_check(text, n, CH_NESTING_MAX - 2, &at)) != CH_JSON_OK) {
        *rc = ch_fail("INVALID_PARAMS", "%s is not JSON: %s at byte %zu", path,
                      ch_json_verdict_text(verdict), at);
    } else {
        return text;
    }
    free(text);
    return NULL;
}

/// A line of the wire has no line ends in it; outside of strings JSON may have any number.
static void
onto_one_line(char *json)
{
    for (; *json != '\0'; json++) {
        if (*json == '\n' || *json == '\r') {
            *json = ' ';
        }
    }
}

static int
load(const struct ch_invocation *inv)
{
    if (inv->n_words < 2) {
        return ch_fail_usage("eq", "load takes a JSON file with the params of eq.set");
    }
    int rc;
    char *params = read_json_file(inv->words[1], &rc);
    if (!params) {
        return rc;
    }
    onto_one_line(params);
    struct ch_conn conn;
    rc = ch_conn_open(&conn, inv->socket);
    if (rc == CH_EXIT_OK) {
        ch_conn_begin_with(&conn, "eq.set", params);
        rc = ch_finish_change(&conn, inv, ch_eq_print_summary);
    }
    free(params);
    return rc;
}

/// Whether each option that was given belongs to this part; otherwise after a message.
static bool
check_options(const struct ch_invocation *inv, const char *word)
{
    static const struct {
        const char *option, *parts[3];
        const char *place;
    } others[] = {{"format", {"import", "export"}, "'eq import' and 'eq export'"},
                  {"replace", {"preset"}, "'eq preset save NAME'"},
                  {"png", {""}, "'eq' alone"},
                  {"size", {""}, "'eq' alone"}};
    for (size_t i = 0; inv->command->options[i].name; i++) {
        const char *name = inv->command->options[i].name;
        const char *place = "'eq set INDEX'";
        bool right = strcmp(word, "set") == 0;
        for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
            if (strcmp(name, others[k].option) == 0) {
                place = others[k].place;
                right = false;
                for (size_t m = 0; others[k].parts[m]; m++) {
                    right |= strcmp(word, others[k].parts[m]) == 0;
                }
            }
        }
        if (inv->values[i] && !right) {
            ch_fail_usage("eq", "--%s belongs to %s", name, place);
            return false;
        }
    }
    return true;
}

int
ch_cmd_eq(const struct ch_invocation *inv)
{
    static const struct {
        const char *word;
        int max_words;
        int (*run)(const struct ch_invocation *inv);
    } parts[] = {{"set", 2, set_band},
                 {"flat", 1, flat},
                 {"bypass", 2, bypass},
                 {"preamp", 2, preamp},
                 {"load", 2, load},
                 {"graphic", INT_MAX, ch_cmd_eq_graphic},
                 {"presets", 1, ch_cmd_eq_presets},
                 {"preset", 3, ch_cmd_eq_preset},
                 {"import", 2, ch_cmd_eq_import},
                 {"export", 2, ch_cmd_eq_export}};
    const char *word = inv->n_words > 0 ? inv->words[0] : "";
    if (!check_options(inv, word)) {
        return CH_EXIT_USAGE;
    }
    if (inv->n_words == 0) {
        return show(inv);
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(word, parts[i].word) == 0) {
            if (inv->n_words > parts[i].max_words) {
                return ch_fail_usage("eq", "one word too many: '%s'",
                                     inv->words[parts[i].max_words]);
            }
            return parts[i].run(inv);
        }
    }
    return ch_fail_usage("eq",
                         "'%s' is none of set, flat, bypass, preamp, load, graphic, presets, "
                         "preset, import, export",
                         word);
}
