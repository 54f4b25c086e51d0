// SPDX-License-Identifier: ISC
// daemon/control/equaliser.c — bands, preamp and bypass; their JSON; their commands.

#include "daemon/control/equaliser.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/control/eq_band.h"
#include "daemon/engine/messages.h"

#define PREAMP_MIN_DB (-60.0)
#define PREAMP_MAX_DB 24.0

static const char *const design_names[] = {[CH_EQ_MATCHED] = "matched", [CH_EQ_RBJ] = "rbj"};

void
ch_equaliser_init(struct ch_equaliser *eq)
{
    static const double centres_hz[] = {31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000};
    memset(eq, 0, sizeof *eq);
    eq->design = CH_EQ_MATCHED;
    eq->n_bands = sizeof centres_hz / sizeof *centres_hz;
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        eq->bands[i] =
            (struct ch_eq_band){.type = CH_EQ_PEAK, .freq_hz = centres_hz[i], .q = CH_EQ_OCTAVE_Q};
    }
    ch_sliders_claim_flat(eq, CH_GRAPHIC_ISO10);
}

uint32_t
ch_equaliser_bypass(const struct ch_equaliser *eq)
{
    return (eq->bypass || eq->bypass_left ? CH_EQ_LEFT : 0) |
           (eq->bypass || eq->bypass_right ? CH_EQ_RIGHT : 0);
}

bool
ch_equaliser_fits(const struct ch_equaliser *eq)
{
    return ch_eq_rack_extras(eq->bands, eq->n_bands) <= CH_EQ_EXTRAS_MAX;
}

// --- the curve ---------------------------------------------------------------------------------

void
ch_equaliser_curve(const struct ch_equaliser *eq, uint32_t channel, uint32_t rate_hz,
                   struct ch_eq_curve *curve)
{
    curve->rate_hz = rate_hz;
    curve->n_sections = 0;
    curve->preamp_db = 0.0;
    if (ch_equaliser_bypass(eq) & channel) {
        return;
    }
    curve->preamp_db = eq->preamp_db;
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        if (!(ch_eq_band_bypass(&eq->bands[i]) & channel)) {
            curve->n_sections += ch_eq_sections_from_band(&eq->bands[i], eq->design, rate_hz,
                                                          &curve->section[curve->n_sections]);
        }
    }
}

static double
sections_db(const struct ch_eq_curve *curve, double freq_hz)
{
    double db = 0.0;
    for (uint32_t i = 0; i < curve->n_sections; i++) {
        db += ch_eq_section_response_db(&curve->section[i], curve->rate_hz, freq_hz);
    }
    return db;
}

double
ch_eq_curve_db(const struct ch_eq_curve *curve, double freq_hz)
{
    return curve->preamp_db + sections_db(curve, freq_hz);
}

bool
ch_equaliser_channels_agree(const struct ch_equaliser *eq)
{
    const uint32_t bypass = ch_equaliser_bypass(eq);
    if (bypass == CH_EQ_BOTH) {
        return true;
    }
    bool agree = bypass == 0;
    for (uint32_t i = 0; i < eq->n_bands && agree; i++) {
        const uint32_t of_band = ch_eq_band_bypass(&eq->bands[i]);
        agree = of_band == 0 || of_band == CH_EQ_BOTH;
    }
    return agree;
}

double
ch_equaliser_response_db(const struct ch_equaliser *eq, uint32_t rate_hz, double freq_hz)
{
    struct ch_eq_curve curve;
    ch_equaliser_curve(eq, CH_EQ_LEFT, rate_hz, &curve);
    return ch_eq_curve_db(&curve, freq_hz);
}

/// A logarithmic sweep, and the centre of every band, where narrow ones have their tops.
static double
highest_db(const struct ch_equaliser *eq, uint32_t channel, uint32_t rate_hz)
{
    enum { POINTS = 240 };
    struct ch_eq_curve curve;
    ch_equaliser_curve(eq, channel, rate_hz, &curve);
    double highest = 0.0;
    const double top_hz = fmin(20000.0, 0.49 * rate_hz);
    for (int i = 0; i <= POINTS; i++) {
        const double freq_hz = 20.0 * pow(top_hz / 20.0, (double)i / POINTS);
        highest = fmax(highest, sections_db(&curve, freq_hz));
    }
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        const double freq_hz = fmin(eq->bands[i].freq_hz, 0.49 * rate_hz);
        highest = fmax(highest, sections_db(&curve, freq_hz));
    }
    return highest;
}

void
ch_equaliser_update(struct ch_equaliser *eq, uint32_t rate_hz)
{
    ch_sliders_follow_rate(eq, rate_hz);
    if (!eq->preamp_auto) {
        return;
    }
    // As if nothing were bypassed as a whole: what the preamp is must not depend on that.
    struct ch_equaliser heard = *eq;
    heard.bypass = heard.bypass_left = heard.bypass_right = false;
    eq->preamp_db =
        -fmax(highest_db(&heard, CH_EQ_LEFT, rate_hz), highest_db(&heard, CH_EQ_RIGHT, rate_hz));
}

uint32_t
ch_equaliser_commands(struct ch_equaliser *eq, uint32_t rate_hz, struct ch_command *commands)
{
    return ch_eq_rack_commands(&eq->rack, eq, rate_hz, commands);
}

