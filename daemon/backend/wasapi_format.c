// SPDX-License-Identifier: ISC
// daemon/backend/wasapi_format.c — reads and writes format headers, believing none of their sums.

#include "daemon/backend/wasapi_format.h"

#include <string.h>

#define EXTRA_BYTES (sizeof(WAVEFORMATEXTENSIBLE) - sizeof(WAVEFORMATEX))

/// A format's tag as a GUID; ksmedia.h names them, and a library of its own defines the names.
#define SUBTYPE(tag)                                                                               \
    {                                                                                              \
        tag, 0x0000, 0x0010,                                                                       \
        {                                                                                          \
            0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71                                         \
        }                                                                                          \
    }
static const GUID subtype_pcm = SUBTYPE(WAVE_FORMAT_PCM);
static const GUID subtype_float = SUBTYPE(WAVE_FORMAT_IEEE_FLOAT);

static bool
type_of(enum ch_sample_type *type, bool is_float, uint32_t container_bits, uint32_t valid_bits)
{
    static const struct {
        uint8_t container_bits, valid_min, valid_max;
        bool is_float;
        enum ch_sample_type type;
    } known[] = {
        {32, 32, 32, true, CH_SAMPLE_F32},  {16, 16, 16, false, CH_SAMPLE_S16},
        {24, 17, 24, false, CH_SAMPLE_S24}, {32, 17, 24, false, CH_SAMPLE_S24_32},
        {32, 25, 32, false, CH_SAMPLE_S32},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].is_float == is_float && known[i].container_bits == container_bits &&
            valid_bits >= known[i].valid_min && valid_bits <= known[i].valid_max) {
            *type = known[i].type;
            return true;
        }
    }
    return false;
}

bool
ch_wasapi_format_read(struct ch_sample_format *format, const WAVEFORMATEX *wave)
{
    uint32_t valid_bits = wave->wBitsPerSample;
    uint32_t mask = 0;
    bool is_float = wave->wFormatTag == WAVE_FORMAT_IEEE_FLOAT;
    if (wave->wFormatTag == WAVE_FORMAT_EXTENSIBLE) {
        const WAVEFORMATEXTENSIBLE *extensible = (const WAVEFORMATEXTENSIBLE *)wave;
        if (wave->cbSize < EXTRA_BYTES) {
            return false;
        }
        is_float = IsEqualGUID(&extensible->SubFormat, &subtype_float);
        if (!is_float && !IsEqualGUID(&extensible->SubFormat, &subtype_pcm)) {
            return false;
        }
        if (extensible->Samples.wValidBitsPerSample) {
            valid_bits = extensible->Samples.wValidBitsPerSample;
        }
        mask = extensible->dwChannelMask;
    } else if (!is_float && wave->wFormatTag != WAVE_FORMAT_PCM) {
        return false;
    }
    return type_of(&format->type, is_float, wave->wBitsPerSample, valid_bits) &&
           ch_sample_format_layout(format, wave->nChannels, mask) &&
           wave->nBlockAlign == ch_sample_frame_bytes(format);
}

void
ch_wasapi_format_make(WAVEFORMATEXTENSIBLE *wave, enum ch_sample_type type, uint32_t n_channels,
                      uint32_t rate_hz)
{
    static const struct {
        uint8_t container_bits, valid_bits;
    } bits[] = {
        [CH_SAMPLE_F32] = {32, 32},    [CH_SAMPLE_S16] = {16, 16}, [CH_SAMPLE_S24] = {24, 24},
        [CH_SAMPLE_S24_32] = {32, 24}, [CH_SAMPLE_S32] = {32, 32},
    };
    static const DWORD masks[CH_SAMPLE_CHANNELS_MAX + 1] = {
        0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x13f, 0x63f,
    };
    const uint32_t block = n_channels * bits[type].container_bits / 8;
    memset(wave, 0, sizeof *wave);
    wave->Format.wFormatTag = WAVE_FORMAT_EXTENSIBLE;
    wave->Format.nChannels = (WORD)n_channels;
    wave->Format.nSamplesPerSec = rate_hz;
    wave->Format.nAvgBytesPerSec = rate_hz * block;
    wave->Format.nBlockAlign = (WORD)block;
    wave->Format.wBitsPerSample = bits[type].container_bits;
    wave->Format.cbSize = EXTRA_BYTES;
    wave->Samples.wValidBitsPerSample = bits[type].valid_bits;
    wave->dwChannelMask = masks[n_channels];
    wave->SubFormat = type == CH_SAMPLE_F32 ? subtype_float : subtype_pcm;
}

uint32_t
ch_wasapi_format_bytes(const WAVEFORMATEX *wave)
{
    // A plain PCM header's cbSize says nothing.
    return (uint32_t)sizeof *wave + (wave->wFormatTag == WAVE_FORMAT_PCM ? 0 : wave->cbSize);
}
