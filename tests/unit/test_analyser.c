// SPDX-License-Identifier: ISC
// tests/unit/test_analyser.c — the worker between a producer of sound and a consumer of frames.

#include "tests/unit/analyser_rig.h"

static void
test_frames_flow(void **state)
{
    struct world *world = *state;
    give_taps(world);
    start_producer(world);
    ch_analyser_set_flowing(world->analyser, true);
    const uint32_t handle = add_spectrum(world, &usual);
    // 997 Hz at 0 dB: band floor(64·log(997/20)/log(1000)) = 36.  The first windows are not full
    // yet.
    uint64_t before = 0;
    int n_right = 0;
    for (int i = 0; i < 2000 && n_right < 20; i++) {
        struct ch_frame *frame = wait_frame(world);
        assert_int_equal(frame->analysis, handle);
        assert_true(frame->frame >= before);
        before = frame->frame;
        int band = 0;
        cJSON *json = parse(frame);
        const double db = loudest(json, &band);
        cJSON_Delete(json);
        if (frame->frame > FIRST_FRAME + 8192) {
            assert_near(db, 0.0, 0.1);
            assert_int_equal(band, 36);
            const double heard_ns =
                (double)FIRST_HEARD_NS + (double)(frame->frame - FIRST_FRAME) * 1e9 / RATE;
            assert_near((double)frame->heard_mono_ns, heard_ns, 1000.0);
            n_right++;
        }
        ch_frame_ref(frame);
        ch_frame_unref(frame);
        ch_frame_unref(frame);
    }
    assert_int_equal(n_right, 20);
    ch_analyser_remove(world->analyser, handle);
    assert_null(ch_analyser_take(world->analyser));
}

/// Sound that changes from frame to frame.
static void
make_noise(struct world *world)
{
    atomic_store(&world->noisy, true);
    give_taps(world);
    start_producer(world);
    ch_analyser_set_flowing(world->analyser, true);
}

static void
test_equal_specs_share(void **state)
{
    struct world *world = *state;
    struct ch_spectrum_spec other = usual;
    other.n_bands = 32;
    const uint32_t a = add_spectrum(world, &usual), b = add_spectrum(world, &usual);
    const uint32_t c = add_spectrum(world, &other);
    assert_int_equal(a, b);
    assert_int_not_equal(a, c);
    uint32_t m, n, o;
    assert_int_equal(
        ch_analyser_add_meter(world->analyser, &(struct ch_meter_spec){.rate_hz = 50.0}, &m),
        CH_OK);
    assert_int_equal(
        ch_analyser_add_meter(world->analyser, &(struct ch_meter_spec){.rate_hz = 50.0}, &n),
        CH_OK);
    assert_int_equal(
        ch_analyser_add_meter(world->analyser, &(struct ch_meter_spec){.rate_hz = 60.0}, &o),
        CH_OK);
    assert_int_equal(m, n);
    assert_int_not_equal(m, o);
    make_noise(world);
    // One of two users goes: the other still gets frames.
    ch_analyser_remove(world->analyser, a);
    for (bool found = false; !found;) {
        struct ch_frame *frame = wait_frame(world);
        found = frame->analysis == a;
        ch_frame_unref(frame);
    }
    ch_analyser_remove(world->analyser, b);
    ch_analyser_remove(world->analyser, b); // unknown by now
    for (int i = 0; i < 20; i++) {
        struct ch_frame *frame = wait_frame(world);
        assert_int_not_equal(frame->analysis, a);
        ch_frame_unref(frame);
    }
    const uint32_t again = add_spectrum(world, &usual);
    assert_int_not_equal(again, a); // a handle is never used twice
}

static void
test_silence_is_sent_once(void **state)
{
    struct world *world = *state;
    (void)add_spectrum(world, &usual);
    struct ch_frame *frame = wait_frame(world);
    assert_true(is_rest(frame));
    ch_frame_unref(frame);
    assert_no_more(world);
}

static void
test_comes_to_rest_and_back(void **state)
{
    struct world *world = *state;
    struct ch_spectrum_spec spec = usual;
    spec.smoothing_ms = 20.0;
    give_taps(world);
    start_producer(world);
    ch_analyser_set_flowing(world->analyser, true);
    (void)add_spectrum(world, &spec);
    for (int round = 0; round < 2; round++) {
        for (bool sounds = false; !sounds;) {
            struct ch_frame *frame = wait_frame(world);
            sounds = !is_rest(frame);
            ch_frame_unref(frame);
        }
        silence_producer(world);
        ch_analyser_set_flowing(world->analyser, false);
        wait_rest(world);
        assert_no_more(world);
        atomic_store(&world->silent, false);
        ch_analyser_set_flowing(world->analyser, true);
    }
}

