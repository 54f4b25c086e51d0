// SPDX-License-Identifier: ISC
// daemon/control/systemd.c — socket activation and readiness by libsystemd.

#include "daemon/control/systemd.h"

#include "config.h"

#ifdef HAVE_SYSTEMD
#    include <sys/socket.h>
#    include <systemd/sd-daemon.h>

#    include "daemon/base/log.h"
#    include "daemon/control/daemon.h"

enum ch_status
ch_systemd_listen_fd(int *fd)
{
    *fd = -1;
    const int n = sd_listen_fds(1);
    if (n <= 0) {
        return CH_OK;
    }
    if (n > 1 || sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, 1, NULL, 0) <= 0) {
        ch_error("the service manager passed %d sockets; one listening Unix stream socket is what "
                 "chantd takes",
                 n);
        return CH_INVALID;
    }
    *fd = SD_LISTEN_FDS_START;
    return CH_OK;
}

void
ch_systemd_ready(struct ch_daemon *daemon)
{
    static bool told;
    if (!told) {
        told = true;
        sd_notifyf(0, "READY=1\nSTATUS=%s: %s at %u Hz", daemon->device.ops->name,
                   daemon->device.info.device, daemon->device.info.rate_hz);
    }
}

void
ch_systemd_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

#else

enum ch_status
ch_systemd_listen_fd(int *fd)
{
    *fd = -1;
    return CH_OK;
}

void
ch_systemd_ready(struct ch_daemon *daemon)
{
    (void)daemon;
}

void
ch_systemd_stopping(void)
{
}

#endif
