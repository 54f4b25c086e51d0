// SPDX-License-Identifier: ISC
// client/cmd_raw.c — bytes from stdin to the daemon, bytes from the daemon to stdout.

#include "client/carry.h"
#include "client/command.h"
#include "client/connect.h"
#include "client/report.h"

static int
report(enum ch_carried how, const char *path, const char *why)
{
    switch (how) {
    case CH_CARRIED:
        break;
    case CH_CARRIED_GONE:
        return ch_fail_plain(CH_EXIT_NO_DAEMON, "the daemon at %s has gone away", path);
    case CH_CARRIED_LOST:
        return ch_fail_plain(CH_EXIT_NO_DAEMON, "the connection to %s is lost: %s", path, why);
    case CH_CARRIED_NO_INPUT:
        return ch_fail_plain(CH_EXIT_ERROR, "can't read stdin: %s", why);
    case CH_CARRIED_NO_OUTPUT:
        return ch_fail_plain(CH_EXIT_ERROR, "can't write to stdout: %s", why);
    case CH_CARRIED_FAILED:
        return ch_fail_plain(CH_EXIT_ERROR, "can't wait for stdin and the daemon: %s", why);
    }
    return CH_EXIT_OK;
}

int
ch_cmd_raw(const struct ch_invocation *inv)
{
    char path[CH_ENDPOINT_BYTES];
    struct ch_channel *channel;
    int rc = ch_connect(inv->socket, path, &channel);
    if (rc == CH_EXIT_OK) {
        char why[256] = "";
        rc = report(ch_carry(channel, why, sizeof why), path, why);
        ch_channel_close(channel);
    }
    return rc;
}
