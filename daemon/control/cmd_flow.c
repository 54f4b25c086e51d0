// SPDX-License-Identifier: ISC
// daemon/control/cmd_flow.c — subscribe, unsubscribe, and what snapshots and events hold.

#include <stdlib.h>
#include <string.h>

#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"
#include "daemon/control/session.h"

#define SUBSCRIPTIONS_MAX 64 ///< of one connection
#define FREQ_MAX_HZ       192000.0

void
ch_topic_write(struct ch_daemon *daemon, enum ch_topic topic, struct ch_buf *buf)
{
    switch (topic) {
    case CH_TOPIC_PLAYER:
        ch_json_begin_object(buf);
        ch_transport_write_members(daemon, buf);
        ch_json_end_object(buf);
        break;
    case CH_TOPIC_QUEUE:
        ch_queue_write_topic(daemon, buf);
        break;
    case CH_TOPIC_MIXER:
        ch_json_begin_object(buf);
        ch_mixer_write_members(&daemon->mixer, buf);
        ch_json_end_object(buf);
        break;
    case CH_TOPIC_EQ:
        ch_json_begin_object(buf);
        ch_equaliser_write_members(&daemon->equaliser, buf);
        ch_json_end_object(buf);
        break;
    case CH_TOPIC_LOUDNESS:
        ch_json_begin_object(buf);
        ch_loudness_write_members(daemon, buf);
        ch_json_end_object(buf);
        break;
    case CH_TOPIC_DEVICE:
        ch_device_write(daemon, buf);
        break;
    case CH_TOPIC_SERVER:
        ch_server_write_status(daemon, buf);
        break;
    case CH_TOPIC_SPECTRUM:
    case CH_TOPIC_METER:
    case CH_TOPIC_RT:
    case CH_TOPICS:
        ch_json_null(buf); // rate topics have no state
        break;
    }
}

// --- parameters --------------------------------------------------------------------------------

#define TAPS      "source|post_eq|output"
#define CHANNELS  "mix|each|mid_side"
#define ENCODINGS "json|u8|f32"
#define SCALES    "log|linear|third_octave"
#define WINDOWS   "hann|blackman_harris|flat_top"
#define WEIGHTS   "z|a|c"

#define RATE_PARAM                                                                                 \
    {                                                                                              \
        .name = "rate_hz", .type = CH_PARAM_NUMBER, .min = 1, .max = 120                           \
    }
#define SPECTRUM_PARAMS                                                                            \
    RATE_PARAM, {.name = "bands", .type = CH_PARAM_INT, .min = 8, .max = 512},                     \
        {.name = "fft_bins", .type = CH_PARAM_INT, .min = 256, .max = 16384},                      \
        {.name = "fmin_hz", .type = CH_PARAM_NUMBER, .min = 0, .max = FREQ_MAX_HZ},                \
        {.name = "fmax_hz", .type = CH_PARAM_NUMBER, .min = 1, .max = FREQ_MAX_HZ},                \
        {.name = "scale", .type = CH_PARAM_STRING, .choices = SCALES},                             \
        {.name = "window", .type = CH_PARAM_STRING, .choices = WINDOWS},                           \
        {.name = "weighting", .type = CH_PARAM_STRING, .choices = WEIGHTS},                        \
        {.name = "tap", .type = CH_PARAM_STRING, .choices = TAPS},                                 \
        {.name = "channels", .type = CH_PARAM_STRING, .choices = CHANNELS},                        \
        {.name = "smoothing_ms", .type = CH_PARAM_NUMBER, .min = 0, .max = 10000},                 \
        {.name = "peak_hold_ms", .type = CH_PARAM_NUMBER, .min = 0, .max = 60000},                 \
    {                                                                                              \
        .name = "encoding", .type = CH_PARAM_STRING, .choices = ENCODINGS                          \
    }

static const struct ch_param spectrum_params[] = {SPECTRUM_PARAMS, CH_PARAM_END};
static const struct ch_param meter_params[] = {RATE_PARAM, CH_PARAM_END};
static const struct ch_param rt_params[] = {RATE_PARAM, CH_PARAM_END};

// Parameters of rate topics stand beside `topics`, or in an object named like the topic.
static const struct ch_param subscribe_params[] = {
    {.name = "topics", .type = CH_PARAM_STRINGS, .flags = CH_PARAM_REQUIRED},
    {.name = "spectrum", .type = CH_PARAM_OBJECT},
    {.name = "meter", .type = CH_PARAM_OBJECT},
    {.name = "rt", .type = CH_PARAM_OBJECT},
    SPECTRUM_PARAMS,
    CH_PARAM_END,
};

