// SPDX-License-Identifier: ISC
// daemon/media/source_sndfile.c — files through libsndfile.                              [worker]

#include <errno.h>
#include <fcntl.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/media/detail.h"
#include "daemon/media/source_kind.h"
#include "system/file.h"

// --- the file itself ---------------------------------------------------------------------------

static enum ch_status
open_failed(int err, const char *name, char *detail)
{
    switch (err) {
    case ENOENT:
    case ENOTDIR:
        ch_detail_set(detail, "no such file: %s", name);
        return CH_NOT_FOUND;
    case EACCES:
    case EPERM:
        ch_detail_set(detail, "no permission to read %s", name);
        return CH_DENIED;
    case ENXIO:
        ch_detail_set(detail, "%s is a socket or a device, not a file", name);
        return CH_UNSUPPORTED_FORMAT;
    default:
        ch_detail_set(detail, "%s: %s", name, strerror(err));
        return ch_status_from_errno(err);
    }
}

static enum ch_status
check_is_file(int fd, const char *name, char *detail)
{
    struct ch_sys_file_info info;
    if (!ch_sys_fstat(fd, &info)) {
        return open_failed(errno, name, detail);
    }
    if (info.kind != CH_SYS_REGULAR) {
        ch_detail_set(detail, "%s is a %s, not a file", name,
                      info.kind == CH_SYS_FOLDER ? "directory"
                      : info.kind == CH_SYS_PIPE ? "pipe"
                                                 : "device");
        return CH_UNSUPPORTED_FORMAT;
    }
    if (info.bytes == 0) {
        ch_detail_set(detail, "%s is empty", name);
        return CH_UNSUPPORTED_FORMAT;
    }
    return CH_OK;
}

/// Whether an MP3 states its length (a Xing, Info or VBRI header in its first frame).  Without one
/// libsndfile estimates it from the size of the file, tags at its end included.
static bool
mp3_states_length(int fd)
{
    unsigned char head[10];
    int64_t start = 0;
    if (ch_sys_read_at(fd, head, sizeof head, 0) == (int64_t)sizeof head &&
        !memcmp(head, "ID3", 3)) {
        // ID3v2 before the first frame; its size has seven bits per byte.
        start = 10 + (((int64_t)head[6] & 0x7f) << 21 | ((int64_t)head[7] & 0x7f) << 14 |
                      ((int64_t)head[8] & 0x7f) << 7 | ((int64_t)head[9] & 0x7f));
    }
    unsigned char frame[4096];
    const int64_t n = ch_sys_read_at(fd, frame, sizeof frame, start);
    for (int64_t i = 0; i + 4 <= n; i++) {
        if (!memcmp(frame + i, "Xing", 4) || !memcmp(frame + i, "Info", 4) ||
            !memcmp(frame + i, "VBRI", 4)) {
            return true;
        }
    }
    return false;
}

// --- what it says of itself --------------------------------------------------------------------

static void
set_format_name(struct ch_media_info *info, int format)
{
    static const struct {
        int mask, format;
        const char *name;
    } names[] = {
        {SF_FORMAT_SUBMASK, SF_FORMAT_VORBIS, "Ogg Vorbis"},
        {SF_FORMAT_SUBMASK, SF_FORMAT_OPUS, "Ogg Opus"},
        {SF_FORMAT_SUBMASK, SF_FORMAT_MPEG_LAYER_I, "MP1"},
        {SF_FORMAT_SUBMASK, SF_FORMAT_MPEG_LAYER_II, "MP2"},
        {SF_FORMAT_SUBMASK, SF_FORMAT_MPEG_LAYER_III, "MP3"},
        {SF_FORMAT_TYPEMASK, SF_FORMAT_WAV, "WAV"},
        {SF_FORMAT_TYPEMASK, SF_FORMAT_WAVEX, "WAV"},
        {SF_FORMAT_TYPEMASK, SF_FORMAT_AIFF, "AIFF"},
        {SF_FORMAT_TYPEMASK, SF_FORMAT_FLAC, "FLAC"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((format & names[i].mask) == names[i].format) {
            snprintf(info->format, sizeof info->format, "%s", names[i].name);
            return;
        }
    }
    SF_FORMAT_INFO other = {.format = format & SF_FORMAT_TYPEMASK};
    const bool known = !sf_command(NULL, SFC_GET_FORMAT_INFO, &other, sizeof other) && other.name;
    snprintf(info->format, sizeof info->format, "%s", known ? other.name : "other");
}

static uint32_t
bits_of(int format)
{
    switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
        return 8;
    case SF_FORMAT_PCM_16:
    case SF_FORMAT_ALAC_16:
        return 16;
    case SF_FORMAT_ALAC_20:
        return 20;
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_ALAC_24:
        return 24;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_ALAC_32:
    case SF_FORMAT_FLOAT:
        return 32;
    case SF_FORMAT_DOUBLE:
        return 64;
    default:
        return 0;
    }
}

