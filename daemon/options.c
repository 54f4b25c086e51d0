// SPDX-License-Identifier: ISC
// daemon/options.c — reads the command line, with errors that name the option and the remedy.

#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "daemon/backend/backend.h"
#include "daemon/base/units.h"
#include "daemon/options_platform.h"
#include "protocol/names.h"

static const char usage_daemon[] =
    "Usage: chantd [OPTION]…\n"
    "       chantd --render OUT.wav [OPTION]… IN…\n"
    "\n"
    "A background audio daemon: plays files through an equaliser and a limiter, controlled by "
    "lines\n"
    "of JSON over a socket.  chant(1) is its client.\n"
    "\n"
    "The daemon:\n";

static const char usage_rest[] =
    "  --max-gain=DB        no request sets a gain above this, -150 to 12 (default 12)\n"
    "  --max-restored-gain=DB\n"
    "                       nor is the gain of the last time above this at the start (default 0)\n"
    "  --state=FILE         where gain, equaliser and limiter are kept from one time to the next\n"
    "                       (default $XDG_STATE_HOME/chant/sound.json)\n"
    "  --no-restore         begin with gain 0 dB and a flat equaliser, and keep nothing\n"
    "  --max-line=BYTES     longest request line that is taken (default 1048576)\n"
    "  --log-level=LEVEL    error, warning, info (default) or debug\n"
    "  --log-file=FILE      log to the end of this file, with the time, not to standard error\n"
    "\n";

static const char usage_rendering[] =
    "Rendering, without a daemon and without a clock:\n"
    "  --render=OUT.wav     play the inputs one after another into this file\n"
    "  --rate=HZ            its rate (default: that of the first input)\n"
    "  --gain=DB            gain, -150 to 12\n"
    "  --eq=FILE.json|flat  the parameters of eq.set in a file, or a preset\n"
    "  --limiter=on|off|DB  the limiter at the end, or its ceiling in dBTP, -24 to 0 (default -1)\n"
    "  --format=FORMAT      f32 (default), s24 or s16; of --backend=file as well\n"
    "  --dither=WHEN        for s24 and s16: auto (default: when a sample is none of that width),\n"
    "                       on or off; of --backend=file as well\n"
    "\n"
    "  --help               this text\n"
    "  --version            the version\n"
    "\n"
    "Example:\n"
    "  chantd --backend=null --socket=c.sock &\n"
    "  chant --socket=c.sock play music.flac\n";

enum {
    OPT_BACKEND = 256,
    OPT_DEVICE,
    OPT_RATE,
    OPT_PERIOD,
    OPT_CONNECT,
    OPT_EXCLUSIVE,
    OPT_SOCKET,
    OPT_MAX_GAIN,
    OPT_MAX_RESTORED_GAIN,
    OPT_STATE,
    OPT_NO_RESTORE,
    OPT_MAX_LINE,
    OPT_LOG_LEVEL,
    OPT_LOG_FILE,
    OPT_RENDER,
    OPT_GAIN,
    OPT_EQ,
    OPT_LIMITER,
    OPT_FORMAT,
    OPT_DITHER,
    OPT_HELP,
    OPT_VERSION,
};

static const struct option common_options[] = {
    {"backend", required_argument, NULL, OPT_BACKEND},
    {"device", required_argument, NULL, OPT_DEVICE},
    {"rate", required_argument, NULL, OPT_RATE},
    {"period", required_argument, NULL, OPT_PERIOD},
    {"connect", required_argument, NULL, OPT_CONNECT},
    {"exclusive", no_argument, NULL, OPT_EXCLUSIVE},
    {"socket", required_argument, NULL, OPT_SOCKET},
    {"max-gain", required_argument, NULL, OPT_MAX_GAIN},
    {"max-restored-gain", required_argument, NULL, OPT_MAX_RESTORED_GAIN},
    {"state", required_argument, NULL, OPT_STATE},
    {"no-restore", no_argument, NULL, OPT_NO_RESTORE},
    {"max-line", required_argument, NULL, OPT_MAX_LINE},
    {"log-level", required_argument, NULL, OPT_LOG_LEVEL},
    {"log-file", required_argument, NULL, OPT_LOG_FILE},
    {"render", required_argument, NULL, OPT_RENDER},
    {"gain", required_argument, NULL, OPT_GAIN},
    {"eq", required_argument, NULL, OPT_EQ},
    {"limiter", required_argument, NULL, OPT_LIMITER},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"dither", required_argument, NULL, OPT_DITHER},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
};
#define N_COMMON (sizeof common_options / sizeof *common_options)

