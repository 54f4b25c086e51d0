// SPDX-License-Identifier: ISC
// daemon/dsp/tone.c — test signals: per kind, how to begin at a frame and how to make one.
//
// Phases count cycles, not radians, so that reduction to one turn is exact.

#include "daemon/dsp/tone.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

/// A naive saw or square is the integral of an impulse train; so a band-limited one is the integral
/// of a sum of cosines, which has a closed form.  Errors of summation fade by this per frame.
#define LEAK 1e-7

/// Partials of a triangle fall with 1/k²: what lies above this one is below -96 dB.
#define TRIANGLE_PARTIALS_MAX 255

#define SWEEP_DEFAULT_S 10.0
#define PINK_SECTIONS   7
#define MULTITONE_MAX   10
#define MULTITONE_HZ    31.25

static double
turn(double cycles)
{
    return cycles - rint(cycles);
}

static double
sin_cycles(double cycles)
{
    return sin(2.0 * PI * turn(cycles));
}

static double
phase_at(const struct ch_tone *tone, double freq_hz)
{
    return turn(fmod((double)tone->position * (freq_hz / tone->rate_hz), 1.0));
}

/// Partials of freq_hz that lie below half the rate.
static double
partials_below_nyquist(const struct ch_tone *tone)
{
    return ceil(tone->rate_hz / (2.0 * tone->spec.freq_hz)) - 1.0;
}

// --- sine --------------------------------------------------------------------------------------

static void
sine_start(struct ch_tone *tone)
{
    tone->phase[0] = phase_at(tone, tone->spec.freq_hz);
}

static void
sine_fill(struct ch_tone *tone, float *stereo, uint32_t n_frames)
{
    const double step = tone->spec.freq_hz / tone->rate_hz;
    for (uint32_t i = 0; i < n_frames; i++) {
        stereo[2 * i] = stereo[2 * i + 1] = (float)(tone->gain * sin_cycles(tone->phase[0]));
        tone->phase[0] = turn(tone->phase[0] + step);
    }
}

// --- saw and square: integrals of closed sums --------------------------------------------------

/// Σ cos(2πkp), k = 1…n.
static double
sum_of_cosines(double p, double n)
{
    const double below = sin(PI * turn(p));
    if (fabs(below) < 1e-8) {
        return n;
    }
    // Half turns matter here: sin((2n+1)·πp) with p in -½…½.
    return sin_cycles((n + 0.5) * turn(p)) / (2.0 * below) - 0.5;
}

/// Σ cos(2πkp), k = 1, 3, … 2m-1.
static double
sum_of_odd_cosines(double p, double m)
{
    const double below = sin_cycles(p);
    if (fabs(below) < 1e-8) {
        return fabs(turn(p)) < 0.25 ? m : -m;
    }
    return sin_cycles(2.0 * m * turn(p)) / (2.0 * below);
}

static double
slope(const struct ch_tone *tone, double p)
{
    const double n = tone->state[1];
    return tone->spec.kind == CH_TONE_SAW ? sum_of_cosines(p, n) : sum_of_odd_cosines(p, n);
}

/// What integration by Simpson's rule makes of a partial: right to 0.02 dB at rate/4, to 0.4 dB at
/// rate/2.
static double
simpson_gain(double cycles_per_frame)
{
    const double x = PI * cycles_per_frame;
    return x / sin(x) * (2.0 + cos(x)) / 3.0;
}

/// State: [0] the value, [1] partials, [2] the slope here.  The value at a frame is summed up once,
/// term by term, as integration will go on with it.
static void
edges_start(struct ch_tone *tone)
{
    const bool saw = tone->spec.kind == CH_TONE_SAW;
    const double n = partials_below_nyquist(tone);
    const double step = tone->spec.freq_hz / tone->rate_hz;
    // Half a turn on, a saw rises through zero.
    const double p = turn(phase_at(tone, tone->spec.freq_hz) + (saw ? 0.5 : 0.0));
    double value = 0.0;
    for (double k = 1.0; k <= n; k += saw ? 1.0 : 2.0) {
        value += simpson_gain(k * step) * sin_cycles(k * p) / k;
    }
    tone->phase[0] = p;
    tone->state[0] = value;
    tone->state[1] = saw ? n : floor((n + 1.0) / 2.0);
    tone->state[2] = slope(tone, p);
}

