// SPDX-License-Identifier: ISC
// client/term_probe.c — whether the terminal can show a picture at all.
//
// A file of its own, because <term.h> defines hundreds of plain words as macros.

#include "client/term.h"

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
