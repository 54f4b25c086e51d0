// SPDX-License-Identifier: ISC
// daemon/base/attributes.h — what the compiler is asked to check for us.

#ifndef CH_BASE_ATTRIBUTES_H
#define CH_BASE_ATTRIBUTES_H

#include "system/printf.h" // CH_PRINTF

#if defined(__clang__) && __clang_major__ >= 20
/// On every function that the audio callback can reach: clang proves that it neither blocks nor
/// allocates (-Wfunction-effects), older compilers ignore it.
#    define CH_RT __attribute__((nonblocking))
/// A call that the callback may make, though its header does not say so.
#    define CH_RT_TRUST(call)                                                                      \
        _Pragma("clang diagnostic push")                                                           \
            _Pragma("clang diagnostic ignored \"-Wfunction-effects\"") call;                       \
        _Pragma("clang diagnostic pop")
#else
#    define CH_RT
#    define CH_RT_TRUST(call) call
#endif

#define CH_NODISCARD __attribute__((warn_unused_result))
#define CH_UNUSED    __attribute__((unused))

/// Distance that keeps two threads' data apart: two cache lines, because adjacent lines are
/// prefetched in pairs.  Bytes.
#define CH_CACHE_APART 128

#endif
