// SPDX-License-Identifier: ISC
// tests/unit/figure.h — a measured figure beside what it is held to, for the table of figures.
//
// With CHANT_FIGURES set it is the path of a file that a line is appended to (tests/figures.py
// makes the table of it); otherwise the figure goes to stdout.  A test says its figure and then
// asserts it as well: the table only shows what was found.

#ifndef CH_TESTS_UNIT_FIGURE_H
#define CH_TESTS_UNIT_FIGURE_H

#include <stdio.h>
#include <stdlib.h>

/// `group` and `what` name a row of doc/accuracy.md; `relation` is "<=" or ">=".  Several figures
/// make one row, the worst of them, if they differ only in what `what` has in brackets at its end.
static inline void
figure(const char *group, const char *what, double value, const char *relation, double hold,
       const char *unit)
{
    const char *path = getenv("CHANT_FIGURES");
    FILE *out = path ? fopen(path, "a") : stdout;
    if (!out) {
        abort();
    }
    // One write: tests run side by side.
    char line[512];
    const int n = snprintf(line, sizeof line, "%s\t%s\t%.6g\t%s\t%.6g\t%s\n", group, what, value,
                           relation, hold, unit);
    fwrite(line, 1, (size_t)n, out);
    if (path) {
        fclose(out);
    }
}

#endif
