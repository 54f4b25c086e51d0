# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# libraries.bash — how each library that a Windows build links is made, leanest first thought.
#
# Read by windows/build-deps.  `library NAME SOURCE LICENCE NEEDS…` names Debian's source package,
# its licence as SPDX says it, and what must be in the prefix before and so stands above; build_NAME
# runs in the unpacked tree under `set -e` with
#   HOST     the system to build for, as configure takes it     PREFIX  where everything goes
#   SOURCE   the source package                                 VERSION upstream's, of it
#   CC AR    its tools                                          CFLAGS  flags for all
#   JOBS     how many processes at once
# and with the helpers below.  Everything is static: the two programs import system DLLs only.
# A changed recipe (or flag, or need) is built again; the others are left alone.

# Nothing here needs -lssp, a DLL of gcc's, or symbols to debug someone else's code with.
CFLAGS="-O2 -fno-stack-protector -D_FORTIFY_SOURCE=0"

# gcc puts AVX values on a stack that the Windows ABI aligns to 16 bytes only.
case ${HOST%%-*} in
x86_64 | i?86)
    x86=ON
    CFLAGS+=" -Wa,-muse-unaligned-vector-move"
    ;;
*) x86=OFF ;;
esac

# ---------------------------------------------------------------------- helpers
# compile ARCHIVE FLAGS… -- FILE.c… — a library of a handful of files needs no build system.
compile() {
    local archive=$1 flags=() objects=() file object
    shift
    while [ "$1" != -- ]; do
        flags+=("$1")
        shift
    done
    shift
    for file; do
        object=${file//\//_}.o
        # shellcheck disable=SC2086 # a list of flags
        "$CC" $CFLAGS "${flags[@]}" -c "$file" -o "$object"
        objects+=("$object")
    done
    mkdir -p "$PREFIX/lib"
    rm -f "$PREFIX/lib/$archive"
    "$AR" rcs "$PREFIX/lib/$archive" "${objects[@]}"
}

headers() { # headers DIRECTORY FILE.h…
    mkdir -p "$PREFIX/include/$1"
    cp -- "${@:2}" "$PREFIX/include/$1"
}

# pc NAME VERSION REQUIRES CFLAGS LIBS — all of it public: what is static has no private half, and
# so `pkg-config --libs` says everything with --static and without.
pc() {
    mkdir -p "$PREFIX/lib/pkgconfig"
    cat >"$PREFIX/lib/pkgconfig/$1.pc" <<EOF
prefix=$PREFIX
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: $1
Description: $1 for $HOST
Version: $2
Requires: $3
Cflags: -I\${includedir}${4:+ $4}
Libs: -L\${libdir} $5
EOF
}

licence() { # licence FILE… — into share/licenses/SOURCE
    mkdir -p "$PREFIX/share/licenses/$SOURCE"
    cp -- "$@" "$PREFIX/share/licenses/$SOURCE"
}

with_cmake() { # with_cmake TREE OPTION… — configure, build and install
    local tree=$1
    shift
    cmake -S "$tree" -B build-cmake -G Ninja -DCMAKE_TOOLCHAIN_FILE="$TOOLCHAIN" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=-DNDEBUG -DCMAKE_C_FLAGS="$CFLAGS" \
        -DCMAKE_INSTALL_PREFIX="$PREFIX" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_POLICY_DEFAULT_CMP0063=NEW -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF "$@"
    cmake --build build-cmake -j "$JOBS"
    cmake --install build-cmake
}

with_configure() { # with_configure OPTION… — configure only
    ./configure --host="$HOST" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
        --disable-shared --enable-static --disable-dependency-tracking CFLAGS="$CFLAGS" "$@"
}

# What a patch touched is no reason to make configure anew.
with_make() { # with_make ARGUMENT…
    make -j"$JOBS" ACLOCAL=: AUTOCONF=: AUTOHEADER=: AUTOMAKE=: "$@"
}

# ---------------------------------------------------------------------- sound files
library ogg libogg BSD-3-Clause
build_ogg() {
    compile libogg.a -Iinclude -- src/framing.c src/bitwise.c
    headers ogg include/ogg/*.h
    pc ogg "$VERSION" "" "" -logg
    licence COPYING
}

library vorbis libvorbis BSD-3-Clause ogg
build_vorbis() {
    local name
    # As its own configure has it on Linux, so that both decode to the same bits.
    compile libvorbis.a -ffast-math -fsigned-char -Iinclude -Ilib -I"$PREFIX/include" -- \
        lib/{mdct,smallft,block,envelope,window,lsp,lpc,analysis,synthesis,psy,info}.c \
        lib/{floor1,floor0,res0,mapping0,registry,codebook,sharedbook,lookup,bitrate}.c
    compile libvorbisenc.a -Iinclude -Ilib -I"$PREFIX/include" -- lib/vorbisenc.c
    compile libvorbisfile.a -Iinclude -Ilib -I"$PREFIX/include" -- lib/vorbisfile.c
    headers vorbis include/vorbis/*.h
    pc vorbis "$VERSION" ogg "" -lvorbis
    for name in vorbisenc vorbisfile; do
        pc $name "$VERSION" vorbis "" -l$name
    done
    licence COPYING
}

library flac flac BSD-3-Clause ogg
build_flac() {
    with_cmake . -DBUILD_CXXLIBS=OFF -DBUILD_PROGRAMS=OFF -DBUILD_EXAMPLES=OFF -DBUILD_DOCS=OFF \
        -DINSTALL_MANPAGES=OFF -DWITH_STACK_PROTECTOR=OFF -DWITH_FORTIFY_SOURCE=OFF
    pc flac "$VERSION" ogg -DFLAC__NO_DLL -lFLAC
    licence COPYING.Xiph
}

library opus opus BSD-3-Clause
build_opus() {
    with_configure --disable-doc --disable-extra-programs --disable-stack-protector
    with_make install
    pc opus "$VERSION" "" "-I\${includedir}/opus" -lopus
    licence COPYING
}

library opusfile opusfile BSD-3-Clause ogg opus
build_opusfile() {
    compile libopusfile.a -Iinclude -I"$PREFIX/include" -I"$PREFIX/include/opus" -- \
        src/{info,internal,opusfile,stream}.c
    headers opus include/opusfile.h
    pc opusfile "$VERSION" "opus ogg" "-I\${includedir}/opus" -lopusfile
    licence COPYING
}

library mpg123 mpg123 LGPL-2.1-only
build_mpg123() {
    with_configure --disable-components --enable-libmpg123
    with_make src/libmpg123/libmpg123.la
    cp src/libmpg123/.libs/libmpg123.a "$PREFIX/lib"
    headers . src/libmpg123/{mpg123,fmt123}.h
    pc libmpg123 "$VERSION" "" "" "-lmpg123 -lshlwapi"
    licence COPYING AUTHORS
}

# libsndfile reads MP3 only where it could write it as well.
library lame lame LGPL-2.0-or-later
build_lame() {
    with_configure --disable-frontend --disable-decoder --disable-gtktest
    with_make -C libmp3lame install
    headers lame include/lame.h
    pc lame "$VERSION" "" "" -lmp3lame
    licence COPYING LICENSE
}

library sndfile libsndfile LGPL-2.1-or-later ogg vorbis flac opus mpg123 lame
build_sndfile() {
    with_cmake . -DENABLE_EXTERNAL_LIBS=ON -DENABLE_MPEG=ON -DBUILD_PROGRAMS=OFF \
        -DBUILD_EXAMPLES=OFF -DENABLE_CPACK=OFF -DENABLE_PACKAGE_CONFIG=OFF -DINSTALL_MANPAGES=OFF \
        -DCMAKE_C_FLAGS="$CFLAGS -DFLAC__NO_DLL"
    pc sndfile "$VERSION" "flac vorbisenc vorbis ogg opus libmpg123 lame" "" -lsndfile
    licence COPYING
}

# ---------------------------------------------------------------------- the daemon's and client's
# libuv's own makefiles would make a DLL and a test program as well.
library uv libuv1 MIT
build_uv() {
    compile libuv.a -Iinclude -Isrc -DWIN32_LEAN_AND_MEAN -D_WIN32_WINNT=0x0602 -- \
        src/*.c src/win/*.c
    headers . include/uv.h
    headers uv include/uv/*.h
    pc libuv "$VERSION" "" "" "-luv -lpsapi -luser32 -ladvapi32 -liphlpapi -luserenv -lws2_32"
    licence LICENSE
}

library cjson cjson MIT
build_cjson() {
    # Without the define every program exports cJSON's functions as a DLL would.
    compile libcjson.a -DCJSON_HIDE_SYMBOLS -- cJSON.c
    headers cjson cJSON.h
    pc libcjson "$VERSION" "" -DCJSON_HIDE_SYMBOLS -lcjson
    licence LICENSE
}

library yaml libyaml MIT
build_yaml() {
    local major minor patch
    IFS=. read -r major minor patch <<<"$VERSION"
    compile libyaml.a -Iinclude -DYAML_DECLARE_STATIC -DYAML_VERSION_MAJOR="$major" \
        -DYAML_VERSION_MINOR="$minor" -DYAML_VERSION_PATCH="$patch" \
        -DYAML_VERSION_STRING="\"$VERSION\"" -- src/*.c
    headers . include/yaml.h
    pc yaml-0.1 "$VERSION" "" -DYAML_DECLARE_STATIC -lyaml
    licence License
}

library ebur128 libebur128 MIT
build_ebur128() {
    compile libebur128.a -Iebur128/queue -- ebur128/ebur128.c
    headers . ebur128/ebur128.h
    pc libebur128 "$VERSION" "" "" -lebur128
    licence COPYING
}

library soxr libsoxr LGPL-2.1-or-later
build_soxr() {
    with_cmake . -DBUILD_TESTS=OFF -DBUILD_EXAMPLES=OFF -DWITH_OPENMP=OFF -DWITH_LSR_BINDINGS=OFF
    pc soxr "$VERSION" "" "" -lsoxr
    licence LICENCE COPYING.LGPL
}

# The console driver needs no description of a terminal; those of POSIX are left out.
library ncurses ncurses X11-distribute-modifications-variant
build_ncurses() {
    with_configure --enable-widec --enable-term-driver --enable-sp-funcs --disable-database \
        --with-fallbacks=dumb --disable-termcap --disable-home-terminfo --without-ada \
        --without-cxx --without-cxx-binding --without-debug --without-manpages --without-progs \
        --without-tests --without-pthread --without-libtool --disable-mixed-case --disable-relink \
        --disable-rpath --with-build-cc=cc --with-build-cflags=-O1
    with_make -C include
    with_make -C ncurses
    mkdir -p "$PREFIX/lib"
    cp lib/libncursesw.a "$PREFIX/lib"
    headers ncursesw include/{curses,term,ncurses_dll,unctrl}.h
    pc ncursesw "$VERSION" "" \
        "-DNCURSES_STATIC -DNCURSES_WIDECHAR=1 -I\${includedir}/ncursesw" -lncursesw
    licence COPYING
}

# SSE2 alone: with AVX and AVX2 as well it takes four minutes more.
library fftw3f fftw3 GPL-2.0-or-later
build_fftw3f() {
    with_cmake . -DENABLE_FLOAT=ON -DENABLE_SSE="$x86" -DENABLE_SSE2="$x86" -DBUILD_TESTS=OFF \
        -DDISABLE_FORTRAN=ON -DCMAKE_C_FLAGS="$CFLAGS -DWITH_OUR_MALLOC"
    pc fftw3f "$VERSION" "" "" -lfftw3f
    licence COPYING COPYRIGHT
}

# ---------------------------------------------------------------------- tests only
if tests_only; then
    library cmocka cmocka Apache-2.0
    # What single precision is compared with.
    library fftw3 fftw3 GPL-2.0-or-later
fi

build_cmocka() {
    with_cmake . -DWITH_STATIC_LIB=ON -DWITH_EXAMPLES=OFF
    rm -f "$PREFIX"/bin/*cmocka.dll "$PREFIX"/lib/libcmocka.dll.a
    pc cmocka "$VERSION" "" "" -lcmocka-static
}

build_fftw3() {
    with_cmake . -DBUILD_TESTS=OFF -DDISABLE_FORTRAN=ON \
        -DCMAKE_C_FLAGS="${CFLAGS/-O2/-O1} -DWITH_OUR_MALLOC"
    pc fftw3 "$VERSION" "" "" -lfftw3
    licence COPYING COPYRIGHT
}