static void
edges_fill(struct ch_tone *tone, float *stereo, uint32_t n_frames)
{
    const double step = tone->spec.freq_hz / tone->rate_hz;
    const double scale = tone->gain * (tone->spec.kind == CH_TONE_SAW ? -2.0 / PI : 4.0 / PI);
    for (uint32_t i = 0; i < n_frames; i++) {
        stereo[2 * i] = stereo[2 * i + 1] = (float)(scale * tone->state[0]);
        const double middle = slope(tone, tone->phase[0] + 0.5 * step);
        tone->phase[0] = turn(tone->phase[0] + step);
        const double here = slope(tone, tone->phase[0]);
        tone->state[0] += 2.0 * PI * step * (tone->state[2] + 4.0 * middle + here) / 6.0;
        tone->state[0] *= 1.0 - LEAK;
        tone->state[2] = here;
    }
}

// --- triangle: the sum itself ------------------------------------------------------------------

static void
triangle_fill(struct ch_tone *tone, float *stereo, uint32_t n_frames)
{
    const double step = tone->spec.freq_hz / tone->rate_hz;
    const double last = fmin(partials_below_nyquist(tone), TRIANGLE_PARTIALS_MAX);
    for (uint32_t i = 0; i < n_frames; i++) {
        // sin((k+2)x) = 2·cos(2x)·sin(kx) - sin((k-2)x); the signs of the partials alternate.
        const double twice_cos = 2.0 * sin_cycles(2.0 * tone->phase[0] + 0.25);
        double now = sin_cycles(tone->phase[0]);
        double before = -now;
        double sum = 0.0;
        double sign = 1.0;
        for (double k = 1.0; k <= last; k += 2.0) {
            sum += sign * now / (k * k);
            sign = -sign;
            const double next = twice_cos * now - before;
            before = now;
            now = next;
        }
        stereo[2 * i] = stereo[2 * i + 1] = (float)(tone->gain * 8.0 / (PI * PI) * sum);
        tone->phase[0] = turn(tone->phase[0] + step);
    }
}

// --- noise -------------------------------------------------------------------------------------

/// Uniform in -1…1 (splitmix64: a counter, hashed).
static double
random_next(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-52 - 1.0;
}

/// Factor that brings noise of `variance` to the level of a sine of the same peak.
static double
noise_gain(const struct ch_tone *tone, double variance)
{
    return tone->gain * sqrt(0.5 / variance);
}

static void
noise_start(struct ch_tone *tone)
{
    tone->seed = tone->position * 0xd6e8feb86659fd93u + 1u;
    memset(tone->state, 0, sizeof tone->state);
}

static void
white_fill(struct ch_tone *tone, float *stereo, uint32_t n_frames)
{
    const double gain = noise_gain(tone, 1.0 / 3.0);
    for (uint32_t i = 0; i < 2 * n_frames; i++) {
        stereo[i] = (float)(gain * random_next(&tone->seed));
    }
}

