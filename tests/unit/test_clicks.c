// SPDX-License-Identifier: ISC
// tests/unit/test_clicks.c — every command at any time: what a 100 Hz sine leaves above 2 kHz.
//
// A new command that can be heard gets a row in `controls`; an op with no place does not compile.

#include "tests/unit/engine_rig.h"
#include "tests/unit/figure.h"
#include "tests/unit/residue.h"

#define HOLD_DB    (-90.0)
#define RINGS_MAX  256
#define WARM       6000 ///< what EQ and limiter need to settle
#define AFTER      9600
#define FAST       100 ///< changes of one second
#define FAST_EVERY (RIG_RATE_HZ / FAST)

struct stage {
    struct rig rig;
    struct ch_pcm_ring *rings[RINGS_MAX];
    uint32_t n_rings;
    uint32_t stream;
    uint32_t phase;   ///< of the sine, where its ring begins
    uint32_t n_shuts; ///< of the gate
};

static uint64_t random_state = 11;

static uint32_t
any(uint32_t below)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((random_state >> 33) % below);
}

static struct ch_pcm_ring *
ring_from(struct stage *stage, uint32_t n_frames, float (*make)(uint32_t frame), uint32_t phase)
{
    assert_true(stage->n_rings < RINGS_MAX);
    struct ch_pcm_ring *pcm = rig_ring(n_frames, n_frames, make, phase, false);
    stage->rings[stage->n_rings++] = pcm;
    stage->phase = phase;
    return pcm;
}

// Sine from any phase.
static struct ch_pcm_ring *
new_ring(struct stage *stage, uint32_t n_frames)
{
    return ring_from(stage, n_frames, rig_sine, any(480));
}

static void
begin(struct stage *stage)
{
    memset(stage, 0, sizeof *stage);
    rig_start(&stage->rig);
    rig_send(&stage->rig, rig_play(new_ring(stage, 131072), ++stage->stream, 0));
}

static void
end(struct stage *stage)
{
    rig_stop(&stage->rig);
    for (uint32_t i = 0; i < stage->n_rings; i++) {
        ch_pcm_ring_destroy(stage->rings[i]);
    }
}

// --- the i-th change of a control, there and back ------------------------------------------------

static void
set_gain(struct stage *stage, float left, float right)
{
    rig_send(&stage->rig,
             (struct ch_command){.op = CH_COMMAND_GAIN, .gain = {.left = left, .right = right}});
}

static void
gain(struct stage *stage, uint32_t i)
{
    set_gain(stage, i % 2 ? 1.0f : 0.1f, i % 2 ? 1.0f : 0.1f);
}

static void
mute(struct stage *stage, uint32_t i)
{
    set_gain(stage, i % 2 ? 1.0f : 0.0f, i % 2 ? 1.0f : 0.0f);
}

static void
pan(struct stage *stage, uint32_t i)
{
    set_gain(stage, i % 2 ? 1.0f : 0.0f, i % 2 ? 0.0f : 1.0f);
}

/// What brings sections first … first + n - 1 to a band, which takes no more than n.
static void
sections(const struct ch_eq_band *band, enum ch_eq_design design, uint32_t first, uint32_t n,
         struct ch_command *commands)
{
    struct ch_eq_section section[CH_EQ_BAND_SECTIONS_MAX];
    const uint32_t n_used = ch_eq_sections_from_band(band, design, RIG_RATE_HZ, section);
    assert_true(n_used <= n);
    for (uint32_t i = 0; i < n; i++) {
        commands[i] = (struct ch_command){.op = CH_COMMAND_EQ_SECTION};
        commands[i].eq.index = (uint16_t)(first + i);
        commands[i].eq.identity = (uint16_t)(i < n_used ? ch_eq_band_bypass(band) : CH_EQ_BOTH);
        commands[i].eq.section =
            i < n_used ? section[i] : (struct ch_eq_section){1.0, 1.0, 1.0, 1.0, 1.0};
    }
}

static void
set_band(struct stage *stage, struct ch_eq_band band)
{
    struct ch_command chain[CH_EQ_BAND_SECTIONS_MAX];
    sections(&band, CH_EQ_MATCHED, 0, CH_EQ_BAND_SECTIONS_MAX, chain);
    assert_true(ch_engine_send(stage->rig.engine, chain, CH_EQ_BAND_SECTIONS_MAX));
}

static struct ch_eq_band
bell(double freq_hz, double gain_db, double q)
{
    return (struct ch_eq_band){.type = CH_EQ_PEAK, .freq_hz = freq_hz, .gain_db = gain_db, .q = q};
}

