// SPDX-License-Identifier: ISC
// daemon/engine/strip.c — [rt] the master strip: gains, mute, and a gate that waits for nobody.
//
// Commands wait in a queue, perhaps behind others whose frame is far away.  "Silence, now" must
// not: ch_engine_shut() counts up a number that is looked at before each slice.  What opens again
// is a command, so that it comes behind the gains that were sent with it; it says which shuts it
// knows of, and one that was sent before the latest opens nothing.

#include "daemon/engine/engine_internal.h"
#include "daemon/lockfree/counter.h"

CH_RT static void
move_gate(struct ch_engine *engine)
{
    const bool open = engine->n_shuts_over == engine->n_shuts_seen;
    ch_ramp_to(&engine->gate, open ? 1.0f : 0.0f, open ? engine->ramp_frames : engine->fade_frames);
}

CH_RT void
ch_engine_watch_gate(struct ch_engine *engine)
{
    engine->n_shuts_seen = (uint32_t)ch_counter_read(&engine->n_shuts);
    if (engine->n_shuts_told == engine->n_shuts_seen) {
        return;
    }
    move_gate(engine);
    // Without room it is told later, and closes now all the same.
    if (ch_engine_can_post(engine, CH_EVENT_RESERVE)) {
        engine->n_shuts_told = engine->n_shuts_seen;
        ch_engine_post(engine,
                       (struct ch_event_slot){.op = CH_EVENT_SHUT, .id = engine->n_shuts_told}, 0);
    }
}

CH_RT static bool
closed(const struct ch_engine *engine)
{
    return ch_ramp_settled(&engine->gate) && engine->gate.target == 0.0f;
}

CH_RT void
ch_engine_set_gain(struct ch_engine *engine, const struct ch_command *command)
{
    const float mute = command->gain.mute ? 0.0f : 1.0f;
    if (closed(engine)) {
        // Nobody hears it move: what the gate opens to is the gain that was asked for.
        ch_ramp_snap(&engine->gain[0], command->gain.left);
        ch_ramp_snap(&engine->gain[1], command->gain.right);
        ch_ramp_snap(&engine->mute, mute);
    } else {
        const uint32_t asked = command->gain.ramp_frames;
        const uint32_t n_frames = asked ? asked : engine->ramp_frames;
        ch_ramp_to(&engine->gain[0], command->gain.left, n_frames);
        ch_ramp_to(&engine->gain[1], command->gain.right, n_frames);
        ch_ramp_to(&engine->mute, mute, n_frames);
    }
    if ((int32_t)(command->gain.shuts_over - engine->n_shuts_over) > 0) {
        engine->n_shuts_over = command->gain.shuts_over;
    }
    engine->n_shuts_seen = (uint32_t)ch_counter_read(&engine->n_shuts);
    move_gate(engine);
}

CH_RT static void
scale(struct ch_engine *engine, struct ch_ramp *ramp, float *const planes[], uint32_t n_planes,
      uint32_t n_frames)
{
    if (ch_ramp_settled(ramp)) {
        const float gain = ramp->target;
        if (gain == 1.0f) {
            return; // bit for bit
        }
        for (uint32_t p = 0; p < n_planes; p++) {
            for (uint32_t i = 0; i < n_frames; i++) {
                planes[p][i] *= gain;
            }
        }
        return;
    }
    ch_ramp_fill(ramp, engine->scratch, n_frames);
    for (uint32_t p = 0; p < n_planes; p++) {
        for (uint32_t i = 0; i < n_frames; i++) {
            planes[p][i] *= engine->scratch[i];
        }
    }
}

CH_RT void
ch_engine_run_strip(struct ch_engine *engine, float *left, float *right, uint32_t n_frames)
{
    float *const planes[CH_CHANNELS] = {left, right};
    scale(engine, &engine->gain[0], planes, 1, n_frames);
    scale(engine, &engine->gain[1], planes + 1, 1, n_frames);
    scale(engine, &engine->mute, planes, CH_CHANNELS, n_frames);
    scale(engine, &engine->gate, planes, CH_CHANNELS, n_frames);
}

CH_RT bool
ch_engine_strip_settled(const struct ch_engine *engine)
{
    return ch_ramp_settled(&engine->gain[0]) && ch_ramp_settled(&engine->gain[1]) &&
           ch_ramp_settled(&engine->mute) && ch_ramp_settled(&engine->gate);
}

void
ch_engine_strip_settle(struct ch_engine *engine)
{
    struct ch_ramp *const ramps[] = {&engine->gain[0], &engine->gain[1], &engine->mute,
                                     &engine->gate};
    for (unsigned i = 0; i < sizeof ramps / sizeof *ramps; i++) {
        ch_ramp_snap(ramps[i], ch_ramp_goal(ramps[i]));
    }
}