/// Poles in geometric steps with zeros half-way between fall 3 dB per octave on average; with two
/// octaves per section the ripple is small (0.1 dB up to rate/6; at 0.4·rate 1.3 dB too much).
/// phase: poles, zeros, gain.
static void
pink_start(struct ch_tone *tone)
{
    noise_start(tone);
    double *poles = tone->phase;
    double *zeros = tone->phase + PINK_SECTIONS;
    const double first_hz = 6.0;
    const double ratio = pow(0.5 * tone->rate_hz / first_hz, 1.0 / (PINK_SECTIONS - 0.5));
    for (int s = 0; s < PINK_SECTIONS; s++) {
        poles[s] = exp(-2.0 * PI * first_hz * pow(ratio, s) / tone->rate_hz);
        zeros[s] = exp(-2.0 * PI * first_hz * pow(ratio, s + 0.5) / tone->rate_hz);
    }
    // Variance by integration over a logarithmic grid of frequencies.
    double variance = 0.0;
    double from = 0.0;
    for (double to = 1e-6; from < 0.5; to *= 1.02) {
        const double edge = fmin(to, 0.5);
        const double c = cos(2.0 * PI * 0.5 * (from + edge));
        double power = 1.0;
        for (int s = 0; s < PINK_SECTIONS; s++) {
            power *= (1.0 - 2.0 * zeros[s] * c + zeros[s] * zeros[s]) /
                     (1.0 - 2.0 * poles[s] * c + poles[s] * poles[s]);
        }
        variance += 2.0 * (edge - from) * power / 3.0;
        from = edge;
    }
    tone->phase[2 * PINK_SECTIONS] = noise_gain(tone, variance);
}

static void
pink_fill(struct ch_tone *tone, float *stereo, uint32_t n_frames)
{
    const double *poles = tone->phase;
    const double *zeros = tone->phase + PINK_SECTIONS;
    for (uint32_t i = 0; i < 2 * n_frames; i++) {
        double *state = tone->state + (i % 2) * PINK_SECTIONS;
        double x = random_next(&tone->seed);
        for (int s = 0; s < PINK_SECTIONS; s++) {
            const double inner = x + poles[s] * state[s];
            x = inner - zeros[s] * state[s];
            state[s] = inner;
        }
        stereo[i] = (float)(tone->phase[2 * PINK_SECTIONS] * x);
    }
}

/// 6 dB per octave above 10 Hz.
static void
brown_fill(struct ch_tone *tone, float *stereo, uint32_t n_frames)
{
    const double pole = exp(-2.0 * PI * 10.0 / tone->rate_hz);
    const double gain = noise_gain(tone, 1.0 / (3.0 * (1.0 - pole * pole)));
    for (uint32_t i = 0; i < 2 * n_frames; i++) {
        double *state = &tone->state[i % 2];
        *state = pole * *state + random_next(&tone->seed);
        stereo[i] = (float)(gain * *state);
    }
}

// --- sweep, impulse, multitone -----------------------------------------------------------------

static void
sweep_fill(struct ch_tone *tone, float *stereo, uint32_t n_frames)
{
    const double length_s = tone->spec.duration_s > 0.0 ? tone->spec.duration_s : SWEEP_DEFAULT_S;
    const uint64_t length = (uint64_t)fmax(1.0, rint(length_s * tone->rate_hz));
    const double start_hz = tone->spec.freq_hz;
    const double octaves_ln = log(fmin(tone->spec.end_hz, 0.5 * tone->rate_hz) / start_hz);
    const bool flat = fabs(octaves_ln) < 1e-9;
    const double start_cycles = start_hz * (double)length / tone->rate_hz;
    const double cycles = flat ? start_cycles : start_cycles * expm1(octaves_ln) / octaves_ln;
    for (uint32_t i = 0; i < n_frames; i++) {
        const uint64_t frame = tone->position + i;
        const double x = (double)(frame % length) / (double)length;
        // Each round begins with the phase at which the one before it ended.
        const double p =
            (double)(frame / length) * turn(cycles) +
            (flat ? start_cycles * x : start_cycles * expm1(octaves_ln * x) / octaves_ln);
        stereo[2 * i] = stereo[2 * i + 1] = (float)(tone->gain * sin_cycles(p));
    }
}

/// Impulse k lies on frame ceil(k·rate/freq).
static void
impulse_fill(struct ch_tone *tone, float *stereo, uint32_t n_frames)
{
    const double interval = tone->rate_hz / tone->spec.freq_hz;
    double k = floor(((double)tone->position - 1.0 + 1e-6) / interval) + 1.0;
    for (uint32_t i = 0; i < n_frames; i++) {
        const double frame = (double)(tone->position + i);
        const bool hit = frame >= ceil(k * interval - 1e-6);
        stereo[2 * i] = stereo[2 * i + 1] = hit ? (float)tone->gain : 0.0f;
        k += hit ? 1.0 : 0.0;
    }
}

