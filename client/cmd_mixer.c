// SPDX-License-Identifier: ISC
// client/cmd_mixer.c — gain, mute, pan.

#include <math.h>
#include <string.h>

#include "client/command.h"
#include "client/describe.h"
#include "client/report.h"
#include "client/values.h"

#define STEP_DB 1.0

/// What the words of `gain` ask for.
struct gain_change {
    enum { SHOW, SET, ADJUST } kind;
    double db;
};

static bool
parse_step(const char *text, double sign, struct gain_change *out)
{
    double db = STEP_DB;
    if (text && (!ch_value_gain_db(text, &db) || !isfinite(db))) {
        return false;
    }
    *out = (struct gain_change){ADJUST, sign * db};
    return true;
}

/// @return NULL, or the word that is wrong
static const char *
parse_gain(const struct ch_invocation *inv, struct gain_change *out)
{
    const char *by = ch_args_option(inv, "by");
    const char *first = inv->n_words > 0 ? inv->words[0] : NULL;
    const char *second = inv->n_words > 1 ? inv->words[1] : NULL;
    if (by) {
        return first ? first : parse_step(by, 1, out) ? NULL : by;
    }
    if (!first) {
        *out = (struct gain_change){SHOW, 0};
        return NULL;
    }
    if (strcmp(first, "up") == 0 || strcmp(first, "down") == 0) {
        return parse_step(second, first[0] == 'u' ? 1 : -1, out) ? NULL : second;
    }
    // "-6 dB", as people write it
    if (second && strcasecmp(second, "dB") != 0) {
        return second;
    }
    out->kind = SET;
    return ch_value_gain_db(first, &out->db) ? NULL : first;
}

static void
write_db(struct ch_buf *params, const char *key, double db)
{
    if (isfinite(db)) {
        ch_json_kv_fixed(params, key, db, 4);
    } else {
        ch_json_kv_null(params, key);
    }
}

int
ch_cmd_gain(const struct ch_invocation *inv)
{
    struct gain_change change;
    const char *wrong = parse_gain(inv, &change);
    if (wrong) {
        return ch_fail_usage("gain",
                             "'%s' makes no sense here: a gain in dB such as -6, or up, "
                             "down, --by DB",
                             wrong);
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    switch (change.kind) {
    case SHOW:
        ch_conn_begin(&conn, "mixer.get");
        return ch_finish_query(&conn, inv, ch_print_mixer_line);
    case SET:
        write_db(ch_conn_begin(&conn, "mixer.set"), "gain_db", change.db);
        break;
    case ADJUST:
        write_db(ch_conn_begin(&conn, "mixer.adjust"), "delta_db", change.db);
        break;
    }
    return ch_finish_change(&conn, inv, ch_print_mixer_line);
}

static int
set_mute(const struct ch_invocation *inv, bool mute)
{
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    ch_json_kv_bool(ch_conn_begin(&conn, "mixer.set"), "mute", mute);
    return ch_finish_change(&conn, inv, ch_print_mixer_line);
}

int
ch_cmd_mute(const struct ch_invocation *inv)
{
    return set_mute(inv, true);
}

int
ch_cmd_unmute(const struct ch_invocation *inv)
{
    return set_mute(inv, false);
}

int
ch_cmd_pan(const struct ch_invocation *inv)
{
    double pan;
    if (!ch_value_number(inv->words[0], &pan)) {
        return ch_fail_usage("pan", "'%s' is not a number from -1 (left) to 1 (right)",
                             inv->words[0]);
    }
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    ch_json_kv_fixed(ch_conn_begin(&conn, "mixer.set"), "pan", pan, 4);
    return ch_finish_change(&conn, inv, ch_print_mixer_line);
}
