// SPDX-License-Identifier: ISC
// tests/traps/fuzz_callbacks.c — the engine through a million callbacks of anything at all.
//
// Usage: fuzz_callbacks [CALLBACKS [SEED]], or CHANT_FUZZ_CALLBACKS and CHANT_FUZZ_SEED.  The same
// two numbers do the same again.  In a build with --enable-rt-traps each callback is under watch.

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/os.h"
#include "daemon/base/rt_scope.h"
#include "daemon/dsp/limiter.h"
#include "tests/traps/fuzz.h"
#include "tests/traps/ownership.h"
#include "tests/unit/figure.h"
#include "tests/unit/host.h"

#define CALLBACKS 100000
#define WARM_UP   10000 ///< callbacks that may still fault: code and stack come into memory

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define SANITIZED true // its shadow comes into memory when it likes
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#        define SANITIZED true
#    endif
#endif
#ifndef SANITIZED
#    define SANITIZED false
#endif

static struct fuzz fuzz;
static float planes[CH_CHANNELS][CH_BLOCK_MAX];

_Noreturn void
fuzz_fail(const struct fuzz *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "seed %" PRIu64 ", callback %" PRIu64 ", frame %" PRIu64 ": ", f->seed,
            f->n_callbacks, f->n_frames);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    fflush(NULL);
    _Exit(EXIT_FAILURE);
}

// --- one callback ------------------------------------------------------------------------------

static void
hear(uint32_t n_frames, uint32_t n_sounding, uint64_t n_started)
{
    static uint64_t n_unheard; // callbacks
    float *const out[CH_CHANNELS] = {planes[0], planes[1]};
    if (fuzz.mood.deaf) {
        n_unheard++;
    } else {
        fuzz.n_full += fuzz_take_events(&fuzz) > 1000 && n_unheard > 0;
        n_unheard = 0;
    }
    fuzz_check_output(&fuzz, out, n_frames, n_sounding + (uint32_t)(fuzz.n_started - n_started));
}

static void
run_block(uint32_t n_frames)
{
    float *const out[CH_CHANNELS] = {planes[0], planes[1]};
    const uint32_t n_sounding = fuzz.n_sounding;
    const uint64_t n_started = fuzz.n_started;
    const long n_faults = host_page_faults();
    ch_rt_scope_enter();
    ch_engine_clock(fuzz.engine, fuzz.n_frames * 1000, 64);
    ch_engine_run(fuzz.engine, out, n_frames);
    ch_rt_scope_leave();
    if (!SANITIZED && fuzz.n_callbacks >= WARM_UP && host_page_faults() > n_faults) {
        fuzz_fail(&fuzz, "a page fault");
    }
    fuzz.n_callbacks++;
    fuzz.n_frames += n_frames;
    hear(n_frames, n_sounding, n_started);

    struct ch_engine_state state;
    ch_engine_read_state(fuzz.engine, &state);
    if (state.frame != fuzz.n_frames) {
        fuzz_fail(&fuzz, "the engine counts %" PRIu64 " frames", state.frame);
    }
}

static uint32_t
any_block(void)
{
    const uint32_t dice = fuzz_below(&fuzz.rng, 1000);
    const uint32_t most = dice < 800 ? 64 : dice < 960 ? 256 : dice < 995 ? 1024 : CH_BLOCK_MAX;
    return fuzz_below(&fuzz.rng, 500) ? 1 + fuzz_below(&fuzz.rng, most) : most;
}

// --- moods -------------------------------------------------------------------------------------

static void
run_until_answered(void)
{
    for (uint32_t i = 0; fuzz.n_waiting > 0; i++) {
        run_block(256);
        if (i > 100000) {
            fuzz_fail(&fuzz, "%u commands are never acknowledged", fuzz.n_waiting);
        }
    }
}

static void
settle(void)
{
    fuzz.settling = true;
    fuzz_take_events(&fuzz);
    ch_engine_settle(fuzz.engine);
    fuzz_take_events(&fuzz);
    fuzz.settling = false;
    fuzz.n_settled++;
}

/// Nothing is lent, nothing waits, nothing sounds.
static void
be_quiet(void)
{
    fuzz.mood.smooth = false;
    fuzz.mood.deaf = false;
    for (uint32_t i = 0; i < 50; i++) {
        run_block(256); // those that want no answer have landed, too
    }
    run_until_answered();
    fuzz_send_silence(&fuzz);
    run_until_answered();
    for (uint32_t i = 0; fuzz.n_live > 0; i++) {
        run_block(256);
        if (i > 1000) {
            fuzz_fail(&fuzz, "%u decks are never given back", fuzz.n_live);
        }
    }
    settle(); // what rings in the filters may ring for minutes
    run_block(1024);
    for (uint32_t i = 0; i < 1024; i++) {
        if (planes[0][i] != 0.0f || planes[1][i] != 0.0f) {
            fuzz_fail(&fuzz, "it is not silent");
        }
    }
}

static void
change_rate(void)
{
    static const uint32_t rates[] = {8000, 44100, 48000, 96000, 192000};
    be_quiet();
    if (ch_engine_set_rate(fuzz.engine, rates[fuzz_below(&fuzz.rng, 5)]) != CH_OK) {
        fuzz_fail(&fuzz, "no memory");
    }
    fuzz_limiter_landed(&fuzz, CH_LIMITER_CEILING, false, fuzz.n_frames);
}

