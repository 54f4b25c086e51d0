// SPDX-License-Identifier: ISC
// daemon/control/preset_file.h — a preset as text: what stands in its file.           [any, pure]

#ifndef CH_CONTROL_PRESET_FILE_H
#define CH_CONTROL_PRESET_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/json.h"

struct ch_equaliser;
struct ch_eqtext;

#define CH_PRESET_WHY_BYTES 384

/// From JSON; `why` names the line or the parameter that is wrong, and *eq is as before then.
bool ch_preset_read_json(struct ch_equaliser *eq, const char *text, size_t length, uint32_t rate_hz,
                         char *why);

/// From a text of another program; *read says what was used of it.  Only one of which nothing can
/// be used is wrong.
bool ch_preset_read_text(struct ch_equaliser *eq, const char *text, size_t length, uint32_t rate_hz,
                         struct ch_eqtext *read, char *why);

/// Whether such a text is of any use.
bool ch_preset_check_text(const char *text, size_t length, char *why);

/// What was read of such a text becomes the bands and the preamp.
void ch_preset_take_text(struct ch_equaliser *eq, const struct ch_eqtext *read, uint32_t rate_hz);

/// The member "description" of a file in JSON, copied into `out`; false if there is none.
bool ch_preset_read_description(const char *text, size_t length, char *out, size_t size);

/// JSON for people, a line for each value.
void ch_preset_write_json(const struct ch_equaliser *eq, const char *description,
                          struct ch_buf *out);

#endif
