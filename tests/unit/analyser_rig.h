// SPDX-License-Identifier: ISC
// tests/unit/analyser_rig.h — a daemon around an analyser: taps, a clock, a producer of sound, and
// ways to wait for the frames that come of it.
//
// No test measures time: what must come is waited for (a minute, then the test gives up), what must
// not come is looked for a while later.

#ifndef CH_TESTS_UNIT_ANALYSER_RIG_H
#define CH_TESTS_UNIT_ANALYSER_RIG_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "daemon/analysis/analyser.h"
#include "daemon/base/os.h"
#include "daemon/base/units.h"
#include "tests/unit/host.h"
#include "tests/unit/near.h"

enum { RATE = 48000, BLOCK = 256, TAP_FRAMES = 16384, FIRST_FRAME = 1000000 };

static const struct ch_spectrum_spec usual = {
    .rate_hz = 120.0, .n_bands = 64, .fmin_hz = 20.0, .fmax_hz = 20000.0, .tap = CH_TAP_OUTPUT};

/// Of a sine that no two blocks in a second hold the same piece of.
#define TONE_HZ 997.0

/// Frame FIRST_FRAME is heard at this time, and RATE frames a second after it.
#define FIRST_HEARD_NS (5000 * CH_NS_PER_S)

struct world {
    struct ch_analyser *analyser;
    struct ch_snapshot clock;
    struct ch_tap *tap[CH_TAP_POINTS];
    bool takes_turns; ///< analyses are run on this thread, if it cares to
    _Atomic uint32_t n_notified;
    // the producer plays the part of [rt]
    struct ch_thread producer;
    _Atomic bool stop;
    _Atomic bool silent;
    _Atomic bool noisy;        ///< no two pictures of it are alike
    _Atomic bool careless;     ///< writes however full the tap is
    _Atomic uint32_t n_silent; ///< blocks of silence written
};

static void
on_frames(void *context)
{
    struct world *world = context;
    atomic_fetch_add(&world->n_notified, 1);
}

/// Numbers from -1 to 1 that only depend on where they are, each on its own (splitmix64).
static double
noise_at(uint64_t frame)
{
    uint64_t bits = frame * 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    return (double)(int64_t)(bits ^ bits >> 31) / 0x1p63;
}

static void
make_block(const struct world *world, float *left, float *right, uint64_t frame, bool silent)
{
    const bool noisy = atomic_load(&world->noisy);
    for (uint32_t i = 0; i < BLOCK; i++) {
        const double at = fmod(TONE_HZ * (double)(frame + i) / RATE, 1.0);
        const double sound = noisy ? noise_at(frame + i) : sin(2.0 * M_PI * at);
        left[i] = silent ? 0.0f : (float)sound;
        right[i] = left[i];
    }
}

static bool
all_have_room(struct world *world)
{
    for (int i = 0; i < CH_TAP_POINTS; i++) {
        if (ch_ring_write_space(&world->tap[i]->pcm->ring) < BLOCK) {
            return false;
        }
    }
    return true;
}

static void
produce(void *arg)
{
    struct world *world = arg;
    float left[BLOCK], right[BLOCK];
    uint64_t frame = FIRST_FRAME;
    while (!atomic_load(&world->stop)) {
        if (!atomic_load(&world->careless) && !all_have_room(world)) {
            ch_os_sleep_until(ch_os_mono_ns() + 500000);
            continue;
        }
        const struct ch_clock clock = {
            .frame = frame,
            .heard_mono_ns = FIRST_HEARD_NS + ch_ns_from_frames(frame - FIRST_FRAME, RATE)};
        ch_snapshot_publish(&world->clock, &clock);
        const bool silent = atomic_load(&world->silent);
        make_block(world, left, right, frame, silent);
        for (int i = 0; i < CH_TAP_POINTS; i++) {
            ch_tap_write(world->tap[i], frame, left, right, BLOCK);
        }
        atomic_fetch_add(&world->n_silent, silent);
        frame += BLOCK;
    }
}

static void
start_producer(struct world *world)
{
    assert_int_equal(ch_thread_start(&world->producer, "producer", 256 * 1024, produce, world),
                     CH_OK);
}

static void
stop_producer(struct world *world)
{
    atomic_store(&world->stop, true);
    ch_thread_join(&world->producer);
}

