# SPDX-License-Identifier: ISC
"""Faults that are planted one at a time: NAME, FILE, FUNCTION, and what is changed in it.

Each change names a text that must be in the function exactly once, so that a fault never goes
quietly out of date.
"""

RELOAD_R = "ring->r_cache = atomic_load_explicit(&ring->r, memory_order_acquire);"
RELOAD_W = "ring->w_cache = atomic_load_explicit(&ring->w, memory_order_acquire);"
PUSH = "    memcpy(ring->storage + (size_t)(w & ring->mask) * elem_size, elem, elem_size);\n"
PUSHED = "    atomic_store_explicit(&ring->w, w + 1, memory_order_release);\n"
POP = "    memcpy(elem, ring->storage + (size_t)(r & ring->mask) * elem_size, elem_size);\n"
POPPED = "    atomic_store_explicit(&ring->r, r + 1, memory_order_release);\n"
COPY_IN = "    memcpy(span.data[0], elems, first);\n"
COPY_OUT = "    memcpy(elems, span.data[0], first);\n"
ODD = "    atomic_store_explicit(&snapshot->seq, seq + 1, memory_order_relaxed);\n"
EVEN = "    atomic_store_explicit(&snapshot->seq, seq + 2, memory_order_release);\n"
WORDS = "    for (uint32_t i = 0; i < snapshot->n_words; i++) {\n"
FIRST = """    if (!tap->started) {
        tap->started = true;
        atomic_store_explicit(&tap->first_frame, frame, memory_order_relaxed);
    }
"""
ENDED = "    *ended = atomic_load_explicit(&pcm->ended, memory_order_acquire) != 0;\n"
SPACE = "    return ch_ring_read_space(&pcm->ring);\n"

