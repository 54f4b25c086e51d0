// SPDX-License-Identifier: ISC
// daemon/media/loudness_gain.c — from tags to loudness, and from loudness to a gain.

#include "daemon/media/loudness_gain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/base/log.h"

#define REPLAYGAIN_LUFS (-18.0)
#define R128_LUFS       (-23.0)
/// No music needs more; what does is a mistake of whoever wrote the tag.
#define TAG_MAX_DB 60.0
#define NUMBER_MAX 32 ///< characters of a number that is taken for one

// --- tags --------------------------------------------------------------------------------------

/// Like strtod() in the C locale, with a comma for those who wrote one.
static bool
parse_number(const char *text, double *value, const char **rest)
{
    char number[NUMBER_MAX];
    size_t n = 0;
    size_t n_digits = 0;
    text += strspn(text, " \t");
    for (; n + 1 < sizeof number && text[n] && strchr("+-.,0123456789", text[n]); n++) {
        number[n] = text[n] == ',' ? '.' : text[n];
        n_digits += text[n] >= '0' && text[n] <= '9';
    }
    number[n] = '\0';
    *rest = text + n;
    char *end;
    *value = strtod(number, &end);
    return n_digits > 0 && *end == '\0' && isfinite(*value);
}

bool
ch_loudness_parse_db(const char *text, double *db)
{
    const char *rest;
    if (!parse_number(text, db, &rest)) {
        return false;
    }
    rest += strspn(rest, " \t");
    if (!strncasecmp(rest, "dB", 2)) {
        rest += 2;
    }
    rest += strspn(rest, " \t\r\n");
    return *rest == '\0';
}

void
ch_loudness_take_tag(struct ch_loudness_tags *tags, const char *name, size_t n_name,
                     const char *value)
{
    static const char *const names[2][2] = {{"REPLAYGAIN_TRACK_GAIN", "REPLAYGAIN_ALBUM_GAIN"},
                                            {"R128_TRACK_GAIN", "R128_ALBUM_GAIN"}};
    for (int r128 = 0; r128 < 2; r128++) {
        for (int album = 0; album < 2; album++) {
            const char *wanted = names[r128][album];
            if (strlen(wanted) != n_name || strncasecmp(name, wanted, n_name) != 0) {
                continue;
            }
            double number;
            // Q7.8 is a whole number: who wrote dB there meant something else (RFC 7845 §5.2.1).
            const bool valid =
                ch_loudness_parse_db(value, &number) && !(r128 && strpbrk(value, ".,dD"));
            const double gain_db = r128 ? number / 256.0 : number;
            if (!valid || fabs(gain_db) > TAG_MAX_DB) {
                ch_debug("the tag %s is '%.40s': passed over", wanted, value);
                continue;
            }
            tags->has[r128][album] = true;
            tags->lufs[r128][album] = (r128 ? R128_LUFS : REPLAYGAIN_LUFS) - gain_db;
        }
    }
}

/// Track or album, from the kind of tag that comes first, else from the other.
static bool
pick(const struct ch_loudness_tags *tags, bool r128_first, int album, double *lufs)
{
    const int first = r128_first ? 1 : 0;
    const int from = tags->has[first][album] ? first : 1 - first;
    *lufs = tags->lufs[from][album];
    return tags->has[from][album];
}

struct ch_loudness_facts
ch_loudness_facts_from_tags(const struct ch_loudness_tags *tags, bool r128_first)
{
    struct ch_loudness_facts facts = {0};
    facts.has_track = pick(tags, r128_first, 0, &facts.track_lufs);
    facts.has_album = pick(tags, r128_first, 1, &facts.album_lufs);
    facts.origin = facts.has_track || facts.has_album ? CH_LOUDNESS_FROM_TAG : CH_LOUDNESS_UNKNOWN;
    return facts;
}

// --- gain --------------------------------------------------------------------------------------

struct ch_loudness_applied
ch_loudness_gain(const struct ch_loudness_settings *settings, const struct ch_loudness_facts *facts,
                 bool in_album)
{
    struct ch_loudness_applied applied = {.gain_db = 0.0};
    const bool known = facts->has_track || facts->has_album;
    if (settings->mode == CH_LOUDNESS_OFF || !known) {
        return applied;
    }
    const bool want_album =
        settings->mode == CH_LOUDNESS_ALBUM || (settings->mode == CH_LOUDNESS_AUTO && in_album);
    const bool by_album = want_album ? facts->has_album : !facts->has_track;
    applied.origin = facts->origin;
    applied.basis = by_album ? CH_LOUDNESS_BY_ALBUM : CH_LOUDNESS_BY_TRACK;
    applied.lufs = by_album ? facts->album_lufs : facts->track_lufs;
    const double gain_db = settings->target_lufs - applied.lufs + settings->preamp_db;
    applied.gain_db = fmin(fmax(gain_db, CH_LOUDNESS_GAIN_MIN_DB), CH_LOUDNESS_GAIN_MAX_DB);
    return applied;
}
