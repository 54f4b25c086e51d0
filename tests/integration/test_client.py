# SPDX-License-Identifier: ISC
"""chant: its verbs, its exit codes, and what it prints to a pipe."""

import json
import os
import pty
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time

import pytest

from media import read_wav
from programs import CHANT, run, seconds
from test_play import wait_for


@pytest.fixture
def chant(daemon):
    """Run chant on the daemon; expects exit code 0 unless told otherwise."""

    def call(*words, code=0, stdin="", **more):
        result = run(
            CHANT, *words, stdin=stdin, env={"CHANT_SOCKET": str(daemon.socket)}, **more
        )
        assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
        assert code == 0 or result.stderr.startswith("chant: "), result.stderr
        return result.stdout if code == 0 else result.stderr

    return call


def on_a_terminal(daemon, *words):
    """What it prints on a terminal of 100 columns."""
    main, other = pty.openpty()
    process = subprocess.Popen(
        [str(CHANT), *map(str, words)],
        stdin=other,
        stdout=other,
        stderr=other,
        env={
            **os.environ,
            "CHANT_SOCKET": str(daemon.socket),
            "TERM": "xterm",
            "COLUMNS": "100",
            "LINES": "30",
            "LC_ALL": "C.UTF-8",
        },
    )
    os.close(other)
    return process, main


def read_all(fd):
    text = b""
    while True:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            piece = b""
        if not piece:
            return text.decode(errors="replace")
        text += piece


# --- transport


def test_play_a_file_by_a_relative_path(chant, client, media, tmp_path):
    shutil.copy(media.sine(3), tmp_path / "über ein lied.wav")
    assert chant("play", "über ein lied.wav", cwd=tmp_path) == ""
    status = client.status()
    assert status["state"] == "playing"
    assert status["item"]["uri"] == str(tmp_path / "über ein lied.wav")


def test_play_a_name_that_is_not_utf8(chant, client, media, tmp_path):
    name = os.fsencode(tmp_path) + b"/\xe4\xff 100%.wav"
    shutil.copy(media.sine(2), name)
    chant("play", os.fsdecode(name))
    status = client.status()
    assert status["state"] == "playing" and status["item"]["uri"].endswith("/%E4%FF%20100%25.wav")


def test_play_a_directory(chant, client, media, tmp_path):
    folder = tmp_path / "album"
    folder.mkdir()
    for name in ("10 ten.wav", "2 two.wav", "1 one.flac", "notes.txt", ".hidden.wav"):
        shutil.copy(media.sine(2, suffix="flac" if "flac" in name else "wav"), folder / name)
    chant("play", folder)
    uris = [item["uri"] for item in client.call("queue.list")["items"]]
    assert [os.path.basename(uri) for uri in uris] == ["1 one.flac", "2 two.wav", "10 ten.wav"]
    (tmp_path / "empty").mkdir()
    assert "empty" in chant("play", tmp_path / "empty", code=5)
    assert client.call("queue.list")["length"] == 3


def test_play_a_playlist(chant, client, media, tmp_path):
    shutil.copy(media.sine(2), tmp_path / "a.wav")
    (tmp_path / "list.m3u8").write_text(
        f"#EXTM3U\r\n#EXTINF:2,A\r\na.wav\r\n\r\n{media.sine(3)}\r\ntone:sine?s=2\r\n"
    )
    chant("play", "list.m3u8", cwd=tmp_path)
    uris = [item["uri"] for item in client.call("queue.list")["items"]]
    assert uris == [str(tmp_path / "a.wav"), str(media.sine(3)), "tone:sine?s=2"]


def test_transport_verbs(chant, client, media):
    chant("play", media.sine(20), media.sine(19))
    first = client.status()["item"]["id"]
    chant("pause")
    assert client.status()["state"] == "paused"
    chant("toggle")
    assert client.status()["state"] == "playing"
    chant("seek", "0:12.5")
    assert 12.4 < client.status()["position_s"] < 14
    chant("seek", "-5")
    assert 7 < client.status()["position_s"] < 9.5
    chant("seek", "+2")
    assert 9 < client.status()["position_s"] < 12
    chant("next")
    assert client.status()["item"]["id"] != first
    chant("prev")
    assert client.status()["item"]["id"] == first
    chant("stop")
    assert client.status()["state"] == "stopped"
    chant("play")
    assert client.status()["state"] == "playing"
    chant("pause")
    chant("resume")
    assert client.status()["state"] == "playing"


