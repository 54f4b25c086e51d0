// SPDX-License-Identifier: ISC
// daemon/backend/jack_ports.c — ports, metadata and connections.

#include "daemon/backend/jack_ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/backend/common.h"
#include "daemon/base/log.h"

// The value of JACK_METADATA_PRETTY_NAME, a variable in libjack.
#define PRETTY_NAME "http://jackaudio.org/metadata/pretty-name"

enum ch_status
ch_jack_wish_init(struct ch_jack_wish *wish, const char *text, char *detail)
{
    if (!text || !strcmp(text, "auto")) {
        wish->whom = CH_JACK_PHYSICAL;
        return CH_OK;
    }
    if (!strcmp(text, "none")) {
        wish->whom = CH_JACK_NOBODY;
        return CH_OK;
    }
    const int err = regcomp(&wish->regex, text, REG_EXTENDED | REG_NOSUB);
    if (err) {
        char reason[80];
        regerror(err, &wish->regex, reason, sizeof reason);
        snprintf(detail, CH_DETAIL_BYTES,
                 "“%.80s” is not a regular expression (%s); connect to auto, none or a POSIX "
                 "extended one",
                 text, reason);
        wish->whom = CH_JACK_NOBODY;
        return err == REG_ESPACE ? CH_NO_MEMORY : CH_OUT_OF_RANGE;
    }
    wish->whom = CH_JACK_MATCHING;
    return CH_OK;
}

void
ch_jack_wish_fini(struct ch_jack_wish *wish)
{
    if (wish->whom == CH_JACK_MATCHING) {
        regfree(&wish->regex);
        wish->whom = CH_JACK_NOBODY;
    }
}

bool
ch_jack_ports_register(const struct ch_jack_api *api, jack_client_t *client,
                       struct ch_jack_ports *ports)
{
    static const char *const names[CH_CHANNELS] = {"output_1", "output_2"};
    for (unsigned i = 0; i < CH_CHANNELS; i++) {
        ports->out[i] = api->port_register(client, names[i], JACK_DEFAULT_AUDIO_TYPE,
                                           JackPortIsOutput | JackPortIsTerminal, 0);
        if (!ports->out[i]) {
            return false;
        }
    }
    return true;
}

// 0 where there is none.
static jack_uuid_t
client_uuid(const struct ch_jack_api *api, jack_client_t *client)
{
    jack_uuid_t uuid = 0;
    if (api->get_uuid_for_client_name && api->uuid_parse) {
        char *text = api->get_uuid_for_client_name(client, api->get_client_name(client));
        if (text) {
            if (api->uuid_parse(text, &uuid)) {
                uuid = 0;
            }
            api->free(text);
        }
    }
    return uuid;
}

static jack_uuid_t
port_uuid(const struct ch_jack_api *api, jack_port_t *port)
{
    return port && api->port_uuid ? api->port_uuid(port) : 0;
}

void
ch_jack_ports_label(const struct ch_jack_api *api, jack_client_t *client,
                    const struct ch_jack_ports *ports)
{
    static const char *const labels[CH_CHANNELS] = {"Left", "Right"};
    if (!api->set_property) {
        return;
    }
    const jack_uuid_t uuid = client_uuid(api, client);
    if (uuid) {
        api->set_property(client, uuid, PRETTY_NAME, "chant", "text/plain");
    }
    for (unsigned i = 0; i < CH_CHANNELS; i++) {
        const jack_uuid_t port = port_uuid(api, ports->out[i]);
        if (port) {
            api->set_property(client, port, PRETTY_NAME, labels[i], "text/plain");
        }
    }
}

void
ch_jack_ports_unlabel(const struct ch_jack_api *api, jack_client_t *client,
                      const struct ch_jack_ports *ports)
{
    if (!api->remove_properties) {
        return;
    }
    const jack_uuid_t uuid = client_uuid(api, client);
    if (uuid) {
        api->remove_properties(client, uuid);
    }
    for (unsigned i = 0; i < CH_CHANNELS; i++) {
        const jack_uuid_t port = port_uuid(api, ports->out[i]);
        if (port) {
            api->remove_properties(client, port);
        }
    }
}

static bool
is_wanted(const struct ch_jack_wish *wish, const char *name)
{
    return wish->whom == CH_JACK_PHYSICAL || regexec(&wish->regex, name, 0, NULL, 0) == 0;
}

// @return how many of our ports found a partner.
static unsigned
connect_in_order(const struct ch_jack_api *api, jack_client_t *client,
                 const struct ch_jack_ports *ports, const struct ch_jack_wish *wish,
                 const char *const *names)
{
    unsigned n = 0;
    for (; *names && n < CH_CHANNELS; names++) {
        if (!is_wanted(wish, *names)) {
            continue;
        }
        const char *own = api->port_name(ports->out[n++]);
        const int err = api->connect(client, own, *names);
        if (err && err != EEXIST) {
            ch_warning("JACK: %s cannot be connected to %s", own, *names);
        } else {
            ch_info("JACK: %s plays to %s", own, *names);
        }
    }
    return n;
}

void
ch_jack_ports_connect(const struct ch_jack_api *api, jack_client_t *client,
                      const struct ch_jack_ports *ports, const struct ch_jack_wish *wish)
{
    if (wish->whom == CH_JACK_NOBODY) {
        return;
    }
    const unsigned long flags =
        JackPortIsInput | (wish->whom == CH_JACK_PHYSICAL ? JackPortIsPhysical : 0u);
    const char **names = api->get_ports(client, NULL, JACK_DEFAULT_AUDIO_TYPE, flags);
    const unsigned n = names ? connect_in_order(api, client, ports, wish, names) : 0;
    if (names) {
        api->free(names);
    }
    if (n < CH_CHANNELS) {
        // Not both into one input: two channels at full scale would add up to more than it.
        ch_warning("JACK: %s %s; connect %s by hand", n ? "only one" : "no",
                   wish->whom == CH_JACK_PHYSICAL ? "physical audio input was found"
                                                  : "audio input matches the pattern",
                   n ? api->port_name(ports->out[1]) : "the outputs");
    }
}
