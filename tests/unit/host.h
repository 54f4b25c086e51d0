// SPDX-License-Identifier: ISC
// tests/unit/host.h — what tests ask of the system they run on, and what it may not have.

#ifndef CH_TESTS_UNIT_HOST_H
#define CH_TESTS_UNIT_HOST_H

#include <stdbool.h>
#include <stddef.h>

enum { HOST_PATH_BYTES = 300 };

/// An empty folder of the test's own, without a '/' at its end.
bool host_folder_make(char path[HOST_PATH_BYTES]);

/// Remove it with all that is in it.
bool host_folder_remove(const char *path);

/// Run a line of sh in a folder, without input and output.  false if it failed, or if there is no
/// sh.
bool host_run_in(const char *folder, const char *line);

/// A folder more.
bool host_make_dir(const char *path);

/// A variable of the environment; NULL unsets it.
void host_set_env(const char *name, const char *value);

/// As aligned_alloc(); freed by host_aligned_free().
void *host_aligned(size_t alignment, size_t bytes);
void host_aligned_free(void *memory);

/// Threads of this process.
unsigned host_n_threads(void);

/// Page faults of this thread so far; 0 where nobody counts them.
long host_page_faults(void);

// --- false where the system has no such thing: the test is skipped, or goes on without

/// Writing beyond so many bytes of a file fails as on a full disk; 0 takes the limit away.
bool host_limit_file_bytes(size_t bytes);

bool host_make_link(const char *target, const char *path);
bool host_make_fifo(const char *path);

/// Nobody may read a file, not even who made it; `after` takes back what it needed for that.
bool host_forbid_reading(const char *path);
void host_forbid_reading_after(void);

/// How often a thread of this name has waited so far.
bool host_waits_of_thread(const char *name, long *out);

#endif
