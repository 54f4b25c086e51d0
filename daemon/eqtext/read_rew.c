// SPDX-License-Identifier: ISC
// daemon/eqtext/read_rew.c — Room EQ Wizard's filter settings: formatted text, or columns.
//
// Both begin with a head that says when and of what they were made; a line "Equaliser: NAME" is
// followed by the name of the measurement.  Then "Filter  1: ON  PK  Fc …" for each place, or a
// line of column names and the places by number.

#include <string.h>

#include "daemon/eqtext/internal.h"
#include "daemon/eqtext/words.h"

#define COLUMNS_MAX 16
#define CELL_BYTES  32

struct cells {
    char cell[COLUMNS_MAX][CELL_BYTES];
    uint32_t n;
};

/// Which column says what; COLUMNS_MAX: none.
struct columns {
    uint32_t enabled, type, freq, gain, q;
    bool known;
};

static void
split(const char *text, struct cells *cells)
{
    memset(cells, 0, sizeof *cells);
    for (ch_words_blanks(&text); *text && cells->n < COLUMNS_MAX; ch_words_blanks(&text)) {
        char *cell = cells->cell[cells->n++];
        for (size_t n = 0; *text && *text != ' '; text++) {
            if (n + 1 < CELL_BYTES) {
                cell[n++] = *text;
            }
        }
    }
}

static uint32_t
find_column(const struct cells *cells, const char *name)
{
    for (uint32_t i = 0; i < cells->n; i++) {
        if (!strncmp(cells->cell[i], name, strlen(name))) {
            return i;
        }
    }
    return COLUMNS_MAX;
}

static bool
read_names(const struct cells *cells, struct columns *columns)
{
    if (strcmp(cells->cell[0], "Number") != 0) {
        return false;
    }
    columns->enabled = find_column(cells, "Enabled");
    columns->type = find_column(cells, "Type");
    columns->freq = find_column(cells, "Frequency");
    columns->gain = find_column(cells, "Gain");
    columns->q = find_column(cells, "Q");
    columns->known = columns->type < COLUMNS_MAX && columns->freq < COLUMNS_MAX;
    return columns->known;
}

static const char *
cell_at(const struct cells *cells, uint32_t column)
{
    return column < COLUMNS_MAX ? cells->cell[column] : "";
}

// A place in columns, said again as a formatted line.
static void
on_place(struct ch_eqtext_reading *r, const struct columns *columns, const struct cells *cells,
         const struct ch_eqtext_line *line)
{
    const char *gain = cell_at(cells, columns->gain);
    const char *q = cell_at(cells, columns->q);
    char text[CH_WORDS_LINE_BYTES], why[CH_EQTEXT_WHY_BYTES];
    struct ch_eq_band band;
    bool empty;
    snprintf(text, sizeof text, "%s %s Fc %s Hz%s%s%s%s",
             ch_words_same(cell_at(cells, columns->enabled), "False") ? "OFF" : "ON",
             cell_at(cells, columns->type), cell_at(cells, columns->freq), *gain ? " Gain " : "",
             gain, *q ? " Q " : "", q);
    if (ch_eqtext_parse_filter(text, r->rate_hz, &band, &empty, why)) {
        ch_eqtext_add_band(r, &band, CH_EQ_BOTH, line);
    } else if (!empty) {
        ch_eqtext_note(&r->out->notes, line, "%s", why);
    }
}

static void
on_filter(struct ch_eqtext_reading *r, const char *text, const struct ch_eqtext_line *line)
{
    const char *colon = strchr(text, ':');
    char why[CH_EQTEXT_WHY_BYTES] = "it is no filter";
    struct ch_eq_band band;
    bool empty = false;
    if (colon && ch_eqtext_parse_filter(colon + 1, r->rate_hz, &band, &empty, why)) {
        ch_eqtext_add_band(r, &band, CH_EQ_BOTH, line);
    } else if (!empty) {
        ch_eqtext_note(&r->out->notes, line, "%s", why);
    }
}

/// Where in the head we are.
enum place { IN_HEAD, IN_NOTES, AT_NAME, IN_BODY };

// Whether it belongs to the head; *place moves on.
static bool
is_head(const char *text, enum place *place)
{
    static const char *const known[] = {"Filter Settings file", "Room EQ V", "Dated:"};
    if (!strncmp(text, "Equaliser:", 10) || !strncmp(text, "Equalizer:", 10)) {
        *place = AT_NAME;
        return true;
    }
    if (!strncmp(text, "Notes:", 6)) {
        *place = IN_NOTES;
        return true;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!strncmp(text, known[i], strlen(known[i]))) {
            return true;
        }
    }
    if (*place == AT_NAME) {
        *place = IN_BODY;
        return true;
    }
    return *place == IN_NOTES;
}

// "Filter 1:", not "Filter Settings file".
static bool
is_filter(const char *text)
{
    double number;
    return ch_words_skip(&text, "Filter") && ch_words_number(&text, &number) && *text == ':';
}

static void
on_line(struct ch_eqtext_reading *r, const struct ch_eqtext_line *line, struct columns *columns,
        enum place *place)
{
    char text[CH_WORDS_LINE_BYTES];
    struct cells cells;
    if (!ch_words_tidy(text, line->text, line->length)) {
        if (*place != IN_NOTES) {
            ch_eqtext_note(&r->out->notes, line, "the line is too long");
        }
        return;
    }
    split(text, &cells);
    const char *at = text;
    double number;
    if (is_filter(text)) {
        *place = IN_BODY;
        on_filter(r, text, line);
    } else if (read_names(&cells, columns)) {
        *place = IN_BODY;
    } else if (columns->known && ch_words_number(&at, &number) && *at == ' ') {
        on_place(r, columns, &cells, line);
    } else if (!is_head(text, place)) {
        ch_eqtext_note(&r->out->notes, line, "it is no filter");
    }
}

void
ch_eqtext_read_rew(struct ch_eqtext_reading *r)
{
    struct columns columns = {.known = false};
    enum place place = IN_HEAD;
    struct ch_eqtext_line line;
    while (ch_eqtext_next_line(r, &line)) {
        if (line.length) {
            on_line(r, &line, &columns, &place);
        }
    }
}
