// SPDX-License-Identifier: ISC
// daemon/backend/jack_list.c — asks the server that would be played to who it is.
//
// There is no way to ask but to become its client for a moment, and no limit to how long that may
// take: so the question runs under a deadline and, given up, finishes alone.

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/backend/deadline.h"
#include "daemon/backend/jack_internal.h"

#define PATIENCE_NS (3 * CH_NS_PER_S)

struct question {
    struct ch_jack_api api;
    atomic_int n_refs; // who asks, and who answers
    bool answered;
    uint32_t rate_hz, period;
};

static void
drop(struct question *question)
{
    if (atomic_fetch_sub_explicit(&question->n_refs, 1, memory_order_acq_rel) == 1) {
        free(question);
    }
}

static void
ask(void *arg)
{
    struct question *question = arg;
    const struct ch_jack_api *api = &question->api;
    jack_status_t status;
    jack_client_t *client = api->client_open("chant-list", JackNoStartServer, &status);
    if (client) {
        question->rate_hz = api->get_sample_rate(client);
        question->period = api->get_buffer_size(client);
        question->answered = true;
        api->client_close(client);
    }
    drop(question);
}

static void
on_message(const char *text)
{
    (void)text; // that there is no server is no news
}

static enum ch_status
describe(struct ch_device_list *out, const struct question *question, char *detail)
{
    const char *server = getenv("JACK_DEFAULT_SERVER");
    struct ch_device_entry entry = {
        .is_default = true,
        .rate_hz = question->rate_hz,
        .n_channels = CH_CHANNELS,
        .format = "f32",
        .period = question->period,
        .period_min = question->period,
        .period_default = question->period,
    };
    snprintf(entry.id, sizeof entry.id, "%s", server && *server ? server : "default");
    snprintf(entry.name, sizeof entry.name, "JACK server %.100s", entry.id);
    return ch_backend_list_one(out, &entry, detail);
}

enum ch_status
ch_jack_list(struct ch_device_list *out, char *detail)
{
    *out = (struct ch_device_list){0};
    struct question *question = calloc(1, sizeof *question);
    if (!question) {
        snprintf(detail, CH_DETAIL_BYTES, "no memory to ask the JACK server");
        return CH_NO_MEMORY;
    }
    atomic_init(&question->n_refs, 2);
    if (ch_jack_api_load(&question->api, detail) != CH_OK) {
        free(question); // no libjack, no server
        return CH_OK;
    }
    question->api.set_error_function(on_message);
    question->api.set_info_function(on_message);
    enum ch_status status = CH_OK;
    if (!ch_deadline_call(ask, question, PATIENCE_NS)) {
        snprintf(detail, CH_DETAIL_BYTES, "the JACK server does not answer; restart it");
        status = CH_TIMEOUT;
    } else if (question->answered) {
        status = describe(out, question, detail);
    }
    drop(question);
    return status;
}
