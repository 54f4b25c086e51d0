# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# steps.bash — what scripts/check is made of: a step is run, counted and told; a tree is copied and
# built; tests are run, and what failed once more.
#
# Of scripts/check it wants $src $work $logs $tally $jobs $python and $long.

# shellcheck disable=SC2016,SC2154 # make expands what is in single quotes; see above

# ---------------------------------------------------------------------- reporting

# begin STEP
begin() {
    step=$1
    log=$logs/${step//[^a-z]/-}.log
    started=$SECONDS
}

# end STATUS [PASSED FAILED [SKIPPED]]
end() {
    local status=$1 passed=${2:-0} failed=${3:-0} skipped=${4:-0} verdict=ok note=
    # A step without tests of its own is one; a failure that no test owns is one as well.
    if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1
    elif [ "$status" -eq 0 ] && [ $((passed + failed + skipped)) -eq 0 ]; then
        passed=1
    fi
    echo "$passed $failed" >>"$tally"
    [ "$failed" -eq 0 ] || verdict=FAILED
    [ "$skipped" -eq 0 ] || note=", $skipped skipped"
    printf '%-6s  %-32s %5d passed, %d failed%s  (%d s)\n' "$verdict" "$step" "$passed" "$failed" \
        "$note" $((SECONDS - started))
    if [ "$failed" -ne 0 ]; then
        printf -- '---- the end of %s\n' "$log"
        grep -vE '^  (CC|CCLD|GEN) ' "$log" | tail -n 80
        echo ----
        return 1
    fi
}

# run STEP COMMAND… — one step, one count.
run() {
    begin "$1"
    shift
    ("$@") >"$log" 2>&1 </dev/null
    end $?
}

# ---------------------------------------------------------------------- building

# The copy leaves a tree that is configured in place, or not at all, as it is.  Without git what a
# build leaves behind is left out by name.
copy_tree() {
    mkdir -p "$src" "$logs"
    if git rev-parse --git-dir >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard
    else
        find . -type d \( -path ./build -o -path ./build-check -o -name .git -o -name .deps \
            -o -name .libs \) -prune -o -type f ! -name '*.o' ! -name '*.l[oa]' \
            ! -path ./Makefile ! -path ./config.h ! -path ./config.log ! -path ./config.status \
            ! -path ./stamp-h1 -print | sed 's,^\./,,'
    fi | while IFS= read -r file; do
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done | LC_ALL=C sort >"$work/files.new"
    # What is gone from the tree goes from the copy.
    if [ -f "$work/files" ]; then
        LC_ALL=C comm -13 "$work/files.new" "$work/files" | while IFS= read -r file; do
            rm -f "$src/$file"
        done
    fi
    mv "$work/files.new" "$work/files"
    tar -cf - -T "$work/files" | tar -xf - -C "$src"
}

# What `configure` is told in each build folder.
declare -A told=(
    [gcc]="CC=gcc --enable-werror"
    [clang]="CC=clang --enable-werror"
    [asan]="CC=gcc --enable-werror --enable-asan --enable-ubsan"
    [traps]="CC=gcc --enable-werror --enable-rt-traps"
    [tsan]="CC=gcc --enable-werror --enable-tsan"
    [without]="CC=gcc --enable-werror --without-jack --without-systemd"
    [fuzz]="CC=clang --enable-werror --enable-fuzzing --enable-asan --enable-ubsan"
)

# And what of the unit tests is made and run there, as words for make: where the build is about
# threads, or about the callback, those that have it.
declare -A units=(
    [gcc]='TESTS=$(unit_tests) $(corpus_tests)'
    [clang]='TESTS=$(unit_tests) $(corpus_tests) tests/lint/headers.sh tests/lint/rt_imports.sh'
    [asan]='TESTS=$(unit_tests) $(corpus_tests)'
    [traps]='TESTS=$(callback_tests)'
    [tsan]='TESTS=$(threaded_tests)'
    [without]='TESTS=$(callback_tests) tests/unit/test_options'
    [windows]='TESTS=$(unit_tests) tests/lint/headers.sh tests/lint/rt_imports.sh'
)
declare -A made=(
    [traps]='check_PROGRAMS=$(callback_tests)'
    [tsan]='check_PROGRAMS=$(threaded_tests)'
    [without]='check_PROGRAMS=$(callback_tests) tests/unit/test_options'
)

# build DIR — configure once for the same arguments; make knows the rest.  Two at a time would
# disturb each other.
build() {
    local dir=$work/$1 words
    read -ra words <<<"${told[$1]}"
    mkdir -p "$dir"
    exec 9>"$dir/lock" && flock 9 || return 1
    (
        flock 8
        [ -x "$src/configure" ] || "$src/autogen.sh"
    ) 8>"$work/lock" || return 1
    cd "$dir" || return 1
    if [ ! -f Makefile ] || [ "$(cat configured-with 2>/dev/null)" != "${words[*]}" ]; then
        "$src/configure" --quiet "${words[@]}" || return 1
        echo "${words[*]}" >configured-with
    fi
    make -j"$jobs"
}

# ahead DIR — the same, and its unit tests, before somebody waits for them; who then builds finds it
# done, or what is wrong with it.
ahead() {
    (build "$1" && make -j"$jobs" check "${made[$1]:-VERBOSE=1}" TESTS=) >/dev/null 2>&1 </dev/null
}

# What most parts run on; a failure is counted once.
need_gcc() {
    if [ -z "${gcc_status:-}" ]; then
        run "gcc: build" build gcc
        gcc_status=$?
    fi
    return "$gcc_status"
}

# ---------------------------------------------------------------------- running tests

# count_unit DIR — passed, failed and skipped of the last `make check`, by cmocka's own counts.
count_unit() {
    find "$1/tests" -name '*.trs' | awk '
        {
            log_name = $0
            sub(/trs$/, "log", log_name)
            result = ""
            while ((getline line <$0) > 0)
                if (line ~ /^:global-test-result:/) result = substr(line, 22)
            p = f = 0
            while ((getline line <log_name) > 0) {
                if (line ~ /^\[  PASSED  \] [0-9]+ test/) { split(line, w); p += w[4] }
                if (line ~ /^\[  FAILED  \] [0-9]+ test/) { split(line, w); f += w[4] }
            }
            if (result ~ /SKIP/) { skipped++; next }
            if (result ~ /PASS/ && p == 0) p = 1
            if (result !~ /PASS/ && f == 0) f = 1
            passed += p
            failed += f
        }
        END { print passed + 0, failed + 0, skipped + 0 }'
}

# What the tests run under, as words in front of a command.
wrap=()

# failed_units DIR — those of the last `make check`.
failed_units() {
    find "$1/tests" -name '*.trs' -exec grep -lE '^:test-result: *(FAIL|ERROR)' {} + |
        sed "s,^$1/\\(.*\\)\\.trs$,\\1," | LC_ALL=C sort
}

# only_alone NAME…
only_alone() {
    [ $# -eq 0 ] || printf '        %d passed only when run alone:\n' $#
    [ $# -eq 0 ] || printf '            %s\n' "$@"
}

# unit STEP DIR [MAKE-ARGUMENT…] — as many at a time as there are processors; then, if few failed,
# these alone, up to twice.  What fails each time has failed.
unit() {
    local dir=$work/$2 status counts once alone
    begin "$1"
    [ $# -gt 2 ] || set -- "$1" "$2" "${units[$2]}" "${made[$2]:-VERBOSE=1}"
    shift 2
    find "$dir/tests" \( -name '*.trs' -o -name '*.log' \) -delete 2>/dev/null
    (cd "$dir" && "${wrap[@]}" make -j"$jobs" check VERBOSE=1 "$@") >"$log" 2>&1 </dev/null
    status=$?
    mapfile -t once < <(failed_units "$dir")
    for _ in 1 2; do
        if [ $status -eq 0 ] || [ ${#once[@]} -eq 0 ] || [ ${#once[@]} -gt 10 ]; then
            break
        fi
        printf '\n---- once more, alone:\n'
        (cd "$dir" && "${wrap[@]}" make recheck VERBOSE=1 "$@") </dev/null
        status=$?
    done >>"$log" 2>&1
    mapfile -t alone < <([ ${#once[@]} -eq 0 ] || printf '%s\n' "${once[@]}" |
        LC_ALL=C comm -23 - <(failed_units "$dir"))
    counts=$(count_unit "$dir")
    # shellcheck disable=SC2086 # three numbers
    end $status $counts
    status=$?
    only_alone "${alone[@]}"
    return $status
}

# The tests wait more than they work, so many at a time may.
side_by_side() {
    local n=$((3 * jobs))
    "$python" -c 'import xdist' 2>/dev/null && echo "-n $((n < 12 ? n : 12))"
}

# pytest_in DIR OUTCOMES ARGUMENT…
pytest_in() {
    local dir=$1 outcomes=$2
    shift 2
    rm -f "${CHANT_FIGURES:-$dir/figures}.missed"
    (cd "$src" && CHANT_BUILD=$dir PYTHONDONTWRITEBYTECODE=1 "${wrap[@]}" "$python" -m pytest -q \
        -rfEs -p no:cacheprovider --outcomes="$outcomes" "$@") </dev/null
}

# outcome_is WORDS FILE… — the tests whose last outcome in these files is one of the words.
outcome_is() {
    local wanted=$1
    shift
    awk -v wanted=" $wanted " '
        { id = $0; sub(/^[a-z]+ /, "", id); last[id] = $1 }
        END { for (id in last) if (index(wanted, " " last[id] " ")) print id }' "$@"
}

# Where the tests are.
tests=tests/integration

# integration STEP DIR [PYTEST-ARGUMENT…] — all side by side; then, if few failed, these and those
# that the machine was too slow for, up to twice more, one after the other.  What fails each time
# has failed.
integration() {
    local dir=$work/$2 status names alone count
    begin "$1"
    shift 2
    rm -f "$dir"/outcomes.*
    # shellcheck disable=SC2046 # two words or none
    # shellcheck disable=SC2086
    pytest_in "$dir" "$dir/outcomes.1" $(side_by_side) "$@" $tests >"$log" 2>&1
    status=$?
    for count in 1 2; do
        if [ ! -f "$dir/outcomes.$count" ] || [ $status -gt 1 ] ||
            [ "$(grep -c '^failed ' "$dir/outcomes.$count")" -gt 10 ]; then
            break
        fi
        mapfile -t names < <(outcome_is "failed stalled" "$dir/outcomes.$count")
        [ ${#names[@]} -gt 0 ] || break
        printf '\n---- alone, for the %s time:\n' "$([ $count -eq 1 ] && echo first || echo second)"
        pytest_in "$dir" "$dir/outcomes.$((count + 1))" "${names[@]}"
        status=$?
    done >>"$log" 2>&1
    [ ! -f "${CHANT_FIGURES:-}.missed" ] || cat "$CHANT_FIGURES.missed" >>"$CHANT_FIGURES"
    touch "$dir/outcomes.1"
    end $status "$(outcome_is passed "$dir"/outcomes.? | wc -l)" \
        "$(outcome_is failed "$dir"/outcomes.? | wc -l)" \
        "$(outcome_is "skipped stalled" "$dir"/outcomes.? | wc -l)"
    status=$?
    mapfile -t alone < <(LC_ALL=C comm -12 \
        <(outcome_is failed "$dir/outcomes.1" | LC_ALL=C sort) \
        <(outcome_is passed "$dir"/outcomes.? | LC_ALL=C sort))
    only_alone "${alone[@]}"
    return $status
}

# A sanitizer writes here; a report that no test noticed fails the check all the same.
no_reports() {
    local report bad=0
    for report in "$1"/report.*; do
        [ -f "$report" ] || continue
        echo "$report:"
        cat "$report"
        bad=1
    done
    return $bad
}
