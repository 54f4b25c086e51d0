// SPDX-License-Identifier: ISC
// client/command.c — the verbs: one table, one function each.

#include "client/command.h"

#include <stddef.h>

#include "client/channel.h"

static const struct ch_option play_options[] = {
    {"id", "ID", "play this item of the queue"},
    {0},
};

static const struct ch_option add_options[] = {
    {"at", "N", "in front of the item with this index; at the end if not given"},
    {0},
};

static const struct ch_option gain_options[] = {
    {"by", "DB", "so much louder, or with - in front softer, than it is"},
    {0},
};

static const struct ch_option eq_options[] = {
    {"type", "T", "peak low_shelf high_shelf low_pass high_pass band_pass notch all_pass tilt"},
    {"freq", "HZ", "of the band"},
    {"gain", "DB", "of the band"},
    {"q", "Q", "of the band"},
    {"slope", "S", "of a shelf, up to 1, in place of Q"},
    {"order", "N", "of a low- or high-pass, 1 to 8, or of an all-pass, 1 or 2"},
    {"family", "F", "of a low- or high-pass: q butterworth linkwitz_riley"},
    {"bypass", "WHAT", "of the band: on off left right (that channel alone)"},
    {"png", "FILE", "the curve as a picture into a file (- is stdout)"},
    {"size", "WxH", "of the picture, in pixels (1200x600)"},
    {"format", "F", "of the text: apo graphic rew camilladsp (import: seen by itself)"},
    {"replace", NULL, "save in place of the preset of that name"},
    {0},
};

static const struct ch_option loudness_options[] = {
    {"target", "LUFS", "what pieces are brought to, -40 to -5 (-18)"},
    {"preamp", "DB", "on top of it, -24 to 12 (0)"},
    {"scan", "on|off", "scan what is played and not known, for the next time (off)"},
    {0},
};

static const struct ch_option spectrum_options[] = {
    {"rate", "HZ", "frames a second, 1 to 120 (30)"},
    {"bands", "N", "8 to 512 (live: as many as there are columns; else 64)"},
    {"fmin", "HZ", "lowest frequency (20)"},
    {"fmax", "HZ", "highest frequency (20000)"},
    {"tap", "PLACE", "source, post_eq or output (output)"},
    {"channels", "C", "mix, each or mid_side (mix)"},
    {"window", "W", "hann, blackman_harris or flat_top (hann)"},
    {"weighting", "W", "a, c or z (z)"},
    {"scale", "S", "log, linear or third_octave (log)"},
    {"smoothing", "MS", "time constant (live: 40; else 0)"},
    {"peak-hold", "MS", "how long a peak stays marked (live: 1000; else 0)"},
    {"count", "N", "end after so many frames"},
    {"png", "FILE", "a picture into a file (- is stdout) in place of the view"},
    {"size", "WxH", "of the picture, in pixels (1200x600)"},
    {0},
};

static const struct ch_option meter_options[] = {
    {"rate", "HZ", "frames a second, 1 to 120 (live: 30; else 10)"},
    {"count", "N", "end after so many frames"},
    {0},
};

static const struct ch_option stats_options[] = {
    {"once", NULL, "the facts in words, once"},
    {"prometheus", NULL, "the facts in Prometheus' text format, once"},
    {"rate", "HZ", "frames a second, 1 to 120 (4)"},
    {"count", "N", "end after so many frames"},
    {0},
};

static const struct ch_option watch_options[] = {
    {"count", "N", "end after so many lines"},
    {0},
};

static const struct ch_option tx_options[] = {
    {"at", "WHEN", "next_track, +SECONDS, frame:N or mono:NS; at once if not given"},
    {"ramp", "MS", "of gain and equaliser, where an op names none (20)"},
    {"name", "NAME", "to cancel it by"},
    {0},
};

static const char tx_help[] =
    "All of it lands on one frame, or nothing happens. The JSON is an array of ops, such as\n"
    "  [{\"method\":\"mixer.set\",\"params\":{\"gain_db\":-6}},{\"method\":\"player.pause\"}]\n"
    "or the params of the method tx. Prints, when it has landed, where.";

static const struct ch_option call_options[] = {
    {"timeout", "SECONDS", "how long to wait for the answer (10)"},
    {0},
};

static const struct ch_option render_options[] = {
    {"rate", "HZ", "of the file (as the first input)"},
    {"gain", "DB", "of the whole"},
    {"eq", "FILE.json|PRESET", "equaliser: the params of eq.set, or a preset's name"},
    {"limiter", "on|off|DB", "the limiter at the end, or its ceiling in dBTP (-1)"},
    {"format", "f32|s16|s24", "of the samples (f32)"},
    {"dither", "auto|on|off", "of integer samples (auto)"},
    {0},
};

static const char uri_help[] =
    "A URI is a file, a directory (its audio files, in natural order), a playlist (.m3u8, .m3u),\n"
    "file:///PATH, or a tone such as 'tone:sine?hz=440&db=-20'. Relative paths are made absolute.";

