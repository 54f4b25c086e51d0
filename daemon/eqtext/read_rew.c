// SPDX-License-Identifier: ISC
// daemon/eqtext/read_rew.c — Room EQ Wizard's filter settings: formatted text, or columns.
//
// Both begin with a head that says when and of what they were made; a line "Equaliser: NAME" is
// followed by the name of the measurement.  Then "Filter  1: ON  PK  Fc …" for each place, or a
// line of column names and the places by number.  Columns stand apart by tabs, and then a cell may
// be empty or have blanks in it, or by blanks.  Lines for Equalizer APO, "Preamp: -3 dB" and
// "Channel: L", are understood where somebody has put them in.

#include <math.h>
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
    uint32_t enabled, type, freq, gain, q, bandwidth;
    bool known;
};

/// Where in the head we are.
enum place { IN_HEAD, IN_NOTES, AT_NAME, IN_BODY };

struct rew {
    struct ch_eqtext_reading *r;
    struct columns columns;
    enum place place;
    unsigned channels; ///< that the lines which follow are for
};

static void
add_cell(struct cells *cells, const char *text, size_t length)
{
    while (length && text[0] == ' ') {
        text++;
        length--;
    }
    while (length && text[length - 1] == ' ') {
        length--;
    }
    char *cell = cells->cell[cells->n++];
    memcpy(cell, text, length < CELL_BYTES ? length : CELL_BYTES - 1);
}

static void
split_at_tabs(const struct ch_eqtext_line *line, struct cells *cells)
{
    const char *text = line->text, *end = line->text + line->length;
    memset(cells, 0, sizeof *cells);
    while (text <= end && cells->n < COLUMNS_MAX) {
        const char *tab = text < end ? memchr(text, '\t', (size_t)(end - text)) : NULL;
        const char *stop = tab ? tab : end;
        char tidy[CH_WORDS_LINE_BYTES];
        if (!ch_words_tidy(tidy, text, (size_t)(stop - text))) {
            *tidy = '\0';
        }
        add_cell(cells, tidy, strlen(tidy));
        text = stop + 1;
    }
}

static void
split_at_blanks(const char *text, struct cells *cells)
{
    memset(cells, 0, sizeof *cells);
    for (ch_words_blanks(&text); *text && cells->n < COLUMNS_MAX; ch_words_blanks(&text)) {
        const size_t length = strcspn(text, " ");
        add_cell(cells, text, length);
        text += length;
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
    columns->bandwidth = find_column(cells, "Bandwidth");
    columns->known = columns->type < COLUMNS_MAX && columns->freq < COLUMNS_MAX;
    return columns->known;
}

static const char *
cell_at(const struct cells *cells, uint32_t column)
{
    return column < COLUMNS_MAX ? cells->cell[column] : "";
}

// "LP Q" in columns that stand apart by blanks looks like two cells.
static void
join_type(struct cells *cells, const struct columns *columns)
{
    const uint32_t q = columns->type + 1;
    if (q < cells->n && !strcmp(cells->cell[q], "Q") &&
        strlen(cells->cell[columns->type]) + 3 < CELL_BYTES) {
        strcat(cells->cell[columns->type], "_Q");
        memmove(cells->cell[q], cells->cell[q + 1], (COLUMNS_MAX - q - 1) * sizeof cells->cell[0]);
        cells->n--;
        *cells->cell[cells->n] = '\0';
    }
}

// A filter without a gain has one cell less where nothing marks an empty one.
static void
shift_q(struct cells *cells, const struct columns *columns)
{
    struct ch_eq_band band;
    char type[CELL_BYTES];
    strcpy(type, cell_at(cells, columns->type));
    if (ch_eqtext_filter_type(type, &band) && !ch_eqtext_has_gain(band.type) &&
        columns->gain + 1 == columns->q && cells->n == columns->q) {
        strcpy(cells->cell[columns->q], cells->cell[columns->gain]);
        *cells->cell[columns->gain] = '\0';
    }
}

// Q from a width in Hz; as much as there is to read.
static void
q_from_bandwidth(const struct cells *cells, const struct columns *columns, char q[CELL_BYTES])
{
    const char *freq = cell_at(cells, columns->freq);
    const char *width = cell_at(cells, columns->bandwidth);
    double freq_hz, width_hz;
    if (ch_words_frequency(&freq, &freq_hz) && ch_words_frequency(&width, &width_hz) &&
        width_hz > 0.0) {
        snprintf(q, CELL_BYTES, "%.10g", freq_hz / width_hz);
    }
}

// What stands behind "Filter 1:".
static void
take_filter(struct rew *rew, const char *text, const struct ch_eqtext_line *line)
{
    char why[CH_EQTEXT_WHY_BYTES];
    struct ch_eq_band band;
    bool empty;
    if (ch_eqtext_parse_filter(text, rew->r->rate_hz, &band, &empty, why)) {
        if (rew->channels) {
            ch_eqtext_add_band(rew->r, &band, rew->channels, line);
        } else {
            ch_eqtext_note(&rew->r->out->notes, line, CH_EQTEXT_NO_CHANNEL);
        }
    } else if (!empty) {
        ch_eqtext_note(&rew->r->out->notes, line, "%s", why);
    }
}

// A place in columns, said again as a formatted line.
static void
on_place(struct rew *rew, const struct cells *cells, const struct ch_eqtext_line *line)
{
    const struct columns *columns = &rew->columns;
    const char *gain = cell_at(cells, columns->gain);
    char text[CH_WORDS_LINE_BYTES], q[CELL_BYTES];
    strcpy(q, cell_at(cells, columns->q));
    if (!*q) {
        q_from_bandwidth(cells, columns, q);
    }
    snprintf(text, sizeof text, "%s %s Fc %s Hz%s%s%s%s",
             ch_words_same(cell_at(cells, columns->enabled), "False") ? "OFF" : "ON",
             cell_at(cells, columns->type), cell_at(cells, columns->freq), *gain ? " Gain " : "",
             gain, *q ? " Q " : "", q);
    take_filter(rew, text, line);
}

// Whether the line that is next has the names of columns: then this one is the equaliser's name.
static bool
names_follow(const struct rew *rew)
{
    struct ch_eqtext_reading r = *rew->r;
    struct ch_eqtext_line line = {.length = 0};
    while (!line.length && ch_eqtext_next_line(&r, &line)) {
    }
    return line.length > 6 && !memcmp(line.text, "Number", 6) &&
           (line.text[6] == ' ' || line.text[6] == '\t');
}

// Whether it belongs to the head; the place moves on.
static bool
is_head(struct rew *rew, const char *text)
{
    static const char *const known[] = {"Filter Settings file", "Room EQ V", "Dated:"};
    if (!strncmp(text, "Equaliser:", 10) || !strncmp(text, "Equalizer:", 10)) {
        rew->place = AT_NAME;
        return true;
    }
    if (!strncmp(text, "Notes:", 6)) {
        rew->place = IN_NOTES;
        return true;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!strncmp(text, known[i], strlen(known[i]))) {
            return true;
        }
    }
    if (rew->place == AT_NAME) {
        rew->place = IN_BODY;
        return true;
    }
    return rew->place == IN_NOTES || names_follow(rew);
}

