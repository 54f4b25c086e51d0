# SPDX-License-Identifier: ISC
"""Scans: the cache and what harms it, progress, cancelling, errors, and `chant loudness`."""

import fcntl
import json
import os
import shutil
import signal
import struct
import subprocess
import termios
import time
import unicodedata
from urllib.parse import quote

import numpy
import pytest

from programs import CHANT, eventually, run

pytestmark = pytest.mark.threads


@pytest.fixture
def start(make_daemon, tmp_path):
    """Daemons that share one cache."""

    def make():
        return make_daemon(env={"XDG_CACHE_HOME": str(tmp_path / "cache")}).start()

    return make


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache" / "chant" / "loudness"


def scan(client, *paths, **more):
    return client.call("loudness.scan", timeout_s=300, uris=[str(path) for path in paths], **more)


def cached(answer):
    return [result["cached"] for result in answer["results"]]


def long_file(media):
    return media.sine(600, hz=300, db=-20, suffix="flac")


# --- cache


def test_the_cache_outlives_the_daemon(start, media, cache):
    paths = [media.sine(1.5, db=db) for db in (-12, -20)]
    daemon = start()
    first = scan(daemon.client(), *paths)
    assert cached(first) == [False, False]
    assert cached(scan(daemon.client(), *paths)) == [True, True]
    daemon.stop()
    second = scan(start().client(), *paths)
    assert cached(second) == [True, True]
    for one, two in zip(first["results"], second["results"]):
        assert {**one, "cached": True} == two
    assert cache.stat().st_mode & 0o777 == 0o600


def test_a_file_that_changed_is_measured_again(start, media, tmp_path):
    client = start().client()
    path = tmp_path / "a.wav"
    shutil.copy(media.sine(1.5, db=-12), path)
    before = scan(client, path)["results"][0]
    assert cached(scan(client, path)) == [True]
    shutil.copy(media.sine(1.5, db=-20), path)
    after = scan(client, path)["results"][0]
    assert not after["cached"]
    assert before["integrated_lufs"] - after["integrated_lufs"] == pytest.approx(8, abs=0.05)
    os.utime(path, (1, 1))
    assert cached(scan(client, path)) == [False], "another time of change"


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: b"",
        lambda data: data[:-20],
        lambda data: data[: len(data) // 2],
        lambda data: b"\x00\xff garbage\n" * 500 + data,
        lambda data: data + b"1 2 3 4 5 nan nan nan nan nan 0 /x\n1 1\n\n",
        lambda data: b"x" * 100_000 + b"\n" + data,
        lambda data: data.replace(b"1 ", b"9 ", 1),
        lambda data: data * 3000,
    ],
    ids=["empty", "cut", "half", "garbage", "nan", "long line", "version", "too much"],
)
def test_a_harmed_cache_is_no_harm(start, media, cache, harm):
    paths = [media.sine(1.5, db=db) for db in (-12, -20)]
    daemon = start()
    wanted = scan(daemon.client(), *paths)["results"]
    daemon.stop()
    data = harm(cache.read_bytes())
    cache.write_bytes(data)
    daemon = start()
    again = scan(daemon.client(), *paths)["results"]
    assert [{**r, "cached": False} for r in again] == wanted
    assert cached(scan(daemon.client(), *paths)) == [True, True]
    daemon.stop()
    assert cached(scan(start().client(), *paths)) == [True, True]
    if len(data) > 10**6:
        assert cache.stat().st_size < 1000, "written anew"


def test_any_name_is_kept(start, media, tmp_path):
    names = [b"new\nline", b"\\n\n\\", b"back\\slash", b"b\xff\xfe", b" a %0A \t"]
    uris = []
    for name in names:
        shutil.copy(media.sine(1.5), os.fsencode(tmp_path) + b"/" + name + b".wav")
        uris.append("file://" + quote(os.fsencode(tmp_path) + b"/" + name + b".wav"))
    daemon = start()
    assert cached(scan(daemon.client(), *uris)) == [False] * len(names)
    daemon.stop()
    assert cached(scan(start().client(), *uris)) == [True] * len(names)


