// SPDX-License-Identifier: ISC
// daemon/control/preset_file.c — a preset's members, one by one, with the line they are wrong in.

#include "daemon/control/preset_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control/eq_band.h"
#include "daemon/control/equaliser.h"
#include "daemon/eqtext/eqtext.h"
#include "protocol/names.h"

static bool
refuse(char *why, const char *text)
{
    snprintf(why, CH_PRESET_WHY_BYTES, "%s", text);
    return false;
}

static cJSON *
parse(const char *text, size_t length, char *why)
{
    cJSON *root = NULL;
    size_t at = 0;
    const enum ch_json_verdict verdict = ch_json_parse(text, length, CH_NESTING_MAX, &root, &at);
    if (verdict != CH_JSON_OK) {
        unsigned line = 1;
        for (size_t i = 0; i < at && i < length; i++) {
            line += text[i] == '\n';
        }
        snprintf(why, CH_PRESET_WHY_BYTES, "line %u: %s", line, ch_json_verdict_text(verdict));
        return NULL;
    }
    if (!cJSON_IsObject(root)) {
        refuse(why, "line 1: it must be a JSON object");
        cJSON_Delete(root);
        return NULL;
    }
    return root;
}

// Members that eq.get has, and a preset has not.
static bool
is_left_out(const char *name)
{
    static const char *const names[] = {"bypass", "bypass_left", "bypass_right",
                                        "preset", "applied_at",  "description"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strcmp(name, names[i])) {
            return true;
        }
    }
    return false;
}

static bool
read_sliders(struct ch_equaliser *eq, const cJSON *member, uint32_t rate_hz,
             const struct ch_eq_refusal *refusal)
{
    struct ch_graphic graphic;
    if (!ch_sliders_read(eq, member, &graphic, refusal)) {
        return false;
    }
    ch_sliders_set(eq, &graphic, rate_hz);
    return true;
}

// In an order that does not depend on the file's: bands and design first, because sliders take
// the place of both.
static bool
read_members(struct ch_equaliser *eq, cJSON *root, uint32_t rate_hz,
             const struct ch_eq_refusal *refusal)
{
    cJSON *graphic = cJSON_DetachItemFromObjectCaseSensitive(root, "graphic");
    const cJSON *automatic = cJSON_GetObjectItemCaseSensitive(root, "preamp_auto");
    const bool is_auto =
        cJSON_IsTrue(automatic) || !cJSON_GetObjectItemCaseSensitive(root, "preamp_db");
    cJSON *rest = cJSON_CreateObject();
    cJSON *next;
    for (cJSON *member = root->child; member; member = next) {
        next = member->next;
        if (!is_left_out(member->string) && strcmp(member->string, "preamp_auto") != 0 &&
            !(is_auto && !strcmp(member->string, "preamp_db"))) {
            cJSON_AddItemReferenceToObject(rest, member->string, member);
        }
    }
    bool ok = ch_equaliser_apply_json(eq, rest, rate_hz, refusal->param, refusal->why,
                                      refusal->out_of_range);
    eq->preamp_auto |= is_auto;
    if (ok && cJSON_IsObject(graphic)) {
        ok = read_sliders(eq, graphic, rate_hz, refusal);
    } else if (ok && !cJSON_GetObjectItemCaseSensitive(root, "bands")) {
        ok = ch_eq_refuse(refusal, "bands", "it has neither 'bands' nor 'graphic'");
    }
    cJSON_Delete(rest);
    cJSON_Delete(graphic);
    return ok;
}

bool
ch_preset_read_json(struct ch_equaliser *eq, const char *text, size_t length, uint32_t rate_hz,
                    char *why)
{
    struct ch_equaliser next = *eq;
    const char *param = NULL;
    char reason[CH_EQ_WHY_BYTES];
    bool out_of_range = false;
    cJSON *root = parse(text, length, why);
    if (!root) {
        return false;
    }
    next.design = CH_EQ_MATCHED;
    const struct ch_eq_refusal refusal = {&param, reason, &out_of_range};
    const bool ok = read_members(&next, root, rate_hz, &refusal);
    if (ok) {
        ch_equaliser_update(&next, rate_hz);
        *eq = next;
    } else {
        refuse(why, reason);
    }
    cJSON_Delete(root);
    return ok;
}

