// SPDX-License-Identifier: ISC
// daemon/eqtext/internal.h — what the readers and writers share; private to this folder.

#ifndef CH_EQTEXT_INTERNAL_H
#define CH_EQTEXT_INTERNAL_H

#include "daemon/base/attributes.h"
#include "daemon/eqtext/eqtext.h"

/// What a band may be: the same as eq.band takes.
#define FREQ_MIN_HZ 10.0
#define FREQ_MAX_HZ 40000.0
#define Q_MIN       0.05
#define Q_MAX       50.0

/// One line of a text.
struct ch_eqtext_line {
    const char *text;
    size_t length;
    uint32_t number; ///< from 1
};

// --- notes -------------------------------------------------------------------------------------

void ch_eqtext_note(struct ch_eqtext_notes *notes, const struct ch_eqtext_line *line,
                    const char *fmt, ...) CH_PRINTF(3, 4);

// --- reading -----------------------------------------------------------------------------------

/// Bands as they stand in the text, before equal ones of left and right become one.
#define CH_EQTEXT_RAW_MAX 1024

struct ch_eqtext_raw {
    struct ch_eq_band band;
    unsigned channels; ///< mask
    struct ch_eqtext_line line;
};

#define CH_EQTEXT_POINTS_MAX 4096

struct ch_eqtext_point {
    double freq_hz, gain_db;
};

/// A text on its way to being understood.
struct ch_eqtext_reading {
    struct ch_eqtext *out;
    enum ch_eq_design design;
    uint32_t rate_hz;
    bool fits; ///< a curve becomes bands
    const char *text, *end;
    const char *next;                ///< where the next line begins
    uint32_t last_line;              ///< its number is one more
    double gain_db[2];               ///< left, right
    bool has_gain[2];                ///< it says one
    struct ch_eqtext_line gain_line; ///< the last that was of one channel alone
    struct ch_eqtext_raw *raw;
    uint32_t n_raw;
    struct ch_eqtext_point *points; ///< of the one curve
    uint32_t n_points;
    struct ch_eqtext_line curve_line;
};

/// The next line, without its end and the white space around; false after the last.
bool ch_eqtext_next_line(struct ch_eqtext_reading *r, struct ch_eqtext_line *line);

/// Take a band, if it is one that eq.band would take; otherwise it is noted.
bool ch_eqtext_add_band(struct ch_eqtext_reading *r, const struct ch_eq_band *band,
                        unsigned channels, const struct ch_eqtext_line *line);
void ch_eqtext_add_gain(struct ch_eqtext_reading *r, double gain_db, unsigned channels,
                        const struct ch_eqtext_line *line);

/// The readers, each from the beginning of the text.
void ch_eqtext_read_apo(struct ch_eqtext_reading *r);
void ch_eqtext_read_rew(struct ch_eqtext_reading *r);
void ch_eqtext_read_camilladsp(struct ch_eqtext_reading *r);

#define CH_EQTEXT_NO_CHANNEL "it is for a channel that is not here"

/// What follows "Preamp:", and "Channel:".  *channels is 0 for those that are not here.
void ch_eqtext_take_preamp(struct ch_eqtext_reading *r, const char *text, unsigned channels,
                           const struct ch_eqtext_line *line);
void ch_eqtext_take_channel(struct ch_eqtext_reading *r, const char *text, unsigned *channels,
                            const struct ch_eqtext_line *line);

/// "ON PK Fc 63 Hz Gain -5 dB Q 4": what follows "Filter 1:", of Equalizer APO and REW.  False and
/// `why` (CH_EQTEXT_WHY_BYTES) if it is none; *empty if it is a place without a filter ("None").
bool ch_eqtext_parse_filter(const char *text, uint32_t rate_hz, struct ch_eq_band *band,
                            bool *empty, char *why);

/// The type of a filter by its short name; false if there is none.  Its defaults go into *band.
bool ch_eqtext_filter_type(const char *name, struct ch_eq_band *band);

/// Whether such a line has a gain.
bool ch_eqtext_has_gain(enum ch_eq_type type);

/// "20 0; 21 0.1; …" into r->points.
void ch_eqtext_parse_points(struct ch_eqtext_reading *r, const char *text,
                            const struct ch_eqtext_line *line);

// --- filters -----------------------------------------------------------------------------------

/// Q of a shelf with this slope (S of the cookbook), of a band this many octaves wide.
double ch_eqtext_q_from_slope(double slope, double gain_db);
double ch_eqtext_slope_from_q(double q, double gain_db);
double ch_eqtext_q_from_octaves(double octaves, double freq_hz, uint32_t rate_hz);

/// A curve is not fitted below: nothing is heard there, and some fall off a cliff.
#define CH_EQTEXT_FIT_LOW_HZ 20.0

/// Peaks between two shelves, and an offset, nearest to the points in the sense of least squares.
/// Returns the largest distance in dB, or -1 if there are too few bands or points.
double ch_eqtext_fit(const struct ch_eqtext_point *points, uint32_t n_points,
                     enum ch_eq_design design, uint32_t rate_hz, uint32_t n_bands,
                     struct ch_eq_band *bands, double *offset_db);

/// Gain of a curve, linear over the logarithm of the frequency, level beyond its ends.
double ch_eqtext_curve_db(const struct ch_eqtext_point *points, uint32_t n_points, double freq_hz);

#define CH_EQTEXT_SECTIONS_MAX (CH_EQ_BANDS_MAX * CH_EQ_BAND_SECTIONS_MAX)

/// What one of the channels runs through.  Returns how many sections.
uint32_t ch_eqtext_sections(const struct ch_eq_band *bands, uint32_t n_bands,
                            enum ch_eq_design design, uint32_t rate_hz, unsigned channel,
                            struct ch_eq_section sections[CH_EQTEXT_SECTIONS_MAX]);

/// What they do together, in dB.
double ch_eqtext_sections_db(const struct ch_eq_section *sections, uint32_t n, uint32_t rate_hz,
                             double freq_hz);

// --- writing -----------------------------------------------------------------------------------

void ch_eqtext_write_apo(FILE *out, const struct ch_eqtext_rack *rack,
                         struct ch_eqtext_notes *notes);
void ch_eqtext_write_rew(FILE *out, const struct ch_eqtext_rack *rack,
                         struct ch_eqtext_notes *notes);
void ch_eqtext_write_graphic(FILE *out, const struct ch_eqtext_rack *rack,
                             struct ch_eqtext_notes *notes);
void ch_eqtext_write_camilladsp(FILE *out, const struct ch_eqtext_rack *rack,
                                struct ch_eqtext_notes *notes);

/// Stages of band `index` as they run at this rate: above 0.49 of it they are taken as that, and
/// other programs would make nothing of them.  Noted.
void ch_eqtext_lower_stages(const struct ch_eqtext_rack *rack, int index, struct ch_eq_band *stage,
                            uint32_t n, struct ch_eqtext_notes *notes);

/// Channels that a band works on.
unsigned ch_eqtext_channels(const struct ch_eq_band *band);

#endif