def test_an_album_with_a_bad_file_is_known(start, media, tmp_path):
    """What can't be measured is no reason to measure the others again."""
    bad = media.text_as_flac()
    good = [media.sine(1.5, db=db) for db in (-12, -20)]
    for paths in ([bad, *good], [good[0], bad, good[1]]):
        first = scan(start().client(), *paths, album=True)
        daemon = start()
        again = scan(daemon.client(), *paths, album=True)
        assert again["album"] == first["album"]
        results = [result for result in again["results"] if "error" not in result]
        assert [result["cached"] for result in results] == [True, True]
        assert len(again["results"]) == 3 and again["results"][paths.index(bad)]["error"]
    client = daemon.client()
    client.call("loudness.set", mode="album")
    client.play(good[0])
    current = eventually(lambda: client.call("loudness.get")["current"])
    assert current["basis"] == "album"
    assert current["integrated_lufs"] == pytest.approx(first["album"]["integrated_lufs"], abs=0.011)
    # What can be measured now makes another album of it.
    other = tmp_path / "other.wav"
    other.write_text("no sound")
    before = scan(client, *good, other, album=True)
    shutil.copy(media.sine(1.5, db=-6), other)
    after = scan(client, *good, other, album=True)
    assert cached(after) == [False] * 3
    assert after["album"]["integrated_lufs"] > before["album"]["integrated_lufs"] + 3
    assert cached(scan(client, *good, other, album=True)) == [True] * 3
    assert cached(scan(client, *good, album=True)) == [False] * 2, "less is another album as well"


def test_without_a_place_for_a_cache(make_daemon, media):
    client = make_daemon(env={"XDG_CACHE_HOME": "/proc/nowhere", "HOME": ""}).start().client()
    path = media.sine(1.5)
    assert cached(scan(client, path)) == [False]
    assert cached(scan(client, path)) == [True], "in memory"


# --- requests


def test_errors_are_of_one_file(start, media):
    bad = media.text_as_flac()
    answer = scan(start().client(), media.sine(1.5), bad, "/nowhere.wav", album=True)
    good, text, gone = answer["results"]
    assert good["integrated_lufs"] < 0
    assert text["error"]["name"] == "UNSUPPORTED_FORMAT" and str(bad) in text["error"]["detail"]
    assert gone["error"]["name"] == "NOT_FOUND"
    assert answer["album"]["integrated_lufs"] == good["integrated_lufs"]


def test_what_can_not_be_scanned(start):
    client = start().client()
    assert client.refusal("loudness.scan", uris=["tone:sine"]).name == "INVALID_PARAMS"
    assert client.refusal("loudness.scan", uris=["a.wav"]).name == "INVALID_PARAMS"
    assert client.refusal("loudness.scan").name == "INVALID_PARAMS"
    assert client.refusal("loudness.scan", uris=["/a"] * 1001).name == "OUT_OF_RANGE"


def test_one_broken_sample_is_not_loud(start, media):
    samples = 0.1 * numpy.sin(numpy.arange(96000) / 7) * numpy.ones((2, 1))
    whole = media.floats("whole.wav", samples, 48000)
    samples[:, 50000] = 3e38
    broken = media.floats("broken.wav", samples, 48000)
    one, other = scan(start().client(), whole, broken)["results"]
    assert other["integrated_lufs"] == pytest.approx(one["integrated_lufs"], abs=0.1)
    assert other["true_peak_dbtp"] < one["true_peak_dbtp"] + 6


def test_silence_has_no_loudness(start, media):
    client = start().client()
    path = media.sox("silence.wav", "trim", 0, 2)
    result = scan(client, path)["results"][0]
    assert result["integrated_lufs"] is None and result["true_peak_dbtp"] is None
    assert result["gain_db"] == 0
    assert cached(scan(client, path)) == [True]


def test_progress_and_cancel(start, media):
    daemon = start()
    client, other = daemon.client(), daemon.client()
    other.call("subscribe", topics=["loudness"])
    path = long_file(media)
    request = client.request("loudness.scan", {"uris": [str(media.sine(1.5)), str(path)]})
    event = other.event_where(
        lambda data: data["scanning"] and data["scanning"]["done"] == 1, topic="loudness"
    )
    assert event["data"]["scanning"]["total"] == 2
    assert event["data"]["scanning"]["uri"] == str(path)
    other.event_where(lambda data: data["scanning"]["fraction"] > 0, topic="loudness")
    assert other.call("loudness.get")["scanning"]["done"] == 1
    assert other.call("loudness.cancel") == {"cancelled": 1}
    answer = client.answer(request)["result"]
    assert answer["cancelled"] and len(answer["results"]) == 1
    other.event_where(lambda data: data["scanning"] is None, topic="loudness")
    assert cached(scan(client, media.sine(1.5))) == [True], "what was found is kept"
    assert other.call("loudness.cancel") == {"cancelled": 0}


