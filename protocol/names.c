// SPDX-License-Identifier: ISC
// protocol/names.c — the lists of names.h as tables.

#include "protocol/names.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    int code;
    int exit_code;
} errors[] = {[CH_RPC_OK] = {"OK", 0, 0},
#define X(id, code, exit) [CH_RPC_##id] = {#id, code, exit},
              CH_RPC_ERROR_MAP(X)
#undef X
};

static const char *const topics[CH_TOPICS] = {
#define X(id, name) [CH_TOPIC_##id] = name,
    CH_TOPIC_MAP(X)
#undef X
};

enum { N_ERRORS = sizeof errors / sizeof *errors };

const char *
ch_rpc_error_name(enum ch_rpc_error error)
{
    return (unsigned)error < N_ERRORS ? errors[error].name : "INTERNAL";
}

int
ch_rpc_error_code(enum ch_rpc_error error)
{
    return errors[(unsigned)error < N_ERRORS ? error : CH_RPC_INTERNAL].code;
}

int
ch_rpc_exit_code(const char *name)
{
    for (unsigned i = CH_RPC_OK + 1; name && i < N_ERRORS; i++) {
        if (!strcmp(name, errors[i].name)) {
            return errors[i].exit_code;
        }
    }
    return 1;
}

const char *
ch_topic_name(enum ch_topic topic)
{
    return (unsigned)topic < CH_TOPICS ? topics[topic] : "";
}

enum ch_topic
ch_topic_from_name(const char *name)
{
    for (unsigned i = 0; name && i < CH_TOPICS; i++) {
        if (!strcmp(name, topics[i])) {
            return (enum ch_topic)i;
        }
    }
    return CH_TOPICS;
}