// Ours and this system's, in one list as getopt_long() wants it.
static void
list_options(struct option list[N_COMMON + CH_OPTIONS_PLATFORM_MAX])
{
    memcpy(list, common_options, sizeof common_options);
    size_t n = N_COMMON;
    for (const struct option *option = ch_platform_options; option->name; option++) {
        list[n++] = *option;
    }
    list[n] = (struct option){0};
}

// The last of a name counts, here as everywhere.
static void
note_given(struct ch_options *options, const struct option *option, const char *value)
{
    _Static_assert(N_COMMON + CH_OPTIONS_PLATFORM_MAX <= CH_OPTIONS_GIVEN_MAX, "room for all");
    int i = 0;
    while (i < options->n_given && strcmp(options->given[i].name, option->name) != 0) {
        i++;
    }
    options->n_given += i == options->n_given;
    options->given[i].name = option->name;
    options->given[i].value = value;
}

static bool
bad(const char *option, const char *value, const char *wanted)
{
    fprintf(stderr, "chantd: --%s=%s: must be %s\n", option, value, wanted);
    return false;
}

static bool
read_count(const char *option, const char *value, uint32_t min, uint32_t max, uint32_t *out)
{
    char *end;
    errno = 0;
    const unsigned long number = strtoul(value, &end, 10);
    if (errno || end == value || *end || *value == '-' || number < min || number > max) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "a whole number, %u to %u", min, max);
        return bad(option, value, wanted);
    }
    *out = (uint32_t)number;
    return true;
}

static bool
read_gain(const char *option, const char *value, double *out)
{
    char *end;
    const double number = strtod(value, &end);
    if (end == value || *end || isnan(number) || (number < -150.0 && !isinf(number)) ||
        number > CH_GAIN_MAX_DB) {
        return bad(option, value, "a number of dB, -150 to 12, or -inf");
    }
    *out = number;
    return true;
}

static bool
read_limiter(struct ch_options *options, const char *value)
{
    char *end;
    const double number = strtod(value, &end);
    options->limiter = strcmp(value, "off") != 0;
    if (!options->limiter || !strcmp(value, "on")) {
        return true;
    }
    options->ceiling_dbtp = number;
    return (end != value && !*end && number >= -24.0 && number <= 0.0) ||
           bad("limiter", value, "on, off, or a ceiling in dBTP, -24 to 0");
}

static bool
one_of(const char *option, const char *value, const char *const *choices)
{
    char wanted[128] = "";
    for (size_t i = 0; choices[i]; i++) {
        if (!strcmp(value, choices[i])) {
            return true;
        }
        snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "%s%s",
                 i ? (choices[i + 1] ? ", " : " or ") : "", choices[i]);
    }
    return bad(option, value, wanted);
}

static bool
read_backend(struct ch_options *options, const char *value)
{
#ifdef HAVE_WASAPI
    static const char *const choices[] = {"auto", "wasapi", "null", "file", NULL};
#else
    static const char *const choices[] = {"auto", "jack", "null", "file", NULL};
#endif
    if (!one_of("backend", value, choices)) {
        return false;
    }
    if (strcmp(value, "auto") != 0 && !ch_backend_find(value)) {
        fprintf(stderr, "chantd: --backend=%s: this chantd was built without it\n", value);
        return false;
    }
    options->backend = value;
    return true;
}

static bool
refuse_exclusive(void)
{
    fputs("chantd: --exclusive is of --backend=wasapi, and this chantd was built without it\n",
          stderr);
    return false;
}