static void
eq_gain(struct stage *stage, uint32_t i)
{
    set_band(stage, bell(100.0, i % 2 ? 5.0 : -20.0, 1.0));
}

static void
eq_freq(struct stage *stage, uint32_t i)
{
    set_band(stage, bell(i % 2 ? 100.0 : 4000.0, 5.0, 1.0));
}

static void
eq_q(struct stage *stage, uint32_t i)
{
    set_band(stage, bell(130.0, 5.0, i % 2 ? 0.3 : 10.0));
}

static void
eq_type(struct stage *stage, uint32_t i)
{
    struct ch_eq_band band = bell(300.0, 5.0, 0.7);
    band.type = (enum ch_eq_type)(i % CH_EQ_TYPES);
    set_band(stage, band);
}

static void
eq_bypass(struct stage *stage, uint32_t i)
{
    struct ch_eq_band band = bell(100.0, 5.0, 1.0);
    band.bypass = i % 2;
    set_band(stage, band);
}

static void
eq_bypass_channel(struct stage *stage, uint32_t i)
{
    struct ch_eq_band band = bell(100.0, -15.0, 1.0);
    band.bypass_left = i % 2;
    band.bypass_right = !band.bypass_left;
    set_band(stage, band);
}

static void
eq_preamp(struct stage *stage, uint32_t i)
{
    rig_send(&stage->rig,
             (struct ch_command){.op = CH_COMMAND_EQ_PREAMP,
                                 .preamp = {i % 2 ? 1.0f : 0.05f, i % 2 ? 1.0f : 0.05f, 0}});
}

/// All bands, the design and the preamp as one: what a preset does.
static void
eq_rack(struct stage *stage, uint32_t i)
{
    struct ch_command chain[11];
    for (uint32_t n = 0; n < 10; n++) {
        const struct ch_eq_band band = {.type = CH_EQ_PEAK,
                                        .freq_hz = 31.25 * (1u << n),
                                        .gain_db = any(200) / 10.0 - 10.0,
                                        .q = 1.4,
                                        .bypass = i % 3 == 2};
        sections(&band, i % 2 ? CH_EQ_RBJ : CH_EQ_MATCHED, n, 1, &chain[n]);
    }
    chain[10] = (struct ch_command){.op = CH_COMMAND_EQ_PREAMP,
                                    .preamp = {i % 2 ? 0.2f : 0.1f, i % 2 ? 0.2f : 0.1f, 0}};
    assert_true(ch_engine_send(stage->rig.engine, chain, 11));
}

static void
limiter_bypass(struct stage *stage, uint32_t i)
{
    rig_send(&stage->rig,
             (struct ch_command){.op = CH_COMMAND_LIMITER,
                                 .limiter = {.ceiling = 0.89125094f, .bypass = i % 2 == 0}});
}

/// To -12 dBTP, below what sounds, and back.
static void
limiter_limits(struct stage *stage, uint32_t i)
{
    rig_send(&stage->rig, (struct ch_command){.op = CH_COMMAND_LIMITER,
                                              .limiter = {.ceiling = i % 2 ? 0.89f : 0.25f}});
}

/// 12 dB more than the sine has: 7 dB into the limiter, and out.
static void
gain_into_limiter(struct stage *stage, uint32_t i)
{
    set_gain(stage, i % 2 ? 1.0f : 3.981f, i % 2 ? 1.0f : 3.981f);
}

/// Nothing that waits ends it; what opens the gate again says that it knows.
static void
panic(struct stage *stage, uint32_t i)
{
    if (i % 2 == 0) {
        stage->n_shuts = ch_engine_shut(stage->rig.engine);
    } else {
        rig_send(&stage->rig,
                 (struct ch_command){
                     .op = CH_COMMAND_GAIN,
                     .gain = {.left = 1.0f, .right = 1.0f, .shuts_over = stage->n_shuts}});
    }
}

/// A gain that waits for its frame goes, and another takes its place.
static void
revoke(struct stage *stage, uint32_t i)
{
    const uint64_t when_frame = stage->rig.n_out + 200;
    const float linear = i % 2 ? 1.0f : 0.2f;
    struct ch_command first = {.op = CH_COMMAND_GAIN,
                               .id = 1000 + i,
                               .when_frame = when_frame,
                               .gain = {.left = 0.01f, .right = 4.0f}};
    struct ch_command instead[2] = {
        {.op = CH_COMMAND_REVOKE, .when_frame = when_frame, .revoke = {.id = 1000 + i}},
        {.op = CH_COMMAND_GAIN, .gain = {.left = linear, .right = linear}}};
    assert_true(ch_engine_send(stage->rig.engine, &first, 1));
    assert_true(ch_engine_send(stage->rig.engine, instead, 2));
}

