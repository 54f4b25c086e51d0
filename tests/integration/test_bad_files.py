# SPDX-License-Identifier: ISC
"""Files that can't be played, or not to their end: each is named, and the rest plays on."""

import os
import shutil

import numpy
import pytest

from programs import eventually
from test_play import played_ids, wait_for


def bad_files(media, folder):
    """name → (path, the error's name)"""
    (folder / "directory").mkdir(exist_ok=True)
    return {
        "missing": (folder / "missing.flac", "NOT_FOUND"),
        "below a file": (media.sine(0.3) / "x.wav", "NOT_FOUND"),
        "directory": (folder / "directory", "UNSUPPORTED_FORMAT"),
        "device": ("/dev/zero", "UNSUPPORTED_FORMAT"),
        "text": (media.text_as_flac(), "UNSUPPORTED_FORMAT"),
        "zero bytes": (media.zero_bytes(), "UNSUPPORTED_FORMAT"),
        "zero bytes of MP3": (media.zero_bytes("mp3"), "UNSUPPORTED_FORMAT"),
        "nine channels": (media.surround(9), "UNSUPPORTED_FORMAT"),
        "a rate of 500 Hz": (
            media.floats("slow.wav", numpy.zeros((1, 500)), 500),
            "UNSUPPORTED_FORMAT",
        ),
        "a rate of 10 MHz": (
            media.floats("fast.wav", numpy.zeros((1, 500)), 10_000_000),
            "UNSUPPORTED_FORMAT",
        ),
    }


NAMES = [
    "missing",
    "below a file",
    "directory",
    "device",
    "text",
    "zero bytes",
    "zero bytes of MP3",
    "nine channels",
    "a rate of 500 Hz",
    "a rate of 10 MHz",
]


@pytest.mark.parametrize("name", NAMES)
def test_alone_it_is_the_answer(client, media, tmp_path, name):
    path, error_name = bad_files(media, tmp_path)[name]
    error = client.refusal("player.load", uris=[str(path)], play=True)
    assert error.name == error_name
    assert str(path) in error.data["detail"], "the error names the file"
    status = client.status()
    assert status["state"] == "stopped"
    assert status["error"]["name"] == error_name and status["error"]["uri"] == str(path)


@pytest.mark.parametrize("name", NAMES)
def test_the_rest_of_the_queue_plays_on(daemon, client, media, tmp_path, name):
    path, error_name = bad_files(media, tmp_path)[name]
    client.call("subscribe", topics=["player"])
    good = media.sine(0.3)
    ids = client.call("player.load", uris=[str(good), str(path), str(good)], play=True)["ids"]
    assert [item for item in played_ids(client) if item != ids[1]] == [ids[0], ids[2]]
    error = client.status()["error"]
    assert (error["name"], error["id"]) == (error_name, ids[1])
    failed = [item.get("failed", False) for item in client.call("queue.list")["items"]]
    assert failed == [False, True, False]
    assert error["detail"] in daemon.log()


def test_only_bad_files_and_repeat_ends(client, media, tmp_path):
    """A circle of files of which none can be played must not be gone round for ever."""
    client.call("player.mode", repeat="all")
    uris = [str(path) for path, _ in bad_files(media, tmp_path).values()]
    assert client.refusal("player.load", uris=uris, play=True).name == "NOT_FOUND"
    wait_for(client, state="stopped")
    frames = [client.call("server.status")["engine"]["frame"] for _ in range(2)]
    assert frames[0] == frames[1]


@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "ogg", "mp3", "opus"])
def test_header_only(client, media, suffix):
    """Nothing but a beginning: refused, or an end at once; never a hang."""
    path = media.header_only(suffix)
    message = client.answer(client.request("player.load", {"uris": [str(path)], "play": True}))
    if "error" in message:
        assert message["error"]["data"]["name"] in ("UNSUPPORTED_FORMAT", "DECODE_FAILED")
        assert str(path) in message["error"]["data"]["detail"]
    wait_for(client, state="stopped")
    ids = client.play(path, media.sine(0.3))["ids"]
    wait_for(client, state="stopped")
    assert client.call("queue.list")["items"][1]["id"] == ids[1]


def test_half_a_flac_plays_its_half_and_says_so(daemon, client, media):
    half = media.half_flac(2.0)
    client.call("subscribe", topics=["player"])
    ids = client.play(half, media.sine(0.3))["ids"]
    heard, last = 0.0, None
    while last is None or last["state"] != "stopped":
        status = client.status()
        if status["item"] and status["item"]["id"] == ids[0]:
            heard = max(heard, status["position_s"])
        last = status
    assert 0.5 < heard < 1.5
    assert played_ids(client) == ids
    error = client.status()["error"]
    assert error["name"] == "DECODE_FAILED" and error["id"] == ids[0]
    assert str(half) in error["detail"] and error["detail"] in daemon.log()


def test_deleted_while_it_plays(client, media, tmp_path):
    """An open file is heard to its end; the next time it is missing."""
    path = tmp_path / "gone.flac"
    shutil.copy(media.sine(3, suffix="flac"), path)
    (item,) = client.play(path)["ids"]
    eventually(lambda: client.status()["position_s"] > 0.2)
    path.unlink()
    heard = 0.0
    while (status := client.status())["state"] == "playing":
        heard = max(heard, status["position_s"])
    assert heard > 2.5 and status["error"] is None
    assert client.refusal("player.play", id=item).name == "NOT_FOUND"
    assert client.status()["error"]["id"] == item


def test_seek_in_a_deleted_file(client, media, tmp_path):
    path = tmp_path / "gone.flac"
    shutil.copy(media.sine(6, suffix="flac"), path)
    client.play(path)
    path.unlink()
    error = client.refusal("player.seek", position_s=3)
    assert error.name == "NOT_FOUND" and str(path) in error.data["detail"]
    assert client.play(media.sine(0.3))["state"] == "playing"


def test_cut_short_while_it_plays(client, media, tmp_path):
    path = tmp_path / "shrinks.wav"
    shutil.copy(media.sine(6), path)
    ids = client.play(path, media.sine(0.3))["ids"]
    eventually(lambda: client.status()["position_s"] > 0.1)
    with open(path, "r+b") as file:
        file.truncate(1000)
    wait_for(client, 20, state="stopped")
    error = client.status()["error"]
    assert error["name"] == "DECODE_FAILED" and error["id"] == ids[0]


def test_nan_is_silence(daemon, client, media):
    client.play(media.nan_wav(0.5), media.sine(0.3))
    wait_for(client, state="stopped", error=None)
    assert "not numbers" in daemon.log()
    assert client.call("server.status")["engine"]["faults"] == 0


def test_a_pipe_does_not_hang_it(client, tmp_path):
    path = tmp_path / "pipe.wav"
    os.mkfifo(path)
    error = client.refusal("player.load", uris=[str(path)], play=True)
    assert error.name == "UNSUPPORTED_FORMAT"


def test_no_permission(client, media, tmp_path):
    if os.getuid() == 0:
        pytest.skip("root may read everything")
    path = tmp_path / "secret.wav"
    shutil.copy(media.sine(0.3), path)
    path.chmod(0)
    assert client.refusal("player.load", uris=[str(path)], play=True).name == "DENIED"
