// SPDX-License-Identifier: ISC
// daemon/base/status.c — names of the daemon's errors, and errno's way into them.

#include "daemon/base/status.h"

#include <errno.h>

const char *
ch_strerror(enum ch_status status)
{
    switch (status) {
#define X(name, text)                                                                              \
    case CH_##name:                                                                                \
        return text;
        CH_STATUS_MAP(X)
#undef X
    }
    return "unknown error";
}

enum ch_status
ch_status_from_errno(int err)
{
    switch (err) {
    case 0:
        return CH_OK;
    case ENOENT:
    case ENOTDIR:
        return CH_NOT_FOUND;
    case EACCES:
    case EPERM:
        return CH_DENIED;
    case ENOMEM:
        return CH_NO_MEMORY;
    case EADDRINUSE:
    case EBUSY:
        return CH_BUSY;
    case EINVAL:
    case ENAMETOOLONG:
        return CH_INVALID;
    case ETIMEDOUT:
        return CH_TIMEOUT;
    default:
        return CH_INTERNAL;
    }
}
