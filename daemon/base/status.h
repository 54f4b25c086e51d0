// SPDX-License-Identifier: ISC
// daemon/base/status.h — the one error type inside the daemon.
//
// errno, libuv, libsndfile and JACK codes are translated to it where they enter; control/ maps it
// to the protocol's error names where it leaves.

#ifndef CH_BASE_STATUS_H
#define CH_BASE_STATUS_H

#define CH_STATUS_MAP(X)                                                                           \
    X(OK, "no error")                                                                              \
    X(END, "end of the data")                                                                      \
    X(INVALID, "invalid argument")                                                                 \
    X(OUT_OF_RANGE, "value out of range")                                                          \
    X(NO_MEMORY, "out of memory")                                                                  \
    X(NOT_FOUND, "not found")                                                                      \
    X(DENIED, "permission denied")                                                                 \
    X(UNSUPPORTED_FORMAT, "not an audio format that can be read")                                  \
    X(DECODE_FAILED, "the audio data is damaged")                                                  \
    X(NO_DEVICE, "no audio device or server answers")                                              \
    X(BUSY, "the device or name is in use")                                                        \
    X(CONFLICT, "conflicts with the present state")                                                \
    X(TIMEOUT, "no answer in time")                                                                \
    X(UNAVAILABLE, "not available in this build or state")                                         \
    X(INTERNAL, "internal error")

enum ch_status {
#define X(name, text) CH_##name,
    CH_STATUS_MAP(X)
#undef X
};

/// One lower-case phrase without a full stop; never NULL.                                  [any]
const char *ch_strerror(enum ch_status status);

/// The nearest status for an errno value.                                                  [any]
enum ch_status ch_status_from_errno(int err);

#endif