FAULTS = [
    # --- when something is published
    ("published before the copy", "ring.h", "ch_ring_write", [
        ("    ch_ring_commit(ring, n);\n", ""),
        (COPY_IN, "    ch_ring_commit(ring, n);\n" + COPY_IN)]),
    ("given back before the copy", "ring.h", "ch_ring_read", [
        ("    ch_ring_release(ring, n);\n", ""),
        (COPY_OUT, "    ch_ring_release(ring, n);\n" + COPY_OUT)]),
    ("published in two parts at the wrap", "ring.h", "ch_ring_write", [
        (COPY_IN, COPY_IN + "    ch_ring_commit(ring, span.n[0]);\n"),
        ("    ch_ring_commit(ring, n);\n", "    ch_ring_commit(ring, span.n[1]);\n")]),
    ("published before the copy", "ring.h", "ch_ring_push", [(PUSHED, ""), (PUSH, PUSHED + PUSH)]),
    ("given back before the copy", "ring.h", "ch_ring_pop", [(POPPED, ""), (POP, POPPED + POP)]),
    ("one too many is published", "ring.h", "ch_ring_commit", [("w + n,", "w + n + 1,")]),
    ("one too many is given back", "ring.h", "ch_ring_release", [("r + n,", "r + n + 1,")]),

    # --- where it lies
    ("mask one too large", "ring.h", "ch_ring__span", [("& ring->mask", "& (ring->mask + 1)")]),
    ("mask one bit too small", "ring.h", "ch_ring__span", [("& ring->mask", "& ring->mask >> 1")]),
    ("mask is the capacity", "ring.c", "ch_ring_init_at", [("= capacity - 1", "= capacity")]),
    ("not split at the wrap", "ring.h", "ch_ring__span", [("n < to_end ? n : to_end", "n")]),
    ("split one too early", "ring.h", "ch_ring__span", [
        ("ring->capacity - at", "ring->mask - at")]),
    ("second part in the place of the first", "ring.h", "ch_ring__span", [
        ("span->data[1] = ring->storage", "span->data[1] = span->data[0]")]),
    ("second part of the source is the first", "ring.h", "ch_ring_write", [
        ("elems + first", "elems")]),
    ("second part is not copied out", "ring.h", "ch_ring_read", [("if (span.n[1])", "if (0)")]),
    ("mask one too large", "ring.h", "ch_ring_push", [
        ("(w & ring->mask)", "(w & ring->capacity)")]),
    ("mask one too large", "ring.h", "ch_ring_pop", [
        ("(r & ring->mask)", "(r & ring->capacity)")]),
    ("index masked when stored", "ring.h", "ch_ring_commit", [("w + n,", "(w + n) & ring->mask,")]),
    ("index masked when stored", "ring.h", "ch_ring_release", [
        ("r + n,", "(r + n) & ring->mask,")]),

    # --- what is known of the other side
    ("cache is never refreshed", "ring.h", "ch_ring_reserve", [(RELOAD_R, "")]),
    ("cache is never refreshed", "ring.h", "ch_ring_peek", [(RELOAD_W, "")]),
    ("cache is never refreshed", "ring.h", "ch_ring_push", [(RELOAD_R, "")]),
    ("cache is never refreshed", "ring.h", "ch_ring_pop", [(RELOAD_W, "")]),
    ("not asked again after a refresh", "ring.h", "ch_ring_push", [
        ("            return false;\n", "")]),
    ("not asked again after a refresh", "ring.h", "ch_ring_pop", [
        ("            return false;\n", "")]),
    ("cache tells the room", "ring.h", "ch_ring_write_space", [(RELOAD_R, "")]),
    ("cache tells what there is", "ring.h", "ch_ring_read_space", [(RELOAD_W, "")]),
    ("not asked again after a refresh", "ring.h", "ch_ring_reserve", [
        ("            return false;\n", "")]),
    ("not asked again after a refresh", "ring.h", "ch_ring_peek", [
        ("            return false;\n", "")]),
    ("the own index for the other's", "ring.h", "ch_ring_reserve", [("&ring->r,", "&ring->w,")]),
    ("the own index for the other's", "ring.h", "ch_ring_peek", [
        (RELOAD_W, "ring->w_cache = r + n;")]),
    ("caches begin elsewhere", "ring.c", "ch_ring_init_at", [
        ("r_cache = start", "r_cache = 0"), ("w_cache = start", "w_cache = 0")]),

    # --- the engine's queue of commands
    ("sent one by one", "engine_setup.c", "ch_engine_send", [
        ("    return n <= CH_CHAIN_MAX && ch_ring_write(&engine->commands, commands, n);\n",
         "    bool sent = true;\n    for (uint32_t i = 0; i < n; i++) {\n"
         "        sent = ch_ring_write(&engine->commands, commands + i, 1) && sent;\n"
         "    }\n    return sent;\n")]),
    ("the last one is chained as well", "engine_setup.c", "ch_engine_send", [
        ("i + 1 < n", "i < n")]),
    ("each is a chain by itself", "commands.c", "ch_engine_collect_commands", [
        ("CH_COMMAND_CHAINED)", "CH_COMMAND_CHAINED && first)")]),

    # --- the mailbox
    ("sequence written once, after", "snapshot.h", "ch_snapshot_publish", [(ODD, "")]),
    ("sequence written once, before", "snapshot.h", "ch_snapshot_publish", [
        (EVEN, ""), (ODD, EVEN)]),
    ("published before the copy", "snapshot.h", "ch_snapshot_publish", [
        (EVEN, ""), (WORDS, EVEN + WORDS)]),
    ("left odd", "snapshot.h", "ch_snapshot_publish", [("seq + 2", "seq + 3")]),
    ("last word forgotten", "snapshot.h", "ch_snapshot_publish", [
        ("i < snapshot->n_words", "i + 1 < snapshot->n_words")]),
    ("odd is not refused", "snapshot.h", "ch_snapshot_read", [("!(before & 1) && ", "")]),
    ("sequence is not read again", "snapshot.h", "ch_snapshot_read", [
        (" && atomic_load_explicit(&snapshot->seq, memory_order_relaxed) == before", "")]),
    ("sequence is read twice before", "snapshot.h", "ch_snapshot_read", [
        ("        for (", "        const uint32_t again = atomic_load_explicit(&snapshot->seq, "
         "memory_order_acquire);\n        for ("),
        ("atomic_load_explicit(&snapshot->seq, memory_order_relaxed) == before",
         "again == before")]),

    # --- sound
    ("the end asked after the frames", "pcm_ring.h", "ch_pcm_ring_available", [
        (ENDED, "    const uint32_t n = ch_ring_read_space(&pcm->ring);\n" + ENDED),
        (SPACE, "    return n;\n")]),
    ("first frame told after its block", "tap.c", "ch_tap_write", [
        (FIRST, ""),
        ("    ch_ring_commit(&tap->pcm->ring, n_frames);\n",
         "    ch_ring_commit(&tap->pcm->ring, n_frames);\n" + FIRST)]),
    ("published before the copy", "tap.c", "ch_tap_write", [
        ("    ch_ring_commit(&tap->pcm->ring, n_frames);\n", ""),
        ("    interleave(span.data[0]",
         "    ch_ring_commit(&tap->pcm->ring, n_frames);\n    interleave(span.data[0]")]),
    ("drops are not counted", "tap.c", "ch_tap_write", [
        ("n_dropped, n_frames, memory_order_relaxed", "n_dropped, 0, memory_order_relaxed")]),
]

# Part of the name of a weakened order → why no execution can tell the difference.
EQUIVALENT = {}
