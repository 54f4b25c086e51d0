// SPDX-License-Identifier: ISC
// client/describe.h — the daemon's state in words: what the commands print and the live views show.

#ifndef CH_CLIENT_DESCRIBE_H
#define CH_CLIENT_DESCRIBE_H

#include <cjson/cJSON.h>
#include <stddef.h>

/// "Artist – Title", else the last part of its URI; safe for a terminal.
void ch_describe_title(const cJSON *item, char *out, size_t out_bytes);

/// "FLAC, 44.1 kHz, 16 bit, stereo"; what is unknown is left out.
void ch_describe_format(const cJSON *item, char *out, size_t out_bytes);

/// "-6.0 dB", "-inf dB".
void ch_describe_db(double gain_db, char *out, size_t out_bytes);

/// Each prints whole lines.
void ch_print_player_line(const cJSON *player);
void ch_print_mixer_line(const cJSON *mixer);
void ch_print_status(const cJSON *player, const cJSON *mixer, const cJSON *server);
void ch_print_queue(const cJSON *queue);

#endif
