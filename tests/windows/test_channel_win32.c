// SPDX-License-Identifier: ISC
// tests/windows/test_channel_win32.c — the client's end of a pipe, against servers made here.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <windows.h>

#include <process.h>
#include <sddl.h>

#include "client/channel_win32.h"
#include "system/user_win32.h"

#define PATH "\\\\.\\pipe\\chant-test-channel"

/// A pipe of one instance whose owner is `owner`; NULL is us.
static HANDLE
serve(const char *owner)
{
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes};
    char self[CH_SID_BYTES], text[256];
    assert_true(ch_user_self(self));
    snprintf(text, sizeof text, "O:%sD:(A;;FA;;;WD)", owner ? owner : self);
    assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorA(
        text, SDDL_REVISION_1, &attributes.lpSecurityDescriptor, NULL));
    HANDLE server =
        CreateNamedPipeA(PATH, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, &attributes);
    LocalFree(attributes.lpSecurityDescriptor);
    return server;
}

static enum ch_channel_status
open_channel(struct ch_channel **channel, char why[256])
{
    *channel = NULL;
    why[0] = '\0';
    return ch_channel_open(channel, PATH, 200, why, 256);
}

static void
nobody_is_there(void **state)
{
    (void)state;
    struct ch_channel *channel;
    char why[256];
    assert_int_equal(open_channel(&channel, why), CH_CHANNEL_ABSENT);
    assert_string_not_equal(why, "");
    assert_null(channel);
}

static void
no_instance_is_free(void **state)
{
    (void)state;
    struct ch_channel *channel, *second;
    char why[256];
    HANDLE server = serve(NULL);
    assert_int_equal(open_channel(&channel, why), CH_CHANNEL_OK);
    assert_int_equal(open_channel(&second, why), CH_CHANNEL_BUSY);
    ch_channel_close(channel);
    CloseHandle(server);
}

static void
a_strangers_pipe_hears_nothing(void **state)
{
    (void)state;
    static const char *const strangers[] = {"S-1-5-21-11-22-33-1234", "S-1-5-19", "BA", "WD"};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        HANDLE server = serve(strangers[i]);
        if (server == INVALID_HANDLE_VALUE) {
            continue; // Windows itself takes no owner whom the caller is not
        }
        struct ch_channel *channel;
        char why[256], byte;
        DWORD n = 0;
        assert_int_equal(open_channel(&channel, why), CH_CHANNEL_UNTRUSTED);
        assert_null(channel);
        assert_non_null(strstr(why, "neither you nor the system"));
        assert_false(ReadFile(server, &byte, 1, &n, NULL));
        assert_int_equal(n, 0);
        CloseHandle(server);
    }
}

static void
the_systems_pipe_is_trusted(void **state)
{
    (void)state;
    struct ch_channel *channel;
    char why[256];
    HANDLE server = serve("SY");
    if (server != INVALID_HANDLE_VALUE) {
        assert_int_equal(open_channel(&channel, why), CH_CHANNEL_OK);
        ch_channel_close(channel);
        CloseHandle(server);
    }
}

// --- bytes -------------------------------------------------------------------------------------

static unsigned __stdcall echo(void *context)
{
    HANDLE server = context;
    char bytes[1000];
    DWORD n, n_written;
    while (ReadFile(server, bytes, sizeof bytes, &n, NULL) && n > 0) {
        for (DWORD at = 0; at < n; at += n_written) {
            if (!WriteFile(server, bytes + at, n - at, &n_written, NULL)) {
                return 1;
            }
        }
    }
    return 0;
}

static void
round_trips(void **state)
{
    (void)state;
    enum { N = 10000 };
    struct ch_channel *channel;
    char why[256];
    HANDLE server = serve(NULL);
    assert_int_equal(open_channel(&channel, why), CH_CHANNEL_OK);
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, echo, server, 0, NULL);
    assert_int_equal(ch_channel_wait(channel, 0, false), CH_CHANNEL_NONE);
    for (int i = 0; i < N; i++) {
        // Every length, and bytes that text would not hold.
        char sent[64], got[64];
        const size_t n = (size_t)(1 + i % 64);
        size_t n_got = 0;
        for (size_t j = 0; j < n; j++) {
            sent[j] = (char)(i * 7 + (int)j * 13);
        }
        assert_int_equal(ch_channel_send(channel, sent, n), CH_CHANNEL_OK);
        while (n_got < n) {
            size_t n_more = 0;
            assert_int_equal(ch_channel_wait(channel, 10000, false), CH_CHANNEL_OK);
            // In two bites, to see that nothing is lost between them.
            const size_t bite = n - n_got > 1 ? (n - n_got) / 2 : 1;
            if (ch_channel_receive(channel, got + n_got, bite, &n_more) == CH_CHANNEL_OK) {
                n_got += n_more;
            }
        }
        assert_memory_equal(sent, got, n);
    }
    ch_channel_close(channel);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    CloseHandle(server);
}

static void
what_was_sent_before_the_end_is_received(void **state)
{
    (void)state;
    struct ch_channel *channel;
    char why[256], got[16];
    size_t n = 0;
    DWORD n_written;
    HANDLE server = serve(NULL);
    assert_int_equal(open_channel(&channel, why), CH_CHANNEL_OK);
    assert_true(WriteFile(server, "last words", 10, &n_written, NULL));
    CloseHandle(server);
    assert_int_equal(ch_channel_wait(channel, 10000, false), CH_CHANNEL_OK);
    assert_int_equal(ch_channel_receive(channel, got, sizeof got, &n), CH_CHANNEL_OK);
    assert_int_equal(n, 10);
    assert_memory_equal(got, "last words", 10);
    assert_int_equal(ch_channel_wait(channel, 10000, false), CH_CHANNEL_OK);
    assert_int_equal(ch_channel_receive(channel, got, sizeof got, &n), CH_CHANNEL_CLOSED);
    assert_int_equal(ch_channel_wait(channel, -1, false), CH_CHANNEL_OK); // and stays so
    assert_int_equal(ch_channel_send(channel, "x", 1), CH_CHANNEL_CLOSED);
    ch_channel_close(channel);
}

static void
who_does_not_read_is_not_waited_for_forever(void **state)
{
    (void)state;
    static char much[1 << 20];
    struct ch_channel *channel;
    char why[256];
    HANDLE server = serve(NULL);
    assert_int_equal(open_channel(&channel, why), CH_CHANNEL_OK);
    assert_int_equal(ch_channel_send(channel, much, sizeof much), CH_CHANNEL_BUSY);
    ch_channel_close(channel);
    CloseHandle(server);
}

static void
the_reader_of_stdout_may_go(void **state)
{
    (void)state;
    HANDLE before = GetStdHandle(STD_OUTPUT_HANDLE), from, to;
    assert_true(CreatePipe(&from, &to, NULL, 0));
    SetStdHandle(STD_OUTPUT_HANDLE, to);
    const bool early = ch_channel_reader_gone();
    CloseHandle(from);
    const bool late = ch_channel_reader_gone();
    SetStdHandle(STD_OUTPUT_HANDLE, before);
    CloseHandle(to);
    assert_false(early);
    assert_true(late);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_there),
        cmocka_unit_test(no_instance_is_free),
        cmocka_unit_test(a_strangers_pipe_hears_nothing),
        cmocka_unit_test(the_systems_pipe_is_trusted),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(what_was_sent_before_the_end_is_received),
        cmocka_unit_test(who_does_not_read_is_not_waited_for_forever),
        cmocka_unit_test(the_reader_of_stdout_may_go),
    };
    return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