static void
change_mood(void)
{
    struct fuzz_rng *rng = &fuzz.rng;
    static const uint32_t players[] = {1, 2, 4, CH_PLAYERS_MAX};
    static const uint32_t paces[] = {1, 4, 20, 100};
    static const uint32_t weights[] = {0, 2, 20};
    struct fuzz_mood next = {
        .smooth = fuzz_below(rng, 3) == 0,
        .bypass = fuzz_below(rng, 2) == 0,
        .deaf = fuzz_below(rng, 6) == 0,
        .n_players = players[fuzz_below(rng, 4)],
        .one_in = paces[fuzz_below(rng, 4)],
        .eq_weight = weights[fuzz_below(rng, 3)],
        .left = 500 + fuzz_below(rng, 4000),
    };
    if (fuzz_below(rng, 6) == 0) {
        change_rate();
    }
    if (next.smooth) {
        next.deaf = false; // without room for its events a player stands at once
        next.n_players = 1 + fuzz_below(rng, 2);
        next.eq_weight = 0;
        next.ramp_frames = 100 + fuzz_below(rng, 4000);
        fuzz.mood.bypass = next.bypass;
        be_quiet();
        for (uint32_t i = 0; i < 8; i++) {
            run_block(1024); // the bypass arrives
        }
    } else if (next.deaf) {
        next.one_in = 1;
    }
    fuzz.mood = next;
}

static void
go_on(void)
{
    if (fuzz.mood.left-- == 0) {
        change_mood();
    }
    fuzz_feed_all(&fuzz);
    if (fuzz_below(&fuzz.rng, fuzz.mood.one_in) == 0) {
        fuzz_send_something(&fuzz);
    }
    if (fuzz_below(&fuzz.rng, 64) == 0) {
        fuzz_read_taps(&fuzz);
    }
    if (!fuzz.mood.smooth && !fuzz.mood.deaf && fuzz_below(&fuzz.rng, 3000) == 0) {
        settle();
    }
    run_block(any_block());
}

// --- main --------------------------------------------------------------------------------------

static void
take_taps_away(void)
{
    for (uint32_t point = 0; point < CH_TAP_POINTS; point++) {
        struct ch_command command = {
            .op = CH_COMMAND_TAP, .flags = CH_COMMAND_QUIET, .tap = {.point = point}};
        if (!ch_engine_send(fuzz.engine, &command, 1)) {
            fuzz_fail(&fuzz, "no room for a command");
        }
    }
    run_block(64);
}

/// Behind a limiter there is nothing for the clamp to do.
static void
check_clamp(void)
{
    struct ch_engine_counts counts;
    ch_engine_read_counts(fuzz.engine, &counts);
    figure("limiter", "frames that the clamp caught under the fuzz", (double)counts.n_clamped,
           "<=", 0.0, "frames");
    if (counts.n_clamped > 0) {
        fuzz_fail(&fuzz, "%" PRIu64 " frames were clamped", counts.n_clamped);
    }
}

static void
tell(void)
{
    printf("%" PRIu64 " callbacks, %.1f M frames, %" PRIu64 " commands (%" PRIu64
           " chains, %" PRIu64 " acknowledgements, %" PRIu64 " refused by a full queue), %" PRIu64
           " decks (%" PRIu64 " ended, %" PRIu64 " ran dry), %" PRIu64 " taps, %" PRIu64
           " times settled, %" PRIu64 " times a full event ring\n",
           fuzz.n_callbacks, (double)fuzz.n_frames * 1e-6, fuzz.n_commands, fuzz.n_chains,
           fuzz.n_acks, fuzz.n_refused, fuzz.n_decks_lent, fuzz.n_ended, fuzz.n_starved,
           fuzz.n_taps_lent, fuzz.n_settled, fuzz.n_full);
#ifdef CH_RT_TRAPS
    printf("0 traps, ");
#else
    printf("traps not in this build, ");
#endif
    printf("%s, 0 frames lost, all finite, %.1f M samples below the ceiling, %.1f M without a step "
           "(largest %.4f, at most %.0f %% of what is allowed), 0 rings and taps left\n",
           SANITIZED ? "page faults not counted" : "0 page faults after 10000 callbacks",
           (double)fuzz.n_ceiling * 1e-6, (double)fuzz.n_steps * 1e-6, fuzz.worst_step,
           fuzz.worst_ratio * 100.0);
}

/// A word of the command line, else the environment's, else what is usual.
static uint64_t
number(int argc, char **argv, int at, const char *variable, uint64_t usual)
{
    const char *text = argc > at ? argv[at] : getenv(variable);
    return text ? strtoull(text, NULL, 10) : usual;
}

int
main(int argc, char **argv)
{
    const uint64_t n = number(argc, argv, 1, "CHANT_FUZZ_CALLBACKS", CALLBACKS);
    fuzz.seed = number(argc, argv, 2, "CHANT_FUZZ_SEED", 1);
    fuzz.rng.state = fuzz.seed;
    printf("seed %" PRIu64 "\n", fuzz.seed);
    fflush(stdout);

    ch_os_denormals_off();
    ch_os_prefault_stack();
    memset(planes, 1, sizeof planes);
    if (ch_engine_create(&fuzz.engine, 48000) != CH_OK) {
        return EXIT_FAILURE;
    }
    fuzz.ceiling = fuzz.ceiling_max = CH_LIMITER_CEILING;
    change_mood();
    while (fuzz.n_callbacks < n) {
        go_on();
    }
    be_quiet();
    take_taps_away();
    check_clamp();
    ch_engine_destroy(fuzz.engine);
    if (fuzz.n_live || fuzz_taps_lent(&fuzz) || ch_owned_pcm_rings() || ch_owned_taps()) {
        fuzz_fail(&fuzz, "%u decks and %u taps are still lent; %" PRId64 " rings, %" PRId64 " taps",
                  fuzz.n_live, fuzz_taps_lent(&fuzz), ch_owned_pcm_rings(), ch_owned_taps());
    }
    tell();
    return EXIT_SUCCESS;
}
