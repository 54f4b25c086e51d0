#!/bin/sh
# SPDX-License-Identifier: ISC
# house.sh — the rules of style that a pattern can see; clang-format and reviewers see to the rest.

. "$(dirname "$0")/common.sh"

scripts="autogen.sh configure.ac Makefile.am bench/run scripts/check scripts/demo scripts/deps
    scripts/steps.bash
    .ci/run"
files="$(sources '*.[ch]' '*.cc' '*.sh' '*.py' '*.m4' Makemodule.am | grep -v '^aclocal.m4$')
    $scripts"

# A tarball has no .ci/.
for file in $files; do
    [ -f "$file" ] || { [ "$file" = .ci/run ] && [ ! -d .git ]; } || bad "$file" "is missing"
done

# What no fragment names is neither built nor in a release, and a test there never runs.
named=$(cat Makefile.am ./*/Makemodule.am ./*/*/Makemodule.am)
for file in $(sources '*.[ch]' '*.cc' | grep -v -e '^config\.h$' -e '^tests/integration/'); do
    case $file in
    tests/*.c) name=${file%.c} ;;
    *) name=$file ;;
    esac
    echo "$named" | grep -qwF -- "$name" || bad "$file" "is named in no Makemodule.am"
done

n_files=0
for file in $files; do
    [ -f "$file" ] || continue
    n_files=$((n_files + 1))
    found=$(LC_ALL=C awk -v file="$file" -v max_columns=100 -v max_lines=600 '
        function bad(line, text) { print file ":" line ": " text }
        function ends(suffix) { return substr(file, length(file) - length(suffix) + 1) == suffix }
        BEGIN {
            c = ends(".c") || ends(".h") || ends(".cc")
            make = ends(".am")
            guard = file
            sub(/^daemon\//, "", guard)
            gsub(/[\/.-]/, "_", guard)
            guard = "CH_" toupper(guard)
        }
        NR <= 2 && /SPDX-License-Identifier: ISC$/ { licensed = 1 }
        c && NR == 2 && !/^\/\/ ./ { bad(2, "no head comment that says the one idea of the file") }
        /[ \t]$/ { bad(NR, "white space at the end") }
        !make && /\t/ { bad(NR, "a tab") }
        !make {
            # Characters of UTF-8, whatever this awk calls a length.
            gsub(/[\200-\277]/, "")
            if (length($0) > max_columns) bad(NR, length($0) " columns, more than " max_columns)
        }
        c && /\r/ { bad(NR, "a carriage return") }
        c && /typedef[^(]*\*[^(]*;/ { bad(NR, "a typedef that hides a pointer") }
        ends(".h") && $1 == "#ifndef" && $2 == guard { guarded = 1 }
        /(^|[^A-Za-z])(TODO|FIXME|XXX)([^A-Za-z]|$)/ && !ends("lint/house.sh") {
            bad(NR, "unfinished")
        }
        END {
            if (!licensed) bad(1, "no SPDX-License-Identifier: ISC in the first two lines")
            if (ends(".h") && !guarded) bad(1, "the include guard is not " guard)
            if (NR > max_lines) bad(NR, "more than " max_lines " lines: perhaps two ideas")
        }' "$file")
    if [ -n "$found" ]; then
        echo "$found"
        n_bad=$((n_bad + $(echo "$found" | wc -l)))
    fi
done
finish "$n_files"
