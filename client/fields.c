// SPDX-License-Identifier: ISC
// client/fields.c — members of an answer, each with a way out when it is missing or another type.

#include "client/fields.h"

#include <math.h>
#include <stddef.h>

const cJSON *
ch_field(const cJSON *object, const char *key)
{
    return object ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

const char *
ch_field_string(const cJSON *object, const char *key)
{
    const cJSON *item = ch_field(object, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

double
ch_field_number(const cJSON *object, const char *key, double otherwise)
{
    const cJSON *item = ch_field(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

bool
ch_field_bool(const cJSON *object, const char *key)
{
    return cJSON_IsTrue(ch_field(object, key));
}

double
ch_field_db(const cJSON *object, const char *key)
{
    return ch_field_number(object, key, -INFINITY);
}

double
ch_element_number(const cJSON *array, int index, double otherwise)
{
    const cJSON *item = array ? cJSON_GetArrayItem(array, index) : NULL;
    return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

double
ch_element_db(const cJSON *array, int index)
{
    return ch_element_number(array, index, -INFINITY);
}
