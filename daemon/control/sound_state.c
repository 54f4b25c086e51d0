// SPDX-License-Identifier: ISC
// daemon/control/sound_state.c — the JSON of what is kept, and when it is written.

#include "daemon/control/sound_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/base/units.h"
#include "daemon/control/daemon.h"
#include "daemon/control/eq_band.h"
#include "daemon/control/preset_store.h"
#include "daemon/control/state_file.h"

#define VERSION  1
#define DELAY_MS 1000

// --- writing -----------------------------------------------------------------------------------

static void
write_text(struct ch_daemon *daemon, struct ch_buf *buf)
{
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "version", VERSION);
    ch_json_key(buf, "mixer");
    ch_json_begin_object(buf);
    ch_mixer_write_members(&daemon->mixer, buf);
    ch_json_end_object(buf);
    ch_json_key(buf, "eq");
    ch_json_begin_object(buf);
    ch_equaliser_write_members(&daemon->equaliser, buf);
    ch_json_end_object(buf);
    ch_json_key(buf, "loudness");
    ch_json_begin_object(buf);
    ch_loudness_write_settings(&daemon->loudness, buf);
    ch_json_end_object(buf);
    ch_json_end_object(buf);
    ch_buf_char(buf, '\n');
}

// The writer's thread.
static void
write_file(void *context)
{
    struct ch_daemon *daemon = context;
    struct ch_sound_state *state = &daemon->sound_state;
    state->status =
        ch_state_file_write(state->path, state->text.data, state->text.length, state->detail);
    atomic_store(&state->written, true);
    uv_async_send(&daemon->wake);
}

static void
begin_writing(struct ch_daemon *daemon)
{
    struct ch_sound_state *state = &daemon->sound_state;
    state->changed = false;
    ch_buf_init(&state->text);
    write_text(daemon, &state->text);
    atomic_store(&state->written, false);
    if (state->text.failed) {
        ch_buf_fini(&state->text);
        return;
    }
    state->writing = true;
    if (ch_thread_start(&state->writer, "chant-state", CH_STACK_WORKER, write_file, daemon) !=
        CH_OK) {
        write_file(daemon);
    }
}

static void
end_writing(struct ch_sound_state *state)
{
    ch_thread_join(&state->writer);
    ch_buf_fini(&state->text);
    state->writing = false;
    if (state->status != CH_OK && !state->warned) {
        ch_warning("%s; what the sound is set to will be forgotten", state->detail);
    }
    state->warned = state->status != CH_OK;
}

static void
on_timer(uv_timer_t *timer)
{
    struct ch_daemon *daemon = timer->data;
    if (!daemon->sound_state.writing) {
        begin_writing(daemon);
    } // else when that has done
}

void
ch_sound_state_init(struct ch_daemon *daemon)
{
    uv_timer_init(&daemon->loop, &daemon->sound_state.timer);
    daemon->sound_state.timer.data = daemon;
}

void
ch_sound_state_changed(struct ch_daemon *daemon)
{
    struct ch_sound_state *state = &daemon->sound_state;
    if (!state->path) {
        return;
    }
    state->changed = true;
    // From the first of several changes on: a fader that never rests is kept as well.
    if (!uv_is_active((uv_handle_t *)&state->timer)) {
        uv_timer_start(&state->timer, on_timer, DELAY_MS, 0);
    }
}

void
ch_sound_state_poll(struct ch_daemon *daemon)
{
    struct ch_sound_state *state = &daemon->sound_state;
    if (state->writing && atomic_load(&state->written)) {
        end_writing(state);
        if (state->changed) {
            ch_sound_state_changed(daemon);
        }
    }
}

void
ch_sound_state_fini(struct ch_daemon *daemon)
{
    struct ch_sound_state *state = &daemon->sound_state;
    if (state->writing) {
        end_writing(state);
    }
    if (state->path && state->changed) {
        begin_writing(daemon);
        if (state->writing) {
            end_writing(state);
        }
    }
    free(state->path);
    state->path = NULL;
}

