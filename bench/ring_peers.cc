// SPDX-License-Identifier: ISC
// bench/ring_peers.cc — the peers in C++: boost::lockfree::spsc_queue, moodycamel's queue.
//
// Each as a queue of floats, and as a queue whose element is the whole block: the second is what
// somebody would do who knows the size of the blocks when he compiles.

#include <boost/lockfree/spsc_queue.hpp>
#include <readerwriterqueue/readerwriterqueue.h>

#include "bench/ring_kinds.h"

namespace {

template <uint32_t n> struct block {
    float sample[n];
};

// --- queues of floats ---------------------------------------------------------------------------

using moodycamel_floats = moodycamel::ReaderWriterQueue<float>;

/// Capacity and place of the storage known when it is compiled, or, as ours, when it is made.
struct boost_fixed {
    boost::lockfree::spsc_queue<float, boost::lockfree::capacity<BENCH_RING_FLOATS>> queue;
};
struct boost_sized_later {
    boost::lockfree::spsc_queue<float> queue{BENCH_RING_FLOATS};
};

template <class floats> struct boost_calls {
    static void *
    open(uint32_t)
    {
        return new floats;
    }

    static void
    close(void *ring)
    {
        delete static_cast<floats *>(ring);
    }

    static inline uint32_t
    put(void *ring, const float *samples, uint32_t n)
    {
        auto &queue = static_cast<floats *>(ring)->queue;
        return n == 1 ? queue.push(*samples) : static_cast<uint32_t>(queue.push(samples, n));
    }

    static inline uint32_t
    get(void *ring, float *samples, uint32_t n)
    {
        auto &queue = static_cast<floats *>(ring)->queue;
        return n == 1 ? queue.pop(*samples) : static_cast<uint32_t>(queue.pop(samples, n));
    }
};

using fixed_calls = boost_calls<boost_fixed>;
using later_calls = boost_calls<boost_sized_later>;

void *
moodycamel_open(uint32_t)
{
    return new moodycamel_floats(BENCH_RING_FLOATS);
}

void
moodycamel_close(void *ring)
{
    delete static_cast<moodycamel_floats *>(ring);
}

inline uint32_t
moodycamel_put(void *ring, const float *samples, uint32_t n)
{
    auto *queue = static_cast<moodycamel_floats *>(ring);
    uint32_t done = 0;
    while (done < n && queue->try_enqueue(samples[done])) {
        done++;
    }
    return done;
}

inline uint32_t
moodycamel_get(void *ring, float *samples, uint32_t n)
{
    auto *queue = static_cast<moodycamel_floats *>(ring);
    uint32_t done = 0;
    while (done < n && queue->try_dequeue(samples[done])) {
        done++;
    }
    return done;
}

BENCH_RING_LOOPS(fixed, fixed_calls::put, fixed_calls::get)
BENCH_RING_LOOPS(later, later_calls::put, later_calls::get)
BENCH_RING_LOOPS(moodycamel, moodycamel_put, moodycamel_get)

// --- queues of blocks ---------------------------------------------------------------------------

template <uint32_t n> struct boost_blocks {
    boost::lockfree::spsc_queue<block<n>, boost::lockfree::capacity<BENCH_RING_FLOATS / n>> queue;

    static inline uint32_t
    put(void *ring, const float *samples, uint32_t)
    {
        auto *self = static_cast<boost_blocks *>(ring);
        return self->queue.push(*reinterpret_cast<const block<n> *>(samples)) ? n : 0;
    }

    static inline uint32_t
    get(void *ring, float *samples, uint32_t)
    {
        auto *self = static_cast<boost_blocks *>(ring);
        return self->queue.pop(*reinterpret_cast<block<n> *>(samples)) ? n : 0;
    }
};

template <uint32_t n> struct moodycamel_blocks {
    moodycamel::ReaderWriterQueue<block<n>> queue{BENCH_RING_FLOATS / n};

    static inline uint32_t
    put(void *ring, const float *samples, uint32_t)
    {
        auto *self = static_cast<moodycamel_blocks *>(ring);
        return self->queue.try_enqueue(*reinterpret_cast<const block<n> *>(samples)) ? n : 0;
    }

    static inline uint32_t
    get(void *ring, float *samples, uint32_t)
    {
        auto *self = static_cast<moodycamel_blocks *>(ring);
        return self->queue.try_dequeue(*reinterpret_cast<block<n> *>(samples)) ? n : 0;
    }
};

/// The loops for blocks of n, of queue type Q<n>.
template <class queue> struct loops {
    BENCH_RING_LOOPS(of, queue::put, queue::get)

    static void *
    open()
    {
        return new queue;
    }

    static void
    close(void *ring)
    {
        delete static_cast<queue *>(ring);
    }
};

/// Whatever is called with a block's size goes to the loops of that size.  A queue remembers none,
/// so it is closed by the size that is open: there is one of a kind at a time, or two of one float.
template <template <uint32_t> class queue> struct sized {
    static inline uint32_t opened = 0;

    template <class function>
    static auto
    with(uint32_t n, function call)
    {
        switch (n) {
        case 1:
            return call(loops<queue<1>>{});
        case 64:
            return call(loops<queue<64>>{});
        case 256:
            return call(loops<queue<256>>{});
        case 1024:
            return call(loops<queue<1024>>{});
        }
        bench_fail("no queue of such blocks");
    }

    static void *
    open(uint32_t n)
    {
        opened = n;
        return with(n, [](auto l) { return l.open(); });
    }

    static void
    close(void *ring)
    {
        with(opened, [=](auto l) { l.close(ring); });
    }

    static void
    alternate(void *ring, float *samples, uint32_t n, uint64_t n_blocks)
    {
        with(n, [=](auto l) { l.of_alternate(ring, samples, n, n_blocks); });
    }

    static void
    produce(void *ring, float *samples, uint32_t n, uint64_t n_blocks)
    {
        with(n, [=](auto l) { l.of_produce(ring, samples, n, n_blocks); });
    }

    static double
    consume(void *ring, float *samples, uint32_t n, uint64_t n_blocks)
    {
        return with(n, [=](auto l) { return l.of_consume(ring, samples, n, n_blocks); });
    }

    static void
    ping(void *there, void *back, uint64_t n_trips)
    {
        loops<queue<1>>::of_ping(there, back, n_trips);
    }

    static void
    pong(void *there, void *back, uint64_t n_trips)
    {
        loops<queue<1>>::of_pong(there, back, n_trips);
    }
};

using boost_sized = sized<boost_blocks>;
using moodycamel_sized = sized<moodycamel_blocks>;

} // namespace