def test_queue_verbs(chant, client, media):
    chant("load", media.sine(2), media.sine(3))
    assert client.status()["state"] == "stopped"
    chant("add", "tone:sine?s=1", "--at", "1")
    items = json.loads(chant("queue"))["items"]
    assert [item["uri"] for item in items][1] == "tone:sine?s=1" and len(items) == 3
    a, b, c = [item["id"] for item in items]
    chant("mv", a, 2)
    assert [item["id"] for item in client.call("queue.list")["items"]] == [b, c, a]
    chant("rm", b, c)
    assert [item["id"] for item in client.call("queue.list")["items"]] == [a]
    chant("clear")
    assert client.call("queue.list")["length"] == 0


def test_a_long_list_needs_several_lines(chant, client, tmp_path):
    """More than a line of the protocol holds."""
    folder = tmp_path / ("x" * 200)
    folder.mkdir()
    for n in range(6000):
        (folder / f"{n:05}{'y' * 100}.wav").touch()
    chant("load", folder)
    assert client.call("queue.list", limit=1)["length"] == 6000
    items = json.loads(chant("queue"))["items"]
    assert [os.path.basename(item["uri"])[:5] for item in items] == [f"{n:05}" for n in range(6000)]


# --- sound


def test_gain(chant, client):
    chant("gain", "-6")
    assert client.call("mixer.get")["gain_db"] == -6
    chant("gain", "+2")
    assert client.call("mixer.get")["gain_db"] == 2
    chant("gain", "--by", "-3")
    assert client.call("mixer.get")["gain_db"] == -1
    chant("gain", "up", "2")
    assert client.call("mixer.get")["gain_db"] == 1
    chant("gain", "-inf")
    assert client.call("mixer.get")["gain_db"] is None
    assert json.loads(chant("gain"))["gain_db"] is None
    chant("mute")
    assert client.call("mixer.get")["mute"] is True
    chant("unmute")
    assert client.call("mixer.get")["mute"] is False
    chant("pan", "-0.5")
    assert client.call("mixer.get")["pan"] == -0.5
    assert "OUT_OF_RANGE" in chant("gain", "13", code=1)


def test_eq(chant, client, tmp_path):
    chant("eq", "set", "1", "--freq", "100", "--gain", "6", "--q", "1")
    band = client.call("eq.get")["bands"][1]
    assert (band["freq_hz"], band["gain_db"], band["q"]) == (100, 6, 1)
    chant("eq", "set", "10", "--type", "high_shelf", "--freq", "9000", "--gain", "-3")
    assert client.call("eq.get")["bands"][10]["type"] == "high_shelf"
    chant("eq", "preamp", "-4")
    assert client.call("eq.get")["preamp_db"] == -4
    chant("eq", "bypass", "on")
    assert client.call("eq.get")["bypass"] is True
    chant("eq", "flat")
    assert all(band["gain_db"] == 0 for band in client.call("eq.get")["bands"])
    path = tmp_path / "eq.json"
    path.write_text('{"bands":\n[{"type":"notch","freq_hz":50,"q":5}]}\n')
    chant("eq", "load", path)
    assert [band["type"] for band in client.call("eq.get")["bands"]] == ["notch"]
    assert json.loads(chant("eq"))["bands"][0]["type"] == "notch"
    assert "OUT_OF_RANGE" in chant("eq", "set", "99", "--gain", "1", code=1)


def test_eq_graphic(chant, client):
    def gains():
        return client.call("eq.get")["graphic"]["gains_db"]

    assert [one["layout"] for one in json.loads(chant("eq", "graphic"))["layouts"]]
    assert gains() == [0] * 10
    client.call("eq.band", index=0, q=3)
    assert "no sliders" in chant("eq", "graphic", "1k", "3", code=5)
    chant("eq", "graphic", "iso10")
    assert gains() == [0] * 10
    chant("eq", "graphic", "iso10", *"12 -12 1.5 0 0 0 0 0 0 -3dB".split())
    assert gains() == [12, -12, 1.5, 0, 0, 0, 0, 0, 0, -3]
    for words in (["31.5", "up", "5"], ["63", "up"], ["1k", "-3", "dB"], ["16kHz", "down", "2.5"]):
        chant("eq", "graphic", *words)
    assert gains() == [12, -11, 1.5, 0, 0, -3, 0, 0, 0, -5.5]
    chant("eq", "graphic", "60", "4")  # the slider at 63 Hz
    assert gains()[1] == 4
    before = gains()
    assert "31.5 63 125" in chant("eq", "graphic", "700", "4", code=5)
    assert "10 sliders" in chant("eq", "graphic", "iso10", "1", "2", code=1)
    assert "OUT_OF_RANGE" in chant("eq", "graphic", "1k", "13", code=1)
    for words in (["1k"], ["1k", "up", "x"], ["1k", "3", "4"], ["iso10", "1", "x"]):
        chant("eq", "graphic", *words, code=2)
    assert gains() == before
    chant("eq", "graphic", "seed8", *["-1"] * 8)
    assert gains() == [-1] * 8
    chant("eq", "preamp", "-1")
    chant("eq", "flat")
    assert gains() == [0] * 8 and client.call("eq.get")["preamp_db"] == 0


