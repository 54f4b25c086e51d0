# SPDX-License-Identifier: ISC
"""Pictures that the client writes, `chant eq --png` and `chant spectrum --png`, read as pixels."""

import os
import subprocess

import numpy as np
import pytest

from programs import CHANT, eventually, run

FRAME = (140, 145, 153)
BLUE = (0, 115, 179)
GREEN = (0, 158, 115)
WIDTH, HEIGHT = 1200, 600


@pytest.fixture(autouse=True)
def only_with_cairo(daemon, tmp_path):
    done = chant(daemon, "eq", "--png", tmp_path / "probe.png")
    if "without cairo" in done.stderr:
        pytest.skip("chant is built without cairo")


def chant(daemon, *words):
    return run(CHANT, *words, env={"CHANT_SOCKET": str(daemon.socket), "LC_ALL": "C.UTF-8"})


def pixels(path, width=WIDTH, height=HEIGHT):
    """rows x columns x RGB, as ffmpeg reads them."""
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        check=True, capture_output=True,
    ).stdout
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3).astype(int)


def like(image, colour, within=6):
    return (np.abs(image - colour) <= within).all(axis=2)


def field(image):
    """Top, bottom, left and right of the frame: its lines are the longest of their colour."""
    marks = like(image, FRAME)
    rows = np.nonzero(marks.sum(axis=1) > 0.8 * image.shape[1])[0]
    columns = np.nonzero(marks.sum(axis=0) > 0.7 * image.shape[0])[0]
    return rows[0], rows[-1], columns[0], columns[-1]


def column_of(hz, left, right, low_hz=20.0, high_hz=20000.0):
    return int(round(left + (right - left) * np.log(hz / low_hz) / np.log(high_hz / low_hz)))


def test_the_curve_of_the_equaliser(daemon, client, tmp_path):
    """Where the line is in the picture is what eq.response says, to a pixel."""
    client.call("eq.set", bands=[{"freq_hz": 120, "gain_db": 9, "q": 1},
                                 {"freq_hz": 3000, "gain_db": -7, "q": 2}])
    path = tmp_path / "eq.png"
    done = chant(daemon, "eq", "--png", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    image = pixels(path)
    top, bottom, left, right = field(image)
    freqs = [30, 60, 240, 500, 1000, 2000, 6000, 15000]
    wanted = client.call("eq.response", freqs_hz=freqs)["gains_db"]
    line = like(image, BLUE, within=40)
    for hz, db in zip(freqs, wanted):
        rows = np.nonzero(line[:, column_of(hz, left, right)])[0]
        seen = 12 - 24 * (rows.mean() - top) / (bottom - top)
        assert abs(seen - db) < 0.15, (hz, seen, db)


def test_the_curves_of_two_channels(daemon, client, tmp_path):
    client.call("eq.set", bands=[{"freq_hz": 120, "gain_db": 9, "q": 1, "bypass_right": True},
                                 {"freq_hz": 3000, "gain_db": -7, "q": 2, "bypass_left": True}])
    path = tmp_path / "eq.png"
    assert chant(daemon, "eq", "--png", path).returncode == 0
    image = pixels(path)
    top, bottom, left, right = field(image)
    for channel, colour, freqs in (("left", BLUE, [60, 240]), ("right", GREEN, [2000, 6000])):
        wanted = client.call("eq.response", freqs_hz=freqs, channel=channel)["gains_db"]
        line = like(image, colour, within=40)
        for hz, db in zip(freqs, wanted):
            rows = np.nonzero(line[:, column_of(hz, left, right)])[0]
            assert abs(12 - 24 * (rows.mean() - top) / (bottom - top) - db) < 0.15, (hz, db)


def test_a_still_of_the_spectrum(daemon, client, tmp_path):
    """The highest bar is the tone, at its level."""
    client.play("tone:sine?hz=1000&db=-20")
    eventually(lambda: client.call("server.stats")["callback"]["frames"] > 24000)
    path = tmp_path / "spectrum.png"
    assert chant(daemon, "spectrum", "--png", path, "--peak-hold", "0").returncode == 0
    image = pixels(path)
    top, bottom, left, right = field(image)
    # The bars are blue over white, seven tenths of it.
    bars = like(image, [int(0.7 * c + 0.3 * 255) for c in BLUE], within=12)
    bars[: top + 60, right - 200:] = False  # the legend
    heights = bars.sum(axis=0)
    peak = int(np.argmax(heights))
    assert abs(peak - column_of(1000, left, right)) <= 5
    level = -96 * (np.nonzero(bars[:, peak])[0][0] - top) / (bottom - top)
    assert abs(level + 20) < 0.4


def test_two_channels_and_another_size(daemon, client, tmp_path):
    client.play("tone:pink?db=-20")
    path = tmp_path / "two.png"
    done = chant(daemon, "spectrum", "--channels", "each", "--scale", "third_octave", "--png", path,
                 "--size", "640x400")
    assert done.returncode == 0, done.stderr
    image = pixels(path, 640, 400)
    red, blue = image[:, :, 0], image[:, :, 2]
    assert (blue > red + 60).sum() > 200, "left"
    assert (red > blue + 60).sum() > 200, "right"


def test_into_a_pipe(daemon):
    done = subprocess.run([CHANT, "eq", "--png", "-"], capture_output=True, check=True,
                          env={**os.environ, "CHANT_SOCKET": str(daemon.socket)})
    assert done.stdout.startswith(b"\x89PNG\r\n") and done.stdout.endswith(b"IEND\xaeB`\x82")


def test_what_was_there_stays_if_it_fails(daemon, client, tmp_path):
    """A silent daemon still gives a picture; a folder that is not there is named."""
    path = tmp_path / "still.png"
    assert chant(daemon, "spectrum", "--png", path).returncode == 0
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask()
    before = path.read_bytes()
    missing = chant(daemon, "eq", "--png", tmp_path / "no" / "x.png")
    assert missing.returncode == 5 and missing.stderr.startswith("chant: NOT_FOUND: can't write ")
    nobody = run(CHANT, "spectrum", "--png", path, env={"CHANT_SOCKET": str(tmp_path / "none")})
    assert nobody.returncode == 3 and path.read_bytes() == before
    full = chant(daemon, "eq", "--png", "/dev/full")
    assert full.returncode == 1 and "No space left" in full.stderr
    assert [entry.name for entry in tmp_path.iterdir() if ".png." in entry.name] == []


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("words, why", [
    (["eq", "--size", "800x600"], "--size belongs to --png"),
    (["eq", "--png", "x", "--size", "800"], "--size takes a width and a height"),
    (["eq", "--png", "x", "--size", "99999x600"], "--size takes a width and a height"),
    (["eq", "flat", "--png", "x"], "--png belongs to 'eq' alone"),
])
def test_wrong_usage(daemon, words, why):
    done = chant(daemon, *words)
    assert done.returncode == 2 and why in done.stderr
