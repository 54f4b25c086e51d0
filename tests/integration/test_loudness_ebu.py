# SPDX-License-Identifier: ISC
"""EBU Tech 3341: its test signals, synthesised here, through the real daemon and through ffmpeg.

The signals are those of the table "Minimum requirements test signals"; what each must read stands
there, too.
"""

import re
import subprocess
import time

import numpy
import pytest

from figures import figure
from programs import eventually

RATE_HZ = 48000


def tone(levels_db, hz=1000.0):
    """In both channels, (dBFS, seconds) after one another, its phase going on."""
    n = [round(s * RATE_HZ) for _, s in levels_db]
    amplitude = numpy.concatenate(
        [numpy.full(k, 10 ** (db / 20)) for k, (db, _) in zip(n, levels_db)]
    )
    t = numpy.arange(len(amplitude)) / RATE_HZ
    return numpy.tile(amplitude * numpy.sin(2 * numpy.pi * hz * t), (2, 1))


def surround():
    """5.0 in the order of WAV with an empty LFE: front -28, centre -24, surround -30 dBFS."""
    t = numpy.arange(20 * RATE_HZ) / RATE_HZ
    levels = numpy.array([-28, -28, -24, -numpy.inf, -30, -30])
    return 10 ** (levels[:, None] / 20) * numpy.sin(2 * numpy.pi * 1000 * t)


# case → signal and integrated loudness.  6 has five channels.
LOUDNESS = {
    1: (lambda: tone([(-23, 20)]), -23),
    2: (lambda: tone([(-33, 20)]), -33),
    3: (lambda: tone([(-36, 10), (-23, 60), (-36, 10)]), -23),
    4: (lambda: tone([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)]), -23),
    5: (lambda: tone([(-26, 20), (-20, 20.1), (-26, 20)]), -23),
}


def quarter(phase_deg, level_db):
    """A sine of a quarter of the rate, 0.3 s, faded so that its ends are no peaks."""
    n = int(0.3 * RATE_HZ)
    x = 10 ** (level_db / 20) * numpy.sin(numpy.pi / 2 * numpy.arange(n) + numpy.radians(phase_deg))
    fade = 0.5 - 0.5 * numpy.cos(numpy.pi * numpy.minimum(numpy.arange(n) / 2400, 1))
    return numpy.tile(x * fade * fade[::-1], (2, 1))


def part(divisor, phase_deg, level_db):
    """The same of another fraction of the rate."""
    n = int(0.3 * RATE_HZ)
    angle = 2 * numpy.pi / divisor * numpy.arange(n) + numpy.radians(phase_deg)
    fade = 0.5 - 0.5 * numpy.cos(numpy.pi * numpy.minimum(numpy.arange(n) / 2400, 1))
    return numpy.tile(10 ** (level_db / 20) * numpy.sin(angle) * fade * fade[::-1], (2, 1))


def burst(offset, signal_6):
    """Tech 3341's 20…23: one cycle of fs/4 inside a tone of fs/6, made at four times the rate.

    Amplitude 1 between, where the samples lie beside its crest by `offset` quarter samples.
    """
    n = 4 * RATE_HZ // 2
    k = numpy.arange(n)
    x = 0.5 * numpy.sin(2 * numpy.pi * k / 24)
    at = n // 2 // 24 * 24
    x[at : at + 16] = signal_6 * numpy.sin(2 * numpy.pi * numpy.arange(16) / 16)
    return x, offset


# case → signal and true peak in dBTP (+0.2, -0.4).
TRUE_PEAK = {
    15: (lambda: part(4, 0, -6.02), -6),
    16: (lambda: part(4, 45, -6.02), -6),
    17: (lambda: part(6, 60, -6.02), -6),
    18: (lambda: part(8, 67.5, -6.02), -6),
    19: (lambda: part(4, 45, 3.0), 3),
}


def ffmpeg(path):
    """Integrated loudness, range and true peak by ffmpeg's ebur128."""
    words = ["ffmpeg", "-nostats", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=True).stderr
    said = said[said.rindex("Summary:") :]
    pick = lambda name: float(re.search(rf"{name}:\s+(-?[\d.]+|-inf)", said).group(1))
    return pick("I"), pick("LRA"), pick("Peak")
