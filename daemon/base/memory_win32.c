// SPDX-License-Identifier: ISC
// daemon/base/memory_win32.c — a heap of its own, with a function of its own to give back.

#include "daemon/base/memory.h"

#include <malloc.h>

void *
ch_memory_aligned(size_t alignment, size_t bytes)
{
    return _aligned_malloc(bytes, alignment);
}

void
ch_memory_aligned_free(void *memory)
{
    _aligned_free(memory);
}
