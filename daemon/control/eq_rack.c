// SPDX-License-Identifier: ISC
// daemon/control/eq_rack.c — sections of bands, and the commands that bring [rt] to them.

#include "daemon/control/eq_rack.h"

#include <math.h>

#include "daemon/control/equaliser.h"
#include "daemon/dsp/eq_design.h"
#include "daemon/engine/messages.h"

/// Changes that leave the whole this loud take the engine's ramp; louder ones have more to go.
#define BOOST_QUICK_DB 12.0
#define RAMP_MS        20.0
#define RAMP_MS_PER_DB 3.0
#define RAMP_MAX_MS    150.0

/// tan(w/2) of a thousandth of the rate and of 0.49 of it.
#define LOW_END  0.00314
#define HIGH_END 31.8

/// What runs is what a band is when it is flat.
static const struct ch_eq_section through = {.g = 1.0, .k = 1.0, .mh = 1.0, .mb = 1.0, .ml = 1.0};

uint32_t
ch_eq_rack_extras(const struct ch_eq_band *bands, uint32_t n_bands)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_bands; i++) {
        n += ch_eq_band_sections(&bands[i]) - 1;
    }
    return n;
}

/// A slot of the pool that no band has, 0 if there is none.
static uint8_t
free_slot(const struct ch_eq_rack *rack)
{
    bool taken[CH_EQ_SECTIONS_MAX] = {false};
    for (uint32_t i = 0; i < CH_EQ_BANDS_MAX; i++) {
        for (uint32_t k = 0; k < CH_EQ_BAND_SECTIONS_MAX - 1; k++) {
            taken[rack->extra[i][k]] = true;
        }
    }
    for (uint32_t i = CH_EQ_BANDS_MAX; i < CH_EQ_SECTIONS_MAX; i++) {
        if (!taken[i]) {
            return (uint8_t)i;
        }
    }
    return 0;
}

/// Every band keeps the slots that it still needs; only then are those that went handed out.
static void
deal_out(struct ch_eq_rack *rack, const struct ch_equaliser *eq)
{
    uint32_t n_extras[CH_EQ_BANDS_MAX] = {0};
    for (uint32_t i = 0; i < CH_EQ_BANDS_MAX; i++) {
        n_extras[i] = i < eq->n_bands ? ch_eq_band_sections(&eq->bands[i]) - 1 : 0;
        for (uint32_t k = n_extras[i]; k < CH_EQ_BAND_SECTIONS_MAX - 1; k++) {
            rack->extra[i][k] = 0;
        }
    }
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        for (uint32_t k = 0; k < n_extras[i]; k++) {
            if (rack->extra[i][k] == 0) {
                rack->extra[i][k] = free_slot(rack);
            }
        }
    }
}

/// What is to run in each slot.
static void
lay_out(const struct ch_equaliser *eq, uint32_t rate_hz, struct ch_eq_rack *rack)
{
    deal_out(rack, eq);
    for (uint32_t i = 0; i < CH_EQ_SECTIONS_MAX; i++) {
        rack->section[i] = through;
        rack->identity[i] = CH_EQ_BOTH;
    }
    const uint32_t bypass = ch_equaliser_bypass(eq);
    for (uint32_t i = 0; i < eq->n_bands && bypass != CH_EQ_BOTH; i++) {
        struct ch_eq_section section[CH_EQ_BAND_SECTIONS_MAX];
        const uint32_t n = ch_eq_sections_from_band(&eq->bands[i], eq->design, rate_hz, section);
        for (uint32_t k = 0; k < n; k++) {
            const uint32_t slot = k == 0 ? i : rack->extra[i][k - 1];
            if (k == 0 || slot != 0) {
                rack->section[slot] = section[k];
                rack->identity[slot] = bypass | ch_eq_band_bypass(&eq->bands[i]);
            }
        }
    }
}

