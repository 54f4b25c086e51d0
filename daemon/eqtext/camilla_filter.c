// SPDX-License-Identifier: ISC
// daemon/eqtext/camilla_filter.c — CamillaDSP's Biquad, BiquadCombo and Gain.
//
// A shelf of first order is a cookbook shelf whose Q makes one pole and one zero cancel:
// Q = sqrt(A)/(1 + A), A = 10^(gain/40).

#include "daemon/eqtext/camilla_filter.h"

#include <math.h>
#include <string.h>

/// How the width is given.
enum width { BY_NOTHING, BY_Q, BY_Q_OR_SLOPE, FIRST_ORDER };

static const struct biquad {
    const char *name;
    enum ch_eq_type type;
    enum width width;
    bool has_gain;
} biquads[] = {
    {"Peaking", CH_EQ_PEAK, BY_Q, true},
    {"Lowshelf", CH_EQ_LOW_SHELF, BY_Q_OR_SLOPE, true},
    {"Highshelf", CH_EQ_HIGH_SHELF, BY_Q_OR_SLOPE, true},
    {"LowshelfFO", CH_EQ_LOW_SHELF, FIRST_ORDER, true},
    {"HighshelfFO", CH_EQ_HIGH_SHELF, FIRST_ORDER, true},
    {"Lowpass", CH_EQ_LOW_PASS, BY_Q, false},
    {"Highpass", CH_EQ_HIGH_PASS, BY_Q, false},
    {"LowpassFO", CH_EQ_LOW_PASS, FIRST_ORDER, false},
    {"HighpassFO", CH_EQ_HIGH_PASS, FIRST_ORDER, false},
    {"Notch", CH_EQ_NOTCH, BY_Q, false},
    {"Bandpass", CH_EQ_BAND_PASS, BY_Q, false},
    {"Allpass", CH_EQ_ALL_PASS, BY_Q, false},
    {"AllpassFO", CH_EQ_ALL_PASS, FIRST_ORDER, false},
};

static const struct combo {
    const char *name;
    enum ch_eq_type type;
    enum ch_eq_family family;
} combos[] = {
    {"ButterworthLowpass", CH_EQ_LOW_PASS, CH_EQ_BUTTERWORTH},
    {"ButterworthHighpass", CH_EQ_HIGH_PASS, CH_EQ_BUTTERWORTH},
    {"LinkwitzRileyLowpass", CH_EQ_LOW_PASS, CH_EQ_LINKWITZ_RILEY},
    {"LinkwitzRileyHighpass", CH_EQ_HIGH_PASS, CH_EQ_LINKWITZ_RILEY},
};

static bool
refuse(char *why, const char *fmt, const char *name)
{
    snprintf(why, CH_EQTEXT_WHY_BYTES, fmt, name);
    return false;
}

static bool
need(const struct ch_yaml_node *parameters, const char *name, double *value, char *why)
{
    return ch_yaml_number(parameters, name, value) || refuse(why, "it has no number '%s'", name);
}

static bool
read_width(const struct ch_yaml_node *parameters, enum width width, uint32_t rate_hz,
           struct ch_eq_band *band, char *why)
{
    double value;
    switch (width) {
    case BY_NOTHING:
        return true;
    case FIRST_ORDER:
        if (band->type == CH_EQ_LOW_SHELF || band->type == CH_EQ_HIGH_SHELF) {
            const double a = pow(10.0, band->gain_db / 40.0);
            band->q = sqrt(a) / (1.0 + a);
        } else {
            band->order = 1;
        }
        return true;
    case BY_Q_OR_SLOPE:
        if (ch_yaml_number(parameters, "slope", &value)) {
            const double slope = value / 12.0;
            if (!(slope > 0.0)) {
                return refuse(why, "'%s' must be above 0", "slope");
            }
            band->slope = slope <= 1.0 ? slope : 0.0;
            band->q = slope <= 1.0 ? M_SQRT1_2 : ch_eqtext_q_from_slope(slope, band->gain_db);
            return true;
        }
        break;
    case BY_Q:
        if (ch_yaml_number(parameters, "bandwidth", &value)) {
            band->q = ch_eqtext_q_from_octaves(value, band->freq_hz, rate_hz);
            return true;
        }
        break;
    }
    return need(parameters, "q", &band->q, why);
}

static bool
read_biquad(const struct ch_yaml_node *parameters, const char *type, uint32_t rate_hz,
            struct ch_camilla_filter *out, char *why)
{
    for (size_t i = 0; i < sizeof biquads / sizeof *biquads; i++) {
        const struct biquad *kind = &biquads[i];
        struct ch_eq_band *band = &out->bands[0];
        if (!strcmp(type, kind->name)) {
            *band = (struct ch_eq_band){.type = kind->type, .q = M_SQRT1_2, .order = 2};
            out->n_bands = 1;
            return need(parameters, "freq", &band->freq_hz, why) &&
                   (!kind->has_gain || need(parameters, "gain", &band->gain_db, why)) &&
                   read_width(parameters, kind->width, rate_hz, band, why);
        }
    }
    return refuse(why, "a Biquad of type '%.40s' has no place among bands", type);
}

