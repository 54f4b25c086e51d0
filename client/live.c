// SPDX-License-Identifier: ISC
// client/live.c — the loop of the live pictures: messages in, keys out, drawn on a change.

#include "client/live.h"

#include <stdio.h>
#include <string.h>

#include "client/fields.h"
#include "client/frames.h"
#include "client/report.h"

#define SEEK_STEP_S   5
#define GAIN_STEP_DB  1
#define NOTICE_S      3.0
#define SILENCE_S     0.4 ///< without frames, when nothing plays, the picture is empty
#define CLOCK_MS      200 ///< how often the position moves on without frames
#define LEVEL_RATE_HZ 10

struct live {
    struct ch_conn conn;
    const struct ch_picture *picture;
    void *self;
    struct ch_live_state state;
    uint64_t asked_id; ///< subscribe for the frames that isn't answered yet; 0: none
    double frames_sub; ///< whose frames are drawn; 0: none yet
    bool ask_again;    ///< the room changed while asked_id was under way
    int64_t frames_left;
    bool show_help;
    bool changed; ///< since it was drawn
    bool empty;   ///< the picture was told of the silence
    char notice[256];
    double notice_until_s;
    bool done;
    enum ch_conn_next lost; ///< other than CH_NEXT_MESSAGE: why there is no connection any more
    cJSON *refusal;         ///< the answer that says there will be no frames
};

static void
notice(struct live *live, const char *text)
{
    snprintf(live->notice, sizeof live->notice, " %s ", text);
    live->notice_until_s = ch_live_now_s() + NOTICE_S;
    live->changed = true;
}

// --- requests -----------------------------------------------------------------------------------

static void
send_request(struct live *live, uint64_t *id)
{
    if (ch_conn_send(&live->conn, id) != CH_EXIT_OK) {
        live->lost = CH_NEXT_CLOSED;
        live->done = true;
    }
}

/// A command whose answer only matters if it is an error.
static void
send_command(struct live *live)
{
    uint64_t id;
    send_request(live, &id);
}

static void
ask_for_frames(struct live *live)
{
    if (live->asked_id != 0) {
        live->ask_again = true;
        return;
    }
    live->ask_again = false;
    struct ch_buf *params;
    if (live->frames_sub > 0) {
        params = ch_conn_begin(&live->conn, "unsubscribe");
        ch_json_kv_uint(params, "sub", (uint64_t)live->frames_sub);
        send_command(live);
        live->frames_sub = 0;
    }
    params = ch_conn_begin(&live->conn, "subscribe");
    ch_write_topic(params, live->picture->topic);
    live->picture->write_params(live->self, params);
    send_request(live, &live->asked_id);
}

/// State of player and mixer, and the level unless it comes with the frames: asked for before the
/// terminal is touched, so that what goes wrong is simply printed.
static int
ask_for_state(struct live *live)
{
    struct ch_buf *params = ch_conn_begin(&live->conn, "subscribe");
    bool with_level = strcmp(live->picture->topic, "meter") != 0;
    ch_json_key(params, "topics");
    ch_json_begin_array(params);
    ch_json_string(params, "player");
    ch_json_string(params, "mixer");
    if (with_level) {
        ch_json_string(params, "meter");
    }
    ch_json_end_array(params);
    if (with_level) {
        ch_json_kv_uint(params, "rate_hz", LEVEL_RATE_HZ);
    }
    cJSON *answer = NULL;
    int rc = ch_conn_call(&live->conn, &answer);
    const cJSON *value;
    cJSON_ArrayForEach(value, ch_field(answer, "snapshot"))
    {
        ch_live_state_take(&live->state, value->string, value, NULL);
    }
    cJSON_Delete(answer);
    return rc;
}

// --- messages -----------------------------------------------------------------------------------

static void
take_event(struct live *live, const cJSON *event)
{
    const char *topic = ch_field_string(event, "topic");
    const cJSON *data = ch_field(event, "data");
    if (!topic || !data) {
        return;
    }
    bool drawn = strcmp(topic, live->picture->topic) == 0;
    if (drawn && ch_field_number(event, "sub", -1) != live->frames_sub) {
        return; // of a subscription that has just been given up
    }
    ch_live_state_take(&live->state, topic, data, ch_field(event, "t"));
    if (drawn) {
        live->picture->on_frame(live->self, data);
        live->state.frame_at_s = ch_live_now_s();
        live->empty = false;
        live->frames_left -= live->frames_left > 0;
        live->done |= live->frames_left == 0;
    }
    live->changed = true;
}

/// Takes the message over.
static void
take_answer(struct live *live, cJSON *message)
{
    bool for_frames =
        live->asked_id != 0 && ch_field_number(message, "id", -1) == (double)live->asked_id;
    const cJSON *error = ch_field(message, "error");
    if (error && for_frames) {
        live->refusal = message;
        live->done = true;
        return;
    }
    if (error) {
        notice(live, ch_conn_error_text(error));
    } else if (for_frames) {
        const cJSON *result = ch_field(message, "result");
        live->asked_id = 0;
        live->frames_sub = ch_field_number(result, "sub", 0);
        live->picture->on_description(live->self,
                                      ch_field(ch_field(result, "snapshot"), live->picture->topic));
        if (live->ask_again) {
            ask_for_frames(live);
        }
    }
    cJSON_Delete(message);
}

