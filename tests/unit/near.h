// SPDX-License-Identifier: ISC
// tests/unit/near.h — cmocka compares floats as float; measurements want double.

#ifndef CH_TESTS_UNIT_NEAR_H
#define CH_TESTS_UNIT_NEAR_H

#include <math.h>

/// Fails at the caller's line, with both numbers.
#define assert_near(value, expected, tolerance)                                                    \
    near_check((value), (expected), (tolerance), __FILE__, __LINE__)

static inline void
near_check(double value, double expected, double tolerance, const char *file, int line)
{
    if (!(fabs(value - expected) <= tolerance)) {
        print_error("%.9g is not within %.3g of %.9g\n", value, tolerance, expected);
        _fail(file, line);
    }
}

#endif
