#!/bin/sh
# SPDX-License-Identifier: ISC
# rt_attribute.sh — CH_RT stands on every function that the audio callback can reach.
#
# gcc writes down who calls whom (-fcallgraph-info), without inlining, so that functions of headers
# are seen as well.  From the roots every call is followed.  Each function of ours that is reached
# must carry CH_RT where it is defined and where it is declared; each that is not ours must stand in
# rt_allowed.txt; each pointer that is called must be named below; and none may do what a lock is
# made of.

build=$(pwd)
. "$(dirname "$0")/common.sh"

roots="ch_backend_call ch_engine_run ch_engine_clock ch_engine_can_run on_process
    on_refill ch_sample_write"

# libjack is loaded when the daemon runs; JACK documents these three as fit for its callback.  Of
# WASAPI's stream it takes four to fill its buffer, and there is no other way.
pointers="api.get_cycle_times api.get_time api.port_get_buffer
    client->lpVtbl->GetCurrentPadding clock->lpVtbl->GetPosition
    render_client->lpVtbl->GetBuffer render_client->lpVtbl->ReleaseBuffer"

# Beside what the engine may import: the clock, without a system call where the vDSO or the page
# that Windows shares has it, and arithmetic for the integers of a device.
beside="clock_gettime ch_sys_mono_ns fmin fmax lrint"

windows=no
grep -q '^#define HAVE_WASAPI 1' "$build/config.h" && windows=yes

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

if ! echo 'int x;' | ${CC:-cc} -fcallgraph-info -x c -c -o "$dir/x.o" - 2>/dev/null ||
    ! [ -f "$dir/x.ci" ]; then
    echo "${CC:-cc} does not know -fcallgraph-info (gcc 10 and later do)"
    exit 77
fi

allowed="$(sed -e '/^#/d' -e 's/ .*//' tests/lint/rt_allowed.txt | tr '\n' ' ') $beside"

# compile OUT FILE — its calls, to OUT.ci
compile() {
    # shellcheck disable=SC2086 # words
    ${CC:-cc} ${HEADER_CFLAGS:--D_GNU_SOURCE -std=gnu11} -Wno-error -w -I. -I"$build" \
        -UCH_RT_TRAPS -O0 -fno-inline -fcallgraph-info -c -o "$1.o" "$2"
}

