// SPDX-License-Identifier: ISC
// daemon/dsp/eq.c — the rack: which voice hears how much of the input, and when it is over.  [rt]
//
// Voices are born at the frame of a change.  Everything else that happens to them, the end of a
// tail, the start of a waiting target, a state that is not finite, happens on a grid that runs with
// the signal, so that the result does not depend on how it is cut into blocks.

#include "daemon/dsp/eq.h"

#include <stddef.h>
#include <string.h>

#include "daemon/dsp/eq_kernel.h"
#include "daemon/dsp/eq_voice.h"

/// -200 dBFS: below it a tail is over.
#define SILENCE 1e-10

/// The product of the m0 that are taken out, and its inverse, stay below: their ratio is finite.
#define SCALE_MAX 0x1p480

_Static_assert(CH_EQ_SECTIONS_MAX <= 64, "one bit per slot");

// --- changes ------------------------------------------------------------------------------------

CH_RT static bool
arrived(const struct ch_eq_voice *voice)
{
    return voice->position >= voice->length;
}

/// Not fed any more.
CH_RT static bool
is_tail(const struct ch_eq_slot *slot, uint32_t index)
{
    return index + 1 < slot->n_voices && arrived(&slot->voice[index]) &&
           arrived(&slot->voice[index + 1]);
}

CH_RT static void
update_running(struct ch_eq *eq, uint32_t index)
{
    const uint64_t bit = UINT64_C(1) << index;
    eq->running = eq->slot[index].n_voices > 0 ? eq->running | bit : eq->running & ~bit;
}

CH_RT static bool
holds(double scale)
{
    return (scale < SCALE_MAX && scale > 1.0 / SCALE_MAX) ||
           (scale > -SCALE_MAX && scale < -1.0 / SCALE_MAX);
}

/// The states of the slot become `scale` times what they are without a cascade.
CH_RT static void
rescale(struct ch_eq_slot *slot, const double scale[CH_CHANNELS])
{
    if (scale[0] != slot->scale[0] || scale[1] != slot->scale[1]) {
        const double by[CH_CHANNELS] = {scale[0] / slot->scale[0], scale[1] / slot->scale[1]};
        for (uint32_t i = 0; i < slot->n_voices; i++) {
            ch_eq_voice_scale(&slot->voice[i], by);
        }
        slot->scale[0] = scale[0];
        slot->scale[1] = scale[1];
    }
}

/// Which sections are in the cascade, and with that the gain before it and the scale of all states.
/// To be called when a section has come to rest or begun to change: what follows it stays as it is.
CH_RT static void
compose(struct ch_eq *eq)
{
    double scale[CH_CHANNELS] = {1.0, 1.0};
    eq->filtered = 0;
    for (uint64_t left = eq->running; left != 0;) {
        const uint32_t index = 63 - (uint32_t)__builtin_clzll(left);
        struct ch_eq_slot *slot = &eq->slot[index];
        const struct ch_eq_voice *first = &slot->voice[0];
        const double next[CH_CHANNELS] = {scale[0] * first->m0[0], scale[1] * first->m0[1]};
        slot->in_cascade =
            slot->n_voices == 1 && ch_eq_voice_scalable(first) && holds(next[0]) && holds(next[1]);
        if (slot->in_cascade) {
            scale[0] = next[0];
            scale[1] = next[1];
        }
        rescale(slot, scale);
        for (uint32_t i = 0; i < slot->n_voices; i++) {
            eq->filtered |= CH_EQ_BOTH & ~slot->voice[i].identity;
        }
        left &= ~(UINT64_C(1) << index);
    }
    eq->gain[0] = scale[0];
    eq->gain[1] = scale[1];
}

/// Whether a voice that begins now would arrive before some of those that do.
CH_RT static bool
is_quicker(const struct ch_eq_slot *slot, uint32_t n_frames)
{
    bool quicker = false;
    for (uint32_t i = 0; i < slot->n_voices; i++) {
        quicker |= slot->voice[i].length - slot->voice[i].position > n_frames;
    }
    return quicker;
}

/// The voice takes over the input within n_frames; false if there is no room for it.
CH_RT static bool
start(struct ch_eq_slot *slot, const struct ch_eq_voice *voice, uint32_t n_frames)
{
    const bool hurries = is_quicker(slot, n_frames);
    if (slot->n_voices >= CH_EQ_VOICES - (hurries ? 0 : 1)) {
        return false;
    }
    if (slot->n_voices == 0) {
        ch_eq_voice_init(&slot->voice[0], NULL, CH_EQ_BOTH);
        slot->n_voices = 1;
    }
    struct ch_eq_voice *newest = &slot->voice[slot->n_voices++];
    *newest = *voice;
    newest->position = 0;
    newest->length = n_frames;
    newest->hurries = hurries;
    slot->pending_length = 0;
    return true;
}

