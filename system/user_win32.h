// SPDX-License-Identifier: ISC
// system/user_win32.h — users of Windows, each by his SID as text: "S-1-5-21-…".
//
// For files of Windows alone.  Text is compared, for the system writes each SID in one way only.

#ifndef CH_SYSTEM_USER_WIN32_H
#define CH_SYSTEM_USER_WIN32_H

#include <stdbool.h>
#include <stdint.h>

#define CH_SID_BYTES 192 ///< fifteen numbers of ten digits, and what is around them

/// "NT SERVICE\chantd", which only what an administrator has installed as the service chantd can
/// be: S-1-5-80 and the SHA-1 of L"CHANTD" as five numbers.
#define CH_USER_SERVICE "S-1-5-80-95473711-4209188334-2192788084-3638300094-2677731771"

enum ch_user_kind { CH_USER_SELF, CH_USER_SYSTEM, CH_USER_OTHER };

/// Who `sid` is to the user `self`; our service counts as the system, anything that is not a SID is
/// other.
enum ch_user_kind ch_user_kind(const char *sid, const char *self);

// Each of these: false, and "", if the system does not say it.                             [any]

/// Whom this process runs as, whomever its threads may be impersonating.
bool ch_user_self(char out[CH_SID_BYTES]);
/// The integrity level of this process: "S-1-16-8192".
bool ch_user_integrity(char out[CH_SID_BYTES]);
/// Whom a process runs as.
bool ch_user_of_process(uint32_t pid, char out[CH_SID_BYTES]);
/// @param token a HANDLE that may be queried
bool ch_user_of_token(void *token, char out[CH_SID_BYTES]);
/// The owner of a kernel object.  @param handle with READ_CONTROL
bool ch_user_of_object(void *handle, char out[CH_SID_BYTES]);
/// The integrity level of a kernel object, "S-1-16-4096"; medium for one without a label, as
/// Windows has it.  @param handle with READ_CONTROL
bool ch_user_integrity_of_object(void *handle, char out[CH_SID_BYTES]);

/// The number of an integrity level: 8192 is medium, less is less.  0 for what is none.
uint32_t ch_user_level(const char *integrity);

#endif
