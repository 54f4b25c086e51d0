// SPDX-License-Identifier: ISC
// daemon/control/params.h — what a method takes, as data: checked before the method runs.

#ifndef CH_CONTROL_PARAMS_H
#define CH_CONTROL_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/control/request.h"

enum ch_param_type {
    CH_PARAM_BOOL,
    CH_PARAM_INT,    ///< min…max
    CH_PARAM_NUMBER, ///< min…max
    CH_PARAM_GAIN,   ///< number min…max, or null for -inf
    CH_PARAM_STRING,
    CH_PARAM_STRINGS, ///< a non-empty array of strings, or one string
    CH_PARAM_INTS,    ///< an array of integers, or one integer
    CH_PARAM_ARRAY,   ///< the method looks itself
    CH_PARAM_OBJECT,  ///< the method looks itself
    CH_PARAM_ANY,     ///< the method looks itself
};

#define CH_PARAM_REQUIRED 0x1u

struct ch_param {
    const char *name;
    enum ch_param_type type;
    unsigned flags;
    double min, max;     ///< INT, NUMBER, GAIN; both 0 = any
    const char *choices; ///< STRING: "off|one|all"; NULL = any
};

/// The end of a table.
#define CH_PARAM_END                                                                               \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/// Check an object against a table; unknown members are an error that names them.  On failure the
/// request has been answered (and freed).
bool ch_params_check(struct ch_request *request, const cJSON *object, const struct ch_param *table);

/// NULL if it was not given.
const cJSON *ch_param_get(const cJSON *object, const char *name);

double ch_param_number(const cJSON *object, const char *name, double fallback);
bool ch_param_bool(const cJSON *object, const char *name, bool fallback);
const char *ch_param_string(const cJSON *object, const char *name, const char *fallback);
/// Index of the value among choices "a|b|c"; fallback if it was not given.
int ch_param_choice(const cJSON *object, const char *name, const char *choices, int fallback);

#endif
