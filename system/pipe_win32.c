// SPDX-License-Identifier: ISC
// system/pipe_win32.c — a question that the kernel answers and the documented calls do not pass on.

#include "system/pipe_win32.h"

#include <windows.h>

#include <winternl.h>

/// Not in winternl.h: FILE_PIPE_LOCAL_INFORMATION and its class.
struct pipe_state {
    ULONG type, configuration, n_instances_max, n_instances, inbound_quota, n_readable,
        outbound_quota, n_writable, state, end;
};
enum { PIPE_LOCAL_INFORMATION = 24, PIPE_CLOSING = 4 };

bool
ch_sys_pipe_is_left(void *handle)
{
    IO_STATUS_BLOCK status;
    struct pipe_state pipe;
    return GetFileType(handle) == FILE_TYPE_PIPE &&
           NtQueryInformationFile(handle, &status, &pipe, sizeof pipe,
                                  (FILE_INFORMATION_CLASS)PIPE_LOCAL_INFORMATION) == 0 &&
           pipe.state == PIPE_CLOSING;
}