def test_it_ends_with_its_client(start, media):
    daemon = start()
    client, other = daemon.client(), daemon.client()
    for _ in range(3):
        client.request("loudness.scan", {"uris": [str(long_file(media))]})
    eventually(lambda: other.call("loudness.get")["scanning"])
    assert other.call("loudness.get")["scanning"]["waiting"] == 2
    client.close()
    eventually(lambda: other.call("loudness.get")["scanning"] is None)
    request = other.request("loudness.scan", {"uris": [str(long_file(media))]})
    eventually(lambda: daemon.client().call("loudness.get")["scanning"])
    assert daemon.client().call("loudness.cancel") == {"cancelled": 1}
    assert other.answer(request)["result"]["cancelled"], "no scan came to its end"


def test_who_asked_too_much_has_left(start, media, tmp_path):
    """With so many answers open that it is not read from, its end is noticed all the same."""
    daemon = start()
    client, other = daemon.client(), daemon.client()
    path = long_file(media)
    scans = [{"jsonrpc": "2.0", "id": i, "method": "loudness.scan", "params": {"uris": [str(path)]}}
             for i in range(4200)]
    client.send_bytes("".join(json.dumps(scan) + "\n" for scan in scans).encode())
    eventually(lambda: (other.call("loudness.get")["scanning"] or {}).get("waiting", 0) >= 4095)
    client.close()
    eventually(lambda: other.call("server.status")["clients"] == 1)
    eventually(lambda: other.call("loudness.get")["scanning"] is None)
    request = other.request("loudness.scan", {"uris": [str(path)]})
    eventually(lambda: daemon.client().call("loudness.get")["scanning"])
    assert daemon.client().call("loudness.cancel") == {"cancelled": 1}
    assert other.answer(request)["result"]["cancelled"], "no scan came to its end"


def test_half_a_client_gets_its_answer(start, media):
    """Whoever has said all waits for the answer: only leaving ends what was asked for."""
    client = start().client(timeout_s=120)  # a scan comes after everything else that computes
    request = client.request("loudness.scan", {"uris": [str(media.sine(30, hz=300))]})
    client.end()
    answer = client.answer(request)["result"]
    assert not answer["cancelled"] and len(answer["results"]) == 1


def test_the_daemon_ends_while_it_scans(start, media):
    daemon = start()
    client = daemon.client()
    for _ in range(2):
        client.request("loudness.scan", {"uris": [str(long_file(media))]})
    eventually(lambda: daemon.client().call("loudness.get")["scanning"])
    daemon.stop()


# --- and played


def test_what_was_scanned_is_played_so(start, media, tmp_path):
    daemon = start()
    client = daemon.client()
    path = tmp_path / "played.wav"
    shutil.copy(media.sine(20, db=-12), path)
    lufs = scan(client, path)["results"][0]["integrated_lufs"]
    client.call("loudness.set", mode="track")
    client.play(path)
    current = eventually(lambda: client.call("loudness.get")["current"])
    assert current["from"] == "scan" and current["integrated_lufs"] == pytest.approx(lufs, abs=0.01)
    assert client.status()["item"]["gain_db"] == pytest.approx(-18 - lufs, abs=0.011)
    # Another file under the same name is not that one.
    client.call("player.stop")
    shutil.copy(media.sine(21, db=-30), path)
    client.call("player.play")
    assert eventually(lambda: client.call("loudness.get")["current"])["from"] == "none"


def test_what_is_played_is_scanned_if_asked_for(start, media):
    client = start().client()
    path = media.sine(3, db=-14)
    assert client.call("loudness.set", mode="track", scan=True)["scan"]
    client.play(path)
    current = eventually(lambda: client.call("loudness.get")["current"])
    assert current["from"] == "none"
    eventually(lambda: cached(scan(client, path)) == [True])
    client.play(path)
    eventually(lambda: (client.call("loudness.get")["current"] or {}).get("from") == "scan")


# --- chant loudness


def chant(daemon, *words, code=0):
    result = run(CHANT, f"--socket={daemon.socket}", *words)
    assert result.returncode == code, result.stderr
    return result.stdout + result.stderr


@pytest.fixture
def library(media, tmp_path):
    """Two albums in folders of their own, and something that is no music."""
    top = tmp_path / "library"
    for folder, levels in (("one", (-12, -20)), ("two/disc 1", (-16,))):
        (top / folder).mkdir(parents=True)
        for level in levels:
            shutil.copy(media.sine(1.5, db=level), top / folder / f"{-level}.wav")
    (top / "one" / "cover.jpg").write_bytes(b"no music")
    (top / "loop").symlink_to(top)
    return top


