// SPDX-License-Identifier: ISC
// daemon/control/subscriptions.h — who wants to hear of what.                                [main]
//
// A change is encoded once and sent to every subscriber at once.  For one that still has unread
// bytes only the fact is kept, and the value as it is then is sent when it has drained: state is
// conflated, rate frames are dropped and counted.

#ifndef CH_CONTROL_SUBSCRIPTIONS_H
#define CH_CONTROL_SUBSCRIPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/analysis/analyser.h"
#include "protocol/names.h"

struct ch_buf;
struct ch_daemon;
struct ch_line_job;
struct ch_request;
struct ch_rt_watch;
struct ch_session;

/// One `subscribe`.
struct ch_subscription {
    struct ch_subscription *next; ///< of its session
    uint32_t id;
    uint32_t topics; ///< bit for each enum ch_topic
    uint32_t dirty;  ///< changed while it could not be told
    uint64_t seq;
    const struct ch_line_job *answer; ///< silent until this has left; NULL = live
    char cause[32];                   ///< of the latest change it has not been told of
    struct ch_rate_feed {
        bool on;
        uint32_t analysis; ///< the analyser's handle
        enum ch_tap_point tap;
        uint64_t n_dropped; ///< frames since the last one sent
    } spectrum, meter, rt;
    struct ch_rt_watch *rt_watch; ///< owned; NULL = none
};

struct ch_topics {
    uint64_t rev;       ///< counts all changes
    uint32_t *together; ///< where changes are noted instead of told, a bit for each; NULL = told
    uint32_t last_id;
    uint32_t n_subscriptions[CH_TOPICS];
};

/// Add one to the session of `request`; NULL without memory.
struct ch_subscription *ch_subscription_create(struct ch_daemon *daemon, struct ch_request *request,
                                               uint32_t topics);
/// False if the session has no such subscription.
bool ch_subscription_end(struct ch_daemon *daemon, struct ch_session *session, uint32_t id);
/// All of a session's.
void ch_subscriptions_end(struct ch_daemon *daemon, struct ch_session *session);

/// The value of a state topic (its snapshot, and `data` of its events).
void ch_topic_write(struct ch_daemon *daemon, enum ch_topic topic, struct ch_buf *buf);

/// A state topic has a new value.
void ch_topics_changed(struct ch_daemon *daemon, enum ch_topic topic, const char *cause);
/// Several have, by one change: the bits of `topics`.
void ch_topics_changed_together(struct ch_daemon *daemon, uint32_t topics, const char *cause);
/// "client:12", or what stands in `cause` already if request is NULL.
void ch_topics_cause(const struct ch_request *request, char *cause, size_t n_cause);

/// A rate topic has a new frame.
void ch_topics_frame(struct ch_daemon *daemon, const struct ch_frame *frame);

/// A frame of a rate topic: when what it shows is heard, and its `data`.
struct ch_rate_event {
    uint64_t mono_ns, frame;
    const char *data;
    size_t n_bytes;
};

/// Send it to one subscriber, or drop and count it.
void ch_subscription_send_rate(struct ch_daemon *daemon, struct ch_session *session,
                               struct ch_subscription *sub, enum ch_topic topic,
                               struct ch_rate_feed *feed, const struct ch_rate_event *event);

/// The session has read everything: tell it what it has missed.
void ch_subscriptions_drained(struct ch_daemon *daemon, struct ch_session *session);
/// The answer to its `subscribe` has left.
void ch_subscriptions_answered(struct ch_daemon *daemon, struct ch_session *session,
                               const struct ch_line_job *job);

#endif
