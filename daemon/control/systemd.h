// SPDX-License-Identifier: ISC
// daemon/control/systemd.h — the service manager: its socket, and what it wants to know.     [main]
//
// Without libsystemd (or without a service manager) every function does nothing.

#ifndef CH_CONTROL_SYSTEMD_H
#define CH_CONTROL_SYSTEMD_H

#include "daemon/base/status.h"

struct ch_daemon;

/// *fd is the listening socket that was passed, or -1.  CH_INVALID if what was passed is not one
/// listening Unix stream socket; says so.
enum ch_status ch_systemd_listen_fd(int *fd);

/// It can play.  Only the first call counts.
void ch_systemd_ready(struct ch_daemon *daemon);
/// It is on its way out.
void ch_systemd_stopping(void);

#endif