static void
copy_tag(SNDFILE *file, int tag, char *out, size_t bytes)
{
    const char *text = sf_get_string(file, tag);
    snprintf(out, bytes, "%s", text ? text : "");
}

static void
describe(SNDFILE *file, const SF_INFO *sf, struct ch_media_info *info)
{
    info->rate_hz = (uint32_t)sf->samplerate;
    info->channels = (uint32_t)sf->channels;
    info->bits = bits_of(sf->format);
    set_format_name(info, sf->format);
    copy_tag(file, SF_STR_TITLE, info->title, sizeof info->title);
    copy_tag(file, SF_STR_ARTIST, info->artist, sizeof info->artist);
    copy_tag(file, SF_STR_ALBUM, info->album, sizeof info->album);
    copy_tag(file, SF_STR_TRACKNUMBER, info->track, sizeof info->track);
    copy_tag(file, SF_STR_DATE, info->date, sizeof info->date);
}

// --- the order of its channels -----------------------------------------------------------------

/// Column of the law for n_channels that each channel of an Ogg file has: Vorbis I §4.3.9, which
/// Opus shares (RFC 7845 §5.1.1.2), puts the centre second and the LFE last.
static const uint8_t ogg_order[CH_MIXDOWN_CHANNELS_MAX + 1][CH_MIXDOWN_CHANNELS_MAX] = {
    [1] = {0},
    [2] = {0, 1},
    [3] = {0, 2, 1},
    [4] = {0, 1, 2, 3},
    [5] = {0, 2, 1, 3, 4},
    [6] = {0, 2, 1, 4, 5, 3},
    [7] = {0, 2, 1, 5, 6, 4, 3},
    [8] = {0, 2, 1, 6, 7, 4, 5, 3},
};

/// Rear speakers are those of 5.1, at 110 degrees, unless others stand at the sides.
static enum ch_channel_part
part_at(const int *map, uint32_t n_channels, int position)
{
    bool has_sides = false;
    for (uint32_t c = 0; c < n_channels; c++) {
        has_sides |= map[c] == SF_CHANNEL_MAP_SIDE_LEFT || map[c] == SF_CHANNEL_MAP_SIDE_RIGHT;
    }
    switch (position) {
    case SF_CHANNEL_MAP_LFE:
        return CH_PART_NONE;
    case SF_CHANNEL_MAP_SIDE_LEFT:
    case SF_CHANNEL_MAP_SIDE_RIGHT:
        return CH_PART_SURROUND;
    case SF_CHANNEL_MAP_REAR_LEFT:
    case SF_CHANNEL_MAP_REAR_RIGHT:
        return has_sides ? CH_PART_FRONT : CH_PART_SURROUND;
    default:
        return CH_PART_FRONT;
    }
}

