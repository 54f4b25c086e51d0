// SPDX-License-Identifier: ISC
// system/folders.h — where this system wants the program's own files.
//
//             POSIX                                                     Windows
//   STATE     $STATE_DIRECTORY, $XDG_STATE_HOME/chant,                  %LOCALAPPDATA%\chant
//             ~/.local/state/chant
//   CACHE     $CACHE_DIRECTORY, $XDG_CACHE_HOME/chant, ~/.cache/chant   %LOCALAPPDATA%\chant
//   CONFIG    $XDG_CONFIG_HOME/chant, ~/.config/chant                   %APPDATA%\chant
//   LOG       $LOGS_DIRECTORY, else as STATE                            %LOCALAPPDATA%\chant
//
// The …_DIRECTORY are systemd's, which may be lists: the first counts.  Variables that hold no
// absolute path are passed over, as the XDG base directory specification demands.  Without the
// variable Windows is asked for the known folder.

#ifndef CH_SYSTEM_FOLDERS_H
#define CH_SYSTEM_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

enum ch_folder {
    CH_FOLDER_STATE,
    CH_FOLDER_CACHE,
    CH_FOLDER_CONFIG,
    CH_FOLDER_LOG,
};

/// The folder, without a '/' at its end; it need not exist.  false if there is none, or none that
/// fits.                                                                                  [any]
bool ch_sys_folder(enum ch_folder folder, char *out, size_t bytes);

#endif
