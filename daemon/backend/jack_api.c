// SPDX-License-Identifier: ISC
// daemon/backend/jack_api.c — dlopen() and the table of symbols.

#include "daemon/backend/jack_api.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "daemon/backend/common.h"

#define LIBRARY "libjack.so.0"

static const struct {
    const char *name;
    size_t offset;
    bool required;
} symbols[] = {
#define X(name) {"jack_" #name, offsetof(struct ch_jack_api, name), true},
    CH_JACK_RT(X) CH_JACK_REQUIRED(X)
#undef X
#define X(name) {"jack_" #name, offsetof(struct ch_jack_api, name), false},
        CH_JACK_OPTIONAL(X)
#undef X
};

enum ch_status
ch_jack_api_load(struct ch_jack_api *api, char *detail)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        snprintf(detail, CH_DETAIL_BYTES,
                 "the JACK library cannot be loaded (%.120s); install libjack-jackd2-0 or use "
                 "--backend=null",
                 dlerror());
        return CH_UNAVAILABLE;
    }
    enum ch_status status = CH_OK;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *address = dlsym(library, symbols[i].name);
        if (!address && symbols[i].required) {
            snprintf(detail, CH_DETAIL_BYTES,
                     LIBRARY " has no %s(): it is too old; install JACK 1.9.12 or later, or use "
                             "--backend=null",
                     symbols[i].name);
            status = CH_UNAVAILABLE;
            break;
        }
        memcpy((char *)api + symbols[i].offset, &address, sizeof address);
    }
    dlclose(library); // only its reference: NODELETE
    return status;
}