extern "C" {
const struct bench_ring_kind bench_ring_boost = {
    "boost::lockfree::spsc_queue", "libboost-dev", "copy", false, later_calls::open,
    later_calls::close, BENCH_RING_FUNCTIONS(later)};
const struct bench_ring_kind bench_ring_boost_fixed = {
    "boost::lockfree::spsc_queue, fixed capacity", "libboost-dev", "copy", false,
    fixed_calls::open, fixed_calls::close, BENCH_RING_FUNCTIONS(fixed)};
const struct bench_ring_kind bench_ring_moodycamel = {"moodycamel::ReaderWriterQueue",
                                                      "libreaderwriterqueue-dev",
                                                      "copy",
                                                      false,
                                                      moodycamel_open,
                                                      moodycamel_close,
                                                      BENCH_RING_FUNCTIONS(moodycamel)};
#define SIZED(queue)                                                                               \
    queue::open, queue::close, queue::alternate, queue::produce, queue::consume, queue::ping,      \
        queue::pong
const struct bench_ring_kind bench_ring_boost_blocks = {
    "boost::lockfree::spsc_queue of blocks", "libboost-dev", "copy", false, SIZED(boost_sized)};
const struct bench_ring_kind bench_ring_moodycamel_blocks = {
    "moodycamel::ReaderWriterQueue of blocks", "libreaderwriterqueue-dev", "copy", false,
    SIZED(moodycamel_sized)};
}
