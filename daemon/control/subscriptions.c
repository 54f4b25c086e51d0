// SPDX-License-Identifier: ISC
// daemon/control/subscriptions.c — events: written once, sent to all, conflated for the slow.

#include "daemon/control/subscriptions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control/daemon.h"
#include "daemon/control/request.h"
#include "daemon/control/session.h"

// --- life --------------------------------------------------------------------------------------

struct ch_subscription *
ch_subscription_create(struct ch_daemon *daemon, struct ch_request *request, uint32_t topics)
{
    struct ch_session *session = ch_request_session(request);
    struct ch_subscription *sub = session ? calloc(1, sizeof *sub) : NULL;
    if (!sub) {
        return NULL;
    }
    sub->id = ++daemon->topics.last_id;
    sub->topics = topics;
    sub->answer = request->job;
    struct ch_subscription **at = ch_session_subscriptions(session);
    while (*at) {
        at = &(*at)->next;
    }
    *at = sub;
    for (int i = 0; i < CH_TOPICS; i++) {
        daemon->topics.n_subscriptions[i] += topics >> i & 1;
    }
    return sub;
}

static void
destroy(struct ch_daemon *daemon, struct ch_subscription *sub)
{
    for (int i = 0; i < CH_TOPICS; i++) {
        daemon->topics.n_subscriptions[i] -= sub->topics >> i & 1;
    }
    if (sub->spectrum.on) {
        ch_feeds_remove(daemon, sub->spectrum.analysis, sub->spectrum.tap);
    }
    if (sub->meter.on) {
        ch_feeds_remove(daemon, sub->meter.analysis, sub->meter.tap);
    }
    ch_rt_watch_destroy(sub->rt_watch);
    free(sub);
}

bool
ch_subscription_end(struct ch_daemon *daemon, struct ch_session *session, uint32_t id)
{
    for (struct ch_subscription **at = ch_session_subscriptions(session); *at; at = &(*at)->next) {
        if ((*at)->id == id) {
            struct ch_subscription *sub = *at;
            *at = sub->next;
            destroy(daemon, sub);
            return true;
        }
    }
    return false;
}

void
ch_subscriptions_end(struct ch_daemon *daemon, struct ch_session *session)
{
    struct ch_subscription **first = ch_session_subscriptions(session);
    while (*first) {
        struct ch_subscription *sub = *first;
        *first = sub->next;
        destroy(daemon, sub);
    }
}

// --- events ------------------------------------------------------------------------------------

void
ch_topics_cause(const struct ch_request *request, char *cause, size_t n_cause)
{
    if (request) {
        snprintf(cause, n_cause, "client:%llu", (unsigned long long)request->session_id);
    }
}

static void
begin_event(struct ch_daemon *daemon, struct ch_subscription *sub, enum ch_topic topic,
            struct ch_buf *head)
{
    ch_buf_text(head, "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{");
    ch_json_kv_uint(head, "sub", sub->id);
    ch_json_kv_uint(head, "seq", ++sub->seq);
    ch_json_kv_uint(head, "rev", daemon->topics.rev);
    ch_json_kv_string(head, "topic", ch_topic_name(topic));
}

static void
write_time(struct ch_buf *buf, uint64_t mono_ns, uint64_t frame)
{
    ch_json_key(buf, "t");
    ch_json_begin_object(buf);
    ch_json_kv_uint(buf, "mono_ns", mono_ns);
    ch_json_kv_uint(buf, "frame", frame);
    ch_json_end_object(buf);
    ch_json_key(buf, "data");
}

