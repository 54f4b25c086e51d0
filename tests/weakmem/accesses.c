// SPDX-License-Identifier: ISC
// tests/weakmem/accesses.c — what the compiler calls under -fsanitize=thread, answered by the model
// instead of the sanitizer's library.
//
// Not every function of that library is here: code that uses another one doesn't link, and so
// can't slip past the model.  The linker sends memcpy and its sisters here as well (--wrap).

#include <stdatomic.h>
#include <string.h>

#include "tests/weakmem/explorer.h"

// The compiler knows these prototypes; nobody else calls them.
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#if defined(__clang__)
#    pragma GCC diagnostic ignored "-Wreserved-identifier"
#    pragma GCC diagnostic ignored "-Wunknown-warning-option"
#endif

void
__tsan_init(void)
{
}

void
__tsan_func_entry(void *caller)
{
    (void)caller;
}

void
__tsan_func_exit(void)
{
}

// --- plain accesses --------------------------------------------------------------------------

static void
plain(const volatile void *address, size_t n_bytes, bool is_write)
{
    const int thread = ch_weak_thread();
    if (thread >= 0 && n_bytes) {
        ch_model_plain((uint32_t)thread, address, n_bytes, is_write);
    }
}

#define PLAIN(n)                                                                                   \
    void __tsan_read##n(void *address)                                                             \
    {                                                                                              \
        plain(address, n, false);                                                                  \
    }                                                                                              \
    void __tsan_write##n(void *address)                                                            \
    {                                                                                              \
        plain(address, n, true);                                                                   \
    }                                                                                              \
    void __tsan_unaligned_read##n(void *address)                                                   \
    {                                                                                              \
        plain(address, n, false);                                                                  \
    }                                                                                              \
    void __tsan_unaligned_write##n(void *address)                                                  \
    {                                                                                              \
        plain(address, n, true);                                                                   \
    }
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void
__tsan_read_range(void *address, size_t n_bytes)
{
    plain(address, n_bytes, false);
}

void
__tsan_write_range(void *address, size_t n_bytes)
{
    plain(address, n_bytes, true);
}

void *__real_memcpy(void *to, const void *from, size_t n_bytes);
void *__real_memmove(void *to, const void *from, size_t n_bytes);
void *__real_memset(void *to, int byte, size_t n_bytes);

void *
__wrap_memcpy(void *to, const void *from, size_t n_bytes)
{
    plain(from, n_bytes, false);
    plain(to, n_bytes, true);
    return __real_memcpy(to, from, n_bytes);
}

void *
__wrap_memmove(void *to, const void *from, size_t n_bytes)
{
    plain(from, n_bytes, false);
    plain(to, n_bytes, true);
    return __real_memmove(to, from, n_bytes);
}

void *
__wrap_memset(void *to, int byte, size_t n_bytes)
{
    plain(to, n_bytes, true);
    return __real_memset(to, byte, n_bytes);
}

/// Newer compilers call these instead.
void *
__tsan_memcpy(void *to, const void *from, size_t n_bytes)
{
    return __wrap_memcpy(to, from, n_bytes);
}

void *
__tsan_memmove(void *to, const void *from, size_t n_bytes)
{
    return __wrap_memmove(to, from, n_bytes);
}

void *
__tsan_memset(void *to, int byte, size_t n_bytes)
{
    return __wrap_memset(to, byte, n_bytes);
}

// --- atomic accesses -------------------------------------------------------------------------
// Before the threads begin they are plain ones to real memory.  After the last has ended they see
// the last value.

/// Bits above are hints to the processor.
#define ORDER(order) ((order)&0xff)

static uint64_t
load(const volatile void *address, uint32_t n_bytes, int order)
{
    const uint32_t object = ch_model_object(address, n_bytes);
    if (ch_weak_thread() < 0) {
        ch_weak_tick();
        return ch_model_last(object);
    }
    return ch_weak_access(
        &(struct ch_weak_op){.kind = CH_WEAK_LOAD, .object = object, .order = ORDER(order)});
}

static void
store(const volatile void *address, uint32_t n_bytes, uint64_t value, int order)
{
    const uint32_t object = ch_model_object(address, n_bytes);
    if (ch_weak_thread() < 0) {
        ch_model_set_last(object, value);
        return;
    }
    ch_weak_access(&(struct ch_weak_op){
        .kind = CH_WEAK_STORE, .object = object, .order = ORDER(order), .operand = value});
}

static uint64_t
update(const volatile void *address, uint32_t n_bytes, enum ch_model_update how, uint64_t operand,
       int order)
{
    const uint32_t object = ch_model_object(address, n_bytes);
    if (ch_weak_thread() < 0) {
        const uint64_t old = ch_model_last(object);
        ch_model_set_last(object, how == CH_MODEL_ADD ? old + operand : operand);
        return old;
    }
    return ch_weak_access(&(struct ch_weak_op){.kind = CH_WEAK_UPDATE,
                                               .object = object,
                                               .order = ORDER(order),
                                               .update = how,
                                               .operand = operand});
}

#define ATOMIC(bits)                                                                               \
    uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *address, int order)   \
    {                                                                                              \
        return ch_weak_in_setup() ? *address : (uint##bits##_t)load(address, bits / 8, order);     \
    }                                                                                              \
    void __tsan_atomic##bits##_store(volatile uint##bits##_t *address, uint##bits##_t value,       \
                                     int order)                                                    \
    {                                                                                              \
        if (ch_weak_in_setup()) {                                                                  \
            *address = value;                                                                      \
        } else {                                                                                   \
            store(address, bits / 8, value, order);                                                \
        }                                                                                          \
    }                                                                                              \
    uint##bits##_t __tsan_atomic##bits##_fetch_add(volatile uint##bits##_t *address,               \
                                                   uint##bits##_t operand, int order)              \
    {                                                                                              \
        return (uint##bits##_t)update(address, bits / 8, CH_MODEL_ADD, operand, order);            \
    }                                                                                              \
    uint##bits##_t __tsan_atomic##bits##_exchange(volatile uint##bits##_t *address,                \
                                                  uint##bits##_t operand, int order)               \
    {                                                                                              \
        return (uint##bits##_t)update(address, bits / 8, CH_MODEL_EXCHANGE, operand, order);       \
    }
ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)