/// Both above what sounds.
static void
limiter_ceiling(struct stage *stage, uint32_t i)
{
    rig_send(&stage->rig, (struct ch_command){.op = CH_COMMAND_LIMITER,
                                              .limiter = {.ceiling = i % 2 ? 0.89f : 0.6f}});
}

static void
transport(struct stage *stage, enum ch_command_op op)
{
    rig_send(&stage->rig, (struct ch_command){.op = (uint16_t)op});
}

static void
pause_resume(struct stage *stage, uint32_t i)
{
    transport(stage, i % 2 ? CH_COMMAND_RESUME : CH_COMMAND_PAUSE);
}

static void
seek(struct stage *stage, uint32_t i)
{
    (void)i;
    rig_send(&stage->rig, rig_play(new_ring(stage, 16384), ++stage->stream, CH_PLAY_FADE_IN));
}

static void
stop_play(struct stage *stage, uint32_t i)
{
    if (i % 2 == 0) {
        transport(stage, CH_COMMAND_STOP);
    } else {
        seek(stage, i);
    }
}

static float
half_sine(uint32_t frame)
{
    return 0.5f * rig_sine(frame);
}

/// The same wave goes on at another level in place of what sounds: the item's loudness gain.
static void
exchange(struct stage *stage, uint32_t i)
{
    struct ch_engine_state state;
    ch_engine_read_state(stage->rig.engine, &state);
    assert_int_equal(state.player[0].stream, stage->stream);
    const uint32_t played = (uint32_t)state.player[0].ring_frame;
    const uint32_t phase = stage->phase + played;
    struct ch_pcm_ring *pcm = ring_from(stage, 32768, i % 2 ? rig_sine : half_sine, phase);
    struct ch_command command = rig_play(pcm, stage->stream + 1, CH_PLAY_EXCHANGE);
    command.deck.instead_of = stage->stream++;
    command.deck.at_frame = played;
    rig_send(&stage->rig, command);
}

/// The queue says that the deck ends now, or has ended.
static void
truncate_late(struct stage *stage, uint32_t i)
{
    if (i % 2 == 0) {
        rig_send(&stage->rig,
                 (struct ch_command){.op = CH_COMMAND_TRUNCATE,
                                     .truncate = {.stream = stage->stream, .end_frame = 1}});
    } else {
        seek(stage, i);
    }
}

static void
tap(struct stage *stage, uint32_t i)
{
    (void)i;
    rig_send(&stage->rig, (struct ch_command){.op = CH_COMMAND_TAP});
}

/// Gain, EQ, limiter and pause on one frame.
static void
tx(struct stage *stage, uint32_t i)
{
    const struct ch_eq_band band = bell(i % 2 ? 100.0 : 200.0, 5.0, 1.0);
    struct ch_command chain[4] = {
        {.op = CH_COMMAND_GAIN, .gain = {.left = i % 2 ? 1.0f : 0.3f, .right = 0.5f}},
        {.op = CH_COMMAND_EQ_SECTION},
        {.op = CH_COMMAND_LIMITER, .limiter = {.ceiling = i % 2 ? 0.95f : 0.97f}},
        {.op = i % 2 ? CH_COMMAND_RESUME : CH_COMMAND_PAUSE}};
    sections(&band, CH_EQ_MATCHED, 0, 1, &chain[1]);
    assert_true(ch_engine_send(stage->rig.engine, chain, 4));
}

static const struct {
    const char *name;
    void (*change)(struct stage *stage, uint32_t i);
} controls[] = {
    {"gain", gain},
    {"mute", mute},
    {"pan", pan},
    {"gain into the limiter", gain_into_limiter},
    {"panic", panic},
    {"revoked and replaced", revoke},
    {"EQ gain", eq_gain},
    {"EQ frequency", eq_freq},
    {"EQ Q", eq_q},
    {"EQ type", eq_type},
    {"EQ bypass", eq_bypass},
    {"EQ bypass of a channel", eq_bypass_channel},
    {"EQ preamp", eq_preamp},
    {"EQ rack (preset)", eq_rack},
    {"limiter on, off", limiter_bypass},
    {"limiter ceiling", limiter_ceiling},
    {"limiter ceiling below the sound", limiter_limits},
    {"pause, resume", pause_resume},
    {"stop, play", stop_play},
    {"seek, skip", seek},
    {"another gain of the item", exchange},
    {"cut of what sounds", truncate_late},
    {"tap", tap},
    {"chain of several", tx},
};

