// SPDX-License-Identifier: ISC
// daemon/eqtext/eqtext.h — equalisers as other programs write them down: texts to bands and back.
//
// apo         Equalizer APO's configuration, AutoEq's ParametricEQ.txt
// graphic     a curve of points, "GraphicEQ: 20 0; 21 0.1; …", which bands are fitted to
// rew         Room EQ Wizard's filter settings, as formatted text or in columns
// camilladsp  CamillaDSP's configuration: filters and the steps of the pipeline that use them
//
// Nothing is dropped in silence: what could not be used, or could not be said, is noted with the
// reason.  Pure functions: no files, no state.                                      [any but rt]

#ifndef CH_EQTEXT_EQTEXT_H
#define CH_EQTEXT_EQTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/base/attributes.h"
#include "daemon/base/units.h"
#include "daemon/dsp/eq_design.h"

/// The names in the order of the enum, as a parameter's choices.
#define CH_EQTEXT_FORMATS "auto|apo|graphic|rew|camilladsp"

enum ch_eqtext_format {
    CH_EQTEXT_AUTO,
    CH_EQTEXT_APO,
    CH_EQTEXT_GRAPHIC,
    CH_EQTEXT_REW,
    CH_EQTEXT_CAMILLADSP,
};

#define CH_EQTEXT_NOTES_MAX  256
#define CH_EQTEXT_TEXT_BYTES 128
#define CH_EQTEXT_WHY_BYTES  192

/// Something that was left out.
struct ch_eqtext_note {
    uint32_t line;                   ///< from 1, when reading
    int index;                       ///< of a band, when writing; -1: of the whole
    char text[CH_EQTEXT_TEXT_BYTES]; ///< the beginning of that line; valid UTF-8 if the input was
    char why[CH_EQTEXT_WHY_BYTES];
};

struct ch_eqtext_notes {
    struct ch_eqtext_note list[CH_EQTEXT_NOTES_MAX];
    uint32_t n;        ///< how many there are
    uint32_t n_listed; ///< how many of them are in the list
};

/// What a text says.  Large: for the heap.
struct ch_eqtext {
    enum ch_eqtext_format format; ///< what it was taken for
    struct ch_eq_band bands[CH_EQ_BANDS_MAX];
    uint32_t n_bands;
    double preamp_db;
    bool has_preamp;     ///< the text says it; otherwise preamp_db is 0
    uint32_t n_used;     ///< lines
    bool fitted;         ///< some of the bands stand for a curve …
    double fit_error_db; ///< … and are nowhere further from it
    struct ch_eqtext_notes notes;
};

/// Read `length` bytes of UTF-8.  Curves are fitted, and bandwidths understood, for this design at
/// this rate.  It can't fail: a text that says nothing leaves no band, no preamp and notes.
void ch_eqtext_read(struct ch_eqtext *out, const char *text, size_t length,
                    enum ch_eqtext_format format, enum ch_eq_design design, uint32_t rate_hz);

/// Whether there is anything in it to use: as ch_eqtext_read(), but a curve is not fitted, which
/// takes its time, and leaves no bands.
bool ch_eqtext_look(struct ch_eqtext *out, const char *text, size_t length);

/// What is written.
struct ch_eqtext_rack {
    const struct ch_eq_band *bands;
    uint32_t n_bands;
    double preamp_db;
    enum ch_eq_design design;
    uint32_t rate_hz;
};

/// What a format can't say, of band `index` or (-1) of the whole.
void ch_eqtext_unsaid(struct ch_eqtext_notes *notes, int index, const char *fmt, ...)
    CH_PRINTF(3, 4);

/// Write it, and note what the format can't say.  `format` is not CH_EQTEXT_AUTO.
void ch_eqtext_write(FILE *out, const struct ch_eqtext_rack *rack, enum ch_eqtext_format format,
                     struct ch_eqtext_notes *notes);

#endif
