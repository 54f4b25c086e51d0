// SPDX-License-Identifier: ISC
// daemon/eqtext/read_apo.c — Equalizer APO's configuration: "Name: parameters", one a line.

#include <string.h>

#include "daemon/eqtext/internal.h"
#include "daemon/eqtext/words.h"

struct apo {
    struct ch_eqtext_reading *r;
    unsigned channels; ///< that the lines which follow are for
    uint32_t n_conditions;
};

static bool
parse_channel(const char *name, unsigned *channels)
{
    static const struct {
        const char *name;
        unsigned channels;
    } names[] = {{"all", CH_EQ_BOTH}, {"L", CH_EQ_LEFT},   {"FL", CH_EQ_LEFT}, {"1", CH_EQ_LEFT},
                 {"R", CH_EQ_RIGHT},  {"FR", CH_EQ_RIGHT}, {"2", CH_EQ_RIGHT}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (ch_words_same(name, names[i].name)) {
            *channels |= names[i].channels;
            return true;
        }
    }
    return false;
}

void
ch_eqtext_take_channel(struct ch_eqtext_reading *r, const char *text, unsigned *channels,
                       const struct ch_eqtext_line *line)
{
    char unknown[CH_WORD_BYTES] = "";
    *channels = 0;
    for (ch_words_blanks(&text); *text; ch_words_blanks(&text)) {
        char name[CH_WORD_BYTES];
        size_t n = 0;
        for (; *text && *text != ' '; text++) {
            if (n + 1 < sizeof name) {
                name[n++] = *text;
            }
        }
        name[n] = '\0';
        if (!parse_channel(name, channels)) {
            memcpy(unknown, name, sizeof unknown);
        }
    }
    if (!*channels) {
        ch_eqtext_note(&r->out->notes, line, "there are only the channels L and R here");
    } else {
        r->out->n_used++;
        if (*unknown) {
            ch_eqtext_note(&r->out->notes, line, "there is no channel '%s' here", unknown);
        }
    }
}

static void
on_filter(struct apo *apo, const char *text, const struct ch_eqtext_line *line)
{
    struct ch_eq_band band;
    char why[CH_EQTEXT_WHY_BYTES];
    bool empty;
    if (ch_eqtext_parse_filter(text, apo->r->rate_hz, &band, &empty, why)) {
        ch_eqtext_add_band(apo->r, &band, apo->channels, line);
    } else if (!empty) {
        ch_eqtext_note(&apo->r->out->notes, line, "%s", why);
    }
}

void
ch_eqtext_take_preamp(struct ch_eqtext_reading *r, const char *text, unsigned channels,
                      const struct ch_eqtext_line *line)
{
    double gain_db;
    const char *at = text;
    const bool ok = ch_words_number(&at, &gain_db);
    ch_words_skip(&at, "dB");
    ch_words_blanks(&at);
    if (!ok || (*at && *at != '#')) {
        ch_eqtext_note(&r->out->notes, line, "a preamp is a number of dB");
    } else {
        ch_eqtext_add_gain(r, gain_db, channels, line);
    }
}

static void
on_curve(struct apo *apo, const struct ch_eqtext_line *line, size_t skip)
{
    if (apo->channels != CH_EQ_BOTH) {
        ch_eqtext_note(&apo->r->out->notes, line, "a curve is fitted for both channels only");
    } else {
        ch_eqtext_parse_points(apo->r, line->text + skip, line);
    }
}

// A condition and all that depends on it; false: the line has to do with none.
static bool
on_condition(struct apo *apo, const char *name, const struct ch_eqtext_line *line)
{
    const bool begin = ch_words_same(name, "If");
    const bool end = ch_words_same(name, "EndIf");
    if (!begin && !apo->n_conditions) {
        return false;
    }
    ch_eqtext_note(&apo->r->out->notes, line, "conditions can't be decided here");
    apo->n_conditions += begin;
    apo->n_conditions -= end;
    return true;
}

/// Known, and why they can't be used.
static const struct {
    const char *name, *why;
} others[] = {
    {"Device", "there is one device; what follows is taken for it"},
    {"Stage", "there is one stage; what follows is taken for it"},
    {"Include", "other files are not looked for"},
    {"Copy", "channels can't be mixed here"},
    {"Delay", "there is no delay here"},
    {"Convolution", "there is no convolution here"},
    {"IIR", "a filter by its coefficients has no place among bands"},
    {"Eval", "expressions can't be evaluated here"},
    {"VSTPlugin", "there are no plug-ins here"},
    {"LoudnessCorrection", "it follows the volume; there is the preset 'loudness'"},
};

static void
on_other(struct apo *apo, const char *name, const struct ch_eqtext_line *line)
{
    const char *why = "there is no such command";
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (ch_words_same(name, others[i].name)) {
            why = others[i].why;
        }
    }
    ch_eqtext_note(&apo->r->out->notes, line, "%s", why);
}

// The name before the colon without the number behind it; `skip` is what stands before the rest.
static bool
take_name(const struct ch_eqtext_line *line, char name[CH_WORD_BYTES], size_t *skip)
{
    const char *colon = memchr(line->text, ':', line->length);
    char head[CH_WORDS_LINE_BYTES];
    if (!colon || !ch_words_tidy(head, line->text, (size_t)(colon - line->text))) {
        return false;
    }
    const char *at = head;
    *skip = (size_t)(colon - line->text) + 1;
    return ch_words_word(&at, name);
}

// "Filter", and as Equalizer APO has it whatever begins so.
static bool
is_filter(const char *name)
{
    char head[] = "Filter";
    return strlen(name) >= strlen(head) &&
           ch_words_same(memcpy(head, name, strlen(head)), "Filter");
}

static void
on_command(struct apo *apo, const char *name, size_t skip, const struct ch_eqtext_line *line)
{
    char text[CH_WORDS_LINE_BYTES];
    if (ch_words_same(name, "GraphicEQ") && apo->channels) {
        on_curve(apo, line, skip);
        return;
    }
    if (!ch_words_tidy(text, line->text + skip, line->length - skip)) {
        ch_eqtext_note(&apo->r->out->notes, line, "the line is too long");
        return;
    }
    if (ch_words_same(name, "Channel")) {
        ch_eqtext_take_channel(apo->r, text, &apo->channels, line);
    } else if (is_filter(name) || ch_words_same(name, "Preamp") ||
               ch_words_same(name, "GraphicEQ")) {
        if (!apo->channels) {
            ch_eqtext_note(&apo->r->out->notes, line, CH_EQTEXT_NO_CHANNEL);
        } else if (ch_words_same(name, "Preamp")) {
            ch_eqtext_take_preamp(apo->r, text, apo->channels, line);
        } else {
            on_filter(apo, text, line);
        }
    } else {
        on_other(apo, name, line);
    }
}

void
ch_eqtext_read_apo(struct ch_eqtext_reading *r)
{
    struct apo apo = {.r = r, .channels = CH_EQ_BOTH};
    struct ch_eqtext_line line;
    while (ch_eqtext_next_line(r, &line)) {
        char name[CH_WORD_BYTES];
        size_t skip;
        if (!line.length || line.text[0] == '#') {
            continue;
        }
        const bool named = take_name(&line, name, &skip);
        if (on_condition(&apo, named ? name : "", &line)) {
            continue;
        }
        if (named) {
            on_command(&apo, name, skip, &line);
        } else if (r->out->format == CH_EQTEXT_GRAPHIC) {
            on_curve(&apo, &line, 0);
        } else {
            ch_eqtext_note(&r->out->notes, &line, "it is no 'Name: parameters'");
        }
    }
}
