// SPDX-License-Identifier: ISC
// tests/unit/test_stream.c — what comes out of the ring, against the signal that the files were cut
// from: joins, resampling, seeks, crossfades, and items that fail.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>

#include "daemon/base/log.h"
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

static void
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

static void
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

static struct take
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

static void
take_free(struct take *take)
{
    free(take->stereo);
    free(take->messages);
}

static struct ch_stream_item
item_of(uint64_t id, const char *uri)
{
    struct ch_stream_item item = {.id = id};
    snprintf(item.uri, sizeof item.uri, "%s", uri);
    return item;
}

static struct take
play_items(uint32_t rate_hz, const struct ch_stream_item *items, uint32_t n_items)
{
    return play(&(struct script){.rate_hz = rate_hz, .items = items, .n_items = n_items});
}

/// The kinds of the messages, a letter each.
static const char *
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

static const struct ch_stream_message *
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
    return NULL;
}

static float *
signal_of(uint64_t from, uint32_t n_frames, uint32_t rate_hz)
{
    float *stereo = malloc((size_t)n_frames * 2 * sizeof *stereo);
    assert_non_null(stereo);
    sound_signal(stereo, from, n_frames, rate_hz);
    return stereo;
}

// --- joins at equal rates ---------------------------------------------------------------------------

static void
test_one_item_is_bit_exact(void **state)
{
    (void)state;
    enum { N = 300000 };
    sound_write_signal(sound_path("a.wav"), WAV_F, 48000, 0, N);
    const struct ch_stream_item item = item_of(7, sound_path("a.wav"));
    struct take take = play_items(48000, &item, 1);
    assert_int_equal(take.n_frames, N);
    float *ideal = signal_of(0, N, 48000);
    assert_memory_equal(take.stereo, ideal, N * 2 * sizeof *ideal);
    assert_string_equal(told(&take), "bpnF");
    const struct ch_stream_message *began = find(&take, CH_STREAM_BEGAN, 7);
    assert_int_equal(began->ring_frame, 0);
    assert_int_equal(began->item_frame, 0);
    assert_string_equal(began->info.format, "WAV");
    assert_near(began->info.duration_s, N / 48000.0, 1e-9);
    assert_int_equal(find(&take, CH_STREAM_FINISHED, 0)->ring_frame, N);
    free(ideal);
    take_free(&take);
}

/// Four pieces, one of ten frames, of FLAC and WAV: together they are the signal, to the bit.
static void
test_pieces_join_bit_exact(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int format;
        uint32_t n_frames;
    } pieces[] = {{"0.flac", FLAC_16, 100001},
                  {"1.wav", WAV_16, 10},
                  {"2.flac", FLAC_16, 4096},
                  {"3.wav", WAV_16, 70000}};
    enum { N = 100001 + 10 + 4096 + 70000 };
    struct ch_stream_item items[4];
    uint32_t from = 0;
    for (uint32_t p = 0; p < 4; p++) {
        sound_write_signal(sound_path(pieces[p].name), pieces[p].format, 44100, from,
                           pieces[p].n_frames);
        items[p] = item_of(p + 1, sound_path(pieces[p].name));
        from += pieces[p].n_frames;
    }
    sound_write_signal(sound_path("all.wav"), WAV_16, 44100, 0, N);
    const struct ch_stream_item all = item_of(1, sound_path("all.wav"));
    static const uint32_t ring_sizes[] = {0, 1024, 65536};
    for (int r = 0; r < 3; r++) {
        struct take whole = play_items(44100, &all, 1);
        struct take take = play(&(struct script){
            .rate_hz = 44100, .ring_frames = ring_sizes[r], .items = items, .n_items = 4});
        assert_int_equal(whole.n_frames, N);
        assert_int_equal(take.n_frames, N);
        assert_memory_equal(take.stereo, whole.stereo, N * 2 * sizeof(float));
        uint64_t frame = 0;
        for (uint32_t p = 0; p < 4; p++) {
            assert_int_equal(find(&take, CH_STREAM_BEGAN, p + 1)->ring_frame, frame);
            frame += pieces[p].n_frames;
        }
        take_free(&take);
        take_free(&whole);
    }
}

// --- resampling --------------------------------------------------------------------------------------

static void
expect_near_take(const float *got, const float *ideal, uint32_t n_frames, double tolerance)
{
    double worst = 0.0;
    for (uint32_t i = 0; i < 2 * n_frames; i++) {
        worst = fmax(worst, fabs((double)got[i] - (double)ideal[i]));
    }
    assert_near(worst, 0.0, tolerance);
}

