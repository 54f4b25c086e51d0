// SPDX-License-Identifier: ISC
// tests/weakmem/explore.c — explores the scenarios it is linked with, or those named; a line for
// each.
//
// Usage: explore [-1] [-t] [NAME…]     -1: end with the first that is violated, -t: show how

#include <inttypes.h>
#include <string.h>

#include "tests/weakmem/explorer.h"

struct options {
    bool until_first, show;
    char **names;
    int n_names;
};

static bool
wanted(const struct options *options, const char *name)
{
    for (int i = 0; i < options->n_names; i++) {
        if (!strcmp(options->names[i], name)) {
            return true;
        }
    }
    return options->n_names == 0;
}

/// false = violated.
static bool
explore(const struct options *options, const struct ch_weak_scenario *scenario)
{
    struct ch_weak_result result;
    ch_weak_explore(scenario, true, &result);
    printf("%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%s\n", scenario->name,
           result.kind ? result.kind : "-", result.n_executions, result.n_cut, result.n_pruned,
           result.kind ? result.what : "-");
    if (result.kind && options->show) {
        ch_weak_print_trace(stdout);
    }
    return !result.kind;
}

int
main(int argc, char **argv)
{
    struct options options = {0};
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        options.until_first |= argv[at][1] == '1';
        options.show |= argv[at][1] == 't';
    }
    options.names = argv + at;
    options.n_names = argc - at;

    int n_violated = 0, n_explored = 0;
    for (const struct ch_weak_scenario *s = ch_weak_scenarios; s->name; s++) {
        if (wanted(&options, s->name)) {
            n_explored++;
            n_violated += !explore(&options, s);
            if (n_violated && options.until_first) {
                break;
            }
        }
    }
    return n_violated ? 1 : n_explored ? 0 : 2;
}
