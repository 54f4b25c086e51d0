// SPDX-License-Identifier: ISC
// daemon/base/float_mode.h — the register that says what becomes of denormals; the processor's
// matter, not the system's.

#ifndef CH_BASE_FLOAT_MODE_H
#define CH_BASE_FLOAT_MODE_H

#include <stdint.h>

#if defined(__SSE2__)
#    include <xmmintrin.h>
#endif

#include "daemon/base/attributes.h"

CH_RT static inline uint64_t
ch_float_mode(void)
{
#if defined(__SSE2__)
    return _mm_getcsr();
#elif defined(__aarch64__)
    uint64_t fpcr;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(fpcr));
    return fpcr;
#else
    return 0;
#endif
}

CH_RT static inline void
ch_set_float_mode(uint64_t mode)
{
#if defined(__SSE2__)
    _mm_setcsr((unsigned)mode);
#elif defined(__aarch64__)
    __asm__ __volatile__("msr fpcr, %0" : : "r"(mode));
#else
    (void)mode;
#endif
}

#if defined(__SSE2__)
#    define CH_NO_DENORMALS 0x8040u // FTZ | DAZ
#else
#    define CH_NO_DENORMALS (1ull << 24) // FZ
#endif

#endif