void
ch_preset_take_text(struct ch_equaliser *eq, const struct ch_eqtext *read, uint32_t rate_hz)
{
    memcpy(eq->bands, read->bands, sizeof eq->bands);
    eq->n_bands = read->n_bands;
    eq->preamp_db = read->preamp_db;
    eq->preamp_auto = !read->has_preamp;
    ch_equaliser_update(eq, rate_hz);
}

static void
say_useless(const struct ch_eqtext *read, char *why)
{
    if (read->notes.n_listed) {
        snprintf(why, CH_PRESET_WHY_BYTES, "line %u: %s", read->notes.list[0].line,
                 read->notes.list[0].why);
    } else {
        refuse(why, "line 1: there is nothing in it");
    }
}

bool
ch_preset_read_text(struct ch_equaliser *eq, const char *text, size_t length, uint32_t rate_hz,
                    struct ch_eqtext *read, char *why)
{
    ch_eqtext_read(read, text, length, CH_EQTEXT_AUTO, CH_EQ_RBJ, rate_hz);
    if (!read->n_bands && !read->has_preamp) {
        say_useless(read, why);
        return false;
    }
    eq->design = CH_EQ_RBJ;
    ch_preset_take_text(eq, read, rate_hz);
    return true;
}

bool
ch_preset_check_text(const char *text, size_t length, char *why)
{
    struct ch_eqtext *read = malloc(sizeof *read);
    if (!read) {
        return refuse(why, "there is no memory to read it");
    }
    const bool ok = ch_eqtext_look(read, text, length);
    if (!ok) {
        say_useless(read, why);
    }
    free(read);
    return ok;
}

bool
ch_preset_read_description(const char *text, size_t length, char *out, size_t size)
{
    char why[CH_PRESET_WHY_BYTES];
    cJSON *root = parse(text, length, why);
    const cJSON *member = root ? cJSON_GetObjectItemCaseSensitive(root, "description") : NULL;
    const bool ok = cJSON_IsString(member) && strlen(member->valuestring) < size;
    if (ok) {
        strcpy(out, member->valuestring);
    }
    cJSON_Delete(root);
    return ok;
}

static void
write_compact(const struct ch_equaliser *eq, const char *description, struct ch_buf *buf)
{
    ch_json_begin_object(buf);
    if (description) {
        ch_json_kv_string(buf, "description", description);
    }
    if (eq->preamp_auto) {
        ch_json_kv_string(buf, "preamp_db", "auto");
    } else {
        ch_json_kv_fixed(buf, "preamp_db", eq->preamp_db, 4);
    }
    ch_json_kv_string(buf, "design", eq->design == CH_EQ_RBJ ? "rbj" : "matched");
    ch_sliders_write_member(eq, buf);
    ch_json_key(buf, "bands");
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        ch_eq_band_write(&eq->bands[i], i, buf);
    }
    ch_json_end_array(buf);
    ch_json_end_object(buf);
}

void
ch_preset_write_json(const struct ch_equaliser *eq, const char *description, struct ch_buf *out)
{
    struct ch_buf compact;
    ch_buf_init(&compact);
    write_compact(eq, description, &compact);
    cJSON *root = compact.failed ? NULL : cJSON_ParseWithLength(compact.data, compact.length);
    char *text = root ? cJSON_Print(root) : NULL;
    if (text) {
        ch_buf_text(out, text);
        ch_buf_char(out, '\n');
    } else {
        out->failed = true;
    }
    cJSON_free(text);
    cJSON_Delete(root);
    ch_buf_fini(&compact);
}
