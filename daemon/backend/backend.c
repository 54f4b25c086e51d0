// SPDX-License-Identifier: ISC
// daemon/backend/backend.c — the table of what this build can play to.

#ifdef HAVE_CONFIG_H
#    include "config.h"
#endif

#include "daemon/backend/backend.h"

#include <stddef.h>
#include <string.h>

static const struct ch_backend_ops *const backends[] = {
#ifdef HAVE_WASAPI
    &ch_backend_wasapi,
#endif
#ifdef HAVE_JACK
    &ch_backend_jack,
#endif
    &ch_backend_null,
    &ch_backend_file,
};
#define N_BACKENDS (sizeof backends / sizeof *backends)

const struct ch_backend_ops *
ch_backend_find(const char *name)
{
    for (size_t i = 0; i < N_BACKENDS; i++) {
        if (!strcmp(name, backends[i]->name)) {
            return backends[i];
        }
    }
    return NULL;
}

const struct ch_backend_ops *
ch_backend_at(unsigned index)
{
    return index < N_BACKENDS ? backends[index] : NULL;
}
