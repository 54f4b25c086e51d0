// SPDX-License-Identifier: ISC
// daemon/render.c — the daemon's chain without a clock: inputs → engine → WAV.
//
// The same streams and the same engine as the daemon's, run by one loop that waits for the decoder
// instead of letting it be late: so the same inputs make the same bytes.

#include "daemon/render.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> // STDERR_FILENO

#include "daemon/backend/wavfile.h"
#include "daemon/base/log.h"
#include "daemon/base/os.h"
#include "daemon/base/rt_scope.h"
#include "daemon/control/eq_presets.h"
#include "daemon/control/equaliser.h"
#include "daemon/control/mixer.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/engine_setup.h"
#include "daemon/media/stream.h"
#include "daemon/media/uri.h"
#include "daemon/options.h"
#include "protocol/decode.h"
#include "protocol/names.h"
#include "system/console.h"
#include "system/file.h"

#define BLOCK_FRAMES      1024
#define POKE_BLOCKS       8
#define EQ_FILE_BYTES_MAX (1024 * 1024)
#define PROGRESS_NS       100000000u
/// A safety net: the decoder says when it has something.
#define WAIT_NS 2000000u

struct render {
    const struct ch_options *options;
    uint32_t rate_hz;
    double duration_s; ///< of all inputs; < 0 = not known
    char (*uris)[CH_URI_BYTES];
    int next_input;
    struct ch_engine *engine;
    struct ch_stream *stream;
    struct ch_wavfile *out;
    struct ch_event event; ///< the decoder has something to say
    uint64_t end_frame;    ///< engine frame behind the last one of the inputs; CH_FOREVER = unknown
    uint64_t n_rendered;   ///< engine frames
    bool damaged;          ///< an input broke off
    uint64_t next_progress_ns;
};

// --- inputs ------------------------------------------------------------------------------------

static bool
make_uri(const char *input, char *uri)
{
    // As the client does it: what has a scheme of ours is a URI, all else is a path.
    if (!strncmp(input, "tone:", 5) || !strncmp(input, "file:", 5) || strstr(input, "://")) {
        return snprintf(uri, CH_URI_BYTES, "%s", input) < CH_URI_BYTES;
    }
    return ch_sys_absolute(input, uri, CH_URI_BYTES);
}

static bool
is_same_file(const char *uri, const char *out)
{
    struct ch_uri parsed;
    char detail[CH_DETAIL_BYTES];
    struct ch_sys_file_info info;
    return ch_uri_parse(&parsed, uri, detail) == CH_OK && parsed.kind == CH_URI_FILE &&
           ch_sys_same_file(parsed.path, out) && ch_sys_stat(out, &info) &&
           info.kind == CH_SYS_REGULAR;
}

// Every input is opened once before anything is written.
static enum ch_status
check_input(struct render *render, int index)
{
    const char *uri = render->uris[index];
    const char *out = render->options->render_out;
    char detail[CH_DETAIL_BYTES];
    if (is_same_file(uri, out)) {
        ch_error("%s is an input, too; write to another file", out);
        return CH_CONFLICT;
    }
    struct ch_source *source;
    const enum ch_status status = ch_source_open(&source, uri, 48000, detail);
    if (status != CH_OK) {
        ch_error("%s", detail);
        return status;
    }
    const struct ch_media_info *info = ch_source_info(source);
    if (info->duration_s < 0.0) {
        ch_error("%s has no end; give a tone a length: tone:sine?s=10",
                 render->options->inputs[index]);
        ch_source_close(source);
        return CH_INVALID;
    }
    render->duration_s += info->duration_s;
    if (index == 0) {
        uint32_t rate_hz = render->options->rate_hz ? render->options->rate_hz : info->rate_hz;
        rate_hz = rate_hz < CH_RATE_MIN_HZ ? CH_RATE_MIN_HZ : rate_hz;
        render->rate_hz = rate_hz > CH_RATE_MAX_HZ ? CH_RATE_MAX_HZ : rate_hz;
    }
    ch_source_close(source);
    return CH_OK;
}

static enum ch_status
check_inputs(struct render *render)
{
    const struct ch_options *options = render->options;
    render->uris = calloc((size_t)options->n_inputs, sizeof *render->uris);
    if (!render->uris) {
        return CH_NO_MEMORY;
    }
    for (int i = 0; i < options->n_inputs; i++) {
        if (!make_uri(options->inputs[i], render->uris[i])) {
            ch_error("%s: the path is too long", options->inputs[i]);
            return CH_INVALID;
        }
        const enum ch_status status = check_input(render, i);
        if (status != CH_OK) {
            return status;
        }
    }
    return CH_OK;
}

static bool
take_input(struct render *render, struct ch_stream_item *item)
{
    if (render->next_input == render->options->n_inputs) {
        return false;
    }
    memset(item, 0, sizeof *item);
    item->id = (uint64_t)render->next_input + 1;
    strcpy(item->uri, render->uris[render->next_input++]);
    return true;
}

