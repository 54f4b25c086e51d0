// SPDX-License-Identifier: ISC
// daemon/control/eq_band.c — what a band may be, from JSON and to it.

#include "daemon/control/eq_band.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/units.h"

#define FREQ_MIN_HZ 10.0
#define FREQ_MAX_HZ 40000.0
#define Q_MIN       0.05
#define Q_MAX       50.0
#define SLOPE_MIN   0.01
#define SLOPE_MAX   1.0

static const char *const type_names[] = {
#define X(id, name, has_gain) [CH_EQ_##id] = name,
    CH_EQ_TYPE_MAP(X)
#undef X
};

static const char *const family_names[] = {
    [CH_EQ_BY_Q] = "q",
    [CH_EQ_BUTTERWORTH] = "butterworth",
    [CH_EQ_LINKWITZ_RILEY] = "linkwitz_riley",
};

bool
ch_eq_refuse(const struct ch_eq_refusal *refusal, const char *name, const char *text)
{
    *refusal->param = name;
    snprintf(refusal->why, CH_EQ_WHY_BYTES, "%s", text);
    return false;
}

bool
ch_eq_read_number(const cJSON *value, const char *name, double min, double max, double *out,
                  const struct ch_eq_refusal *refusal)
{
    char text[128];
    if (!cJSON_IsNumber(value)) {
        snprintf(text, sizeof text, "'%s' must be a number", name);
        return ch_eq_refuse(refusal, name, text);
    }
    if (!(value->valuedouble >= min && value->valuedouble <= max)) {
        snprintf(text, sizeof text, "'%s' must be %g to %g, not %g", name, min, max,
                 value->valuedouble);
        *refusal->out_of_range = true;
        return ch_eq_refuse(refusal, name, text);
    }
    *out = value->valuedouble;
    return true;
}

bool
ch_eq_read_bool(const cJSON *value, const char *name, bool *out,
                const struct ch_eq_refusal *refusal)
{
    if (!cJSON_IsBool(value)) {
        char text[128];
        snprintf(text, sizeof text, "'%s' must be true or false", name);
        return ch_eq_refuse(refusal, name, text);
    }
    *out = cJSON_IsTrue(value);
    return true;
}

/// The place in `names` of the string, -1 after a refusal.
static int
read_name(const cJSON *value, const char *name, const char *const *names, int n_names,
          const struct ch_eq_refusal *refusal)
{
    char text[CH_EQ_WHY_BYTES];
    int n = snprintf(text, sizeof text, "'%s' must be one of", name);
    for (int i = 0; i < n_names; i++) {
        if (cJSON_IsString(value) && !strcmp(value->valuestring, names[i])) {
            return i;
        }
        n += snprintf(text + n, sizeof text - (size_t)n, " %s", names[i]);
    }
    ch_eq_refuse(refusal, name, text);
    return -1;
}

static bool
read_type(struct ch_eq_band *band, const cJSON *value, const struct ch_eq_refusal *refusal)
{
    const int type = read_name(value, "type", type_names, CH_EQ_TYPES, refusal);
    band->type = type < 0 ? band->type : (enum ch_eq_type)type;
    return type >= 0;
}

static bool
read_family(struct ch_eq_band *band, const cJSON *value, const struct ch_eq_refusal *refusal)
{
    const int family = read_name(value, "family", family_names, CH_EQ_FAMILIES, refusal);
    band->family = family < 0 ? band->family : (enum ch_eq_family)family;
    return family >= 0;
}

static bool
read_order(struct ch_eq_band *band, const cJSON *value, const struct ch_eq_refusal *refusal)
{
    double order;
    if (!ch_eq_read_number(value, "order", 1, CH_EQ_ORDER_MAX, &order, refusal)) {
        return false;
    }
    band->order = (uint32_t)order;
    return (double)band->order == order ||
           ch_eq_refuse(refusal, "order", "'order' must be an integer");
}

static bool
read_member(struct ch_eq_band *band, const cJSON *member, const struct ch_eq_refusal *refusal)
{
    const char *name = member->string;
    if (!strcmp(name, "type")) {
        return read_type(band, member, refusal);
    }
    if (!strcmp(name, "freq_hz")) {
        return ch_eq_read_number(member, "freq_hz", FREQ_MIN_HZ, FREQ_MAX_HZ, &band->freq_hz,
                                 refusal);
    }
    if (!strcmp(name, "gain_db")) {
        return ch_eq_read_number(member, "gain_db", -CH_EQ_GAIN_MAX_DB, CH_EQ_GAIN_MAX_DB,
                                 &band->gain_db, refusal);
    }
    if (!strcmp(name, "q")) {
        band->slope = 0.0;
        return ch_eq_read_number(member, "q", Q_MIN, Q_MAX, &band->q, refusal);
    }
    if (!strcmp(name, "slope")) {
        return ch_eq_read_number(member, "slope", SLOPE_MIN, SLOPE_MAX, &band->slope, refusal);
    }
    if (!strcmp(name, "order")) {
        return read_order(band, member, refusal);
    }
    if (!strcmp(name, "family")) {
        return read_family(band, member, refusal);
    }
    if (!strcmp(name, "bypass")) {
        return ch_eq_read_bool(member, "bypass", &band->bypass, refusal);
    }
    if (!strcmp(name, "bypass_left")) {
        return ch_eq_read_bool(member, "bypass_left", &band->bypass_left, refusal);
    }
    if (!strcmp(name, "bypass_right")) {
        return ch_eq_read_bool(member, "bypass_right", &band->bypass_right, refusal);
    }
    if (!strcmp(name, "index")) {
        return true;
    }
    char text[128];
    snprintf(text, sizeof text, "no parameter '%.64s' in a band", name);
    return ch_eq_refuse(refusal, name, text);
}

