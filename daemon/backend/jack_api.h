// SPDX-License-Identifier: ISC
// daemon/backend/jack_api.h — libjack, looked up when it is wanted.
//
// The library is not linked: a machine without it runs the same chantd, and a daemon that plays to
// something else does not load it.  Nobody else includes <jack/…>.

#ifndef CH_BACKEND_JACK_API_H
#define CH_BACKEND_JACK_API_H

#include <jack/jack.h>
#include <jack/metadata.h>
#include <jack/uuid.h>

#include "daemon/base/attributes.h"
#include "daemon/base/status.h"

/// What the callback calls of them; jack.h says of none that it may, its manual of these.
#define CH_JACK_RT(X)                                                                              \
    X(get_cycle_times)                                                                             \
    X(get_time)                                                                                    \
    X(port_get_buffer)

/// What every libjack has: of jack2, of PipeWire.
#define CH_JACK_REQUIRED(X)                                                                        \
    X(activate)                                                                                    \
    X(client_close)                                                                                \
    X(client_open)                                                                                 \
    X(connect)                                                                                     \
    X(deactivate)                                                                                  \
    X(free)                                                                                        \
    X(get_buffer_size)                                                                             \
    X(get_client_name)                                                                             \
    X(get_ports)                                                                                   \
    X(get_sample_rate)                                                                             \
    X(on_info_shutdown)                                                                            \
    X(port_get_latency_range)                                                                      \
    X(port_name)                                                                                   \
    X(port_register)                                                                               \
    X(port_set_latency_range)                                                                      \
    X(set_buffer_size_callback)                                                                    \
    X(set_error_function)                                                                          \
    X(set_info_function)                                                                           \
    X(set_latency_callback)                                                                        \
    X(set_process_callback)                                                                        \
    X(set_sample_rate_callback)                                                                    \
    X(set_thread_init_callback)                                                                    \
    X(set_xrun_callback)

/// Metadata; NULL where there is none.
#define CH_JACK_OPTIONAL(X)                                                                        \
    X(get_uuid_for_client_name)                                                                    \
    X(port_uuid)                                                                                   \
    X(remove_properties)                                                                           \
    X(set_property)                                                                                \
    X(uuid_parse)

/// jack_activate() is api->activate(), and so on.
struct ch_jack_api {
#define X(name) __typeof__(jack_##name) *name CH_RT;
    CH_JACK_RT(X)
#undef X
#define X(name) __typeof__(jack_##name) *name;
    CH_JACK_REQUIRED(X)
    CH_JACK_OPTIONAL(X)
#undef X
};

/// Load the library, which then stays: its threads and callbacks can't be unloaded safely.
/// CH_UNAVAILABLE, and the remedy in `detail`.
CH_NODISCARD enum ch_status ch_jack_api_load(struct ch_jack_api *api, char *detail);

#endif