// "Filter 1:", not "Filter Settings file"; *text moves behind it.
static bool
is_filter(const char **text)
{
    double number;
    const char *at = *text;
    if (!ch_words_skip(&at, "Filter") || !ch_words_number(&at, &number)) {
        return false;
    }
    ch_words_blanks(&at);
    if (*at != ':') {
        return false;
    }
    *text = at + 1;
    return true;
}

// "Preamp: -3 dB", "Channel: L"; false if it is neither.
static bool
is_command(struct rew *rew, const char *text, const struct ch_eqtext_line *line)
{
    const bool preamp = ch_words_skip(&text, "Preamp");
    if ((!preamp && !ch_words_skip(&text, "Channel")) || *text != ':') {
        return false;
    }
    if (!preamp) {
        ch_eqtext_take_channel(rew->r, text + 1, &rew->channels, line);
    } else if (rew->channels) {
        ch_eqtext_take_preamp(rew->r, text + 1, rew->channels, line);
    } else {
        ch_eqtext_note(&rew->r->out->notes, line, CH_EQTEXT_NO_CHANNEL);
    }
    return true;
}

static void
on_line(struct rew *rew, const struct ch_eqtext_line *line)
{
    char text[CH_WORDS_LINE_BYTES];
    struct cells cells;
    if (!ch_words_tidy(text, line->text, line->length)) {
        if (rew->place != IN_NOTES) {
            ch_eqtext_note(&rew->r->out->notes, line, "the line is too long");
        }
        return;
    }
    const bool tabs = memchr(line->text, '\t', line->length) != NULL;
    if (tabs) {
        split_at_tabs(line, &cells);
    } else {
        split_at_blanks(text, &cells);
    }
    const char *at = text, *filter = text;
    double number;
    if (is_filter(&filter)) {
        rew->place = IN_BODY;
        take_filter(rew, filter, line);
    } else if (read_names(&cells, &rew->columns)) {
        rew->place = IN_BODY;
    } else if (rew->columns.known && ch_words_number(&at, &number) && *at == ' ') {
        if (!tabs) {
            join_type(&cells, &rew->columns);
            shift_q(&cells, &rew->columns);
        }
        on_place(rew, &cells, line);
    } else if (!is_command(rew, text, line) && !is_head(rew, text)) {
        ch_eqtext_note(&rew->r->out->notes, line, "it is no filter");
    }
}

void
ch_eqtext_read_rew(struct ch_eqtext_reading *r)
{
    struct rew rew = {.r = r, .place = IN_HEAD, .channels = CH_EQ_BOTH};
    struct ch_eqtext_line line;
    while (ch_eqtext_next_line(r, &line)) {
        if (line.length && line.text[0] != '#') {
            on_line(&rew, &line);
        }
    }
}
