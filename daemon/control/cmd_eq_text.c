// SPDX-License-Identifier: ISC
// daemon/control/cmd_eq_text.c — eq.import and eq.export

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control/cmd_eq.h"
#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"
#include "daemon/control/preset_file.h"
#include "daemon/eqtext/eqtext.h"
#include "system/text.h"

#define EXPORT_FORMATS "apo|graphic|rew|camilladsp"

static const char *const format_names[] = {[CH_EQTEXT_AUTO] = "auto",
                                           [CH_EQTEXT_APO] = "apo",
                                           [CH_EQTEXT_GRAPHIC] = "graphic",
                                           [CH_EQTEXT_REW] = "rew",
                                           [CH_EQTEXT_CAMILLADSP] = "camilladsp"};

// What was read is told after what was set: the members of the answer so far.
void
ch_eq_write_read(const struct ch_eqtext *read, struct ch_buf *buf)
{
    const struct ch_eqtext_notes *notes = &read->notes;
    ch_json_kv_string(buf, "format", format_names[read->format]);
    ch_json_kv_uint(buf, "used", read->n_used);
    if (read->fitted) {
        ch_json_kv_fixed(buf, "fit_error_db", read->fit_error_db, 4);
    }
    ch_json_kv_uint(buf, "n_ignored", notes->n);
    ch_json_key(buf, "ignored");
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < notes->n_listed; i++) {
        ch_json_begin_object(buf);
        ch_json_kv_uint(buf, "line", notes->list[i].line);
        ch_json_kv_string(buf, "text", notes->list[i].text);
        ch_json_kv_string(buf, "why", notes->list[i].why);
        ch_json_end_object(buf);
    }
    ch_json_end_array(buf);
}

static void
refuse_useless(struct ch_request *request, const struct ch_eqtext *read)
{
    const struct ch_eqtext_notes *notes = &read->notes;
    if (!notes->n_listed) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "text", "there is nothing in the text");
    } else {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "text",
                        "nothing can be used of it as '%s'; line %u, '%s': %s%s",
                        format_names[read->format], notes->list[0].line, notes->list[0].text,
                        notes->list[0].why, notes->n > 1 ? ", and others" : "");
    }
}

// The equaliser as it would be, or false after an answer.
static bool
take_preamp(struct ch_request *request, struct ch_equaliser *eq, uint32_t rate_hz)
{
    const cJSON *given = ch_param_get(request->params, "preamp_db");
    if (!given) {
        return true;
    }
    const char *param = NULL;
    char why[256];
    bool out_of_range;
    cJSON *params = cJSON_CreateObject();
    cJSON_AddItemReferenceToObject(params, "preamp_db", (cJSON *)(uintptr_t)given);
    const bool ok = ch_equaliser_apply_json(eq, params, rate_hz, &param, why, &out_of_range);
    cJSON_Delete(params);
    if (!ok) {
        ch_eq_refuse_request(request, out_of_range, param, why);
    }
    return ok;
}

static void
import(struct ch_request *request, struct ch_eqtext *read)
{
    struct ch_daemon *daemon = request->daemon;
    const uint32_t rate_hz = ch_engine_rate(daemon->link.engine);
    const cJSON *text = ch_param_get(request->params, "text");
    struct ch_equaliser next = daemon->equaliser;
    const int design = ch_param_choice(request->params, "design", "matched|rbj", CH_EQ_RBJ);
    next.design = (enum ch_eq_design)design;
    ch_eqtext_read(read, text->valuestring, strlen(text->valuestring),
                   (enum ch_eqtext_format)ch_param_choice(request->params, "format",
                                                          CH_EQTEXT_FORMATS, CH_EQTEXT_AUTO),
                   next.design, rate_hz);
    if (!read->n_bands && !read->has_preamp) {
        refuse_useless(request, read);
        return;
    }
    ch_preset_take_text(&next, read, rate_hz);
    if (!take_preamp(request, &next, rate_hz)) {
        return;
    }
    daemon->equaliser = next;
    ch_json_begin_object(ch_request_result(request));
    ch_eq_write_read(read, ch_request_result(request));
    ch_eq_apply_also(request);
}

