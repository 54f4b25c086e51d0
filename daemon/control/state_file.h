// SPDX-License-Identifier: ISC
// daemon/control/state_file.h — one small text that outlives the process: whole or not at all.
//
// Writing goes to a file beside it, is synced, and takes its place by rename(): whoever is killed
// in between leaves the old text.

#ifndef CH_CONTROL_STATE_FILE_H
#define CH_CONTROL_STATE_FILE_H

#include <stddef.h>

#include "daemon/base/attributes.h"
#include "daemon/base/status.h"

#define CH_STATE_FILE_BYTES_MAX (1024u * 1024u)

/// $STATE_DIRECTORY/NAME (a system service), else $XDG_STATE_HOME/chant/NAME, else
/// ~/.local/state/chant/NAME; to be freed.  NULL: there is no such place, or no memory.
char *ch_state_file_path(const char *name);

/// All of it, to be freed.  CH_NOT_FOUND; of other failures `detail` (256 bytes) has the reason.
CH_NODISCARD enum ch_status ch_state_file_read(const char *path, char **text, size_t *n,
                                               char *detail);

/// In place of what is there; folders that are missing are made.  Blocks for as long as the disk
/// does.                                                                                 [worker]
CH_NODISCARD enum ch_status ch_state_file_write(const char *path, const char *text, size_t n,
                                                char *detail);

/// Give it the name PATH.bad, in place of an older one.
void ch_state_file_set_aside(const char *path);

#endif