def test_chant_scans_folders(start, library):
    daemon = start()
    lines = [json.loads(line) for line in chant(daemon, "loudness", "scan", library).splitlines()]
    files = [line["uri"] for line in lines if "uri" in line]
    assert [os.path.relpath(uri, library) for uri in files] == [
        "one/12.wav", "one/20.wav", "two/disc 1/16.wav"
    ]
    albums = {line["folder"]: line for line in lines if "folder" in line}
    assert [os.path.relpath(folder, library) for folder in albums] == ["one", "two/disc 1"]
    assert all(line["cached"] for line in map(json.loads, chant(
        daemon, "--json", "loudness", "scan", library / "one" / "12.wav").splitlines()))
    assert "NOT_FOUND" in chant(daemon, "loudness", "scan", library / "nowhere", code=5)


def test_chant_sets_and_shows(start):
    daemon = start()
    chant(daemon, "loudness", "auto", "--target", "-16", "--preamp", "2")
    shown = json.loads(chant(daemon, "loudness"))
    assert (shown["mode"], shown["target_lufs"], shown["preamp_db"]) == ("auto", -16, 2)
    chant(daemon, "loudness", "off", "--scan=on")
    assert json.loads(chant(daemon, "loudness"))["scan"]
    chant(daemon, "loudness", "loud", code=2)
    chant(daemon, "loudness", "--target", "x", code=2)
    chant(daemon, "loudness", "scan", code=2)
    assert "OUT_OF_RANGE" in chant(daemon, "loudness", "track", "--target", "3", code=1)


def on_terminal(daemon, *words, act=None, columns=80, kind="xterm"):
    """What it prints on a pseudo terminal."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [str(word) for word in (CHANT, f"--socket={daemon.socket}", *words)]
    env = {**os.environ, "TERM": kind, "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    if act:
        act(process)
    out = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        out += piece
    os.close(master)
    return process.wait(), out.decode()


def test_chant_shows_a_table(start, library):
    code, text = on_terminal(start(), "loudness", "scan", library)
    assert code == 0
    assert "(album)" in text and "12.wav" in text and "LUFS" in text and "dBTP" in text
    assert "3 measured, 0 known before" in text


def columns_of(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@pytest.mark.parametrize("columns, kind", [(80, "xterm"), (31, "xterm"), (80, "dumb")])
def test_the_bar_is_one_line(start, media, tmp_path, columns, kind):
    """Of a name in wide characters, on a narrow terminal; nothing where no line can be redrawn."""
    daemon = start()
    path = tmp_path / ("\u8a9e" * 60 + ".flac")
    os.link(long_file(media), path)
    other = daemon.client()

    def interrupt(process):
        eventually(lambda: (other.call("loudness.get")["scanning"] or {}).get("fraction", 0) > 0)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)

    code, text = on_terminal(
        daemon, "loudness", "scan", path, act=interrupt, columns=columns, kind=kind
    )
    assert code == 130
    bars = [piece.split("\r")[0] for piece in text.split("\r\033[K")[1:-1]]
    assert bool(bars) == (kind != "dumb") and ("\033" in text) == bool(bars)
    for bar in bars:
        assert columns_of(bar) < columns and "\ufffd" not in bar
    assert not bars or columns == 31 or "\u8a9e\u8a9e" in bars[-1]


def test_the_bar_is_of_its_own_files(start, media):
    """What others scan is waited for, and no progress of ours."""
    daemon = start()
    other = daemon.client()
    long = long_file(media)
    request = other.request("loudness.scan", {"uris": [str(media.sine(1.5)), str(long)]})
    look = daemon.client()
    eventually(lambda: (look.call("loudness.get")["scanning"] or {}).get("done") == 1)

    def cancel(process):
        eventually(lambda: look.call("loudness.get")["scanning"]["waiting"] == 1)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)

    path = media.sine(1.6, db=-7)
    code, text = on_terminal(daemon, "loudness", "scan", path, act=cancel, columns=120)
    assert code == 130 and "  0/1 " in text and "1/1" not in text
    assert f"waiting for {long.name}" in text
    look.call("loudness.cancel")
    assert other.answer(request)["result"]["cancelled"]


def test_chant_is_interrupted(start, media, library):
    daemon = start()
    os.link(long_file(media), library / "two" / "disc 1" / "long.flac")
    other = daemon.client()

    def interrupt(process):
        eventually(lambda: "long" in str(other.call("loudness.get")["scanning"]))
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)

    code, text = on_terminal(daemon, "loudness", "scan", library, act=interrupt)
    assert code == 130 and "what was found is kept" in text
    assert "left" in text and "long.flac" in text, "the bar"
    eventually(lambda: other.call("loudness.get")["scanning"] is None)
    assert cached(scan(other, library / "one" / "12.wav")) == [True]
