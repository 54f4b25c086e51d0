// SPDX-License-Identifier: ISC
// tests/traps/plant.c — offences and stalls on demand, within the engine's call.
//
// CHANT_TRAP_PLANT=NAME commits one in the twentieth callback, to show that the traps work: the
// name of an interposed function (CHANT_TRAP_PLANT=list prints them), getpid or clock (system calls
// that only the kernel notices), page-fault, or pcm-ring and tap, which are made before and never
// destroyed.
// CHANT_TRAP_STALL_US=N with CHANT_TRAP_STALL_EVERY=K makes each K-th callback N µs longer.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/os.h"
#include "daemon/engine/engine.h"
#include "daemon/lockfree/tap.h"
#include "tests/traps/traps.h"

#define WHEN 20

void __real_ch_engine_run(struct ch_engine *engine, float *const out[CH_CHANNELS],
                          uint32_t n_frames);
void __wrap_ch_engine_run(struct ch_engine *engine, float *const out[CH_CHANNELS],
                          uint32_t n_frames);

static void (*offence)(void);
static uint64_t stall_ns, stall_every;
static volatile char *fresh_page;
static uint64_t n_calls;

static void
plant_getpid(void)
{
    (void)getpid();
}

static void
plant_clock(void)
{
    struct timespec resolution;
    (void)clock_getres(CLOCK_PROCESS_CPUTIME_ID, &resolution);
}

static void
plant_page_fault(void)
{
    *fresh_page = 1;
}

static void
stall(void)
{
    const uint64_t end_ns = ch_os_mono_ns() + stall_ns;
    while (ch_os_mono_ns() < end_ns) {
    }
}

void
__wrap_ch_engine_run(struct ch_engine *engine, float *const out[CH_CHANNELS], uint32_t n_frames)
{
    n_calls++;
    if (n_calls == WHEN && offence) {
        offence();
    }
    if (stall_ns && n_calls % stall_every == 0) {
        stall();
    }
    __real_ch_engine_run(engine, out, n_frames);
}

static void
prepare(const char *name)
{
    if (strcmp(name, "list") == 0) {
        ch_trap_list_interposed();
        exit(EXIT_SUCCESS);
    } else if (strcmp(name, "getpid") == 0) {
        offence = plant_getpid;
    } else if (strcmp(name, "clock") == 0) {
        offence = plant_clock;
    } else if (strcmp(name, "page-fault") == 0) {
        void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        fresh_page = page == MAP_FAILED ? NULL : page;
        offence = plant_page_fault;
    } else if (strcmp(name, "pcm-ring") == 0) {
        (void)!ch_pcm_ring_create(16);
    } else if (strcmp(name, "tap") == 0) {
        (void)!ch_tap_create(16);
    } else {
        offence = ch_trap_interposed(name);
        if (!offence) {
            fprintf(stderr, "CHANT_TRAP_PLANT: no offence “%s”\n", name);
            exit(EXIT_FAILURE);
        }
    }
}

static uint64_t
number_from(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void
set_up(void)
{
    stall_every = number_from("CHANT_TRAP_STALL_EVERY");
    stall_ns = stall_every ? number_from("CHANT_TRAP_STALL_US") * 1000 : 0;
    const char *name = getenv("CHANT_TRAP_PLANT");
    if (name && *name) {
        prepare(name);
    }
}
