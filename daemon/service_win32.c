// SPDX-License-Identifier: ISC
// daemon/service_win32.c — what the service manager is to know of us: command, account, failures.
//
// Unless another account is named the service has one of its own, "NT SERVICE\chantd", which has no
// password and may do next to nothing, since the service reads files that anybody may have made. It
// listens where the client of the user who installs it looks, and lets that user in.

#include "daemon/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "daemon/base/log.h"
#include "daemon/command_line.h"
#include "daemon/control/manager_win32.h"
#include "daemon/options.h"
#include "daemon/service_account_win32.h"
#include "daemon/service_log_win32.h"
#include "system/file.h"
#include "system/wide_win32.h"

#define DEFAULT_ACCOUNT "NT SERVICE\\chantd"
#define COMMAND_BYTES   (8 * 1024)

#define STOP_MS      30000
#define STOP_POLL_MS 100

// --- saying it -----------------------------------------------------------------------------------

static int
failed(const char *what, DWORD error)
{
    wchar_t wide[256] = L"";
    char text[4 * 256];
    FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                       FORMAT_MESSAGE_MAX_WIDTH_MASK,
                   NULL, error, 0, wide, sizeof wide / sizeof *wide, NULL);
    ch_narrow(wide, text, sizeof text);
    ch_error("%s: %s(%lu)", what, text, error);
    return 1;
}

static SC_HANDLE
open_manager(DWORD access, int *exit_code)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, access);
    const DWORD error = GetLastError();
    if (!manager && error == ERROR_ACCESS_DENIED) {
        ch_error("services are an administrator's to change: open a terminal with \"Run as "
                 "administrator\" and say it again there");
        *exit_code = CH_SERVICE_EXIT_DENIED;
    } else if (!manager) {
        *exit_code = failed("the service manager does not answer", error);
    }
    return manager;
}

// --- what is installed ---------------------------------------------------------------------------

struct plan {
    char command[COMMAND_BYTES];
    char account[CH_ACCOUNT_CHARS];
    wchar_t password[CH_ACCOUNT_CHARS];
    bool built_in;                  ///< the account is one of Windows, and has no password
    char allowed_sid[CH_SID_BYTES]; ///< who else may connect; "" if nobody
    bool default_log;
};

static bool
add_option(struct plan *plan, const char *name, const char *value)
{
    char word[CH_SYS_PATH_BYTES + 64];
    const int n =
        snprintf(word, sizeof word, "--%s%s%s", name, value ? "=" : "", value ? value : "");
    return n > 0 && (size_t)n < sizeof word &&
           ch_command_line_add(plan->command, sizeof plan->command, word);
}

static bool
add_file(struct plan *plan, const char *name, const char *path)
{
    char absolute[CH_SYS_PATH_BYTES];
    return ch_sys_absolute(path, absolute, sizeof absolute) && add_option(plan, name, absolute);
}

static bool
add_given(struct plan *plan, const struct ch_options *options)
{
    // What is for this moment, and what is put there in another form.
    static const char *const not_taken[] = {"install-service", "service-user", "allow-user"};
    for (int i = 0; i < options->n_given; i++) {
        const char *name = options->given[i].name, *value = options->given[i].value;
        bool taken = true;
        for (size_t j = 0; j < sizeof not_taken / sizeof *not_taken; j++) {
            taken &= strcmp(name, not_taken[j]) != 0;
        }
        // The service's working folder is not ours.
        const bool is_file = !strcmp(name, "state") || !strcmp(name, "log-file") ||
                             (!strcmp(name, "device") && !strcmp(options->backend, "file"));
        if (taken && !(is_file ? add_file(plan, name, value) : add_option(plan, name, value))) {
            return false;
        }
    }
    return true;
}

static bool
name_program(struct plan *plan)
{
    wchar_t wide[CH_SYS_PATH_BYTES];
    char path[3 * CH_SYS_PATH_BYTES];
    const DWORD n = GetModuleFileNameW(NULL, wide, CH_SYS_PATH_BYTES);
    return n > 0 && n < CH_SYS_PATH_BYTES && ch_narrow(wide, path, sizeof path) <= sizeof path &&
           ch_command_line_add(plan->command, sizeof plan->command, path);
}

static bool
write_command(struct plan *plan, const struct ch_options *options)
{
    bool ok = name_program(plan) && add_option(plan, "service", NULL);
    if (*plan->allowed_sid) {
        ok = ok && add_option(plan, "allow-user", plan->allowed_sid);
    }
    if (*plan->allowed_sid && !options->socket) {
        char pipe[CH_SID_BYTES + 8];
        snprintf(pipe, sizeof pipe, "chant-%s", plan->allowed_sid);
        ok = ok && add_option(plan, "socket", pipe);
    }
    plan->default_log = !options->log_file;
    if (plan->default_log) {
        char path[CH_SYS_PATH_BYTES];
        ok = ok && ch_service_log_path(path, sizeof path) && add_option(plan, "log-file", path);
    }
    if (!(ok && add_given(plan, options))) {
        ch_error("these options are too long for a service");
        return false;
    }
    return true;
}

