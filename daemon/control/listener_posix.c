// SPDX-License-Identifier: ISC
// daemon/control/listener_posix.c — binds, refuses to be a second daemon, replaces a stale socket.

#include "daemon/control/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/base/os.h"
#include "daemon/control/daemon.h"
#include "daemon/control/session.h"
#include "daemon/control/systemd.h"

#define BACKLOG 64
#define LOCK_MS 1000

struct ch_listener {
    uv_pipe_t pipe;
    struct ch_daemon *daemon;
    bool inherited; ///< from the service manager, which keeps it
};

const size_t ch_listener_write_bytes = SIZE_MAX;

// --- the way to the path -----------------------------------------------------------------------

/// Whether a daemon listens there, nobody does, or it isn't a socket of ours to say.
enum occupant { NOBODY, STALE, A_DAEMON, NOT_A_SOCKET, UNREACHABLE };

static enum occupant
probe(const char *path)
{
    struct stat info;
    if (lstat(path, &info) < 0) {
        return errno == ENOENT ? NOBODY : UNREACHABLE;
    }
    if (!S_ISSOCK(info.st_mode)) {
        return NOT_A_SOCKET;
    }
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return UNREACHABLE;
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    const int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    const int err = errno;
    close(fd);
    if (result == 0 || err == EAGAIN) {
        return A_DAEMON; // EAGAIN: its backlog is full, but it is there
    }
    return err == ECONNREFUSED ? STALE : err == ENOENT ? NOBODY : UNREACHABLE;
}

// The default address lies in a directory of our own, which may not exist yet.
static void
make_directory(const char *path)
{
    char directory[CH_ENDPOINT_BYTES];
    strcpy(directory, path);
    char *slash = strrchr(directory, '/');
    if (ch_endpoint_is_default(path) && slash && slash != directory) {
        *slash = 0;
        if (mkdir(directory, 0700) < 0 && errno != EEXIST) {
            ch_debug("mkdir %s: %s", directory, strerror(errno));
        }
    }
}

// Two daemons that start at the same moment must not both find the socket stale: whoever holds the
// directory's lock looks and binds.  Returns a descriptor to close, or -1 if it can't be locked.
static int
lock_directory(const char *path)
{
    char directory[CH_ENDPOINT_BYTES];
    strcpy(directory, path);
    char *slash = strrchr(directory, '/');
    const char *name = ".";
    if (slash) {
        slash[slash == directory] = 0;
        name = directory;
    }
    const int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    // Ours hold it for an instant; whoever keeps it is somebody else, and not waited for.
    int n_left = LOCK_MS;
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK && n_left-- > 0) {
        ch_os_sleep_until(ch_os_mono_ns() + 1000000);
    }
    return fd;
}

static enum ch_status
make_way(const char *path)
{
    switch (probe(path)) {
    case NOBODY:
        return CH_OK;
    case STALE:
        ch_info("%s: removing the socket that an earlier daemon left behind", path);
        if (unlink(path) < 0) {
            ch_error("can't remove %s: %s", path, strerror(errno));
            return CH_DENIED;
        }
        return CH_OK;
    case A_DAEMON:
        ch_error("a daemon listens on %s already; use it, stop it, or name another --socket", path);
        return CH_BUSY;
    case NOT_A_SOCKET:
        ch_error("%s is in the way: it exists and is not a socket", path);
        return CH_CONFLICT;
    case UNREACHABLE:
        break;
    }
    ch_error("can't look at %s: %s", path, strerror(errno));
    return CH_DENIED;
}

// --- listening ---------------------------------------------------------------------------------

static void
on_connection(uv_stream_t *stream, int status)
{
    struct ch_listener *listener = stream->data;
    if (status < 0) {
        ch_warning("a client could not be taken: %s", uv_strerror(status));
        return;
    }
    ch_session_accept(listener->daemon, listener);
}

static struct ch_listener *
create(struct ch_daemon *daemon)
{
    struct ch_listener *listener = calloc(1, sizeof *listener);
    if (!listener) {
        ch_error("out of memory for a socket to listen on");
        return NULL;
    }
    listener->daemon = daemon;
    uv_pipe_init(&daemon->loop, &listener->pipe, 0);
    listener->pipe.data = listener;
    return listener;
}

static void
on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void
ch_listener_close(struct ch_listener *listener)
{
    if (listener) {
        // libuv removes the path of a pipe that it has bound itself.
        uv_close((uv_handle_t *)&listener->pipe, on_closed);
    }
}

static int
bind_path(struct ch_listener *listener, const char *path)
{
    // Nobody but the owner may speak to us, from the first moment on.
    const mode_t before = umask(0177);
    const int err = uv_pipe_bind(&listener->pipe, path);
    umask(before);
    return err ? err : uv_listen((uv_stream_t *)&listener->pipe, BACKLOG, on_connection);
}

enum ch_status
ch_listener_open(struct ch_listener **out, struct ch_daemon *daemon, const char *path)
{
    struct ch_listener *listener = create(daemon);
    if (!listener) {
        return CH_NO_MEMORY;
    }
    make_directory(path);
    const int lock = lock_directory(path);
    const bool nowhere = lock < 0 && errno == ENOENT;
    enum ch_status status = make_way(path);
    if (status == CH_OK) {
        const int err = bind_path(listener, path);
        if (err) {
            // libuv takes a directory that is not there for one that must not be written to.
            ch_error("can't listen on %s: %s", path,
                     nowhere ? "no such directory" : uv_strerror(err));
            status = ch_status_from_errno(-err);
        }
    }
    if (lock >= 0) {
        close(lock);
    }
    if (status == CH_OK) {
        *out = listener;
    } else {
        ch_listener_close(listener);
    }
    return status;
}

enum ch_status
ch_listener_inherit(struct ch_listener **out, struct ch_daemon *daemon,
                    char path[CH_ENDPOINT_BYTES])
{
    *out = NULL;
    int fd = -1;
    const enum ch_status status = ch_systemd_listen_fd(&fd);
    if (status != CH_OK || fd < 0) {
        return status;
    }
    struct sockaddr_un address;
    socklen_t length = sizeof address;
    _Static_assert(sizeof address.sun_path <= CH_ENDPOINT_BYTES, "an endpoint holds any path");
    memset(&address, 0, sizeof address);
    if (getsockname(fd, (struct sockaddr *)&address, &length) == 0) {
        memcpy(path, address.sun_path, sizeof address.sun_path - 1);
    }
    struct ch_listener *listener = create(daemon);
    if (!listener) {
        return CH_NO_MEMORY;
    }
    int err = uv_pipe_open(&listener->pipe, fd);
    if (!err) {
        err = uv_listen((uv_stream_t *)&listener->pipe, BACKLOG, on_connection);
    }
    if (err) {
        ch_error("can't use the socket passed by the service manager: %s", uv_strerror(err));
        ch_listener_close(listener);
        return ch_status_from_errno(-err);
    }
    listener->inherited = true;
    *out = listener;
    return CH_OK;
}

int
ch_listener_accept(struct ch_listener *listener, uv_pipe_t *pipe)
{
    return uv_accept((uv_stream_t *)&listener->pipe, (uv_stream_t *)pipe);
}

bool
ch_listener_vouches(const struct ch_listener *listener)
{
    return listener->inherited;
}
