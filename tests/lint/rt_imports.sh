#!/bin/sh
# SPDX-License-Identifier: ISC
# rt_imports.sh — what the code of the audio callback may call, read from its objects.
#
# From the engine's objects (but for those that set it up) every call is followed through the
# layers below.  What is then still undefined must stand in rt_allowed.txt, and of base/ it may take
# nothing at all.  So no lock, heap, file or print can slip in, however deep.  The callbacks of the
# backends share their objects with other code: rt_attribute.sh follows those call by call.

build=$(pwd)
. "$(dirname "$0")/common.sh"
allowed=$(sed -e '/^#/d' -e 's/ .*//' tests/lint/rt_allowed.txt | tr '\n' ' ')
cd "$build" || exit 99

symbols=$(mktemp)
trap 'rm -f "$symbols" "$symbols.found" "$symbols.planted"' EXIT
for layer in engine dsp lockfree; do
    library=daemon/$layer/.libs/libch$layer.a
    if [ -f "$library" ]; then
        # ARCHIVE:MEMBER:[ADDRESS] TYPE SYMBOL
        ${NM:-nm} -A "$library" | sed "s,^[^:]*:\([^:]*\):,$layer/\1 ," >>"$symbols"
    else
        bad "$library" "has not been built here"
    fi
done

# judge SYMBOLS — "bad OBJECT SYMBOL" for each offence, "rt OBJECT" for each that is looked at.
judge() {
    awk -v allowed="$allowed" '
        BEGIN { n = split(allowed, names); for (i = 1; i <= n; i++) fit[names[i]] = 1 }
        # w and v: those that may be missing
        $(NF - 1) ~ /^[Uwv]$/ { calls[$1] = calls[$1] " " $NF; next }
        $(NF - 1) ~ /^[A-Z]$/ { home[$NF] = $1 }
        $1 ~ /^engine\// && $1 !~ /_setup[.]o$/ && !seen[$1]++ { todo[n_todo++] = $1 }
        END {
            for (at = 0; at < n_todo; at++) {
                n = split(calls[todo[at]], names)
                for (i = 1; i <= n; i++) {
                    if (names[i] in home) {
                        if (!seen[home[names[i]]]++) todo[n_todo++] = home[names[i]]
                    } else if (!(names[i] in fit) &&
                        names[i] !~ /^__([atu]|ub)san_|^__sanitizer_/) {
                        print "bad", todo[at], names[i]
                    }
                }
            }
            for (at = 0; at < n_todo; at++) print "rt", todo[at]
        }' "$1" | sort -u
}

# That it sees what it should.
cat >"$symbols.planted" <<'END'
engine/a.o 00000000 T ch_engine_run
engine/a.o U ch_deep
engine/a.o U memcpy
engine/a.o U malloc
engine/a.o w usleep
engine/a_setup.o U calloc
dsp/b.o 00000000 T ch_deep
dsp/b.o U free
dsp/c.o 00000000 T ch_design
dsp/c.o U exp
END
seen=$(judge "$symbols.planted" | grep '^bad' | tr '\n' ';')
[ "$seen" = "bad dsp/b.o free;bad engine/a.o malloc;bad engine/a.o usleep;" ] ||
    bad tests/lint/rt_imports.sh "of planted offences it sees $seen"

judge "$symbols" >"$symbols.found"
n_objects=0
while read -r what object symbol; do
    case $what in
    bad) bad "$object" "calls $symbol" ;;
    rt) n_objects=$((n_objects + 1)); echo "[rt] $object" ;;
    esac
done <"$symbols.found"
finish $n_objects
