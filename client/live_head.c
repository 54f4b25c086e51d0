// SPDX-License-Identifier: ISC
// client/live_head.c — the head line of the live pictures, and the box with the keys.

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/describe.h"
#include "client/live.h"
#include "client/values.h"

#define TITLE_COLUMNS_MIN 12 ///< before anything else gets room

static double
position_s(const struct ch_live_state *state, double now_s)
{
    double position = state->position_s;
    if (state->player == CH_LIVE_PLAYING) {
        position += fmax(now_s - state->said_at_s, 0);
    }
    return state->duration_s >= 0 ? fmin(position, state->duration_s) : position;
}

static uint32_t
state_glyph(const struct ch_live_state *state)
{
    bool utf8 = ch_term_utf8();
    switch (state->player) {
    case CH_LIVE_PLAYING:
        return utf8 ? 0x25b6 : '>';
    case CH_LIVE_PAUSED:
        return utf8 ? 0x2016 : '=';
    case CH_LIVE_STOPPED:
        break;
    }
    return utf8 ? 0x25a0 : '#';
}

static void
format_place(const struct ch_live_state *state, double now_s, char *out, size_t out_bytes)
{
    char position[CH_TIME_BYTES], duration[CH_TIME_BYTES];
    ch_value_time(position_s(state, now_s), position);
    ch_value_time(state->duration_s, duration);
    snprintf(out, out_bytes, state->duration_s >= 0 ? "%s / %s" : "%s", position, duration);
}

/// Put `text` at the right end of what is left of the line, if the title keeps enough of it.
static void
take_right(struct ch_rect *line, const char *text, attr_t attributes)
{
    int n = ch_term_text_width(text);
    if (line->width - n - 2 < TITLE_COLUMNS_MIN) {
        return;
    }
    ch_term_text(line->y, line->x + line->width - n, n, attributes, text);
    line->width -= n + 2;
}

void
ch_live_draw_head(const struct ch_live_state *state, struct ch_rect room, double now_s)
{
    struct ch_rect line = {room.y, 0, 1, room.width};
    char place[2 * CH_TIME_BYTES + 4], gain[48], level[48];
    format_place(state, now_s, place, sizeof place);
    ch_describe_db(state->gain_db, gain, sizeof gain);
    if (state->peak_dbfs > -100) {
        snprintf(level, sizeof level, "peak %5.1f dBFS", state->peak_dbfs);
    } else {
        snprintf(level, sizeof level, "peak     - dBFS");
    }
    if (state->player != CH_LIVE_STOPPED && line.width > 2 * TITLE_COLUMNS_MIN) {
        take_right(&line, place, A_NORMAL);
    }
    char both[128];
    snprintf(both, sizeof both, "gain %s%s", gain, state->mute ? " muted" : "");
    take_right(&line, both, state->mute ? A_REVERSE : A_NORMAL);
    take_right(&line, level, state->peak_dbfs > -1 ? A_BOLD | ch_term_gradient(1) : A_NORMAL);
    ch_term_put(line.y, 0, state_glyph(state), ch_term_gradient(0));
    ch_term_text(line.y, 2, line.width - 2, A_BOLD, state->title);
}

void
ch_live_draw_help(const char *const *own_lines)
{
    static const char *const common[] = {
        "q", "quit", "space", "pause, go on",   "left, right", "seek 5 s",  "up, down", "gain 1 dB",
        "m", "mute", "n, p",  "next, previous", "h, ?",        "this help", NULL};
    const char *const *const parts[] = {common, own_lines};
    enum { KEY_COLUMNS = 13, WIDTH = 34 };
    int height = 2;
    for (int part = 0; part < 2; part++) {
        for (int i = 0; parts[part][i]; i += 2) {
            height++;
        }
    }
    int y = (LINES - height) / 2;
    int x = (COLS - WIDTH) / 2;
    y = y < 0 ? 0 : y;
    x = x < 0 ? 0 : x;
    for (int row = 0; row < height; row++) {
        ch_term_text(y + row, x, COLS - x < WIDTH ? COLS - x : WIDTH, A_REVERSE,
                     "                                  ");
    }
    int row = y + 1;
    for (int part = 0; part < 2; part++) {
        for (int i = 0; parts[part][i]; i += 2, row++) {
            ch_term_text(row, x + 2, COLS - x - 2 < KEY_COLUMNS ? COLS - x - 2 : KEY_COLUMNS,
                         A_REVERSE | A_BOLD, parts[part][i]);
            ch_term_text(row, x + 2 + KEY_COLUMNS, COLS - x - 2 - KEY_COLUMNS, A_REVERSE,
                         parts[part][i + 1]);
        }
    }
}