// --- the sound ---------------------------------------------------------------------------------

static enum ch_status
read_eq_file(const char *path, struct ch_equaliser *eq, uint32_t rate_hz)
{
    FILE *file = ch_sys_fopen(path, "rb");
    if (!file) {
        const int err = errno;
        ch_error("--eq=%s: %s; it is neither a file nor one of the presets %s", path, strerror(err),
                 ch_preset_names());
        return ch_status_from_errno(err);
    }
    char *bytes = malloc(EQ_FILE_BYTES_MAX);
    size_t length = bytes ? fread(bytes, 1, EQ_FILE_BYTES_MAX, file) : 0;
    fclose(file);
    char *text = bytes ? ch_text_to_utf8(bytes, length, &length) : NULL;
    free(bytes);
    cJSON *root = NULL;
    size_t at = 0;
    const enum ch_json_verdict verdict =
        ch_json_parse(text ? text : "", text ? length : 0, CH_NESTING_MAX, &root, &at);
    free(text);
    const char *param = NULL;
    char why[256] = "the file must hold one JSON object";
    bool out_of_range;
    enum ch_status status = CH_INVALID;
    if (verdict != CH_JSON_OK) {
        ch_error("--eq=%s: %s at byte %zu", path, ch_json_verdict_text(verdict), at);
    } else if (!cJSON_IsObject(root) ||
               !ch_equaliser_apply_json(eq, root, rate_hz, &param, why, &out_of_range)) {
        ch_error("--eq=%s: %s", path, why);
    } else {
        status = CH_OK;
    }
    cJSON_Delete(root);
    return status;
}

static enum ch_status
set_sound(struct render *render)
{
    const struct ch_options *options = render->options;
    struct ch_equaliser eq;
    ch_equaliser_init(&eq);
    if (options->eq && !ch_preset_apply(&eq, options->eq)) {
        const enum ch_status status = read_eq_file(options->eq, &eq, render->rate_hz);
        if (status != CH_OK) {
            return status;
        }
    }
    ch_equaliser_update(&eq, render->rate_hz);
    struct ch_command commands[CH_CHAIN_MAX];
    uint32_t n = ch_equaliser_commands(&eq, render->rate_hz, commands);
    struct ch_mixer mixer;
    ch_mixer_init(&mixer, CH_GAIN_MAX_DB);
    mixer.gain_db = options->gain_db;
    mixer.limiter.ceiling_dbtp = options->ceiling_dbtp;
    mixer.limiter.bypass = !options->limiter;
    ch_mixer_command(&mixer, 0, &commands[n++]);
    ch_mixer_limiter_command(&mixer, &commands[n++]);
    if (!ch_engine_send(render->engine, commands, n)) {
        return CH_INTERNAL;
    }
    ch_engine_settle(render->engine);
    return CH_OK;
}

// --- the loop ----------------------------------------------------------------------------------

// The decoder's thread.
static void
on_messages(void *context)
{
    struct render *render = context;
    ch_event_set(&render->event);
}

static void
take_messages(struct render *render)
{
    struct ch_stream_message message;
    while (ch_stream_take_message(render->stream, &message)) {
        switch (message.kind) {
        case CH_STREAM_NEED_NEXT: {
            struct ch_stream_item *item = malloc(sizeof *item);
            if (item && take_input(render, item)) {
                ch_stream_next(render->stream, item);
            } else {
                ch_stream_finish(render->stream);
            }
            free(item);
            break;
        }
        case CH_STREAM_FAILED:
        case CH_STREAM_DAMAGED:
            ch_error("%s", message.detail);
            render->damaged = true;
            break;
        case CH_STREAM_BEGAN:
        case CH_STREAM_PRIMED:
        case CH_STREAM_FINISHED:
            break;
        }
    }
}

static void
take_events(struct render *render)
{
    struct ch_event_slot event;
    while (ch_engine_take_event(render->engine, &event)) {
        if (event.op == CH_EVENT_ENDED) {
            render->end_frame = event.frame;
        }
    }
}

static void
show_progress(struct render *render, bool last)
{
    if (!ch_sys_is_terminal(STDERR_FILENO)) {
        return;
    }
    const uint64_t now_ns = ch_os_mono_ns();
    if (!last && now_ns < render->next_progress_ns) {
        return;
    }
    render->next_progress_ns = now_ns + PROGRESS_NS;
    const double done_s = (double)render->n_rendered / render->rate_hz;
    const double part = render->duration_s > 0.0 ? done_s / render->duration_s : 1.0;
    fprintf(stderr, "\r%3.0f %%  %.1f s of %.1f s", 100.0 * fmin(part, 1.0),
            fmin(done_s, render->duration_s), render->duration_s);
    if (last) {
        fputc('\n', stderr);
    }
}

