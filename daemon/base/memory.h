// SPDX-License-Identifier: ISC
// daemon/base/memory.h — memory at an alignment of its own, which not every free() takes.

#ifndef CH_BASE_MEMORY_H
#define CH_BASE_MEMORY_H

#include <stddef.h>

#include "daemon/base/attributes.h"

/// `alignment` is a power of two and at least a pointer's; `bytes` any number above 0.  NULL
/// without memory.                                                                     [any but rt]
CH_NODISCARD void *ch_memory_aligned(size_t alignment, size_t bytes);

/// What ch_memory_aligned() gave; nothing else, and not free() for it.  NULL is fine.
void ch_memory_aligned_free(void *memory);

#endif
