// SPDX-License-Identifier: ISC
// client/live.h — what the live pictures have in common: the connection, the keys, the head line.
//
// One connection carries the state of player and mixer, the level, the frames of the picture and
// the commands that keys give.  A picture is a struct ch_picture of functions; the loop is here.

#ifndef CH_CLIENT_LIVE_H
#define CH_CLIENT_LIVE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/connect.h"
#include "client/term.h"

/// What is known of the daemon.
struct ch_live_state {
    enum { CH_LIVE_STOPPED, CH_LIVE_PAUSED, CH_LIVE_PLAYING } player;
    char title[512];
    double position_s; ///< when it was said
    double said_at_s;  ///< on our clock
    double duration_s; ///< < 0: unknown
    double gain_db;    ///< -INFINITY: silence
    bool mute;
    double peak_dbfs;  ///< louder channel; -INFINITY: silence
    double frame_at_s; ///< when the last frame came
};

struct ch_picture {
    const char *topic; ///< of its frames
    /// Lines "key", "what it does"; ended by NULL.
    const char *const *help;
    /// Members of the params of subscribe.
    void (*write_params)(void *self, struct ch_buf *params);
    /// What the daemon says of the frames to come.
    void (*on_description)(void *self, const cJSON *description);
    void (*on_frame)(void *self, const cJSON *data);
    /// Room has changed; true if other frames are needed for it.
    bool (*on_resize)(void *self, struct ch_rect room);
    /// Nothing plays any more: what was drawn last is no longer so.
    void (*on_silence)(void *self);
    bool (*on_key)(void *self, int key); ///< true if it was one of its own
    void (*draw)(void *self, struct ch_rect room);
    int tick_ms;              ///< how often it changes without frames; -1: never
    const char *reset_method; ///< what `r` says to the daemon, besides on_key(); NULL: nothing
};

/// Run until a key, a signal, the daemon's end or `count` frames (< 0: no end); an exit code.
int ch_live_run(const char *socket, const struct ch_picture *picture, void *self, int64_t count);

/// The clock that only goes on, as the daemon reads it.
double ch_live_now_s(void);

/// The value of a topic (live_state.c).  @param t when it was so, as an event says it; NULL: now
void ch_live_state_take(struct ch_live_state *state, const char *topic, const cJSON *data,
                        const cJSON *t);

/// The head line (live_head.c).
void ch_live_draw_head(const struct ch_live_state *state, struct ch_rect room, double now_s);
/// A box with the keys over whatever is there.
void ch_live_draw_help(const char *const *own_lines);

#endif
