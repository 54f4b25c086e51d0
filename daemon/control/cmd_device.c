// SPDX-License-Identifier: ISC
// daemon/control/cmd_device.c — device.*
//
// Asking a backend what there is may take seconds, so a helper thread does.  Those who ask while it
// is at it wait for its next turn: what they get is no older than their question.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"

struct ch_device_asker {
    struct ch_device_asker *next;
    struct ch_request *request;
};

// --- the helper ----------------------------------------------------------------------------------

static void
help(void *context)
{
    struct ch_daemon *daemon = context;
    struct ch_device_lists *lists = &daemon->device_lists;
    for (unsigned i = 0; i < CH_DEVICE_LISTS_MAX && ch_backend_at(i); i++) {
        const struct ch_backend_ops *ops = ch_backend_at(i);
        struct ch_device_answer *answer = &lists->answers[i];
        answer->ops = ops;
        if (ops->list && ops != lists->skipped) {
            answer->status = ops->list(&answer->list, answer->detail);
        }
    }
    atomic_store(&lists->helped, true);
    uv_async_send(&daemon->wake);
}

static void
forget_answers(struct ch_device_lists *lists)
{
    for (unsigned i = 0; i < CH_DEVICE_LISTS_MAX; i++) {
        free(lists->answers[i].list.entries);
        lists->answers[i] = (struct ch_device_answer){0};
    }
}

static void answer_all(struct ch_daemon *daemon);

static void
begin(struct ch_daemon *daemon)
{
    struct ch_device_lists *lists = &daemon->device_lists;
    const struct ch_device *device = &daemon->device;
    lists->being_answered = lists->waiting;
    lists->waiting = NULL;
    // Where we are somebody's client already, what we know of him will do.
    lists->skipped = device->backend && device->ops->always_on ? device->ops : NULL;
    atomic_store(&lists->helped, false);
    if (ch_thread_start(&lists->helper, "chant-devices", CH_STACK_WORKER, help, daemon) == CH_OK) {
        lists->helping = true;
        return;
    }
    help(daemon);
    answer_all(daemon);
}

// --- answers -------------------------------------------------------------------------------------

// Of all defaults of backends the first is what is played on when nothing at all is named.
static void
write_entry(struct ch_buf *buf, const char *backend, const struct ch_device_entry *entry,
            bool *defaulted)
{
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "backend", backend);
    ch_json_kv_string(buf, "id", entry->id);
    ch_json_kv_string(buf, "name", entry->name);
    ch_json_kv_bool(buf, "default", entry->is_default && !*defaulted);
    *defaulted |= entry->is_default;
    ch_json_kv_uint(buf, "rate_hz", entry->rate_hz);
    ch_json_kv_uint(buf, "channels", entry->n_channels);
    ch_json_kv_string(buf, "format", entry->format);
    ch_json_kv_uint(buf, "period_frames", entry->period);
    ch_json_kv_uint(buf, "period_min_frames", entry->period_min);
    ch_json_kv_uint(buf, "period_default_frames", entry->period_default);
    ch_json_end_object(buf);
}

// The server that plays, as it has introduced itself.
static void
write_open(const struct ch_daemon *daemon, struct ch_buf *buf, bool *defaulted)
{
    const struct ch_backend_info *info = &daemon->device.info;
    struct ch_device_entry entry = {
        .is_default = !daemon->options.device,
        .rate_hz = info->rate_hz,
        .n_channels = CH_CHANNELS,
        .format = "f32",
        .period = info->period,
        .period_min = info->period,
        .period_default = info->period,
    };
    snprintf(entry.id, sizeof entry.id, "%s", info->id);
    snprintf(entry.name, sizeof entry.name, "%s", info->device);
    write_entry(buf, daemon->device.ops->name, &entry, defaulted);
}

static void
write_devices(struct ch_daemon *daemon, struct ch_buf *buf)
{
    struct ch_device_lists *lists = &daemon->device_lists;
    bool defaulted = false;
    if (lists->skipped && lists->skipped == daemon->device.ops && daemon->device.backend) {
        ch_device_refresh(&daemon->device);
        write_open(daemon, buf, &defaulted);
    }
    for (unsigned i = 0; i < CH_DEVICE_LISTS_MAX && lists->answers[i].ops; i++) {
        const struct ch_device_answer *answer = &lists->answers[i];
        for (uint32_t k = 0; k < answer->list.n; k++) {
            write_entry(buf, answer->ops->name, &answer->list.entries[k], &defaulted);
        }
    }
}

static void
write_failures(const struct ch_device_lists *lists, struct ch_buf *buf)
{
    for (unsigned i = 0; i < CH_DEVICE_LISTS_MAX && lists->answers[i].ops; i++) {
        const struct ch_device_answer *answer = &lists->answers[i];
        if (answer->status != CH_OK) {
            ch_json_begin_object(buf);
            ch_json_kv_string(buf, "backend", answer->ops->name);
            ch_json_kv_string(buf, "detail", answer->detail);
            ch_json_end_object(buf);
        }
    }
}

static void
answer_one(struct ch_daemon *daemon, struct ch_request *request)
{
    struct ch_buf *buf = ch_request_result(request);
    ch_json_begin_object(buf);
    ch_json_key(buf, "devices");
    ch_json_begin_array(buf);
    write_devices(daemon, buf);
    ch_json_end_array(buf);
    ch_json_key(buf, "failed");
    ch_json_begin_array(buf);
    write_failures(&daemon->device_lists, buf);
    ch_json_end_array(buf);
    ch_json_end_object(buf);
    ch_request_finish(request);
}

static void
answer_all(struct ch_daemon *daemon)
{
    struct ch_device_lists *lists = &daemon->device_lists;
    while (lists->being_answered) {
        struct ch_device_asker *asker = lists->being_answered;
        lists->being_answered = asker->next;
        answer_one(daemon, asker->request);
        free(asker);
    }
    forget_answers(lists);
}

void
ch_device_lists_poll(struct ch_daemon *daemon)
{
    struct ch_device_lists *lists = &daemon->device_lists;
    if (lists->helping && atomic_load(&lists->helped)) {
        ch_thread_join(&lists->helper);
        lists->helping = false;
        answer_all(daemon);
        if (lists->waiting) {
            begin(daemon);
        }
    }
}

void
ch_device_lists_fini(struct ch_daemon *daemon)
{
    struct ch_device_lists *lists = &daemon->device_lists;
    if (lists->helping) {
        ch_thread_join(&lists->helper);
        lists->helping = false;
    }
    answer_all(daemon);
    lists->being_answered = lists->waiting;
    lists->waiting = NULL;
    answer_all(daemon);
}

static void
device_list(struct ch_request *request)
{
    struct ch_daemon *daemon = request->daemon;
    struct ch_device_lists *lists = &daemon->device_lists;
    struct ch_device_asker *asker = calloc(1, sizeof *asker);
    if (!asker) {
        ch_request_fail(request, CH_RPC_INTERNAL, NULL, "out of memory for the question");
        return;
    }
    asker->request = request;
    struct ch_device_asker **end = &lists->waiting;
    while (*end) {
        end = &(*end)->next;
    }
    *end = asker;
    if (!lists->helping) {
        begin(daemon);
    }
}

const struct ch_method ch_device_methods[] = {
    {.name = "device.list", .run = device_list},
    {.name = NULL},
};
