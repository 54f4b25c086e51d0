// SPDX-License-Identifier: ISC
// tests/weakmem/model.h — the memory of C11 as relaxed, acquire and release accesses see it.
//
// An atomic object is the list of all values it was ever given, in modification order.  Each thread
// has a view: the newest value it must know of each object.  A load may return any value that is
// not older than the view; a release store carries the view of its thread with the value; an
// acquire load adds what it carries to its own.  That is RC11 without sequential consistency, which
// is refused: no load sees a store of the future, and a relaxed store to the same object does not
// continue a release sequence (as in C++20), which allows more, never less.
//
// Plain memory is real memory.  What is checked is that any two accesses that collide are ordered
// by happens-before: vector clocks travel with the views.

#ifndef CH_TESTS_WEAKMEM_MODEL_H
#define CH_TESTS_WEAKMEM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CH_WEAK_THREADS_MAX 4

/// Forget all accesses; real memory is what atomic objects begin with.
void ch_model_reset(void);

/// From here to there the threads share memory: accesses elsewhere are nobody's business.  Two
/// such places at most; offsets are counted through both.
void ch_model_share(const void *start, size_t n_bytes);
/// Nobody may touch these shared bytes: what lies around a buffer.
void ch_model_forbid(const void *start, size_t n_bytes);

/// The atomic object at an address; known from its first access on.
uint32_t ch_model_object(const volatile void *address, uint32_t n_bytes);
const volatile void *ch_model_address(uint32_t object);
size_t ch_model_offset(uint32_t object); ///< from the start of what is shared

enum ch_model_update { CH_MODEL_ADD, CH_MODEL_EXCHANGE };

/// Orders are those of <stdatomic.h>.  Where the model leaves a choice, ch_weak_choose() makes it.
uint64_t ch_model_load(uint32_t thread, uint32_t object, int order);
void ch_model_store(uint32_t thread, uint32_t object, uint64_t value, int order);
uint64_t ch_model_update(uint32_t thread, uint32_t object, enum ch_model_update update,
                         uint64_t operand, int order);

/// A plain access of a thread.
void ch_model_plain(uint32_t thread, const volatile void *address, size_t n_bytes, bool is_write);

/// The last value in modification order, for whoever has waited for all threads.
uint64_t ch_model_last(uint32_t object);
void ch_model_set_last(uint32_t object, uint64_t value);

#endif
