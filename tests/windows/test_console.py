# SPDX-License-Identifier: ISC
"""chant.exe in a console: the live pictures, their keys, sizes and thrift, and what is left of it.

Wine shows a console on a Unix terminal.  It does not hear of that terminal's changes of size: here
a program in the same console makes them (console.c), as a window would.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import unicodedata

import pytest

import programs
import terminal
import wine
from programs import eventually, seconds


@pytest.fixture(scope="module")
def console_exe(tmp_path_factory):
    program = tmp_path_factory.mktemp("console") / "console.exe"
    subprocess.run(
        [wine.COMPILER, "-std=gnu11", "-O2", "-municode", "-static", "-o", program]
        + [wine.HERE / "console.c"],
        check=True,
    )
    return program


@pytest.fixture
def daemon(make_daemon):
    """Without sound: what is tested here is what is seen."""
    return make_daemon("--no-restore", backend="null").start()


class Console(terminal.Screen):
    """A verb of chant.exe in tmux, as the child of console.exe."""

    def __init__(self, folder, daemon, program):
        super().__init__(folder, daemon.pipe if daemon else "nobody", "")
        self.program = program
        self.report = folder / "report"
        self.wish = folder / "wish"

    def start(self, columns, rows, *words, before=""):
        line = " ".join([before, "wine", str(self.program), wine.path(self.report)]
                        + [wine.path(self.wish), wine.path(wine.CHANT), *words])
        env = {**os.environ, **wine.WINE_ENV, "CHANT_SOCKET": str(self.socket),
               "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        subprocess.run([*self.tmux, "new-session", "-d", "-x", str(columns), "-y", str(rows),
                        f"{line}; echo $? >{self.status}; sleep 1000"], env=env, check=True)
        self.started = True
        return self

    def resize(self, columns, rows):
        draft = self.wish.with_suffix(".draft")
        draft.write_text(f"{columns} {rows}\n")
        draft.rename(self.wish)
        eventually(lambda: not self.wish.exists())

    def end(self):
        """The exit code, after a look at what the console was left with."""
        assert self.exit_code() == 0, "of console.exe"
        before, after, code = self.report.read_text().splitlines()
        assert after == before and before.startswith("pages 850 437 ")
        return int(code.split()[1])


@pytest.fixture
def console(daemon, tmp_path, console_exe):
    console = Console(tmp_path, daemon, console_exe)
    yield console
    console.close()


def chant(daemon, *words, code=0, **more):
    result = wine.run(wine.CHANT, *words, env={"CHANT_SOCKET": daemon.pipe}, **more)
    assert result.returncode == code, result.stderr
    return result.stdout


# --- pictures -----------------------------------------------------------------------------------


def test_a_tone_stands_where_its_frequency_is(console, client):
    client.play("tone:sine?hz=1000&db=-20")
    console.start(105, 32, "spectrum", "--peak-hold", "0")
    assert "gain" in console.wait_for(r"peak +-20\.0 dBFS")[0]
    lines = console.wait_for("^ *Hz +20 ")  # once the hint has gone from there
    tops = [line.index("█") for line in lines[1:-1] if "█" in line]
    assert abs(tops[0] - (lines[-1].index("1k") + 0.5)) <= 1.5
    console.press("q")
    assert console.end() == 0


@pytest.mark.parametrize(
    "verb, pattern", [("meter", "LU I.*-20|true peak"), ("stats", r"period +[\d.]+ µs")]
)
def test_the_others(console, client, verb, pattern):
    client.play("tone:sine?hz=1000&db=-20")
    console.start(100, 30, verb).wait_for(pattern)
    console.press("q")
    assert console.end() == 0


def test_keys(console, client):
    client.play("tone:pink?db=-20")
    console.start(100, 30, "spectrum").wait_for("█")
    console.press("Up")
    eventually(lambda: client.call("mixer.get")["gain_db"] == 1)
    console.press("Down")
    console.press("Down")
    eventually(lambda: client.call("mixer.get")["gain_db"] == -1)
    console.press("m")
    console.wait_for("muted")
    console.press("m")
    console.press("Space")
    eventually(lambda: client.status()["state"] == "paused")
    console.press("h")
    console.wait_for("this help")
    console.press("h")  # not Escape, which Wine makes a key without a character of
    eventually(lambda: "this help" not in "".join(console.lines()))
    console.press("Space")
    console.press("l")
    console.wait_for("[⠁-⣿]")
    console.press("q")
    assert console.end() == 0


def test_a_title_of_many_scripts(console, client, media, tmp_path):
    """Two columns for what is two wide, none for what stands above, '?' for what no cell holds."""
    name = "Grüße 日本 e\u0301 \U0001f3b5 ж.wav"
    file = tmp_path / name
    os.link(media.sine(5), file)
    client.play(wine.path(file))
    line = console.start(100, 10, "meter").wait_for("Grüße")[0]
    shown = unicodedata.normalize("NFC", line)
    assert re.search(r"Grüße 日本 (e|é) \? ж", shown)
    assert re.search(r"gain +0\.0 dB", line), "in its place"


def test_it_resizes(console, client):
    client.play("tone:pink?db=-20")
    console.start(130, 45, "spectrum").wait_for("20k")
    for columns, rows in ((60, 20), (100, 30), (80, 25)):
        console.resize(columns, rows)

        def fits(columns=columns, rows=rows):
            # What is beyond stays there; Wine does not clear it.
            lines = [line.ljust(columns)[:columns] for line in console.lines()]
            axis = re.match(r"  Hz 20 .* 20k *$", lines[rows - 1])
            return axis and lines

        lines = eventually(fits, what=f"a picture of {columns}x{rows}")
        assert re.search(r"gain +0\.0 dB +\d+:\d\d *$", lines[0])
    console.press("q")
    assert console.exit_code() == 0  # Wine's screens have one size between them


# --- the end ------------------------------------------------------------------------------------


def test_ctrl_c(console, client):
    client.play("tone:pink?db=-20")
    console.start(100, 30, "spectrum").wait_for("█")
    console.press("C-c")
    assert console.end() == 130


def test_the_daemon_goes(console, client, daemon):
    console.start(100, 30, "meter").wait_for("RMS")
    client.call("server.shutdown")
    assert console.end() == 3
    assert "has gone away" in "\n".join(console.lines())


def test_what_only_prints_leaves_the_console_too(console):
    console.start(100, 30, "eq")
    assert console.end() == 0
    assert "FREQUENCY" in "\n".join(console.lines())


def test_keys_are_read_though_stdin_is_something_else(console, client):
    client.play("tone:pink?db=-20")
    console.start(100, 30, "spectrum", before="echo |").wait_for("█")


def test_no_picture_of_a_daemon_that_is_not_there(tmp_path, prefix, console_exe):
    console = Console(tmp_path, None, console_exe)
    try:
        console.start(100, 30, "spectrum")
        assert console.end() == 3
        assert "no daemon answers" in "\n".join(console.lines())
    finally:
        console.close()


# --- thrift -------------------------------------------------------------------------------------


def open_view(daemon, *words):
    """The view's process, and our end of its terminal of 100 by 30."""
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    env = {**os.environ, **wine.WINE_ENV, "CHANT_SOCKET": daemon.pipe, "TERM": "xterm-256color",
           "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(["wine", str(wine.CHANT), *words], stdin=other, stdout=other,
                               stderr=other, env=env, start_new_session=True)
    os.close(other)
    return process, main


