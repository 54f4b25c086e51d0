// SPDX-License-Identifier: ISC
// daemon/control/peer_win32.c — who has the other end of a pipe, by his token.
//
// The kernel's own record of the client comes first: it is read by impersonating him for a moment.
// A client that lets his identity follow him can be impersonated only after something he has sent
// was read; until then it is the token of the process that connected.

#include "daemon/control/peer.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/log.h"
#include "system/pipe_win32.h"
#include "system/user_win32.h"

static bool
user_by_impersonation(HANDLE pipe, char out[CH_SID_BYTES])
{
    HANDLE token;
    out[0] = '\0';
    if (!ImpersonateNamedPipeClient(pipe)) {
        return false;
    }
    const BOOL opened = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token);
    if (!RevertToSelf()) {
        // To go on as somebody else is not to be thought of.
        ch_error("the thread can't give a client's identity back");
        abort();
    }
    if (!opened) {
        return false;
    }
    const bool ok = ch_user_of_token(token, out);
    CloseHandle(token);
    return ok;
}

static enum ch_peer_role
role_of(const char *user)
{
    char self[CH_SID_BYTES];
    if (!ch_user_self(self)) {
        return CH_PEER_STRANGER;
    }
    switch (ch_user_kind(user, self)) {
    case CH_USER_SELF:
        return CH_PEER_OWNER;
    case CH_USER_SYSTEM:
        return CH_PEER_SYSTEM;
    case CH_USER_OTHER:
        break;
    }
    return CH_PEER_STRANGER;
}

void
ch_peer_identify(const uv_pipe_t *pipe, struct ch_peer *peer)
{
    *peer = (struct ch_peer){.role = CH_PEER_UNKNOWN, .user = "?"};
    uv_os_fd_t handle;
    ULONG pid = 0;
    char user[CH_SID_BYTES];
    if (uv_fileno((const uv_handle_t *)pipe, &handle) < 0) {
        return;
    }
    if (GetNamedPipeClientProcessId(handle, &pid)) {
        peer->pid = pid;
    }
    if (user_by_impersonation(handle, user) || (pid && ch_user_of_process(pid, user))) {
        peer->role = role_of(user);
        snprintf(peer->user, sizeof peer->user, "%s", user);
    }
}

bool
ch_peer_has_left(const uv_pipe_t *pipe)
{
    uv_os_fd_t handle;
    return uv_fileno((const uv_handle_t *)pipe, &handle) < 0 || ch_sys_pipe_is_left(handle);
}