static bool
choose_account(struct plan *plan, const struct ch_options *options)
{
    const char *name = options->service_user ? options->service_user : DEFAULT_ACCOUNT;
    plan->built_in = ch_account_is_built_in(name);
    if (ch_account_is_shared(name)) {
        ch_error("--service-user=%s: a client can't tell this service from the others of that "
                 "account, and would not trust it; leave the option out",
                 name);
        return false;
    }
    const bool complete = plan->built_in || strpbrk(name, "\\@");
    snprintf(plan->account, sizeof plan->account, "%s%s", complete ? "" : ".\\", name);
    char sid[CH_SID_BYTES];
    if (!plan->built_in && !ch_account_find_sid(plan->account, sid)) {
        ch_error("--service-user=%s: there is no such account", name);
        return false;
    }
    return true;
}

// A person's account has its pipe, and its client looks there; one of Windows serves somebody else.
static bool
choose_allowed(struct plan *plan, const struct ch_options *options)
{
    if (options->allow_user && !plan->built_in) {
        ch_error("--allow-user=%s: a service that runs as %s is for that user alone",
                 options->allow_user, plan->account);
        return false;
    }
    if (options->allow_user) {
        if (!ch_account_find_sid(options->allow_user, plan->allowed_sid)) {
            ch_error("--allow-user=%s: there is no such account", options->allow_user);
            return false;
        }
    } else if (plan->built_in && !ch_user_self(plan->allowed_sid)) {
        failed("this process has no user", GetLastError());
        return false;
    }
    return true;
}

static bool
ask_password(struct plan *plan)
{
    if (plan->built_in) {
        return true;
    }
    if (!ch_account_ask_password(plan->account, plan->password)) {
        ch_error("a service of %s needs the password of that account", plan->account);
        return false;
    }
    if (!ch_account_allow_services(plan->account)) {
        ch_warning("%s can't be given the right to log on as a service: do so in secpol.msc",
                   plan->account);
    }
    return true;
}

// --- installing ----------------------------------------------------------------------------------

static void
set(SC_HANDLE service, DWORD what, void *info, const char *name)
{
    if (ChangeServiceConfig2W(service, what, info)) {
        return;
    }
    if (GetLastError() == ERROR_INVALID_LEVEL) {
        ch_debug("this system knows no %s of a service", name);
    } else {
        ch_warning("the service's %s can't be set (%lu)", name, GetLastError());
    }
}

static void
describe(SC_HANDLE service)
{
    static wchar_t text[] =
        L"Plays music through an equaliser and a limiter; chant.exe controls it.";
    static wchar_t privileges[] = L"SeChangeNotifyPrivilege\0SeIncreaseWorkingSetPrivilege\0";
    // The last of them again and again; and all from the beginning after a day without failure.
    static SC_ACTION restarts[] = {
        {SC_ACTION_RESTART, 1000}, {SC_ACTION_RESTART, 5000}, {SC_ACTION_RESTART, 30000}};
    set(service, SERVICE_CONFIG_DESCRIPTION, &(SERVICE_DESCRIPTIONW){text}, "description");
    set(service, SERVICE_CONFIG_FAILURE_ACTIONS,
        &(SERVICE_FAILURE_ACTIONSW){.dwResetPeriod = 24 * 60 * 60,
                                    .cActions = sizeof restarts / sizeof *restarts,
                                    .lpsaActions = restarts},
        "failure actions");
    // An end with an exit code is a failure, too, not only a crash.
    set(service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &(SERVICE_FAILURE_ACTIONS_FLAG){TRUE},
        "failure flag");
    set(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &(SERVICE_DELAYED_AUTO_START_INFO){TRUE},
        "delayed start");
    // It can be given rights to files as "NT SERVICE\chantd", and proves by it who it is.
    set(service, SERVICE_CONFIG_SERVICE_SID_INFO,
        &(SERVICE_SID_INFO){SERVICE_SID_TYPE_UNRESTRICTED}, "identity");
    set(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO,
        &(SERVICE_REQUIRED_PRIVILEGES_INFOW){privileges}, "privileges");
}

static SC_HANDLE
create_or_change(SC_HANDLE manager, const struct plan *plan, bool *existed, int *exit_code)
{
    wchar_t *command = ch_wide(plan->command), *account = ch_wide(plan->account);
    if (!command || !account) {
        free(command);
        free(account);
        ch_error("out of memory");
        return NULL;
    }
    const wchar_t *password = plan->built_in ? NULL : plan->password;
    const wchar_t *title = L"chant audio daemon";
    SC_HANDLE service =
        CreateServiceW(manager, CH_SERVICE_NAME, title, SERVICE_CHANGE_CONFIG | SERVICE_START,
                       SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, command,
                       NULL, NULL, NULL, account, password);
    DWORD error = service ? NO_ERROR : GetLastError();
    *existed = error == ERROR_SERVICE_EXISTS;
    if (*existed) {
        service = OpenServiceW(manager, CH_SERVICE_NAME, SERVICE_CHANGE_CONFIG | SERVICE_START);
        error = service && ChangeServiceConfigW(service, SERVICE_WIN32_OWN_PROCESS,
                                                SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, command,
                                                NULL, NULL, NULL, account, password, title)
                    ? NO_ERROR
                    : GetLastError();
    }
    free(command);
    free(account);
    if (error == ERROR_SERVICE_MARKED_FOR_DELETE) {
        ch_error(
            "the service is just being removed: close what shows it, such as services.msc, and "
            "say it again");
        *exit_code = 1;
    } else if (error != NO_ERROR) {
        *exit_code = error == ERROR_ACCESS_DENIED ? CH_SERVICE_EXIT_DENIED : 1;
        failed("the service can't be installed", error);
    }
    if (error != NO_ERROR && service) {
        CloseServiceHandle(service);
        service = NULL;
    }
    return service;
}