static bool
is_shelf(const struct ch_eq_band *band)
{
    return band->type == CH_EQ_LOW_SHELF || band->type == CH_EQ_HIGH_SHELF;
}

static bool
is_pass(const struct ch_eq_band *band)
{
    return band->type == CH_EQ_LOW_PASS || band->type == CH_EQ_HIGH_PASS;
}

/// The orders that there are for this type and family, as text and as bits.
static const char *
orders(const struct ch_eq_band *band, uint32_t *bits)
{
    if (is_pass(band) && band->family == CH_EQ_BUTTERWORTH) {
        *bits = 0x1fe;
        return "1 to 8";
    }
    if (is_pass(band) && band->family == CH_EQ_LINKWITZ_RILEY) {
        *bits = 1u << 2 | 1u << 4 | 1u << 8;
        return "2, 4 or 8";
    }
    if (is_pass(band) || band->type == CH_EQ_ALL_PASS) {
        *bits = 1u << 1 | 1u << 2;
        return "1 or 2";
    }
    *bits = 1u << 2;
    return "2";
}

static bool
check_order(struct ch_eq_band *band, const cJSON *object, const struct ch_eq_refusal *refusal)
{
    uint32_t bits;
    const char *allowed = orders(band, &bits);
    if (bits >> (band->order == 0 ? 2 : band->order) & 1u) {
        return true;
    }
    if (!cJSON_GetObjectItemCaseSensitive(object, "order") &&
        !cJSON_GetObjectItemCaseSensitive(object, "family")) {
        band->order = 2;
        return true;
    }
    char text[128];
    snprintf(text, sizeof text, "'order' of %s %s must be %s, not %u",
             is_pass(band) ? family_names[band->family] : "a band of type", type_names[band->type],
             allowed, band->order);
    *refusal->out_of_range = true;
    return ch_eq_refuse(refusal, "order", text);
}

/// What goes with which type.
static bool
check_together(struct ch_eq_band *band, const cJSON *object, const struct ch_eq_refusal *refusal)
{
    const cJSON *slope = cJSON_GetObjectItemCaseSensitive(object, "slope");
    if (slope && cJSON_GetObjectItemCaseSensitive(object, "q")) {
        return ch_eq_refuse(refusal, "slope", "give one of 'q' and 'slope'");
    }
    if (slope && !is_shelf(band)) {
        return ch_eq_refuse(refusal, "slope", "'slope' is for low_shelf and high_shelf");
    }
    if (!is_shelf(band)) {
        band->slope = 0.0;
    }
    if (!is_pass(band)) {
        if (cJSON_GetObjectItemCaseSensitive(object, "family") && band->family != CH_EQ_BY_Q) {
            return ch_eq_refuse(refusal, "family", "'family' is for low_pass and high_pass");
        }
        band->family = CH_EQ_BY_Q;
    }
    return check_order(band, object, refusal);
}

bool
ch_eq_band_read(struct ch_eq_band *band, const cJSON *object, const struct ch_eq_refusal *refusal)
{
    const cJSON *member;
    if (!cJSON_IsObject(object)) {
        return ch_eq_refuse(refusal, "bands", "a band must be an object");
    }
    cJSON_ArrayForEach(member, object)
    {
        if (!read_member(band, member, refusal)) {
            return false;
        }
    }
    return check_together(band, object, refusal);
}

void
ch_eq_band_write(const struct ch_eq_band *band, uint32_t index, struct ch_buf *buf)
{
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "index", index);
    ch_json_kv_string(buf, "type", type_names[band->type]);
    ch_json_kv_fixed(buf, "freq_hz", band->freq_hz, 4);
    ch_json_kv_fixed(buf, "gain_db", band->gain_db, 4);
    if (is_shelf(band) && band->slope > 0.0) {
        ch_json_kv_fixed(buf, "slope", band->slope, 4);
    } else {
        ch_json_kv_fixed(buf, "q", band->q, 4);
    }
    if (is_pass(band) || band->type == CH_EQ_ALL_PASS) {
        ch_json_kv_uint(buf, "order", band->order == 0 ? 2 : band->order);
    }
    if (is_pass(band)) {
        ch_json_kv_string(buf, "family", family_names[band->family]);
    }
    ch_json_kv_bool(buf, "bypass", band->bypass);
    ch_json_kv_bool(buf, "bypass_left", band->bypass_left);
    ch_json_kv_bool(buf, "bypass_right", band->bypass_right);
    ch_json_end_object(buf);
}
