// SPDX-License-Identifier: ISC
// daemon/dsp/mixdown.c — the mixdown law as a table of speaker positions.

#include "daemon/dsp/mixdown.h"

#include <string.h>

enum position { END, L, R, C, LFE, LS, RS, CS, LB, RB, MONO };

static const enum position layouts[CH_MIXDOWN_CHANNELS_MAX][CH_MIXDOWN_CHANNELS_MAX] = {
    {MONO},
    {L, R},
    {L, R, C},
    {L, R, LS, RS},
    {L, R, C, LS, RS},
    {L, R, C, LFE, LS, RS},
    {L, R, C, LFE, CS, LS, RS},
    {L, R, C, LFE, LB, RB, LS, RS},
};

#define MINUS_3_DB 0.70710678f

static const float weights[][2] = {
    [L] = {1.0f, 0.0f},    [R] = {0.0f, 1.0f},        [C] = {MINUS_3_DB, MINUS_3_DB},
    [LFE] = {0.0f, 0.0f},  [LS] = {MINUS_3_DB, 0.0f}, [RS] = {0.0f, MINUS_3_DB},
    [CS] = {0.5f, 0.5f},   [LB] = {MINUS_3_DB, 0.0f}, [RB] = {0.0f, MINUS_3_DB},
    [MONO] = {1.0f, 1.0f},
};

bool
ch_mixdown_matrix(uint32_t n_channels, float matrix[2][CH_MIXDOWN_CHANNELS_MAX])
{
    memset(matrix, 0, 2 * sizeof *matrix);
    if (n_channels < 1 || n_channels > CH_MIXDOWN_CHANNELS_MAX) {
        return false;
    }
    for (uint32_t c = 0; c < n_channels; c++) {
        matrix[0][c] = weights[layouts[n_channels - 1][c]][0];
        matrix[1][c] = weights[layouts[n_channels - 1][c]][1];
    }
    return true;
}

enum ch_channel_part
ch_mixdown_part(uint32_t n_channels, uint32_t channel)
{
    switch (layouts[n_channels - 1][channel]) {
    case LS:
    case RS:
        return CH_PART_SURROUND;
    case LFE:
        return CH_PART_NONE;
    case L:
    case R:
    case C:
    case CS:
    case LB:
    case RB:
    case MONO:
    case END:
        break;
    }
    return CH_PART_FRONT;
}

static bool
is_identity(const float matrix[2][CH_MIXDOWN_CHANNELS_MAX])
{
    return matrix[0][0] == 1.0f && matrix[0][1] == 0.0f && matrix[1][0] == 0.0f &&
           matrix[1][1] == 1.0f;
}

void
ch_mixdown_run(const float matrix[2][CH_MIXDOWN_CHANNELS_MAX], uint32_t n_channels, const float *in,
               float *out, uint32_t n_frames)
{
    if (n_channels == 2 && is_identity(matrix)) {
        // Not by multiplication: -0.0 and NaN payloads survive as well.
        memcpy(out, in, (size_t)n_frames * 2 * sizeof *out);
        return;
    }
    for (uint32_t i = 0; i < n_frames; i++, in += n_channels, out += 2) {
        float left = matrix[0][0] * in[0];
        float right = matrix[1][0] * in[0];
        for (uint32_t c = 1; c < n_channels; c++) {
            left += matrix[0][c] * in[c];
            right += matrix[1][c] * in[c];
        }
        out[0] = left;
        out[1] = right;
    }
}
