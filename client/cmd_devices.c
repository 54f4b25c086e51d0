// SPDX-License-Identifier: ISC
// client/cmd_devices.c — what the daemon could play on, as a table.

#include <string.h>

#include "client/command.h"
#include "client/fields.h"
#include "client/output.h"
#include "client/report.h"
#include "client/values.h"

#define NAME_COLUMNS 40

/// At most `columns` characters of it, never half of one, without what would steer a terminal.
static void
take_name(const char *name, unsigned columns, char *out, size_t out_bytes)
{
    size_t n = 0;
    unsigned n_characters = 0;
    for (; name[n] && n < out_bytes - 1; n++) {
        const bool begins = ((unsigned char)name[n] & 0xc0) != 0x80;
        n_characters += begins;
        if (n_characters > columns) {
            break;
        }
    }
    while (name[n] && n && ((unsigned char)name[n] & 0xc0) == 0x80) {
        n--;
    }
    memcpy(out, name, n);
    out[n] = 0;
    ch_text_disarm(out);
}

static unsigned
n_characters(const char *text)
{
    unsigned n = 0;
    for (; *text; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

static void
print_device(const cJSON *device)
{
    const char *backend = ch_field_string(device, "backend");
    const char *given = ch_field_string(device, "name");
    const char *id = ch_field_string(device, "id");
    const char *format = ch_field_string(device, "format");
    char name[NAME_COLUMNS * 4 + 1];
    char shown_id[512];
    take_name(given ? given : "", NAME_COLUMNS, name, sizeof name);
    take_name(id ? id : "", sizeof shown_id, shown_id, sizeof shown_id);
    const char *mark = !ch_field_bool(device, "default") ? " " : ch_out_utf8() ? "▶" : ">";
    ch_out("%s %-7s %s%*s %6.6g kHz %2.0f ch %-4s %5.0f %5.0f %5.0f  %s\n", mark,
           backend ? backend : "", name, (int)(NAME_COLUMNS - n_characters(name)), "",
           ch_field_number(device, "rate_hz", 0) / 1000, ch_field_number(device, "channels", 0),
           format ? format : "", ch_field_number(device, "period_frames", 0),
           ch_field_number(device, "period_min_frames", 0),
           ch_field_number(device, "period_default_frames", 0), shown_id);
}

static void
print(const cJSON *result)
{
    ch_out("  %-7s %-*s %10s %5s %-4s %5s %5s %5s  %s\n", "BACKEND", NAME_COLUMNS, "NAME", "RATE",
           "", "", "USED", "LEAST", "USUAL", "ID");
    const cJSON *device;
    cJSON_ArrayForEach(device, ch_field(result, "devices"))
    {
        print_device(device);
    }
    const cJSON *failure;
    cJSON_ArrayForEach(failure, ch_field(result, "failed"))
    {
        const char *backend = ch_field_string(failure, "backend");
        const char *detail = ch_field_string(failure, "detail");
        ch_warn("%s: %s", backend ? backend : "", detail ? detail : "");
    }
}

int
ch_cmd_devices(const struct ch_invocation *inv)
{
    struct ch_conn conn;
    const int rc = ch_conn_open(&conn, inv->socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    (void)ch_conn_begin(&conn, "device.list");
    return ch_finish_query(&conn, inv, print);
}
