# SPDX-License-Identifier: ISC
"""The limiter by meters of others: ffmpeg's, and one of sixteen places between samples."""

import re

import numpy
import pytest
from scipy import signal

import sound
from figures import figure
from media import read_wav
from programs import CHANTD, eventually, run

CEILING_DB = -1.0
HOLD_DB = 0.1
SECONDS = 1


def ffmpeg_db(path):
    """True peak by libavfilter's ebur128, of the louder channel."""
    chain = "ebur128=peak=true:metadata=1,ametadata=mode=print:file=-"
    told = run(
        "ffmpeg", "-nostats", "-v", "error", "-i", path, "-af", chain, "-f", "null", "-"
    ).stdout
    peaks = re.findall(r"r128\.true_peaks_ch[01]=([\d.]+)", told)
    assert len(peaks) >= 16
    return sound.db(max(map(float, peaks)))


def sixteen_db(samples):
    """Sixteen places a sample by a long filter, flat to 0.47 times the rate."""
    taps = 16 * signal.firwin(16 * 160 + 1, 0.99 / 16, window=("kaiser", 8))
    return max(sound.db(numpy.abs(signal.upfirdn(taps, c, 16)).max()) for c in samples)


def below(part, samples):
    """Nothing above that part of the rate: what a converter of any make has left of it."""
    taps = signal.firwin(1025, 2 * part, window=("kaiser", 8))
    return signal.oaconvolve(samples, taps[None, :], mode="same", axes=1)


def music(rate_hz, rng):
    """Plucked chords, a bass and drums, pressed into a square as some records are."""
    t = numpy.arange(SECONDS * rate_hz) / rate_hz
    mix = numpy.zeros((2, len(t)))
    for beat in numpy.arange(0, SECONDS, 0.2):
        at = t - beat
        on = at >= 0
        for hz in 55 * 2 ** (rng.choice([0, 4, 7, 12, 16, 19, 24, 31, 36], 5) / 12):
            pan = rng.uniform(0.3, 1, (2, 1))
            for k in range(1, 12):
                wave = numpy.sin(2 * numpy.pi * hz * k * at) / k * numpy.exp(-4 * k**0.5 * at)
                mix += pan * numpy.where(on, wave, 0)
        hit = rng.normal(size=(2, len(t))) * numpy.exp(-60 * numpy.maximum(at, 0))
        mix += numpy.where(on, hit, 0)
    return below(0.45, 1.6 * numpy.tanh(mix))


def noise(rate_hz, rng):
    """18 dB louder than a sine of full scale."""
    return rng.normal(0, 10 ** (18 / 20) / 2**0.5, (2, SECONDS * rate_hz))


def squares(rate_hz, rng):
    n = numpy.arange(SECONDS * rate_hz)
    loud = 2.5 * numpy.where(n // 50 % 2, 1, -1)
    soft = rng.normal(0, 0.05, (2, len(n)))
    return numpy.where(n // 3000 % 2, loud, soft)


def quarter(rate_hz, _):
    """Samples at 45 degrees never see its peaks; +6 dB, and at 0 dBFS between them."""
    n = numpy.arange(SECONDS * rate_hz)
    level = numpy.where(n < len(n) / 2, 1, 2)
    return numpy.tile(level * numpy.sin(numpy.pi / 2 * n + numpy.pi / 4), (2, 1))


MATERIALS = {
    "music of +12 dB": lambda rate_hz, rng: 4 * music(rate_hz, rng),
    "white noise of +18 dB": noise,
    "noise of +18 dB below 0.45 fs": lambda rate_hz, rng: below(0.45, noise(rate_hz, rng)),
    "square bursts": squares,
    "0.25 fs sine at 45 degrees": quarter,
}


@pytest.mark.accuracy
@pytest.mark.parametrize("material", MATERIALS)
def test_true_peak(media, tmp_path, material):
    by_ffmpeg, by_sixteen = [], []
    for rate_hz in (44100, 48000, 96000):
        source = MATERIALS[material](rate_hz, numpy.random.default_rng(rate_hz))
        # A resampler takes what is before a file for its mirror image, not for silence.
        source = numpy.pad(source, ((0, 0), (500, 500)))
        path = media.floats(f"{material}-{rate_hz}.wav", source, rate_hz)
        assert sixteen_db(source) > 0
        out = tmp_path / f"{rate_hz}.wav"
        assert run(CHANTD, f"--render={out}", path).returncode == 0
        heard, _, _ = read_wav(out)
        assert numpy.abs(heard).max() <= 10 ** (CEILING_DB / 20)
        by_ffmpeg.append(ffmpeg_db(out) - CEILING_DB)
        by_sixteen.append(sixteen_db(heard) - CEILING_DB)
        assert by_ffmpeg[-1] > -1, "no more is taken than must be"
    figure("limiter", f"{material} above the ceiling, ffmpeg", max(by_ffmpeg), "<=", HOLD_DB, "dB")
    assert max(by_ffmpeg) <= HOLD_DB
    # What interpolators make of sound next to half the rate is a matter of their steepness.
    if not material.startswith("white"):
        what = f"{material} above the ceiling, 16 places"
        figure("limiter", what, max(by_sixteen), "<=", HOLD_DB, "dB")
        assert max(by_sixteen) <= HOLD_DB


@pytest.mark.parametrize("rate_hz", [44100, 48000, 96000])
def test_music_below_the_ceiling_is_untouched(media, tmp_path, rate_hz):
    """Up to 0.25 dB below it between the samples, every bit: 0.05 dB is a margin, and what is close
    to half the rate is read as up to 0.2 dB more than it is."""
    samples = music(rate_hz, numpy.random.default_rng(1))
    samples *= 10 ** ((CEILING_DB - 0.25 - sixteen_db(samples)) / 20)
    path = media.floats(f"just-below-{rate_hz}.wav", samples, rate_hz)
    out = tmp_path / "out.wav"
    assert run(CHANTD, f"--render={out}", path).returncode == 0
    heard, _, _ = read_wav(out)
    differing = numpy.count_nonzero(heard != samples.astype("f4"))
    what = f"music 0.25 dB below the ceiling: samples changed [{rate_hz} Hz]"
    figure("limiter", what, differing, "<=", 0, "")
    assert differing == 0


def test_the_clamp_has_nothing_to_do(make_daemon, media, tmp_path):
    """The daemon itself, the loudest it can be: 12 dB more of music that is too loud already."""
    daemon = make_daemon(f"--device={tmp_path / 'out.wav'}", backend="file").start()
    client = daemon.client()
    client.call("mixer.set", gain_db=12)
    loud = 4 * music(48000, numpy.random.default_rng(2))
    client.play(media.floats("clamp.wav", loud, 48000))
    eventually(lambda: client.status()["state"] == "stopped")
    engine = client.call("server.stats")["engine"]
    what = "frames that the clamp caught of music"
    figure("limiter", what, engine["clamped_frames"], "<=", 0, "")
    assert engine["limited_frames"] > 24000
    assert engine["clamped_frames"] == 0
