#!/bin/sh
# SPDX-License-Identifier: ISC
# autogen.sh — make ./configure from configure.ac in a fresh clone.

set -eu
cd "$(dirname "$0")"

for tool in autoreconf automake libtoolize pkg-config; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "autogen.sh: $tool is missing; on Debian: scripts/deps build" >&2
        exit 1
    fi
done

mkdir -p build-aux
autoreconf --force --install --warnings=all,no-obsolete "$@"
echo "Now: ./configure && make"