static bool
read_pass(const struct ch_yaml_node *parameters, const struct combo *combo,
          struct ch_camilla_filter *out, char *why)
{
    double freq_hz, order;
    if (!need(parameters, "freq", &freq_hz, why) || !need(parameters, "order", &order, why)) {
        return false;
    }
    const bool linkwitz = combo->family == CH_EQ_LINKWITZ_RILEY;
    const bool known = linkwitz ? order == 2 || order == 4 || order == 8
                                : order >= 1 && order <= CH_EQ_ORDER_MAX && order == floor(order);
    if (!known) {
        return refuse(why, "the order must be %s", linkwitz ? "2, 4 or 8" : "1 to 8");
    }
    out->bands[0] = (struct ch_eq_band){.type = combo->type,
                                        .freq_hz = freq_hz,
                                        .q = M_SQRT1_2,
                                        .order = (uint32_t)order,
                                        .family = combo->family};
    out->n_bands = 1;
    return true;
}

static bool
read_five(const struct ch_yaml_node *parameters, struct ch_camilla_filter *out, char *why)
{
    static const char *const places[CH_CAMILLA_BANDS_MAX] = {"ls", "p1", "p2", "p3", "hs"};
    for (uint32_t i = 0; i < CH_CAMILLA_BANDS_MAX; i++) {
        struct ch_eq_band *band = &out->bands[i];
        char freq[8], gain[8], q[8];
        snprintf(freq, sizeof freq, "f%s", places[i]);
        snprintf(gain, sizeof gain, "g%s", places[i]);
        snprintf(q, sizeof q, "q%s", places[i]);
        *band = (struct ch_eq_band){.type = i == 0                         ? CH_EQ_LOW_SHELF
                                            : i + 1 < CH_CAMILLA_BANDS_MAX ? CH_EQ_PEAK
                                                                           : CH_EQ_HIGH_SHELF,
                                    .order = 2};
        if (!need(parameters, freq, &band->freq_hz, why) ||
            !need(parameters, gain, &band->gain_db, why) || !need(parameters, q, &band->q, why)) {
            return false;
        }
    }
    out->n_bands = CH_CAMILLA_BANDS_MAX;
    return true;
}

static bool
read_combo(const struct ch_yaml_node *parameters, const char *type, struct ch_camilla_filter *out,
           char *why)
{
    for (size_t i = 0; i < sizeof combos / sizeof *combos; i++) {
        if (!strcmp(type, combos[i].name)) {
            return read_pass(parameters, &combos[i], out, why);
        }
    }
    if (!strcmp(type, "Tilt")) {
        out->bands[0] = (struct ch_eq_band){
            .type = CH_EQ_TILT, .freq_hz = CH_CAMILLA_TILT_HZ, .q = M_SQRT1_2, .order = 2};
        out->n_bands = 1;
        return need(parameters, "gain", &out->bands[0].gain_db, why);
    }
    if (!strcmp(type, "FivePointPeq")) {
        return read_five(parameters, out, why);
    }
    return refuse(why, "a BiquadCombo of type '%.40s' has no place among bands", type);
}

static bool
read_gain(const struct ch_yaml_node *parameters, struct ch_camilla_filter *out, char *why)
{
    const char *scale = ch_yaml_string(parameters, "scale");
    double gain;
    if (ch_yaml_true(parameters, "inverted") || ch_yaml_true(parameters, "mute")) {
        return refuse(why, "%s", "a gain that inverts or mutes has no place in an equaliser");
    }
    if (!need(parameters, "gain", &gain, why)) {
        return false;
    }
    const bool linear = scale && !strcmp(scale, "linear");
    if (linear && !(gain > 0.0)) {
        return refuse(why, "%s", "a gain that inverts or mutes has no place in an equaliser");
    }
    out->is_gain = true;
    out->gain_db = linear ? 20.0 * log10(gain) : gain;
    return true;
}

bool
ch_camilla_filter(const struct ch_yaml_node *node, uint32_t rate_hz, struct ch_camilla_filter *out,
                  char *why)
{
    const struct ch_yaml_node *parameters = ch_yaml_get(node, "parameters");
    const char *kind = ch_yaml_string(node, "type");
    const char *type = ch_yaml_string(parameters, "type");
    memset(out, 0, sizeof *out);
    if (!kind || !parameters) {
        return refuse(why, "%s", "it is no filter with a type and parameters");
    }
    if (!strcmp(kind, "Gain")) {
        return read_gain(parameters, out, why);
    }
    if (type && !strcmp(kind, "Biquad")) {
        return read_biquad(parameters, type, rate_hz, out, why);
    }
    if (type && !strcmp(kind, "BiquadCombo")) {
        return read_combo(parameters, type, out, why);
    }
    return refuse(why, "a filter of type '%.40s' has no place in an equaliser", kind);
}
