#!/bin/sh
# SPDX-License-Identifier: ISC
# headers.sh — every header compiles alone and warns of nothing: it includes what it uses.
#
# Those of the tests may lean on cmocka.h and its preparations.

. "$(dirname "$0")/common.sh"

cc=${CC:-cc}
flags=${HEADER_CFLAGS:--std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wconversion -Wshadow}

# In a build without pictures the header of cairo is not there.
cairo=$(pkg-config --cflags cairo-png 2>/dev/null) || skip=client/cairo_api.h
jack=no
# shellcheck disable=SC2086 # words
echo '#include <jack/jack.h>' | $cc $flags -fsyntax-only -x c - 2>/dev/null && jack=yes

# What is for Windows alone, a compiler for it can judge.
echo '#include <windows.h>' | $cc -fsyntax-only -x c - 2>/dev/null && windows=yes

n_files=0
for file in $(sources '*.h' | grep -v -e '^config\.h$' -e '^tests/'); do
    [ "$file" != "${skip:-}" ] || continue
    case $file in daemon/backend/jack*) [ "$jack" = yes ] || continue ;; esac
    if [ "${windows:-no}" = no ] && grep -q '<windows\.h>' "$file"; then
        continue
    fi
    n_files=$((n_files + 1))
    # Twice, which also tries the include guard.
    # shellcheck disable=SC2086 # CC and the flags are lists of words
    printf '#include "%s"\n#include "%s"\n' "$file" "$file" |
        $cc $flags $cairo -Werror -I. -fsyntax-only -x c - || bad "$file" "does not compile alone"
done
finish "$n_files"
