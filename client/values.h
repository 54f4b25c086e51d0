// SPDX-License-Identifier: ISC
// client/values.h — the words of a command line as numbers, and numbers as people read them.
//
// Decimal only, whatever the locale; the whole word must be consumed.  Ranges that the daemon knows
// are the daemon's to check.

#ifndef CH_CLIENT_VALUES_H
#define CH_CLIENT_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Finite; no hexadecimal, "inf" or "nan".
bool ch_value_number(const char *text, double *out);

bool ch_value_integer(const char *text, int64_t min, int64_t max, int64_t *out);

/// "-6", "+2.5", "-6dB", "-inf" (which gives -INFINITY).
bool ch_value_gain_db(const char *text, double *out);

/// "on" or "off".
bool ch_value_on_off(const char *text, bool *out);

struct ch_seek {
    bool relative; ///< there was a sign
    double seconds;
};

/// "83.5", "1:23", "1:02:03.5"; with + or - in front, relative to where it plays.
bool ch_value_seek(const char *text, struct ch_seek *out);

#define CH_TIME_BYTES 32

/// "1:23", "1:02:03"; "-:--" for what is negative or not finite.  `out` holds CH_TIME_BYTES.
void ch_value_time(double seconds, char *out);

/// "440 Hz", "1.25 kHz"; `out` holds CH_TIME_BYTES.
void ch_value_hz(double hz, char *out);

#endif
