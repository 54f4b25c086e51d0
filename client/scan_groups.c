// SPDX-License-Identifier: ISC
// client/scan_groups.c — folders are walked, links to folders are not followed.

#include "client/scan_groups.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client/report.h"

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
    struct stat at;
    return lstat(path, &at) == 0 && S_ISDIR(at.st_mode);
}

static int walk(struct ch_scan_groups *groups, const char *folder, int depth);

static int
compare_names(const void *a, const void *b)
{
    return ch_natural_compare(*(char *const *)a, *(char *const *)b);
}

/// The folders in it, in natural order.
static int
walk_below(struct ch_scan_groups *groups, const char *folder, int depth)
{
    struct dirent **entries = NULL;
    const int n = scandir(folder, &entries, NULL, NULL);
    char **paths = n > 0 ? calloc((size_t)n, sizeof *paths) : NULL;
    size_t n_paths = 0;
    for (int i = 0; i < n; i++) {
        char *path = paths && entries[i]->d_name[0] != '.'
                         ? ch_path_absolute(folder, entries[i]->d_name)
                         : NULL;
        if (path && is_folder(path)) {
            paths[n_paths++] = path;
        } else {
            free(path);
        }
        free(entries[i]);
    }
    free(entries);
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
        struct stat at;
        if (stat(words[i], &at) == 0 && S_ISDIR(at.st_mode)) {
            char *real = realpath(words[i], NULL);
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
