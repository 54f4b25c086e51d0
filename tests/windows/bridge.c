// SPDX-License-Identifier: ISC
// tests/windows/bridge.c — lets what is no Windows program talk through a named pipe.
//
// Listens on a port of the loopback that it prints.  A connection's first line names a pipe; the
// answer is "ok", or "no" and the system's error number, and from then on every byte is passed on
// as it is, both ways.  A pipe can't be closed by half: when one side ends, so does the other,
// after what was on its way has been delivered.

#include <winsock2.h>
// Only then:
#include <windows.h>

#include <process.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_BYTES = 16384, // little, so that who does not read is noticed soon
    NAME_BYTES = 300,
    BUSY_MS = 10000, // how long a pipe may be without a free instance
};

struct link {
    SOCKET socket;
    HANDLE pipe;
};

// One overlapped read or write, to its end.  0 when the pipe has ended.
static DWORD
transfer(struct link *link, bool reading, HANDLE done, char *bytes, DWORD n_bytes)
{
    OVERLAPPED state = {.hEvent = done};
    DWORD n = 0;
    BOOL at_once = reading ? ReadFile(link->pipe, bytes, n_bytes, NULL, &state)
                           : WriteFile(link->pipe, bytes, n_bytes, NULL, &state);
    if (!at_once && GetLastError() != ERROR_IO_PENDING) {
        return 0;
    }
    return GetOverlappedResult(link->pipe, &state, &n, TRUE) ? n : 0;
}

// The pipe's bytes to the socket, until the pipe ends.
static unsigned __stdcall copy_answers(void *argument)
{
    struct link *link = argument;
    HANDLE done = CreateEventW(NULL, TRUE, FALSE, NULL);
    char piece[PIECE_BYTES];
    DWORD n;
    while ((n = transfer(link, true, done, piece, sizeof piece)) > 0) {
        for (DWORD at = 0; at < n;) {
            int sent = send(link->socket, piece + at, (int)(n - at), 0);
            if (sent <= 0) {
                goto out; // nobody listens any more; the other thread sees it as well
            }
            at += (DWORD)sent;
        }
    }
out:
    shutdown(link->socket, SD_SEND);
    CloseHandle(done);
    return 0;
}

// The socket's bytes to the pipe, until the socket ends.  What a pipe that has ended does not take
// is read all the same: a socket that is closed over it would throw away what is on its way back.
static void
copy_requests(struct link *link)
{
    HANDLE done = CreateEventW(NULL, TRUE, FALSE, NULL);
    char piece[PIECE_BYTES];
    bool taken = true;
    int n;
    while ((n = recv(link->socket, piece, sizeof piece, 0)) > 0) {
        for (DWORD at = 0; taken && at < (DWORD)n;) {
            DWORD sent = transfer(link, false, done, piece + at, (DWORD)n - at);
            taken = sent > 0;
            at += sent;
        }
    }
    CloseHandle(done);
}

static bool
read_name(SOCKET from, char name[NAME_BYTES])
{
    for (int at = 0; at < NAME_BYTES && recv(from, name + at, 1, 0) == 1; at++) {
        if (name[at] == '\n') {
            name[at] = '\0';
            return true;
        }
    }
    return false;
}

static HANDLE
open_pipe(const char *name)
{
    ULONGLONG end_ms = GetTickCount64() + BUSY_MS;
    for (;;) {
        HANDLE pipe = CreateFileA(
            name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY ||
            GetTickCount64() >= end_ms) {
            return pipe;
        }
        WaitNamedPipeA(name, 100);
    }
}

static unsigned __stdcall serve(void *argument)
{
    struct link link = {.socket = (SOCKET)(UINT_PTR)argument, .pipe = INVALID_HANDLE_VALUE};
    char name[NAME_BYTES], answer[32] = "ok\n";
    if (read_name(link.socket, name)) {
        link.pipe = open_pipe(name);
        if (link.pipe == INVALID_HANDLE_VALUE) {
            snprintf(answer, sizeof answer, "no %lu\n", GetLastError());
        }
        send(link.socket, answer, (int)strlen(answer), 0);
    }
    if (link.pipe != INVALID_HANDLE_VALUE) {
        HANDLE other = (HANDLE)_beginthreadex(NULL, 0, copy_answers, &link, 0, NULL);
        copy_requests(&link);
        // What waits for the pipe may wait long: the daemon need not have anything to say.
        CancelIoEx(link.pipe, NULL);
        while (WaitForSingleObject(other, 100) == WAIT_TIMEOUT) {
            CancelIoEx(link.pipe, NULL); // it may just have begun the next read
        }
        CloseHandle(other);
        CloseHandle(link.pipe);
    }
    closesocket(link.socket);
    return 0;
}

int
main(void)
{
    WSADATA unused;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int n_bytes = sizeof here, small = PIECE_BYTES;
    if (WSAStartup(MAKEWORD(2, 2), &unused)) {
        return 1;
    }
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 64) ||
        getsockname(listener, (struct sockaddr *)&here, &n_bytes)) {
        fprintf(stderr, "bridge: no port: %d\n", WSAGetLastError());
        return 1;
    }
    printf("%u\n", ntohs(here.sin_port));
    fflush(stdout);
    for (;;) {
        SOCKET client = accept(listener, NULL, NULL);
        if (client == INVALID_SOCKET) {
            return 1;
        }
        setsockopt(client, SOL_SOCKET, SO_SNDBUF, (const char *)&small, sizeof small);
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, (const char *)&(int){1}, sizeof(int));
        uintptr_t thread = _beginthreadex(NULL, 0, serve, (void *)(UINT_PTR)client, 0, NULL);
        if (thread == 0) {
            closesocket(client);
        } else {
            CloseHandle((HANDLE)thread);
        }
    }
}