static bool
take(struct ch_options *options, int option, char *value, bool *done)
{
    static const char *const whens[] = {"auto", "on", "off", NULL};
    static const char *const formats[] = {"f32", "s24", "s16", NULL};
    switch (option) {
    case OPT_BACKEND:
        return read_backend(options, value);
    case OPT_DEVICE:
        options->device = value;
        return *value || bad("device", value, "a name");
    case OPT_RATE:
        return read_count("rate", value, CH_RATE_MIN_HZ, CH_RATE_MAX_HZ, &options->rate_hz);
    case OPT_PERIOD:
        return read_count("period", value, 16, CH_BLOCK_MAX, &options->period);
    case OPT_CONNECT:
        options->connect = value;
        return true;
    case OPT_EXCLUSIVE:
        options->exclusive = true;
        return ch_backend_find("wasapi") || refuse_exclusive();
    case OPT_SOCKET:
        options->socket = value;
        return *value || bad("socket", value, "a path");
    case OPT_MAX_LINE:
        return read_count("max-line", value, 1024, 64u * 1024u * 1024u, &options->max_line);
    case OPT_LOG_LEVEL:
        return ch_log_level_from_name(value, &options->log_level) ||
               bad("log-level", value, "error, warning, info or debug");
    case OPT_LOG_FILE:
        options->log_file = value;
        return *value || bad("log-file", value, "the name of a file");
    case OPT_RENDER:
        options->render_out = value;
        return *value || bad("render", value, "the name of a file");
    case OPT_GAIN:
        options->of_render = "gain";
        return read_gain("gain", value, &options->gain_db);
    case OPT_MAX_GAIN:
        return read_gain("max-gain", value, &options->max_gain_db);
    case OPT_MAX_RESTORED_GAIN:
        return read_gain("max-restored-gain", value, &options->max_restored_gain_db);
    case OPT_STATE:
        options->state = value;
        return *value || bad("state", value, "the name of a file");
    case OPT_NO_RESTORE:
        options->no_restore = true;
        return true;
    case OPT_EQ:
        options->of_render = "eq";
        options->eq = value;
        return true;
    case OPT_LIMITER:
        options->of_render = "limiter";
        return read_limiter(options, value);
    case OPT_FORMAT:
        options->format = value;
        return one_of("format", value, formats);
    case OPT_DITHER:
        options->dither = value;
        return one_of("dither", value, whens);
    case OPT_HELP:
        printf("%s%s%s%s%s%s", usage_daemon, ch_platform_device_usage, ch_platform_socket_usage,
               usage_rest, ch_platform_usage, usage_rendering);
        *done = true;
        return true;
    case OPT_VERSION:
        puts("chantd " PACKAGE_VERSION);
        *done = true;
        return true;
    case '?':
        fputs("Try 'chantd --help'.\n", stderr);
        return false;
    default:
        return ch_platform_option(options, option, value);
    }
}

static bool
fits_together(struct ch_options *options)
{
    if (!ch_platform_fits(options)) {
        return false;
    }
    if (options->render_out) {
        if (options->n_inputs == 0) {
            fputs("chantd: --render needs at least one input file\n", stderr);
            return false;
        }
        return true;
    }
    if (options->n_inputs) {
        fprintf(stderr,
                "chantd: '%s': the daemon takes no files; play them with 'chant play %s', or write "
                "them with 'chantd --render OUT.wav %s'\n",
                options->inputs[0], options->inputs[0], options->inputs[0]);
        return false;
    }
    if (options->of_render) {
        fprintf(
            stderr,
            "chantd: --%s belongs to --render; of a daemon it is set with 'chant %s' and kept\n",
            options->of_render, options->of_render);
        return false;
    }
    if (!strcmp(options->backend, "file") && !options->device) {
        fputs("chantd: --backend=file needs --device=OUT.wav\n", stderr);
        return false;
    }
    return true;
}

enum ch_options_verdict
ch_options_parse(struct ch_options *options, int argc, char **argv)
{
    *options = (struct ch_options){
        .backend = "auto",
        .connect = "auto",
        .max_line = CH_LINE_MAX_DEFAULT,
        .log_level = CH_LOG_INFO,
        .max_gain_db = CH_GAIN_MAX_DB,
        .limiter = true,
        .ceiling_dbtp = CH_CEILING_DBTP,
        .format = "f32",
        .dither = "auto",
    };
    optind = 1;
    struct option list[N_COMMON + CH_OPTIONS_PLATFORM_MAX];
    list_options(list);
    int option, index = 0;
    while ((option = getopt_long(argc, argv, "", list, &index)) != -1) {
        bool done = false;
        if (!take(options, option, optarg, &done)) {
            return CH_OPTIONS_BAD;
        }
        note_given(options, &list[index], optarg);
        if (done) {
            return CH_OPTIONS_DONE;
        }
    }
    options->inputs = argv + optind;
    options->n_inputs = argc - optind;
    return fits_together(options) ? CH_OPTIONS_RUN : CH_OPTIONS_BAD;
}
