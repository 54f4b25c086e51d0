// SPDX-License-Identifier: ISC
// daemon/control/cmd_eq.c — eq.*

#include "daemon/control/cmd_eq.h"

#include <math.h>
#include <string.h>

#include "daemon/base/units.h"
#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"
#include "daemon/engine/messages.h"

#define WHY_BYTES               256
#define RESPONSE_POINTS_MAX     4096
#define RESPONSE_POINTS_DEFAULT 200

void
ch_eq_apply(struct ch_request *request)
{
    ch_json_begin_object(ch_request_result(request));
    ch_eq_apply_also(request);
}

void
ch_eq_apply_also(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    const uint32_t rate_hz = ch_engine_rate(daemon->link.engine);
    struct ch_command commands[CH_CHAIN_MAX];
    const uint32_t n = ch_equaliser_commands(&daemon->equaliser, rate_hz, commands);
    ch_equaliser_write_members(&daemon->equaliser, ch_request_result(request));
    char cause[32];
    ch_topics_cause(request, cause, sizeof cause);
    ch_topics_changed(daemon, CH_TOPIC_EQ, cause);
    ch_link_send(daemon, commands, n, ch_link_answer, request);
}

static void
eq_get(struct ch_request *request)
{
    ch_json_begin_object(ch_request_result(request));
    ch_equaliser_write_members(&request->daemon->equaliser, ch_request_result(request));
    ch_json_end_object(ch_request_result(request));
    ch_request_finish(request);
}

void
ch_eq_refuse_request(struct ch_request *request, bool out_of_range, const char *param,
                     const char *why)
{
    ch_request_fail(request, out_of_range ? CH_RPC_OUT_OF_RANGE : CH_RPC_INVALID_PARAMS, param,
                    "%s", why);
}

bool
ch_eq_refuse_crowd(struct ch_request *request)
{
    if (ch_link_crowded(request->daemon)) {
        ch_request_fail(request, CH_RPC_BUSY, NULL, "too many changes wait for the engine");
        return true;
    }
    return false;
}

static void
eq_set(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    if (ch_eq_refuse_crowd(request)) {
        return;
    }
    const char *param = NULL;
    char why[WHY_BYTES];
    bool out_of_range;
    if (!ch_equaliser_apply_json(&daemon->equaliser, request->params,
                                 ch_engine_rate(daemon->link.engine), &param, why, &out_of_range)) {
        ch_eq_refuse_request(request, out_of_range, param, why);
        return;
    }
    ch_eq_apply(request);
}

static void
eq_band(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    struct ch_equaliser *eq = &daemon->equaliser;
    if (ch_eq_refuse_crowd(request)) {
        return;
    }
    const uint32_t index = (uint32_t)ch_param_number(request->params, "index", 0.0);
    if (index > eq->n_bands || index >= CH_EQ_BANDS_MAX) {
        const uint32_t last = eq->n_bands < CH_EQ_BANDS_MAX ? eq->n_bands : CH_EQ_BANDS_MAX - 1;
        ch_request_fail(request, CH_RPC_OUT_OF_RANGE, "index",
                        "'index' must be 0 to %u: there are %u bands%s", last, eq->n_bands,
                        last == eq->n_bands ? ", and one can be appended" : "");
        return;
    }
    const bool appends = index == eq->n_bands;
    struct ch_eq_band band =
        appends ? (struct ch_eq_band){.type = CH_EQ_PEAK, .q = 1.0} : eq->bands[index];
    const char *param = NULL;
    char why[WHY_BYTES];
    bool out_of_range;
    if (!ch_equaliser_band_from_json(&band, request->params, &param, why, &out_of_range)) {
        ch_eq_refuse_request(request, out_of_range, param, why);
        return;
    }
    if (band.freq_hz == 0.0) {
        ch_eq_refuse_request(request, false, "freq_hz", "a new band needs 'freq_hz'");
        return;
    }
    struct ch_equaliser next = *eq;
    next.bands[index] = band;
    next.n_bands += appends;
    if (!ch_equaliser_fits(&next)) {
        ch_eq_refuse_request(request, true, "order", CH_EQUALISER_TOO_STEEP);
        return;
    }
    ch_equaliser_update(&next, ch_engine_rate(daemon->link.engine));
    *eq = next;
    ch_eq_apply(request);
}

static void
write_gains(struct ch_daemon *daemon, const char *key, uint32_t channel, const double *freqs_hz,
            uint32_t n, struct ch_buf *buf)
{
    struct ch_eq_curve curve;
    ch_equaliser_curve(&daemon->equaliser, channel, ch_engine_rate(daemon->link.engine), &curve);
    ch_json_key(buf, key);
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < n; i++) {
        ch_json_fixed(buf, ch_eq_curve_db(&curve, freqs_hz[i]), 4);
    }
    ch_json_end_array(buf);
}