/// The device stops with the music, so the tap ends in the middle of sound; peaks would hold a
/// minute.
static void
test_rest_is_reached_whatever(void **state)
{
    struct world *world = *state;
    struct ch_spectrum_spec spec = usual;
    spec.peak_hold_ms = 60000.0;
    give_taps(world);
    start_producer(world);
    ch_analyser_set_flowing(world->analyser, true);
    const uint32_t handle = add_spectrum(world, &spec);
    uint32_t meter;
    assert_int_equal(
        ch_analyser_add_meter(world->analyser, &(struct ch_meter_spec){.rate_hz = 100.0}, &meter),
        CH_OK);
    for (int i = 0; i < 40; i++) {
        ch_frame_unref(wait_frame(world));
    }
    stop_producer(world);
    ch_analyser_set_flowing(world->analyser, false);
    bool spectrum_rests = false, meter_rests = false;
    while (!spectrum_rests || !meter_rests) {
        struct ch_frame *frame = wait_frame(world);
        cJSON *json = parse(frame);
        if (frame->analysis == handle) {
            assert_false(spectrum_rests);
            assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "peaks")), 64);
            spectrum_rests =
                is_rest(frame) &&
                cJSON_GetArrayItem(cJSON_GetObjectItem(json, "peaks"), 36)->valuedouble <= -160.0;
        } else {
            assert_false(meter_rests);
            meter_rests = cJSON_IsNull(cJSON_GetObjectItem(json, "short_term_lufs")) &&
                          cJSON_IsNull(cJSON_GetObjectItem(json, "momentary_lufs"));
        }
        cJSON_Delete(json);
        ch_frame_unref(frame);
    }
    assert_no_more(world);
}

static void
test_meter(void **state)
{
    struct world *world = *state;
    uint32_t handle;
    give_taps(world);
    start_producer(world);
    ch_analyser_set_flowing(world->analyser, true);
    assert_int_equal(
        ch_analyser_add_meter(world->analyser, &(struct ch_meter_spec){.rate_hz = 120.0}, &handle),
        CH_OK);
    // Two channels of such a sine at 0 dBFS are 0.0 LUFS (BS.1770: -0.691 + 10·log10(sum) at 997
    // Hz).
    double momentary = -1000.0;
    for (int i = 0; i < 2000 && fabs(momentary) > 0.1; i++) {
        struct ch_frame *frame = wait_frame(world);
        cJSON *json = parse(frame);
        const cJSON *value = cJSON_GetObjectItem(json, "momentary_lufs");
        momentary = cJSON_IsNumber(value) ? value->valuedouble : -1000.0;
        cJSON_Delete(json);
        ch_frame_unref(frame);
    }
    assert_near(momentary, 0.0, 0.1);
    assert_int_equal(
        ch_analyser_add_meter(world->analyser, &(struct ch_meter_spec){.rate_hz = 0.0}, &handle),
        CH_OUT_OF_RANGE);
    assert_int_equal(ch_analyser_add_meter(
                         world->analyser, &(struct ch_meter_spec){.rate_hz = (double)NAN}, &handle),
                     CH_OUT_OF_RANGE);
}

static void
test_bad_specs(void **state)
{
    struct world *world = *state;
    struct ch_spectrum_spec spec = usual;
    uint32_t handle;
    char *description;
    const char *why;
    spec.n_bands = 3;
    assert_int_equal(ch_analyser_add_spectrum(world->analyser, &spec, &handle, &description, &why),
                     CH_OUT_OF_RANGE);
    assert_non_null(strstr(why, "bands"));
    assert_null(description);
    assert_null(ch_analyser_take(world->analyser));
    // There is an end to how many run at a time, and it is said.
    enum ch_status status = CH_OK;
    uint32_t n = 0;
    for (; status == CH_OK; n++) {
        spec = usual;
        spec.n_bands = 8 + n;
        status = ch_analyser_add_spectrum(world->analyser, &spec, &handle, &description, &why);
        free(description);
        assert_true(n < 1000);
    }
    assert_int_equal(status, CH_BUSY);
    assert_non_null(why);
}

