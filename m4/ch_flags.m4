# SPDX-License-Identifier: ISC
# ch_flags.m4 — add a flag to a variable of our own if this compiler or linker takes it.
#
# The user's CFLAGS and LDFLAGS are only read: whatever we need goes to WARN_CFLAGS, SAN_CFLAGS, ….

# CH_ADD_CFLAG(VARIABLE, FLAG)
# With -Werror, because clang only warns about a warning it does not know.
AC_DEFUN([CH_ADD_CFLAG], [
    AS_VAR_PUSHDEF([cached], [ch_cv_cflag_$2])
    AC_CACHE_CHECK([whether $CC accepts $2], [cached], [
        ch_saved_CFLAGS=$CFLAGS
        CFLAGS="$CFLAGS -Werror $2"
        AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
            [AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])
        CFLAGS=$ch_saved_CFLAGS
    ])
    AS_VAR_IF([cached], [yes], [AS_VAR_APPEND([$1], [" $2"])])
    AS_VAR_POPDEF([cached])
])

# CH_ADD_LDFLAG(VARIABLE, FLAG)
AC_DEFUN([CH_ADD_LDFLAG], [
    AS_VAR_PUSHDEF([cached], [ch_cv_ldflag_$2])
    AC_CACHE_CHECK([whether the linker accepts $2], [cached], [
        ch_saved_LDFLAGS=$LDFLAGS
        LDFLAGS="$LDFLAGS -Werror $2"
        AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
            [AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])
        LDFLAGS=$ch_saved_LDFLAGS
    ])
    AS_VAR_IF([cached], [yes], [AS_VAR_APPEND([$1], [" $2"])])
    AS_VAR_POPDEF([cached])
])

# CH_ADD_SANITIZER(NAME)
# Add -fsanitize=NAME to both sides, or stop: asking for it and not getting it would prove nothing.
AC_DEFUN([CH_ADD_SANITIZER], [
    AC_MSG_CHECKING([whether $CC builds with -fsanitize=$1])
    ch_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -fsanitize=$1"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])], [
        AC_MSG_RESULT([no])
        AC_MSG_ERROR([this compiler has no -fsanitize=$1; its run-time library may be a package of its own])
    ])
    CFLAGS=$ch_saved_CFLAGS
    AS_VAR_APPEND([SAN_CFLAGS], [" -fsanitize=$1"])
    AS_VAR_APPEND([SAN_LDFLAGS], [" -fsanitize=$1"])
])