/// Where the file says which speaker each channel is for: the law by position.  Asked only of
/// WAVE_FORMAT_EXTENSIBLE: of others there is none, or (AIFF) libsndfile 1.2 reads beyond it.
static bool
law_from_map(SNDFILE *file, const SF_INFO *sf, struct ch_source_common *common)
{
    static const float side = 0.70710678f;
    static const struct {
        int position;
        float left, right;
    } law[] = {
        {SF_CHANNEL_MAP_LEFT, 1.0f, 0.0f},
        {SF_CHANNEL_MAP_RIGHT, 0.0f, 1.0f},
        {SF_CHANNEL_MAP_FRONT_LEFT, 1.0f, 0.0f},
        {SF_CHANNEL_MAP_FRONT_RIGHT, 0.0f, 1.0f},
        {SF_CHANNEL_MAP_CENTER, side, side},
        {SF_CHANNEL_MAP_FRONT_CENTER, side, side},
        {SF_CHANNEL_MAP_FRONT_LEFT_OF_CENTER, side, 0.0f},
        {SF_CHANNEL_MAP_FRONT_RIGHT_OF_CENTER, 0.0f, side},
        {SF_CHANNEL_MAP_LFE, 0.0f, 0.0f},
        {SF_CHANNEL_MAP_REAR_CENTER, 0.5f, 0.5f},
        {SF_CHANNEL_MAP_REAR_LEFT, side, 0.0f},
        {SF_CHANNEL_MAP_REAR_RIGHT, 0.0f, side},
        {SF_CHANNEL_MAP_SIDE_LEFT, side, 0.0f},
        {SF_CHANNEL_MAP_SIDE_RIGHT, 0.0f, side},
    };
    int map[CH_MIXDOWN_CHANNELS_MAX] = {0};
    const uint32_t n_channels = (uint32_t)sf->channels;
    if (n_channels < 3 || (sf->format & SF_FORMAT_TYPEMASK) != SF_FORMAT_WAVEX ||
        !sf_command(file, SFC_GET_CHANNEL_MAP_INFO, map, (int)(n_channels * sizeof *map))) {
        return false;
    }
    for (uint32_t c = 0; c < n_channels; c++) {
        size_t i = 0;
        while (i < sizeof law / sizeof *law && law[i].position != map[c]) {
            i++;
        }
        if (i == sizeof law / sizeof *law) {
            return false;
        }
        common->matrix[0][c] = law[i].left;
        common->matrix[1][c] = law[i].right;
        common->part[c] = part_at(map, n_channels, map[c]);
    }
    return true;
}

static void
set_law(SNDFILE *file, const SF_INFO *sf, struct ch_source_common *common)
{
    const uint32_t n = (uint32_t)sf->channels;
    if (n > CH_MIXDOWN_CHANNELS_MAX || law_from_map(file, sf, common)) {
        return; // more channels than there may be are refused by the caller
    }
    float law[2][CH_MIXDOWN_CHANNELS_MAX];
    ch_mixdown_matrix(n, law);
    const bool ogg = (sf->format & SF_FORMAT_TYPEMASK) == SF_FORMAT_OGG;
    for (uint32_t c = 0; c < n; c++) {
        const uint32_t column = ogg ? ogg_order[n][c] : c;
        common->matrix[0][c] = law[0][column];
        common->matrix[1][c] = law[1][column];
        common->part[c] = ch_mixdown_part(n, column);
    }
}

// --- the functions of the kind -----------------------------------------------------------------

struct sound_file {
    int fd;
    SNDFILE *file; ///< reads from fd
    int format;    ///< of libsndfile
    uint64_t length;
    bool untouched; ///< neither read nor sought since it was opened
};

static enum ch_status
open_decoder(struct sound_file *sound, SF_INFO *sf, const char *name, char *detail)
{
    *sf = (SF_INFO){0};
    sound->file = sf_open_fd(sound->fd, SFM_READ, sf, SF_FALSE);
    if (!sound->file) {
        ch_detail_set(detail, "%s is not an audio file that can be read (%s)", name,
                      sf_strerror(NULL));
        return CH_UNSUPPORTED_FORMAT;
    }
    sound->format = sf->format;
    // SF_COUNT_MAX says that it is not known; near it, that it is a lie.
    sound->length = sf->frames > (sf_count_t)1 << 48 ? UINT64_MAX : (uint64_t)sf->frames;
    sound->untouched = true;
    return CH_OK;
}

static void
close_sndfile(void *state)
{
    struct sound_file *sound = state;
    if (sound->file) {
        sf_close(sound->file);
    }
    ch_sys_close(sound->fd);
    free(sound);
}