static void
test_lost_frames_are_survived(void **state)
{
    struct world *world = *state;
    atomic_store(&world->careless, true);
    start_producer(world);
    while (atomic_load(&world->tap[0]->n_dropped) == 0) {
        pause_ms(1);
    }
    give_taps(world);
    ch_analyser_set_flowing(world->analyser, true);
    (void)add_spectrum(world, &usual);
    // With luck some of it gets through.
    for (int i = 0; i < 30; i++) {
        pause_ms(10);
        for (struct ch_frame *frame; (frame = take_frame(world));) {
            ch_frame_unref(frame);
        }
    }
    // Once all fits again the picture is right.
    atomic_store(&world->careless, false);
    int n_right = 0;
    for (int i = 0; i < 2000 && n_right < 5; i++) {
        struct ch_frame *frame = wait_frame(world);
        int band = 0;
        cJSON *json = parse(frame);
        n_right = fabs(loudest(json, &band)) <= 0.1 && band == 36 ? n_right + 1 : 0;
        cJSON_Delete(json);
        ch_frame_unref(frame);
    }
    assert_int_equal(n_right, 5);
}

static void
test_unsound_samples(void **state)
{
    struct world *world = *state;
    float left[BLOCK], right[BLOCK];
    for (int i = 0; i < BLOCK; i++) {
        left[i] = i % 2 ? NAN : INFINITY;
        right[i] = -3e38f;
    }
    for (uint64_t frame = 0; frame < TAP_FRAMES; frame += BLOCK) {
        ch_tap_write(world->tap[CH_TAP_OUTPUT], frame, left, right, BLOCK);
    }
    give_taps(world);
    ch_analyser_set_flowing(world->analyser, true);
    uint32_t meter;
    const uint32_t handle = add_spectrum(world, &usual);
    assert_int_equal(
        ch_analyser_add_meter(world->analyser, &(struct ch_meter_spec){.rate_hz = 100.0}, &meter),
        CH_OK);
    bool spectrum_came = false, meter_came = false;
    while (!spectrum_came || !meter_came) {
        struct ch_frame *frame = wait_frame(world);
        cJSON_Delete(parse(frame));
        if (frame->analysis == handle) {
            assert_true(is_rest(frame));
            spectrum_came = true;
        } else {
            meter_came = true;
        }
        ch_frame_unref(frame);
    }
    assert_no_more(world);
}

static void
test_told_once_until_taken(void **state)
{
    struct world *world = *state;
    make_noise(world);
    (void)add_spectrum(world, &usual);
    for (int round = 1; round <= 3; round++) {
        while (atomic_load(&world->n_notified) < (uint32_t)round) {
            pause_ms(1);
        }
        pause_ms(700); // more frames than have room
        assert_int_equal(atomic_load(&world->n_notified), (uint32_t)round);
        // Take all, until it says so: then, and only then, it tells again.
        uint32_t n = 0;
        for (struct ch_frame *frame; (frame = ch_analyser_take(world->analyser)); n++) {
            ch_frame_unref(frame);
        }
        assert_in_range(n, 1, 100);
    }
}

static uint32_t
add_meter(struct world *world)
{
    uint32_t handle;
    assert_int_equal(
        ch_analyser_add_meter(world->analyser, &(struct ch_meter_spec){.rate_hz = 100.0}, &handle),
        CH_OK);
    return handle;
}

/// Silence that plays is as good as nothing that plays; but sound comes back at any time.
static void
test_what_stands_is_not_sent_again(void **state)
{
    struct world *world = *state;
    atomic_store(&world->silent, true);
    atomic_store(&world->noisy, true);
    give_taps(world);
    start_producer(world);
    ch_analyser_set_flowing(world->analyser, true);
    const uint32_t spectrum = add_spectrum(world, &usual), meter = add_meter(world);
    for (int round = 0; round < 2; round++) {
        // Of the first round there is one frame each; then each decays, and says nothing twice.
        bool spectrum_rests = false, meter_rests = false;
        while (!spectrum_rests || !meter_rests) {
            struct ch_frame *frame = wait_frame(world);
            if (frame->analysis == spectrum) {
                assert_false(spectrum_rests);
                spectrum_rests = is_rest(frame);
            } else {
                cJSON *json = parse(frame);
                meter_rests = cJSON_IsNull(cJSON_GetObjectItem(json, "short_term_lufs"));
                cJSON_Delete(json);
            }
            ch_frame_unref(frame);
        }
        assert_no_more(world);
        assert_true(is_rest(ch_analyser_latest(world->analyser, spectrum)));
        assert_non_null(ch_analyser_latest(world->analyser, meter));
        atomic_store(&world->silent, false);
        for (int i = 0; i < 20; i++) {
            ch_frame_unref(wait_frame(world));
        }
        silence_producer(world);
    }
}