static uint32_t
multitone_count(const struct ch_tone *tone)
{
    uint32_t n = 0;
    while (n < MULTITONE_MAX && ldexp(MULTITONE_HZ, (int)n) < 0.5 * tone->rate_hz) {
        n++;
    }
    return n;
}

/// Octaves of equal amplitude; quadratic phases keep their sum well below the peak asked for.
static void
multitone_start(struct ch_tone *tone)
{
    const uint32_t n = multitone_count(tone);
    for (uint32_t k = 0; k < n; k++) {
        tone->phase[k] =
            turn(phase_at(tone, ldexp(MULTITONE_HZ, (int)k)) + (double)(k * k) / (2.0 * n));
    }
}

static void
multitone_fill(struct ch_tone *tone, float *stereo, uint32_t n_frames)
{
    const uint32_t n = multitone_count(tone);
    const double step = MULTITONE_HZ / tone->rate_hz;
    for (uint32_t i = 0; i < n_frames; i++) {
        double sum = 0.0;
        for (uint32_t k = 0; k < n; k++) {
            sum += sin_cycles(tone->phase[k]);
            tone->phase[k] = turn(tone->phase[k] + ldexp(step, (int)k));
        }
        stereo[2 * i] = stereo[2 * i + 1] = (float)(tone->gain / n * sum);
    }
}

// --- all of them -------------------------------------------------------------------------------

static void
start_nothing(struct ch_tone *tone)
{
    (void)tone;
}

static const struct {
    const char *name;
    void (*start)(struct ch_tone *tone); ///< be ready to make frame `position`
    void (*fill)(struct ch_tone *tone, float *stereo, uint32_t n_frames);
} kinds[CH_TONE_KINDS] = {
    [CH_TONE_SINE] = {"sine", sine_start, sine_fill},
    [CH_TONE_SQUARE] = {"square", edges_start, edges_fill},
    [CH_TONE_SAW] = {"saw", edges_start, edges_fill},
    [CH_TONE_TRIANGLE] = {"triangle", sine_start, triangle_fill},
    [CH_TONE_WHITE] = {"white", noise_start, white_fill},
    [CH_TONE_PINK] = {"pink", pink_start, pink_fill},
    [CH_TONE_BROWN] = {"brown", noise_start, brown_fill},
    [CH_TONE_SWEEP] = {"sweep", start_nothing, sweep_fill},
    [CH_TONE_IMPULSE] = {"impulse", start_nothing, impulse_fill},
    [CH_TONE_MULTITONE] = {"multitone", multitone_start, multitone_fill},
};

bool
ch_tone_kind_from_name(const char *name, enum ch_tone_kind *kind)
{
    for (unsigned i = 0; i < CH_TONE_KINDS; i++) {
        if (!strcmp(name, kinds[i].name)) {
            *kind = (enum ch_tone_kind)i;
            return true;
        }
    }
    return false;
}

void
ch_tone_init(struct ch_tone *tone, const struct ch_tone_spec *spec, uint32_t rate_hz)
{
    *tone = (struct ch_tone){
        .spec = *spec, .rate_hz = rate_hz, .gain = pow(10.0, spec->level_db / 20.0)};
    kinds[spec->kind].start(tone);
}

uint32_t
ch_tone_run(struct ch_tone *tone, float *stereo, uint32_t n_frames)
{
    if (tone->spec.duration_s > 0.0) {
        const uint64_t end = (uint64_t)rint(tone->spec.duration_s * tone->rate_hz);
        const uint64_t left = tone->position < end ? end - tone->position : 0;
        n_frames = left < n_frames ? (uint32_t)left : n_frames;
    }
    kinds[tone->spec.kind].fill(tone, stereo, n_frames);
    tone->position += n_frames;
    return n_frames;
}

void
ch_tone_seek(struct ch_tone *tone, uint64_t frame)
{
    tone->position = frame;
    kinds[tone->spec.kind].start(tone);
}
