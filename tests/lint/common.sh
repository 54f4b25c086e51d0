# SPDX-License-Identifier: ISC
# common.sh — what the lints share: where the source is, which files are ours, one way to complain.
# shellcheck shell=sh

# `make check` sets srcdir; by hand the place of the script says it.
top=${srcdir:-$(dirname "$0")/../..}
cd "$top" || exit 99
n_bad=0

# bad FILE[:LINE] MESSAGE
bad() {
    echo "$1: $2"
    n_bad=$((n_bad + 1))
}

# sources SUFFIX-PATTERN… — our files with such names, one a line, wherever we build.
sources() {
    for pattern; do
        find bench client daemon protocol scripts system systemd tests .ci \
            -type f -name "$pattern" ! -path '*/.*/*' 2>/dev/null
        find . -maxdepth 1 -type f -name "$pattern" 2>/dev/null | sed 's,^\./,,'
    done | sort -u
}

# finish N_LOOKED_AT — an empty look proves nothing.
finish() {
    if [ "$1" -eq 0 ]; then
        echo "nothing was looked at below $(pwd)"
        exit 99
    fi
    echo "$1 looked at, $n_bad bad"
    [ "$n_bad" -eq 0 ]
    exit
}
