// SPDX-License-Identifier: ISC
// daemon/media/loudness_gain.h — how loud a piece is, how loud it shall be, and the gain between.
//
// ReplayGain 2.0 and EBU R 128 say the same with different zeros: a tag is the gain to a reference
// of -18 LUFS (REPLAYGAIN_*_GAIN) or -23 LUFS (R128_*_GAIN, in 1/256 dB).  Here all of it is kept
// as loudness in LUFS, so that tags and measurements are one thing, and any target will do.

#ifndef CH_MEDIA_LOUDNESS_GAIN_H
#define CH_MEDIA_LOUDNESS_GAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CH_LOUDNESS_TARGET_LUFS (-18.0) ///< ReplayGain 2.0

/// A gain is kept within these, whatever target and tags ask for.
#define CH_LOUDNESS_GAIN_MIN_DB (-60.0)
#define CH_LOUDNESS_GAIN_MAX_DB 24.0

#define CH_FILE_NAME_BYTES 256 ///< NAME_MAX and its end

enum ch_loudness_mode {
    CH_LOUDNESS_OFF,
    CH_LOUDNESS_TRACK,
    CH_LOUDNESS_ALBUM,
    CH_LOUDNESS_AUTO, ///< album where a neighbour is of the same album, else track
};

/// Where the loudness of a piece is known from, and which of the two was taken.
enum ch_loudness_origin { CH_LOUDNESS_UNKNOWN, CH_LOUDNESS_FROM_TAG, CH_LOUDNESS_FROM_SCAN };
enum ch_loudness_basis { CH_LOUDNESS_BY_NONE, CH_LOUDNESS_BY_TRACK, CH_LOUDNESS_BY_ALBUM };

struct ch_loudness_settings {
    enum ch_loudness_mode mode;
    double target_lufs;
    double preamp_db;
};

struct ch_loudness_facts {
    enum ch_loudness_origin origin;
    bool has_track, has_album;
    double track_lufs, album_lufs;
};

/// Which file a measurement is of.
struct ch_file_identity {
    uint64_t device, inode, bytes;
    int64_t modified_ns;
};

/// What goes with an item to its decoder.
struct ch_loudness_order {
    struct ch_loudness_settings settings;
    struct ch_loudness_facts scanned; ///< counts if the file is still this one
    struct ch_file_identity scanned_file;
    /// AUTO: names, in the item's own folder, of what comes before and after it; "" = none.
    char neighbour[2][CH_FILE_NAME_BYTES];
};

/// What came of it.
struct ch_loudness_applied {
    double gain_db;
    enum ch_loudness_origin origin;
    enum ch_loudness_basis basis;
    double lufs; ///< of the basis
};

/// The gain for a piece.  `in_album` decides what AUTO means.  Without facts: 0 dB.           [any]
struct ch_loudness_applied ch_loudness_gain(const struct ch_loudness_settings *settings,
                                            const struct ch_loudness_facts *facts, bool in_album);

/// The number of a tag: "-6.48 dB", "+3.2dB", "12,5", " 0.00 DB ".  False for what is no finite
/// number or is followed by anything else.                                                  [any]
bool ch_loudness_parse_db(const char *text, double *db);

/// What the tags of one file say so far, in LUFS.
struct ch_loudness_tags {
    bool has[2][2]; ///< [R128][album]
    double lufs[2][2];
};

/// Look at one tag, whose name ends at n_name or at its NUL.  Names are compared without case; what
/// is not of loudness, or absurd, is passed over.                                            [any]
void ch_loudness_take_tag(struct ch_loudness_tags *tags, const char *name, size_t n_name,
                          const char *value);

/// `r128_first`: R128_* wins over REPLAYGAIN_*, as in Opus; else the other way round.        [any]
struct ch_loudness_facts ch_loudness_facts_from_tags(const struct ch_loudness_tags *tags,
                                                     bool r128_first);

#endif