# follow CI… — a line "bad PLACE: WHAT" for each offence, "rt FUNCTION" for each that is reached.
follow() {
    LC_ALL=C awk -v roots="$roots" -v pointers="$pointers" -v allowed="$allowed" -v top="$(pwd)/" '
        # Statics have their file in front; clones for a processor, or by the optimiser, a suffix.
        function name_of(title) {
            sub(/^.*:/, "", title)
            sub(/[.].*/, "", title)
            return title
        }
        function id_of(title) {
            return substr(title, 1, match(title, /:[^:]*$/)) name_of(title)
        }
        function complain(where, what) {
            sub("^" top, "", where)
            sub(/^[.]\//, "", where)
            if (!told[where, what]++) print "bad " where ": " what
        }
        # The lines from the end of what stands before, up to the name.
        function declaration(where,    at, path, line, last, text, n) {
            match(where, /:[0-9]+:[0-9]+$/)
            path = substr(where, 1, RSTART - 1)
            at = substr(where, RSTART + 1) + 0
            if (!(path in n_lines)) {
                n = 0
                while ((getline line <path) > 0) source[path, ++n] = line
                close(path)
                n_lines[path] = n
            }
            text = source[path, at]
            for (n = at - 1; n > 0; n--) {
                last = source[path, n]
                sub(/[ \t]*\/\/.*/, "", last)
                if (last ~ /^[ \t]*$|[;}]$|^#|[*]\/$/) break
                text = last " " text
            }
            return text
        }
        # Whether the pointer that is called is listed; the place is where the expression begins.
        function listed(where,    part, n, text, p, pointer) {
            declaration(where)
            match(where, /:[0-9]+:[0-9]+$/)
            n = split(where, part, ":")
            text = substr(source[substr(where, 1, RSTART - 1), part[n - 1] + 0], part[n] + 0)
            sub(/[(].*/, "", text)
            for (p = split(pointers, pointer, " "); p > 0; p--)
                if (text == pointer[p] || text ~ ("->" pointer[p] "$")) return 1
            return 0
        }
        # What of a function, up to the brace that ends it, could wait for another thread.
        function lock_in(where,    path, at) {
            declaration(where)
            match(where, /:[0-9]+:[0-9]+$/)
            path = substr(where, 1, RSTART - 1)
            for (at = substr(where, RSTART + 1) + 0; at <= n_lines[path]; at++) {
                if (match(source[path, at], locks)) return substr(source[path, at], RSTART, RLENGTH)
                if (source[path, at] ~ /^}/) break
            }
            return ""
        }
        BEGIN {
            locks = "(atomic_flag|atomic_exchange|atomic_compare|__atomic_exchange|" \
                    "__atomic_compare|__atomic_test|__sync_)[a-z_]*"
        }
        /^node: / {
            split($0, part, "\"")
            id = id_of(part[2])
            label = part[4]
            where = substr(label, index(label, "\\n") + 2)
            sub(/\\n.*/, "", where)
            if (id == "__indirect_call") next
            # ellipse: only declared here
            if ($0 ~ /ellipse/) {
                declared[id] = declared[id] " " where
            } else {
                defined[id] = where
                for (i = split(roots, root, " "); i > 0; i--)
                    if (name_of(id) == root[i] && !reached[id]++) todo[n_todo++] = id
            }
        }
        /^edge: / {
            split($0, part, "\"")
            from = id_of(part[2])
            to = id_of(part[4])
            calls[from, ++n_calls[from]] = to
            place[from, n_calls[from]] = part[6]
        }
        END {
            for (at = 0; at < n_todo; at++) {
                id = todo[at]
                print "rt " name_of(id)
                if (declaration(defined[id]) !~ /(^|[^A-Z_])CH_RT($|[^A-Z_])/)
                    complain(defined[id], name_of(id) "() is reached by the callback and not CH_RT")
                if ((found = lock_in(defined[id])) != "")
                    complain(defined[id], name_of(id) "() has " found ", of which locks are made")
                n = split(declared[id], spot, " ")
                for (i = 1; i <= n; i++)
                    if (declaration(spot[i]) !~ /(^|[^A-Z_])CH_RT($|[^A-Z_])/)
                        complain(spot[i], name_of(id) "() is declared here without CH_RT")
                for (i = 1; i <= n_calls[id]; i++) {
                    to = calls[id, i]
                    if (to in defined) {
                        if (!reached[to]++) todo[n_todo++] = to
                    } else if (to == "__indirect_call") {
                        if (!listed(place[id, i]))
                            complain(place[id, i],
                                name_of(id) "() calls a pointer that is not listed")
                    } else if (index(" " allowed " ", " " to " ") == 0 && to !~ /^__builtin_/) {
                        complain(place[id, i], name_of(id) "() calls " to "()")
                    }
                }
            }
        }' "$@" | sort -u
}

# --- that it sees what it should -----------------------------------------------------------------

cat >"$dir/planted.c" <<'END'
#include <stdlib.h>
#define CH_RT
void ch_engine_clock(void);
static void
unmarked(void)
{
}

CH_RT static void
marked(void)
{
    free(malloc(1));
}

struct table {
    struct {
        int (*get_time)(void);
        int (*set_time)(void);
    } api;
};

CH_RT void
ch_engine_run(void (*pointer)(void), struct table *table, _Atomic int *flag)
{
    unmarked();
    marked();
    pointer();
    const int one = table->api.get_time(), two = table->api.set_time();
    while (__atomic_exchange_n(flag, one + two, 5)) {
    }
}

CH_RT void
ch_engine_clock(void)
{
}
END
cat >"$dir/planted_user.c" <<'END'
void ch_engine_clock(void);
void use(void);
void
use(void)
{
    ch_engine_clock();
}
END
compile "$dir/planted" "$dir/planted.c" && compile "$dir/planted_user" "$dir/planted_user.c"
follow "$dir/planted.ci" "$dir/planted_user.ci" >"$dir/planted.found"
for wanted in 'unmarked() is reached' 'marked() calls free()' 'calls a pointer that is not' \
    'ch_engine_run() has __atomic_exchange' 'ch_engine_clock() is declared here without'; do
    grep -qF "$wanted" "$dir/planted.found" ||
        bad tests/lint/rt_attribute.sh "does not see: $wanted"
done
n_planted=$(grep -c '^bad' "$dir/planted.found")
[ "$n_planted" -eq 7 ] || bad tests/lint/rt_attribute.sh "sees $n_planted offences for 7"

# --- the sources ---------------------------------------------------------------------------------

mkdir "$dir/ci"
for file in $(sources '*.c' | grep -E '^daemon/(base|lockfree|dsp|engine|backend)/'); do
    case $file in
    # The other system's needs a compiler for it.
    *_posix.c) [ "$windows" = no ] || continue ;;
    *_win32.c | */wasapi* | */mmcss*) [ "$windows" = yes ] || continue ;;
    */jack*) grep -q '^#define HAVE_JACK 1' "$build/config.h" || continue ;;
    esac
    compile "$dir/ci/$(echo "${file%.c}" | tr / -)" "$(pwd)/$file" || bad "$file" "does not compile"
done
follow "$dir"/ci/*.ci >"$dir/found"

grep '^rt ' "$dir/found" | cut -c 4- | tr '\n' ' '
echo
n_reached=$(grep -c '^rt ' "$dir/found")
for root in $roots; do
    [ "$root" = on_process ] && ! [ -f "$dir/ci/daemon-backend-jack_callbacks.ci" ] && continue
    [ "$root" = on_refill ] && [ "$windows" = no ] && continue
    grep -q "^rt $root$" "$dir/found" || bad "$root" "the root is not there"
done
grep '^bad ' "$dir/found" >"$dir/bad"
while read -r _ where what; do
    bad "${where%:}" "$what"
done <"$dir/bad"
finish "$n_reached"
