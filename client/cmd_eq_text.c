// SPDX-License-Identifier: ISC
// client/cmd_eq_text.c — `eq import`, `eq export`: equalisers of other programs, from and to files.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/eq_picture.h"
#include "client/fields.h"
#include "client/output.h"
#include "client/report.h"
#include "protocol/decode.h"
#include "protocol/names.h"
#include "system/file.h"

/// A longer text is no request any more.
#define TEXT_BYTES_MAX (CH_LINE_MAX_DEFAULT / 2)

static int
fail_file(const char *path, int err)
{
    const char *name = err == ENOENT || err == ENOTDIR ? "NOT_FOUND"
                       : err == EACCES                 ? "DENIED"
                                                       : "UNAVAILABLE";
    return ch_fail(name, "%s: %s", path, strerror(err));
}

/// Where a request ends that could hold it.
static int
fail_long(const char *path)
{
    return ch_fail("UNAVAILABLE", "%s is too long", path);
}

// The whole file as UTF-8, or with "-" standard input; NULL after a message.
static char *
read_text(const char *path, size_t *length, int *rc)
{
    const bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : ch_sys_fopen(path, "rb");
    if (!file) {
        *rc = fail_file(path, errno);
        return NULL;
    }
    char *text = malloc(TEXT_BYTES_MAX + 1);
    *length = text ? fread(text, 1, TEXT_BYTES_MAX + 1, file) : 0;
    const int err = ferror(file) ? errno : 0;
    if (!standard) {
        fclose(file);
    }
    char *decoded = NULL;
    if (text && !err && *length <= TEXT_BYTES_MAX) {
        decoded = ch_text_to_utf8(text, *length, length);
        *rc = decoded ? CH_EXIT_OK : ch_fail_memory();
    } else {
        *rc = !text ? ch_fail_memory() : err ? fail_file(path, err) : fail_long(path);
    }
    free(text);
    return decoded;
}

static void
print_import(const cJSON *result)
{
    const char *format = ch_field_string(result, "format");
    const double error_db = ch_field_number(result, "fit_error_db", -1);
    ch_out("%s, %.0f lines used", format ? format : "?", ch_field_number(result, "used", 0));
    if (error_db >= 0) {
        ch_out(", within %.2f dB of the curve", error_db);
    }
    ch_out("\n");
    ch_eq_print_summary(result);
}

int
ch_cmd_eq_import(const struct ch_invocation *inv)
{
    if (inv->n_words != 2) {
        return ch_fail_usage("eq", "import takes a file, or - for standard input");
    }
    const char *path = inv->words[1], *format = ch_args_option(inv, "format");
    struct ch_conn conn;
    size_t length = 0;
    int rc = CH_EXIT_OK;
    char *text = read_text(path, &length, &rc);
    if (!text) {
        return rc;
    }
    rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        free(text);
        return rc;
    }
    struct ch_buf *params = ch_conn_begin(&conn, "eq.import");
    ch_json_key(params, "text");
    ch_json_string_n(params, text, length);
    free(text);
    if (format) {
        ch_json_kv_string(params, "format", format);
    }
    cJSON *result = NULL;
    rc = ch_conn_call(&conn, &result);
    ch_conn_close(&conn);
    if (rc == CH_EXIT_OK) {
        if (inv->json) {
            rc = ch_out_json(result);
        } else if (ch_out_chatty(inv)) {
            print_import(result);
            rc = ch_out_flush();
        }
        if (ch_eq_warn_of_ignored(result, path) > 0 && rc == CH_EXIT_OK) {
            rc = CH_EXIT_ERROR;
        }
    }
    cJSON_Delete(result);
    return rc;
}

static int
write_text(const char *path, const char *text)
{
    const bool standard = !path || strcmp(path, "-") == 0;
    FILE *file = standard ? stdout : ch_sys_fopen(path, "w");
    if (!file) {
        return fail_file(path, errno);
    }
    fputs(text, file);
    if (standard) {
        return ch_out_flush();
    }
    return fclose(file) == 0 ? CH_EXIT_OK : fail_file(path, errno);
}

int
ch_cmd_eq_export(const struct ch_invocation *inv)
{
    const char *path = inv->n_words > 1 ? inv->words[1] : NULL;
    const char *format = ch_args_option(inv, "format");
    struct ch_conn conn;
    int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    struct ch_buf *params = ch_conn_begin(&conn, "eq.export");
    if (format) {
        ch_json_kv_string(params, "format", format);
    }
    cJSON *result = NULL;
    rc = ch_conn_call(&conn, &result);
    ch_conn_close(&conn);
    if (rc == CH_EXIT_OK && inv->json) {
        rc = ch_out_json(result);
    } else if (rc == CH_EXIT_OK) {
        const char *text = ch_field_string(result, "text");
        rc = write_text(path, text ? text : "");
        const cJSON *ignored;
        cJSON_ArrayForEach(ignored, ch_field(result, "ignored"))
        {
            const char *why = ch_field_string(ignored, "why");
            const cJSON *index = ch_field(ignored, "index");
            if (cJSON_IsNumber(index)) {
                ch_warn("band %d is not said: %s", index->valueint, why ? why : "?");
            } else {
                ch_warn("not said: %s", why ? why : "?");
            }
        }
    }
    cJSON_Delete(result);
    return rc;
}
