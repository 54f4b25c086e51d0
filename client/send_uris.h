// SPDX-License-Identifier: ISC
// client/send_uris.h — a list of URIs to the daemon, in as many lines as its limit asks for.

#ifndef CH_CLIENT_SEND_URIS_H
#define CH_CLIENT_SEND_URIS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/args.h"

struct ch_sending {
    const char *method; ///< player.load or queue.add; queue.add goes on after a full first line
    bool play;          ///< player.load: at once
    int64_t at;         ///< queue.add: index, or -1 for the end
    void (*print)(const cJSON *result);
};

/// What the words of the command line name; an exit code.
int ch_send_uris(const struct ch_invocation *inv, const struct ch_sending *sending);

#endif
