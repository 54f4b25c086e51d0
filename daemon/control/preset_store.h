// SPDX-License-Identifier: ISC
// daemon/control/preset_store.h — the user's presets: files in $XDG_CONFIG_HOME/chant/presets.
//                                                                                          [main]
//
// NAME.json is what eq.get says of bands or sliders, design and preamp; NAME.txt is a text of
// another program.  Files may come and go by hand: nothing is kept in memory.  They are read and
// written on [main], because a preset takes effect in its turn among the requests; the sound does
// not wait for that.

#ifndef CH_CONTROL_PRESET_STORE_H
#define CH_CONTROL_PRESET_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/status.h"
#include "daemon/control/eq_presets.h"

struct ch_eqtext;

#define CH_PRESET_DETAIL_BYTES 512

/// Where they are.  CH_UNAVAILABLE if neither XDG_CONFIG_HOME nor HOME is set.
enum ch_status ch_preset_folder(char *path, size_t size);

/// Whether a preset may be called that; `detail` says why not.
bool ch_preset_name_ok(const char *name, char detail[CH_PRESET_DETAIL_BYTES]);

/// Each of the user's presets once, by name.  A folder that is not there is empty.  `description`
/// is NULL if the file has none; `broken` says what is wrong with one that can't be loaded.
typedef void ch_preset_visit(void *context, const char *name, const char *description,
                             const char *broken);
enum ch_status ch_preset_list(ch_preset_visit *visit, void *context,
                              char detail[CH_PRESET_DETAIL_BYTES]);

/// Load into *eq, which is marked and updated; on failure it is as before.  *read is what was used
/// of a text of another program, to be freed, or NULL.
enum ch_status ch_preset_load(struct ch_equaliser *eq, const char *name, uint32_t rate_hz,
                              struct ch_eqtext **read, char detail[CH_PRESET_DETAIL_BYTES]);

/// Write what *eq has: the whole file, or what was there before.  CH_CONFLICT if there is one and
/// it is not to be replaced.
enum ch_status ch_preset_save(const struct ch_equaliser *eq, const char *name,
                              const char *description, bool replace,
                              char detail[CH_PRESET_DETAIL_BYTES]);

enum ch_status ch_preset_delete(const char *name, char detail[CH_PRESET_DETAIL_BYTES]);

#endif
