// SPDX-License-Identifier: ISC
// daemon/backend/jack_ports.h — our two outputs, their labels, and whom they are connected to.
//
// All of it talks to the server and may block as long as that does.                       [worker]

#ifndef CH_BACKEND_JACK_PORTS_H
#define CH_BACKEND_JACK_PORTS_H

#include <regex.h>
#include <stdbool.h>

#include "daemon/backend/jack_api.h"
#include "daemon/base/units.h"

/// Which inputs of others we want.
struct ch_jack_wish {
    enum { CH_JACK_NOBODY, CH_JACK_PHYSICAL, CH_JACK_MATCHING } whom;
    regex_t regex; ///< with MATCHING
};

/// @param text "auto" or NULL, "none", or a POSIX extended regex.
/// CH_OUT_OF_RANGE, with the fault of the regex in `detail`.
CH_NODISCARD enum ch_status ch_jack_wish_init(struct ch_jack_wish *wish, const char *text,
                                              char *detail);
void ch_jack_wish_fini(struct ch_jack_wish *wish);

struct ch_jack_ports {
    jack_port_t *out[CH_CHANNELS];
};

/// false if the server has no room for them.  They go when the client is closed.
CH_NODISCARD bool ch_jack_ports_register(const struct ch_jack_api *api, jack_client_t *client,
                                         struct ch_jack_ports *ports);

/// Names for people, where there is metadata.
void ch_jack_ports_label(const struct ch_jack_api *api, jack_client_t *client,
                         const struct ch_jack_ports *ports);
/// Take them away, because the server keeps them beyond the client.
void ch_jack_ports_unlabel(const struct ch_jack_api *api, jack_client_t *client,
                           const struct ch_jack_ports *ports);

/// Connect as wished; the client is active.  What could not be is a warning in the log.
void ch_jack_ports_connect(const struct ch_jack_api *api, jack_client_t *client,
                           const struct ch_jack_ports *ports, const struct ch_jack_wish *wish);

#endif
