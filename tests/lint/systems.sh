#!/bin/sh
# SPDX-License-Identifier: ISC
# systems.sh — what differs between systems is a file for each, never an #ifdef.
#
# A header of Windows is for files that are named after it, one of POSIX for files that have another
# beside them; and no line asks the compiler which system it is on.  (That each topic has both
# halves the linker knows.)

. "$(dirname "$0")/common.sh"

windows='windows|winsock2|winnt|winternl|windef|winbase|psapi|shlobj|shellapi|knownfolders|initguid'
windows="$windows|objbase|mmdeviceapi|audioclient|avrt|sddl|aclapi|io|process|conio|direct"
posix='dirent|dlfcn|grp|langinfo|netdb|poll|pthread|pwd|sched|semaphore|syslog|termios|arpa/[a-z]*'
posix="$posix|netinet/[a-z]*|sys/(file|ioctl|mman|poll|resource|select|socket|stat|time|un|wait)"
asking='_WIN(32|64)|__MINGW[A-Z0-9_]*|_MSC_VER|__CYGWIN__|__linux__|__unix__|__APPLE__|__ANDROID__'

# offences — "FILE:LINE: what", of the files that are named on standard input.
offences() {
    while read -r file; do
        case $file in
        *_win32.[ch] | */backend/wasapi* | */backend/mmcss* | tests/windows/*) what=$posix ;;
        # What is loaded when it runs, or runs on POSIX alone.
        *_posix.[ch] | */backend/jack* | */control/systemd.c | client/cairo_api.c) what=$windows ;;
        bench/* | tests/*) what=$windows ;;
        *) what="$windows|$posix" ;;
        esac
        grep -nE "^ *# *include *<($what)\.h>" "$file" |
            sed "s,^\([0-9]*\):.*\(<.*>\).*,$file:\1: \2 does not belong here,"
        grep -nE "^ *# *(if|ifdef|ifndef|elif)([^a-z].*)?[^A-Za-z0-9_]($asking)([^A-Za-z0-9_]|$)" \
            "$file" | sed "s,^\([0-9]*\):.*,$file:\1: asks which system this is,"
    done
}

# --- that it sees what it should -----------------------------------------------------------------

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
printf '#include <windows.h>\n# include <dirent.h>\n#if defined(_WIN32) && 1\n' >"$dir/a.c"
printf '#include <windows.h>\n#ifdef __linux__\n' >"$dir/b_posix.c"
printf '#include <sys/stat.h>\n#include <windows.h>\n#elif !__MINGW32__\n' >"$dir/c_win32.c"
n_planted=$(printf '%s\n' "$dir/a.c" "$dir/b_posix.c" "$dir/c_win32.c" | offences | wc -l)
[ "$n_planted" -eq 7 ] || bad tests/lint/systems.sh "sees $n_planted offences for 7"

# --- the sources ---------------------------------------------------------------------------------

sources '*.[ch]' | offences >"$dir/found"
while IFS=: read -r file line what; do
    bad "$file:$line" "${what# }"
done <"$dir/found"
finish "$(sources '*.[ch]' | wc -l)"
