// SPDX-License-Identifier: ISC
// daemon/control/cmd_eq_presets.c — eq.presets and eq.preset.*

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control/cmd_eq.h"
#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"
#include "daemon/control/preset_store.h"

#define DESCRIPTION_CHARACTERS 255

static void
fail(struct ch_request *request, enum ch_status status, const char *detail)
{
    // Only a name can be invalid here: its own form, or the file it stands for.
    const bool of_name = status == CH_INVALID || status == CH_NOT_FOUND || status == CH_CONFLICT;
    ch_request_fail(request, ch_rpc_error_from_status(status), of_name ? "name" : NULL, "%s",
                    detail);
}

static void
write_preset(void *context, const char *name, const char *description, const char *broken)
{
    struct ch_buf *buf = context;
    const bool builtin = ch_preset_find(name) != NULL;
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "name", name);
    ch_json_kv_bool(buf, "builtin", builtin);
    ch_json_kv_string(buf, "description", description);
    if (broken) {
        ch_json_kv_string(buf, "broken", broken);
    }
    ch_json_end_object(buf);
}

static void
eq_presets(struct ch_request *request)
{
    struct ch_buf *buf = ch_request_result(request);
    char detail[CH_PRESET_DETAIL_BYTES], path[PATH_MAX];
    ch_json_begin_object(buf);
    ch_json_key(buf, "presets");
    ch_json_begin_array(buf);
    for (const struct ch_preset_builtin *preset = ch_preset_builtins; preset->name; preset++) {
        write_preset(buf, preset->name, preset->description, NULL);
    }
    const enum ch_status status = ch_preset_list(write_preset, buf, detail);
    if (status != CH_OK && status != CH_UNAVAILABLE) {
        fail(request, status, detail);
        return;
    }
    ch_json_end_array(buf);
    ch_json_kv_string(buf, "folder", ch_preset_folder(path, sizeof path) == CH_OK ? path : NULL);
    ch_json_kv_string(buf, "preset", ch_preset_of(&request->daemon->equaliser));
    ch_json_end_object(buf);
    ch_request_finish(request);
}

static void
eq_preset_load(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    if (ch_eq_refuse_crowd(request)) {
        return;
    }
    char detail[CH_PRESET_DETAIL_BYTES];
    struct ch_eqtext *read;
    const enum ch_status status =
        ch_preset_load(&daemon->equaliser, ch_param_string(request->params, "name", ""),
                       ch_engine_rate(daemon->link.engine), &read, detail);
    if (status != CH_OK) {
        fail(request, status, detail);
        return;
    }
    ch_json_begin_object(ch_request_result(request));
    if (read) {
        ch_eq_write_read(read, ch_request_result(request));
        free(read);
    }
    ch_eq_apply_also(request);
}

static void
eq_preset_save(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    const char *name = ch_param_string(request->params, "name", "");
    const char *description = ch_param_string(request->params, "description", NULL);
    char detail[CH_PRESET_DETAIL_BYTES];
    if (description && strlen(description) > DESCRIPTION_CHARACTERS) {
        ch_request_fail(request, CH_RPC_OUT_OF_RANGE, "description",
                        "a description can have %d bytes", DESCRIPTION_CHARACTERS);
        return;
    }
    const enum ch_status status =
        ch_preset_save(&daemon->equaliser, name, description,
                       ch_param_bool(request->params, "replace", false), detail);
    if (status != CH_OK) {
        fail(request, status, detail);
        return;
    }
    ch_preset_mark(&daemon->equaliser, name);
    char cause[32];
    ch_topics_cause(request, cause, sizeof cause);
    ch_topics_changed(daemon, CH_TOPIC_EQ, cause);
    ch_json_begin_object(ch_request_result(request));
    ch_json_kv_string(ch_request_result(request), "name", name);
    ch_json_end_object(ch_request_result(request));
    ch_request_finish(request);
}

static void
eq_preset_delete(struct ch_request *request)
{
    const char *name = ch_param_string(request->params, "name", "");
    char detail[CH_PRESET_DETAIL_BYTES];
    const enum ch_status status = ch_preset_delete(name, detail);
    if (status != CH_OK) {
        fail(request, status, detail);
        return;
    }
    ch_json_begin_object(ch_request_result(request));
    ch_json_kv_string(ch_request_result(request), "name", name);
    ch_json_end_object(ch_request_result(request));
    ch_request_finish(request);
}

#define NAME_PARAM                                                                                 \
    {                                                                                              \
        .name = "name", .type = CH_PARAM_STRING, .flags = CH_PARAM_REQUIRED                        \
    }

static const struct ch_param name_params[] = {
    NAME_PARAM,
    CH_PARAM_END,
};

static const struct ch_param save_params[] = {
    NAME_PARAM,
    {.name = "replace", .type = CH_PARAM_BOOL},
    {.name = "description", .type = CH_PARAM_STRING},
    CH_PARAM_END,
};

const struct ch_method ch_eq_preset_methods[] = {
    {.name = "eq.presets", .run = eq_presets},
    {.name = "eq.preset.load", .run = eq_preset_load, .params = name_params, .in_tx = true},
    {.name = "eq.preset.save", .run = eq_preset_save, .params = save_params},
    {.name = "eq.preset.delete", .run = eq_preset_delete, .params = name_params},
    {.name = NULL},
};
