// SPDX-License-Identifier: ISC
// daemon/backend/sample_format.c — batch by batch through a small buffer on the stack.

#include "daemon/backend/sample_format.h"

#include <string.h>

// Frames at a time: 2 KiB of integers.
#define BATCH 256

#define S32_FULL_SCALE 2147483648.0

static const struct {
    const char *name;
    uint8_t bytes;
    uint8_t dithered_bits; // 0 = never dithered
} types[] = {
    [CH_SAMPLE_F32] = {"f32", 4, 0},  [CH_SAMPLE_S16] = {"s16", 2, 16},
    [CH_SAMPLE_S24] = {"s24", 3, 24}, [CH_SAMPLE_S24_32] = {"s24", 4, 24},
    [CH_SAMPLE_S32] = {"s32", 4, 0},
};

// --- setting up ----------------------------------------------------------------------- [setup]

static uint32_t
n_bits(uint32_t mask)
{
    uint32_t n = 0;
    for (; mask; mask &= mask - 1) {
        n++;
    }
    return n;
}

bool
ch_sample_format_layout(struct ch_sample_format *format, uint32_t n_channels, uint32_t mask)
{
    // Front, front of centre, side, back; of WAVEFORMATEXTENSIBLE's dwChannelMask.
    static const struct {
        uint32_t left, right;
    } pairs[] = {{0x1, 0x2}, {0x40, 0x80}, {0x200, 0x400}, {0x10, 0x20}};
    if (n_channels < 1 || n_channels > CH_SAMPLE_CHANNELS_MAX) {
        return false;
    }
    format->n_channels = (uint8_t)n_channels;
    format->left = 0;
    format->right = n_channels > 1;
    for (unsigned i = 0; i < sizeof pairs / sizeof *pairs && n_channels > 1; i++) {
        const uint32_t left = n_bits(mask & (pairs[i].left - 1));
        const uint32_t right = n_bits(mask & (pairs[i].right - 1));
        if ((mask & pairs[i].left) && (mask & pairs[i].right) && right < n_channels) {
            format->left = (uint8_t)left;
            format->right = (uint8_t)right;
            break;
        }
    }
    return true;
}

const char *
ch_sample_type_name(enum ch_sample_type type)
{
    return types[type].name;
}

void
ch_sample_writer_init(struct ch_sample_writer *writer, const struct ch_sample_format *format,
                      uint32_t rate_hz)
{
    writer->format = *format;
    ch_dither_init(&writer->dither, CH_DITHER_AUTO, rate_hz);
}

// --- writing ------------------------------------------------------------------------------ [rt]

CH_RT uint32_t
ch_sample_frame_bytes(const struct ch_sample_format *format)
{
    return (uint32_t)format->n_channels * types[format->type].bytes;
}

CH_RT static int32_t
s32(float x)
{
    const double scaled = (double)x * S32_FULL_SCALE;
    if (!(scaled > -S32_FULL_SCALE)) {
        return scaled <= -S32_FULL_SCALE ? INT32_MIN : 0; // the rest is NaN
    }
    // Whole steps below the top: a float has no more bits.  Half ones, far down, are rounded.
    return scaled < S32_FULL_SCALE - 1.0 ? (int32_t)(scaled + (scaled < 0.0 ? -0.5 : 0.5))
                                         : INT32_MAX;
}

// The values of a batch as 32 bits each, the planes interleaved; floats by their bits.
CH_RT static void
convert(struct ch_sample_writer *writer, float *const planes[CH_CHANNELS], uint32_t n_frames,
        int32_t *values)
{
    const unsigned bits = types[writer->format.type].dithered_bits;
    if (bits) {
        ch_dither_run(&writer->dither, bits, planes, n_frames, values);
        return;
    }
    for (uint32_t i = 0; i < n_frames; i++) {
        for (uint32_t channel = 0; channel < CH_CHANNELS; channel++) {
            const float x = planes[channel][i];
            int32_t *value = &values[i * CH_CHANNELS + channel];
            if (writer->format.type == CH_SAMPLE_S32) {
                *value = s32(x);
            } else {
                const float good = x == x ? x : 0.0f;
                memcpy(value, &good, sizeof good);
            }
        }
    }
}

// One value at `to`, lowest byte first.
CH_RT static void
store(uint8_t *to, enum ch_sample_type type, int32_t value)
{
    uint32_t word = (uint32_t)value;
    if (type == CH_SAMPLE_S24_32) {
        word <<= 8;
    }
    for (uint8_t i = 0; i < types[type].bytes; i++) {
        to[i] = (uint8_t)(word >> (8 * i));
    }
}

CH_RT static void
interleave(const struct ch_sample_format *format, uint8_t *out, const int32_t *values,
           uint32_t n_frames)
{
    const enum ch_sample_type type = format->type;
    const uint32_t bytes = types[type].bytes;
    const uint32_t frame_bytes = ch_sample_frame_bytes(format);
    if (format->n_channels > CH_CHANNELS) {
        memset(out, 0, (size_t)n_frames * frame_bytes);
    }
    for (uint32_t i = 0; i < n_frames; i++) {
        store(out + format->left * bytes, type, values[CH_CHANNELS * i]);
        if (format->right != format->left) {
            store(out + format->right * bytes, type, values[CH_CHANNELS * i + 1]);
        }
        out += frame_bytes;
    }
}

CH_RT void
ch_sample_write(struct ch_sample_writer *writer, void *out, float *const planes[CH_CHANNELS],
                uint32_t n_frames)
{
    const bool mono = writer->format.n_channels == 1;
    const uint32_t frame_bytes = ch_sample_frame_bytes(&writer->format);
    uint8_t *to = out;
    int32_t values[BATCH * CH_CHANNELS];
    float middle[BATCH];
    for (uint32_t done = 0; done < n_frames;) {
        const uint32_t n = n_frames - done < BATCH ? n_frames - done : BATCH;
        float *from[CH_CHANNELS] = {planes[0] + done, planes[1] + done};
        if (mono) {
            for (uint32_t i = 0; i < n; i++) {
                middle[i] = 0.5f * from[0][i] + 0.5f * from[1][i];
            }
            from[0] = from[1] = middle;
        }
        convert(writer, from, n, values);
        interleave(&writer->format, to, values, n);
        to += (size_t)n * frame_bytes;
        done += n;
    }
}