static void
take_messages(struct live *live)
{
    while (!live->done) {
        cJSON *message;
        enum ch_conn_next next = ch_conn_next(&live->conn, 0, &message);
        if (next == CH_NEXT_NONE) {
            return;
        }
        if (next != CH_NEXT_MESSAGE) {
            live->lost = next;
            live->done = true;
        } else if (ch_field(message, "method")) {
            take_event(live, ch_field(message, "params"));
            cJSON_Delete(message);
        } else {
            take_answer(live, message);
        }
    }
}

// --- keys ---------------------------------------------------------------------------------------

static void
command(struct live *live, const char *method)
{
    ch_conn_begin(&live->conn, method);
    send_command(live);
}

static void
command_number(struct live *live, const char *method, const char *key, double value)
{
    ch_json_kv_fixed(ch_conn_begin(&live->conn, method), key, value, 3);
    send_command(live);
}

static void
toggle_mute(struct live *live)
{
    ch_json_kv_bool(ch_conn_begin(&live->conn, "mixer.set"), "mute", !live->state.mute);
    send_command(live);
}

static void
take_key(struct live *live, int key)
{
    live->changed = true;
    if (live->picture->on_key(live->self, key)) {
        if (key == 'r' && live->picture->reset_method) {
            command(live, live->picture->reset_method);
        }
        return;
    }
    switch (key) {
    case 'q':
    case 'Q':
        live->done = true;
        break;
    case ' ':
        command(live, live->state.player == CH_LIVE_STOPPED ? "player.play" : "player.toggle");
        break;
    case 'n':
        command(live, "player.next");
        break;
    case 'p':
        command(live, "player.previous");
        break;
    case 'm':
        toggle_mute(live);
        break;
    case KEY_LEFT:
    case KEY_RIGHT:
        command_number(live, "player.seek", "delta_s",
                       key == KEY_LEFT ? -SEEK_STEP_S : SEEK_STEP_S);
        break;
    case KEY_UP:
    case KEY_DOWN:
        command_number(live, "mixer.adjust", "delta_db",
                       key == KEY_UP ? GAIN_STEP_DB : -GAIN_STEP_DB);
        break;
    case 'h':
    case '?':
        live->show_help = !live->show_help;
        break;
    case 27: // escape
        live->show_help = false;
        break;
    default:
        break;
    }
}

// --- the picture --------------------------------------------------------------------------------

/// What is left for the picture under the head line, which very low terminals don't have.
static struct ch_rect
picture_room(void)
{
    int top = LINES >= 3 ? 1 : 0;
    return (struct ch_rect){top, 0, LINES - top, COLS};
}

static void
draw(struct live *live)
{
    double now_s = ch_live_now_s();
    struct ch_rect room = picture_room();
    erase();
    live->picture->draw(live->self, room);
    struct ch_rect head = {0, 0, room.y, COLS};
    if (head.height > 0) {
        ch_live_draw_head(&live->state, head, now_s);
    }
    if (live->show_help) {
        ch_live_draw_help(live->picture->help);
    }
    if (now_s < live->notice_until_s) {
        ch_term_text(LINES - 1, 0, COLS, A_REVERSE, live->notice);
    }
    refresh();
    live->changed = false;
}

static void
pass_time(struct live *live)
{
    double now_s = ch_live_now_s();
    bool playing = live->state.player == CH_LIVE_PLAYING;
    if (!playing && !live->empty && now_s - live->state.frame_at_s > SILENCE_S) {
        live->picture->on_silence(live->self);
        live->state.peak_dbfs = -1000;
        live->empty = true;
        live->changed = true;
    }
    if (live->notice_until_s > 0 && now_s >= live->notice_until_s) {
        live->notice_until_s = 0;
        live->changed = true;
    }
    live->changed |= playing || live->picture->tick_ms >= 0;
}

/// How long nothing can change by itself; -1: for ever.
static int
patience_ms(const struct live *live)
{
    bool waiting =
        live->state.player == CH_LIVE_PLAYING || !live->empty || live->notice_until_s > 0;
    return waiting ? CLOCK_MS : live->picture->tick_ms;
}

static void
loop(struct live *live)
{
    live->picture->on_resize(live->self, picture_room());
    ask_for_frames(live);
    notice(live, "q quit, h help");
    while (!live->done && ch_term_signal() == 0) {
        draw(live);
        ch_term_wait(ch_channel_waitable(live->conn.channel), patience_ms(live));
        if (ch_term_resized()) {
            live->changed = true;
            if (live->picture->on_resize(live->self, picture_room())) {
                ask_for_frames(live);
            }
        }
        for (int key; (key = ch_term_key()) != ERR;) {
            take_key(live, key);
        }
        take_messages(live);
        pass_time(live);
    }
}

/// The terminal is back: say how it ended.
static int
conclude(struct live *live)
{
    if (live->refusal) {
        return ch_conn_report(ch_field(live->refusal, "error"));
    }
    if (live->lost != CH_NEXT_MESSAGE) {
        return ch_conn_fail(&live->conn, live->lost);
    }
    return ch_term_signal() ? 128 + ch_term_signal() : CH_EXIT_OK;
}

int
ch_live_run(const char *socket, const struct ch_picture *picture, void *self, int64_t count)
{
    struct live live = {.picture = picture, .self = self, .frames_left = count, .empty = true};
    int rc = ch_conn_open(&live.conn, socket);
    if (rc != CH_EXIT_OK) {
        return rc;
    }
    rc = ask_for_state(&live);
    if (rc == CH_EXIT_OK) {
        rc = ch_term_open();
    }
    if (rc == CH_EXIT_OK) {
        live.conn.quiet = true;
        loop(&live);
        ch_term_close();
        rc = conclude(&live);
    }
    cJSON_Delete(live.refusal);
    ch_conn_close(&live.conn);
    return rc;
}
