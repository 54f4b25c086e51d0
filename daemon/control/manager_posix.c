// SPDX-License-Identifier: ISC
// daemon/control/manager_posix.c — systemd, to which the socket is known, and what it can play told
// by systemd.h: the way out is left.

#include "daemon/control/manager.h"

#include "daemon/control/systemd.h"

void
ch_manager_listening(void)
{
}

void
ch_manager_stopping(void)
{
    ch_systemd_stopping();
}