static void
send_state(struct ch_daemon *daemon, struct ch_session *session, struct ch_subscription *sub,
           enum ch_topic topic, const struct ch_buf *data)
{
    struct ch_engine_state state;
    ch_engine_read_state(daemon->link.engine, &state);
    struct ch_buf head, tail;
    ch_buf_init(&head);
    ch_buf_init(&tail);
    begin_event(daemon, sub, topic, &head);
    write_time(&head, ch_os_mono_ns(), state.frame);
    ch_buf_text(&tail, ",\"cause\":");
    ch_json_string(&tail, sub->cause);
    ch_buf_text(&tail, "}}");
    ch_session_send(session, head.data, head.length, data->data, data->length, tail.data,
                    tail.length);
    ch_buf_fini(&head);
    ch_buf_fini(&tail);
}

static void
tell_topic(struct ch_daemon *daemon, enum ch_topic topic, const char *cause)
{
    if (!daemon->topics.n_subscriptions[topic]) {
        return;
    }
    struct ch_buf data;
    ch_buf_init(&data);
    ch_topic_write(daemon, topic, &data);
    struct ch_session *next;
    for (struct ch_session *session = daemon->sessions; session; session = next) {
        next = ch_session_next(session);
        // Sending may close the session, and its subscriptions with it: then stop.
        bool alive = true;
        struct ch_subscription *sub = *ch_session_subscriptions(session);
        while (alive && sub) {
            struct ch_subscription *following = sub->next;
            if (sub->topics >> topic & 1) {
                snprintf(sub->cause, sizeof sub->cause, "%s", cause);
                if (sub->answer || ch_session_backlogged(session)) {
                    sub->dirty |= 1u << topic;
                } else {
                    send_state(daemon, session, sub, topic, &data);
                    alive = !ch_session_closing(session);
                }
            }
            sub = following;
        }
    }
    ch_buf_fini(&data);
}

void
ch_topics_changed_together(struct ch_daemon *daemon, uint32_t topics, const char *cause)
{
    if (daemon->topics.together) {
        *daemon->topics.together |= topics;
        return;
    }
    daemon->topics.rev += topics != 0;
    if (topics & (1u << CH_TOPIC_MIXER | 1u << CH_TOPIC_EQ)) {
        ch_sound_state_changed(daemon);
    }
    for (int i = 0; i < CH_TOPICS; i++) {
        if (topics >> i & 1) {
            tell_topic(daemon, (enum ch_topic)i, cause);
        }
    }
}

void
ch_topics_changed(struct ch_daemon *daemon, enum ch_topic topic, const char *cause)
{
    ch_topics_changed_together(daemon, 1u << topic, cause);
}

static bool
tell_missed(struct ch_daemon *daemon, struct ch_session *session, struct ch_subscription *sub)
{
    for (int i = 0; i < CH_TOPICS; i++) {
        if (!(sub->dirty >> i & 1)) {
            continue;
        }
        if (ch_session_backlogged(session)) {
            return true;
        }
        sub->dirty &= ~(1u << i);
        struct ch_buf data;
        ch_buf_init(&data);
        ch_topic_write(daemon, (enum ch_topic)i, &data);
        send_state(daemon, session, sub, (enum ch_topic)i, &data);
        ch_buf_fini(&data);
        if (ch_session_closing(session)) {
            return false;
        }
    }
    return true;
}

// --- frames ------------------------------------------------------------------------------------

void
ch_subscription_send_rate(struct ch_daemon *daemon, struct ch_session *session,
                          struct ch_subscription *sub, enum ch_topic topic,
                          struct ch_rate_feed *feed, const struct ch_rate_event *event)
{
    if (ch_session_backlogged(session)) {
        feed->n_dropped++;
        return;
    }
    struct ch_buf head, tail;
    ch_buf_init(&head);
    ch_buf_init(&tail);
    begin_event(daemon, sub, topic, &head);
    write_time(&head, event->mono_ns, event->frame);
    if (feed->n_dropped) {
        char text[48];
        snprintf(text, sizeof text, ",\"dropped\":%llu", (unsigned long long)feed->n_dropped);
        ch_buf_text(&tail, text);
        feed->n_dropped = 0;
    }
    ch_buf_text(&tail, "}}");
    ch_session_send(session, head.data, head.length, event->data, event->n_bytes, tail.data,
                    tail.length);
    ch_buf_fini(&head);
    ch_buf_fini(&tail);
}