/// Where each op stands in the table; a switch without default, so that a new one is missed.
static const char *
row_of(enum ch_command_op op)
{
    switch (op) {
    case CH_COMMAND_PLAY:
        return "stop, play";
    case CH_COMMAND_ARM: // joins without a gap; what it joins is the file's
        return NULL;
    case CH_COMMAND_TRUNCATE:
        return "cut of what sounds";
    case CH_COMMAND_PAUSE:
    case CH_COMMAND_RESUME:
        return "pause, resume";
    case CH_COMMAND_STOP:
        return "stop, play";
    case CH_COMMAND_GAIN:
        return "gain";
    case CH_COMMAND_EQ_SECTION:
        return "EQ gain";
    case CH_COMMAND_EQ_PREAMP:
        return "EQ preamp";
    case CH_COMMAND_LIMITER:
        return "limiter ceiling";
    case CH_COMMAND_TAP:
        return "tap";
    case CH_COMMAND_REVOKE:
        return "revoked and replaced";
    case CH_COMMAND_NOP: // silent by itself
        return NULL;
    }
    return NULL;
}

static void
every_op_has_a_row(void **state)
{
    (void)state;
    for (int op = 0; op <= CH_COMMAND_REVOKE; op++) {
        const char *name = row_of((enum ch_command_op)op);
        bool found = !name;
        for (unsigned c = 0; c < sizeof controls / sizeof *controls; c++) {
            found |= name && !strcmp(name, controls[c].name);
        }
        assert_true(found);
    }
}

// --- measuring -----------------------------------------------------------------------------------

static double
both_db(const struct rig *rig, uint32_t from, uint32_t to)
{
    return fmax(residue_db(rig->left + from, to - from), residue_db(rig->right + from, to - from));
}

/// There and back once, at any phase of the sine and of the block.
static double
once_db(void (*change)(struct stage *stage, uint32_t i))
{
    double worst = -240.0;
    for (uint32_t turn = 0; turn < 12; turn++) {
        struct stage stage;
        begin(&stage);
        rig_run(&stage.rig, WARM + turn * 40 + any(40), 1 + any(1024));
        for (uint32_t i = 0; i < 2; i++) {
            change(&stage, turn * 2 + i);
            rig_run(&stage.rig, AFTER, 1 + any(1024));
        }
        worst = fmax(worst, both_db(&stage.rig, WARM - 2048, stage.rig.n_out));
        end(&stage);
    }
    return worst;
}

/// One second of 100 changes, each somewhere in its hundredth.
static double
fast_db(void (*change)(struct stage *stage, uint32_t i))
{
    struct stage stage;
    begin(&stage);
    rig_run(&stage.rig, WARM, 256);
    for (uint32_t i = 0; i < FAST; i++) {
        const uint32_t before = any(FAST_EVERY);
        rig_run(&stage.rig, before, 1 + any(512));
        change(&stage, i);
        rig_run(&stage.rig, FAST_EVERY - before, 1 + any(512));
    }
    rig_run(&stage.rig, AFTER, 256);
    const double worst = both_db(&stage.rig, WARM - 2048, stage.rig.n_out);
    end(&stage);
    return worst;
}

static void
nothing_clicks(void **state)
{
    (void)state;
    unsigned n_loud = 0;
    for (unsigned c = 0; c < sizeof controls / sizeof *controls; c++) {
        char what[96];
        const double once = once_db(controls[c].change), fast = fast_db(controls[c].change);
        snprintf(what, sizeof what, "engine: every command, once [%s]", controls[c].name);
        figure("clicks", what, once, "<=", HOLD_DB, "dBFS");
        snprintf(what, sizeof what, "engine: every command, 100 a second [%s]", controls[c].name);
        figure("clicks", what, fast, "<=", HOLD_DB, "dBFS");
        n_loud += once > HOLD_DB || fast > HOLD_DB;
    }
    assert_int_equal(n_loud, 0);
}

static void
gain_at_once(struct stage *stage, uint32_t i)
{
    const float linear = i % 2 ? 1.0f : 0.9f;
    rig_send(&stage->rig,
             (struct ch_command){.op = CH_COMMAND_GAIN,
                                 .gain = {.left = linear, .right = linear, .ramp_frames = 1}});
}

static void
the_sine_alone_is_silent_and_a_step_is_not(void **state)
{
    (void)state;
    assert_true(once_db(tap) < -130.0);
    assert_true(once_db(gain_at_once) > -50.0);
    assert_true(fast_db(gain_at_once) > -50.0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_has_a_row),
        cmocka_unit_test(the_sine_alone_is_silent_and_a_step_is_not),
        cmocka_unit_test(nothing_clicks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
