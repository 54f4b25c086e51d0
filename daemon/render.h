// SPDX-License-Identifier: ISC
// daemon/render.h — files in, one WAV out, as fast as the machine can: `chantd --render`.

#ifndef CH_RENDER_H
#define CH_RENDER_H

struct ch_options;

/// The process's exit code: 0 done, 1 something failed (and was said), 5 an input does not exist.
int ch_render(const struct ch_options *options);

#endif