static void
send_frame(struct ch_daemon *daemon, struct ch_session *session, struct ch_subscription *sub,
           enum ch_topic topic, struct ch_rate_feed *feed, const struct ch_frame *frame)
{
    ch_subscription_send_rate(daemon, session, sub, topic, feed,
                              &(struct ch_rate_event){.mono_ns = frame->heard_mono_ns,
                                                      .frame = frame->frame,
                                                      .data = frame->data,
                                                      .n_bytes = frame->n_bytes});
}

static bool
tell_latest(struct ch_daemon *daemon, struct ch_session *session, struct ch_subscription *sub,
            enum ch_topic topic, struct ch_rate_feed *feed)
{
    const struct ch_frame *frame = feed->on ? ch_feeds_latest_frame(daemon, feed->analysis) : NULL;
    if (frame) {
        send_frame(daemon, session, sub, topic, feed, frame);
    }
    return !ch_session_closing(session);
}

// A new subscriber of what others have already: it may stand for long.
static bool
tell_first(struct ch_daemon *daemon, struct ch_session *session, struct ch_subscription *sub)
{
    return tell_latest(daemon, session, sub, CH_TOPIC_SPECTRUM, &sub->spectrum) &&
           tell_latest(daemon, session, sub, CH_TOPIC_METER, &sub->meter);
}

// If the latest one was dropped, it may have been the last for long: it is late, not lost.
static bool
tell_late(struct ch_daemon *daemon, struct ch_session *session, struct ch_subscription *sub,
          enum ch_topic topic, struct ch_rate_feed *feed)
{
    if (feed->n_dropped == 0 || ch_session_backlogged(session)) {
        return true;
    }
    feed->n_dropped--;
    return tell_latest(daemon, session, sub, topic, feed);
}

void
ch_topics_frame(struct ch_daemon *daemon, const struct ch_frame *frame)
{
    struct ch_session *next;
    for (struct ch_session *session = daemon->sessions; session; session = next) {
        next = ch_session_next(session);
        struct ch_subscription *sub = *ch_session_subscriptions(session);
        while (sub && !ch_session_closing(session)) {
            struct ch_subscription *following = sub->next;
            if (sub->answer) {
                // not yet
            } else if (sub->spectrum.on && sub->spectrum.analysis == frame->analysis) {
                send_frame(daemon, session, sub, CH_TOPIC_SPECTRUM, &sub->spectrum, frame);
            } else if (sub->meter.on && sub->meter.analysis == frame->analysis) {
                send_frame(daemon, session, sub, CH_TOPIC_METER, &sub->meter, frame);
            }
            sub = following;
        }
    }
}

void
ch_subscriptions_drained(struct ch_daemon *daemon, struct ch_session *session)
{
    for (struct ch_subscription *sub = *ch_session_subscriptions(session); sub; sub = sub->next) {
        if (!sub->answer && (!tell_missed(daemon, session, sub) ||
                             !tell_late(daemon, session, sub, CH_TOPIC_SPECTRUM, &sub->spectrum) ||
                             !tell_late(daemon, session, sub, CH_TOPIC_METER, &sub->meter))) {
            return;
        }
    }
}

void
ch_subscriptions_answered(struct ch_daemon *daemon, struct ch_session *session,
                          const struct ch_line_job *job)
{
    for (struct ch_subscription *sub = *ch_session_subscriptions(session); sub; sub = sub->next) {
        if (sub->answer == job) {
            sub->answer = NULL;
            if (sub->rt_watch) {
                ch_rt_watch_begin(daemon, sub->rt_watch);
            }
            if (!tell_missed(daemon, session, sub) || !tell_first(daemon, session, sub)) {
                return;
            }
        }
    }
}
