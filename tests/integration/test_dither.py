# SPDX-License-Identifier: ISC
"""Integer files: exact where they can be, and dithered where they can't.

The yardsticks: a triangle of one step to each side, plus rounding, is an error of mean 0 and of
variance 2/12 + 1/12 = 1/4 of a step squared, whatever the signal (Lipshitz, Wannamaker and
Vanderkooy, 1992); and sox, which dithers so by default.
"""

import subprocess

import numpy
import pytest
from scipy import signal

from figures import figure
from media import read_wav
from programs import CHANTD, run
from test_play import wait_for

pytestmark = pytest.mark.accuracy

RATE_HZ = 48000


def render(out, *words):
    assert run(CHANTD, f"--render={out}", *words).returncode == 0
    return read_wav(out)[2]


def staircase(steps, n=RATE_HZ):
    """Constant levels, given in steps of 16 bits, one after another."""
    return numpy.repeat(numpy.asarray(steps) / 2**15, n)


@pytest.mark.parametrize("bits", [16, 24])
def test_the_error_knows_nothing_of_the_signal(media, tmp_path, bits):
    levels = [0.01, 0.125, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 100.3, -200.5]
    scale = 2 ** (16 - bits)  # levels as parts of the step of that width
    source = staircase(levels) * scale
    path = media.floats(f"stairs-{bits}.wav", numpy.array([source, -source]))
    heard = render(tmp_path / "out.wav", f"--format=s{bits}", path)
    # What the file holds, as float32 has it.
    wanted = numpy.array([source, -source]).astype("f4").astype(float) * 2 ** (bits - 1)
    error = (heard - wanted).reshape(2, len(levels), -1)
    means, variances = error.mean(axis=2), error.var(axis=2)
    figure("output", f"dither, {bits} bits: mean error", abs(means).max(), "<=", 0.01, "steps")
    figure(
        "output",
        f"dither, {bits} bits: variance of the error off 1/4",
        100 * abs(variances / 0.25 - 1).max(),
        "<=",
        3,
        "%",
    )
    assert abs(means).max() <= 0.01
    assert abs(variances / 0.25 - 1).max() <= 0.03
    # White, and the channels have nothing in common.
    for row in error.reshape(2, -1):
        lags = signal.correlate(row, row, "same", "fft")[row.size // 2 + 1 :][:100]
        assert abs(lags / (row @ row)).max() < 0.01
    assert abs(numpy.corrcoef(*error.reshape(2, -1))[0, 1]) < 0.01


def harmonics_db(x, hz):
    """Level of the tone and the loudest of its harmonics 2…20 over the noise around, in dB."""
    window = signal.windows.blackmanharris(x.size)
    spectrum = abs(numpy.fft.rfft(x * window)) / window.sum() * 2
    bin_of = [round(n * hz * x.size / RATE_HZ) for n in range(1, 21)]
    peaks = numpy.array([spectrum[b - 4 : b + 5].max() for b in bin_of])
    noise = numpy.median(spectrum)
    return 20 * numpy.log10(peaks[0]), 20 * numpy.log10(peaks[1:].max() / noise)


def test_a_sine_below_the_last_bit_stays_a_sine(media, tmp_path):
    """-100 dBFS in 16 bits: a third of a step, which rounding alone would make silence."""
    hz = 1000.0
    t = numpy.arange(20 * RATE_HZ) / RATE_HZ
    tone = 10 ** (-100 / 20) * numpy.sin(2 * numpy.pi * hz * t)
    path = media.floats("soft.wav", numpy.tile(tone, (2, 1)))
    ours = render(tmp_path / "out.wav", "--format=s16", path)[0] / 2**15
    rounded = render(tmp_path / "off.wav", "--format=s16", "--dither=off", path)
    assert not rounded.any()
    subprocess.run(["sox", path, "-b", "16", tmp_path / "sox.wav", "dither"], check=True)
    theirs = read_wav(tmp_path / "sox.wav")[2][0] / 2**15
    level, worst = harmonics_db(ours, hz)
    _, worst_of_sox = harmonics_db(theirs, hz)
    # 19 times 9 bins of noise: its highest peak lies some 10 dB over the median, and in sox's too.
    figure("output", "dither: -100 dBFS in 16 bits reads off by", abs(level + 100), "<=", 0.1, "dB")
    figure("output", "dither: its loudest harmonic over sox's", worst - worst_of_sox, "<=", 3, "dB")
    assert abs(level + 100) <= 0.1
    assert worst <= worst_of_sox + 3 and worst < 14
    # As loud as sox's noise.
    ratio = numpy.std(ours - tone) / numpy.std(theirs - tone)
    figure("output", "dither: noise beside sox's", abs(20 * numpy.log10(ratio)), "<=", 0.2, "dB")
    assert abs(20 * numpy.log10(ratio)) <= 0.2


def test_a_soft_sine_that_is_only_rounded_is_seen(media, tmp_path):
    """The measure itself: -85 dBFS without dither has harmonics far above the noise."""
    t = numpy.arange(20 * RATE_HZ) / RATE_HZ
    tone = 10 ** (-85 / 20) * numpy.sin(2 * numpy.pi * 1000.0 * t)
    path = media.floats("softer.wav", numpy.tile(tone, (2, 1)))
    heard = render(tmp_path / "off.wav", "--format=s16", "--dither=off", path)[0] / 2**15
    assert harmonics_db(heard, 1000.0)[1] > 40


def exact(bits, n=RATE_HZ):
    top = 2 ** (bits - 1)
    # Between samples it may be 2.5 times as much, which is still below the limiter's ceiling.
    return numpy.random.default_rng(bits).integers(-top // 4, top // 4, (2, n))


@pytest.mark.parametrize("bits", [16, 24])
def test_what_is_exact_stays_exact(media, tmp_path, bits):
    samples = exact(bits)
    path = media.integers(f"grid-{bits}.wav", samples, bits=bits)
    heard = render(tmp_path / "out.wav", f"--format=s{bits}", path)
    numpy.testing.assert_array_equal(heard, samples)
    on = render(tmp_path / "on.wav", f"--format=s{bits}", "--dither=on", path)
    assert 0 < abs(on - samples).max() <= 1
    changed = (on != samples).mean()
    assert 0.2 < changed < 0.3, "rounding a triangle: a quarter of the samples move"


def test_it_begins_with_the_first_sample_and_ends_after_a_second(media, tmp_path):
    samples = exact(16, 5 * RATE_HZ) / 2**15
    at = 70_001
    samples[1, at] += 0.3 / 2**15
    path = media.floats("one-off.wav", samples)
    heard = render(tmp_path / "out.wav", "--format=s16", path)
    differs = numpy.flatnonzero((heard != numpy.round(samples * 2**15)).any(axis=0))
    assert at <= differs[0] <= at + 20
    assert at + RATE_HZ - 20 <= differs[-1] <= at + RATE_HZ


def test_the_same_sound_makes_the_same_bytes(media, tmp_path):
    path = media.sine(1, db=-20, bits=24, suffix="wav")
    for name in ("a.wav", "b.wav"):
        render(tmp_path / name, "--format=s16", "--gain=-3", path)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_it_never_wraps_at_full_scale(media, tmp_path):
    loud = numpy.tile(numpy.where(numpy.arange(RATE_HZ) // 100 % 2, 1.7, -1.7), (2, 1))
    path = media.floats("loud-square.wav", loud)
    heard = render(tmp_path / "out.wav", "--format=s16", "--limiter=off", "--dither=on", path)
    numpy.testing.assert_array_equal(numpy.sign(heard), numpy.sign(loud))
    assert abs(heard).min() > 32760


def test_a_daemon_that_writes_a_file(make_daemon, media, tmp_path):
    """--backend=file has the formats and the dither, too."""
    out = tmp_path / "d.wav"
    daemon = make_daemon(
        f"--device={out}", "--format=s16", "--dither=on", "--no-restore", backend="file"
    ).start()
    client = daemon.client()
    client.play(media.integers("grid.wav", exact(16)))
    wait_for(client, state="stopped")
    client.call("server.shutdown")
    assert daemon.wait() == 0
    heard = read_wav(out)[2]
    assert numpy.abs(heard).max() > 5000 and heard.shape[1] >= RATE_HZ