static void
say_installed(const struct plan *plan, bool existed)
{
    printf("The service chantd %s.  It runs as %s and starts with Windows, a little after what is "
           "urgent;\n%s: net start chantd\n",
           existed ? "has these options now" : "is installed", plan->account,
           existed ? "one that runs goes on as before until net stop chantd and then" : "at once");
    if (plan->built_in) {
        printf("What only you may read it can't play.  To let it read your music:\n"
               "  icacls \"%%USERPROFILE%%\\Music\" /grant \"NT SERVICE\\chantd:(OI)(CI)RX\"\n");
    }
}

static int
install(const struct ch_options *options)
{
    static struct plan plan;
    int exit_code = 1;
    SC_HANDLE manager = open_manager(SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE, &exit_code);
    if (!manager) {
        return exit_code;
    }
    bool existed = false;
    SC_HANDLE service = NULL;
    if (choose_account(&plan, options) && choose_allowed(&plan, options) &&
        write_command(&plan, options) && ask_password(&plan) &&
        (!plan.default_log || ch_service_log_prepare(plan.allowed_sid))) {
        service = create_or_change(manager, &plan, &existed, &exit_code);
    }
    SecureZeroMemory(plan.password, sizeof plan.password);
    if (service) {
        describe(service);
        say_installed(&plan, existed);
        CloseServiceHandle(service);
        exit_code = 0;
    }
    CloseServiceHandle(manager);
    return exit_code;
}

// --- removing ------------------------------------------------------------------------------------

static bool
stop(SC_HANDLE service)
{
    SERVICE_STATUS status;
    bool told = false;
    for (int ms = 0; ms < STOP_MS; ms += STOP_POLL_MS) {
        // While it starts it takes no orders: then it is told again.
        told = told || ControlService(service, SERVICE_CONTROL_STOP, &status);
        if (!told && GetLastError() == ERROR_SERVICE_NOT_ACTIVE) {
            return true;
        }
        if (!QueryServiceStatus(service, &status) || status.dwCurrentState == SERVICE_STOPPED) {
            return true;
        }
        Sleep(STOP_POLL_MS);
    }
    return false;
}

static int
remove_service(void)
{
    int exit_code = 1;
    SC_HANDLE manager = open_manager(SC_MANAGER_CONNECT, &exit_code);
    if (!manager) {
        return exit_code;
    }
    SC_HANDLE service =
        OpenServiceW(manager, CH_SERVICE_NAME, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE);
    DWORD error = service ? NO_ERROR : GetLastError();
    if (service && !stop(service)) {
        ch_warning("the service does not stop; it is removed when it does");
    }
    if (service && !DeleteService(service)) {
        error = GetLastError();
    }
    if (error == NO_ERROR) {
        printf("The service chantd is removed.\n");
        exit_code = 0;
    } else if (error == ERROR_SERVICE_DOES_NOT_EXIST) {
        ch_error("there is no service chantd");
        exit_code = CH_SERVICE_EXIT_ABSENT;
    } else if (error == ERROR_ACCESS_DENIED) {
        ch_error("services are an administrator's to change: open a terminal with \"Run as "
                 "administrator\" and say it again there");
        exit_code = CH_SERVICE_EXIT_DENIED;
    } else {
        exit_code = failed("the service can't be removed", error);
    }
    if (service) {
        CloseServiceHandle(service);
    }
    CloseServiceHandle(manager);
    return exit_code;
}

// --- running -------------------------------------------------------------------------------------

struct run {
    const struct ch_options *options;
    int (*be_a_daemon)(const struct ch_options *options);
};

static int
run(void *arg)
{
    const struct run *run = arg;
    return run->be_a_daemon(run->options);
}

bool
ch_service_handles(const struct ch_options *options,
                   int (*be_a_daemon)(const struct ch_options *options), int *exit_code)
{
    if (options->service_install) {
        *exit_code = install(options);
    } else if (options->service_remove) {
        *exit_code = remove_service();
    } else if (options->service_run) {
        struct run a_run = {.options = options, .be_a_daemon = be_a_daemon};
        if (ch_manager_run(run, &a_run, exit_code) != CH_OK) {
            ch_error("--service is how the service manager starts chantd: leave it out, or say "
                     "'net start chantd'");
            *exit_code = 2;
        }
    } else {
        return false;
    }
    return true;
}
