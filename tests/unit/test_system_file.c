// SPDX-License-Identifier: ISC
// tests/unit/test_system_file.c — files and folders by name: long, foreign, open, missing.

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "system/clock.h"
#include "system/env.h"
#include "system/file.h"
#include "system/folders.h"
#include "system/path.h"
#include "tests/unit/host.h"

static char folder[HOST_PATH_BYTES];

static const char *
in_folder(const char *name)
{
    static char paths[4][2 * CH_SYS_PATH_BYTES];
    static unsigned at;
    char *path = paths[at++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void
put(const char *path, const char *text)
{
    const int fd = ch_sys_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_true(ch_sys_write_all(fd, text, strlen(text)));
    assert_true(ch_sys_sync(fd));
    ch_sys_close(fd);
}

static void
assert_content(const char *path, const char *text)
{
    char got[256];
    const int fd = ch_sys_open(path, O_RDONLY, 0);
    assert_true(fd >= 0);
    const int64_t n = ch_sys_read(fd, got, sizeof got - 1);
    ch_sys_close(fd);
    assert_true(n >= 0);
    got[n] = '\0';
    assert_string_equal(got, text);
}

static void
bytes_stay(void **state)
{
    (void)state;
    // Neither line ends nor Ctrl-Z are anything special.
    static const char text[] = "a\nb\r\nc\x1a"
                               "d\n";
    put(in_folder("bytes"), text);
    assert_content(in_folder("bytes"), text);
    FILE *file = ch_sys_fopen(in_folder("bytes"), "a+");
    assert_non_null(file);
    assert_int_equal(fwrite("e\n", 1, 2, file), 2);
    assert_int_equal(fclose(file), 0);
    struct ch_sys_file_info info;
    assert_true(ch_sys_stat(in_folder("bytes"), &info));
    assert_int_equal(info.bytes, sizeof text - 1 + 2);
    assert_true(ch_sys_remove(in_folder("bytes")));
}

static void
places(void **state)
{
    (void)state;
    const char *path = in_folder("places");
    put(path, "0123456789");
    const int fd = ch_sys_open(path, O_RDWR | O_APPEND, 0);
    char got[4] = "";
    assert_int_equal(ch_sys_seek(fd, 2, SEEK_SET), 2);
    assert_int_equal(ch_sys_read_at(fd, got, 3, 7), 3);
    assert_string_equal(got, "789");
    assert_int_equal(ch_sys_read_at(fd, got, 3, 10), 0);
    assert_int_equal(ch_sys_seek(fd, 0, SEEK_CUR), 2);
    assert_int_equal(ch_sys_read(fd, got, 3), 3);
    assert_string_equal(got, "234");
    // To the end, wherever it has been read.
    assert_true(ch_sys_write_all(fd, "ab", 2));
    assert_int_equal(ch_sys_seek(fd, 0, SEEK_END), 12);
    struct ch_sys_file_info info;
    assert_true(ch_sys_fstat(fd, &info));
    assert_int_equal(info.bytes, 12);
    ch_sys_close(fd);
    assert_content(path, "0123456789ab");
    assert_true(ch_sys_remove(path));
}

static void
foreign_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        "\xc3\xa4\xc3\xb6\xc3\xbc.wav",              // in Latin-1, too
        "\xe6\x9b\xb2 \xd0\xbf\xd0\xb5\xd1\x81.wav", // in no code page together
        "\xf0\x9f\x8e\xb5.wav",                      // a surrogate pair
        "a'b&c%25 (1).wav",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        put(in_folder(names[i]), names[i]);
        assert_content(in_folder(names[i]), names[i]);
    }
    struct ch_sys_dir *dir = ch_sys_dir_open(folder);
    assert_non_null(dir);
    unsigned seen = 0, n = 0;
    for (const char *name; (name = ch_sys_dir_next(dir)) != NULL; n++) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            seen |= (unsigned)!strcmp(name, names[i]) << i;
        }
    }
    assert_int_equal(errno, 0);
    ch_sys_dir_close(dir);
    assert_int_equal(n, 4);
    assert_int_equal(seen, 0xf);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(ch_sys_remove(in_folder(names[i])));
    }
}

