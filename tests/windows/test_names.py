# SPDX-License-Identifier: ISC
"""Names of files as Windows has them, what is no sound file, garbage, and how programs end."""

import json
import shutil

import pytest

import programs
import wine
from device import moving
from programs import eventually
from wine import path


@pytest.fixture
def daemon(make_daemon):
    """What is asked here has nothing to do with the device."""
    return make_daemon(backend="null").start()


@pytest.mark.parametrize(
    "name", ["süß – 日本.flac", "Ωμέγα 🎵.flac", "a b & c (d) 100%.flac", "x" * 200 + ".flac"]
)
def test_any_name_is_played(client, chant, media, tmp_path, name):
    file = tmp_path / name
    shutil.copy(media.sine(5, suffix="flac"), file)
    client.play(path(file))
    moving(client)
    assert client.status()["item"]["uri"] == path(file)
    chant("play", path(file))
    moving(client)
    assert json.loads(chant("status"))["item"]["uri"] == path(file)
    assert name in json.dumps(client.call("queue.list"), ensure_ascii=False)


def test_a_long_path_is_played(client, chant, media, tmp_path):
    """Beyond the 260 characters of old."""
    folder = tmp_path
    for _ in range(4):
        folder = folder / ("d" * 80)
    folder.mkdir(parents=True)
    file = folder / "far away.flac"
    shutil.copy(media.sine(5, suffix="flac"), file)
    assert len(path(file)) > 350
    chant("play", path(file))
    moving(client)
    assert client.status()["item"]["uri"] == path(file)


@pytest.mark.parametrize("style", ["backslash", "relative", "uri"])
def test_ways_to_name_a_file(client, chant, media, tmp_path, style):
    shutil.copy(media.sine(5, suffix="flac"), tmp_path / "süß.flac")
    name = {
        "backslash": path(tmp_path / "süß.flac").replace("/", "\\"),
        "relative": "süß.flac",
        "uri": "file:///" + path(tmp_path / "s%C3%BC%C3%9F.flac"),
    }[style]
    chant("play", name, cwd=tmp_path)
    moving(client)
    assert client.status()["item"]["uri"].replace("file:///", "").replace("%C3%BC%C3%9F", "üß") == (
        path(tmp_path / "süß.flac")
    )


@pytest.mark.parametrize("name", ["CON", "Z:/nul", "Z:/tmp/COM1.wav", "Z:/a?b.wav", "Z:/a|b", "Z:"])
def test_names_of_devices_and_impossible_ones(client, name):
    """They are no sound files: an error, at once, and the daemon goes on."""
    message = client.answer(client.request("player.load", {"uris": [name], "play": True}))
    if "error" not in message:
        eventually(lambda: client.status()["state"] != "playing")
    assert client.call("rpc.version")


def test_bad_files_are_passed_over(client, media):
    """As on Linux: what can't be played is named, and the next one plays."""
    bad = [media.text_as_flac(), media.zero_bytes(), media.header_only("mp3")]
    good = media.sine(20, suffix="ogg")
    client.call("player.load", uris=[path(file) for file in (*bad, good)], play=True)
    eventually(lambda: (client.status().get("item") or {}).get("uri", "").endswith(".ogg"), 20)
    moving(client)


@pytest.mark.parametrize(
    "garbage",
    [b"\0" * 5000, bytes(range(11, 256)) * 40, b"{" * 100, b"\xff\xfe"],
    ids=["zeros", "all bytes", "braces", "no UTF-8"],
)
def test_garbage_on_the_pipe(client, daemon, garbage):
    """Answered as an error, or not at all; the connection beside it never notices."""
    with daemon.client() as bad:
        bad.send_bytes(garbage + b"\n")
        assert json.loads(bad.line())["error"]["code"] < 0
        assert bad.call("rpc.version")
    with daemon.client() as cut:
        cut.send_bytes(b'{"jsonrpc":"2.0","id":1,"meth')
    assert client.call("rpc.version")


def test_a_line_that_is_too_long(client):
    client.send_bytes(b"x" * (2 << 20) + b"\n")
    assert json.loads(client.line(60))["error"]["data"]["name"] == "LINE_TOO_LONG"
    assert client.call("rpc.version")


CASES = [
    ("chant", ["--version"], 0),
    ("chant", ["--help"], 0),
    ("chant", ["no-such-verb"], 2),
    ("chant", ["gain", "loud"], 2),
    ("chant", ["status", "--no-such-option"], 2),
    ("chant", ["status", "--socket=chant-test-nobody"], 3),
    ("chantd", ["--version"], 0),
    ("chantd", ["--help"], 0),
    ("chantd", ["--no-such-option"], 2),
    ("chantd", ["--backend=none-such"], 2),
    ("chantd", ["--rate=1"], 2),
    ("chantd", ["--render=nowhere/out.wav", "no-such-file.flac"], 5),
]


@pytest.mark.parametrize("program, words, code", CASES)
def test_ends_as_on_linux(bridge, tmp_path, program, words, code):
    """The same exit code, and the same silence on the stream that is not for it."""
    linux = programs.run(programs.BUILD / program, *words, cwd=tmp_path)
    windows = wine.run(wine.BUILD / f"{program}.exe", *words, cwd=tmp_path)
    assert linux.returncode == code
    assert windows.returncode == code, windows.stderr
    assert bool(windows.stdout) == bool(linux.stdout)
    assert bool(windows.stderr) == bool(linux.stderr)
    assert "\r" not in windows.stdout


def test_errors_of_the_daemon_are_the_clients(chant, client):
    chant("call", "no.such", code=1)
    chant("play", "Z:/no/such/file.flac", code=5)
    chant("seek", "10", code=1)


def test_one_daemon_at_a_pipe(daemon, tmp_path):
    second = wine.run(wine.CHANTD, "--backend=null", f"--socket={daemon.pipe}", "--no-restore")
    assert second.returncode == 1
    assert daemon.client().call("rpc.version")


def test_ends_when_asked(make_daemon):
    daemon = make_daemon(backend="null").start()
    client = daemon.client()
    assert client.call("server.shutdown") is not None
    assert daemon.wait(30) == 0


def test_ends_with_something_left_to_write(make_daemon):
    """A change of the last moment is kept, by a thread that ends after all others."""
    daemon = make_daemon(backend="null").start()
    client = daemon.client()
    client.call("mixer.set", gain_db=-6)
    daemon.process.terminate()
    assert daemon.wait(30) == 0
    client.close()
    daemon.start()
    assert daemon.client().call("mixer.get")["gain_db"] == -6
