// SPDX-License-Identifier: ISC
// client/term_probe_posix.c — what the terminal's entry in the terminfo database says of it.
//
// A file of its own, because <term.h> defines hundreds of plain words as macros.

#include "client/term_probe.h"

#include <curses.h>
#include <term.h>
#include <unistd.h>

bool
ch_term_can_draw(void)
{
    int error;
    if (setupterm(NULL, STDOUT_FILENO, &error) == ERR) {
        return false;
    }
    // newterm() would take it without.
    bool addressable = tigetstr("cup") != NULL;
    del_curterm(cur_term);
    return addressable;
}