/// Half of a surrogate pair is a name on Windows, and bytes as any others on POSIX.
static void
names_that_are_no_unicode(void **state)
{
    (void)state;
    static const char name[] = "half\xed\xa0\xb5.wav";
    const int fd = ch_sys_open(in_folder(name), O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0) {
        skip(); // a file system that takes Unicode only
    }
    ch_sys_close(fd);
    struct ch_sys_dir *dir = ch_sys_dir_open(folder);
    const char *found = ch_sys_dir_next(dir);
    assert_non_null(found);
    // Whatever stands for it: the file is there under that name, and can be removed by it.
    const char *again = in_folder(found);
    assert_null(ch_sys_dir_next(dir));
    ch_sys_dir_close(dir);
    struct ch_sys_file_info info;
    assert_true(ch_sys_stat(again, &info));
    assert_true(ch_sys_remove(again));
}

static void
long_paths(void **state)
{
    (void)state;
    // Beyond the 260 characters that Windows takes without being asked for more.
    char path[1024];
    snprintf(path, sizeof path, "%s", folder);
    size_t ends[8];
    for (int i = 0; i < 8; i++) {
        ends[i] = strlen(path);
        snprintf(path + ends[i], sizeof path - ends[i], "/%060d", i);
        assert_true(ch_sys_make_dir(path));
    }
    assert_true(strlen(path) > 400);
    const size_t n = strlen(path);
    strcpy(path + n, "/song.wav");
    put(path, "deep");
    assert_content(path, "deep");
    struct ch_sys_file_info info;
    assert_true(ch_sys_stat(path, &info));
    char *real = ch_sys_real_path(path);
    assert_non_null(real);
    assert_true(ch_sys_same_file(real, path));
    assert_string_equal(ch_path_name(real), "song.wav");
    free(real);
    path[n] = '\0';
    struct ch_sys_dir *dir = ch_sys_dir_open(path);
    assert_non_null(dir);
    assert_string_equal(ch_sys_dir_next(dir), "song.wav");
    assert_null(ch_sys_dir_next(dir));
    ch_sys_dir_close(dir);
}

static void
renaming(void **state)
{
    (void)state;
    const char *from = in_folder("from"), *to = in_folder("to");
    put(from, "new");
    put(to, "old");
    const int reader = ch_sys_open(to, O_RDONLY, 0);
    // Who had the old one open still has it, or, where the system can't do that, is in the way.
    const bool replaced = ch_sys_rename(from, to);
    char got[4] = "";
    assert_int_equal(ch_sys_read(reader, got, 3), 3);
    assert_string_equal(got, "old");
    ch_sys_close(reader);
    if (!replaced) {
        assert_true(ch_path_has_servers()); // POSIX always can
        assert_true(ch_sys_rename(from, to));
    }
    assert_content(to, "new");
    struct ch_sys_file_info info;
    assert_false(ch_sys_stat(from, &info));

    put(from, "newer");
    errno = 0;
    assert_false(ch_sys_rename_new(from, to));
    assert_int_equal(errno, EEXIST);
    assert_content(to, "new");
    assert_true(ch_sys_remove(to));
    assert_true(ch_sys_rename_new(from, to));
    assert_content(to, "newer");
    assert_true(ch_sys_remove(to));
}

static void
removing_what_is_open(void **state)
{
    (void)state;
    const char *path = in_folder("open");
    put(path, "text");
    const int fd = ch_sys_open(path, O_RDONLY, 0);
    assert_true(ch_sys_remove(path));
    char got[5] = "";
    assert_int_equal(ch_sys_read(fd, got, 4), 4);
    assert_string_equal(got, "text");
    ch_sys_close(fd);
    struct ch_sys_file_info info;
    assert_false(ch_sys_stat(path, &info));
    assert_int_equal(errno, ENOENT);
}

