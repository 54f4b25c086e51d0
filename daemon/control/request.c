// SPDX-License-Identifier: ISC
// daemon/control/request.c — envelopes of JSON-RPC 2.0, batches, answers and errors.

#include "daemon/control/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control/daemon.h"
#include "daemon/control/dispatch.h"
#include "daemon/control/session.h"

#define BATCH_MAX       1024
#define BATCH_BYTES_MAX (4u * 1024u * 1024u)

// --- answers -----------------------------------------------------------------------------------

enum ch_rpc_error
ch_rpc_error_from_status(enum ch_status status)
{
    switch (status) {
    case CH_OK:
        return CH_RPC_OK;
    case CH_INVALID:
        return CH_RPC_INVALID_PARAMS;
    case CH_OUT_OF_RANGE:
        return CH_RPC_OUT_OF_RANGE;
    case CH_NOT_FOUND:
        return CH_RPC_NOT_FOUND;
    case CH_DENIED:
        return CH_RPC_DENIED;
    case CH_UNSUPPORTED_FORMAT:
        return CH_RPC_UNSUPPORTED_FORMAT;
    case CH_DECODE_FAILED:
        return CH_RPC_DECODE_FAILED;
    case CH_NO_DEVICE:
        return CH_RPC_NO_DEVICE;
    case CH_BUSY:
        return CH_RPC_BUSY;
    case CH_CONFLICT:
        return CH_RPC_CONFLICT;
    case CH_TIMEOUT:
        return CH_RPC_TIMEOUT;
    case CH_UNAVAILABLE:
        return CH_RPC_UNAVAILABLE;
    case CH_END:
    case CH_NO_MEMORY:
    case CH_INTERNAL:
        break;
    }
    return CH_RPC_INTERNAL;
}

void
ch_rpc_write_error_data(struct ch_buf *buf, enum ch_rpc_error error, const char *param,
                        const char *detail)
{
    ch_json_begin_object(buf);
    ch_json_kv_string(buf, "name", ch_rpc_error_name(error));
    if (param) {
        ch_json_kv_string(buf, "param", param);
    }
    ch_json_kv_string(buf, "detail", detail);
    ch_json_end_object(buf);
}