static int
set_up_world(void **state, bool takes_turns)
{
    struct world *world = host_aligned(CH_CACHE_APART, sizeof *world);
    assert_non_null(world);
    memset(world, 0, sizeof *world);
    world->takes_turns = takes_turns;
    ch_snapshot_init(&world->clock, sizeof(struct ch_clock));
    for (int i = 0; i < CH_TAP_POINTS; i++) {
        world->tap[i] = ch_tap_create(TAP_FRAMES);
        assert_non_null(world->tap[i]);
    }
    const struct ch_analyser_config config = {.rate_hz = RATE,
                                              .clock = &world->clock,
                                              .notify = on_frames,
                                              .context = world,
                                              .takes_turns = takes_turns};
    assert_int_equal(ch_analyser_create(&world->analyser, &config), CH_OK);
    *state = world;
    return 0;
}

static int
set_up(void **state)
{
    return set_up_world(state, false);
}

static int
set_up_turns(void **state)
{
    return set_up_world(state, true);
}

static int
tear_down(void **state)
{
    struct world *world = *state;
    stop_producer(world);
    ch_analyser_destroy(world->analyser);
    for (int i = 0; i < CH_TAP_POINTS; i++) {
        ch_tap_destroy(world->tap[i]);
    }
    host_aligned_free(world);
    return 0;
}

static void
give_taps(struct world *world)
{
    for (int i = 0; i < CH_TAP_POINTS; i++) {
        ch_analyser_set_tap(world->analyser, (enum ch_tap_point)i, world->tap[i]);
    }
}

static uint32_t
add_spectrum(struct world *world, const struct ch_spectrum_spec *spec)
{
    uint32_t handle;
    char *description;
    const char *why;
    assert_int_equal(ch_analyser_add_spectrum(world->analyser, spec, &handle, &description, &why),
                     CH_OK);
    assert_null(why);
    assert_int_not_equal(handle, 0);
    cJSON *json = cJSON_Parse(description);
    assert_non_null(json);
    cJSON_Delete(json);
    free(description);
    return handle;
}

static void
pause_ms(uint32_t ms)
{
    ch_os_sleep_until(ch_os_mono_ns() + ms * 1000000ull);
}

/// As a loop would, which nothing holds up: taps are read, and there is room in them again.
static void
take_turn(struct world *world)
{
    if (world->takes_turns) {
        (void)ch_analyser_turn(world->analyser, 0);
    }
}

/// What there is, made now if nobody else makes it.
static struct ch_frame *
take_frame(struct world *world)
{
    take_turn(world);
    return ch_analyser_take(world->analyser);
}

static struct ch_frame *
wait_frame(struct world *world)
{
    for (uint32_t ms = 0; ms < 60000; ms++) {
        struct ch_frame *frame = take_frame(world);
        if (frame) {
            return frame;
        }
        pause_ms(1);
    }
    fail_msg("no frame came in a minute");
    return NULL;
}

static cJSON *
parse(const struct ch_frame *frame)
{
    cJSON *json = cJSON_ParseWithLength(frame->data, frame->n_bytes);
    assert_non_null(json);
    return json;
}

static double
loudest(const cJSON *json, int *band)
{
    const cJSON *bands = cJSON_GetObjectItem(json, "bands");
    assert_int_equal(cJSON_GetArraySize(bands), 64);
    double most = -1000.0;
    for (int i = 0; i < 64; i++) {
        const double db = cJSON_GetArrayItem(bands, i)->valuedouble;
        if (db > most) {
            most = db;
            *band = i;
        }
    }
    return most;
}

static bool
is_rest(const struct ch_frame *frame)
{
    int band = 0;
    cJSON *json = parse(frame);
    const bool rest = loudest(json, &band) <= -160.0;
    cJSON_Delete(json);
    return rest;
}

/// Frames until one is at rest.
static void
wait_rest(struct world *world)
{
    for (bool rest = false; !rest;) {
        struct ch_frame *frame = wait_frame(world);
        rest = is_rest(frame);
        ch_frame_unref(frame);
    }
}

/// From here on the producer writes nothing but silence, and no block of sound is on its way.
static void
silence_producer(struct world *world)
{
    const uint32_t before = atomic_load(&world->n_silent);
    atomic_store(&world->silent, true);
    while (atomic_load(&world->n_silent) == before) {
        take_turn(world);
        pause_ms(1);
    }
}

static void
assert_no_more(struct world *world)
{
    pause_ms(120);
    assert_null(take_frame(world));
}

#endif
