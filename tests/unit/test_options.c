// SPDX-License-Identifier: ISC
// tests/unit/test_options.c — the command line of chantd: what it takes and what it refuses.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/units.h"
#include "daemon/options.h"

#define ARGS_MAX 12

/// Parse with what goes to standard error kept in `errors`.
static enum ch_options_verdict
parse(const char *const *args, struct ch_options *options, char *errors, size_t n_errors)
{
    static char copies[ARGS_MAX][128];
    static char *argv[ARGS_MAX + 1]; // options borrow their strings from it
    int argc = 0;
    strcpy(copies[argc], "chantd");
    argv[argc] = copies[argc];
    argc++;
    for (; *args; args++, argc++) {
        snprintf(copies[argc], sizeof copies[argc], "%s", *args);
        argv[argc] = copies[argc];
    }
    argv[argc] = NULL;

    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    const int before = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    const enum ch_options_verdict verdict = ch_options_parse(options, argc, argv);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    errors[fread(errors, 1, n_errors - 1, file)] = 0;
    fclose(file);
    return verdict;
}

static void
defaults(void **state)
{
    (void)state;
    struct ch_options options;
    char errors[512];
    assert_int_equal(parse((const char *const[]){NULL}, &options, errors, sizeof errors),
                     CH_OPTIONS_RUN);
    assert_string_equal(options.backend, "auto");
    assert_string_equal(options.connect, "auto");
    assert_null(options.device);
    assert_null(options.socket);
    assert_null(options.render_out);
    assert_int_equal(options.rate_hz, 0);
    assert_int_equal(options.period, 0);
    assert_int_equal(options.max_line, 1024 * 1024);
    assert_int_equal(options.log_level, CH_LOG_INFO);
    assert_true(options.limiter);
    assert_true(options.ceiling_dbtp == CH_CEILING_DBTP);
    assert_true(options.max_gain_db == CH_GAIN_MAX_DB);
    assert_true(options.max_restored_gain_db == 0.0);
    assert_null(options.state);
    assert_false(options.no_restore);
    assert_string_equal(options.dither, "auto");
    assert_string_equal(options.format, "f32");
}

static void
every_option_is_taken(void **state)
{
    (void)state;
    struct ch_options options;
    char errors[512];
    assert_int_equal(parse((const char *const[]){"--backend=null", "--device", "x", "--rate=44100",
                                                 "--period=64", "--connect=none", "--socket=a.sock",
                                                 "--log-level=debug", "--max-line=2048", NULL},
                           &options, errors, sizeof errors),
                     CH_OPTIONS_RUN);
    assert_string_equal(options.backend, "null");
    assert_string_equal(options.device, "x");
    assert_int_equal(options.rate_hz, 44100);
    assert_int_equal(options.period, 64);
    assert_string_equal(options.connect, "none");
    assert_string_equal(options.socket, "a.sock");
    assert_int_equal(options.log_level, CH_LOG_DEBUG);
    assert_int_equal(options.max_line, 2048);

    assert_int_equal(
        parse((const char *const[]){"--render", "o.wav", "a.flac", "--gain=-3.5", "--eq=bass",
                                    "--limiter=off", "--format=s24", "--dither=off", "b.ogg", NULL},
              &options, errors, sizeof errors),
        CH_OPTIONS_RUN);
    assert_string_equal(options.render_out, "o.wav");
    assert_true(options.gain_db == -3.5);
    assert_string_equal(options.eq, "bass");
    assert_false(options.limiter);
    assert_string_equal(options.format, "s24");
    assert_string_equal(options.dither, "off");
    assert_int_equal(options.n_inputs, 2);
    assert_string_equal(options.inputs[0], "a.flac");
    assert_string_equal(options.inputs[1], "b.ogg");

    assert_int_equal(parse((const char *const[]){"--render=o.wav", "--limiter=-3.5", "x", NULL},
                           &options, errors, sizeof errors),
                     CH_OPTIONS_RUN);
    assert_true(options.limiter);
    assert_true(options.ceiling_dbtp == -3.5);

    assert_int_equal(parse((const char *const[]){"--max-gain=-6", "--max-restored-gain=-20",
                                                 "--state=a.json", "--no-restore", NULL},
                           &options, errors, sizeof errors),
                     CH_OPTIONS_RUN);
    assert_true(options.max_gain_db == -6.0);
    assert_true(options.max_restored_gain_db == -20.0);
    assert_string_equal(options.state, "a.json");
    assert_true(options.no_restore);

    assert_int_equal(parse((const char *const[]){"--render=o.wav", "--gain=-inf", "x", NULL},
                           &options, errors, sizeof errors),
                     CH_OPTIONS_RUN);
    assert_true(isinf(options.gain_db) && options.gain_db < 0.0);
}

static void
what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *arg;
        const char *said; ///< must stand in the message
    } cases[] = {
        {"--rate=0", "8000 to 384000"},
        {"--rate=10000000", "8000 to 384000"},
        {"--rate=-48000", "--rate=-48000"},
        {"--rate=48000x", "48000x"},
        {"--rate=", "--rate="},
        {"--rate=99999999999999999999", "8000 to 384000"},
        {"--period=0", "16 to 8192"},
        {"--period=8193", "16 to 8192"},
        {"--backend=alsa", ", null or file"},
        {"--backend=file", "--device"},
        {"--log-level=loud", "debug"},
        {"--max-line=10", "1024"},
        {"--socket=", "a path"},
        {"--gain=13", "-150 to 12"},
        {"--gain=nan", "dB"},
        {"--gain=1e9", "dB"},
        {"--limiter=maybe", "on, off"},
        {"--limiter=1", "-24 to 0"},
        {"--limiter=-25", "-24 to 0"},
        {"--dither=maybe", "auto, on or off"},
        {"--max-gain=13", "-150 to 12"},
        {"--max-restored-gain=loud", "dB"},
        {"--state=", "file"},
        {"--format=mp3", "f32, s24 or s16"},
        {"--render=o.wav", "at least one input"},
        {"--gain=-40", "--render"},
        {"--eq=bass", "--render"},
        {"--limiter=off", "chant limiter"},
        {"--nonsense", "--help"},
        {"music.flac", "chant play music.flac"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ch_options options;
        char errors[512];
        assert_int_equal(
            parse((const char *const[]){cases[i].arg, NULL}, &options, errors, sizeof errors),
            CH_OPTIONS_BAD);
        if (!strstr(errors, cases[i].said)) {
            fail_msg("%s: '%s' does not say '%s'", cases[i].arg, errors, cases[i].said);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(every_option_is_taken),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
