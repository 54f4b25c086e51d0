// SPDX-License-Identifier: ISC
// client/canvas.h — a curve drawn in characters: 2 by 4 dots in each, as Braille patterns.
//
// Where the terminal has no Unicode a cell with a dot in it is an asterisk.

#ifndef CH_CLIENT_CANVAS_H
#define CH_CLIENT_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

struct ch_canvas {
    int n_columns, n_rows; ///< cells
    uint8_t *cells;        ///< dots of each as in U+2800…28FF
};

/// False without memory.
bool ch_canvas_create(struct ch_canvas *canvas, int n_columns, int n_rows);
void ch_canvas_destroy(struct ch_canvas *canvas);
void ch_canvas_clear(struct ch_canvas *canvas);

/// x: 0…2*n_columns-1 from the left, y: 0…4*n_rows-1 from the top; what is outside is left out.
void ch_canvas_dot(struct ch_canvas *canvas, int x, int y);

/// From (x-1, y_before) to (x, y): dots enough for the eye to follow.
void ch_canvas_step(struct ch_canvas *canvas, int x, int y_before, int y);

/// Code point of a cell; a space where nothing is drawn.
uint32_t ch_canvas_glyph(const struct ch_canvas *canvas, int column, int row, bool utf8);

#endif
