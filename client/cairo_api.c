// SPDX-License-Identifier: ISC
// client/cairo_api.c — dlopen() and the table of symbols.

#include "client/cairo_api.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libcairo.so.2"

static const struct {
    const char *name;
    size_t offset;
} symbols[] = {
#define X(name) {"cairo_" #name, offsetof(struct ch_cairo_api, name)},
    CH_CAIRO_FUNCTIONS(X)
#undef X
};

bool
ch_cairo_api_load(struct ch_cairo_api *api, char *why, size_t why_bytes)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        snprintf(why, why_bytes, "no pictures without cairo (%.120s); install libcairo2",
                 dlerror());
        return false;
    }
    bool complete = true;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols && complete; i++) {
        void *address = dlsym(library, symbols[i].name);
        complete = address != NULL;
        memcpy((char *)api + symbols[i].offset, &address, sizeof address);
        if (!complete) {
            snprintf(why, why_bytes, LIBRARY " has no %s(): it is too old; install cairo 1.14",
                     symbols[i].name);
        }
    }
    dlclose(library); // only its reference: NODELETE
    return complete;
}
