// SPDX-License-Identifier: ISC
// tests/fuzz/fuzz_request.c — any bytes on the socket: framed, checked, parsed, written back.
//
// What must hold: lines don't depend on where the bytes are cut; cJSON builds whatever the check
// accepts; what is written is accepted, and written from its own tree it is the same text.
//
// With -DFUZZ_MAIN it is a program that runs the files named on its command line.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/framing.h"
#include "protocol/json.h"
#include "protocol/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "fuzz_request: line %d: %s is false\n", __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static uint64_t
mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 29;
}

static uint64_t
hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < length; i++) {
        hash = mix(hash, p[i]);
    }
    return mix(hash, length);
}

// --- one line --------------------------------------------------------------------------------

static cJSON *
must_parse(const char *text, size_t length)
{
    cJSON *tree = NULL;
    size_t at = 0;
    REQUIRE(ch_json_parse(text, length, CH_NESTING_MAX, &tree, &at) == CH_JSON_OK);
    REQUIRE(at == length);
    return tree;
}

static void
write_back(const cJSON *tree)
{
    struct ch_buf once;
    struct ch_buf twice;
    ch_buf_init(&once);
    ch_buf_init(&twice);
    ch_json_value(&once, tree);
    REQUIRE(!once.failed);
    cJSON *again = must_parse(once.data, once.length);
    ch_json_value(&twice, again);
    REQUIRE(once.length == twice.length && !memcmp(once.data, twice.data, once.length));
    cJSON_Delete(again);
    ch_buf_fini(&once);
    ch_buf_fini(&twice);
}

// The line as a string: an error's detail may quote what a client sent.
static void
quote(const char *text, size_t length)
{
    struct ch_buf buf;
    ch_buf_init(&buf);
    ch_json_string_n(&buf, text, length);
    cJSON *string = must_parse(buf.data, buf.length);
    REQUIRE(ch_utf8_valid(string->valuestring, strlen(string->valuestring)));
    if (ch_utf8_valid(text, length) && !memchr(text, 0, length)) {
        REQUIRE(strlen(string->valuestring) == length &&
                !memcmp(string->valuestring, text, length));
    }
    cJSON_Delete(string);
    ch_buf_fini(&buf);
}

static void
try_line(const char *text, size_t length)
{
    cJSON *tree = NULL;
    size_t at = 0;
    enum ch_json_verdict verdict = ch_json_parse(text, length, CH_NESTING_MAX, &tree, &at);
    REQUIRE(verdict != CH_JSON_NO_MEMORY);
    REQUIRE((verdict == CH_JSON_OK) == (tree != NULL));
    REQUIRE(at <= length);
    if (tree) {
        write_back(tree);
        cJSON_Delete(tree);
    }
    quote(text, length);
}

// --- the stream ------------------------------------------------------------------------------

struct stream {
    uint64_t hash; ///< of all that was reported
    size_t max_line;
    bool try_lines;
};

static bool
on_line(void *context, enum ch_line kind, char *text, size_t length)
{
    struct stream *stream = context;
    volatile char terminator = text[length];
    (void)terminator;
    REQUIRE(length <= stream->max_line);
    REQUIRE(!memchr(text, '\n', length));
    stream->hash = hash_bytes(mix(stream->hash, kind), text, length);
    if (stream->try_lines && kind == CH_LINE_OK) {
        try_line(text, length);
    }
    return true;
}

// Pieces come from the heap one by one, so that a sanitizer sees every byte read too far.
static void
feed_piece(struct ch_framer *framer, const uint8_t *data, size_t length, struct stream *stream)
{
    char *piece = malloc(length ? length : 1);
    size_t n_taken = 0;
    REQUIRE(piece);
    memcpy(piece, data, length);
    REQUIRE(ch_framer_feed(framer, piece, length, &n_taken, on_line, stream));
    REQUIRE(n_taken == length);
    REQUIRE(framer->capacity <= stream->max_line + 2);
    free(piece);
}

// `cuts` is a random number to cut by; 0: the whole at once.
static uint64_t
run(const uint8_t *data, size_t size, size_t max_line, uint64_t cuts)
{
    struct stream stream = {.max_line = max_line, .try_lines = cuts == 0};
    struct ch_framer framer;
    ch_framer_init(&framer, max_line);
    for (size_t done = 0; done < size;) {
        size_t length = size - done;
        if (cuts) {
            cuts = mix(cuts, done);
            size_t wanted = cuts & 0x300 ? 1 + (cuts >> 10) % 64 : 1;
            length = wanted < length ? wanted : length;
        }
        feed_piece(&framer, data + done, length, &stream);
        done += length;
    }
    ch_framer_finish(&framer, on_line, &stream);
    ch_framer_fini(&framer);
    return stream.hash;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t limits[] = {CH_LINE_MAX_DEFAULT, 100, 7, 0};
    uint64_t seed = hash_bytes(1, data, size) | 1;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        uint64_t whole = run(data, size, limits[i], 0);
        REQUIRE(run(data, size, limits[i], seed) == whole);
        REQUIRE(run(data, size, limits[i], mix(seed, i) | 1) == whole);
    }
    return 0;
}

#ifdef FUZZ_MAIN
static int
run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    struct ch_buf content;
    ch_buf_init(&content);
    char block[4096];
    size_t n;
    while ((n = fread(block, 1, sizeof block, file)) > 0) {
        ch_buf_append(&content, block, n);
    }
    int failed = ferror(file) || content.failed;
    fclose(file);
    if (failed) {
        fprintf(stderr, "%s: can't be read\n", path);
    } else {
        LLVMFuzzerTestOneInput((const uint8_t *)content.data, content.length);
    }
    ch_buf_fini(&content);
    return failed;
}

int
main(int argc, char **argv)
{
    int status = 0;
    for (int i = 1; i < argc; i++) {
        status |= run_file(argv[i]);
    }
    return status;
}
#endif
