// SPDX-License-Identifier: ISC
// client/term.c — drawing on the terminal: colours, characters and text, the same on every system.

#include "client/term.h"

#include <stdlib.h>
#include <wchar.h>

#include "client/output.h"
#include "client/term_system.h"

#define GRADIENT_STEPS_MAX 11
#define PAIR_FAINT         (GRADIENT_STEPS_MAX + 1)

static bool utf8;
static int n_steps; ///< of the gradient; 0: no colours

static void
open_colours(void)
{
    static const short many[] = {46, 82, 118, 154, 190, 226, 220, 214, 208, 202, 196};
    static const short few[] = {COLOR_GREEN, COLOR_GREEN, COLOR_YELLOW, COLOR_RED};
    const char *unwanted = getenv("NO_COLOR");
    n_steps = 0;
    if ((unwanted && *unwanted) || !has_colors() || start_color() == ERR) {
        return;
    }
    short background = use_default_colors() == OK ? -1 : COLOR_BLACK;
    bool rich = COLORS >= 256 && COLOR_PAIRS > PAIR_FAINT;
    const short *colours = rich ? many : few;
    n_steps = rich ? GRADIENT_STEPS_MAX : (int)(sizeof few / sizeof *few);
    for (short i = 0; i < n_steps; i++) {
        init_pair((short)(i + 1), colours[i], background);
    }
    init_pair(PAIR_FAINT, rich ? 242 : COLOR_WHITE, background);
}

void
ch_term_prepare(void)
{
    utf8 = ch_out_utf8();
    cbreak();
    noecho();
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    open_colours();
}

bool
ch_term_utf8(void)
{
    return utf8;
}

attr_t
ch_term_gradient(double place)
{
    if (n_steps == 0) {
        return A_NORMAL;
    }
    int step = (int)(place * n_steps);
    step = step < 0 ? 0 : step >= n_steps ? n_steps - 1 : step;
    return (attr_t)COLOR_PAIR(step + 1);
}

attr_t
ch_term_faint(void)
{
    return n_steps == GRADIENT_STEPS_MAX ? (attr_t)COLOR_PAIR(PAIR_FAINT) : A_DIM;
}

void
ch_term_put(int y, int x, uint32_t glyph, attr_t attributes)
{
    cchar_t cell;
    wchar_t text[2] = {(wchar_t)glyph, L'\0'};
    setcchar(&cell, text, attributes, (short)PAIR_NUMBER(attributes), NULL);
    mvadd_wch(y, x, &cell);
}

int
ch_term_text_width(const char *text)
{
    int total = 0;
    while (*text != '\0') {
        int width;
        ch_term_character(&text, &width);
        total += width;
    }
    return total;
}

int
ch_term_text(int y, int x, int width, attr_t attributes, const char *text)
{
    wchar_t line[512];
    size_t n = 0;
    int used = 0;
    bool cut = ch_term_text_width(text) > width;
    int room = cut ? width - 1 : width;
    while (*text != '\0' && n < sizeof line / sizeof *line - 1) {
        int columns;
        wchar_t c = ch_term_character(&text, &columns);
        if (used + columns > room) {
            break;
        }
        line[n++] = c;
        used += columns;
    }
    if (width <= 0) {
        return 0;
    }
    if (cut) {
        line[n++] = utf8 ? L'…' : L'~';
        used++;
    }
    attrset((int)attributes);
    mvaddnwstr(y, x, line, (int)n);
    attrset(A_NORMAL);
    return used;
}
