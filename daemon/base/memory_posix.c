// SPDX-License-Identifier: ISC
// daemon/base/memory_posix.c — C11's function.

#include "daemon/base/memory.h"

#include <stdlib.h>

void *
ch_memory_aligned(size_t alignment, size_t bytes)
{
    return aligned_alloc(alignment, (bytes + alignment - 1) & ~(alignment - 1));
}

void
ch_memory_aligned_free(void *memory)
{
    free(memory);
}
