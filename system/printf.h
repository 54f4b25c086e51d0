// SPDX-License-Identifier: ISC
// system/printf.h — have the compiler check formats.
//
// gcc's plain `printf` means the format of the system's C library, which on Windows is not the
// standard's; everything of ours is written with the standard's.

#ifndef CH_SYSTEM_PRINTF_H
#define CH_SYSTEM_PRINTF_H

#if defined(__clang__)
#    define CH_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#    define CH_PRINTF(fmt, first) __attribute__((format(gnu_printf, fmt, first)))
#endif

#endif
