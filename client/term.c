// SPDX-License-Identifier: ISC
// client/term.c — the terminal as a picture: opened, drawn on, and always given back whole.
//
// Signals are let in only while we wait, so that nothing is torn down under curses' feet.

#include "client/term.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "client/output.h"
#include "client/report.h"

#define GRADIENT_STEPS_MAX 11
#define PAIR_FAINT         (GRADIENT_STEPS_MAX + 1)

static const int handled_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
enum { N_SIGNALS = sizeof handled_signals / sizeof *handled_signals };

static struct {
    SCREEN *screen;
    FILE *keyboard; ///< ours to close; NULL: it is stdin
    int key_fd;     ///< -1: there is no keyboard
    bool utf8;
    int n_steps; ///< of the gradient; 0: no colours
    struct sigaction before[N_SIGNALS];
    sigset_t mask_before;
} term;

static volatile sig_atomic_t end_signal;
static volatile sig_atomic_t size_changed;

static void
on_signal(int number)
{
    if (number == SIGWINCH) {
        size_changed = 1;
    } else {
        end_signal = number;
    }
}

static void
take_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < N_SIGNALS; i++) {
        sigaddset(&blocked, handled_signals[i]);
        sigaction(handled_signals[i], &action, &term.before[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &term.mask_before);
}

static void
give_signals_back(void)
{
    for (int i = 0; i < N_SIGNALS; i++) {
        sigaction(handled_signals[i], &term.before[i], NULL);
    }
    sigprocmask(SIG_SETMASK, &term.mask_before, NULL);
}

static void
open_keyboard(void)
{
    term.keyboard = NULL;
    term.key_fd = STDIN_FILENO;
    if (!isatty(STDIN_FILENO)) {
        term.keyboard = fopen("/dev/tty", "r+e");
        term.key_fd = term.keyboard ? fileno(term.keyboard) : -1;
    }
}

static void
open_colours(void)
{
    static const short many[] = {46, 82, 118, 154, 190, 226, 220, 214, 208, 202, 196};
    static const short few[] = {COLOR_GREEN, COLOR_GREEN, COLOR_YELLOW, COLOR_RED};
    const char *unwanted = getenv("NO_COLOR");
    term.n_steps = 0;
    if ((unwanted && *unwanted) || !has_colors() || start_color() == ERR) {
        return;
    }
    short background = use_default_colors() == OK ? -1 : COLOR_BLACK;
    bool rich = COLORS >= 256 && COLOR_PAIRS > PAIR_FAINT;
    const short *colours = rich ? many : few;
    term.n_steps = rich ? GRADIENT_STEPS_MAX : (int)(sizeof few / sizeof *few);
    for (short i = 0; i < term.n_steps; i++) {
        init_pair((short)(i + 1), colours[i], background);
    }
    init_pair(PAIR_FAINT, rich ? 242 : COLOR_WHITE, background);
}

static int
fail_open(void)
{
    const char *name = getenv("TERM");
    return ch_fail_plain(CH_EXIT_ERROR,
                         "no picture on a terminal of type '%s': set TERM, or use --json",
                         name ? name : "");
}

int
ch_term_open(void)
{
    if (!ch_term_can_draw()) {
        return fail_open();
    }
    open_keyboard();
    end_signal = 0;
    size_changed = 0;
    take_signals();
    term.screen = newterm(NULL, stdout, term.keyboard ? term.keyboard : stdin);
    if (!term.screen) {
        give_signals_back();
        if (term.keyboard) {
            fclose(term.keyboard);
        }
        return fail_open();
    }
    term.utf8 = ch_out_utf8();
    cbreak();
    noecho();
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    open_colours();
    return CH_EXIT_OK;
}

void
ch_term_close(void)
{
    endwin();
    delscreen(term.screen);
    term.screen = NULL;
    give_signals_back();
    if (term.keyboard) {
        fclose(term.keyboard);
        term.keyboard = NULL;
    }
}

bool
ch_term_wait(int fd, int timeout_ms)
{
    struct pollfd items[2] = {{.fd = fd, .events = POLLIN}, {.fd = term.key_fd, .events = POLLIN}};
    struct timespec limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    int n = ppoll(items, 2, timeout_ms < 0 ? NULL : &limit, &term.mask_before);
    if (n <= 0) {
        return false;
    }
    if (items[1].revents & (POLLHUP | POLLERR | POLLNVAL)) {
        // The terminal is gone, and with it whoever could look.
        end_signal = SIGHUP;
    }
    return items[0].revents != 0;
}

int
ch_term_signal(void)
{
    return end_signal;
}

bool
ch_term_resized(void)
{
    if (!size_changed) {
        return false;
    }
    size_changed = 0;
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        resizeterm(size.ws_row, size.ws_col);
        clearok(curscr, TRUE); // terminals rearrange what was there as they please
    }
    return true;
}

int
ch_term_key(void)
{
    return term.key_fd < 0 ? ERR : getch();
}

bool
ch_term_utf8(void)
{
    return term.utf8;
}

attr_t
ch_term_gradient(double place)
{
    if (term.n_steps == 0) {
        return A_NORMAL;
    }
    int step = (int)(place * term.n_steps);
    step = step < 0 ? 0 : step >= term.n_steps ? term.n_steps - 1 : step;
    return (attr_t)COLOR_PAIR(step + 1);
}

attr_t
ch_term_faint(void)
{
    return term.n_steps == GRADIENT_STEPS_MAX ? (attr_t)COLOR_PAIR(PAIR_FAINT) : A_DIM;
}

void
ch_term_put(int y, int x, uint32_t glyph, attr_t attributes)
{
    cchar_t cell;
    wchar_t text[2] = {(wchar_t)glyph, L'\0'};
    setcchar(&cell, text, attributes, (short)PAIR_NUMBER(attributes), NULL);
    mvadd_wch(y, x, &cell);
}

/// The next character of `text` as something that can be shown; *width its columns.
static wchar_t
next_character(const char **text, mbstate_t *state, int *width)
{
    wchar_t c;
    size_t n = mbrtowc(&c, *text, MB_CUR_MAX, state);
    if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
        memset(state, 0, sizeof *state);
        n = 1;
        c = L'?';
    }
    *text += n;
    *width = iswcntrl((wint_t)c) ? -1 : wcwidth(c);
    if (*width < 0) {
        *width = 1;
        c = L'?';
    }
    return c;
}

int
ch_term_text_width(const char *text)
{
    mbstate_t state = {0};
    int total = 0;
    while (*text != '\0') {
        int width;
        next_character(&text, &state, &width);
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
    mbstate_t state = {0};
    while (*text != '\0' && n < sizeof line / sizeof *line - 1) {
        int columns;
        wchar_t c = next_character(&text, &state, &columns);
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
        line[n++] = term.utf8 ? L'…' : L'~';
        used++;
    }
    attrset((int)attributes);
    mvaddnwstr(y, x, line, (int)n);
    attrset(A_NORMAL);
    return used;
}
