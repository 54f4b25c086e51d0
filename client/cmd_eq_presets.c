// SPDX-License-Identifier: ISC
// client/cmd_eq_presets.c — `eq presets`, `eq preset …`: settings of the equaliser by name.

#include <string.h>

#include "client/command.h"
#include "client/eq_picture.h"
#include "client/fields.h"
#include "client/output.h"
#include "client/report.h"

static void
print_presets(const cJSON *result)
{
    const char *now = ch_field_string(result, "preset");
    const cJSON *preset;
    cJSON_ArrayForEach(preset, ch_field(result, "presets"))
    {
        const char *name = ch_field_string(preset, "name");
        const char *broken = ch_field_string(preset, "broken");
        const char *text = broken ? broken : ch_field_string(preset, "description");
        ch_out("%s %-16s %s%s%s\n", now && name && strcmp(now, name) == 0 ? "*" : " ",
               name ? name : "?", ch_field_bool(preset, "builtin") ? "" : "(yours) ",
               broken ? "broken: " : "", text ? text : "");
    }
}

int
ch_cmd_eq_presets(const struct ch_invocation *inv)
{
    struct ch_conn conn;
    const int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    ch_conn_begin(&conn, "eq.presets");
    return ch_finish_query(&conn, inv, print_presets);
}

// A file in another program's words may have some that can't be used.
static int
finish_load(struct ch_conn *conn, const struct ch_invocation *inv)
{
    cJSON *result = NULL;
    int rc = ch_conn_call(conn, &result);
    ch_conn_close(conn);
    if (rc == CH_EXIT_OK && inv->json) {
        rc = ch_out_json(result);
    } else if (rc == CH_EXIT_OK && ch_out_chatty(inv)) {
        ch_eq_print_summary(result);
        rc = ch_out_flush();
    }
    (void)ch_eq_warn_of_ignored(result, inv->words[2]);
    cJSON_Delete(result);
    return rc;
}

int
ch_cmd_eq_preset(const struct ch_invocation *inv)
{
    static const struct {
        const char *word, *method;
        bool loads;
    } verbs[] = {{"load", "eq.preset.load", true},
                 {"save", "eq.preset.save", false},
                 {"delete", "eq.preset.delete", false}};
    const char *verb = inv->n_words > 1 ? inv->words[1] : "";
    const bool replace = ch_args_option(inv, "replace") != NULL;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verb, verbs[i].word) != 0) {
            continue;
        }
        if (inv->n_words != 3) {
            return ch_fail_usage("eq", "preset %s takes one name", verb);
        }
        if (replace && strcmp(verb, "save") != 0) {
            return ch_fail_usage("eq", "--replace belongs to 'eq preset save NAME'");
        }
        struct ch_conn conn;
        const int rc = ch_conn_open(&conn, inv->socket);
        if (rc != CH_EXIT_OK) {
            return rc;
        }
        struct ch_buf *params = ch_conn_begin(&conn, verbs[i].method);
        ch_json_kv_string(params, "name", inv->words[2]);
        if (replace) {
            ch_json_kv_bool(params, "replace", true);
        }
        return verbs[i].loads ? finish_load(&conn, inv) : ch_finish_change(&conn, inv, NULL);
    }
    return ch_fail_usage("eq", "preset is load, save or delete, and a name");
}
