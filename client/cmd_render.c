// SPDX-License-Identifier: ISC
// client/cmd_render.c — chantd --render, with the names of the inputs made as 'play' makes them.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/report.h"
#include "client/uris.h"
#include "system/file.h"
#include "system/process.h"

#define DAEMON "chantd"

/// argv of the daemon; its strings live elsewhere.  NULL without memory.
static char **
build_argv(const struct ch_invocation *inv, const struct ch_uris *uris)
{
    char **argv = calloc(4 + 2 * CH_OPTIONS_MAX + uris->count, sizeof *argv);
    if (!argv) {
        return NULL;
    }
    static char dashed[CH_OPTIONS_MAX][32];
    size_t n = 0;
    argv[n++] = (char *)DAEMON;
    argv[n++] = (char *)"--render";
    argv[n++] = inv->words[0];
    for (int i = 0; inv->command->options[i].name; i++) {
        if (inv->values[i]) {
            snprintf(dashed[i], sizeof dashed[i], "--%s", inv->command->options[i].name);
            argv[n++] = dashed[i];
            argv[n++] = (char *)inv->values[i];
        }
    }
    for (size_t i = 0; i < uris->count; i++) {
        argv[n++] = uris->items[i];
    }
    return argv;
}

/// Returns only if it can't be run: an exit code.
static int
run_daemon(char **argv)
{
    char beside[CH_SYS_PATH_BYTES];
    errno = 0;
    ch_sys_become(ch_sys_program_beside(DAEMON, beside, sizeof beside) ? beside : DAEMON, argv);
    if (errno == ENOENT) {
        return ch_fail("NOT_FOUND", "no chantd beside this program or in $PATH");
    }
    return ch_fail("UNAVAILABLE", "can't run chantd: %s", strerror(errno));
}

int
ch_cmd_render(const struct ch_invocation *inv)
{
    struct ch_uris uris = {0};
    int rc = ch_uris_collect(&uris, inv->words + 1, inv->n_words - 1);
    char **argv = rc == CH_EXIT_OK ? build_argv(inv, &uris) : NULL;
    if (rc == CH_EXIT_OK) {
        rc = argv ? run_daemon(argv) : ch_fail_memory();
    }
    free(argv);
    ch_uris_fini(&uris);
    return rc;
}