static void
test_resampled_is_the_signal(void **state)
{
    (void)state;
    static const uint32_t rates_hz[][2] = {
        {44100, 48000}, {48000, 44100}, {96000, 48000}, {22050, 48000}, {44100, 96000}};
    for (size_t r = 0; r < sizeof rates_hz / sizeof *rates_hz; r++) {
        const uint32_t from_hz = rates_hz[r][0], to_hz = rates_hz[r][1];
        sound_write_signal(sound_path("r.wav"), WAV_F, from_hz, 0, 2 * from_hz);
        const struct ch_stream_item item = item_of(1, sound_path("r.wav"));
        struct take take = play_items(to_hz, &item, 1);
        assert_int_equal(take.n_frames, 2 * to_hz);
        // At its ends the signal is cut, which no low-pass can follow.
        const uint32_t margin = to_hz / 10;
        float *ideal = signal_of(margin, 2 * to_hz - 2 * margin, to_hz);
        expect_near_take(take.stereo + 2 * (size_t)margin, ideal, 2 * to_hz - 2 * margin, 1e-5);
        free(ideal);
        take_free(&take);
    }
}

/// 44.1 → 48 kHz, cut where no output frame falls: the join is that of one signal.
static void
test_pieces_join_resampled(void **state)
{
    (void)state;
    static const uint32_t pieces[] = {50001, 7, 3000, 33333};
    enum { N = 50001 + 7 + 3000 + 33333 };
    struct ch_stream_item items[4];
    uint32_t from = 0;
    for (uint32_t p = 0; p < 4; p++) {
        char name[16];
        snprintf(name, sizeof name, "%u.wav", p);
        sound_write_signal(sound_path(name), WAV_F, 44100, from, pieces[p]);
        items[p] = item_of(p + 1, sound_path(name));
        from += pieces[p];
    }
    sound_write_signal(sound_path("all.wav"), WAV_F, 44100, 0, N);
    const struct ch_stream_item all = item_of(1, sound_path("all.wav"));
    struct take whole = play_items(48000, &all, 1);
    struct take take = play_items(48000, items, 4);
    assert_int_equal(whole.n_frames, (uint32_t)lround(N * 48000.0 / 44100.0));
    assert_int_equal(take.n_frames, whole.n_frames);
    expect_near_take(take.stereo, whole.stereo, whole.n_frames, 1e-5);
    from = 0;
    for (uint32_t p = 0; p < 4; p++) {
        const uint64_t began = find(&take, CH_STREAM_BEGAN, p + 1)->ring_frame;
        assert_near((double)began, from * 48000.0 / 44100.0, 0.5);
        from += pieces[p];
    }
    take_free(&take);
    take_free(&whole);
}

/// Where the rate changes, each item keeps its full length, and what needs no resampling its bits.
static void
test_rates_change(void **state)
{
    (void)state;
    sound_write_signal(sound_path("0.wav"), WAV_F, 44100, 0, 44100);
    sound_write_signal(sound_path("1.wav"), WAV_F, 48000, 0, 30000);
    sound_write_signal(sound_path("2.wav"), WAV_F, 96000, 0, 96001);
    struct ch_stream_item items[3];
    for (uint32_t p = 0; p < 3; p++) {
        char name[16];
        snprintf(name, sizeof name, "%u.wav", p);
        items[p] = item_of(p + 1, sound_path(name));
    }
    struct take take = play_items(48000, items, 3);
    assert_int_equal(take.n_frames, 48000 + 30000 + 48001);
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 1)->ring_frame, 0);
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 2)->ring_frame, 48000);
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 3)->ring_frame, 78000);
    float *ideal = signal_of(0, 30000, 48000);
    assert_memory_equal(take.stereo + 2 * (size_t)48000, ideal, 30000 * 2 * sizeof *ideal);
    free(ideal);
    ideal = signal_of(4800, 38400, 48000);
    expect_near_take(take.stereo + 2 * (size_t)82800, ideal, 38400, 1e-5);
    free(ideal);
    take_free(&take);
}

