#!/bin/sh
# SPDX-License-Identifier: ISC
# includes.sh — the arrows between the layers point down only, and each library has its one place.
#
# main → control → {protocol, backend, media, analysis, eqtext} → engine → dsp → lockfree → base,
# and client → protocol.  Below all of them is system, which lockfree, dsp
# and engine do without.  Media, analysis and eqtext know rings and signal processing, not
# the engine.

. "$(dirname "$0")/common.sh"

# begins NAME PREFIX…
begins() {
    name=$1
    shift
    for prefix; do
        case $name in "$prefix"*) return 0 ;; esac
    done
    return 1
}

# may_see FILE — what FILE may include of ours, as prefixes.
may_see() {
    base=daemon/base/
    lockfree="daemon/lockfree/ $base"
    dsp="daemon/dsp/ $lockfree"
    engine="daemon/engine/ $dsp"
    case $1 in
    system/*) echo system/ ;;
    protocol/*) echo protocol/ system/ ;;
    client/*) echo client/ protocol/ system/ ;;
    daemon/base/*) echo "$base system/" ;;
    daemon/lockfree/*) echo "$lockfree" ;;
    daemon/dsp/*) echo "$dsp" ;;
    daemon/engine/*) echo "$engine" ;;
    daemon/eqtext/*) echo "daemon/eqtext/ $dsp system/" ;;
    daemon/media/*) echo "daemon/media/ $dsp system/" ;;
    daemon/analysis/*) echo "daemon/analysis/ $dsp system/" ;;
    daemon/backend/*) echo "daemon/backend/ $engine system/" ;;
    daemon/control/*)
        # The options are plain data that main hands down.
        echo "daemon/control/ daemon/options.h daemon/backend/ daemon/media/ daemon/analysis/" \
            daemon/eqtext/ \
            "$engine protocol/ system/"
        ;;
    daemon/*/*) ;; # a new layer is given its place above
    daemon/*) echo daemon/ protocol/ system/ ;;
    *) echo daemon/ protocol/ system/ client/ tests/ bench/ ;;
    esac
}

# home HEADER — where a library may be used, as prefixes; nothing means anywhere.
home() {
    case $1 in
    jack/*) echo daemon/backend/jack tests/ bench/ ;;
    uv.h) echo daemon/control/ daemon/main.c tests/ bench/ ;;
    cjson/*) echo protocol/ client/ daemon/control/ daemon/main.c daemon/render.c tests/ ;;
    fftw3.h) echo daemon/analysis/ tests/ bench/ ;;
    ebur128.h) echo daemon/analysis/ daemon/media/ tests/ ;;
    FLAC/* | vorbis/* | opusfile.h | mpg123.h) echo daemon/media/loudness_ tests/ ;;
    sndfile.h) echo daemon/media/ daemon/backend/wavfile.c tests/ ;;
    soxr.h) echo daemon/media/ tests/ ;;
    yaml.h) echo daemon/eqtext/ ;;
    systemd/*) echo daemon/control/ daemon/main.c ;;
    *curses.h | term.h) echo client/ ;;
    stdlib.h | stdio.h | unistd.h | pthread.h | errno.h | time.h | fcntl.h | sys/*)
        # No operating system: these layers run in a browser as they are.  A heap for setting up.
        case $2 in
        daemon/engine/* | daemon/dsp/* | daemon/lockfree/*)
            [ "$1" = stdlib.h ] && echo "$allocating" || echo none
            ;;
        esac
        ;;
    esac
}
allocating="daemon/engine/engine_setup.c daemon/lockfree/tap_create.c daemon/lockfree/pcm_ring.c
    daemon/dsp/limiter_create.c daemon/dsp/bandmap.c"

list=$(mktemp)
trap 'rm -f "$list"' EXIT
# FILE HEADER, the header with its quotes or brackets.
for file in $(sources '*.[ch]'); do
    sed -n "s,^ *# *include *\([\"<][^\">]*[\">]\).*,$file \1,p" "$file"
done >"$list"

# shellcheck disable=SC2046 # lists of words
while read -r file header; do
    name=$(echo "$header" | tr -d '"<>')
    case $header in
    \"config.h\") ;;
    \"*)
        begins "$name" $(may_see "$file") || bad "$file" "may not see $header: wrong way up"
        [ -f "$name" ] || bad "$file" "$header is not a path from the top"
        ;;
    *)
        places=$(home "$name" "$file")
        # shellcheck disable=SC2086
        [ -z "$places" ] || begins "$file" $places || bad "$file" "$header: only in $places"
        ;;
    esac
done <"$list"
finish "$(wc -l <"$list")"
