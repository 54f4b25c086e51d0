// SPDX-License-Identifier: ISC
// client/command.h — the verbs: one table, one function each.

#ifndef CH_CLIENT_COMMAND_H
#define CH_CLIENT_COMMAND_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "client/args.h"
#include "client/connect.h"

/// Ended by an entry without a name.
extern const struct ch_command ch_commands[];

void ch_command_list(FILE *out);                                   ///< `chant --help`
void ch_command_help(FILE *out, const struct ch_command *command); ///< `chant VERB --help`

// Each takes the command line and returns an exit code.
int ch_cmd_transport(const struct ch_invocation *inv); ///< those that are a method without params
int ch_cmd_play(const struct ch_invocation *inv);
int ch_cmd_load(const struct ch_invocation *inv);
int ch_cmd_seek(const struct ch_invocation *inv);
int ch_cmd_status(const struct ch_invocation *inv);
int ch_cmd_add(const struct ch_invocation *inv);
int ch_cmd_queue(const struct ch_invocation *inv);
int ch_cmd_rm(const struct ch_invocation *inv);
int ch_cmd_mv(const struct ch_invocation *inv);
int ch_cmd_clear(const struct ch_invocation *inv);
int ch_cmd_gain(const struct ch_invocation *inv);
int ch_cmd_mute(const struct ch_invocation *inv);
int ch_cmd_unmute(const struct ch_invocation *inv);
int ch_cmd_pan(const struct ch_invocation *inv);
int ch_cmd_panic(const struct ch_invocation *inv);
int ch_cmd_limiter(const struct ch_invocation *inv);
int ch_cmd_eq(const struct ch_invocation *inv);
int ch_cmd_eq_graphic(const struct ch_invocation *inv); ///< a part of `eq`
int ch_cmd_eq_presets(const struct ch_invocation *inv); ///< a part of `eq`
int ch_cmd_eq_preset(const struct ch_invocation *inv);  ///< a part of `eq`
int ch_cmd_eq_import(const struct ch_invocation *inv);  ///< a part of `eq`
int ch_cmd_eq_export(const struct ch_invocation *inv);  ///< a part of `eq`
int ch_cmd_loudness(const struct ch_invocation *inv);
int ch_cmd_spectrum(const struct ch_invocation *inv);
int ch_cmd_meter(const struct ch_invocation *inv);
int ch_cmd_stats(const struct ch_invocation *inv);
int ch_cmd_devices(const struct ch_invocation *inv);
int ch_cmd_watch(const struct ch_invocation *inv);
int ch_cmd_tx(const struct ch_invocation *inv);
int ch_cmd_call(const struct ch_invocation *inv);
int ch_cmd_raw(const struct ch_invocation *inv);
int ch_cmd_render(const struct ch_invocation *inv);
int ch_cmd_shutdown(const struct ch_invocation *inv);
int ch_cmd_help(const struct ch_invocation *inv);

/// Send the request that was begun, print its result (`print` may be NULL: nothing for people) and
/// close the connection.
int ch_finish_change(struct ch_conn *conn, const struct ch_invocation *inv,
                     void (*print)(const cJSON *result));

/// The same for a question: JSON unless a person is looking.
int ch_finish_query(struct ch_conn *conn, const struct ch_invocation *inv,
                    void (*print)(const cJSON *result));

#endif
