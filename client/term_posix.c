// SPDX-License-Identifier: ISC
// client/term_posix.c — the terminal of a POSIX system: signals, keys, size and characters.
//
// Signals are let in only while we wait, so that nothing is torn down under curses' feet.

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wctype.h>

#include "client/report.h"
#include "client/term.h"
#include "client/term_probe.h"
#include "client/term_system.h"

static const int handled_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
enum { N_SIGNALS = sizeof handled_signals / sizeof *handled_signals };

static struct {
    SCREEN *screen;
    FILE *keyboard; ///< ours to close; NULL: it is stdin
    int key_fd;     ///< -1: there is no keyboard
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
    ch_term_prepare();
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

void
ch_term_wait(intptr_t waitable, int timeout_ms)
{
    struct pollfd items[2] = {{.fd = (int)waitable, .events = POLLIN},
                              {.fd = term.key_fd, .events = POLLIN}};
    struct timespec limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    int n = ppoll(items, 2, timeout_ms < 0 ? NULL : &limit, &term.mask_before);
    if (n > 0 && items[1].revents & (POLLHUP | POLLERR | POLLNVAL)) {
        // The terminal is gone, and with it whoever could look.
        end_signal = SIGHUP;
    }
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

wchar_t
ch_term_character(const char **text, int *width)
{
    // A locale's characters have no state between them.
    mbstate_t state = {0};
    wchar_t c;
    size_t n = mbrtowc(&c, *text, MB_CUR_MAX, &state);
    if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
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
