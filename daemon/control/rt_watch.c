// SPDX-License-Identifier: ISC
// daemon/control/rt_watch.c — who is due gets a frame; the timer waits for the next one.

#include "daemon/control/rt_watch.h"

#include <stdlib.h>

#include "daemon/control/daemon.h"
#include "daemon/control/session.h"
#include "daemon/control/stats.h"

/// The loop's timers have milliseconds: half a one too early is in time.
#define EARLY_NS 500000u

static void on_timer(uv_timer_t *timer);

static void
schedule(struct ch_daemon *daemon)
{
    uint64_t next_ns = 0;
    for (struct ch_session *session = daemon->sessions; session;
         session = ch_session_next(session)) {
        struct ch_subscription *sub = *ch_session_subscriptions(session);
        for (; sub; sub = sub->next) {
            if (sub->rt_watch && sub->rt_watch->due_ns &&
                (!next_ns || sub->rt_watch->due_ns < next_ns)) {
                next_ns = sub->rt_watch->due_ns;
            }
        }
    }
    uv_timer_t *timer = &daemon->rt_watches.timer;
    if (!next_ns) {
        uv_timer_stop(timer);
        return;
    }
    const uint64_t now_ns = ch_os_mono_ns();
    const uint64_t wait_ns = next_ns > now_ns + EARLY_NS ? next_ns - now_ns - EARLY_NS : 0;
    uv_update_time(&daemon->loop);
    uv_timer_start(timer, on_timer, (wait_ns + 999999) / 1000000, 0);
}

static void
write_frame(struct ch_daemon *daemon, const struct ch_rt_watch *watch,
            const struct ch_histogram_copy *run, uint64_t now_ns, struct ch_buf *buf)
{
    struct ch_histogram_copy recent;
    ch_histogram_between(&watch->last, run, &recent);
    ch_json_begin_object(buf);
    ch_stats_write_members(daemon, run, buf);
    ch_stats_write_recent(buf, &recent, (double)(now_ns - watch->last_ns) / (double)CH_NS_PER_S);
    ch_stats_write_histogram(buf, run);
    ch_json_end_object(buf);
}

// Sending may close the session, and end the subscription.
static void
send_frame(struct ch_daemon *daemon, struct ch_session *session, struct ch_subscription *sub,
           const struct ch_histogram_copy *run, uint64_t now_ns)
{
    struct ch_rt_watch *watch = sub->rt_watch;
    watch->due_ns += watch->interval_ns;
    if (watch->due_ns <= now_ns) {
        watch->due_ns = now_ns + watch->interval_ns;
    }
    if (ch_session_backlogged(session)) {
        sub->rt.n_dropped++; // the next one covers its time as well
        return;
    }
    if (!daemon->device.running) {
        watch->due_ns = 0; // this one says so
    }
    struct ch_engine_state state;
    ch_engine_read_state(daemon->link.engine, &state);
    struct ch_buf data;
    ch_buf_init(&data);
    write_frame(daemon, watch, run, now_ns, &data);
    watch->last = *run;
    watch->last_ns = now_ns;
    ch_subscription_send_rate(
        daemon, session, sub, CH_TOPIC_RT, &sub->rt,
        &(struct ch_rate_event){
            .mono_ns = now_ns, .frame = state.frame, .data = data.data, .n_bytes = data.length});
    ch_buf_fini(&data);
}

static void
on_timer(uv_timer_t *timer)
{
    struct ch_daemon *daemon = timer->data;
    struct ch_histogram_copy run;
    ch_histogram_read(ch_engine_run_times(daemon->link.engine), &run);
    const uint64_t now_ns = ch_os_mono_ns();
    struct ch_session *next;
    for (struct ch_session *session = daemon->sessions; session; session = next) {
        next = ch_session_next(session);
        struct ch_subscription *sub = *ch_session_subscriptions(session);
        while (sub && !ch_session_closing(session)) {
            struct ch_subscription *following = sub->next;
            const struct ch_rt_watch *watch = sub->rt_watch;
            if (watch && watch->due_ns && watch->due_ns <= now_ns + EARLY_NS) {
                send_frame(daemon, session, sub, &run, now_ns);
            }
            sub = following;
        }
    }
    schedule(daemon);
}

void
ch_rt_watches_init(struct ch_daemon *daemon)
{
    uv_timer_init(&daemon->loop, &daemon->rt_watches.timer);
    daemon->rt_watches.timer.data = daemon;
}

struct ch_rt_watch *
ch_rt_watch_create(struct ch_daemon *daemon, double rate_hz)
{
    struct ch_rt_watch *watch = calloc(1, sizeof *watch);
    if (watch) {
        watch->interval_ns = (uint64_t)((double)CH_NS_PER_S / rate_hz);
        watch->last_ns = ch_os_mono_ns();
        ch_histogram_read(ch_engine_run_times(daemon->link.engine), &watch->last);
    }
    return watch;
}

void
ch_rt_watch_destroy(struct ch_rt_watch *watch)
{
    free(watch);
}

void
ch_rt_watch_begin(struct ch_daemon *daemon, struct ch_rt_watch *watch)
{
    // While the device stands there is nothing to wait for.
    watch->due_ns = ch_os_mono_ns() + (daemon->device.running ? watch->interval_ns : 0);
    schedule(daemon);
}

void
ch_rt_watches_wake(struct ch_daemon *daemon)
{
    if (!daemon->topics.n_subscriptions[CH_TOPIC_RT]) {
        return;
    }
    for (struct ch_session *session = daemon->sessions; session;
         session = ch_session_next(session)) {
        struct ch_subscription *sub = *ch_session_subscriptions(session);
        for (; sub; sub = sub->next) {
            if (sub->rt_watch && !sub->answer && !sub->rt_watch->due_ns) {
                sub->rt_watch->due_ns = ch_os_mono_ns();
            }
        }
    }
    schedule(daemon);
}
