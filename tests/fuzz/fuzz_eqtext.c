// SPDX-License-Identifier: ISC
// tests/fuzz/fuzz_eqtext.c — any text as an equaliser of another program.
//
// What must hold: bands are such as eq.set would take, and as many as can run; a text that says
// nothing says why; what is written of them is read again as bands that sound alike.
//
// With -DFUZZ_MAIN it is a program that runs the files named on its command line.

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/units.h"
#include "daemon/eqtext/eqtext.h"

#define RATE_HZ 48000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "fuzz_eqtext: line %d: %s is false\n", __LINE__, #condition);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void
check_band(const struct ch_eq_band *band)
{
    REQUIRE(band->type < CH_EQ_TYPES);
    REQUIRE(band->freq_hz >= 10.0 && band->freq_hz <= 40000.0);
    REQUIRE(fabs(band->gain_db) <= CH_EQ_GAIN_MAX_DB);
    REQUIRE(band->q >= 0.05 && band->q <= 50.0);
    REQUIRE(band->slope >= 0.0 && band->slope <= 1.0);
    REQUIRE(band->order >= 1 && band->order <= CH_EQ_ORDER_MAX);
    REQUIRE(band->family < CH_EQ_FAMILIES);
}

static void
check(const struct ch_eqtext *eq)
{
    uint32_t n_sections = 0;
    REQUIRE(eq->n_bands <= CH_EQ_BANDS_MAX);
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        check_band(&eq->bands[i]);
        n_sections += ch_eq_band_sections(&eq->bands[i]) - 1;
    }
    REQUIRE(n_sections <= CH_EQ_SECTIONS_MAX - CH_EQ_BANDS_MAX);
    REQUIRE(eq->preamp_db >= -60.0 && eq->preamp_db <= 24.0);
    REQUIRE(eq->notes.n_listed <= eq->notes.n);
    REQUIRE(!eq->fitted || isfinite(eq->fit_error_db));
    for (uint32_t i = 0; i < eq->notes.n_listed; i++) {
        REQUIRE(eq->notes.list[i].line > 0 && *eq->notes.list[i].why);
    }
}

static double
response_db(const struct ch_eqtext *eq, uint32_t channel, double freq_hz)
{
    double db = eq->preamp_db;
    for (uint32_t i = 0; i < eq->n_bands; i++) {
        struct ch_eq_section section[CH_EQ_BAND_SECTIONS_MAX];
        const uint32_t n = ch_eq_sections_from_band(&eq->bands[i], CH_EQ_RBJ, RATE_HZ, section);
        for (uint32_t k = 0; k < n && !(ch_eq_band_bypass(&eq->bands[i]) & channel); k++) {
            db += ch_eq_section_response_db(&section[k], RATE_HZ, freq_hz);
        }
    }
    return db;
}

static void
sound_alike(const struct ch_eqtext *a, const struct ch_eqtext *b)
{
    for (double freq_hz = 23.0; freq_hz < 22000.0; freq_hz *= 1.7) {
        for (uint32_t channel = CH_EQ_LEFT; channel <= CH_EQ_RIGHT; channel++) {
            const double first = response_db(a, channel, freq_hz);
            const double second = response_db(b, channel, freq_hz);
            REQUIRE(fabs(first - second) < 1e-3 || first < -150.0);
        }
    }
}

static void
write_and_read(const struct ch_eqtext *eq, struct ch_eqtext *again, enum ch_eqtext_format format)
{
    static struct ch_eqtext_notes notes;
    const struct ch_eqtext_rack rack = {eq->bands, eq->n_bands, eq->preamp_db, CH_EQ_RBJ, RATE_HZ};
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    REQUIRE(out);
    memset(&notes, 0, sizeof notes);
    ch_eqtext_write(out, &rack, format, &notes);
    fclose(out);
    ch_eqtext_read(again, text, length, CH_EQTEXT_AUTO, CH_EQ_RBJ, RATE_HZ);
    check(again);
    REQUIRE(again->format == format);
    // Stacks that are written as their filters may be too many.
    if (!notes.n && !again->notes.n) {
        sound_alike(eq, again);
    }
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ch_eqtext eq, again;
    // From the heap, so that a sanitizer sees every byte read too far.
    char *text = malloc(size ? size : 1);
    REQUIRE(text);
    memcpy(text, data, size);
    ch_eqtext_read(&eq, text, size, CH_EQTEXT_AUTO, CH_EQ_RBJ, RATE_HZ);
    check(&eq);
    write_and_read(&eq, &again, CH_EQTEXT_APO);
    write_and_read(&eq, &again, CH_EQTEXT_CAMILLADSP);
    // Fits take long: one of the formats that it was not taken for.
    ch_eqtext_read(&eq, text, size, (enum ch_eqtext_format)(1 + size % CH_EQTEXT_CAMILLADSP),
                   CH_EQ_RBJ, RATE_HZ);
    check(&eq);
    free(text);
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
    const size_t room = 1u << 21;
    uint8_t *content = malloc(room);
    const size_t size = content ? fread(content, 1, room, file) : 0;
    const int failed = !content || ferror(file);
    fclose(file);
    if (failed) {
        fprintf(stderr, "%s: can't be read\n", path);
    } else {
        LLVMFuzzerTestOneInput(content, size);
    }
    free(content);
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