static void
eq_import(struct ch_request *request)
{
    if (ch_eq_refuse_crowd(request)) {
        return;
    }
    struct ch_eqtext *read = malloc(sizeof *read);
    if (read) {
        import(request, read);
    } else {
        ch_request_fail(request, CH_RPC_INTERNAL, NULL, "out of memory");
    }
    free(read);
}

// --- export ------------------------------------------------------------------------------------

static void
write_unsaid(const struct ch_eqtext_notes *notes, struct ch_buf *buf)
{
    ch_json_key(buf, "ignored");
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < notes->n_listed; i++) {
        ch_json_begin_object(buf);
        if (notes->list[i].index >= 0) {
            ch_json_kv_uint(buf, "index", (uint64_t)notes->list[i].index);
        } else {
            ch_json_kv_null(buf, "index");
        }
        ch_json_kv_string(buf, "why", notes->list[i].why);
        ch_json_end_object(buf);
    }
    ch_json_end_array(buf);
}

// Bands that leave a channel alone because all of them do are written so.
static void
set_rack(const struct ch_equaliser *eq, struct ch_eq_band bands[CH_EQ_BANDS_MAX],
         struct ch_eqtext_notes *notes)
{
    memcpy(bands, eq->bands, eq->n_bands * sizeof *bands);
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        bands[i].bypass_left |= eq->bypass_left;
        bands[i].bypass_right |= eq->bypass_right;
    }
    if (eq->bypass) {
        ch_eqtext_unsaid(notes, -1, "the equaliser is bypassed, what is written is not");
    }
}

static char *
write_text(const struct ch_equaliser *eq, uint32_t rate_hz, enum ch_eqtext_format format,
           struct ch_eqtext_notes *notes)
{
    struct ch_eq_band bands[CH_EQ_BANDS_MAX];
    struct ch_sys_text text;
    ch_sys_text_open(&text);
    if (!text.out) {
        return NULL;
    }
    set_rack(eq, bands, notes);
    const struct ch_eqtext_rack rack = {bands, eq->n_bands, eq->preamp_db, eq->design, rate_hz};
    ch_eqtext_write(text.out, &rack, format, notes);
    return ch_sys_text_close(&text);
}

static void
eq_export(struct ch_request *request)
{
    const int format = 1 + ch_param_choice(request->params, "format", EXPORT_FORMATS, 0);
    struct ch_daemon *daemon = request->daemon;
    struct ch_eqtext_notes *notes = calloc(1, sizeof *notes);
    char *text = notes ? write_text(&daemon->equaliser, ch_engine_rate(daemon->link.engine),
                                    (enum ch_eqtext_format)format, notes)
                       : NULL;
    if (text) {
        struct ch_buf *buf = ch_request_result(request);
        ch_json_begin_object(buf);
        ch_json_kv_string(buf, "format", format_names[format]);
        ch_json_kv_string(buf, "text", text);
        write_unsaid(notes, buf);
        ch_json_end_object(buf);
        ch_request_finish(request);
    } else {
        ch_request_fail(request, CH_RPC_INTERNAL, NULL, "out of memory");
    }
    free(text);
    free(notes);
}

static const struct ch_param import_params[] = {
    {.name = "text", .type = CH_PARAM_STRING, .flags = CH_PARAM_REQUIRED},
    {.name = "format", .type = CH_PARAM_STRING, .choices = CH_EQTEXT_FORMATS},
    {.name = "design", .type = CH_PARAM_STRING, .choices = "matched|rbj"},
    {.name = "preamp_db", .type = CH_PARAM_ANY},
    CH_PARAM_END,
};

static const struct ch_param export_params[] = {
    {.name = "format", .type = CH_PARAM_STRING, .choices = EXPORT_FORMATS},
    CH_PARAM_END,
};

const struct ch_method ch_eq_text_methods[] = {
    {.name = "eq.import", .run = eq_import, .params = import_params},
    {.name = "eq.export", .run = eq_export, .params = export_params},
    {.name = NULL},
};
