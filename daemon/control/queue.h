// SPDX-License-Identifier: ISC
// daemon/control/queue.h — what is to be played, in which order.                             [main]
//
// Pure data and rules: no sound, no loop, no JSON.  Ids are never reused while the daemon runs.

#ifndef CH_CONTROL_QUEUE_H
#define CH_CONTROL_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/attributes.h"
#include "daemon/media/media.h"

enum ch_repeat { CH_REPEAT_OFF, CH_REPEAT_ONE, CH_REPEAT_ALL };

struct ch_mode {
    enum ch_repeat repeat;
    bool random;  ///< next is drawn among those not played yet in this round
    bool single;  ///< stop after each item (with repeat one or all: play it again)
    bool consume; ///< an item leaves the queue when it has been played
    double crossfade_s;
};

struct ch_item {
    uint64_t id;
    char *uri;                  ///< owned
    struct ch_media_info *info; ///< owned; NULL until it has been opened
    bool played;                ///< in this round of random
    bool planned;               ///< decoded ahead, to be heard soon
    bool failed;                ///< could not be opened the last time
};

struct ch_queue {
    struct ch_item **items; ///< owned, each on its own so that it stays where it is
    uint32_t n_items, capacity;
    uint64_t last_id;
    uint64_t rev;  ///< counts changes
    uint64_t seed; ///< of random
    struct ch_mode mode;
};

void ch_queue_init(struct ch_queue *queue, uint64_t seed);
void ch_queue_fini(struct ch_queue *queue);

/// Insert before index `at` (n_items = append); the new item, or NULL without memory.
struct ch_item *ch_queue_insert(struct ch_queue *queue, const char *uri, uint32_t at);
bool ch_queue_remove(struct ch_queue *queue, uint64_t id);
/// Remove all that `goes` says, in one pass; returns how many.
uint32_t ch_queue_remove_if(struct ch_queue *queue,
                            bool (*goes)(const struct ch_item *item, const void *context),
                            const void *context);
void ch_queue_clear(struct ch_queue *queue);
/// To index `to`, which is clamped.  False if there is no such item.
bool ch_queue_move(struct ch_queue *queue, uint64_t id, uint32_t to);
/// A random permutation; `first` (0 = none) comes first.
void ch_queue_shuffle(struct ch_queue *queue, uint64_t first);

/// NULL if there is none.
struct ch_item *ch_queue_find(const struct ch_queue *queue, uint64_t id);
/// -1 if there is none.
int64_t ch_queue_index(const struct ch_queue *queue, uint64_t id);

/// What follows when `id` ends by itself; 0 = nothing.  Asking twice gives the same answer.
uint64_t ch_queue_after(struct ch_queue *queue, uint64_t id);
/// What a person gets who presses next or previous (repeat one and single don't hold them back).
uint64_t ch_queue_next(struct ch_queue *queue, uint64_t id);
uint64_t ch_queue_previous(struct ch_queue *queue, uint64_t id);
/// Where playing begins; 0 if the queue is empty.
uint64_t ch_queue_first(struct ch_queue *queue);

/// A new round of random begins.
void ch_queue_forget_played(struct ch_queue *queue);

/// Items that an event of topic `queue` carries at most; the rest is asked for with queue.list.
#define CH_QUEUE_TOPIC_ITEMS 1000

struct ch_buf;
struct ch_daemon;
/// The value of topic `queue`.                                                 (cmd_queue.c)
void ch_queue_write_topic(struct ch_daemon *daemon, struct ch_buf *buf);

#endif
