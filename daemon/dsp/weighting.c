// SPDX-License-Identifier: ISC
// daemon/dsp/weighting.c — the analytic curves of IEC 61672-1:2013, annex E.          [any, pure]
//
// C has a double zero at 0 and double poles at f1 and f4, chosen so that it is 3 dB down at 10^1.5
// and at 10^3.9 Hz; A is C behind two high-passes of first order at f2 and f3, which follow from
// 10^2.45 Hz.  The standard rounds the four to 20.60, 107.7, 737.9 and 12194 Hz.

#include "daemon/dsp/weighting.h"

#include <math.h>

#define F1_HZ 20.598997057618316
#define F2_HZ 107.65264864304629
#define F3_HZ 737.8622307362901
#define F4_HZ 12194.217147998012

static double
square(double x)
{
    return x * x;
}

static double
c_power(double f2)
{
    return square(f2 / ((f2 + square(F1_HZ)) * (f2 + square(F4_HZ))));
}

static double
a_power(double f2)
{
    return c_power(f2) * square(f2) / ((f2 + square(F2_HZ)) * (f2 + square(F3_HZ)));
}

double
ch_weighting_power(enum ch_weighting weighting, double hz)
{
    const double f2 = hz * hz;
    switch (weighting) {
    case CH_WEIGHTING_A:
        return a_power(f2) / a_power(1e6);
    case CH_WEIGHTING_C:
        return c_power(f2) / c_power(1e6);
    case CH_WEIGHTING_Z:
    case CH_WEIGHTINGS:
        break;
    }
    return 1.0;
}

const char *
ch_weighting_name(enum ch_weighting weighting)
{
    static const char *const names[CH_WEIGHTINGS] = {
#define X(id, name) [CH_WEIGHTING_##id] = name,
        CH_WEIGHTING_MAP(X)
#undef X
    };
    return names[weighting];
}
