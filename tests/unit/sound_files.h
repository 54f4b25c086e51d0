// SPDX-License-Identifier: ISC
// tests/unit/sound_files.h — files for the tests of media/: a directory of their own, a known
// signal, libsndfile to write it and the encoders of the system to convert it.

#ifndef CH_TESTS_UNIT_SOUND_FILES_H
#define CH_TESTS_UNIT_SOUND_FILES_H

#include <math.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/host.h"

static char sound_dir[HOST_PATH_BYTES];

static inline int
sound_dir_make(void **state)
{
    (void)state;
    return host_folder_make(sound_dir) ? 0 : -1;
}

static inline int
sound_dir_remove(void **state)
{
    (void)state;
    return host_folder_remove(sound_dir) ? 0 : -1;
}

/// Path of a file in the directory.  Eight may be in use at a time.
static inline const char *
sound_path(const char *name)
{
    static char paths[8][HOST_PATH_BYTES + 100];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", sound_dir, name);
    return path;
}

/// Run a command in the directory; false where there is no sh.
static inline bool
sound_run(const char *command)
{
    return host_run_in(sound_dir, command);
}

/// A smooth stereo signal without a period: what any piece of a test is cut from.
static inline void
sound_signal(float *stereo, uint64_t from, uint32_t n_frames, uint32_t rate_hz)
{
    for (uint32_t i = 0; i < n_frames; i++) {
        const double t = (double)(from + i) / rate_hz;
        stereo[2 * i] =
            (float)(0.3 * sin(2.0 * M_PI * 440.0 * t) + 0.2 * sin(2.0 * M_PI * 1234.5 * t + t * t));
        stereo[2 * i + 1] =
            (float)(0.4 * sin(2.0 * M_PI * 333.0 * t + 1.0) + 0.1 * sin(2.0 * M_PI * 5000.7 * t));
    }
}

/// Write interleaved floats; integer formats get them rounded.
static inline void
sound_write(const char *path, int format, uint32_t rate_hz, uint32_t n_channels,
            const float *samples, uint32_t n_frames)
{
    SF_INFO info = {.format = format, .samplerate = (int)rate_hz, .channels = (int)n_channels};
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    assert_non_null(file);
    assert_int_equal(sf_writef_float(file, samples, n_frames), n_frames);
    sf_close(file);
}

/// The signal from frame `from` on, as a file.
static inline void
sound_write_signal(const char *path, int format, uint32_t rate_hz, uint64_t from, uint32_t n_frames)
{
    float *stereo = malloc((size_t)n_frames * 2 * sizeof *stereo);
    assert_non_null(stereo);
    sound_signal(stereo, from, n_frames, rate_hz);
    sound_write(path, format, rate_hz, 2, stereo, n_frames);
    free(stereo);
}

static inline void
sound_write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

/// The first `part` of a file as another.
static inline void
sound_cut(const char *from, const char *to, double part)
{
    struct stat st;
    assert_int_equal(stat(from, &st), 0);
    const size_t n = (size_t)((double)st.st_size * part);
    char *bytes = malloc(n + 1);
    FILE *file = fopen(from, "rb");
    assert_non_null(bytes);
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, n, file), n);
    fclose(file);
    sound_write_bytes(to, bytes, n);
    free(bytes);
}

#endif
