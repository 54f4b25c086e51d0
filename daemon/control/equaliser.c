// SPDX-License-Identifier: ISC
// daemon/control/equaliser.c — bands, preamp and bypass; their JSON; their commands.

#include "daemon/control/equaliser.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/engine/messages.h"

#define WHY_BYTES     256
#define FREQ_MIN_HZ   10.0
#define FREQ_MAX_HZ   40000.0
#define Q_MIN         0.05
#define Q_MAX         50.0
#define PREAMP_MIN_DB (-60.0)
#define PREAMP_MAX_DB 24.0
/// Octave-wide: the skirts of neighbours meet at half their gain.
#define OCTAVE_Q 1.41

static const struct {
    const char *name;
    bool has_gain;
} types[CH_EQ_TYPES] = {
#define X(id, name, has_gain) [CH_EQ_##id] = {name, has_gain},
    CH_EQ_TYPE_MAP(X)
#undef X
};

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
            (struct ch_eq_band){.type = CH_EQ_PEAK, .freq_hz = centres_hz[i], .q = OCTAVE_Q};
    }
}

// --- the curve ---------------------------------------------------------------------------------

static double
bands_response_db(const struct ch_equaliser *eq, uint32_t rate_hz, double freq_hz)
{
    double db = 0.0;
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        struct ch_eq_section section;
        bool identity;
        ch_eq_section_from_band(&eq->bands[i], eq->design, rate_hz, &section, &identity);
        if (!identity) {
            db += ch_eq_section_response_db(&section, rate_hz, freq_hz);
        }
    }
    return db;
}

double
ch_equaliser_response_db(const struct ch_equaliser *eq, uint32_t rate_hz, double freq_hz)
{
    return eq->bypass ? 0.0 : eq->preamp_db + bands_response_db(eq, rate_hz, freq_hz);
}

void
ch_equaliser_update(struct ch_equaliser *eq, uint32_t rate_hz)
{
    if (!eq->preamp_auto) {
        return;
    }
    // A logarithmic sweep, and the centre of every band, where narrow ones have their tops.
    enum { POINTS = 240 };
    double highest = 0.0;
    const double top_hz = fmin(20000.0, 0.49 * rate_hz);
    for (int i = 0; i <= POINTS; i++) {
        const double freq_hz = 20.0 * pow(top_hz / 20.0, (double)i / POINTS);
        highest = fmax(highest, bands_response_db(eq, rate_hz, freq_hz));
    }
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        highest = fmax(highest,
                       bands_response_db(eq, rate_hz, fmin(eq->bands[i].freq_hz, 0.49 * rate_hz)));
    }
    eq->preamp_db = -highest;
}

static struct ch_command
section_command(const struct ch_equaliser *eq, uint32_t index, uint32_t rate_hz)
{
    // What is no band any more goes back to identity.
    struct ch_eq_band band = {.freq_hz = 1000.0, .q = 1.0, .bypass = true};
    if (index < eq->n_bands) {
        band = eq->bands[index];
        band.bypass |= eq->bypass;
    }
    struct ch_command command = {.op = CH_COMMAND_EQ_SECTION};
    bool identity;
    ch_eq_section_from_band(&band, eq->design, rate_hz, &command.eq.section, &identity);
    command.eq.index = (uint16_t)index;
    command.eq.identity = identity;
    return command;
}

static struct ch_command
preamp_command(const struct ch_equaliser *eq)
{
    return (struct ch_command){
        .op = CH_COMMAND_EQ_PREAMP,
        .preamp = {.linear = eq->bypass ? 1.0f : (float)ch_linear_from_db(eq->preamp_db)}};
}

uint32_t
ch_equaliser_commands(struct ch_equaliser *eq, uint32_t rate_hz, struct ch_command *commands)
{
    uint32_t n = 0;
    const uint32_t n_slots = eq->n_bands > eq->n_sent ? eq->n_bands : eq->n_sent;
    while (n < n_slots) {
        commands[n] = section_command(eq, n, rate_hz);
        n++;
    }
    commands[n++] = preamp_command(eq);
    eq->n_sent = eq->n_bands;
    return n;
}

