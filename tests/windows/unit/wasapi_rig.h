// SPDX-License-Identifier: ISC
// tests/windows/unit/wasapi_rig.h — a WASAPI backend on the fake, and the events that it has sent.

#ifndef CH_TESTS_WINDOWS_UNIT_WASAPI_RIG_H
#define CH_TESTS_WINDOWS_UNIT_WASAPI_RIG_H

#include <stdlib.h>
#include <string.h>

#include "daemon/base/attributes.h"
#include "tests/windows/unit/fake_wasapi.h"

struct rig {
    struct ch_backend *backend;
    struct ch_engine *engine;
    atomic_int n_lost, n_changed, n_moved;
};

static inline void
rig_on_event(void *context, enum ch_backend_event event)
{
    struct rig *rig = context;
    switch (event) {
    case CH_BACKEND_LOST:
        atomic_fetch_add(&rig->n_lost, 1);
        break;
    case CH_BACKEND_CHANGED:
        atomic_fetch_add(&rig->n_changed, 1);
        break;
    case CH_BACKEND_MOVED:
        atomic_fetch_add(&rig->n_moved, 1);
        break;
    }
}

static inline enum ch_status
rig_try_open(struct rig *rig, struct ch_backend_config config, char *detail)
{
    config.on_event = rig_on_event;
    config.context = rig;
    detail[0] = 0;
    return ch_backend_wasapi.open(&rig->backend, &config, detail);
}

static inline void
rig_open(struct rig *rig, struct ch_backend_config config)
{
    char detail[256];
    if (rig_try_open(rig, config, detail) != CH_OK) {
        print_error("%s\n", detail);
    }
    assert_non_null(rig->backend);
}

static inline enum ch_status
rig_try_start(struct rig *rig)
{
    char detail[256];
    return ch_backend_wasapi.start(rig->backend, rig->engine, detail);
}

static inline void
rig_start(struct rig *rig)
{
    assert_int_equal(rig_try_start(rig), CH_OK);
    assert_true(fake_wait_running(true));
}

/// The stream does not stop by itself: the fade and the buffer have to be heard.
static inline void
rig_stop(struct rig *rig)
{
    ch_backend_wasapi.stop(rig->backend);
    for (int i = 0; i < 20000 && fake.running; i++) {
        fake_tick();
        Sleep(1);
    }
    assert_null(fake.running);
}

static inline void
rig_close(struct rig *rig)
{
    ch_backend_wasapi.close(rig->backend);
    rig->backend = NULL;
}

static inline bool
rig_wait(atomic_int *count, int n)
{
    for (int i = 0; i < 20000 && atomic_load(count) < n; i++) {
        Sleep(1);
    }
    return atomic_load(count) == n;
}

static inline struct ch_backend_info
rig_info(struct rig *rig)
{
    struct ch_backend_info info;
    ch_backend_wasapi.get_info(rig->backend, &info);
    return info;
}

#endif