// --- reading -----------------------------------------------------------------------------------

static bool
read_number(const cJSON *object, const char *name, double min, double max, double *out)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!value) {
        return true;
    }
    *out = value->valuedouble;
    return cJSON_IsNumber(value) && *out >= min && *out <= max;
}

static bool
read_bool(const cJSON *object, const char *name, bool *out)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    *out = value ? cJSON_IsTrue(value) : *out;
    return !value || cJSON_IsBool(value);
}

static bool
read_mixer(const cJSON *object, struct ch_mixer *mixer, char *why)
{
    const cJSON *limiter = cJSON_GetObjectItemCaseSensitive(object, "limiter");
    bool ok = true;
    if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(object, "gain_db"))) {
        mixer->gain_db = -INFINITY;
    } else {
        ok = read_number(object, "gain_db", CH_GAIN_MIN_DB, CH_GAIN_MAX_DB, &mixer->gain_db);
    }
    ok = ok && read_bool(object, "mute", &mixer->mute) &&
         read_number(object, "pan", -1.0, 1.0, &mixer->pan) &&
         read_bool(object, "panic", &mixer->panic) &&
         read_number(limiter, "ceiling_dbtp", CH_CEILING_MIN_DBTP, 0.0,
                     &mixer->limiter.ceiling_dbtp) &&
         read_bool(limiter, "bypass", &mixer->limiter.bypass);
    if (!ok) {
        snprintf(why, sizeof(char[256]), "its mixer makes no sense");
    }
    return ok;
}

// Without it, as in a file of before, it is as at first.
static bool
read_loudness(const cJSON *object, struct ch_loudness *loudness, char *why)
{
    struct ch_loudness_settings *settings = &loudness->settings;
    const cJSON *mode = cJSON_GetObjectItemCaseSensitive(object, "mode");
    const bool ok =
        (!mode || ch_loudness_mode_from_name(cJSON_GetStringValue(mode), &settings->mode)) &&
        read_number(object, "target_lufs", CH_LOUDNESS_TARGET_MIN_LUFS, CH_LOUDNESS_TARGET_MAX_LUFS,
                    &settings->target_lufs) &&
        read_number(object, "preamp_db", CH_LOUDNESS_PREAMP_MIN_DB, CH_LOUDNESS_PREAMP_MAX_DB,
                    &settings->preamp_db) &&
        read_bool(object, "scan", &loudness->scan_played);
    if (!ok) {
        snprintf(why, sizeof(char[256]), "its loudness makes no sense");
    }
    return ok;
}

// What the bands were made from, and their name; neither is worth a refusal.
static void
read_origin(const cJSON *graphic, const cJSON *preset, struct ch_equaliser *eq, uint32_t rate_hz)
{
    const char *param;
    char why[CH_PRESET_DETAIL_BYTES];
    bool out_of_range;
    struct ch_graphic sliders;
    if (cJSON_IsObject(graphic) &&
        ch_sliders_read(eq, graphic, &sliders,
                        &(struct ch_eq_refusal){&param, why, &out_of_range}) &&
        ch_sliders_claim(eq, &sliders)) {
        ch_equaliser_update(eq, rate_hz); // the rate may be another one now
    }
    if (cJSON_IsString(preset) && ch_preset_name_ok(preset->valuestring, why)) {
        ch_preset_mark(eq, preset->valuestring);
    }
}

// What eq.get tells is what eq.set takes, but for what follows from the rest.
static bool
read_eq(cJSON *object, struct ch_equaliser *eq, uint32_t rate_hz, char *why)
{
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "preamp_auto"))) {
        cJSON *automatic = cJSON_CreateString("auto");
        if (!automatic) {
            return true;
        }
        cJSON_ReplaceItemInObjectCaseSensitive(object, "preamp_db", automatic);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(object, "preamp_auto");
    cJSON *graphic = cJSON_DetachItemFromObjectCaseSensitive(object, "graphic");
    cJSON *preset = cJSON_DetachItemFromObjectCaseSensitive(object, "preset");
    const char *param;
    bool out_of_range;
    const bool ok = ch_equaliser_apply_json(eq, object, rate_hz, &param, why, &out_of_range);
    if (ok) {
        read_origin(graphic, preset, eq, rate_hz);
    }
    cJSON_Delete(graphic);
    cJSON_Delete(preset);
    return ok;
}

