// SPDX-License-Identifier: ISC
// tests/unit/stream_take.h — a stream played to its end, and all that came out of it.

#ifndef CH_TESTS_UNIT_STREAM_TAKE_H
#define CH_TESTS_UNIT_STREAM_TAKE_H

#include "daemon/base/os.h"
#include "daemon/base/units.h"
#include "daemon/media/stream.h"
#include "tests/unit/near.h"
#include "tests/unit/sound_files.h"

#define WAV_16  (SF_FORMAT_WAV | SF_FORMAT_PCM_16)
#define WAV_F   (SF_FORMAT_WAV | SF_FORMAT_FLOAT)
#define FLAC_16 (SF_FORMAT_FLAC | SF_FORMAT_PCM_16)

#define FRAMES_MAX   (1u << 20)
#define MESSAGES_MAX 32

/// A stream played to its end, as a backend without a clock does it, and all that it said.
struct take {
    float *stereo;
    uint32_t n_frames;
    struct ch_stream_message *messages;
    uint32_t n_messages;
};

static inline void
wake(void *context)
{
    ch_event_set(context);
}

struct script {
    uint32_t rate_hz;
    uint32_t ring_frames;
    double crossfade_s;
    const struct ch_stream_item *items;
    uint32_t n_items;
};

static inline void
take_frames(struct ch_stream *stream, struct take *take, bool *ended)
{
    struct ch_pcm_ring *pcm = ch_stream_pcm(stream);
    uint32_t n = ch_pcm_ring_available(pcm, ended);
    *ended = *ended && n <= 1000;
    n = n < 1000 ? n : 1000;
    assert_true(take->n_frames + n <= FRAMES_MAX);
    assert_true(ch_ring_read(&pcm->ring, take->stereo + 2 * (size_t)take->n_frames, n));
    take->n_frames += n;
    if (n) {
        ch_stream_poke(stream);
    }
}

static inline struct take
play(const struct script *script)
{
    struct take take = {
        .stereo = malloc((size_t)FRAMES_MAX * 2 * sizeof(float)),
        .messages = calloc(MESSAGES_MAX, sizeof *take.messages),
    };
    assert_non_null(take.stereo);
    assert_non_null(take.messages);
    struct ch_event event;
    assert_int_equal(ch_event_init(&event), CH_OK);
    const struct ch_stream_config config = {.rate_hz = script->rate_hz,
                                            .ring_frames = script->ring_frames,
                                            .crossfade_s = script->crossfade_s,
                                            .notify = wake,
                                            .context = &event};
    struct ch_stream *stream;
    assert_int_equal(ch_stream_create(&stream, &config, &script->items[0]), CH_OK);
    ch_stream_set_flowing(stream, true);
    uint32_t next = 1;
    bool finished = false, ended = false;
    while (!finished || !ended) {
        assert_true(take.n_messages < MESSAGES_MAX);
        struct ch_stream_message *message = &take.messages[take.n_messages];
        if (ch_stream_take_message(stream, message)) {
            take.n_messages++;
            finished = message->kind == CH_STREAM_FINISHED;
            if (message->kind == CH_STREAM_NEED_NEXT && next < script->n_items) {
                ch_stream_next(stream, &script->items[next++]);
            } else if (message->kind == CH_STREAM_NEED_NEXT) {
                ch_stream_finish(stream);
            }
            continue;
        }
        const uint32_t before = take.n_frames;
        take_frames(stream, &take, &ended);
        if (take.n_frames == before && !ended) {
            ch_event_wait(&event, CH_NS_PER_S / 200);
        }
    }
    ch_stream_destroy(stream);
    assert_true(ch_streams_wait_ended(10 * CH_NS_PER_S));
    ch_event_fini(&event);
    return take;
}

static inline void
take_free(struct take *take)
{
    free(take->stereo);
    free(take->messages);
}

static inline struct ch_stream_item
item_of(uint64_t id, const char *uri)
{
    struct ch_stream_item item = {.id = id};
    snprintf(item.uri, sizeof item.uri, "%s", uri);
    return item;
}

static inline struct take
play_items(uint32_t rate_hz, const struct ch_stream_item *items, uint32_t n_items)
{
    return play(&(struct script){.rate_hz = rate_hz, .items = items, .n_items = n_items});
}

/// The kinds of the messages, a letter each.
static inline const char *
told(const struct take *take)
{
    static char text[MESSAGES_MAX + 1];
    uint32_t i = 0;
    for (; i < take->n_messages; i++) {
        text[i] = "bpnfdF"[take->messages[i].kind];
    }
    text[i] = '\0';
    return text;
}

static inline const struct ch_stream_message *
find(const struct take *take, enum ch_stream_kind kind, uint64_t item_id)
{
    for (uint32_t i = 0; i < take->n_messages; i++) {
        if (take->messages[i].kind == kind && take->messages[i].item_id == item_id) {
            return &take->messages[i];
        }
    }
    print_error("no message of kind %d for item %u in \"%s\"\n", (int)kind, (unsigned)item_id,
                told(take));
    fail();
    return take->messages;
}

static inline float *
signal_of(uint64_t from, uint32_t n_frames, uint32_t rate_hz)
{
    float *stereo = malloc((size_t)n_frames * 2 * sizeof *stereo);
    assert_non_null(stereo);
    sound_signal(stereo, from, n_frames, rate_hz);
    return stereo;
}

static inline void
expect_near_take(const float *got, const float *ideal, uint32_t n_frames, double tolerance)
{
    double worst = 0.0;
    for (uint32_t i = 0; i < 2 * n_frames; i++) {
        worst = fmax(worst, fabs((double)got[i] - (double)ideal[i]));
    }
    assert_near(worst, 0.0, tolerance);
}

static inline void
write_constant(const char *path, uint32_t rate_hz, float value, uint32_t n_frames)
{
    float *stereo = malloc((size_t)n_frames * 2 * sizeof *stereo);
    assert_non_null(stereo);
    for (uint32_t i = 0; i < 2 * n_frames; i++) {
        stereo[i] = value;
    }
    sound_write(path, WAV_F, rate_hz, 2, stereo, n_frames);
    free(stereo);
}

#endif