static void
new_files(void **state)
{
    (void)state;
    char a[CH_SYS_PATH_BYTES], b[CH_SYS_PATH_BYTES];
    snprintf(a, sizeof a, "%s", in_folder("draft-XXXXXX"));
    strcpy(b, a);
    const int one = ch_sys_open_new(a), two = ch_sys_open_new(b);
    assert_true(one >= 0 && two >= 0);
    assert_string_not_equal(a, b);
    assert_false(ch_sys_same_file(a, b));
    assert_true(ch_sys_write_all(one, "x", 1));
    ch_sys_usual_access(one);
    ch_sys_close(one);
    ch_sys_close(two);
    assert_content(a, "x");
    assert_int_equal(ch_sys_open(a, O_WRONLY | O_CREAT | O_EXCL, 0600), -1);
    assert_int_equal(errno, EEXIST);
    assert_true(ch_sys_remove(a));
    assert_true(ch_sys_remove(b));
}

static void
identity(void **state)
{
    (void)state;
    const char *path = in_folder("identity");
    put(path, "1");
    struct ch_sys_file_info by_name, by_fd, other;
    const int fd = ch_sys_open(path, O_RDONLY, 0);
    assert_true(ch_sys_stat(path, &by_name));
    assert_true(ch_sys_fstat(fd, &by_fd));
    ch_sys_close(fd);
    assert_int_equal(by_name.kind, by_fd.kind);
    assert_int_equal(by_name.device, by_fd.device);
    assert_int_equal(by_name.inode, by_fd.inode);
    assert_int_equal(by_name.modified_ns, by_fd.modified_ns);
    assert_int_equal(by_name.kind, CH_SYS_REGULAR);
    assert_int_equal(by_name.bytes, 1);
    // Written now, give or take the coarse clocks of file systems.
    const int64_t now_ns = (int64_t)ch_sys_wall_ns();
    assert_true(by_name.modified_ns < now_ns + 2000000000);
    assert_true(by_name.modified_ns > now_ns - 60 * 1000000000ll);
    assert_true(ch_sys_stat(folder, &other));
    assert_int_equal(other.kind, CH_SYS_FOLDER);
    assert_true(other.inode != by_name.inode);
    assert_true(ch_sys_remove(path));
}