static const struct ch_param unsubscribe_params[] = {
    {.name = "sub",
     .type = CH_PARAM_INT,
     .flags = CH_PARAM_REQUIRED,
     .min = 1,
     .max = 4294967295.0},
    CH_PARAM_END,
};

/// A number from the topic's own object, else from beside `topics`, else the default.
static double
number(const cJSON *own, const cJSON *shared, const char *name, double fallback)
{
    return ch_param_number(own, name, ch_param_number(shared, name, fallback));
}

static int
choice(const cJSON *own, const cJSON *shared, const char *name, const char *choices, int fallback)
{
    return ch_param_choice(own, name, choices, ch_param_choice(shared, name, choices, fallback));
}

static void
read_spectrum_spec(struct ch_daemon *daemon, const cJSON *own, const cJSON *shared,
                   struct ch_spectrum_spec *spec)
{
    const double nyquist_hz = ch_engine_rate(daemon->link.engine) / 2.0;
    memset(spec, 0, sizeof *spec);
    spec->rate_hz = number(own, shared, "rate_hz", 30.0);
    spec->n_bands = (uint32_t)number(own, shared, "bands", 64.0);
    spec->fft_bins = (uint32_t)number(own, shared, "fft_bins", 0.0);
    spec->fmin_hz = number(own, shared, "fmin_hz", 20.0);
    spec->fmax_hz = number(own, shared, "fmax_hz", nyquist_hz < 20000.0 ? nyquist_hz : 20000.0);
    spec->scale = (enum ch_scale)choice(own, shared, "scale", SCALES, CH_SCALE_LOG);
    spec->window = (enum ch_window_kind)choice(own, shared, "window", WINDOWS, CH_WINDOW_HANN);
    spec->weighting = (enum ch_weighting)choice(own, shared, "weighting", WEIGHTS, CH_WEIGHTING_Z);
    spec->tap = (enum ch_tap_point)choice(own, shared, "tap", TAPS, CH_TAP_OUTPUT);
    spec->channels =
        (enum ch_spectrum_channels)choice(own, shared, "channels", CHANNELS, CH_SPECTRUM_MIX);
    spec->smoothing_ms = number(own, shared, "smoothing_ms", 0.0);
    spec->peak_hold_ms = number(own, shared, "peak_hold_ms", 0.0);
    spec->encoding = (enum ch_encoding)choice(own, shared, "encoding", ENCODINGS, CH_ENCODING_JSON);
}

static bool
read_topics(struct ch_request *request, uint32_t *topics)
{
    const cJSON *list = ch_param_get(request->params, "topics");
    const cJSON *one = cJSON_IsString(list) ? list : list->child;
    *topics = 0;
    for (const cJSON *name = one; name; name = name == list ? NULL : name->next) {
        const enum ch_topic topic = ch_topic_from_name(name->valuestring);
        if (topic == CH_TOPICS) {
            ch_request_fail(request, CH_RPC_INVALID_PARAMS, "topics", "no topic '%.64s'",
                            name->valuestring);
            return false;
        }
        *topics |= 1u << topic;
    }
    return true;
}

/// Topics without a state of their own.
#define RATE_TOPICS (1u << CH_TOPIC_SPECTRUM | 1u << CH_TOPIC_METER | 1u << CH_TOPIC_RT)

// --- subscribe ---------------------------------------------------------------------------------

/// The reason begins with the parameter that it is about, or is about all of them.
static const char *
blamed(const char *why)
{
    for (const struct ch_param *param = spectrum_params; why && param->name; param++) {
        const size_t n = strlen(param->name);
        if (strncmp(why, param->name, n) == 0 && why[n] == ' ') {
            return param->name;
        }
    }
    return "spectrum";
}

static bool
start_spectrum(struct ch_request *request, struct ch_subscription *sub, struct ch_buf *buf)
{
    struct ch_spectrum_spec spec;
    read_spectrum_spec(request->daemon, ch_param_get(request->params, "spectrum"), request->params,
                       &spec);
    char *description = NULL;
    const char *why = NULL;
    const enum ch_status status =
        ch_feeds_add_spectrum(request->daemon, &spec, &sub->spectrum.analysis, &description, &why);
    if (status != CH_OK) {
        ch_subscription_end(request->daemon, ch_request_session(request), sub->id);
        ch_request_fail(request, ch_rpc_error_from_status(status), blamed(why), "%s",
                        why ? why : ch_strerror(status));
        return false;
    }
    sub->spectrum.on = true;
    sub->spectrum.tap = spec.tap;
    ch_json_key(buf, "spectrum");
    ch_json_raw(buf, description, strlen(description));
    free(description);
    return true;
}