/// All of it or, with a reason, nothing.
static bool
take(struct ch_daemon *daemon, cJSON *root, char *why)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(root, "version");
    const cJSON *mixer_object = cJSON_GetObjectItemCaseSensitive(root, "mixer");
    cJSON *eq_object = cJSON_GetObjectItemCaseSensitive(root, "eq");
    if (!cJSON_IsNumber(version) || version->valuedouble < 1.0 || !cJSON_IsObject(mixer_object) ||
        !cJSON_IsObject(eq_object)) {
        snprintf(why, sizeof(char[256]), "it is no state of chantd");
        return false;
    }
    if (version->valuedouble > VERSION) {
        snprintf(why, sizeof(char[256]), "it was written by a newer chantd (version %g of it)",
                 version->valuedouble);
        return false;
    }
    struct ch_mixer mixer = daemon->mixer;
    struct ch_equaliser eq = daemon->equaliser;
    struct ch_loudness loudness = daemon->loudness;
    if (!read_mixer(mixer_object, &mixer, why) ||
        !read_loudness(cJSON_GetObjectItemCaseSensitive(root, "loudness"), &loudness, why) ||
        !read_eq(eq_object, &eq, ch_engine_rate(daemon->link.engine), why)) {
        return false;
    }
    daemon->mixer = mixer;
    daemon->loudness = loudness;
    daemon->equaliser = eq;
    return true;
}

static void
keep_down(struct ch_daemon *daemon)
{
    struct ch_mixer *mixer = &daemon->mixer;
    const double most_db = fmin(daemon->options.max_restored_gain_db, mixer->max_gain_db);
    if (mixer->gain_db > most_db) {
        ch_info("the gain was %g dB; it begins at %g dB (--max-restored-gain, --max-gain)",
                mixer->gain_db, most_db);
        mixer->gain_db = most_db;
    }
    if (mixer->panic) {
        ch_warning("silent since mixer.panic before the last end; mixer.set ends that");
    }
}

static void
read_state(struct ch_daemon *daemon, const char *text, size_t n)
{
    struct ch_sound_state *state = &daemon->sound_state;
    cJSON *root = NULL;
    size_t at = 0;
    char why[256] = "";
    const enum ch_json_verdict verdict = ch_json_parse(text, n, CH_NESTING_MAX, &root, &at);
    bool ok = false;
    if (verdict != CH_JSON_OK) {
        snprintf(why, sizeof why, "%s at byte %zu", ch_json_verdict_text(verdict), at);
    } else {
        ok = take(daemon, root, why);
    }
    cJSON_Delete(root);
    if (ok) {
        keep_down(daemon);
        return;
    }
    ch_warning("%s: %s; beginning with gain and equaliser as they are without it", state->path,
               why);
    ch_state_file_set_aside(state->path);
}

void
ch_sound_state_restore(struct ch_daemon *daemon)
{
    struct ch_sound_state *state = &daemon->sound_state;
    const struct ch_options *options = &daemon->options;
    if (options->no_restore) {
        return;
    }
    state->path = options->state ? strdup(options->state) : ch_state_file_path("sound.json");
    if (!state->path) {
        ch_info("neither $XDG_STATE_HOME nor $HOME: gain and equaliser will not be kept");
        return;
    }
    char *text;
    size_t n;
    char detail[256] = "";
    const enum ch_status status = ch_state_file_read(state->path, &text, &n, detail);
    if (status == CH_OK) {
        read_state(daemon, text, n);
    } else if (status != CH_NOT_FOUND) {
        ch_warning("%s; beginning without it", *detail ? detail : ch_strerror(status));
    }
    free(text);
}
