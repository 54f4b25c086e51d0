// SPDX-License-Identifier: ISC
// tests/windows/test_pipe_win32.c — who may touch our pipe, read back from each of its instances.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

// Every call that makes an instance goes by here first.
static struct {
    unsigned n;
    DWORD open_mode, pipe_mode, n_instances;
    SECURITY_ATTRIBUTES attributes;
} recorded;

static HANDLE WINAPI
record(const wchar_t *name, DWORD open_mode, DWORD pipe_mode, DWORD n_instances, DWORD out_bytes,
       DWORD in_bytes, DWORD timeout_ms, SECURITY_ATTRIBUTES *attributes)
{
    recorded.n++;
    recorded.open_mode = open_mode;
    recorded.pipe_mode = pipe_mode;
    recorded.n_instances = n_instances;
    recorded.attributes = *attributes;
    return CreateNamedPipeW(name, open_mode, pipe_mode, n_instances, out_bytes, in_bytes,
                            timeout_ms, attributes);
}
#define CreateNamedPipeW record
#include "daemon/control/pipe_win32.c"
#undef CreateNamedPipeW

#define NAME L"\\\\.\\pipe\\chant-test-pipe"

// --- users -------------------------------------------------------------------------------------

static void
who_is_who(void **state)
{
    (void)state;
    static const struct {
        const char *sid, *self;
        enum ch_user_kind kind;
    } table[] = {
        {"S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1001", CH_USER_SELF},
        {"S-1-5-21-1-2-3-1002", "S-1-5-21-1-2-3-1001", CH_USER_OTHER},
        {"S-1-5-21-1-2-3-100", "S-1-5-21-1-2-3-1001", CH_USER_OTHER},
        {"S-1-5-21-1-2-3-10011", "S-1-5-21-1-2-3-1001", CH_USER_OTHER},
        {"S-1-5-18", "S-1-5-21-1-2-3-1001", CH_USER_SYSTEM},
        {"S-1-5-18", "S-1-5-18", CH_USER_SELF},
        {CH_USER_SERVICE, "S-1-5-21-1-2-3-1001", CH_USER_SYSTEM},
        {CH_USER_SERVICE, CH_USER_SERVICE, CH_USER_SELF},
        {"S-1-5-19", "S-1-5-21-1-2-3-1001", CH_USER_OTHER},     // LocalService
        {"S-1-5-20", "S-1-5-21-1-2-3-1001", CH_USER_OTHER},     // NetworkService
        {"S-1-5-32-544", "S-1-5-21-1-2-3-1001", CH_USER_OTHER}, // administrators
        {"S-1-1-0", "S-1-5-21-1-2-3-1001", CH_USER_OTHER},
        {"S-1-5-7", "S-1-5-21-1-2-3-1001", CH_USER_OTHER}, // anonymous
        {"", "", CH_USER_OTHER},
        {"", "S-1-5-21-1-2-3-1001", CH_USER_OTHER},
        {"S-1-5-21-1-2-3-1001", "", CH_USER_OTHER},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(ch_user_kind(table[i].sid, table[i].self), table[i].kind);
    }
}

static void
we_are_somebody(void **state)
{
    (void)state;
    char self[CH_SID_BYTES], again[CH_SID_BYTES], level[CH_SID_BYTES];
    assert_true(ch_user_self(self));
    assert_memory_equal(self, "S-1-5-", 6);
    assert_true(ch_user_of_process(GetCurrentProcessId(), again));
    assert_string_equal(self, again);
    assert_true(ch_user_integrity(level));
    assert_memory_equal(level, "S-1-16-", 7);
    assert_false(ch_user_of_process(0xfffffffc, again));
    assert_string_equal(again, "");
}

// --- the descriptor ----------------------------------------------------------------------------

static void
assert_sid(PSID sid, const char *expected)
{
    char *text;
    assert_true(ConvertSidToStringSidA(sid, &text));
    assert_string_equal(text, expected);
    LocalFree(text);
}

/// Full access for `owner` and SYSTEM, nothing inherited, nobody else.
static void
assert_only_two(PACL dacl, SECURITY_DESCRIPTOR_CONTROL control, const char *owner)
{
    ACL_SIZE_INFORMATION size;
    assert_true(control & SE_DACL_PROTECTED);
    assert_non_null(dacl); // none would mean everybody
    assert_true(GetAclInformation(dacl, &size, sizeof size, AclSizeInformation));
    assert_int_equal(size.AceCount, 2);
    const char *const who[2] = {owner, "S-1-5-18"};
    for (DWORD i = 0; i < 2; i++) {
        ACCESS_ALLOWED_ACE *ace;
        assert_true(GetAce(dacl, i, (void **)&ace));
        assert_int_equal(ace->Header.AceType, ACCESS_ALLOWED_ACE_TYPE);
        assert_int_equal(ace->Header.AceFlags, 0);
        assert_int_equal(ace->Mask, FILE_ALL_ACCESS);
        assert_sid(&ace->SidStart, who[i]);
    }
}