static bool
start_meter(struct ch_request *request, struct ch_subscription *sub, struct ch_buf *buf)
{
    const struct ch_meter_spec spec = {.rate_hz = number(ch_param_get(request->params, "meter"),
                                                         request->params, "rate_hz", 10.0)};
    const enum ch_status status = ch_feeds_add_meter(request->daemon, &spec, &sub->meter.analysis);
    if (status != CH_OK) {
        ch_subscription_end(request->daemon, ch_request_session(request), sub->id);
        ch_request_fail(request, ch_rpc_error_from_status(status), "meter", "%s",
                        status == CH_BUSY ? CH_ANALYSES_TOO_MANY : ch_strerror(status));
        return false;
    }
    sub->meter.on = true;
    sub->meter.tap = CH_TAP_OUTPUT;
    ch_json_key(buf, "meter");
    ch_json_begin_object(buf);
    ch_json_kv_fixed(buf, "rate_hz", spec.rate_hz, 3);
    ch_json_kv_string(buf, "tap", "output");
    ch_json_end_object(buf);
    return true;
}

static bool
start_rt(struct ch_request *request, struct ch_subscription *sub, struct ch_buf *buf)
{
    const double rate_hz =
        number(ch_param_get(request->params, "rt"), request->params, "rate_hz", 4.0);
    sub->rt_watch = ch_rt_watch_create(request->daemon, rate_hz);
    if (!sub->rt_watch) {
        ch_subscription_end(request->daemon, ch_request_session(request), sub->id);
        ch_request_fail(request, CH_RPC_INTERNAL, "rt", "out of memory");
        return false;
    }
    sub->rt.on = true;
    ch_json_key(buf, "rt");
    ch_json_begin_object(buf);
    ch_json_kv_fixed(buf, "rate_hz", rate_hz, 3);
    ch_json_end_object(buf);
    return true;
}

static bool
check_own_params(struct ch_request *request, const char *topic, const struct ch_param *table)
{
    const cJSON *own = ch_param_get(request->params, topic);
    return !own || ch_params_check(request, own, table);
}

static uint32_t
count_subscriptions(struct ch_session *session)
{
    uint32_t n = 0;
    for (struct ch_subscription *sub = *ch_session_subscriptions(session); sub; sub = sub->next) {
        n++;
    }
    return n;
}

static void
subscribe(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    struct ch_session *session = ch_request_session(request);
    uint32_t topics;
    if (!read_topics(request, &topics) || !check_own_params(request, "spectrum", spectrum_params) ||
        !check_own_params(request, "meter", meter_params) ||
        !check_own_params(request, "rt", rt_params)) {
        return;
    }
    if (session && count_subscriptions(session) >= SUBSCRIPTIONS_MAX) {
        ch_request_fail(request, CH_RPC_BUSY, NULL, "%d subscriptions are the most for one client",
                        SUBSCRIPTIONS_MAX);
        return;
    }
    struct ch_subscription *sub = ch_subscription_create(daemon, request, topics);
    if (!sub) {
        ch_request_fail(request, CH_RPC_INTERNAL, NULL, "out of memory");
        return;
    }
    struct ch_buf *buf = ch_request_result(request);
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "sub", sub->id);
    ch_json_kv_uint(buf, "rev", daemon->topics.rev);
    ch_json_key(buf, "snapshot");
    ch_json_begin_object(buf);
    for (int i = 0; i < CH_TOPICS; i++) {
        if ((topics & ~RATE_TOPICS) >> i & 1) {
            ch_json_key(buf, ch_topic_name((enum ch_topic)i));
            ch_topic_write(daemon, (enum ch_topic)i, buf);
        }
    }
    if ((topics >> CH_TOPIC_SPECTRUM & 1) && !start_spectrum(request, sub, buf)) {
        return;
    }
    if ((topics >> CH_TOPIC_METER & 1) && !start_meter(request, sub, buf)) {
        return;
    }
    if ((topics >> CH_TOPIC_RT & 1) && !start_rt(request, sub, buf)) {
        return;
    }
    ch_json_end_object(buf);
    ch_json_end_object(buf);
    ch_request_finish(request);
}

static void
unsubscribe(struct ch_request *request)
{
    const uint32_t id = (uint32_t)ch_param_number(request->params, "sub", 0.0);
    struct ch_session *session = ch_request_session(request);
    if (session && !ch_subscription_end(request->daemon, session, id)) {
        ch_request_fail(request, CH_RPC_NOT_FOUND, "sub", "no subscription %u on this connection",
                        id);
        return;
    }
    ch_json_begin_object(ch_request_result(request));
    ch_json_end_object(ch_request_result(request));
    ch_request_finish(request);
}

const struct ch_method ch_flow_methods[] = {
    {.name = "subscribe", .run = subscribe, .params = subscribe_params},
    {.name = "unsubscribe", .run = unsubscribe, .params = unsubscribe_params},
    {.name = NULL},
};
