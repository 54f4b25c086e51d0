// SPDX-License-Identifier: ISC
// client/cmd_eq_graphic.c — the sliders: show them, set them all, move one.

#include <math.h>
#include <string.h>

#include "client/command.h"
#include "client/eq_sliders.h"
#include "client/fields.h"
#include "client/report.h"
#include "client/values.h"

#define STEP_DB   1.0
#define TOP_DB    12.0
#define GAINS_MAX 64

/// What the words after SLIDER ask for.
struct slider_change {
    bool relative;
    double db;
};

static int
show(const struct ch_invocation *inv)
{
    struct ch_conn conn;
    const int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    ch_conn_begin(&conn, "eq.graphic");
    return ch_finish_query(&conn, inv, ch_sliders_print);
}

static void
write_setting(struct ch_buf *params, const char *layout, const double *gains_db, int n)
{
    ch_json_kv_string(params, "layout", layout);
    if (n == 0) {
        return;
    }
    ch_json_key(params, "gains_db");
    ch_json_begin_array(params);
    for (int i = 0; i < n; i++) {
        ch_json_fixed(params, gains_db[i], 4);
    }
    ch_json_end_array(params);
}

/// LAYOUT [GAIN...]: how many gains a layout has is the daemon's to check.
static int
set_all(const struct ch_invocation *inv)
{
    double gains_db[GAINS_MAX];
    int n = 0;
    for (int i = 2; i < inv->n_words; i++) {
        if (n == GAINS_MAX || !ch_value_gain_db(inv->words[i], &gains_db[n]) ||
            !isfinite(gains_db[n])) {
            return ch_fail_usage("eq", "'%s' makes no sense here: a gain in dB for each slider",
                                 inv->words[i]);
        }
        n++;
    }
    struct ch_conn conn;
    const int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    write_setting(ch_conn_begin(&conn, "eq.graphic"), inv->words[1], gains_db, n);
    return ch_finish_change(&conn, inv, ch_sliders_print);
}

/// GAIN | up [DB] | down [DB]
static bool
parse_change(const struct ch_invocation *inv, struct slider_change *out)
{
    const char *first = inv->n_words > 2 ? inv->words[2] : "";
    const char *second = inv->n_words > 3 ? inv->words[3] : NULL;
    const bool up = strcmp(first, "up") == 0;
    if (!up && strcmp(first, "down") != 0) {
        out->relative = false;
        return (!second || strcasecmp(second, "dB") == 0) && ch_value_gain_db(first, &out->db) &&
               isfinite(out->db);
    }
    out->relative = true;
    out->db = STEP_DB;
    if (second && !(ch_value_gain_db(second, &out->db) && isfinite(out->db))) {
        return false;
    }
    out->db *= up ? 1 : -1;
    return inv->n_words <= 4;
}

static int
fail_no_slider(const cJSON *graphic, const char *word)
{
    char labels[256] = "";
    const cJSON *centre;
    cJSON_ArrayForEach(centre, ch_field(graphic, "centres_hz"))
    {
        char label[CH_SLIDER_BYTES];
        ch_slider_label(cJSON_IsNumber(centre) ? centre->valuedouble : 0, label);
        if (strlen(labels) + strlen(label) + 2 < sizeof labels) {
            strcat(strcat(labels, " "), label);
        }
    }
    return ch_fail("NOT_FOUND", "no slider at %s Hz; there are%s", word, labels);
}

static int
move_one(const struct ch_invocation *inv)
{
    struct slider_change change;
    if (!parse_change(inv, &change)) {
        return ch_fail_usage("eq", "a slider takes a gain in dB such as -3, or up [DB], down [DB]");
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    cJSON *now = NULL;
    ch_conn_begin(&conn, "eq.graphic");
    rc = ch_conn_call(&conn, &now);
    const cJSON *graphic = ch_field(now, "graphic");
    const cJSON *gains = ch_field(graphic, "gains_db");
    const int slider = ch_slider_find(graphic, inv->words[1]);
    const int n = cJSON_GetArraySize(gains);
    if (rc == CH_EXIT_OK && !cJSON_IsObject(graphic)) {
        rc = ch_fail("NOT_FOUND", "the equaliser has no sliders now: choose a layout first, "
                                  "such as 'chant eq graphic iso10'");
    } else if (rc == CH_EXIT_OK && (slider < 0 || n > GAINS_MAX)) {
        rc = fail_no_slider(graphic, inv->words[1]);
    }
    if (rc == CH_EXIT_OK) {
        double gains_db[GAINS_MAX];
        for (int i = 0; i < n; i++) {
            gains_db[i] = ch_element_number(gains, i, 0);
        }
        // A step ends at the end of the slider; a gain that is too large is an error.
        const double stepped = fmin(fmax(gains_db[slider] + change.db, -TOP_DB), TOP_DB);
        gains_db[slider] = change.relative ? stepped : change.db;
        const char *layout = ch_field_string(graphic, "layout");
        write_setting(ch_conn_begin(&conn, "eq.graphic"), layout ? layout : "", gains_db, n);
        cJSON_Delete(now);
        return ch_finish_change(&conn, inv, ch_sliders_print);
    }
    ch_conn_close(&conn);
    cJSON_Delete(now);
    return rc;
}

int
ch_cmd_eq_graphic(const struct ch_invocation *inv)
{
    if (inv->n_words < 2) {
        return show(inv);
    }
    return ch_slider_is_word(inv->words[1]) ? move_one(inv) : set_all(inv);
}