void
ch_equaliser_forget(struct ch_equaliser *eq)
{
    eq->rack.told = false;
}

// --- JSON --------------------------------------------------------------------------------------

bool
ch_equaliser_band_from_json(struct ch_eq_band *band, const cJSON *object, const char **param,
                            char *why, bool *out_of_range)
{
    *out_of_range = false;
    return ch_eq_band_read(band, object, &(struct ch_eq_refusal){param, why, out_of_range});
}

static bool
read_bands(struct ch_equaliser *eq, const cJSON *bands, const struct ch_eq_refusal *refusal)
{
    if (!cJSON_IsArray(bands)) {
        return ch_eq_refuse(refusal, "bands", "'bands' must be an array of objects");
    }
    if (cJSON_GetArraySize(bands) > CH_EQ_BANDS_MAX) {
        *refusal->out_of_range = true;
        return ch_eq_refuse(refusal, "bands", "there can be 32 bands at most");
    }
    uint32_t n = 0;
    const cJSON *object;
    cJSON_ArrayForEach(object, bands)
    {
        struct ch_eq_band band = {.type = CH_EQ_PEAK, .q = CH_EQ_OCTAVE_Q};
        if (!ch_eq_band_read(&band, object, refusal)) {
            return false;
        }
        if (band.freq_hz == 0.0) {
            return ch_eq_refuse(refusal, "freq_hz", "a band needs 'freq_hz'");
        }
        eq->bands[n++] = band;
    }
    eq->n_bands = n;
    if (!ch_equaliser_fits(eq)) {
        *refusal->out_of_range = true;
        return ch_eq_refuse(refusal, "bands", CH_EQUALISER_TOO_STEEP);
    }
    return true;
}

static bool
read_preamp(struct ch_equaliser *eq, const cJSON *value, const struct ch_eq_refusal *refusal)
{
    if (cJSON_IsString(value) && !strcmp(value->valuestring, "auto")) {
        eq->preamp_auto = true;
        return true;
    }
    if (!cJSON_IsNumber(value)) {
        return ch_eq_refuse(refusal, "preamp_db", "'preamp_db' must be a number or \"auto\"");
    }
    eq->preamp_auto = false;
    return ch_eq_read_number(value, "preamp_db", PREAMP_MIN_DB, PREAMP_MAX_DB, &eq->preamp_db,
                             refusal);
}

static bool
read_design(struct ch_equaliser *eq, const cJSON *value, const struct ch_eq_refusal *refusal)
{
    for (int i = 0; cJSON_IsString(value) && i < 2; i++) {
        if (!strcmp(value->valuestring, design_names[i])) {
            eq->design = (enum ch_eq_design)i;
            return true;
        }
    }
    return ch_eq_refuse(refusal, "design", "'design' must be \"matched\" or \"rbj\"");
}

static bool
read_member(struct ch_equaliser *eq, const cJSON *member, const struct ch_eq_refusal *refusal)
{
    const char *name = member->string;
    if (!strcmp(name, "bands")) {
        return read_bands(eq, member, refusal);
    }
    if (!strcmp(name, "preamp_db")) {
        return read_preamp(eq, member, refusal);
    }
    if (!strcmp(name, "bypass")) {
        return ch_eq_read_bool(member, "bypass", &eq->bypass, refusal);
    }
    if (!strcmp(name, "bypass_left")) {
        return ch_eq_read_bool(member, "bypass_left", &eq->bypass_left, refusal);
    }
    if (!strcmp(name, "bypass_right")) {
        return ch_eq_read_bool(member, "bypass_right", &eq->bypass_right, refusal);
    }
    if (!strcmp(name, "design")) {
        return read_design(eq, member, refusal);
    }
    char text[128];
    snprintf(text, sizeof text, "no parameter '%.64s' here", name);
    return ch_eq_refuse(refusal, name, text);
}

bool
ch_equaliser_apply_json(struct ch_equaliser *eq, const cJSON *params, uint32_t rate_hz,
                        const char **param, char *why, bool *out_of_range)
{
    const struct ch_eq_refusal refusal = {param, why, out_of_range};
    struct ch_equaliser next = *eq;
    const cJSON *member;
    *out_of_range = false;
    cJSON_ArrayForEach(member, params)
    {
        if (!read_member(&next, member, &refusal)) {
            return false;
        }
    }
    ch_equaliser_update(&next, rate_hz);
    *eq = next;
    return true;
}

void
ch_equaliser_write_members(const struct ch_equaliser *eq, struct ch_buf *buf)
{
    ch_json_key(buf, "bands");
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        ch_eq_band_write(&eq->bands[i], i, buf);
    }
    ch_json_end_array(buf);
    ch_json_kv_fixed(buf, "preamp_db", eq->preamp_db, 4);
    ch_json_kv_bool(buf, "preamp_auto", eq->preamp_auto);
    ch_json_kv_bool(buf, "bypass", eq->bypass);
    ch_json_kv_bool(buf, "bypass_left", eq->bypass_left);
    ch_json_kv_bool(buf, "bypass_right", eq->bypass_right);
    ch_json_kv_string(buf, "design", design_names[eq->design]);
    ch_sliders_write_member(eq, buf);
    ch_json_kv_string(buf, "preset", ch_preset_of(eq));
}
