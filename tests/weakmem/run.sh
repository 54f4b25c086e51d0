#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh — the exploration as a test of `make check`; it needs a compiler and a Python.

top=${srcdir:-$(dirname "$0")/../..}
python=/usr/bin/python3
[ -x $python ] || python=python3
if ! command -v $python >/dev/null 2>&1; then
    echo "python3 is missing"
    exit 77
fi
PYTHONDONTWRITEBYTECODE=1 exec $python "$top/tests/weakmem/mutants.py" "$@"
