// SPDX-License-Identifier: ISC
// daemon/control/params.c — checks parameters against a method's table.

#include "daemon/control/params.h"

#include <math.h>
#include <string.h>

static int
choice_index(const char *choices, const char *value)
{
    const size_t length = strlen(value);
    int index = 0;
    for (const char *at = choices;; at++, index++) {
        const char *end = strchr(at, '|');
        const size_t n = end ? (size_t)(end - at) : strlen(at);
        if (n == length && !memcmp(at, value, n)) {
            return index;
        }
        if (!end) {
            return -1;
        }
        at = end;
    }
}

static bool
is_integer(const cJSON *value)
{
    return cJSON_IsNumber(value) && value->valuedouble == floor(value->valuedouble) &&
           fabs(value->valuedouble) <= 9007199254740992.0;
}

static bool
all_of(const cJSON *array, cJSON_bool (*is)(const cJSON *))
{
    const cJSON *element;
    cJSON_ArrayForEach(element, array)
    {
        if (!is(element)) {
            return false;
        }
    }
    return true;
}

static cJSON_bool
is_integer_cb(const cJSON *value)
{
    return is_integer(value);
}

/// What the value should have been, or NULL if it is that.
static const char *
type_fault(const struct ch_param *param, const cJSON *value)
{
    switch (param->type) {
    case CH_PARAM_BOOL:
        return cJSON_IsBool(value) ? NULL : "true or false";
    case CH_PARAM_INT:
        return is_integer(value) ? NULL : "an integer";
    case CH_PARAM_NUMBER:
        return cJSON_IsNumber(value) ? NULL : "a number";
    case CH_PARAM_GAIN:
        return cJSON_IsNumber(value) || cJSON_IsNull(value) ? NULL
                                                            : "a number of dB, or null for -inf";
    case CH_PARAM_STRING:
        return cJSON_IsString(value) ? NULL : "a string";
    case CH_PARAM_STRINGS:
        return cJSON_IsString(value) ||
                       (cJSON_IsArray(value) && value->child && all_of(value, cJSON_IsString))
                   ? NULL
                   : "an array of strings with at least one in it";
    case CH_PARAM_INTS:
        return is_integer(value) || (cJSON_IsArray(value) && all_of(value, is_integer_cb))
                   ? NULL
                   : "an array of integers";
    case CH_PARAM_ARRAY:
        return cJSON_IsArray(value) ? NULL : "an array";
    case CH_PARAM_OBJECT:
        return cJSON_IsObject(value) ? NULL : "an object";
    case CH_PARAM_ANY:
        break;
    }
    return NULL;
}

static const struct ch_param *
find_param(const struct ch_param *table, const char *name)
{
    for (; table->name; table++) {
        if (!strcmp(table->name, name)) {
            return table;
        }
    }
    return NULL;
}

static bool
check_value(struct ch_request *request, const struct ch_param *param, const cJSON *value)
{
    const char *wanted = type_fault(param, value);
    if (wanted) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, param->name, "'%s' must be %s", param->name,
                        wanted);
        return false;
    }
    const bool limited = param->min != 0.0 || param->max != 0.0;
    if (limited && cJSON_IsNumber(value) &&
        !(value->valuedouble >= param->min && value->valuedouble <= param->max)) {
        ch_request_fail(request, CH_RPC_OUT_OF_RANGE, param->name, "'%s' must be %g to %g, not %g",
                        param->name, param->min, param->max, value->valuedouble);
        return false;
    }
    if (param->choices && choice_index(param->choices, value->valuestring) < 0) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, param->name,
                        "'%s' must be one of %s, not '%.64s'", param->name, param->choices,
                        value->valuestring);
        return false;
    }
    return true;
}

bool
ch_params_check(struct ch_request *request, const cJSON *object, const struct ch_param *table)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        const struct ch_param *param = find_param(table, member->string);
        if (!param) {
            ch_request_fail(request, CH_RPC_INVALID_PARAMS, member->string,
                            "no parameter '%.64s' here", member->string);
            return false;
        }
        if (!check_value(request, param, member)) {
            return false;
        }
    }
    for (; table->name; table++) {
        if ((table->flags & CH_PARAM_REQUIRED) && !ch_param_get(object, table->name)) {
            ch_request_fail(request, CH_RPC_INVALID_PARAMS, table->name, "'%s' is missing",
                            table->name);
            return false;
        }
    }
    return true;
}

const cJSON *
ch_param_get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

double
ch_param_number(const cJSON *object, const char *name, double fallback)
{
    const cJSON *value = ch_param_get(object, name);
    return cJSON_IsNumber(value) ? value->valuedouble : fallback;
}

bool
ch_param_bool(const cJSON *object, const char *name, bool fallback)
{
    const cJSON *value = ch_param_get(object, name);
    return cJSON_IsBool(value) ? cJSON_IsTrue(value) : fallback;
}

const char *
ch_param_string(const cJSON *object, const char *name, const char *fallback)
{
    const cJSON *value = ch_param_get(object, name);
    return cJSON_IsString(value) ? value->valuestring : fallback;
}

int
ch_param_choice(const cJSON *object, const char *name, const char *choices, int fallback)
{
    const char *value = ch_param_string(object, name, NULL);
    return value ? choice_index(choices, value) : fallback;
}