def bytes_written(daemon, *words):
    process, main = open_view(daemon, *words)
    written = terminal.read_for(main, seconds(30))
    os.close(main)
    assert process.wait() == 0
    return len(written)


def test_only_what_changes_is_drawn(client, daemon):
    """What 60 frames need is written, and not what 60 screens would be."""
    client.play("tone:pink?db=-20")
    full = bytes_written(daemon, "spectrum", "--rate", "60", "--count", "2")
    written = bytes_written(daemon, "spectrum", "--rate", "60", "--count", "60")
    assert written / 60 <= 0.3 * full


def test_what_stands_still_is_not_drawn_again(client, daemon):
    client.play("tone:pink?db=-20")
    process, main = open_view(daemon, "spectrum", "--rate", "60", "--peak-hold", "0")
    playing = terminal.read_for(main, 2.0)
    client.call("player.pause")
    terminal.read_for(main, 5.0)
    paused = terminal.read_for(main, 2.0)
    os.write(main, b"q")
    terminal.read_for(main, seconds(10))
    os.close(main)
    assert process.wait() == 0
    assert len(playing) > 5000 and paused == b""


# --- without a console --------------------------------------------------------------------------


def test_into_a_pipe_it_is_json(client, daemon):
    client.play("tone:sine?hz=1000&db=-20")
    for verb, key in (("spectrum", "bands"), ("meter", "peak_dbfs"), ("stats", "callback")):
        said = chant(daemon, verb, "--count", "2").splitlines()
        assert len(said) == 2 and all(key in json.loads(line) for line in said)
    assert json.loads(chant(daemon, "eq"))["bands"]


def test_what_is_said_is_said_on_linux_too(prefix):
    """The same words in the same bytes, but for where the daemon is."""
    verbs = re.findall(r"^  (\w+) ", wine.run(wine.CHANT, "--help").stdout, re.MULTILINE)
    assert len(verbs) > 20
    cases = [["--version"], ["help"], ["frob"], ["gain", "loud"], ["seek"], ["eq", "set", "x"]]
    for words in cases + [[verb, "--help"] for verb in verbs]:
        mine = wine.run(wine.CHANT, *words, text=False)
        theirs = programs.run(programs.CHANT, *words, text=False)
        assert mine.returncode == theirs.returncode, words
        for got, wanted in ((mine.stdout, theirs.stdout), (mine.stderr, theirs.stderr)):
            for line, other in zip(got.splitlines(), wanted.splitlines(), strict=True):
                assert line == other or b"CHANT_SOCKET" in line or b"pipe" in line, words
            assert b"\r" not in got and b"\x1b" not in got


def test_without_a_daemon(prefix):
    for words in (["status"], ["spectrum"], ["watch"], ["play"], ["raw"]):
        result = wine.run(wine.CHANT, "--socket=nobody", *words)
        assert result.returncode == 3 and r"\\.\pipe\nobody" in result.stderr


def test_a_reader_that_goes_is_no_error(client, daemon):
    client.play("tone:pink?db=-20")
    env = {**os.environ, **wine.WINE_ENV, "CHANT_SOCKET": daemon.pipe}
    process = subprocess.Popen(["wine", str(wine.CHANT), "spectrum"], env=env,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert select.select([process.stdout], [], [], seconds(20))[0]
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(seconds(20)) == 0 and process.stderr.read() == b""