static void
begin_answer(struct ch_buf *out, const cJSON *id)
{
    ch_buf_text(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    if (id) {
        ch_json_value(out, id);
    } else {
        ch_buf_text(out, "null");
    }
}

static void
write_error(struct ch_buf *out, const cJSON *id, enum ch_rpc_error error, const char *param,
            const char *detail)
{
    begin_answer(out, id);
    ch_json_key(out, "error");
    ch_json_begin_object(out);
    ch_json_key(out, "code");
    ch_json_int(out, ch_rpc_error_code(error));
    ch_json_kv_string(out, "message", detail);
    ch_json_key(out, "data");
    ch_rpc_write_error_data(out, error, param, detail);
    ch_json_end_object(out);
    ch_buf_char(out, '}');
}

static void
join_parts(struct ch_line_job *job)
{
    for (uint32_t i = 0; i < job->n_parts; i++) {
        struct ch_buf *part = &job->parts[i];
        if (part->length) {
            ch_buf_char(&job->out, job->out.length ? ',' : '[');
            ch_buf_append(&job->out, part->data, part->length);
        }
        job->out.failed |= part->failed;
        ch_buf_fini(part);
    }
    free(job->parts);
    job->parts = NULL;
    if (job->out.length) {
        ch_buf_char(&job->out, ']');
    }
}

void
ch_line_job_free(struct ch_line_job *job)
{
    for (uint32_t i = 0; job->parts && i < job->n_parts; i++) {
        ch_buf_fini(&job->parts[i]);
    }
    free(job->parts);
    ch_buf_fini(&job->out);
    free(job);
}

static void
job_progress(struct ch_line_job *job)
{
    if (job->n_open || !job->parsed) {
        return;
    }
    if (job->parts) {
        join_parts(job);
    }
    if (job->session) {
        ch_session_answer_ready(job->session, job);
    } else {
        ch_line_job_free(job);
    }
}

static void
request_free(struct ch_request *request)
{
    struct ch_line_job *job = request->job;
    const struct ch_buf *request_out = request->out;
    ch_buf_fini(&request->result);
    cJSON_Delete(request->envelope);
    free(request);
    job->n_open--;
    job->n_bytes += request_out->length;
    job_progress(job);
}

struct ch_session *
ch_request_session(const struct ch_request *request)
{
    return request->job->session;
}

void
ch_request_finish(struct ch_request *request)
{
    if (request->result.failed) {
        ch_request_fail(request, CH_RPC_INTERNAL, NULL, "out of memory for the answer");
        return;
    }
    if (request->outcome) {
        request->outcome->done = true;
        request->outcome->result = request->result;
        ch_buf_init(&request->result);
    } else if (request->id) {
        struct ch_buf *out = request->out;
        begin_answer(out, request->id);
        ch_buf_text(out, ",\"result\":");
        ch_buf_append(out, request->result.data, request->result.length);
        ch_buf_char(out, '}');
    }
    request_free(request);
}

static void
keep_fault(struct ch_outcome *outcome, enum ch_rpc_error error, const char *param,
           const char *detail)
{
    outcome->done = true;
    outcome->error = error;
    snprintf(outcome->param, sizeof outcome->param, "%s", param ? param : "");
    snprintf(outcome->detail, sizeof outcome->detail, "%s", detail);
}

void
ch_request_fail(struct ch_request *request, enum ch_rpc_error error, const char *param,
                const char *fmt, ...)
{
    if (request->outcome || request->id) {
        char detail[CH_RPC_DETAIL_BYTES];
        va_list args;
        va_start(args, fmt);
        vsnprintf(detail, sizeof detail, fmt, args);
        va_end(args);
        if (request->outcome) {
            keep_fault(request->outcome, error, param, detail);
        } else {
            write_error(request->out, request->id, error, param, detail);
        }
    }
    request_free(request);
}

// --- requests ----------------------------------------------------------------------------------

static const char *
envelope_fault(const cJSON *envelope)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(envelope, "jsonrpc");
    const cJSON *method = cJSON_GetObjectItemCaseSensitive(envelope, "method");
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(envelope, "params");
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(envelope, "id");
    if (version && (!cJSON_IsString(version) || strcmp(version->valuestring, "2.0") != 0)) {
        return "'jsonrpc' must be \"2.0\"";
    }
    if (id && !cJSON_IsString(id) && !cJSON_IsNumber(id) && !cJSON_IsNull(id)) {
        return "'id' must be a string, a number or null";
    }
    if (!method) {
        return "'method' is missing";
    }
    if (!cJSON_IsString(method)) {
        return "'method' must be a string";
    }
    if (params && !cJSON_IsObject(params)) {
        return "'params' must be an object: parameters go by name";
    }
    return NULL;
}

// Takes the envelope over.
static void
start_request(struct ch_daemon *daemon, struct ch_line_job *job, struct ch_buf *out,
              cJSON *envelope)
{
    const cJSON *id = NULL;
    const char *fault = "a request must be an object";
    daemon->n_requests++;
    if (cJSON_IsObject(envelope)) {
        id = cJSON_GetObjectItemCaseSensitive(envelope, "id");
        fault = envelope_fault(envelope);
    }
    if (fault) {
        const bool usable = id && (cJSON_IsString(id) || cJSON_IsNumber(id));
        write_error(out, usable ? id : NULL, CH_RPC_INVALID_REQUEST, NULL, fault);
        cJSON_Delete(envelope);
        return;
    }
    struct ch_request *request = calloc(1, sizeof *request);
    if (!request) {
        write_error(out, id, CH_RPC_INTERNAL, NULL, "out of memory");
        cJSON_Delete(envelope);
        return;
    }
    request->daemon = daemon;
    request->job = job;
    request->out = out;
    request->envelope = envelope;
    request->id = id;
    request->params = cJSON_GetObjectItemCaseSensitive(envelope, "params");
    request->session_id = job->session_id;
    ch_buf_init(&request->result);
    job->n_open++;
    ch_dispatch(request, cJSON_GetObjectItemCaseSensitive(envelope, "method")->valuestring);
}