CH_RT static bool
leads_to(const struct ch_eq_slot *slot, const struct ch_eq_voice *voice)
{
    return slot->n_voices == 0 ? voice->identity == CH_EQ_BOTH
                               : ch_eq_voice_same(&slot->voice[slot->n_voices - 1], voice);
}

/// Be `voice` and nothing else.
CH_RT static void
snap(struct ch_eq_slot *slot, const struct ch_eq_voice *voice)
{
    slot->voice[0] = *voice;
    slot->voice[0].position = slot->voice[0].length;
    slot->voice[0].tail = false;
    slot->n_voices = voice->identity == CH_EQ_BOTH ? 0 : 1;
    slot->pending_length = 0;
}

CH_RT void
ch_eq_set_section(struct ch_eq *eq, uint32_t index, const struct ch_eq_section *target,
                  uint32_t identity, uint32_t n_frames)
{
    struct ch_eq_slot *slot = &eq->slot[index];
    struct ch_eq_voice voice;
    ch_eq_voice_init(&voice, target, identity);

    if (n_frames == 0) {
        snap(slot, &voice);
    } else if (leads_to(slot, &voice)) {
        slot->pending_length = 0;
    } else if (!start(slot, &voice, n_frames)) {
        slot->pending = *target;
        slot->pending_identity = identity;
        slot->pending_length = n_frames;
    }
    update_running(eq, index);
    compose(eq);
}

CH_RT void
ch_eq_set_preamp(struct ch_eq *eq, float left, float right, uint32_t n_frames)
{
    const float linear[CH_CHANNELS] = {left, right};
    for (int c = 0; c < CH_CHANNELS; c++) {
        if (n_frames == 0) {
            ch_ramp_snap(&eq->preamp[c], linear[c]);
        } else {
            ch_ramp_to(&eq->preamp[c], linear[c], n_frames);
        }
    }
}

// --- upkeep, on the grid ------------------------------------------------------------------------

CH_RT static bool
is_over(const struct ch_eq_slot *slot, uint32_t index)
{
    const struct ch_eq_voice *voice = &slot->voice[index];
    const bool left = voice->leave_length > 0 && voice->leave_position >= voice->leave_length;
    return is_tail(slot, index) && (left || ch_eq_voice_level(voice, slot->scale) < SILENCE);
}

/// A voice whose neighbours have both arrived can go without anything moving.
CH_RT static void
remove_finished(struct ch_eq_slot *slot)
{
    uint32_t n_kept = 0;
    for (uint32_t i = 0; i < slot->n_voices; i++) {
        if (is_over(slot, i)) {
            continue;
        }
        if (n_kept != i) {
            slot->voice[n_kept] = slot->voice[i];
        }
        n_kept++;
    }
    slot->n_voices = n_kept;
    if (n_kept == 1 && slot->voice[0].identity == CH_EQ_BOTH) {
        slot->n_voices = 0;
    }
}

/// Decided here and not at the frame at which it becomes true: the kernels sum tails by themselves.
CH_RT static void
find_tails(struct ch_eq_slot *slot)
{
    for (uint32_t i = 0; i < slot->n_voices; i++) {
        slot->voice[i].tail = is_tail(slot, i);
    }
}

/// While too many voices want to stay, ask the oldest tail to leave, twice as slowly as it came.
CH_RT static void
make_room(struct ch_eq_slot *slot)
{
    uint32_t n_staying = 0;
    struct ch_eq_voice *oldest = NULL;
    for (uint32_t i = 0; i < slot->n_voices; i++) {
        if (slot->voice[i].leave_length == 0) {
            n_staying++;
            if (oldest == NULL && slot->voice[i].tail) {
                oldest = &slot->voice[i];
            }
        }
    }
    if (n_staying > CH_EQ_VOICES_STAYING && oldest != NULL) {
        oldest->leave_length = 2 * slot->voice[slot->n_voices - 1].length;
    }
}

CH_RT static void
start_pending(struct ch_eq_slot *slot)
{
    if (slot->pending_length > 0) {
        struct ch_eq_voice voice;
        ch_eq_voice_init(&voice, &slot->pending, slot->pending_identity);
        (void)start(slot, &voice, slot->pending_length);
    }
}

