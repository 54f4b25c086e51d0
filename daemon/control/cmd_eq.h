// SPDX-License-Identifier: ISC
// daemon/control/cmd_eq.h — what the methods of the equaliser share.                         [main]

#ifndef CH_CONTROL_CMD_EQ_H
#define CH_CONTROL_CMD_EQ_H

#include <stdbool.h>

struct ch_buf;
struct ch_eqtext;
struct ch_request;

/// The daemon's equaliser has been changed: let it be heard, tell everybody, and answer with all of
/// it when it has been.
void ch_eq_apply(struct ch_request *request);

/// The same for an answer that has begun: the result is an open object with members of its own.
void ch_eq_apply_also(struct ch_request *request);

/// True, and the request has been answered, if too many changes wait already.
bool ch_eq_refuse_crowd(struct ch_request *request);

/// The request fails because of this parameter.
void ch_eq_refuse_request(struct ch_request *request, bool out_of_range, const char *param,
                          const char *why);

/// Members of an answer: what was used of a text of another program, and what was not
/// (cmd_eq_text.c).
void ch_eq_write_read(const struct ch_eqtext *read, struct ch_buf *buf);

/// eq.graphic (cmd_eq_graphic.c).
void ch_eq_graphic(struct ch_request *request);

#endif