// Of the channel that was asked for; else of the left one, and of the right one too if it differs.
static void
write_response(struct ch_request *request, const double *freqs_hz, uint32_t n)
{
    struct ch_daemon *daemon = request->daemon;
    struct ch_buf *buf = ch_request_result(request);
    const cJSON *channel = ch_param_get(request->params, "channel");
    const bool right = channel && !strcmp(channel->valuestring, "right");
    ch_json_begin_object(buf);
    ch_json_key(buf, "freqs_hz");
    ch_json_begin_array(buf);
    for (uint32_t i = 0; i < n; i++) {
        ch_json_fixed(buf, freqs_hz[i], 4);
    }
    ch_json_end_array(buf);
    write_gains(daemon, "gains_db", right ? CH_EQ_RIGHT : CH_EQ_LEFT, freqs_hz, n, buf);
    if (!channel && !ch_equaliser_channels_agree(&daemon->equaliser)) {
        write_gains(daemon, "gains_right_db", CH_EQ_RIGHT, freqs_hz, n, buf);
    }
    ch_json_end_object(buf);
}

static void
eq_response(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    const double nyquist_hz = ch_engine_rate(daemon->link.engine) / 2.0;
    double freqs_hz[RESPONSE_POINTS_MAX] = {0.0};
    uint32_t n = 0;
    const cJSON *given = ch_param_get(request->params, "freqs_hz");
    if (given && ch_param_get(request->params, "points")) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "points",
                        "give one of 'points' and 'freqs_hz'");
        return;
    }
    if (given) {
        const cJSON *element;
        cJSON_ArrayForEach(element, given)
        {
            if (n == RESPONSE_POINTS_MAX || !cJSON_IsNumber(element) ||
                !(element->valuedouble > 0.0 && element->valuedouble <= nyquist_hz)) {
                ch_request_fail(request, CH_RPC_OUT_OF_RANGE, "freqs_hz",
                                "'freqs_hz' must be at most %d numbers above 0 and up to %g",
                                RESPONSE_POINTS_MAX, nyquist_hz);
                return;
            }
            freqs_hz[n++] = element->valuedouble;
        }
    } else {
        n = (uint32_t)ch_param_number(request->params, "points", RESPONSE_POINTS_DEFAULT);
        const double top_hz = fmin(20000.0, nyquist_hz);
        for (uint32_t i = 0; i < n; i++) {
            freqs_hz[i] = 20.0 * pow(top_hz / 20.0, n > 1 ? (double)i / (n - 1) : 0.0);
        }
    }
    write_response(request, freqs_hz, n);
    ch_request_finish(request);
}

// The values are looked at by equaliser.c, which a file of the renderer goes through as well.
static const struct ch_param set_params[] = {
    {.name = "bands", .type = CH_PARAM_ARRAY},
    {.name = "preamp_db", .type = CH_PARAM_ANY},
    {.name = "bypass", .type = CH_PARAM_BOOL},
    {.name = "bypass_left", .type = CH_PARAM_BOOL},
    {.name = "bypass_right", .type = CH_PARAM_BOOL},
    {.name = "design", .type = CH_PARAM_STRING, .choices = "matched|rbj"},
    CH_PARAM_END,
};

static const struct ch_param band_params[] = {
    {.name = "index",
     .type = CH_PARAM_INT,
     .flags = CH_PARAM_REQUIRED,
     .min = 0,
     .max = CH_EQ_BANDS_MAX - 1},
    {.name = "type", .type = CH_PARAM_STRING},
    {.name = "freq_hz", .type = CH_PARAM_NUMBER},
    {.name = "gain_db", .type = CH_PARAM_NUMBER},
    {.name = "q", .type = CH_PARAM_NUMBER},
    {.name = "slope", .type = CH_PARAM_NUMBER},
    {.name = "order", .type = CH_PARAM_NUMBER},
    {.name = "family", .type = CH_PARAM_STRING},
    {.name = "bypass", .type = CH_PARAM_BOOL},
    {.name = "bypass_left", .type = CH_PARAM_BOOL},
    {.name = "bypass_right", .type = CH_PARAM_BOOL},
    CH_PARAM_END,
};

static const struct ch_param graphic_params[] = {
    {.name = "layout", .type = CH_PARAM_STRING, .choices = "iso10|iso31|seed8"},
    {.name = "gains_db", .type = CH_PARAM_ARRAY},
    CH_PARAM_END,
};

static const struct ch_param response_params[] = {
    {.name = "points", .type = CH_PARAM_INT, .min = 1, .max = RESPONSE_POINTS_MAX},
    {.name = "freqs_hz", .type = CH_PARAM_ARRAY},
    {.name = "channel", .type = CH_PARAM_STRING, .choices = "left|right"},
    CH_PARAM_END,
};

const struct ch_method ch_eq_methods[] = {
    {.name = "eq.get", .run = eq_get},
    {.name = "eq.set", .run = eq_set, .params = set_params, .in_tx = true},
    {.name = "eq.band", .run = eq_band, .params = band_params, .in_tx = true},
    {.name = "eq.graphic", .run = ch_eq_graphic, .params = graphic_params, .in_tx = true},
    {.name = "eq.response", .run = eq_response, .params = response_params},
    {.name = NULL},
};