struct ch_request *
ch_request_part(const struct ch_request *parent, struct ch_line_job *job, const cJSON *params,
                struct ch_outcome *outcome)
{
    struct ch_request *part = calloc(1, sizeof *part);
    if (!part) {
        return NULL;
    }
    part->daemon = parent->daemon;
    part->job = job;
    part->out = &job->out;
    part->params = params;
    part->session_id = parent->session_id;
    part->outcome = outcome;
    ch_buf_init(&part->result);
    job->n_open++;
    return part;
}

static struct ch_line_job *
job_create(struct ch_session *session)
{
    struct ch_line_job *job = calloc(1, sizeof *job);
    if (!job) {
        ch_session_close(session);
        return NULL;
    }
    job->session = session;
    job->session_id = ch_session_id(session);
    ch_buf_init(&job->out);
    ch_session_add_job(session, job);
    return job;
}

// A batch's answers are kept until the last of them is there: they can't grow for ever.
static void
refuse_rest(struct ch_buf *out, cJSON *envelope)
{
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(envelope, "id");
    if (cJSON_IsString(id) || cJSON_IsNumber(id) || cJSON_IsNull(id)) {
        write_error(out, id, CH_RPC_BUSY, NULL,
                    "the answers before this one are too long for one batch: ask it by itself");
    }
    cJSON_Delete(envelope);
}

static void
start_batch(struct ch_daemon *daemon, struct ch_line_job *job, cJSON *array)
{
    const int n = cJSON_GetArraySize(array);
    if (n == 0 || n > BATCH_MAX) {
        char detail[64] = "an empty batch asks nothing";
        if (n) {
            snprintf(detail, sizeof detail, "a batch may hold %d requests", BATCH_MAX);
        }
        write_error(&job->out, NULL, CH_RPC_INVALID_REQUEST, NULL, detail);
        return;
    }
    job->parts = calloc((size_t)n, sizeof *job->parts);
    if (!job->parts) {
        write_error(&job->out, NULL, CH_RPC_INTERNAL, NULL, "out of memory");
        return;
    }
    job->n_parts = (uint32_t)n;
    for (uint32_t i = 0; i < job->n_parts; i++) {
        cJSON *envelope = cJSON_DetachItemViaPointer(array, array->child);
        ch_buf_init(&job->parts[i]);
        if (job->n_bytes > BATCH_BYTES_MAX) {
            refuse_rest(&job->parts[i], envelope);
        } else {
            start_request(daemon, job, &job->parts[i], envelope);
        }
    }
}

void
ch_requests_start(struct ch_daemon *daemon, struct ch_session *session, const char *text,
                  size_t length)
{
    struct ch_line_job *job = job_create(session);
    if (!job) {
        return;
    }
    cJSON *root = NULL;
    size_t at = 0;
    const enum ch_json_verdict verdict = ch_json_parse(text, length, CH_NESTING_MAX, &root, &at);
    if (verdict != CH_JSON_OK) {
        char detail[160];
        snprintf(detail, sizeof detail, "%s at byte %zu", ch_json_verdict_text(verdict), at);
        write_error(&job->out, NULL,
                    verdict == CH_JSON_NUL ? CH_RPC_INVALID_REQUEST : CH_RPC_PARSE_ERROR, NULL,
                    detail);
    } else if (cJSON_IsArray(root)) {
        start_batch(daemon, job, root);
        cJSON_Delete(root);
    } else {
        start_request(daemon, job, &job->out, root);
    }
    job->parsed = true;
    job_progress(job);
}

static void
refuse(struct ch_session *session, enum ch_rpc_error error, const char *detail)
{
    struct ch_line_job *job = job_create(session);
    if (!job) {
        return;
    }
    write_error(&job->out, NULL, error, NULL, detail);
    job->parsed = true;
    job_progress(job);
}

void
ch_requests_refuse_line(struct ch_session *session, size_t limit)
{
    char detail[96];
    snprintf(detail, sizeof detail, "the line is longer than %zu bytes", limit);
    refuse(session, CH_RPC_LINE_TOO_LONG, detail);
}

void
ch_requests_refuse_client(struct ch_session *session, const char *detail)
{
    refuse(session, CH_RPC_DENIED, detail);
}
