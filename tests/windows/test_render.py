# SPDX-License-Identifier: ISC
"""The same inputs rendered by chantd.exe and by chantd: the same bytes.

But for Vorbis: libvorbis computes sines and square roots with the C library of each system, and its
own loops are contracted differently, so samples differ by what is left of a float's 24 bits below
full scale, and where they are rounded to 16 bits one in ten thousand falls to the other side.
"""

import hashlib

import numpy
import pytest

import programs
import wine
from media import read_wav
from wine import path

pytestmark = pytest.mark.usefixtures("bridge")


def render(tmp_path, *words, inputs):
    """Both files, of Linux first."""
    linux, windows = tmp_path / "linux.wav", tmp_path / "windows.wav"
    result = programs.run(programs.CHANTD, f"--render={linux}", *words, *inputs)
    assert result.returncode == 0, result.stderr
    result = wine.run(wine.CHANTD, f"--render={path(windows)}", *words, *map(path, inputs))
    assert result.returncode == 0, result.stderr
    return linux, windows


# Two units of the last place of a float between 0.5 and 1; one step of 16 bits.
LAST_BIT_F32 = 2.0**-22
LAST_BIT_S16 = 2.0**-15


def assert_same(linux, windows, but_for=0.0):
    """The same bytes, or samples that differ by no more than this."""
    a, b = linux.read_bytes(), windows.read_bytes()
    if a == b:
        return
    mine, theirs = read_wav(windows)[0], read_wav(linux)[0]
    assert mine.shape == theirs.shape
    difference = numpy.abs(mine - theirs)
    if difference.max() <= but_for:
        return
    raise AssertionError(
        f"{(difference > 0).mean():.2%} of the samples differ, by at most {difference.max():.3g};"
        f" {hashlib.sha256(a).hexdigest()[:12]} is not {hashlib.sha256(b).hexdigest()[:12]}"
    )


@pytest.fixture(scope="module")
def song(media):
    """Two seconds with all that a chain can work on: noise, a sweep, 44.1 kHz, 16 bits."""
    return media.sox(
        "song.wav", "synth", "2", "pinknoise", "sine", "100-8000", "vol", "-8dB", rate_hz=44100
    )


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3"])
def test_each_kind(tmp_path, media, song, suffix):
    file = song if suffix == "wav" else media.encode(song, suffix)
    but_for = LAST_BIT_F32 if suffix == "ogg" else 0.0
    assert_same(*render(tmp_path, "--limiter=off", inputs=[file]), but_for)


@pytest.mark.parametrize("format", ["f32", "s24", "s16"])
@pytest.mark.parametrize(
    "words",
    [
        ["--gain=-6"],
        ["--eq=bass", "--gain=3"],
        ["--rate=48000"],
        ["--rate=96000", "--eq=night", "--gain=9", "--limiter=-3"],
    ],
    ids=["gain", "eq", "resampled", "all"],
)
def test_the_chain(tmp_path, song, words, format):
    assert_same(*render(tmp_path, *words, f"--format={format}", inputs=[song]))


def test_several(tmp_path, media, song):
    """One after the other, of several rates."""
    inputs = [song, media.sine(0.7, suffix="flac", rate_hz=96000), media.encode(song, "ogg")]
    linux, windows = render(tmp_path, "--rate=48000", "--format=s16", inputs=inputs)
    assert_same(linux, windows, LAST_BIT_S16)
    a, b = (read_wav(path)[2] for path in (linux, windows))
    assert (a != b).mean() < 1e-3


def test_the_backend_that_writes_a_file(tmp_path, media, song):
    """The daemon itself, on the backend without a clock."""
    outputs = []
    for make, name in ((programs.Daemon, "linux"), (wine.Daemon, "windows")):
        output = tmp_path / f"{name}.wav"
        daemon = make(tmp_path, "--no-restore", f"--device={output}", "--rate=44100",
                      backend="file", name=name)  # fmt: skip
        daemon.start()
        try:
            client = daemon.client(30)
            client.call("mixer.set", gain_db=-6, ramp_ms=0)
            client.play(str(song) if name == "linux" else path(song))
            programs.eventually(lambda c=client: c.status()["state"] == "stopped", 30)
        finally:
            daemon.stop()
        outputs.append(output)
    linux, windows = (read_wav(output)[0] for output in outputs)
    sounding = [x[:, numpy.flatnonzero(x.any(axis=0))[[0, -1]][0] :] for x in (linux, windows)]
    n = 2 * 44100 - 10
    numpy.testing.assert_array_equal(sounding[0][:, :n], sounding[1][:, :n])