uint32_t
ch_equaliser_band_commands(struct ch_equaliser *eq, uint32_t index, uint32_t rate_hz,
                           struct ch_command *commands)
{
    commands[0] = section_command(eq, index, rate_hz);
    commands[1] = preamp_command(eq);
    eq->n_sent = eq->n_bands > eq->n_sent ? eq->n_bands : eq->n_sent;
    return 2;
}

// --- JSON --------------------------------------------------------------------------------------

static bool
refuse(const char **param, const char *name, char *why, const char *text)
{
    *param = name;
    snprintf(why, WHY_BYTES, "%s", text);
    return false;
}

static bool
read_number(const cJSON *value, const char *name, double min, double max, double *out,
            const char **param, char *why, bool *out_of_range)
{
    if (!cJSON_IsNumber(value)) {
        char text[96];
        snprintf(text, sizeof text, "'%s' must be a number", name);
        return refuse(param, name, why, text);
    }
    if (!(value->valuedouble >= min && value->valuedouble <= max)) {
        char text[128];
        snprintf(text, sizeof text, "'%s' must be %g to %g, not %g", name, min, max,
                 value->valuedouble);
        *out_of_range = true;
        return refuse(param, name, why, text);
    }
    *out = value->valuedouble;
    return true;
}

static bool
read_type(const cJSON *value, enum ch_eq_type *type, const char **param, char *why)
{
    char text[WHY_BYTES];
    int n = snprintf(text, sizeof text, "'type' must be one of");
    for (int i = 0; i < CH_EQ_TYPES; i++) {
        if (cJSON_IsString(value) && !strcmp(value->valuestring, types[i].name)) {
            *type = (enum ch_eq_type)i;
            return true;
        }
        n += snprintf(text + n, sizeof text - (size_t)n, " %s", types[i].name);
    }
    return refuse(param, "type", why, text);
}

