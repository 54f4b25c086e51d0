// SPDX-License-Identifier: ISC
// daemon/service_account_win32.h — accounts: names, SIDs, passwords, rights.                 [main]

#ifndef CH_SERVICE_ACCOUNT_WIN32_H
#define CH_SERVICE_ACCOUNT_WIN32_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "system/user_win32.h"

#define CH_ACCOUNT_CHARS 256 ///< a name with its domain, or a password

/// Of an account's name, or of a SID as text; false if there is no such account.
bool ch_account_find_sid(const char *name, char sid[CH_SID_BYTES]);

/// "NT AUTHORITY\…", "NT SERVICE\…" and LocalSystem: accounts of Windows itself, without a
/// password.
bool ch_account_is_built_in(const char *name);

/// One of them that many services run as.
bool ch_account_is_shared(const char *name);

/// From the console, unseen, or else a line of standard input.  false if there was none.
bool ch_account_ask_password(const char *name, wchar_t password[CH_ACCOUNT_CHARS]);

/// The right to run services, which a person's account doesn't have by itself.
bool ch_account_allow_services(const char *name);

#endif