static void
assert_label(PACL sacl, const char *level)
{
    SYSTEM_MANDATORY_LABEL_ACE *ace;
    assert_non_null(sacl);
    assert_int_equal(sacl->AceCount, 1);
    assert_true(GetAce(sacl, 0, (void **)&ace));
    assert_int_equal(ace->Header.AceType, SYSTEM_MANDATORY_LABEL_ACE_TYPE);
    assert_int_equal(ace->Mask, SYSTEM_MANDATORY_LABEL_NO_WRITE_UP |
                                    SYSTEM_MANDATORY_LABEL_NO_READ_UP |
                                    SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP);
    assert_sid(&ace->SidStart, level);
}

static void
assert_descriptor(PSECURITY_DESCRIPTOR descriptor, const char *owner, const char *level)
{
    PSID sid;
    PACL acl;
    BOOL present, defaulted;
    SECURITY_DESCRIPTOR_CONTROL control;
    DWORD revision;
    assert_true(IsValidSecurityDescriptor(descriptor));
    assert_true(GetSecurityDescriptorControl(descriptor, &control, &revision));
    assert_true(GetSecurityDescriptorOwner(descriptor, &sid, &defaulted));
    assert_sid(sid, owner);
    assert_true(GetSecurityDescriptorDacl(descriptor, &present, &acl, &defaulted) && present);
    assert_only_two(acl, control, owner);
    assert_true(GetSecurityDescriptorSacl(descriptor, &present, &acl, &defaulted) && present);
    assert_label(acl, level);
}

static void
made_for_a_user_and_a_level(void **state)
{
    (void)state;
    wchar_t *text = ch_pipe_descriptor_text("S-1-5-21-11-22-33-1234", "S-1-16-12288", NULL);
    PSECURITY_DESCRIPTOR descriptor;
    assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1,
                                                                     &descriptor, NULL));
    assert_descriptor(descriptor, "S-1-5-21-11-22-33-1234", "S-1-16-12288");
    LocalFree(descriptor);
    free(text);
}

static void
a_guest_reads_and_writes_and_no_more(void **state)
{
    (void)state;
    wchar_t *text = ch_pipe_descriptor_text("S-1-5-80-1", "S-1-16-8192", "S-1-5-21-1-2-3-7");
    PSECURITY_DESCRIPTOR descriptor;
    PACL dacl;
    BOOL present, defaulted;
    ACCESS_ALLOWED_ACE *ace;
    assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1,
                                                                     &descriptor, NULL));
    assert_true(GetSecurityDescriptorDacl(descriptor, &present, &dacl, &defaulted) && present);
    assert_int_equal(dacl->AceCount, 3);
    assert_true(GetAce(dacl, 2, (void **)&ace));
    assert_sid(&ace->SidStart, "S-1-5-21-1-2-3-7");
    assert_int_equal(ace->Mask & (FILE_READ_DATA | FILE_WRITE_DATA | READ_CONTROL | SYNCHRONIZE),
                     FILE_READ_DATA | FILE_WRITE_DATA | READ_CONTROL | SYNCHRONIZE);
    // An instance of his own could pass for ours.
    assert_int_equal(ace->Mask & (FILE_CREATE_PIPE_INSTANCE | WRITE_DAC | WRITE_OWNER | DELETE), 0);
    LocalFree(descriptor);
    free(text);
}

static void
made_for_us(void **state)
{
    (void)state;
    char self[CH_SID_BYTES], level[CH_SID_BYTES];
    assert_true(ch_user_self(self) && ch_user_integrity(level));
    PSECURITY_DESCRIPTOR descriptor = ch_pipe_descriptor(NULL);
    assert_descriptor(descriptor, self, level);
    LocalFree(descriptor);
}

// --- instances ---------------------------------------------------------------------------------

/// What the object itself says; Wine keeps no label unless it was set.
static void
assert_kept(HANDLE handle, const char *owner, const char *level)
{
    PSID sid;
    PACL dacl, sacl = NULL;
    PSECURITY_DESCRIPTOR descriptor;
    SECURITY_DESCRIPTOR_CONTROL control;
    DWORD revision;
    assert_int_equal(GetSecurityInfo(handle, SE_KERNEL_OBJECT,
                                     OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION |
                                         LABEL_SECURITY_INFORMATION,
                                     &sid, NULL, &dacl, &sacl, &descriptor),
                     ERROR_SUCCESS);
    assert_sid(sid, owner);
    assert_true(GetSecurityDescriptorControl(descriptor, &control, &revision));
    assert_only_two(dacl, control, owner);
    assert_label(sacl, level);
    LocalFree(descriptor);
}

