// SPDX-License-Identifier: ISC
// daemon/analysis/spectrum_text.c — a picture as JSON, and what is needed to read it.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/analysis/spectrum_internal.h"

static float
db_from_power(float power)
{
    return power > 1e-16f ? 10.0f * log10f(power) : (float)CH_SPECTRUM_FLOOR_DB;
}

/// One byte for half a decibel: 0 is -127.5 dB, 255 is 0 dB.
static uint8_t
byte_from_db(float db)
{
    return (uint8_t)lrintf(fmaxf(0.0f, fminf(255.0f, (db + 127.5f) * 2.0f)));
}

static void
put_float_le(uint8_t out[4], float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (uint32_t i = 0; i < 4; i++) {
        out[i] = (uint8_t)(bits >> 8 * i);
    }
}

static void
put_json(struct ch_text *text, const float *power, uint32_t n)
{
    ch_text_literal(text, "[");
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0) {
            ch_text_literal(text, ",");
        }
        ch_text_tenths(text, db_from_power(power[i]));
    }
    ch_text_literal(text, "]");
}

/// In pieces of a multiple of three bytes, so that their base64 joins up.
enum { PIECE = 96 };

static void
put_bytes(struct ch_text *text, const float *power, uint32_t n, enum ch_encoding encoding)
{
    const uint32_t width = encoding == CH_ENCODING_U8 ? 1 : 4;
    uint8_t bytes[PIECE * 4];
    ch_text_literal(text, "\"");
    for (uint32_t from = 0; from < n; from += PIECE) {
        const uint32_t count = n - from < PIECE ? n - from : PIECE;
        for (uint32_t i = 0; i < count; i++) {
            const float db = db_from_power(power[from + i]);
            if (encoding == CH_ENCODING_U8) {
                bytes[i] = byte_from_db(db);
            } else {
                put_float_le(bytes + (size_t)4 * i, db);
            }
        }
        ch_text_base64(text, bytes, count * width);
    }
    ch_text_literal(text, "\"");
}

static void
put_values(struct ch_text *text, const float *power, uint32_t n, enum ch_encoding encoding)
{
    switch (encoding) {
    case CH_ENCODING_JSON:
        put_json(text, power, n);
        break;
    case CH_ENCODING_U8:
    case CH_ENCODING_F32:
        put_bytes(text, power, n, encoding);
        break;
    }
}

/// One array (or string) for a mix, an array of two for two channels.
static void
put_channels(const struct ch_spectrum *spectrum, struct ch_text *text, bool peaks)
{
    if (spectrum->n_channels > 1) {
        ch_text_literal(text, "[");
    }
    for (uint32_t c = 0; c < spectrum->n_channels; c++) {
        const struct ch_spectrum_channel *channel = &spectrum->channel[c];
        if (c > 0) {
            ch_text_literal(text, ",");
        }
        put_values(text, peaks ? channel->peak : channel->level, spectrum->n_bands,
                   spectrum->spec.encoding);
    }
    if (spectrum->n_channels > 1) {
        ch_text_literal(text, "]");
    }
}

uint32_t
ch_spectrum_encoded_max(const struct ch_spectrum *spectrum)
{
    // "-160.0," is 7 bytes, a float in base64 less; input is limited to 120 dB.
    return 128 + spectrum->n_channels * 2 * (8 * spectrum->n_bands + 8);
}

void
ch_spectrum_encode(const struct ch_spectrum *spectrum, struct ch_text *text)
{
    ch_text_literal(text, "{");
    switch (spectrum->spec.encoding) {
    case CH_ENCODING_JSON:
        break;
    case CH_ENCODING_U8:
        ch_text_literal(text, "\"encoding\":\"u8\",");
        break;
    case CH_ENCODING_F32:
        ch_text_literal(text, "\"encoding\":\"f32\",");
        break;
    }
    ch_text_literal(text, "\"bands\":");
    put_channels(spectrum, text, false);
    if (spectrum->channel[0].peak) {
        ch_text_literal(text, ",\"peaks\":");
        put_channels(spectrum, text, true);
    }
    ch_text_literal(text, "}");
}

static void
describe_bands(const struct ch_spectrum *spectrum, struct ch_text *text)
{
    const struct ch_bandmap *edges = spectrum->edges;
    ch_text_literal(text, ",\"scale\":\"");
    ch_text_literal(text, ch_scale_name(spectrum->spec.scale));
    ch_text_literal(text, "\",\"centres_hz\":[");
    for (uint32_t i = 0; i < edges->n_bands; i++) {
        ch_text_literal(text, i > 0 ? "," : "");
        ch_text_fixed(text, edges->bands[i].centre_hz, 3);
    }
    ch_text_literal(text, "],\"edges_hz\":[");
    for (uint32_t i = 0; i < edges->n_bands; i++) {
        ch_text_fixed(text, edges->bands[i].lo_hz, 3);
        ch_text_literal(text, ",");
    }
    ch_text_fixed(text, edges->bands[edges->n_bands - 1].hi_hz, 3);
    ch_text_literal(text, "]");
}

char *
ch_spectrum_describe(const struct ch_spectrum *spectrum)
{
    struct ch_text text = {.capacity = 512 + 2 * CH_TEXT_NUMBER_MAX * (spectrum->n_bands + 1)};
    text.data = malloc(text.capacity);
    if (!text.data) {
        return NULL;
    }
    ch_text_literal(&text, "{\"bands\":");
    ch_text_uint(&text, spectrum->n_bands);
    ch_text_literal(&text, ",\"sample_rate_hz\":");
    ch_text_uint(&text, spectrum->rate_hz);
    ch_text_literal(&text, ",\"floor_db\":");
    ch_text_fixed(&text, CH_SPECTRUM_FLOOR_DB, 1);
    ch_text_literal(&text, ",\"window\":\"");
    ch_text_literal(&text, ch_window_name(spectrum->spec.window));
    ch_text_literal(&text, "\",\"weighting\":\"");
    ch_text_literal(&text, ch_weighting_name(spectrum->spec.weighting));
    ch_text_literal(&text, "\",\"enbw_bins\":");
    ch_text_fixed(&text, spectrum->stage[0].enbw, 4);
    ch_text_literal(&text, ",\"fft\":[");
    for (uint32_t i = 0; i < spectrum->n_stages; i++) {
        ch_text_literal(&text, i > 0 ? "," : "");
        ch_text_uint(&text, spectrum->stage[i].n * spectrum->transform[i]->key.factor);
    }
    ch_text_literal(&text, "],\"age_ms\":[");
    for (uint32_t i = 0; i < spectrum->n_stages; i++) {
        ch_text_literal(&text, i > 0 ? "," : "");
        ch_text_fixed(&text, 1e3 * ch_transform_age(spectrum->transform[i]) / spectrum->rate_hz, 2);
    }
    ch_text_literal(&text, "]");
    if (spectrum->edges) {
        describe_bands(spectrum, &text);
    } else {
        ch_text_literal(&text, ",\"scale\":\"bins\",\"bin_hz\":");
        ch_text_fixed(&text, spectrum->stage[0].bin_hz, 4);
    }
    ch_text_literal(&text, "}");
    if (text.full || text.n_bytes == text.capacity) {
        free(text.data);
        return NULL;
    }
    text.data[text.n_bytes] = '\0';
    return text.data;
}