static bool
same(const struct ch_eq_rack *a, const struct ch_eq_rack *b, uint32_t slot)
{
    const struct ch_eq_section *x = &a->section[slot], *y = &b->section[slot];
    if (a->identity[slot] != b->identity[slot]) {
        return false;
    }
    return a->identity[slot] == CH_EQ_BOTH ||
           (x->g == y->g && x->k == y->k && x->mh == y->mh && x->mb == y->mb && x->ml == y->ml);
}

// --- how fast -----------------------------------------------------------------------------------

/// |H|^2 of sections one after the other, where tan(w/2) is t.
static double
power_at(const struct ch_eq_rack *rack, const uint8_t *heard, uint32_t n_heard, double t)
{
    double power = 1.0;
    for (uint32_t i = 0; i < n_heard; i++) {
        power *= ch_eq_section_power(&rack->section[heard[i]], t, 1.0);
    }
    return power;
}

/// What all sections do together, in dB, as high as it gets at their corners and at both ends.
static double
highest_db(const struct ch_eq_rack *rack)
{
    uint8_t heard[CH_EQ_SECTIONS_MAX];
    uint32_t n_heard = 0;
    for (uint32_t i = 0; i < CH_EQ_SECTIONS_MAX; i++) {
        if (rack->identity[i] != CH_EQ_BOTH) {
            heard[n_heard++] = (uint8_t)i;
        }
    }
    double highest =
        fmax(power_at(rack, heard, n_heard, LOW_END), power_at(rack, heard, n_heard, HIGH_END));
    for (uint32_t i = 0; i < n_heard; i++) {
        highest = fmax(highest, power_at(rack, heard, n_heard, rack->section[heard[i]].g));
    }
    return 10.0 * log10(highest);
}

/// A tone that is raised by 24 dB in 20 ms leaves -84 dBFS above 2 kHz of what the limiter does
/// about it.  0: the engine's default is slow enough.
static uint32_t
ramp_frames(const struct ch_eq_rack *rack, const struct ch_equaliser *eq, uint32_t rate_hz)
{
    const double preamp_db = ch_equaliser_bypass(eq) == CH_EQ_BOTH ? 0.0 : eq->preamp_db;
    const double above_db = highest_db(rack) + preamp_db - BOOST_QUICK_DB;
    if (!(above_db > 0.0)) {
        return 0;
    }
    return ch_frames_from_ms(fmin(RAMP_MS + above_db * RAMP_MS_PER_DB, RAMP_MAX_MS), rate_hz);
}

static struct ch_command
preamp_command(const struct ch_equaliser *eq, uint32_t n_frames)
{
    const float linear = (float)ch_linear_from_db(eq->preamp_db);
    const uint32_t bypass = ch_equaliser_bypass(eq);
    return (struct ch_command){.op = CH_COMMAND_EQ_PREAMP,
                               .preamp = {.left = bypass & CH_EQ_LEFT ? 1.0f : linear,
                                          .right = bypass & CH_EQ_RIGHT ? 1.0f : linear,
                                          .ramp_frames = n_frames}};
}

uint32_t
ch_eq_rack_commands(struct ch_eq_rack *rack, const struct ch_equaliser *eq, uint32_t rate_hz,
                    struct ch_command *commands)
{
    struct ch_eq_rack next = *rack;
    lay_out(eq, rate_hz, &next);
    const uint32_t n_frames = ramp_frames(&next, eq, rate_hz);
    uint32_t n = 0;
    for (uint32_t i = 0; i < CH_EQ_SECTIONS_MAX; i++) {
        if (!rack->told || !same(rack, &next, i)) {
            commands[n++] = (struct ch_command){.op = CH_COMMAND_EQ_SECTION,
                                                .eq = {.section = next.section[i],
                                                       .index = (uint16_t)i,
                                                       .identity = (uint16_t)next.identity[i],
                                                       .ramp_frames = n_frames}};
        }
    }
    commands[n++] = preamp_command(eq, n_frames);
    next.told = true;
    *rack = next;
    return n;
}