static HANDLE
open_client(void)
{
    HANDLE client =
        CreateFileW(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_ptr_not_equal(client, INVALID_HANDLE_VALUE);
    return client;
}

static void
every_instance_has_it_at_both_ends(void **state)
{
    (void)state;
    enum { N = 8 };
    HANDLE servers[N], clients[N];
    char self[CH_SID_BYTES], level[CH_SID_BYTES];
    assert_true(ch_user_self(self) && ch_user_integrity(level));
    PSECURITY_DESCRIPTOR descriptor = ch_pipe_descriptor(NULL);
    for (int i = 0; i < N; i++) {
        recorded.n = 0;
        servers[i] = ch_pipe_create(NAME, descriptor, i == 0);
        assert_ptr_not_equal(servers[i], INVALID_HANDLE_VALUE);
        assert_int_equal(recorded.n, 1);
        assert_int_equal(recorded.open_mode, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED |
                                                 (i ? 0 : FILE_FLAG_FIRST_PIPE_INSTANCE));
        assert_true(recorded.pipe_mode & PIPE_REJECT_REMOTE_CLIENTS);
        assert_int_equal(recorded.pipe_mode & PIPE_TYPE_MESSAGE, 0);
        assert_int_equal(recorded.n_instances, PIPE_UNLIMITED_INSTANCES);
        assert_ptr_equal(recorded.attributes.lpSecurityDescriptor, descriptor);
        assert_false(recorded.attributes.bInheritHandle);
        clients[i] = open_client();
    }
    for (int i = 0; i < N; i++) {
        assert_kept(servers[i], self, level);
        assert_kept(clients[i], self, level);
        char owner[CH_SID_BYTES];
        assert_true(ch_user_of_object(clients[i], owner));
        assert_string_equal(owner, self);
    }
    for (int i = 0; i < N; i++) {
        CloseHandle(clients[i]);
        CloseHandle(servers[i]);
    }
    LocalFree(descriptor);
}

// --- a name that is taken ----------------------------------------------------------------------

static void
a_name_is_had_once(void **state)
{
    (void)state;
    char who[1024], pid[32];
    PSECURITY_DESCRIPTOR descriptor = ch_pipe_descriptor(NULL);
    assert_int_equal(ch_pipe_holder(NAME, who, sizeof who), CH_PIPE_HOLDER_NONE);
    HANDLE first = ch_pipe_create(NAME, descriptor, true);
    assert_ptr_not_equal(first, INVALID_HANDLE_VALUE);
    assert_ptr_equal(ch_pipe_create(NAME, descriptor, true), INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    // The same program of the same user: a daemon of his.
    assert_int_equal(ch_pipe_holder(NAME, who, sizeof who), CH_PIPE_HOLDER_DAEMON);
    snprintf(pid, sizeof pid, "pid %lu", GetCurrentProcessId());
    assert_non_null(strstr(who, pid));
    CloseHandle(first);
    assert_int_equal(ch_pipe_holder(NAME, who, sizeof who), CH_PIPE_HOLDER_NONE);
    LocalFree(descriptor);
}

static void
a_squatter_is_named(void **state)
{
    (void)state;
    // Owned by somebody else, as only a made-up descriptor can say here.
    PSECURITY_DESCRIPTOR descriptor;
    char who[1024];
    assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(
        L"O:S-1-5-21-11-22-33-1234D:(A;;FA;;;WD)", SDDL_REVISION_1, &descriptor, NULL));
    HANDLE squatter = ch_pipe_create(NAME, descriptor, true);
    if (squatter != INVALID_HANDLE_VALUE) {
        assert_int_equal(ch_pipe_holder(NAME, who, sizeof who), CH_PIPE_HOLDER_OTHER);
        assert_non_null(strstr(who, "S-1-5-21-11-22-33-1234"));
        CloseHandle(squatter);
    } else {
        // Windows itself takes no owner whom the caller is not.
        assert_int_equal(GetLastError(), ERROR_INVALID_OWNER);
    }
    LocalFree(descriptor);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_who),
        cmocka_unit_test(we_are_somebody),
        cmocka_unit_test(made_for_a_user_and_a_level),
        cmocka_unit_test(a_guest_reads_and_writes_and_no_more),
        cmocka_unit_test(made_for_us),
        cmocka_unit_test(every_instance_has_it_at_both_ends),
        cmocka_unit_test(a_name_is_had_once),
        cmocka_unit_test(a_squatter_is_named),
    };
    return cmocka_run_group_tests_name("pipe", tests, NULL, NULL);
}