static void
test_extreme_rates(void **state)
{
    (void)state;
    static const uint32_t rates_hz[][2] = {{1000, 384000}, {768000, 8000}, {44101, 48000}};
    for (size_t r = 0; r < 3; r++) {
        sound_write_signal(sound_path("x.wav"), WAV_F, rates_hz[r][0], 0, 1001);
        const struct ch_stream_item item = item_of(1, sound_path("x.wav"));
        struct take take = play_items(rates_hz[r][1], &item, 1);
        assert_near(take.n_frames, 1001.0 * rates_hz[r][1] / rates_hz[r][0], 1.0);
        take_free(&take);
    }
}

// --- positions ---------------------------------------------------------------------------------------

static void
test_start_in_the_middle(void **state)
{
    (void)state;
    enum { N = 120000 };
    sound_write_signal(sound_path("s.wav"), WAV_F, 48000, 0, N);
    static const double starts_s[] = {0.00001, 0.5, 1.234567, 2.49999, 2.5, 1000.0, -3.0, NAN};
    for (size_t s = 0; s < sizeof starts_s / sizeof *starts_s; s++) {
        struct ch_stream_item item = item_of(1, sound_path("s.wav"));
        item.start_s = starts_s[s];
        struct take take = play_items(48000, &item, 1);
        const double wanted = starts_s[s] > 0.0 ? fmin(rint(starts_s[s] * 48000.0), N) : 0.0;
        const uint32_t frame = (uint32_t)wanted;
        assert_int_equal(take.n_frames, N - frame);
        assert_int_equal(find(&take, CH_STREAM_BEGAN, 1)->item_frame, frame);
        assert_int_equal(find(&take, CH_STREAM_BEGAN, 1)->ring_frame, 0);
        float *ideal = signal_of(frame, N - frame + 1, 48000);
        assert_memory_equal(take.stereo, ideal, (size_t)(N - frame) * 2 * sizeof *ideal);
        free(ideal);
        take_free(&take);
    }
}

/// With a resampler too, and without a transient: it sounds as if it had played all along.
static void
test_start_in_the_middle_resampled(void **state)
{
    (void)state;
    enum { N = 132300 };
    sound_write_signal(sound_path("s.wav"), WAV_F, 44100, 0, N);
    struct ch_stream_item item = item_of(1, sound_path("s.wav"));
    struct take whole = play_items(48000, &item, 1);
    // 147 source frames last exactly 160: at their multiples both lie on the same grid.
    for (uint32_t k = 1; k <= 801; k += 200) {
        item.start_s = 147.0 * k / 44100.0;
        struct take take = play_items(48000, &item, 1);
        assert_int_equal(find(&take, CH_STREAM_BEGAN, 1)->item_frame, 160 * k);
        assert_int_equal(find(&take, CH_STREAM_BEGAN, 1)->ring_frame, 0);
        assert_int_equal(take.n_frames, whole.n_frames - 160 * k);
        const uint32_t skip_frames = k == 1 ? 2000 : 0; // too near the beginning for a pre-roll
        expect_near_take(take.stereo + 2 * (size_t)skip_frames,
                         whole.stereo + 2 * (size_t)(160 * k + skip_frames),
                         take.n_frames - skip_frames, k == 1 ? 1e-4 : 2e-5);
        take_free(&take);
    }
    take_free(&whole);
}

// --- crossfade ---------------------------------------------------------------------------------------

static void
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

static const struct {
    uint32_t n_first, n_second; // frames at 48 kHz
    double crossfade_s;
    uint32_t overlap;
} fades[] = {
    {96000, 96000, 0.5, 24000}, {96000, 96000, 0.00002, 1}, {40000, 96000, 2.0, 20000},
    {96000, 30000, 1.0, 15000}, {96000, 1, 1.0, 0},         {96000, 50000, 0.0, 0},
};

static void
test_crossfade_law(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof fades / sizeof *fades; f++) {
        write_constant(sound_path("0.wav"), 48000, 0.5f, fades[f].n_first);
        write_constant(sound_path("1.wav"), 48000, 0.25f, fades[f].n_second);
        struct ch_stream_item items[2] = {item_of(1, sound_path("0.wav")),
                                          item_of(2, sound_path("1.wav"))};
        items[1].crossfade_s = fades[f].crossfade_s;
        struct take take = play(&(struct script){
            .rate_hz = 48000, .crossfade_s = fades[f].crossfade_s, .items = items, .n_items = 2});
        const uint32_t n_overlap = fades[f].overlap;
        const uint32_t at = fades[f].n_first - n_overlap;
        assert_int_equal(take.n_frames, fades[f].n_first + fades[f].n_second - n_overlap);
        assert_int_equal(find(&take, CH_STREAM_BEGAN, 2)->ring_frame, at);
        for (uint32_t i = 0; i < take.n_frames; i++) {
            double ideal = i < at ? 0.5 : 0.25;
            if (i >= at && i < at + n_overlap) {
                const double x = (i - at + 0.5) / n_overlap * M_PI / 2.0;
                ideal = 0.5 * cos(x) + 0.25 * sin(x);
            }
            assert_near(take.stereo[2 * i], ideal, 1e-6);
            assert_near(take.stereo[2 * i + 1], ideal, 1e-6);
        }
        take_free(&take);
    }
}