static const char eq_help[] =
    "Without anything: the bands and the curve.\n"
    "  eq set INDEX ...   change a band; the index one past the last adds a band (indices from 0)\n"
    "  eq flat          0 dB everywhere; frequencies and Qs stay, pass and notch bands are "
    "bypassed\n"
    "  eq bypass on|off|left|right\n"
    "                   the whole equaliser, or that channel of it\n"
    "  eq preamp DB     gain in front of the bands; 'auto' makes room for the highest boost\n"
    "  eq load FILE     a JSON file with the params of eq.set\n"
    "  eq graphic       the sliders; without any, what layouts there are: iso10, iso31, seed8\n"
    "  eq graphic LAYOUT [GAIN...]\n"
    "                   sliders in place of the bands: a gain for each, or all at 0 dB\n"
    "  eq graphic SLIDER GAIN|up [DB]|down [DB]\n"
    "                   move one: 'eq graphic 1k -3', 'eq graphic 16k up'\n"
    "  eq presets       what presets there are\n"
    "  eq preset load|save|delete NAME\n"
    "  eq import FILE   of Equalizer APO, AutoEq, REW or CamillaDSP ('-': standard input); lines\n"
    "                   that can't be used are printed, and the exit code is 1 then\n"
    "  eq export [FILE] for one of them, see --format";

static const char loudness_help[] =
    "Without anything: the mode, and what it does to what plays now.\n"
    "  loudness off|track|album|auto   gain by tags (ReplayGain, R128) or by what a scan found;\n"
    "                   auto: album where neighbours in the queue are of one album, else track\n"
    "  loudness scan DIR...   measure all audio files below; each folder is an album.  Nothing is\n"
    "                   written to the files: the daemon remembers.  Ctrl-C keeps what was found.";

static const char spectrum_help[] =
    "On a terminal a live picture; into a pipe, or with --json, one JSON object a line.\n"
    "Keys: q quit, space pause, left/right seek, up/down gain, n/p next and previous, m mute,\n"
    "l line, b bars, h help.";

static const char meter_help[] =
    "On a terminal a live picture; into a pipe, or with --json, one JSON object a line.\n"
    "Keys: q quit, space pause, left/right seek, up/down gain, n/p next and previous, m mute,\n"
    "r reset maxima, integrated loudness and range, h help.";

static const char stats_help[] =
    "On a terminal a live picture; into a pipe, or with --json, the answer of server.stats; with\n"
    "--rate or --count as well, frames of the topic rt, one JSON object a line.\n"
    "Keys: q quit, t times of the last seconds or since the start, y counts on a logarithmic or\n"
    "linear scale, h help; the player's as in 'meter'.";

