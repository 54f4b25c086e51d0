// SPDX-License-Identifier: ISC
// client/scan_groups.c — folders are walked, links to folders are not followed.

#include "client/scan_groups.h"

#include <stdlib.h>
#include <string.h>

#include "client/report.h"
#include "system/file.h"

#define DEPTH_MAX 64

static struct ch_scan_group *
add_group(struct ch_scan_groups *groups, const char *folder)
{
    if (groups->count == groups->capacity) {
        const size_t capacity = groups->capacity ? groups->capacity * 2 : 16;
        struct ch_scan_group *items = realloc(groups->items, capacity * sizeof *items);
        if (!items) {
            return NULL;
        }
        groups->items = items;
        groups->capacity = capacity;
    }
    struct ch_scan_group *group = &groups->items[groups->count];
    *group = (struct ch_scan_group){.folder = folder ? strdup(folder) : NULL};
    if (folder && !group->folder) {
        return NULL;
    }
    groups->count++;
    return group;
}

static bool
is_folder(const char *path)
{
    struct ch_sys_file_info info;
    return ch_sys_stat_link(path, &info) && info.kind == CH_SYS_FOLDER;
}

static int walk(struct ch_scan_groups *groups, const char *folder, int depth);

static int
compare_names(const void *a, const void *b)
{
    return ch_natural_compare(*(char *const *)a, *(char *const *)b);
}

static bool
has_room(char ***paths, size_t n, size_t *capacity)
{
    if (n == *capacity) {
        const size_t wanted = n ? 2 * n : 16;
        char **more = realloc(*paths, wanted * sizeof *more);
        if (!more) {
            return false;
        }
        *paths = more;
        *capacity = wanted;
    }
    return true;
}

/// Its folders; what there is no memory for is left out.
static size_t
list_folders(const char *folder, char ***paths)
{
    struct ch_sys_dir *dir = ch_sys_dir_open(folder);
    size_t n = 0, capacity = 0;
    for (const char *name; dir && (name = ch_sys_dir_next(dir)) != NULL;) {
        char *path = name[0] != '.' ? ch_path_absolute(folder, name) : NULL;
        if (path && is_folder(path) && has_room(paths, n, &capacity)) {
            (*paths)[n++] = path;
        } else {
            free(path);
        }
    }
    ch_sys_dir_close(dir);
    return n;
}

/// The folders in it, in natural order.
static int
walk_below(struct ch_scan_groups *groups, const char *folder, int depth)
{
    char **paths = NULL;
    const size_t n_paths = list_folders(folder, &paths);
    int rc = CH_EXIT_OK;
    if (paths) {
        qsort(paths, n_paths, sizeof *paths, compare_names);
    }
    for (size_t i = 0; i < n_paths; i++) {
        if (rc == CH_EXIT_OK) {
            rc = walk(groups, paths[i], depth + 1);
        }
        free(paths[i]);
    }
    free(paths);
    return rc;
}

static int
walk(struct ch_scan_groups *groups, const char *folder, int depth)
{
    struct ch_uris_problem problem;
    struct ch_scan_group *group = add_group(groups, folder);
    if (!group) {
        return ch_fail_memory();
    }
    if (!ch_uris_add(&group->uris, folder, &problem)) {
        // A folder of folders holds no audio file itself; one that can't be read is told of.
        if (strcmp(problem.name, "NOT_FOUND") != 0) {
            ch_warn("%s (left out)", problem.text);
        }
        ch_uris_fini(&group->uris);
        free(group->folder);
        groups->count--;
    } else {
        groups->n_files += group->uris.count;
    }
    return depth < DEPTH_MAX ? walk_below(groups, folder, depth) : CH_EXIT_OK;
}

int
ch_scan_groups_collect(struct ch_scan_groups *groups, char *const *words, int n_words)
{
    int rc = CH_EXIT_OK;
    for (int i = 0; rc == CH_EXIT_OK && i < n_words; i++) {
        struct ch_sys_file_info info;
        if (ch_sys_stat(words[i], &info) && info.kind == CH_SYS_FOLDER) {
            char *real = ch_sys_real_path(words[i]);
            rc =
                real ? walk(groups, real, 0) : ch_fail("NOT_FOUND", "no such folder: %s", words[i]);
            free(real);
            continue;
        }
        struct ch_scan_group *last = groups->count ? &groups->items[groups->count - 1] : NULL;
        struct ch_scan_group *group = last && !last->folder ? last : add_group(groups, NULL);
        if (!group) {
            return ch_fail_memory();
        }
        const size_t before = group->uris.count;
        rc = ch_uris_collect(&group->uris, &words[i], 1);
        groups->n_files += group->uris.count - before;
    }
    if (rc == CH_EXIT_OK && groups->n_files == 0) {
        rc = ch_fail("NOT_FOUND", "no audio files in %s%s", words[0],
                     n_words > 1 ? " and what else was given" : "");
    }
    return rc;
}

void
ch_scan_groups_fini(struct ch_scan_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        ch_uris_fini(&groups->items[i].uris);
        free(groups->items[i].folder);
    }
    free(groups->items);
    *groups = (struct ch_scan_groups){0};
}