/// Three items of different rates, each mixed with the next.
static void
test_crossfade_over_rates(void **state)
{
    (void)state;
    write_constant(sound_path("0.wav"), 44100, 0.5f, 88200);
    write_constant(sound_path("1.wav"), 48000, 0.5f, 96000);
    write_constant(sound_path("2.wav"), 96000, 0.5f, 192000);
    struct ch_stream_item items[3] = {item_of(1, sound_path("0.wav")),
                                      item_of(2, sound_path("1.wav")),
                                      item_of(3, sound_path("2.wav"))};
    items[1].crossfade_s = items[2].crossfade_s = 0.5;
    struct take take =
        play(&(struct script){.rate_hz = 48000, .crossfade_s = 0.5, .items = items, .n_items = 3});
    assert_string_equal(told(&take), "bpnbnbnF");
    assert_int_equal(take.n_frames, 3 * 96000 - 2 * 24000);
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 2)->ring_frame, 72000);
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 3)->ring_frame, 144000);
    for (uint32_t i = 2000; i < take.n_frames - 2000; i++) {
        // Where a resampled constant begins or ends it rings, at the faint end of the mix.
        const bool mixed = i % 72000 < 24000 && i / 72000 % 3 > 0;
        assert_true((double)take.stereo[2 * i] > 0.4999);
        assert_true((double)take.stereo[2 * i] < (mixed ? 0.5 * M_SQRT2 + 1e-3 : 0.5001));
    }
    take_free(&take);
}

/// Changed while the first item plays, far from its end: a ring that is full holds the worker back.
static void
test_crossfade_is_set_later(void **state)
{
    (void)state;
    write_constant(sound_path("0.wav"), 48000, 0.5f, 96000);
    const struct ch_stream_config config = {.rate_hz = 48000, .ring_frames = 4096};
    struct ch_stream_item item = item_of(1, sound_path("0.wav"));
    struct ch_stream *stream;
    assert_int_equal(ch_stream_create(&stream, &config, &item), CH_OK);
    ch_stream_set_crossfade(stream, 1.0);
    struct ch_pcm_ring *pcm = ch_stream_pcm(stream);
    struct ch_stream_message message = {.kind = CH_STREAM_BEGAN};
    uint32_t n = 0;
    while (message.kind != CH_STREAM_NEED_NEXT) {
        if (!ch_stream_take_message(stream, &message)) {
            const uint32_t more = ch_ring_read_space(&pcm->ring);
            n += more;
            ch_ring_release(&pcm->ring, more);
            ch_stream_poke(stream);
        }
    }
    assert_int_equal(message.ring_frame, 48000);
    assert_true(n <= 48000);
    ch_stream_destroy(stream);
    assert_true(ch_streams_wait_ended(10 * CH_NS_PER_S));
}

/// What is endless can't be mixed in; what the next item asks for counts, not the setting.
static void
test_crossfade_that_is_none(void **state)
{
    (void)state;
    write_constant(sound_path("0.wav"), 48000, 0.5f, 96000);
    struct ch_stream_item items[3] = {item_of(1, sound_path("0.wav")),
                                      item_of(2, sound_path("0.wav")),
                                      item_of(3, "tone:sine?s=0.5")};
    items[2].crossfade_s = 0.1;
    struct take take =
        play(&(struct script){.rate_hz = 48000, .crossfade_s = 0.3, .items = items, .n_items = 3});
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 2)->ring_frame, 96000);
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 3)->ring_frame, 192000 - 4800);
    assert_int_equal(take.n_frames, 192000 - 4800 + 24000);
    take_free(&take);

    // And an item that can't be opened is replaced in time.
    items[1] = item_of(2, "/nowhere/at/all");
    items[1].crossfade_s = 0.3;
    items[2].crossfade_s = 0.3;
    take =
        play(&(struct script){.rate_hz = 48000, .crossfade_s = 0.3, .items = items, .n_items = 3});
    assert_string_equal(told(&take), "bpnfnbnF");
    assert_int_equal(find(&take, CH_STREAM_BEGAN, 3)->ring_frame, 96000 - 12000);
    assert_int_equal(take.n_frames, 96000 - 12000 + 24000);
    take_free(&take);
}

