// SPDX-License-Identifier: ISC
// daemon/media/loudness_resolve.c — tags, what a scan has found, and the neighbours' albums.

#include "daemon/media/loudness_resolve.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/media/loudness_tags.h"
#include "daemon/media/source.h"
#include "daemon/media/uri.h"
#include "system/file.h"

bool
ch_file_identify(const char *path, struct ch_file_identity *identity)
{
    struct ch_sys_file_info info;
    if (!ch_sys_stat(path, &info) || info.kind != CH_SYS_REGULAR) {
        return false;
    }
    *identity = (struct ch_file_identity){
        .device = info.device,
        .inode = info.inode,
        .bytes = (uint64_t)info.bytes,
        .modified_ns = info.modified_ns,
    };
    return true;
}

bool
ch_file_is_same(const struct ch_file_identity *a, const struct ch_file_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
           a->modified_ns == b->modified_ns;
}

static bool
is_of_album(const char *path, const char *album)
{
    struct ch_source *source;
    char detail[CH_DETAIL_BYTES];
    // Files of no rate of their own don't come here.
    if (ch_source_open(&source, path, 48000, detail)) {
        return false;
    }
    const bool same = !strcmp(ch_source_info(source)->album, album);
    ch_source_close(source);
    return same;
}

/// A neighbour lies in the same folder and is of the same album.
static bool
in_album(const struct ch_loudness_order *order, char *path, const char *album)
{
    char *name = strrchr(path, '/');
    if (!*album || !name) {
        return false;
    }
    const size_t room = CH_URI_BYTES - (size_t)(++name - path);
    for (int i = 0; i < 2; i++) {
        const char *neighbour = order->neighbour[i];
        if (*neighbour && strlen(neighbour) < room) {
            strcpy(name, neighbour);
            if (is_of_album(path, album)) {
                return true;
            }
        }
    }
    return false;
}

struct ch_loudness_applied
ch_loudness_resolve(const struct ch_loudness_order *order, const char *uri,
                    const struct ch_media_info *info)
{
    struct ch_loudness_applied applied = {.gain_db = 0.0};
    struct ch_uri *parsed = NULL;
    char detail[CH_DETAIL_BYTES];
    if (order->settings.mode == CH_LOUDNESS_OFF || !(parsed = malloc(sizeof *parsed)) ||
        ch_uri_parse(parsed, uri, detail) != CH_OK || parsed->kind != CH_URI_FILE) {
        free(parsed);
        return applied;
    }
    struct ch_loudness_facts facts = ch_loudness_read_tags(parsed->path, info->format);
    struct ch_file_identity identity;
    if (facts.origin == CH_LOUDNESS_UNKNOWN && order->scanned.origin != CH_LOUDNESS_UNKNOWN &&
        ch_file_identify(parsed->path, &identity) &&
        ch_file_is_same(&identity, &order->scanned_file)) {
        facts = order->scanned;
    }
    const bool both = facts.has_track && facts.has_album;
    const bool ask = both && order->settings.mode == CH_LOUDNESS_AUTO;
    applied = ch_loudness_gain(&order->settings, &facts,
                               ask && in_album(order, parsed->path, info->album));
    free(parsed);
    return applied;
}