static void
wait_for_decoder(struct render *render)
{
    // The decoder sleeps by the clock of a device; this loop is faster than any.
    if (render->n_rendered % (POKE_BLOCKS * BLOCK_FRAMES) == 0) {
        ch_stream_poke(render->stream);
    }
    while (!ch_engine_can_run(render->engine, BLOCK_FRAMES)) {
        ch_stream_poke(render->stream);
        ch_event_wait(&render->event, WAIT_NS);
        take_messages(render);
    }
}

static enum ch_status
run(struct render *render)
{
    float left[BLOCK_FRAMES], right[BLOCK_FRAMES];
    float *const planes[CH_CHANNELS] = {left, right};
    char detail[CH_DETAIL_BYTES];
    const uint64_t latency = ch_engine_latency(render->engine);
    uint64_t n_written = 0;
    while (render->end_frame == CH_FOREVER || n_written < render->end_frame) {
        wait_for_decoder(render);
        take_messages(render);
        ch_rt_scope_enter();
        ch_engine_run(render->engine, planes, BLOCK_FRAMES);
        ch_rt_scope_leave();
        take_events(render);
        // The chain is `latency` frames late: those first ones are not part of the sound.
        const uint64_t begin = render->n_rendered < latency ? latency - render->n_rendered : 0;
        render->n_rendered += BLOCK_FRAMES;
        uint64_t n = begin < BLOCK_FRAMES ? BLOCK_FRAMES - begin : 0;
        if (render->end_frame != CH_FOREVER && n > render->end_frame - n_written) {
            n = render->end_frame - n_written;
        }
        float *const from[CH_CHANNELS] = {left + begin, right + begin};
        const enum ch_status status =
            n ? ch_wavfile_write(render->out, from, (uint32_t)n, detail) : CH_OK;
        if (status != CH_OK) {
            ch_error("%s", detail);
            return status;
        }
        n_written += n;
        show_progress(render, false);
    }
    show_progress(render, true);
    return CH_OK;
}

static enum ch_status
start(struct render *render)
{
    char detail[CH_DETAIL_BYTES];
    enum ch_status status = ch_engine_create(&render->engine, render->rate_hz);
    if (status == CH_OK) {
        status = ch_event_init(&render->event);
    }
    if (status == CH_OK) {
        status = set_sound(render);
    }
    if (status != CH_OK) {
        return status;
    }
    enum ch_wav_format format = CH_WAV_F32;
    enum ch_dither_mode dither = CH_DITHER_AUTO;
    ch_wav_format_from_name(render->options->format, &format);
    ch_dither_mode_from_name(render->options->dither, &dither);
    status = ch_wavfile_open(&render->out, render->options->render_out, format, dither,
                             render->rate_hz, detail);
    if (status != CH_OK) {
        ch_error("%s", detail);
        return status;
    }
    const struct ch_stream_config config = {
        .rate_hz = render->rate_hz, .notify = on_messages, .context = render};
    struct ch_stream_item *item = malloc(sizeof *item);
    if (!item || !take_input(render, item)) {
        free(item);
        return CH_NO_MEMORY;
    }
    status = ch_stream_create(&render->stream, &config, item);
    free(item);
    if (status != CH_OK) {
        return status;
    }
    ch_stream_set_flowing(render->stream, true);
    struct ch_command play = {.op = CH_COMMAND_PLAY,
                              .deck = {.pcm = ch_stream_pcm(render->stream), .stream = 1}};
    if (!ch_engine_send(render->engine, &play, 1)) {
        return CH_INTERNAL;
    }
    // In effect before the first block asks whether the decoder has enough for it.
    ch_engine_settle(render->engine);
    return CH_OK;
}

static enum ch_status
finish(struct render *render)
{
    char detail[CH_DETAIL_BYTES];
    ch_engine_destroy(render->engine);
    if (render->stream) {
        ch_stream_destroy(render->stream);
    }
    ch_streams_wait_ended(CH_NS_PER_S);
    const bool opened = render->out != NULL;
    const enum ch_status status = opened ? ch_wavfile_close(render->out, detail) : CH_OK;
    if (status != CH_OK) {
        ch_error("%s", detail);
    }
    if (render->event.impl) {
        ch_event_fini(&render->event);
    }
    free(render->uris);
    return status;
}

int
ch_render(const struct ch_options *options)
{
    struct render render = {.options = options, .end_frame = CH_FOREVER};
    enum ch_status status = check_inputs(&render);
    if (status == CH_OK) {
        ch_os_denormals_off();
        status = start(&render);
        if (status == CH_OK) {
            status = run(&render);
        }
    }
    const enum ch_status closed = finish(&render);
    if (status == CH_OK) {
        status = closed;
    }
    if (status == CH_NOT_FOUND) {
        return ch_rpc_exit_code("NOT_FOUND");
    }
    return status == CH_OK && !render.damaged ? EXIT_SUCCESS : EXIT_FAILURE;
}