static enum ch_status
open_sndfile(void **state, struct ch_source_common *common, const struct ch_uri *uri,
             const char *name, uint32_t rate_hz, char *detail)
{
    (void)rate_hz;
    struct sound_file *sound = calloc(1, sizeof *sound);
    if (!sound) {
        ch_detail_set(detail, "%s: out of memory", name);
        return CH_NO_MEMORY;
    }
    // A pipe without a writer does not hold us up; it is then refused.
    sound->fd = ch_sys_open(uri->path, O_RDONLY, 0);
    if (sound->fd < 0) {
        const enum ch_status status = open_failed(errno, name, detail);
        free(sound);
        return status;
    }
    SF_INFO sf;
    enum ch_status status = check_is_file(sound->fd, name, detail);
    if (!status) {
        status = open_decoder(sound, &sf, name, detail);
    }
    if (!status && sf.frames <= 0) {
        ch_detail_set(detail, "%s holds no sound, only a header", name);
        status = CH_UNSUPPORTED_FORMAT;
    }
    if (status) {
        close_sndfile(sound);
        return status;
    }
    const int type = sf.format & SF_FORMAT_TYPEMASK;
    common->length = sound->length;
    common->length_is_a_hint = type == SF_FORMAT_MPEG && !mp3_states_length(sound->fd);
    common->ends_marked = type == SF_FORMAT_OGG;
    describe(sound->file, &sf, &common->info);
    set_law(sound->file, &sf, common);
    *state = sound;
    return CH_OK;
}

/// libsndfile 1.2 goes to the right frame of a Vorbis file only if nothing was decoded before, and
/// not within the last page, whose frames it counts from the wrong end.  So: begin anew, go to
/// a frame that is before that page, and let source.c read on from there.
static uint64_t
seek_vorbis(struct sound_file *sound, uint64_t frame)
{
    // A page has at most 255 packets, of 1024 frames in all but exotic encodings.
    const uint64_t page = 255 * 1024;
    if (!sound->untouched) {
        SF_INFO sf;
        char detail[CH_DETAIL_BYTES];
        sf_close(sound->file);
        sound->file = NULL;
        if (ch_sys_seek(sound->fd, 0, SEEK_SET) < 0 || open_decoder(sound, &sf, "", detail)) {
            return UINT64_MAX;
        }
    }
    if (sound->length == UINT64_MAX || sound->length <= page) {
        return 0;
    }
    const uint64_t last = sound->length - page;
    const sf_count_t target = (sf_count_t)(frame < last ? frame : last);
    sound->untouched = false;
    return sf_seek(sound->file, target, SEEK_SET) == target ? (uint64_t)target : UINT64_MAX;
}

static uint64_t
seek_sndfile(void *state, uint64_t frame)
{
    struct sound_file *sound = state;
    if ((sound->format & SF_FORMAT_SUBMASK) == SF_FORMAT_VORBIS) {
        return seek_vorbis(sound, frame);
    }
    const sf_count_t at = sound->file ? sf_seek(sound->file, (sf_count_t)frame, SEEK_SET) : -1;
    return at == (sf_count_t)frame ? frame : UINT64_MAX;
}

static uint32_t
read_sndfile(void *state, float *samples, uint32_t n_frames)
{
    struct sound_file *sound = state;
    sound->untouched = false;
    const sf_count_t n = sound->file ? sf_readf_float(sound->file, samples, n_frames) : 0;
    return n > 0 ? (uint32_t)n : 0;
}

static const char *
complaint_of_sndfile(void *state)
{
    const struct sound_file *sound = state;
    if (!sound->file) {
        return "the file can not be opened any more";
    }
    if (!sf_error(sound->file)) {
        return NULL;
    }
    if ((sound->format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG) {
        // After the last frame of an MP3 there may be anything, tags of other players above all;
        // that the decoder takes no pleasure in it is no damage.
        struct ch_sys_file_info info;
        const int64_t at = ch_sys_seek(sound->fd, 0, SEEK_CUR);
        if (at >= 0 && ch_sys_fstat(sound->fd, &info) && info.bytes - at < 64 * 1024) {
            return NULL;
        }
    }
    return sf_strerror(sound->file);
}

const struct ch_source_kind ch_source_sndfile = {
    .open = open_sndfile,
    .close = close_sndfile,
    .seek = seek_sndfile,
    .read = read_sndfile,
    .complaint = complaint_of_sndfile,
};