const struct ch_command ch_commands[] = {
    {"play", "[URI...] [--id ID]", "play URIs in place of the queue, or what is there", uri_help,
     NULL, 0, -1, play_options, ch_cmd_play},
    {"pause", "", "pause, with a fade", NULL, "player.pause", 0, 0, NULL, ch_cmd_transport},
    {"resume", "", "go on after a pause", NULL, "player.resume", 0, 0, NULL, ch_cmd_transport},
    {"toggle", "", "pause, or go on", NULL, "player.toggle", 0, 0, NULL, ch_cmd_transport},
    {"stop", "", "stop; the queue stays", NULL, "player.stop", 0, 0, NULL, ch_cmd_transport},
    {"next", "", "the next item", NULL, "player.next", 0, 0, NULL, ch_cmd_transport},
    {"prev", "", "the previous item", NULL, "player.previous", 0, 0, NULL, ch_cmd_transport},
    {"seek", "POSITION | +TIME | -TIME", "go to 1:23, 83.5 or 1:02:03; +10 and -10 from here", NULL,
     NULL, 1, 1, NULL, ch_cmd_seek},
    {"load", "URI...", "URIs in place of the queue, without playing", uri_help, NULL, 1, -1, NULL,
     ch_cmd_load},
    {"add", "URI... [--at N]", "add to the queue", uri_help, NULL, 1, -1, add_options, ch_cmd_add},
    {"queue", "", "show the queue", NULL, NULL, 0, 0, NULL, ch_cmd_queue},
    {"rm", "ID...", "take items out of the queue", "IDs are those that 'chant queue' shows.", NULL,
     1, -1, NULL, ch_cmd_rm},
    {"mv", "ID TO", "move an item of the queue to index TO", "Indices count from 0.", NULL, 2, 2,
     NULL, ch_cmd_mv},
    {"clear", "", "empty the queue", NULL, NULL, 0, 0, NULL, ch_cmd_clear},
    {"gain", "[DB | --by DB | up [DB] | down [DB]]", "show or set the gain",
     "A number sets the gain, with or without a sign: 'gain -6' is 6 dB below full, 'gain -inf'\n"
     "is silence. '--by', 'up' and 'down' go from where it is; without a number by 1 dB.",
     NULL, 0, 2, gain_options, ch_cmd_gain},
    {"mute", "", "silence, without moving the gain", NULL, NULL, 0, 0, NULL, ch_cmd_mute},
    {"unmute", "", "end of it", NULL, NULL, 0, 0, NULL, ch_cmd_unmute},
    {"pan", "X", "-1 is left, 0 the middle, 1 right", NULL, NULL, 1, 1, NULL, ch_cmd_pan},
    {"panic", "", "silence at once, until 'unmute' or 'gain'",
     "Every mixer.set ends it, with a fade: 'unmute', 'mute', 'gain -6', 'pan 0'. 'gain up' and\n"
     "'gain down' are refused.",
     NULL, 0, 0, NULL, ch_cmd_panic},
    {"limiter", "[on | off | CEILING]", "show or set the limiter at the end",
     "CEILING is the highest true peak that leaves, in dBTP: -24 to 0; -1 at first.", NULL, 0, 1,
     NULL, ch_cmd_limiter},
    {"eq",
     "[set INDEX ... | flat | bypass on|off|left|right | preamp DB|auto |\n"
     "           load FILE | graphic ... | presets | preset load|save|delete NAME |\n"
     "           import FILE | export [FILE]]",
     "show or change the equaliser", eq_help, NULL, 0, -1, eq_options, ch_cmd_eq},
    {"loudness", "[off | track | album | auto | scan DIR...]", "bring pieces to one loudness",
     loudness_help, NULL, 0, -1, loudness_options, ch_cmd_loudness},
    {"spectrum", "", "live spectrum", spectrum_help, NULL, 0, 0, spectrum_options, ch_cmd_spectrum},
    {"meter", "", "live levels and loudness", meter_help, NULL, 0, 0, meter_options, ch_cmd_meter},
    {"status", "", "what plays, where and how", NULL, NULL, 0, 0, NULL, ch_cmd_status},
    {"devices", "", "what can be played on",
     "The one that is played on when none is named is marked. RATE, channels and format are its "
     "own; USED, LEAST "
     "and\n"
     "USUAL are frames a callback: with which it would be played on, the fewest that it allows, "
     "and\n"
     "its own choice. ID and NAME are what 'chantd --device' takes.",
     NULL, 0, 0, NULL, ch_cmd_devices},
    {"stats", "", "how the audio callback keeps time", stats_help, NULL, 0, 0, stats_options,
     ch_cmd_stats},
    {"watch", "[TOPIC...]", "print changes as they happen",
     "Topics: player queue mixer eq loudness device server (the first four if none is named). "
     "Into\n"
     "a pipe, or with --json, one JSON object a line: the present state first.",
     NULL, 0, -1, watch_options, ch_cmd_watch},
    {"tx", "FILE | - | JSON | list | cancel ID|NAME", "several changes at once, now or later",
     tx_help, NULL, 1, 2, tx_options, ch_cmd_tx},
    {"call", "METHOD [PARAMS]", "any method of the protocol; PARAMS in JSON", NULL, NULL, 1, 2,
     call_options, ch_cmd_call},
    {"raw", "", "lines from stdin to the daemon, its answers to stdout", NULL, NULL, 0, 0, NULL,
     ch_cmd_raw},
    {"render", "OUT.wav IN...", "play into a file, faster than real time, without a daemon",
     "The inputs are URIs as 'play' takes them, one after another without a gap.", NULL, 2, -1,
     render_options, ch_cmd_render},
    {"shutdown", "", "end the daemon", NULL, "server.shutdown", 0, 0, NULL, ch_cmd_shutdown},
    {"help", "[VERB]", "this list, or more about one verb", NULL, NULL, 0, 1, NULL, ch_cmd_help},
    {0},
};

void
ch_command_list(FILE *out)
{
    fputs("Usage: chant VERB [WORD...] [--json] [--socket=PATH]\n"
          "Tell chantd, the audio daemon, what to do.\n\n",
          out);
    for (const struct ch_command *c = ch_commands; c->name; c++) {
        fprintf(out, "  %-9s %s\n", c->name, c->summary);
    }
    fputs("\n"
          "  --json         answer in JSON, also on a terminal\n",
          out);
    fputs(ch_channel_option_help, out);
    fputs("  --help         this text, or after a verb more about it\n"
          "  --version      version of this program\n\n"
          "Exit: 0 done, 1 the daemon answered an error, 2 wrong usage, 3 no daemon, 4 denied,\n"
          "5 not found, 6 no answer in time.\n",
          out);
}

void
ch_command_help(FILE *out, const struct ch_command *command)
{
    fprintf(out, "Usage: chant %s %s\n%s.\n", command->name, command->usage, command->summary);
    if (command->help) {
        fprintf(out, "\n%s\n", command->help);
    }
    const struct ch_option *o = command->options;
    if (o) {
        fputc('\n', out);
    }
    for (; o && o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        fprintf(out, "  %-22s %s\n", left, o->help);
    }
}