// --- what goes wrong ---------------------------------------------------------------------------------

static void
test_items_fail(void **state)
{
    (void)state;
    sound_write_signal(sound_path("a.wav"), WAV_F, 48000, 0, 10000);
    sound_write_bytes(sound_path("text.flac"), "no sound\n", 9);
    const struct ch_stream_item items[4] = {
        item_of(1, sound_path("none.wav")), item_of(2, sound_path("text.flac")),
        item_of(3, sound_path("a.wav")), item_of(4, "http://somewhere/")};
    struct take take = play_items(48000, items, 4);
    assert_string_equal(told(&take), "fnfnbpnfnF");
    assert_int_equal(find(&take, CH_STREAM_FAILED, 1)->status, CH_NOT_FOUND);
    assert_non_null(strstr(find(&take, CH_STREAM_FAILED, 1)->detail, "none.wav"));
    assert_int_equal(find(&take, CH_STREAM_FAILED, 2)->status, CH_UNSUPPORTED_FORMAT);
    assert_int_equal(find(&take, CH_STREAM_FAILED, 4)->status, CH_UNAVAILABLE);
    assert_int_equal(take.n_frames, 10000);
    take_free(&take);

    // Nothing at all: still primed before it is finished.
    take = play_items(48000, items, 1);
    assert_string_equal(told(&take), "fnpF");
    assert_int_equal(take.n_frames, 0);
    take_free(&take);
}

/// What breaks off says so, sinks to silence in 10 ms, and the next one follows.
static void
test_item_breaks_off(void **state)
{
    (void)state;
    static const uint32_t rates_hz[] = {48000, 44100};
    for (int r = 0; r < 2; r++) {
        write_constant(sound_path("c.wav"), rates_hz[r], 0.0f, 10);
        sound_write_signal(sound_path("b.flac"), FLAC_16, rates_hz[r], 0, 200000);
        sound_cut(sound_path("b.flac"), sound_path("half.flac"), 0.5);
        const struct ch_stream_item items[2] = {item_of(1, sound_path("half.flac")),
                                                item_of(2, sound_path("c.wav"))};
        struct take take = play_items(48000, items, 2);
        assert_string_equal(told(&take), "bpdnbnF");
        const struct ch_stream_message *damaged = find(&take, CH_STREAM_DAMAGED, 1);
        assert_int_equal(damaged->status, CH_DECODE_FAILED);
        assert_non_null(strstr(damaged->detail, "ended after"));
        const uint64_t began = find(&take, CH_STREAM_BEGAN, 2)->ring_frame;
        assert_true(began > 60000 && began < 150000);
        assert_near((double)(take.n_frames - began), r ? 10.9 : 10.0, r ? 1.0 : 0.0);
        assert_near(take.stereo[2 * (began - 1)], 0.0, 1e-3);
        // No step is larger than the signal itself makes.
        for (uint64_t i = 1; i < began - 50; i++) {
            assert_true(fabsf(take.stereo[2 * i] - take.stereo[2 * i - 2]) < 0.06f);
        }
        take_free(&take);
    }
}

// --- waiting and going -------------------------------------------------------------------------------

static void
wait_for(struct ch_stream *stream, enum ch_stream_kind kind)
{
    struct ch_stream_message message;
    for (;;) {
        while (!ch_stream_take_message(stream, &message)) {
            ch_os_sleep_until(ch_os_mono_ns() + 1000000);
        }
        if (message.kind == kind) {
            return;
        }
    }
}

static struct ch_stream *
create(const char *uri)
{
    const struct ch_stream_config config = {.rate_hz = 48000};
    const struct ch_stream_item item = item_of(1, uri);
    struct ch_stream *stream;
    assert_int_equal(ch_stream_create(&stream, &config, &item), CH_OK);
    return stream;
}