static void
errors(void **state)
{
    (void)state;
    struct ch_sys_file_info info;
    put(in_folder("file"), "");
    assert_int_equal(ch_sys_open(in_folder("none"), O_RDONLY, 0), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(ch_sys_open(in_folder("none/none"), O_WRONLY | O_CREAT, 0600), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(ch_sys_open("", O_RDONLY, 0), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(ch_sys_open(folder, O_WRONLY, 0), -1);
    assert_int_equal(errno, EISDIR);
    assert_null(ch_sys_dir_open(in_folder("file")));
    assert_int_equal(errno, ENOTDIR);
    assert_null(ch_sys_dir_open(in_folder("none")));
    assert_int_equal(errno, ENOENT);
    assert_false(ch_sys_make_dir(folder));
    assert_int_equal(errno, EEXIST);
    assert_false(ch_sys_stat(in_folder("none"), &info));
    assert_int_equal(errno, ENOENT);
    assert_false(ch_sys_remove(in_folder("none")));
    assert_int_equal(errno, ENOENT);
    assert_false(ch_sys_remove(folder));
    assert_int_equal(errno, EISDIR);
    assert_false(ch_sys_rename(in_folder("none"), in_folder("file")));
    assert_int_equal(errno, ENOENT);
    char room[8];
    assert_false(ch_sys_current_dir(room, 2));
    assert_null(ch_sys_real_path(in_folder("none")));
    assert_int_equal(errno, ENOENT);
    assert_true(ch_sys_remove(in_folder("file")));
    // A folder can be opened to be asked what it is, and read no byte of.
    const int fd = ch_sys_open(folder, O_RDONLY, 0);
    assert_true(fd >= 0);
    assert_true(ch_sys_fstat(fd, &info));
    assert_int_equal(info.kind, CH_SYS_FOLDER);
    assert_int_equal(ch_sys_read(fd, room, sizeof room), -1);
    ch_sys_close(fd);
}

static void
folders_above(void **state)
{
    (void)state;
    assert_true(ch_sys_make_dirs_above(in_folder("one/two/three")));
    put(in_folder("one/two/three"), "3");
    assert_true(ch_sys_make_dirs_above(in_folder("one/two/three")));
    // "three" is a file.
    assert_false(ch_sys_make_dirs_above(in_folder("one/two/three/four/five")));
    assert_int_equal(errno, ENOTDIR);
}

static void
absolute_names(void **state)
{
    (void)state;
    char here[CH_SYS_PATH_BYTES], path[CH_SYS_PATH_BYTES], expected[2 * CH_SYS_PATH_BYTES];
    assert_true(ch_sys_current_dir(here, sizeof here));
    assert_true(ch_path_is_absolute(here));
    assert_null(strchr(here, '\\'));
    assert_true(ch_sys_absolute("song.wav", path, sizeof path));
    snprintf(expected, sizeof expected, "%s/song.wav", here);
    assert_string_equal(path, expected);
    assert_true(ch_sys_absolute(here, path, sizeof path));
    assert_string_equal(path, here);
    assert_false(ch_sys_absolute("song.wav", path, strlen(here) + 3));
    assert_int_equal(errno, ENAMETOOLONG);
}

static void
own_folders(void **state)
{
    (void)state;
    static const char *const variables[] = {"STATE_DIRECTORY", "CACHE_DIRECTORY", "LOGS_DIRECTORY",
                                            "XDG_STATE_HOME",  "XDG_CACHE_HOME",  "XDG_CONFIG_HOME",
                                            "LOCALAPPDATA",    "APPDATA"};
    char base[HOST_PATH_BYTES + 64], expected[HOST_PATH_BYTES + 96], got[CH_SYS_PATH_BYTES];
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        snprintf(base, sizeof base, "%s/\xc3\xa4", folder);
        host_set_env(variables[i], i < 3 ? NULL : base);
        char value[CH_SYS_PATH_BYTES];
        assert_int_equal(ch_sys_env(variables[i], value, sizeof value), i >= 3);
        assert_string_equal(value, i < 3 ? "" : base);
        assert_false(ch_sys_env(variables[i], value, 4));
        assert_string_equal(value, "");
    }
    snprintf(expected, sizeof expected, "%s/chant", base);
    ch_path_normalise(expected);
    for (int f = CH_FOLDER_STATE; f <= CH_FOLDER_LOG; f++) {
        assert_true(ch_sys_folder((enum ch_folder)f, got, sizeof got));
        assert_string_equal(got, expected);
        assert_false(ch_sys_folder((enum ch_folder)f, got, strlen(expected)));
    }
}

static void
clocks(void **state)
{
    (void)state;
    const uint64_t before = ch_sys_mono_ns();
    ch_sys_sleep_ns(3000000);
    const uint64_t after = ch_sys_mono_ns();
    assert_true(after >= before + 3000000);
    // After 2020, before 2100.
    assert_in_range(ch_sys_wall_ns() / 1000000000, 1577836800, 4102444800);
    assert_in_range(ch_sys_local_time(1600000000).tm_year, 120, 120);
}

static int
set_up(void **state)
{
    (void)state;
    return host_folder_make(folder) ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    return host_folder_remove(folder) ? 0 : -1;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(bytes_stay),    IN_FOLDER(places),
        IN_FOLDER(foreign_names), IN_FOLDER(names_that_are_no_unicode),
        IN_FOLDER(long_paths),    IN_FOLDER(renaming),
        IN_FOLDER(new_files),     IN_FOLDER(removing_what_is_open),
        IN_FOLDER(identity),      IN_FOLDER(errors),
        IN_FOLDER(folders_above), cmocka_unit_test(absolute_names),
        IN_FOLDER(own_folders),   cmocka_unit_test(clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
