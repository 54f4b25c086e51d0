# SPDX-License-Identifier: ISC
"""What sound should be, computed here: levels, responses, residues."""

import numpy
from scipy import signal


def db(ratio):
    return 20 * numpy.log10(numpy.maximum(numpy.abs(ratio), 1e-12))


def tone_level_db(samples, hz, rate_hz):
    """Amplitude of a sine in dBFS, by least squares: exact for any length, blind to the rest."""
    t = 2 * numpy.pi * hz / rate_hz * numpy.arange(len(samples))
    basis = numpy.column_stack([numpy.cos(t), numpy.sin(t), numpy.ones(len(samples))])
    (a, b, _), *_ = numpy.linalg.lstsq(basis, samples, rcond=None)
    return db(numpy.hypot(a, b))


def sounding(samples, threshold=1e-6):
    """From the first to the last frame in which any channel is not silent."""
    loud = numpy.nonzero(numpy.abs(samples).max(axis=0) > threshold)[0]
    assert len(loud), "nothing was heard"
    return samples[:, loud[0] : loud[-1] + 1]


def align(wanted, heard):
    """Where `wanted` begins in `heard` (one channel each), by correlation."""
    match = signal.correlate(heard, wanted, mode="valid", method="fft")
    return int(numpy.argmax(match))


def residue_db(samples, rate_hz, above_hz=2000):
    """Peak of what a low tone has no business to have, in dBFS: clicks."""
    sos = signal.butter(8, above_hz, "highpass", fs=rate_hz, output="sos")
    return db(numpy.abs(signal.sosfilt(sos, samples)).max())


def above_2khz_db(heard, rate_hz=48000):
    """Peak above 2 kHz of any channel, by Kaiser's window with 150 dB of stop band, half at 1.75
    kHz: nothing of 100 Hz comes through, and little of what lies between.  Only where the filter
    lies wholly inside, so that both ends are no corners."""
    taps = signal.firwin(1025, 1750, window=("kaiser", 15.5), pass_zero=False, fs=rate_hz)
    return max(db(numpy.abs(signal.fftconvolve(c, taps, mode="valid")).max()) for c in heard)


def transfer_db(source, heard, freqs_hz, rate_hz, n_fft=16384):
    """|H| at these frequencies, from broad-band sound that went in and came out, aligned."""
    f, cross = signal.csd(source, heard, rate_hz, "hann", n_fft)
    _, power = signal.welch(source, rate_hz, "hann", n_fft)
    return numpy.interp(freqs_hz, f, db(cross / power))


def impulse_db(response, freqs_hz, rate_hz):
    """|H| at these frequencies of an impulse response."""
    _, h = signal.freqz(response, worN=numpy.asarray(freqs_hz), fs=rate_hz)
    return db(h)


# --- equalisers by their definitions


def analog_db(band, freqs_hz):
    """The analogue prototype of a band: what a digital one approximates."""
    s = 1j * numpy.asarray(freqs_hz) / band["freq_hz"]
    q = band.get("q", 1.41)
    a = 10 ** (band.get("gain_db", 0) / 40)
    kind = band["type"]
    if kind == "peak":
        h = (s**2 + s * a / q + 1) / (s**2 + s / (a * q) + 1)
    elif kind == "low_shelf":
        r = numpy.sqrt(a) / q
        h = a * (s**2 + r * s + a) / (a * s**2 + r * s + 1)
    elif kind == "high_shelf":
        r = numpy.sqrt(a) / q
        h = a * (a * s**2 + r * s + 1) / (s**2 + r * s + a)
    elif kind == "low_pass":
        h = 1 / (s**2 + s / q + 1)
    elif kind == "high_pass":
        h = s**2 / (s**2 + s / q + 1)
    elif kind == "band_pass":
        h = s / q / (s**2 + s / q + 1)
    elif kind == "all_pass":
        h = (s**2 - s / q + 1) / (s**2 + s / q + 1)
    else:
        assert kind == "notch"
        h = (s**2 + 1) / (s**2 + s / q + 1)
    return db(h)


def rbj_db(band, freqs_hz, rate_hz):
    """The same through the bilinear transform, prewarped at its frequency: Bristow-Johnson's."""
    warped = numpy.tan(numpy.pi * numpy.asarray(freqs_hz) / rate_hz)
    centre = numpy.tan(numpy.pi * band["freq_hz"] / rate_hz)
    return analog_db(band, warped / centre * band["freq_hz"])
