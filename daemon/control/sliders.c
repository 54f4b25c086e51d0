// SPDX-License-Identifier: ISC
// daemon/control/sliders.c — sliders to bands, and their JSON.

#include "daemon/control/sliders.h"

#include <stdio.h>
#include <string.h>

#include "daemon/control/eq_band.h"
#include "daemon/control/equaliser.h"

void
ch_sliders_set(struct ch_equaliser *eq, const struct ch_graphic *graphic, uint32_t rate_hz)
{
    struct ch_sliders *sliders = &eq->sliders;
    sliders->set = true;
    sliders->graphic = *graphic;
    sliders->rate_hz = rate_hz;
    ch_graphic_bands(graphic, rate_hz, sliders->bands);
    eq->n_bands = ch_graphic_centres(graphic->layout, NULL);
    memcpy(eq->bands, sliders->bands, eq->n_bands * sizeof *eq->bands);
    eq->design = CH_EQ_MATCHED;
}

bool
ch_sliders_claim(struct ch_equaliser *eq, const struct ch_graphic *graphic)
{
    if (eq->n_bands != ch_graphic_centres(graphic->layout, NULL)) {
        return false;
    }
    eq->sliders = (struct ch_sliders){.set = true, .graphic = *graphic};
    memcpy(eq->sliders.bands, eq->bands, eq->n_bands * sizeof *eq->bands);
    return true;
}

void
ch_sliders_claim_flat(struct ch_equaliser *eq, enum ch_graphic_layout layout)
{
    (void)ch_sliders_claim(eq, &(struct ch_graphic){.layout = layout});
}

static bool
is_flat(const struct ch_graphic *graphic)
{
    const uint32_t n = ch_graphic_centres(graphic->layout, NULL);
    for (uint32_t i = 0; i < n; i++) {
        if (graphic->gains_db[i] != 0.0) {
            return false;
        }
    }
    return true;
}

static bool
same_band(const struct ch_eq_band *a, const struct ch_eq_band *b)
{
    return a->type == b->type && a->freq_hz == b->freq_hz && a->gain_db == b->gain_db &&
           a->q == b->q && ch_eq_band_bypass(a) == ch_eq_band_bypass(b);
}

const struct ch_graphic *
ch_sliders_of(const struct ch_equaliser *eq)
{
    const struct ch_sliders *sliders = &eq->sliders;
    if (!sliders->set || eq->design != CH_EQ_MATCHED ||
        eq->n_bands != ch_graphic_centres(sliders->graphic.layout, NULL)) {
        return NULL;
    }
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        if (!same_band(&eq->bands[i], &sliders->bands[i])) {
            return NULL;
        }
    }
    return &sliders->graphic;
}

void
ch_sliders_follow_rate(struct ch_equaliser *eq, uint32_t rate_hz)
{
    const struct ch_graphic *now = ch_sliders_of(eq);
    if (now && eq->sliders.rate_hz != rate_hz && !is_flat(now)) {
        const struct ch_graphic graphic = *now;
        ch_sliders_set(eq, &graphic, rate_hz);
    }
}

// --- JSON --------------------------------------------------------------------------------------

static bool
read_layout(const struct ch_equaliser *eq, const cJSON *layout, struct ch_graphic *graphic,
            const struct ch_eq_refusal *refusal)
{
    const struct ch_graphic *now = ch_sliders_of(eq);
    if (!layout && now) {
        graphic->layout = now->layout;
        return true;
    }
    if (!layout) {
        return ch_eq_refuse(refusal, "layout",
                            "'layout' is needed: the equaliser has no sliders now");
    }
    if (!cJSON_IsString(layout) ||
        !ch_graphic_layout_from_name(layout->valuestring, &graphic->layout)) {
        return ch_eq_refuse(refusal, "layout", "'layout' must be iso10, iso31 or seed8");
    }
    return true;
}

static bool
read_gains(const cJSON *gains_db, struct ch_graphic *graphic, const struct ch_eq_refusal *refusal)
{
    const uint32_t n = ch_graphic_centres(graphic->layout, NULL);
    if (!cJSON_IsArray(gains_db)) {
        return ch_eq_refuse(refusal, "gains_db", "'gains_db' must be an array of numbers");
    }
    if (cJSON_GetArraySize(gains_db) != (int)n) {
        char text[CH_EQ_WHY_BYTES];
        snprintf(text, sizeof text, "'gains_db' must be %u numbers, not %d: %s has %u sliders", n,
                 cJSON_GetArraySize(gains_db), ch_graphic_layout_name(graphic->layout), n);
        return ch_eq_refuse(refusal, "gains_db", text);
    }
    const cJSON *gain_db;
    uint32_t i = 0;
    cJSON_ArrayForEach(gain_db, gains_db)
    {
        if (!ch_eq_read_number(gain_db, "gains_db", -CH_GRAPHIC_GAIN_MAX_DB, CH_GRAPHIC_GAIN_MAX_DB,
                               &graphic->gains_db[i++], refusal)) {
            return false;
        }
    }
    return true;
}

bool
ch_sliders_read(const struct ch_equaliser *eq, const cJSON *params, struct ch_graphic *graphic,
                const struct ch_eq_refusal *refusal)
{
    const cJSON *gains_db = cJSON_GetObjectItemCaseSensitive(params, "gains_db");
    *graphic = (struct ch_graphic){.layout = CH_GRAPHIC_ISO10};
    *refusal->out_of_range = false;
    return read_layout(eq, cJSON_GetObjectItemCaseSensitive(params, "layout"), graphic, refusal) &&
           (!gains_db || read_gains(gains_db, graphic, refusal));
}

static void
write_numbers(const char *key, const double *numbers, uint32_t n, struct ch_buf *buf)
{
    ch_json_key(buf, key);
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < n; i++) {
        ch_json_fixed(buf, numbers[i], 4);
    }
    ch_json_end_array(buf);
}

void
ch_sliders_write_member(const struct ch_equaliser *eq, struct ch_buf *buf)
{
    const struct ch_graphic *graphic = ch_sliders_of(eq);
    ch_json_key(buf, "graphic");
    if (!graphic) {
        ch_json_null(buf);
        return;
    }
    const double *centres_hz;
    const uint32_t n = ch_graphic_centres(graphic->layout, &centres_hz);
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "layout", ch_graphic_layout_name(graphic->layout));
    write_numbers("centres_hz", centres_hz, n, buf);
    write_numbers("gains_db", graphic->gains_db, n, buf);
    ch_json_end_object(buf);
}

void
ch_sliders_write_layouts(struct ch_buf *buf)
{
    ch_json_key(buf, "layouts");
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < CH_GRAPHIC_LAYOUTS; i++) {
        const double *centres_hz;
        const uint32_t n = ch_graphic_centres((enum ch_graphic_layout)i, &centres_hz);
        ch_json_begin_object(buf);
        ch_json_kv_string(buf, "layout", ch_graphic_layout_name((enum ch_graphic_layout)i));
        write_numbers("centres_hz", centres_hz, n, buf);
        ch_json_end_object(buf);
    }
    ch_json_end_array(buf);
}
