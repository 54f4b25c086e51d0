# SPDX-License-Identifier: ISC
"""`chant spectrum` on a terminal: bars, line, axes, peaks, level, keys, sizes, and its thrift."""

import os
import re

import pytest

from figures import figure
from programs import eventually, seconds
from terminal import Screen, bytes_written, open_view, read_for

BLOCKS = "▁▂▃▄▅▆▇█"
PEAKS = "▁─▔"


@pytest.fixture
def screen(daemon, tmp_path):
    screen = Screen(tmp_path, daemon.socket, "spectrum")
    yield screen
    screen.close()


def heights(lines, left=5):
    """How high the bar of each column is, in eighths of a row, without marks of peaks."""
    field = lines[1:-1]
    width = max(len(line) for line in field)
    total = [0] * width
    for column in range(left, width):
        for line in reversed(field):
            glyph = line[column] if column < len(line) else " "
            if glyph not in BLOCKS:
                break
            total[column] += BLOCKS.index(glyph) + 1
    return total


def test_a_tone_stands_where_its_frequency_is(screen, client):
    """At 1 kHz and -20 dBFS by the axes at the side and below."""
    client.play("tone:sine?hz=1000&db=-20")
    lines = screen.start(105, 32, "--peak-hold", "0").wait_for("█")
    assert "gain" in screen.wait_for(r"peak +-20\.0 dBFS")[0]
    lines = screen.wait_for("^ *Hz +20 ")  # once the hint has gone from there
    high = heights(lines)
    at = high.index(max(high))
    assert abs(at - (lines[-1].index("1k") + 0.5)) <= 1.5, "over its number"
    zero = next(row for row, line in enumerate(lines) if re.match(r" +0 ", line))
    labels = {int(line[:4]): row for row, line in enumerate(lines) if re.match(r" *-\d+ ", line)}
    low_db, low_row = min(labels.items())
    rows_per_db = (low_row - zero) / -low_db
    top = len(lines) - 1 - max(high) / 8
    assert abs((top - zero) / rows_per_db - 20) < 2


def test_line_bars_and_help(screen, client):
    client.play("tone:pink?db=-20")
    screen.start(100, 30).wait_for("█")
    screen.press("l")
    screen.wait_for("[⠁-⣿]")
    assert not set("".join(screen.lines()[1:])) & set("▂▃▄▅▆▇█")
    screen.press("b")
    screen.wait_for("█")
    screen.press("h")
    shown = "\n".join(screen.wait_for("a line"))
    for words in ("bars", "quit", "seek", "gain"):
        assert words in shown, words
    screen.press("Escape")
    eventually(lambda: "a line" not in "\n".join(screen.lines()))


def test_a_peak_is_held_and_falls(screen, client):
    """After the tone the mark stays for as long as it was told, then goes down."""
    client.play("tone:sine?hz=1000&db=-12&s=1")
    screen.start(100, 30, "--peak-hold", "1500").wait_for("█")

    def marks():
        """Rows of marks above the bars, from the top."""
        return [row for row, line in enumerate(screen.lines()[1:-1])
                if any(glyph in PEAKS for glyph in line[5:])]

    eventually(lambda: marks() and marks()[0] < 6)
    eventually(lambda: max(heights(screen.lines())) < 10, what="the tone is over")
    assert marks() and marks()[0] < 6
    eventually(lambda: not marks() or marks()[0] > 15, what="it falls")


def test_it_resizes(screen, client):
    """More columns, more bands; too small for axes it still shows something; and back."""
    client.play("tone:pink?db=-20")
    screen.start(60, 20).wait_for("█")
    screen.resize(120, 40)
    eventually(lambda: sum(height > 0 for height in heights(screen.lines())) > 90)
    assert "10k" in screen.lines()[-1]
    screen.resize(12, 4)
    eventually(lambda: len(screen.lines()) == 4 and "█" in "".join(screen.lines()))
    screen.resize(100, 30)
    screen.wait_for("10k")
    screen.press("q")
    assert screen.exit_code() == 0


def test_sixty_frames_a_second(client, daemon):
    """Each frame is drawn: what 120 frames need is written, and not what 120 screens would be."""
    client.play("tone:pink?db=-20")
    begin = client.call("server.stats")["callback"]["frames"]
    written = bytes_written(daemon.socket, 100, 30, "spectrum", "--rate", "60", "--count", "120")
    took_s = (client.call("server.stats")["callback"]["frames"] - begin) / 48000
    assert 1.9 < took_s < 8, "two seconds of sound"
    # What a terminal that is filled anew at each frame would get: the first picture.
    first = bytes_written(daemon.socket, 100, 30, "spectrum", "--rate", "60", "--count", "1")
    with_bars = bytes_written(daemon.socket, 100, 30, "spectrum", "--rate", "60", "--count", "2")
    full = max(len(first), len(with_bars))
    share = 100 * len(written) / 120 / full
    figure("cost", "terminal: bytes per frame, of a full redraw", share, "<=", 30, "%")
    assert share <= 30


def test_what_stands_still_is_not_drawn_again(client, daemon):
    """Paused, at 60 fps: once the bars are down and the hint is gone, nothing is written."""
    client.play("tone:pink?db=-20")
    process, main = open_view(daemon.socket, 100, 30, "spectrum", "--rate", "60")
    playing = read_for(main, seconds(1))
    client.call("player.pause")
    eventually(lambda: read_for(main, 1.0) == b"", 20, what="a picture that stands")
    paused = read_for(main, 2.0)
    process.terminate()
    read_for(main, seconds(10))
    os.close(main)
    process.wait()
    assert len(playing) > 5000 and paused == b""
