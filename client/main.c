// SPDX-License-Identifier: ISC
// client/main.c — the command line taken apart and handed to its verb; nothing else.

#include <stdio.h>

#include "client/args.h"
#include "client/command.h"
#include "client/output.h"
#include "client/report.h"
#include "config.h"
#include "system/console.h"

static int
run(const struct ch_invocation *inv)
{
    if (inv->version) {
        ch_out("chant %s\n", PACKAGE_VERSION);
        return ch_out_flush();
    }
    if (inv->help) {
        if (inv->command) {
            ch_command_help(stdout, inv->command);
        } else {
            ch_command_list(stdout);
        }
        return ch_out_flush();
    }
    if (!inv->command) {
        ch_command_list(stderr);
        return CH_EXIT_USAGE;
    }
    return inv->command->run(inv);
}

int
main(int argc, char **argv)
{
    ch_sys_begin(&argc, &argv);
    ch_out_begin();
    struct ch_invocation inv;
    char why[512];
    int rc;
    if (ch_args_parse(&inv, ch_commands, argc, argv, why, sizeof why)) {
        rc = run(&inv);
    } else {
        rc = ch_fail_usage(inv.command ? inv.command->name : NULL, "%s", why);
    }
    ch_args_fini(&inv);
    return rc;
}
