#!/bin/sh
# SPDX-License-Identifier: ISC
# corpus.sh — every fuzz target over the inputs that once were interesting.

top=${srcdir:-$(dirname "$0")/../..}
n_targets=0
status=0
for corpus in "$top"/tests/fuzz/corpus/*/; do
    name=$(basename "$corpus")
    n_targets=$((n_targets + 1))
    tests/fuzz/fuzz_"$name" "$corpus"* || { echo "fuzz_$name failed"; status=1; }
done
[ $n_targets -gt 0 ] || { echo "no corpus below $top"; exit 99; }
exit $status