bool
ch_equaliser_band_from_json(struct ch_eq_band *band, const cJSON *object, const char **param,
                            char *why, bool *out_of_range)
{
    const cJSON *member;
    *out_of_range = false;
    if (!cJSON_IsObject(object)) {
        return refuse(param, "bands", why, "a band must be an object");
    }
    cJSON_ArrayForEach(member, object)
    {
        const char *name = member->string;
        bool ok = true;
        if (!strcmp(name, "type")) {
            ok = read_type(member, &band->type, param, why);
        } else if (!strcmp(name, "freq_hz")) {
            ok = read_number(member, "freq_hz", FREQ_MIN_HZ, FREQ_MAX_HZ, &band->freq_hz, param,
                             why, out_of_range);
        } else if (!strcmp(name, "gain_db")) {
            ok = read_number(member, "gain_db", -CH_EQ_GAIN_MAX_DB, CH_EQ_GAIN_MAX_DB,
                             &band->gain_db, param, why, out_of_range);
        } else if (!strcmp(name, "q")) {
            ok = read_number(member, "q", Q_MIN, Q_MAX, &band->q, param, why, out_of_range);
        } else if (!strcmp(name, "bypass")) {
            ok = cJSON_IsBool(member) ||
                 refuse(param, "bypass", why, "'bypass' must be true or false");
            band->bypass = cJSON_IsTrue(member);
        } else if (strcmp(name, "index") != 0) {
            char text[128];
            snprintf(text, sizeof text, "no parameter '%.64s' in a band", name);
            ok = refuse(param, name, why, text);
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool
read_bands(struct ch_equaliser *eq, const cJSON *bands, const char **param, char *why,
           bool *out_of_range)
{
    if (!cJSON_IsArray(bands)) {
        return refuse(param, "bands", why, "'bands' must be an array of objects");
    }
    if (cJSON_GetArraySize(bands) > CH_EQ_BANDS_MAX) {
        *out_of_range = true;
        return refuse(param, "bands", why, "there can be 32 bands at most");
    }
    uint32_t n = 0;
    const cJSON *object;
    cJSON_ArrayForEach(object, bands)
    {
        struct ch_eq_band band = {.type = CH_EQ_PEAK, .q = OCTAVE_Q};
        if (!ch_equaliser_band_from_json(&band, object, param, why, out_of_range)) {
            return false;
        }
        if (band.freq_hz == 0.0) {
            return refuse(param, "freq_hz", why, "a band needs 'freq_hz'");
        }
        eq->bands[n++] = band;
    }
    eq->n_bands = n;
    return true;
}

static bool
read_preamp(struct ch_equaliser *eq, const cJSON *value, const char **param, char *why,
            bool *out_of_range)
{
    if (cJSON_IsString(value) && !strcmp(value->valuestring, "auto")) {
        eq->preamp_auto = true;
        return true;
    }
    if (!cJSON_IsNumber(value)) {
        return refuse(param, "preamp_db", why, "'preamp_db' must be a number or \"auto\"");
    }
    eq->preamp_auto = false;
    return read_number(value, "preamp_db", PREAMP_MIN_DB, PREAMP_MAX_DB, &eq->preamp_db, param, why,
                       out_of_range);
}

static bool
read_design(struct ch_equaliser *eq, const cJSON *value, const char **param, char *why)
{
    for (int i = 0; cJSON_IsString(value) && i < 2; i++) {
        if (!strcmp(value->valuestring, design_names[i])) {
            eq->design = (enum ch_eq_design)i;
            return true;
        }
    }
    return refuse(param, "design", why, "'design' must be \"matched\" or \"rbj\"");
}

bool
ch_equaliser_apply_json(struct ch_equaliser *eq, const cJSON *params, uint32_t rate_hz,
                        const char **param, char *why, bool *out_of_range)
{
    struct ch_equaliser next = *eq;
    const cJSON *member;
    *out_of_range = false;
    cJSON_ArrayForEach(member, params)
    {
        const char *name = member->string;
        bool ok;
        if (!strcmp(name, "bands")) {
            ok = read_bands(&next, member, param, why, out_of_range);
        } else if (!strcmp(name, "preamp_db")) {
            ok = read_preamp(&next, member, param, why, out_of_range);
        } else if (!strcmp(name, "bypass")) {
            ok = cJSON_IsBool(member) ||
                 refuse(param, "bypass", why, "'bypass' must be true or false");
            next.bypass = cJSON_IsTrue(member);
        } else if (!strcmp(name, "design")) {
            ok = read_design(&next, member, param, why);
        } else {
            char text[128];
            snprintf(text, sizeof text, "no parameter '%.64s' here", name);
            ok = refuse(param, name, why, text);
        }
        if (!ok) {
            return false;
        }
    }
    ch_equaliser_update(&next, rate_hz);
    *eq = next;
    return true;
}

static void
write_band(const struct ch_eq_band *band, uint32_t index, struct ch_buf *buf)
{
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "index", index);
    ch_json_kv_string(buf, "type", types[band->type].name);
    ch_json_kv_fixed(buf, "freq_hz", band->freq_hz, 4);
    ch_json_kv_fixed(buf, "gain_db", band->gain_db, 4);
    ch_json_kv_fixed(buf, "q", band->q, 4);
    ch_json_kv_bool(buf, "bypass", band->bypass);
    ch_json_end_object(buf);
}

void
ch_equaliser_write_members(const struct ch_equaliser *eq, struct ch_buf *buf)
{
    ch_json_key(buf, "bands");
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        write_band(&eq->bands[i], i, buf);
    }
    ch_json_end_array(buf);
    ch_json_kv_fixed(buf, "preamp_db", eq->preamp_db, 4);
    ch_json_kv_bool(buf, "preamp_auto", eq->preamp_auto);
    ch_json_kv_bool(buf, "bypass", eq->bypass);
    ch_json_kv_string(buf, "design", design_names[eq->design]);
}
