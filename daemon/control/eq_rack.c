// SPDX-License-Identifier: ISC
// daemon/control/eq_rack.c — sections of bands, and the commands that bring [rt] to them.

#include "daemon/control/eq_rack.h"

#include "daemon/control/equaliser.h"
#include "daemon/engine/messages.h"

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

static struct ch_command
preamp_command(const struct ch_equaliser *eq)
{
    const float linear = (float)ch_linear_from_db(eq->preamp_db);
    const uint32_t bypass = ch_equaliser_bypass(eq);
    return (struct ch_command){.op = CH_COMMAND_EQ_PREAMP,
                               .preamp = {.left = bypass & CH_EQ_LEFT ? 1.0f : linear,
                                          .right = bypass & CH_EQ_RIGHT ? 1.0f : linear}};
}

uint32_t
ch_eq_rack_commands(struct ch_eq_rack *rack, const struct ch_equaliser *eq, uint32_t rate_hz,
                    struct ch_command *commands)
{
    struct ch_eq_rack next = *rack;
    lay_out(eq, rate_hz, &next);
    uint32_t n = 0;
    for (uint32_t i = 0; i < CH_EQ_SECTIONS_MAX; i++) {
        if (!rack->told || !same(rack, &next, i)) {
            commands[n++] = (struct ch_command){.op = CH_COMMAND_EQ_SECTION,
                                                .eq = {.section = next.section[i],
                                                       .index = (uint16_t)i,
                                                       .identity = (uint16_t)next.identity[i]}};
        }
    }
    commands[n++] = preamp_command(eq);
    next.told = true;
    *rack = next;
    return n;
}