CH_RT static void
look_after(struct ch_eq *eq)
{
    bool changing = false;
    for (uint64_t left = eq->running; left != 0; left &= left - 1) {
        const uint32_t index = (uint32_t)__builtin_ctzll(left);
        struct ch_eq_slot *slot = &eq->slot[index];
        for (uint32_t i = 0; i < slot->n_voices; i++) {
            eq->n_resets += !ch_eq_voice_tidy(&slot->voice[i], slot->scale);
        }
        if (slot->n_voices > 1) {
            remove_finished(slot);
            find_tails(slot);
            make_room(slot);
            start_pending(slot);
            update_running(eq, index);
            changing = true;
        }
    }
    if (changing) {
        compose(eq);
    }
}

// --- signal -------------------------------------------------------------------------------------

CH_RT static bool
preamp_is_flat(const struct ch_ramp *preamp)
{
    return ch_ramp_settled(preamp) && preamp->target == 1.0f;
}

/// At most CH_EQ_GRID_FRAMES.
CH_RT static void
run_chunk(struct ch_eq *eq, float *left, float *right, uint32_t n_frames)
{
#if CH_EQ_HAVE_AVX2
    if (eq->kernel == CH_EQ_KERNEL_AVX2) {
        ch_eq_chunk_avx2(eq, left, right, n_frames);
        return;
    }
#endif
    ch_eq_chunk_sse2(eq, left, right, n_frames);
}

/// A channel that no section filters.  Where the preamp does nothing to it either it stays as it
/// is, whatever is in it; in its place the kernel filters silence.
CH_RT static void
run_chunk_in_part(struct ch_eq *eq, float *left, float *right, uint32_t n_frames)
{
    float spare[CH_EQ_GRID_FRAMES];
    memset(spare, 0, n_frames * sizeof *spare);
    const bool left_passes = !(eq->filtered & CH_EQ_LEFT) && preamp_is_flat(&eq->preamp[0]);
    const bool right_passes = !(eq->filtered & CH_EQ_RIGHT) && preamp_is_flat(&eq->preamp[1]);
    run_chunk(eq, left_passes ? spare : left, right_passes ? spare : right, n_frames);
}

CH_RT static bool
is_flat(const struct ch_eq *eq)
{
    return eq->running == 0 && preamp_is_flat(&eq->preamp[0]) && preamp_is_flat(&eq->preamp[1]);
}

CH_RT void
ch_eq_run(struct ch_eq *eq, float *left, float *right, uint32_t n_frames)
{
    while (n_frames > 0 && !is_flat(eq)) {
        const uint32_t n = n_frames < eq->grid_left ? n_frames : eq->grid_left;
        if (eq->filtered == CH_EQ_BOTH) {
            run_chunk(eq, left, right, n);
        } else {
            run_chunk_in_part(eq, left, right, n);
        }
        left += n;
        right += n;
        n_frames -= n;
        eq->grid_left -= n;
        if (eq->grid_left == 0) {
            look_after(eq);
            eq->grid_left = CH_EQ_GRID_FRAMES;
        }
    }
    if (is_flat(eq)) {
        eq->grid_left = CH_EQ_GRID_FRAMES;
    }
}

CH_RT bool
ch_eq_quiet(const struct ch_eq *eq)
{
    for (uint64_t left = eq->running; left != 0; left &= left - 1) {
        const struct ch_eq_slot *slot = &eq->slot[__builtin_ctzll(left)];
        if (slot->n_voices > 1 || !(ch_eq_voice_level(&slot->voice[0], slot->scale) < SILENCE)) {
            return false;
        }
    }
    return ch_ramp_settled(&eq->preamp[0]) && ch_ramp_settled(&eq->preamp[1]);
}

CH_RT void
ch_eq_reset(struct ch_eq *eq)
{
    ch_ramp_snap(&eq->preamp[0], ch_ramp_goal(&eq->preamp[0]));
    ch_ramp_snap(&eq->preamp[1], ch_ramp_goal(&eq->preamp[1]));
    for (uint64_t left = eq->running; left != 0; left &= left - 1) {
        const uint32_t index = (uint32_t)__builtin_ctzll(left);
        struct ch_eq_slot *slot = &eq->slot[index];
        struct ch_eq_voice voice = slot->voice[slot->n_voices - 1];
        if (slot->pending_length > 0) {
            ch_eq_voice_init(&voice, &slot->pending, slot->pending_identity);
        }
        ch_eq_voice_clear(&voice);
        snap(slot, &voice);
        update_running(eq, index);
    }
    compose(eq);
    eq->grid_left = CH_EQ_GRID_FRAMES;
}
