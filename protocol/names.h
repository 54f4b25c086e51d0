// SPDX-License-Identifier: ISC
// protocol/names.h — every name that travels, once: error names, topics, limits, version.

#ifndef CH_PROTOCOL_NAMES_H
#define CH_PROTOCOL_NAMES_H

#define CH_PROTOCOL_MAJOR 1
#define CH_PROTOCOL_MINOR 0

#define CH_LINE_MAX_DEFAULT (1024u * 1024u) ///< bytes of a request line, without its newline
#define CH_NESTING_MAX      32              ///< arrays and objects inside one another

/// name, JSON-RPC code, the client's exit code
#define CH_RPC_ERROR_MAP(X)                                                                        \
    X(PARSE_ERROR, -32700, 1)                                                                      \
    X(INVALID_REQUEST, -32600, 1)                                                                  \
    X(METHOD_NOT_FOUND, -32601, 1)                                                                 \
    X(INVALID_PARAMS, -32602, 1)                                                                   \
    X(INTERNAL, -32603, 1)                                                                         \
    X(LINE_TOO_LONG, -32000, 1)                                                                    \
    X(OUT_OF_RANGE, -32001, 1)                                                                     \
    X(NOT_FOUND, -32002, 5)                                                                        \
    X(UNSUPPORTED_FORMAT, -32003, 1)                                                               \
    X(DECODE_FAILED, -32004, 1)                                                                    \
    X(NO_DEVICE, -32005, 1)                                                                        \
    X(DENIED, -32006, 4)                                                                           \
    X(BUSY, -32007, 1)                                                                             \
    X(CONFLICT, -32008, 1)                                                                         \
    X(TIMEOUT, -32009, 6)                                                                          \
    X(UNAVAILABLE, -32010, 1)

enum ch_rpc_error {
    CH_RPC_OK,
#define X(name, code, exit) CH_RPC_##name,
    CH_RPC_ERROR_MAP(X)
#undef X
};

/// "NOT_FOUND"; never NULL.
const char *ch_rpc_error_name(enum ch_rpc_error error);
/// -32002
int ch_rpc_error_code(enum ch_rpc_error error);
/// The client's exit code for an error name of the wire; 1 for a name it does not know.
int ch_rpc_exit_code(const char *name);

/// Topics of `subscribe`: state topics come with a snapshot, rate topics have parameters.
#define CH_TOPIC_MAP(X)                                                                            \
    X(PLAYER, "player")                                                                            \
    X(QUEUE, "queue")                                                                              \
    X(MIXER, "mixer")                                                                              \
    X(EQ, "eq")                                                                                    \
    X(LOUDNESS, "loudness")                                                                        \
    X(DEVICE, "device")                                                                            \
    X(SERVER, "server")                                                                            \
    X(SPECTRUM, "spectrum")                                                                        \
    X(METER, "meter")                                                                              \
    X(RT, "rt")

enum ch_topic {
#define X(id, name) CH_TOPIC_##id,
    CH_TOPIC_MAP(X)
#undef X
        CH_TOPICS
};

const char *ch_topic_name(enum ch_topic topic);
/// CH_TOPICS if there is no such topic.
enum ch_topic ch_topic_from_name(const char *name);

#endif
