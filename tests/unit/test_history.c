// SPDX-License-Identifier: ISC
// tests/unit/test_history.c — what is kept is what was pushed, at a lower rate and without aliases.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/analysis/history.h"
#include "tests/unit/near.h"

enum { KEPT = 512 };

static void
push_sine(struct ch_history *history, double frequency, uint32_t n)
{
    float chunk[CH_HISTORY_PUSH_MAX];
    uint32_t size = 1;
    for (uint32_t at = 0; at < n; size = size % CH_HISTORY_PUSH_MAX + 37) {
        const uint32_t count = size < CH_HISTORY_PUSH_MAX ? size : CH_HISTORY_PUSH_MAX;
        for (uint32_t i = 0; i < count; i++) {
            chunk[i] = (float)sin(2.0 * M_PI * fmod(frequency * (at + i), 1.0));
        }
        ch_history_push(history, chunk, count);
        at += count;
    }
}

/// Largest sample in dB; of a sine that is its amplitude, if its frequency is no simple fraction.
static double
largest_db(const struct ch_history *history)
{
    float out[KEPT], largest = 0.0f;
    ch_history_copy(history, out);
    for (int i = 0; i < KEPT; i++) {
        largest = fmaxf(largest, fabsf(out[i]));
    }
    return 20.0 * log10((double)largest + 1e-20);
}

static void
test_full_rate_is_exact(void **state)
{
    (void)state;
    struct ch_history history;
    float out[KEPT];
    assert_int_equal(ch_history_init(&history, KEPT, 1), CH_OK);
    for (uint32_t i = 0; i < 5 * KEPT + 3; i++) {
        const float value = (float)i;
        ch_history_push(&history, &value, 1);
    }
    ch_history_copy(&history, out);
    for (uint32_t i = 0; i < KEPT; i++) {
        assert_true(out[i] == (float)(4 * KEPT + 3 + i));
    }
    assert_int_equal(ch_history_delay(&history), 0);
    ch_history_reset(&history);
    assert_true(largest_db(&history) < -300.0);
    ch_history_fini(&history);
}

static void
test_response(void **state)
{
    (void)state;
    for (uint32_t factor = 2; factor <= 8; factor *= 2) {
        struct ch_history history;
        assert_int_equal(ch_history_init(&history, KEPT, factor), CH_OK);
        const uint32_t enough = 2 * factor * KEPT + history.n_taps;
        for (double at = 0.0123; at < 0.4; at += M_PI / 100.0) {
            ch_history_reset(&history);
            push_sine(&history, at / factor, enough);
            assert_near(largest_db(&history), 0.0, 0.005);
        }
        // All that would be seen below 0.4 of the reduced rate: 0.6 … 1.4, 1.6 … 2.4, and so on.
        for (double at = 0.6; at <= 0.5 * factor; at += M_PI / 100.0) {
            if (fabs(at - floor(at) - 0.5) < 0.1) { // folds to above 0.4: not used
                continue;
            }
            ch_history_reset(&history);
            push_sine(&history, at / factor, enough);
            assert_true(largest_db(&history) < -125.0);
        }
        ch_history_fini(&history);
    }
}

/// The same sound in pieces of any size gives the same samples.
static void
test_pieces(void **state)
{
    (void)state;
    struct ch_history one, many;
    float a[KEPT], b[KEPT];
    assert_int_equal(ch_history_init(&one, KEPT, 8), CH_OK);
    assert_int_equal(ch_history_init(&many, KEPT, 8), CH_OK);
    for (uint32_t i = 0; i < 6000; i++) {
        const float value = (float)sin(0.01 * i);
        ch_history_push(&one, &value, 1);
    }
    for (uint32_t at = 0; at < 6000; at += 250) {
        float piece[250];
        for (uint32_t i = 0; i < 250; i++) {
            piece[i] = (float)sin(0.01 * (at + i));
        }
        ch_history_push(&many, piece, 250);
    }
    ch_history_copy(&one, a);
    ch_history_copy(&many, b);
    assert_memory_equal(a, b, sizeof a);
    ch_history_fini(&one);
    ch_history_fini(&many);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_rate_is_exact),
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
