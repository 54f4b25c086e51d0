// SPDX-License-Identifier: ISC
// bench/bench.c — clock, cores, medians, lines.

#include "bench/bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool
bench_begin(int argc, char **argv)
{
    bool quick = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            quick = true;
        } else {
            fprintf(stderr, "usage: %s [--quick]\n", argv[0]);
            exit(2);
        }
    }
    bench_pin(BENCH_CPU_MAIN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    return quick;
}

void
bench_pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) {
        fprintf(stderr, "bench: core %d is not there for us, not pinned\n", cpu);
    }
}

static bool is_realtime;

void
bench_realtime(void)
{
    const struct sched_param param = {.sched_priority = 50};
    if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &param) != 0) {
        fprintf(stderr, "bench: SCHED_FIFO was denied, measured without\n");
        return;
    }
    is_realtime = true;
}

void
bench_rest(void)
{
    static uint64_t rested_ns;
    const uint64_t now_ns = bench_now_ns();
    if (is_realtime && now_ns - rested_ns > 2000000) {
        const uint64_t worked_ns = rested_ns ? now_ns - rested_ns : 0;
        const uint64_t rest_ns = worked_ns / 8 < 250000 ? 250000 : worked_ns / 8;
        nanosleep(&(struct timespec){.tv_nsec = (long)(rest_ns % 1000000000u)}, NULL);
        rested_ns = bench_now_ns();
    }
}

uint64_t
bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void
bench_fail(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    exit(1);
}

// --- series ------------------------------------------------------------------------------------

void
bench_add(struct bench_series *series, double value)
{
    if (series->n == series->room) {
        series->room = series->room ? 2 * series->room : 64;
        double *grown = realloc(series->values, series->room * sizeof *grown);
        if (!grown) {
            bench_fail("no memory");
        }
        series->values = grown;
    }
    series->values[series->n++] = value;
}

void
bench_clear(struct bench_series *series)
{
    free(series->values);
    *series = (struct bench_series){0};
}

static int
by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/// Of what is sorted: the value that the share q of all is at most.
static double
quantile_of_sorted(const double *sorted, uint32_t n, double q)
{
    const double at = q * (double)n;
    uint32_t index = (uint32_t)at;
    if ((double)index == at && index > 0) {
        index--;
    }
    return sorted[index < n ? index : n - 1];
}

double
bench_quantile(const struct bench_series *series, double q)
{
    if (series->n == 0) {
        return 0.0;
    }
    double *sorted = malloc(series->n * sizeof *sorted);
    if (!sorted) {
        bench_fail("no memory");
    }
    memcpy(sorted, series->values, series->n * sizeof *sorted);
    qsort(sorted, series->n, sizeof *sorted, by_value);
    const double value = quantile_of_sorted(sorted, series->n, q);
    free(sorted);
    return value;
}

double
bench_median(const struct bench_series *series)
{
    return bench_quantile(series, 0.5);
}

double
bench_ratio(const struct bench_series *series, const struct bench_series *reference)
{
    if (series->n != reference->n) {
        const double own = bench_median(series);
        return own > 0.0 ? bench_median(reference) / own : 0.0;
    }
    struct bench_series ratios = {0};
    for (uint32_t i = 0; i < series->n; i++) {
        if (series->values[i] > 0.0) {
            bench_add(&ratios, reference->values[i] / series->values[i]);
        }
    }
    const double ratio = bench_median(&ratios);
    bench_clear(&ratios);
    return ratio;
}

// --- lines -------------------------------------------------------------------------------------

static void
print_string(const char *key, const char *text)
{
    if (!text) {
        printf("\"%s\":null,", key);
        return;
    }
    printf("\"%s\":\"", key);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            putchar('\\');
        }
        putchar(*text);
    }
    printf("\",");
}

void
bench_print(const struct bench_line *line)
{
    putchar('{');
    print_string("bench", line->bench);
    print_string("name", line->name);
    print_string("variant", line->variant);
    if (line->size == BENCH_NO_SIZE) {
        printf("\"size\":null,");
    } else {
        printf("\"size\":%d,", line->size);
    }
    print_string("unit", line->unit);
    const double median = bench_median(line->series);
    printf("\"median\":%.6g,\"p50\":%.6g,\"p99\":%.6g,\"max\":%.6g,\"n\":%u,", median, median,
           bench_quantile(line->series, 0.99), bench_quantile(line->series, 1.0), line->series->n);
    if (line->reference_series) {
        printf("\"ratio\":%.4g,", bench_ratio(line->series, line->reference_series));
    } else {
        printf("\"ratio\":null,");
    }
    print_string("reference", line->reference);
    print_string("hold", line->hold);
    printf("\"met\":%s}\n", !line->hold ? "null" : line->met ? "true" : "false");
}

const char *
bench_peer(const char *name, const char *package)
{
    static char names[32][128];
    static uint32_t n_names;
    char command[160], version[64] = "";
    if (n_names == sizeof names / sizeof *names) {
        bench_fail("too many peers");
    }
    snprintf(command, sizeof command, "dpkg-query -W -f='${Version}' %s 2>/dev/null", package);
    FILE *said = popen(command, "r");
    if (said) {
        if (!fgets(version, sizeof version, said)) {
            version[0] = '\0';
        }
        pclose(said);
    }
    char *full = names[n_names++];
    snprintf(full, sizeof names[0], "%s%s%s", name, *version ? " " : "", version);
    return full;
}