/// Somebody else has it already: what stands is at hand for the second, and gone with the last.
static void
test_latest_is_kept(void **state)
{
    struct world *world = *state;
    make_noise(world);
    const uint32_t handle = add_spectrum(world, &usual);
    assert_null(ch_analyser_latest(world->analyser, handle));
    for (int i = 0; i < 5; i++) {
        struct ch_frame *frame = wait_frame(world);
        assert_ptr_equal(ch_analyser_latest(world->analyser, handle), frame);
        ch_frame_unref(frame);
    }
    assert_int_equal(add_spectrum(world, &usual), handle);
    assert_non_null(ch_analyser_latest(world->analyser, handle));
    ch_analyser_remove(world->analyser, handle);
    assert_non_null(ch_analyser_latest(world->analyser, handle));
    ch_analyser_remove(world->analyser, handle);
    assert_null(ch_analyser_latest(world->analyser, handle));
}

/// The frame of silence finds no room.  It is not taken for sent.
static void
test_what_did_not_get_through_comes_later(void **state)
{
    struct world *world = *state;
    make_noise(world);
    (void)add_spectrum(world, &usual);
    pause_ms(700); // more frames than have room
    silence_producer(world);
    pause_ms(300);
    wait_rest(world);
    assert_no_more(world);
}

static void
write_tone(struct world *world, uint64_t *frame, uint32_t n_blocks)
{
    float left[BLOCK], right[BLOCK];
    for (uint32_t i = 0; i < n_blocks; i++, *frame += BLOCK) {
        make_block(world, left, right, *frame, false);
        ch_tap_write(world->tap[CH_TAP_OUTPUT], *frame, left, right, BLOCK);
    }
}

static void
set_clock(struct world *world, uint64_t mono_ns)
{
    const struct ch_clock clock = {
        .frame = FIRST_FRAME, .heard_mono_ns = mono_ns, .mono_ns = mono_ns};
    ch_snapshot_publish(&world->clock, &clock);
}

static uint64_t
wait_position(struct world *world)
{
    struct ch_frame *frame = wait_frame(world);
    const uint64_t position = frame->frame;
    ch_frame_unref(frame);
    return position;
}

/// A block is written at once and read as it would have come, frame by frame.
static void
test_what_is_not_due_waits(void **state)
{
    struct world *world = *state;
    uint64_t written = FIRST_FRAME;
    give_taps(world);
    ch_analyser_set_flowing(world->analyser, true);
    // An hour from now.
    set_clock(world, ch_os_mono_ns() + 3600 * CH_NS_PER_S);
    write_tone(world, &written, 4);
    (void)add_meter(world);
    assert_int_equal(wait_position(world), FIRST_FRAME);
    assert_no_more(world);
    // Unless it fills the tap.
    write_tone(world, &written, TAP_FRAMES / 2 / BLOCK);
    assert_int_equal(wait_position(world), written);
    const uint64_t read = written;
    write_tone(world, &written, 4);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(wait_position(world), read);
    }
    // An hour ago.
    set_clock(world, 0);
    while (wait_position(world) != written) {
    }
    // From now on: the last of them is not read before its time.
    const uint64_t at_ns = ch_os_mono_ns();
    set_clock(world, at_ns);
    write_tone(world, &written, 16);
    for (uint64_t before = 0, position = 0; position != written; before = position) {
        position = wait_position(world);
        assert_true(position >= before && position <= written);
    }
    assert_true(ch_os_mono_ns() - at_ns >= ch_ns_from_frames(written - FIRST_FRAME - 1, RATE));
}

