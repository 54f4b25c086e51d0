# SPDX-License-Identifier: ISC
"""The README's tour with chant.exe, on WASAPI: what each verb says, and what is heard of it."""

import json
import re

import numpy
import pytest

import pulse
from device import moving
from programs import SOURCE, eventually
from wine import path

HZ, LEVEL_DB = 1000, -20


@pytest.fixture
def music(media):
    """A folder with a FLAC, an Ogg and an MP3 of one tone, half a minute each."""
    return [media.sine(30, HZ, LEVEL_DB, suffix, 44100) for suffix in ("flac", "ogg", "mp3")]


def status(chant):
    return json.loads(chant("status", "--json"))


def level_db(speakers, record, client):
    moving(client, client.status()["position_s"], 0.4)
    recorder = record(speakers)
    samples = recorder.next_s(0.7)
    recorder.close()
    assert pulse.frequency_hz(samples[0], 48000) == pytest.approx(HZ, abs=1)
    return pulse.level_db(samples[0], HZ, 48000)


def test_play_each_kind(chant, client, speakers, record, music):
    for file, name in zip(music, ("FLAC", "Ogg Vorbis", "MP3")):
        chant("play", path(file))
        eventually(lambda: status(chant)["state"] == "playing")
        assert level_db(speakers, record, client) == pytest.approx(LEVEL_DB, abs=0.5)
        item = status(chant)["item"]
        assert item["format"] == name and item["uri"].endswith(file.suffix)
        assert "\\" not in item["uri"]


def test_gain_and_equaliser(chant, client, speakers, record, music):
    chant("play", path(music[0]))
    chant("gain", "-6")
    assert level_db(speakers, record, client) == pytest.approx(LEVEL_DB - 6, abs=0.1)
    chant("gain", "up")
    assert level_db(speakers, record, client) == pytest.approx(LEVEL_DB - 5, abs=0.1)
    chant("eq", "set", "1", "--freq", HZ, "--gain", "6", "--q", "1")
    assert level_db(speakers, record, client) == pytest.approx(LEVEL_DB + 1, abs=0.1)
    assert "1000" in chant("eq")
    chant("eq", "preset", "load", "night")
    assert "night" in chant("eq", "presets")
    chant("panic")
    recorder = record(speakers)
    assert not recorder.next_s(0.5)[:, -9600:].any()
    chant("unmute")
    chant("limiter", "-2")
    assert client.call("limiter.get")["ceiling_dbtp"] == -2


def test_seek_queue_and_next(chant, client, music):
    chant("play", *map(path, music[:2]))
    moving(client)
    chant("seek", "+10")
    assert moving(client, 10) >= 10
    chant("seek", "0:20")
    assert moving(client, 20) >= 20
    chant("add", "tone:sine?hz=440&s=5")
    assert json.loads(chant("queue", "--json"))["length"] == 3
    chant("next")
    eventually(lambda: status(chant)["item"]["uri"].endswith(".ogg"))


def test_spectrum_and_meter(chant, client, media):
    """With noise beneath it: of a picture that stands there is one frame and no more."""
    t = numpy.arange(48000 * 30) / 48000
    noise = 1e-3 * numpy.random.default_rng(1).standard_normal((2, len(t)))
    tone = 10 ** (LEVEL_DB / 20) * numpy.sin(2 * numpy.pi * HZ * t)
    chant("play", path(media.floats("above noise.wav", tone + noise)))
    moving(client)
    frames = chant("spectrum", "--json", "--bands", "31", "--count", "30").splitlines()
    assert len(frames) == 30
    assert max(json.loads(frames[-1])["bands"]) == pytest.approx(LEVEL_DB, abs=0.5)
    meter = json.loads(chant("meter", "--json", "--count", "10").splitlines()[-1])
    assert meter["peak_dbfs"][0] == pytest.approx(LEVEL_DB, abs=0.5)


def test_files_that_are_read_and_made(chant, client, media, music, tmp_path):
    chant("play", path(music[0]))
    moving(client)
    # Built without cairo: said in a line, and no file is left.
    chant("eq", "--png", path(tmp_path / "curve.png"), code=1)
    assert not (tmp_path / "curve.png").exists()
    text = tmp_path / "headphones.txt"
    text.write_text("Preamp: -3 dB\nFilter 1: ON PK Fc 105 Hz Gain 3 dB Q 1\n")
    chant("eq", "import", path(text))
    assert client.call("eq.get")["preamp_db"] == -3
    out = tmp_path / "out.wav"
    chant("render", path(out), path(media.sine(1.0, suffix="flac")), "--eq", "bass")
    assert out.stat().st_size > 48000


def test_what_a_pipe_is_told(chant, client, music):
    chant("play", path(music[0]))
    moving(client)
    assert json.loads(chant("status"))["item"]["duration_s"] == pytest.approx(30, abs=0.1)
    assert json.loads(chant("stats"))
    assert json.loads(chant("watch", "player", "--count", "1"))
    assert json.loads(chant("devices"))["devices"]
    chant("tx", '[{"method":"mixer.set","params":{"gain_db":-3}}]', "--at", "+1")
    eventually(lambda: client.call("mixer.get")["gain_db"] == -3)


def test_what_the_page_shows_of_json(chant, client, music):
    """What doc/windows.md pipes into chant is taken, and what it takes out of the JSON is there."""
    page = (SOURCE / "doc" / "windows.md").read_text(encoding="utf-8")
    chant("play", path(music[0]))
    moving(client)
    inputs = re.findall(r"^'(.+)' \| chant ([^#\n]+)", page, re.MULTILINE)
    assert len(inputs) == 2
    for text, words in inputs:
        chant(*words.split(), stdin=text + "\r\n")
    eventually(lambda: client.call("mixer.get")["gain_db"] == -3)
    asked = r"chant ([^|\n]+) \| (?:ForEach-Object \{ \(\$_ \| )?ConvertFrom-Json\)\.([\w.]+)"
    outputs = re.findall(asked, page)
    assert len(outputs) == 3
    for words, keys in outputs:
        words = [{"5": "1"}.get(word, word) for word in words.split()]
        found = json.loads(chant(*words))
        for key in keys.split("."):
            assert key in found, (words, keys)
            found = found[key]


def test_raw_is_a_conversation(chant):
    """Lines in, lines out, bytes as they are."""
    request = '{"jsonrpc":"2.0","id":%d,"method":"player.status"}\n'
    said = chant("raw", stdin="".join(request % n for n in range(50)))
    assert "\r" not in said
    assert [json.loads(line)["id"] for line in said.splitlines()] == list(range(50))
