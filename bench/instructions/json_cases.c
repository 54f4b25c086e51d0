// SPDX-License-Identifier: ISC
// bench/instructions/json_cases.c — JSON alone: checked, parsed, written.

#include <string.h>

#include "bench/instructions/cases.h"
#include "bench/instructions/lines.h"
#include "protocol/json.h"
#include "protocol/names.h"

static const char *const lines[] = {CASE_LINE_MIXER_SET, CASE_LINE_EQ_SET};
static const char *line;
static size_t length;

static void
set_up_line(const struct ch_case *c)
{
    line = lines[c->size];
    length = strlen(line);
}

static void
check(void)
{
    CASE_MUST(ch_json_check(line, length, CH_NESTING_MAX, NULL) == CH_JSON_OK);
}

// The tree is cJSON's: building it is not counted, what is called back from it is.
static void
parse(void)
{
    cJSON *root;
    CASE_MUST(ch_json_parse(line, length, CH_NESTING_MAX, &root, NULL) == CH_JSON_OK);
    cJSON_Delete(root);
}

static struct ch_buf buf;

static void
set_up_buf(const struct ch_case *c)
{
    (void)c;
    ch_buf_init(&buf);
}

static void
tear_down_buf(void)
{
    CASE_MUST(!buf.failed && buf.length > 300);
    ch_buf_fini(&buf);
}

// Like an answer: words, a title that must be escaped, counts, levels.
static void
write_answer(void)
{
    ch_buf_clear(&buf);
    ch_json_begin_object(&buf);
    ch_json_kv_string(&buf, "jsonrpc", "2.0");
    ch_json_kv_uint(&buf, "id", 4711);
    ch_json_key(&buf, "result");
    ch_json_begin_object(&buf);
    ch_json_kv_string(&buf, "state", "playing");
    ch_json_kv_string(&buf, "uri", "file:///home/anna/Musik/Fr%C3%BChling/01.flac");
    ch_json_kv_string(&buf, "title", "Frühling \"live\"\tin Köln \\ 1. Satz");
    ch_json_kv_uint(&buf, "frame", 123456789012);
    ch_json_kv_fixed(&buf, "position_s", 83.241708, 6);
    ch_json_kv_bool(&buf, "paused", false);
    ch_json_kv_null(&buf, "next");
    ch_json_key(&buf, "bands");
    ch_json_begin_array(&buf);
    for (int i = 0; i < 31; i++) {
        ch_json_fixed(&buf, -12.75 + 0.83 * i, 2);
    }
    ch_json_end_array(&buf);
    ch_json_end_object(&buf);
    ch_json_end_object(&buf);
}

#define LINE(title, work, which)                                                                   \
    {                                                                                              \
        .name = "json/" title, .set_up = set_up_line, .run = work, .size = which, .n_ops = 1,      \
        .n_warm = 2, .n_runs = 20                                                                  \
    }

const struct ch_case ch_cases_json[] = {
    LINE("check-mixer.set", check, 0),
    LINE("check-eq.set", check, 1),
    LINE("parse-mixer.set", parse, 0),
    LINE("parse-eq.set", parse, 1),
    {.name = "json/write-answer",
     .set_up = set_up_buf,
     .run = write_answer,
     .tear_down = tear_down_buf,
     .n_ops = 1,
     .n_warm = 2,
     .n_runs = 20},
    {.name = NULL},
};
