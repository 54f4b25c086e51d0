// SPDX-License-Identifier: ISC
// daemon/backend/backend.c — the table of what this build can play to.

#ifdef HAVE_CONFIG_H
#    include "config.h"
#endif

#include "daemon/backend/backend.h"

#include <stddef.h>
#include <string.h>

static const struct ch_backend_ops *const backends[] = {
#ifdef HAVE_JACK
    &ch_backend_jack,
#endif
    &ch_backend_null,
    &ch_backend_file,
};

const struct ch_backend_ops *
ch_backend_find(const char *name)
{
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
        if (!strcmp(name, backends[i]->name)) {
            return backends[i];
        }
    }
    return NULL;
}
