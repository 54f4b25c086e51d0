// SPDX-License-Identifier: ISC
// tests/windows/pipe_tool.c — what Windows programs may do to a daemon's pipe, from outside.
//
//   sddl NAME N     N connections at once; the descriptor of each, as text, one a line
//   burst NAME N    N threads connect at once and ask; how many were answered
//   trips NAME N    N requests on one connection, each after the answer to the last; ms in all
//   die NAME        half a request, and a violent end
//   deaf NAME       requests without end and no look at the answers; how it ends
//   squat NAME [OWNER [LEVEL…]]  a pipe of that name, until stdin ends; levels as in "LW"
//   feed COMMAND    runs it with a pipe as stdin, into which go nothing, a question, and nothing

#include <windows.h>

#include <aclapi.h>
#include <process.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char question[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.version\"}\n";
static char name[300]; ///< a bare one is that of a local pipe

static HANDLE
connect_to_pipe(void)
{
    for (int i = 0; i < 1000; i++) {
        HANDLE pipe =
            CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY) {
            return pipe;
        }
        WaitNamedPipeA(name, 20000);
    }
    return INVALID_HANDLE_VALUE;
}

static int
ask(HANDLE pipe)
{
    char answer[4096];
    DWORD n, n_all = 0;
    if (!WriteFile(pipe, question, sizeof question - 1, &n, NULL)) {
        return 0;
    }
    do {
        if (!ReadFile(pipe, answer + n_all, sizeof answer - n_all, &n, NULL) || n == 0) {
            return 0;
        }
        n_all += n;
    } while (answer[n_all - 1] != '\n');
    return memcmp(answer, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":", 33) == 0;
}

static int
sddl(int n)
{
    for (int i = 0; i < n; i++) {
        HANDLE pipe = connect_to_pipe(); // and stays
        PSECURITY_DESCRIPTOR descriptor;
        char *text;
        const SECURITY_INFORMATION what =
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION;
        if (pipe == INVALID_HANDLE_VALUE ||
            GetSecurityInfo(pipe, SE_KERNEL_OBJECT, what, NULL, NULL, NULL, NULL, &descriptor) ||
            !ConvertSecurityDescriptorToStringSecurityDescriptorA(
                descriptor, SDDL_REVISION_1, what | SACL_SECURITY_INFORMATION, &text, NULL)) {
            return 1;
        }
        puts(text);
    }
    return 0;
}

static volatile LONG n_answered;
static HANDLE start;

static unsigned __stdcall one_of_many(void *unused)
{
    (void)unused;
    WaitForSingleObject(start, INFINITE);
    HANDLE pipe = connect_to_pipe();
    if (pipe != INVALID_HANDLE_VALUE && ask(pipe)) {
        InterlockedIncrement(&n_answered);
    }
    return 0; // the connection stays, so that all are there at once
}

static int
burst(int n)
{
    HANDLE *threads = calloc((size_t)n, sizeof *threads);
    start = CreateEventA(NULL, TRUE, FALSE, NULL);
    for (int i = 0; i < n; i++) {
        threads[i] = (HANDLE)_beginthreadex(NULL, 65536, one_of_many, NULL, 0, NULL);
    }
    SetEvent(start);
    for (int i = 0; i < n; i++) {
        WaitForSingleObject(threads[i], INFINITE);
    }
    printf("%ld\n", n_answered);
    free(threads);
    return 0;
}

static int
trips(int n)
{
    HANDLE pipe = connect_to_pipe();
    const ULONGLONG begin_ms = GetTickCount64();
    for (int i = 0; i < n; i++) {
        if (!ask(pipe)) {
            return 1;
        }
    }
    printf("%llu\n", GetTickCount64() - begin_ms);
    return 0;
}

static int
die(void)
{
    HANDLE pipe = connect_to_pipe();
    DWORD n;
    WriteFile(pipe, question, 20, &n, NULL);
    TerminateProcess(GetCurrentProcess(), 9);
    return 1;
}

static int
deaf(void)
{
    HANDLE pipe = connect_to_pipe();
    unsigned long long n_bytes = 0;
    DWORD n;
    while (WriteFile(pipe, question, sizeof question - 1, &n, NULL)) {
        n_bytes += n;
    }
    printf("%llu %lu\n", n_bytes, GetLastError());
    return 0;
}

static int
squat(const char *owner, char **levels)
{
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes};
    char text[256];
    int n = snprintf(text, sizeof text, "O:%sD:(A;;FA;;;WD)", owner ? owner : "");
    for (char **level = levels; *level; level++) {
        n += snprintf(text + n, sizeof text - (size_t)n, "%s(ML;;NW;;;%s)",
                      level == levels ? "S:" : "", *level);
    }
    if (owner && !ConvertStringSecurityDescriptorToSecurityDescriptorA(
                     text, SDDL_REVISION_1, &attributes.lpSecurityDescriptor, NULL)) {
        return 2;
    }
    HANDLE pipe = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE,
                                   PIPE_UNLIMITED_INSTANCES, 4096, 4096, 0, &attributes);
    for (int i = 0; i < 8; i++) { // enough for whoever looks
        CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES, 4096,
                         4096, 0, &attributes);
    }
    puts(pipe == INVALID_HANDLE_VALUE ? "no" : "ok");
    fflush(stdout);
    while (getchar() != EOF) {
    }
    return 0;
}

// A write of no bytes is read as such, and is not the end.
static int
feed(char *command)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
    // One that keeps messages, or Wine would not pass one on that is empty.
    static const char pipe[] = "\\\\.\\pipe\\chant-test-feed";
    HANDLE to =
        CreateNamedPipeA(pipe, PIPE_ACCESS_OUTBOUND, PIPE_TYPE_MESSAGE, 1, 4096, 4096, 0, NULL);
    HANDLE from = CreateFileA(pipe, GENERIC_READ, 0, &inherited, OPEN_EXISTING, 0, NULL);
    STARTUPINFOA startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    DWORD n, code = 1;
    if (to == INVALID_HANDLE_VALUE || from == INVALID_HANDLE_VALUE) {
        return 1;
    }
    startup.hStdInput = from;
    startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    if (!CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) {
        return 1;
    }
    CloseHandle(from);
    for (int i = 0; i < 3; i++) {
        WriteFile(to, question, i == 1 ? sizeof question - 1 : 0, &n, NULL);
        Sleep(200);
    }
    CloseHandle(to);
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return (int)code;
}

int
main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    const char *verb = argv[1];
    const int n = argc > 3 ? atoi(argv[3]) : 1;
    snprintf(name, sizeof name, "%s%s", argv[2][0] == '\\' ? "" : "\\\\.\\pipe\\", argv[2]);
    return !strcmp(verb, "sddl")    ? sddl(n)
           : !strcmp(verb, "burst") ? burst(n)
           : !strcmp(verb, "trips") ? trips(n)
           : !strcmp(verb, "die")   ? die()
           : !strcmp(verb, "deaf")  ? deaf()
           : !strcmp(verb, "feed")  ? feed(argv[2])
           : !strcmp(verb, "squat") ? squat(argv[3], argc > 4 ? argv + 4 : argv + argc)
                                    : 2;
}
