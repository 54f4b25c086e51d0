// SPDX-License-Identifier: ISC
// client/fields.h — members of an answer, each with a way out when it is missing or another type.
//
// All of them take NULL for the object, so that a chain of them needs no tests between.

#ifndef CH_CLIENT_FIELDS_H
#define CH_CLIENT_FIELDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/// NULL if there is none.
const cJSON *ch_field(const cJSON *object, const char *key);

const char *ch_field_string(const cJSON *object, const char *key);
double ch_field_number(const cJSON *object, const char *key, double otherwise);
bool ch_field_bool(const cJSON *object, const char *key);

/// As gains and levels travel: null is -INFINITY.
double ch_field_db(const cJSON *object, const char *key);
double ch_element_number(const cJSON *array, int index, double otherwise);
/// An element of an array of gains or levels; what is missing is -INFINITY.
double ch_element_db(const cJSON *array, int index);

#endif