static void
test_rate_changes(void **state)
{
    struct world *world = *state;
    give_taps(world);
    start_producer(world);
    ch_analyser_set_flowing(world->analyser, true);
    const uint32_t handle = add_spectrum(world, &usual);
    // The same samples at half the rate are a sine of 498.5 Hz:
    // band floor(64·log(498.5/20)/log(1000)) = 29.
    ch_analyser_set_rate(world->analyser, RATE / 2);
    int n_right = 0;
    for (int i = 0; i < 2000 && n_right < 5; i++) {
        struct ch_frame *frame = wait_frame(world);
        assert_int_equal(frame->analysis, handle);
        int band = 0;
        cJSON *json = parse(frame);
        n_right += fabs(loudest(json, &band)) <= 0.1 && band == 29;
        cJSON_Delete(json);
        ch_frame_unref(frame);
    }
    assert_int_equal(n_right, 5);
    ch_analyser_remove(world->analyser, handle);
    ch_analyser_set_rate(world->analyser, RATE);
}

/// Everything at once, in an order that only depends on a seed; the sanitizers judge.
static void
test_anything_in_any_order(void **state)
{
    struct world *world = *state;
    uint32_t handles[32] = {0};
    uint32_t random = 12345;
    start_producer(world);
    for (int step = 0; step < 600; step++) {
        random = random * 1664525u + 1013904223u;
        const uint32_t which = random >> 27, what = random >> 20 & 7;
        struct ch_spectrum_spec spec = usual;
        spec.n_bands = 8 + which % 5;
        spec.channels = (enum ch_spectrum_channels)(which % 3);
        spec.encoding = (enum ch_encoding)(which % 3);
        spec.tap = (enum ch_tap_point)(which % 3);
        spec.fft_bins = which % 7 == 0 ? 512 : 0;
        switch (what) {
        case 0:
        case 1:
            ch_analyser_remove(world->analyser, handles[which]);
            handles[which] = add_spectrum(world, &spec);
            break;
        case 2:
            ch_analyser_remove(world->analyser, handles[which]);
            handles[which] = 0;
            break;
        case 3:
            ch_analyser_remove(world->analyser, handles[which]);
            assert_int_equal(
                ch_analyser_add_meter(world->analyser,
                                      &(struct ch_meter_spec){.rate_hz = 100.0 + which % 3},
                                      &handles[which]),
                CH_OK);
            break;
        case 4:
            ch_analyser_set_flowing(world->analyser, which % 3 != 0);
            break;
        case 5:
            ch_analyser_set_tap(world->analyser, (enum ch_tap_point)(which % 3),
                                which % 4 ? world->tap[which % 3] : NULL);
            break;
        case 6:
            ch_analyser_set_rate(world->analyser, which % 2 ? RATE : 44100);
            break;
        default:
            for (struct ch_frame *frame; (frame = take_frame(world));) {
                if (frame->n_bytes == 0 || frame->data[0] != '{') {
                    fail();
                }
                ch_frame_unref(frame);
            }
            break;
        }
        if (step % 16 == 0) {
            pause_ms(2);
        }
    }
}

int
main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define WITH_TURNS(test)                                                                           \
    {                                                                                              \
        .name = #test " in turns", .test_func = test, .setup_func = set_up_turns,                  \
        .teardown_func = tear_down                                                                 \
    }
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_frames_flow),
        WITH_WORLD(test_equal_specs_share),
        WITH_WORLD(test_silence_is_sent_once),
        WITH_WORLD(test_comes_to_rest_and_back),
        WITH_WORLD(test_rest_is_reached_whatever),
        WITH_WORLD(test_meter),
        WITH_WORLD(test_bad_specs),
        WITH_WORLD(test_lost_frames_are_survived),
        WITH_WORLD(test_unsound_samples),
        WITH_WORLD(test_told_once_until_taken),
        WITH_WORLD(test_what_stands_is_not_sent_again),
        WITH_WORLD(test_latest_is_kept),
        WITH_WORLD(test_what_did_not_get_through_comes_later),
        WITH_WORLD(test_what_is_not_due_waits),
        WITH_WORLD(test_rate_changes),
        WITH_WORLD(test_anything_in_any_order),
        WITH_TURNS(test_frames_flow),
        WITH_TURNS(test_equal_specs_share),
        WITH_TURNS(test_silence_is_sent_once),
        WITH_TURNS(test_comes_to_rest_and_back),
        WITH_TURNS(test_rest_is_reached_whatever),
        WITH_TURNS(test_meter),
        WITH_TURNS(test_unsound_samples),
        WITH_TURNS(test_what_stands_is_not_sent_again),
        WITH_TURNS(test_latest_is_kept),
        WITH_TURNS(test_what_is_not_due_waits),
        WITH_TURNS(test_rate_changes),
        WITH_TURNS(test_anything_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
