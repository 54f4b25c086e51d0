// SPDX-License-Identifier: ISC
// client/canvas.c — a curve drawn in characters: 2 by 4 dots in each, as Braille patterns.

#include "client/canvas.h"

#include <stdlib.h>
#include <string.h>

bool
ch_canvas_create(struct ch_canvas *canvas, int n_columns, int n_rows)
{
    size_t n = (size_t)n_columns * (size_t)n_rows;
    *canvas = (struct ch_canvas){n_columns, n_rows, calloc(n ? n : 1, 1)};
    return canvas->cells != NULL;
}

void
ch_canvas_destroy(struct ch_canvas *canvas)
{
    free(canvas->cells);
    *canvas = (struct ch_canvas){0};
}

void
ch_canvas_clear(struct ch_canvas *canvas)
{
    memset(canvas->cells, 0, (size_t)canvas->n_columns * (size_t)canvas->n_rows);
}

void
ch_canvas_dot(struct ch_canvas *canvas, int x, int y)
{
    // Unicode numbers the dots down the left column, down the right, then the bottom pair.
    static const uint8_t bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (x >= 0 && y >= 0 && x < 2 * canvas->n_columns && y < 4 * canvas->n_rows) {
        canvas->cells[y / 4 * canvas->n_columns + x / 2] |= bits[y % 4][x % 2];
    }
}

void
ch_canvas_step(struct ch_canvas *canvas, int x, int y_before, int y)
{
    // Half of the way belongs to the column before.
    int middle = (y_before + y) / 2;
    int direction = y > y_before ? 1 : -1;
    for (int at = y_before; at != middle; at += direction) {
        ch_canvas_dot(canvas, x - 1, at);
    }
    for (int at = middle; at != y; at += direction) {
        ch_canvas_dot(canvas, x, at);
    }
    ch_canvas_dot(canvas, x, y);
}

uint32_t
ch_canvas_glyph(const struct ch_canvas *canvas, int column, int row, bool utf8)
{
    uint8_t dots = canvas->cells[row * canvas->n_columns + column];
    if (dots == 0) {
        return ' ';
    }
    return utf8 ? 0x2800u + dots : '*';
}