/// Voluntary context switches of the worker so far.
static long
switches_of_worker(void)
{
    long n = -1;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (struct dirent *entry; (entry = readdir(tasks));) {
        char path[320], line[256];
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        FILE *file = fopen(path, "r");
        bool worker = false;
        while (file && fgets(line, sizeof line, file)) {
            worker = worker || !strcmp(line, "Name:\tchant-decode\n");
            if (worker) {
                sscanf(line, "voluntary_ctxt_switches: %ld", &n);
            }
        }
        if (file) {
            fclose(file);
        }
    }
    closedir(tasks);
    return n;
}

static void
wait_until_full(struct ch_stream *stream)
{
    struct ch_pcm_ring *pcm = ch_stream_pcm(stream);
    while (ch_ring_read_space(&pcm->ring) < pcm->ring.capacity) {
        ch_os_sleep_until(ch_os_mono_ns() + 1000000);
    }
}

static void
test_stands_without_waking(void **state)
{
    (void)state;
    struct ch_stream *stream = create("tone:pink");
    wait_for(stream, CH_STREAM_PRIMED);
    wait_until_full(stream);
    ch_os_sleep_until(ch_os_mono_ns() + CH_NS_PER_S / 20);
    const long before = switches_of_worker();
    assert_true(before >= 0);
    ch_os_sleep_until(ch_os_mono_ns() + CH_NS_PER_S / 5);
    assert_int_equal(switches_of_worker(), before);
    // Drained and told so, it fills the ring again.
    struct ch_pcm_ring *pcm = ch_stream_pcm(stream);
    ch_ring_release(&pcm->ring, ch_ring_read_space(&pcm->ring));
    ch_stream_poke(stream);
    wait_until_full(stream);
    ch_stream_destroy(stream);
    assert_true(ch_streams_wait_ended(10 * CH_NS_PER_S));
}

/// Unpoked too, while it is told that the consumer moves.
static void
test_flows_without_pokes(void **state)
{
    (void)state;
    struct ch_stream *stream = create("tone:pink");
    wait_until_full(stream);
    ch_stream_set_flowing(stream, true);
    ch_os_sleep_until(ch_os_mono_ns() + CH_NS_PER_S / 20);
    struct ch_pcm_ring *pcm = ch_stream_pcm(stream);
    ch_ring_release(&pcm->ring, ch_ring_read_space(&pcm->ring));
    wait_until_full(stream);
    ch_stream_destroy(stream);
    assert_true(ch_streams_wait_ended(10 * CH_NS_PER_S));
}

static void
test_destroyed_at_any_time(void **state)
{
    (void)state;
    sound_write_signal(sound_path("a.wav"), WAV_F, 44100, 0, 200000);
    for (uint32_t i = 0; i < 40; i++) {
        struct ch_stream *stream = create(i % 4 == 3 ? "/nowhere" : sound_path("a.wav"));
        if (i % 5 == 1) {
            wait_for(stream, i % 4 == 3 ? CH_STREAM_NEED_NEXT : CH_STREAM_PRIMED);
        }
        if (i % 5 == 2) {
            ch_stream_set_flowing(stream, true);
            ch_os_sleep_until(ch_os_mono_ns() + i * 50000);
        }
        ch_stream_destroy(stream);
    }
    assert_true(ch_streams_wait_ended(20 * CH_NS_PER_S));
    assert_true(ch_streams_wait_ended(0));
    ch_stream_destroy(NULL);
}

int
main(void)
{
    ch_log_set_level(CH_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_item_is_bit_exact),
        cmocka_unit_test(test_pieces_join_bit_exact),
        cmocka_unit_test(test_resampled_is_the_signal),
        cmocka_unit_test(test_pieces_join_resampled),
        cmocka_unit_test(test_rates_change),
        cmocka_unit_test(test_extreme_rates),
        cmocka_unit_test(test_start_in_the_middle),
        cmocka_unit_test(test_start_in_the_middle_resampled),
        cmocka_unit_test(test_crossfade_law),
        cmocka_unit_test(test_crossfade_over_rates),
        cmocka_unit_test(test_crossfade_is_set_later),
        cmocka_unit_test(test_crossfade_that_is_none),
        cmocka_unit_test(test_items_fail),
        cmocka_unit_test(test_item_breaks_off),
        cmocka_unit_test(test_stands_without_waking),
        cmocka_unit_test(test_flows_without_pokes),
        cmocka_unit_test(test_destroyed_at_any_time),
    };
    return cmocka_run_group_tests(tests, sound_dir_make, sound_dir_remove);
}