def test_sliders_are_drawn_on_a_terminal(daemon, client):
    client.call("eq.graphic", layout="seed8", gains_db=[12, 5, 0, 0, 0, 0, -6, -12])
    process, fd = on_a_terminal(daemon, "eq", "graphic")
    lines = [line.rstrip() for line in read_all(fd).splitlines()]
    assert process.wait(seconds(10)) == 0
    rows = {line[:5].strip(): line for line in lines}
    assert "seed8, 8 sliders" in lines[0]
    assert rows["Hz"].split() == "Hz 60 120 240 480 960 1.92k 3.84k 7.68k".split()
    assert rows["dB"].split() == "dB +12 +5 0 0 0 0 -6 -12".split()
    top = lines.index(rows["+12"])
    bars = [line.count("█") // 2 for line in lines[top : top + 13]]
    assert bars == [1, 1, 1, 1, 2, 2, 0, 2, 2, 2, 1, 1, 1]
    assert "▄▄" in rows["+6"]  # the odd dB


# --- queries


def test_status_is_json_in_a_pipe(chant, client, media):
    chant("play", media.tagged("flac"))
    status = json.loads(chant("status"))
    assert "playing" in json.dumps(status) and "Das Album" in json.dumps(status, ensure_ascii=False)
    assert chant("status").count("\n") == 1


def test_status_is_words_on_a_terminal(daemon, client, media):
    client.play(media.tagged("flac"))
    process, fd = on_a_terminal(daemon, "status")
    text = read_all(fd)
    assert process.wait(seconds(10)) == 0
    assert "playing" in text and "Ein Lied" in text and "{" not in text


def test_call(chant):
    assert json.loads(chant("call", "mixer.set", '{"gain_db":-7}'))["gain_db"] == -7
    assert "METHOD_NOT_FOUND" in chant("call", "no.method", code=1)
    assert "JSON" in chant("call", "mixer.set", "{gain:1}", code=2)


def test_raw(chant):
    text = "".join(
        json.dumps({"jsonrpc": "2.0", "id": n, "method": "rpc.version"}) + "\n" for n in range(500)
    )
    lines = chant("raw", stdin=text).splitlines()
    assert [json.loads(line)["id"] for line in lines] == list(range(500))
    assert json.loads(chant("raw", stdin="garbage\n"))["error"]["code"] == -32700


def test_watch(daemon, client):
    process = subprocess.Popen(
        [CHANT, "watch", "mixer", "--count", "3"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "CHANT_SOCKET": str(daemon.socket)},
    )
    first = json.loads(process.stdout.readline())
    assert first["topic"] == "mixer" and first["snapshot"] is True
    client.call("mixer.set", gain_db=-3)
    client.call("mixer.set", gain_db=-4)
    gains = [json.loads(process.stdout.readline())["data"]["gain_db"] for _ in range(2)]
    assert gains == [-3, -4]
    assert process.wait(seconds(10)) == 0


def test_spectrum_and_meter_into_a_pipe(chant, client):
    client.play("tone:sine?hz=1000&db=-10")
    frames = [json.loads(line) for line in
              chant("spectrum", "--count", "12", "--bands", "20").splitlines()]
    assert len(frames) == 12
    assert max(frame_data(frames[-1])["bands"]) == pytest.approx(-10, abs=0.2)
    frames = [json.loads(line) for line in chant("meter", "--count", "8").splitlines()]
    assert frame_data(frames[-1])["peak_dbfs"][0] == pytest.approx(-10, abs=0.1)


def frame_data(frame):
    return frame.get("data", frame)


def test_a_linear_spectrum_begins_at_nothing(chant, client):
    client.play("tone:pink?db=-10")
    words = ("spectrum", "--bands=8", "--fmax=800", "--scale=linear", "--count=15")
    lowest = [
        max(json.loads(line)["bands"][0] for line in chant(*words, fmin).splitlines())
        for fmin in ("--fmin=0", "--fmin=400")
    ]
    assert lowest[0] > lowest[1] + 4, "pink noise: all below 100 Hz, and 50 Hz above 400"
    assert "fmin_hz" in chant("spectrum", "--fmin=0", code=1)


@pytest.mark.parametrize("verb", ["spectrum", "meter"])
def test_live_views_draw_and_leave(daemon, client, verb):
    """On a terminal: something is drawn again and again, and q ends it."""
    client.play("tone:pink?db=-10")
    process, fd = on_a_terminal(daemon, verb)
    time.sleep(seconds(1))
    os.write(fd, b"q")
    text = read_all(fd)
    assert process.wait(seconds(10)) == 0
    assert len(text) > 500 and "\x1b[" in text
    assert "\x1b[?1049l" in text, "the screen is given back"


def test_who_reads_no_further(daemon, client):
    """`chant spectrum | head` ends when head does."""
    client.play("tone:pink?db=-10")
    script = f'"{CHANT}" spectrum --bands 16 | head -n 2'
    result = run("bash", "-c", script, env={"CHANT_SOCKET": str(daemon.socket)}, timeout_s=10)
    assert result.stdout.count("\n") == 2 and result.stderr == ""


# --- render


def test_render(chant, media, tmp_path):
    shutil.copy(media.sine(0.5), tmp_path / "in.wav")
    chant("render", "out.wav", "in.wav", "--gain", "-6", cwd=tmp_path)
    out, _, _ = read_wav(tmp_path / "out.wav")
    source, _, _ = read_wav(media.sine(0.5))
    assert abs(out - source * 10 ** (-6 / 20)).max() < 1e-6
    chant("render", tmp_path / "x.wav", tmp_path / "none.wav", code=5)


# --- errors


def test_exit_codes(chant, media, tmp_path):
    assert chant("play", tmp_path / "none.flac", code=5).startswith("chant: NOT_FOUND: ")
    assert "UNSUPPORTED_FORMAT" in chant("play", media.text_as_flac(), code=1)
    assert "CONFLICT" in chant("next", code=1)
    assert "NOT_FOUND" in chant("rm", "99", code=5)
    for words in (["dance"], ["seek"], ["seek", "soon"], ["gain", "loud"], ["rm", "x"],
                  ["status", "--colour"], ["play", "--id", "x"], ["mv", "1"], ["eq", "sett"]):
        chant(*words, code=2)


def test_without_a_daemon(tmp_path):
    for verb in ("status", "play", "raw", "spectrum", "watch"):
        result = run(CHANT, verb, f"--socket={tmp_path / 'none.sock'}")
        assert result.returncode == 3
        assert "none.sock" in result.stderr and "chantd" in result.stderr


def test_a_daemon_that_does_not_answer(tmp_path):
    """Something listens, and says nothing."""
    path = tmp_path / "mute.sock"
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen()
        result = run(CHANT, "call", "player.status", "--timeout", "0.3", f"--socket={path}")
    assert result.returncode == 6 and "TIMEOUT" in result.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs another user")
def test_no_permission(daemon):
    """Another user may not speak to the daemon, and is told so."""
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        # Where that user can run it, whoever owns the build.
        os.chmod(folder, 0o755)
        program = shutil.copy(CHANT, folder)
        os.chmod(program, 0o755)
        result = subprocess.run(
            [program, "status", f"--socket={daemon.socket}"],
            capture_output=True,
            text=True,
            cwd="/",
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            check=False,
        )
    assert result.returncode == 4 and "DENIED" in result.stderr


def test_help_of_everything(tmp_path):
    text = run(CHANT, "--help")
    assert text.returncode == 0
    verbs = re.findall(r"^  ([a-z]+) ", text.stdout, re.MULTILINE)
    assert {"play", "pause", "resume", "toggle", "stop", "next", "prev", "seek", "load", "add",
            "queue", "rm", "mv", "clear", "gain", "mute", "unmute", "eq", "loudness", "spectrum",
            "meter", "status", "watch", "call", "raw", "render"} <= set(verbs)
    for verb in verbs:
        one = run(CHANT, verb, "--help")
        assert one.returncode == 0 and one.stdout.startswith(f"Usage: chant {verb}")
    assert re.fullmatch(r"chant \d+\.\d+\.\d+\n", run(CHANT, "--version").stdout)
    assert run(CHANT).returncode == 2


def test_shutdown(chant, daemon):
    chant("shutdown")
    assert daemon.wait() == 0
    chant("status", code=3)


def test_many_at_once(daemon):
    """Fifty clients that start together all have their answer."""
    crowd = [
        subprocess.Popen(
            [CHANT, "call", "rpc.version"],
            stdout=subprocess.PIPE,
            env={**os.environ, "CHANT_SOCKET": str(daemon.socket)},
        )
        for _ in range(50)
    ]
    for one in crowd:
        out, _ = one.communicate(timeout=seconds(20))
        assert one.returncode == 0 and json.loads(out)["protocol"]["major"] == 1


def test_play_waits_for_nothing_else(chant, client, media):
    """It returns when the sound has begun; then status agrees."""
    chant("play", media.sine(1))
    assert client.status()["state"] == "playing"
    wait_for(client, state="stopped")
