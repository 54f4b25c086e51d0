// SPDX-License-Identifier: ISC
// daemon/control/manager.h — what a service manager is told on the way up and down.          [main]
//
// systemd through systemd.h; the service manager of Windows through manager_win32.h.  Without one
// both do nothing.

#ifndef CH_CONTROL_MANAGER_H
#define CH_CONTROL_MANAGER_H

/// Clients can connect.
void ch_manager_listening(void);
/// It is on its way out.
void ch_manager_stopping(void);

#endif
