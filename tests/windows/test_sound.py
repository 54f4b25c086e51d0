# SPDX-License-Identifier: ISC
"""What is heard: chantd.exe plays on WASAPI, and PulseAudio's monitor is recorded."""

import time

import numpy
import pytest

import pulse
import sound
from device import moving
from programs import eventually
from wine import path

RATE_HZ = 48000
# L and R of the music: frequency and level.
LEFT = (997, -12)
RIGHT = (1499, -18)
# A lossless file comes out as it is; a lossy one nearly, and Pulse rounds nothing.
EXACT_DB, LOSSY_DB = 0.05, 0.5


def music(media, suffix, rate_hz=RATE_HZ, s=8):
    """A tone on each side, as WAV, or encoded from that."""
    name = f"pair-{s}-{rate_hz}"
    words = ["synth", s, "sine", LEFT[0], "sine", RIGHT[0], "vol", "-12dB", "remix", "1"]
    wav = media.sox(f"{name}.wav", *words, "2v0.501187", rate_hz=rate_hz)
    return wav if suffix == "wav" else media.encode(wav, suffix)


def heard(recorder, client, s=1.5):
    """So many seconds from the midst of what plays."""
    moving(client, client.status()["position_s"], 0.5)
    return recorder.next_s(s)


def assert_tones(samples, left_db, right_db, tolerance_db, rate_hz=RATE_HZ):
    for channel, (hz, _), other, level_db in (
        (samples[0], LEFT, RIGHT, left_db),
        (samples[1], RIGHT, LEFT, right_db),
    ):
        assert pulse.frequency_hz(channel, rate_hz) == pytest.approx(hz, abs=1)
        assert pulse.level_db(channel, hz, rate_hz) == pytest.approx(level_db, abs=tolerance_db)
        assert pulse.level_db(channel, other[0], rate_hz) < -50, "the other side's"


@pytest.mark.parametrize(
    "suffix, rate_hz, tolerance_db",
    [
        ("wav", 48000, EXACT_DB),
        ("wav", 44100, EXACT_DB),
        ("flac", 48000, EXACT_DB),
        ("flac", 44100, EXACT_DB),
        ("ogg", 44100, LOSSY_DB),
        ("mp3", 44100, LOSSY_DB),
        ("opus", 48000, LOSSY_DB),
    ],
)
def test_a_file_is_heard(client, speakers, record, media, suffix, rate_hz, tolerance_db):
    """Both tones on their sides, at their frequencies and levels, for its whole length."""
    recorder = record(speakers)
    client.play(path(music(media, suffix, rate_hz, 3)))
    samples = heard(recorder, client)
    assert_tones(samples, LEFT[1], RIGHT[1], tolerance_db)
    eventually(lambda: client.status()["state"] == "stopped", 30)
    whole = sound.sounding(recorder.stop(), 1e-4)
    # What Wine's slow timer leaves out is not lost, it comes later: more, never less.
    assert 2.9 < whole.shape[1] / RATE_HZ < 6


@pytest.fixture
def playing(client, speakers, record, media):
    """Music that goes on; a call gives what is heard of it now."""
    recorder = record(speakers)
    client.play(path(music(media, "flac", s=120)))
    moving(client)
    return lambda s=1.0: heard(recorder, client, s)


def test_gain_of_minus_20_lowers_by_20(client, playing):
    assert_tones(playing(), LEFT[1], RIGHT[1], EXACT_DB)
    client.call("mixer.set", gain_db=-20)
    assert_tones(playing(), LEFT[1] - 20, RIGHT[1] - 20, EXACT_DB)


def test_a_band_changes_its_own_tone(client, playing):
    """By its gain where it is, and little elsewhere: by the analogue formula."""
    band = {"index": 0, "type": "peak", "freq_hz": LEFT[0], "gain_db": -9, "q": 6}
    client.call("eq.band", **band)
    beside_db = float(sound.rbj_db(band, [RIGHT[0]], RATE_HZ)[0])
    assert -3 < beside_db < -0.05
    assert_tones(playing(), LEFT[1] - 9, RIGHT[1] + beside_db, 0.15)


def test_mute_is_silence_and_ends(client, playing):
    client.call("mixer.set", mute=True)
    assert not playing(0.5).any()
    client.call("mixer.set", mute=False)
    assert_tones(playing(), LEFT[1], RIGHT[1], EXACT_DB)


def test_pause_is_silence_and_keeps_the_place(client, playing):
    client.call("player.pause")
    time.sleep(0.5)
    held_s = client.status()["position_s"]
    client.call("player.resume")
    assert_tones(playing(), LEFT[1], RIGHT[1], EXACT_DB)
    assert held_s < client.status()["position_s"]


def test_the_limiter_holds_its_ceiling(client, speakers, record):
    """+12 dB on a tone of full scale: at the ceiling, and still a sine."""
    client.call("limiter.set", ceiling_dbtp=-3)
    client.call("mixer.set", gain_db=12)
    recorder = record(speakers)
    client.play("tone:sine?hz=997&db=0")
    samples = heard(recorder, client)
    assert numpy.abs(samples).max() <= 10 ** (-3 / 20) * 1.001
    assert pulse.level_db(samples[0], 997, RATE_HZ) == pytest.approx(-3, abs=0.2)


def test_one_after_the_other_without_a_gap(client, speakers, record, media):
    """Three files of one sine cut in pieces: where they meet nothing is heard above it."""
    t = numpy.arange(3 * RATE_HZ) / RATE_HZ
    sine = numpy.tile(0.25 * numpy.sin(2 * numpy.pi * 100 * t), (2, 1))
    pieces = [
        media.floats(f"piece-{n}.wav", piece)
        for n, piece in enumerate(numpy.split(sine, 3, axis=1))
    ]
    recorder = record(speakers)
    client.play(*map(path, pieces))
    eventually(lambda: client.status()["state"] == "stopped", 30)
    samples = sound.sounding(recorder.stop(), 1e-4)
    assert 2.9 < samples.shape[1] / RATE_HZ < 6
    levels = pulse.levels_db(samples[0], 100, RATE_HZ)
    # A gap of the queue would be at the same two places in every run; Wine's own are rare.
    assert numpy.percentile(levels, 10) == pytest.approx(-12.04, abs=0.1)


def test_spectrum_and_meter_read_the_tone(client, playing):
    playing(0.2)
    sub = client.call("subscribe", topics=["spectrum"], bands=64, tap="output")
    edges = sub["snapshot"]["spectrum"]["edges_hz"]

    def reads():
        event = client.event(topic="spectrum", sub=sub["sub"])
        bands = event["data"]["bands"]
        at = int(numpy.argmax(bands))
        # `mix` is half the sum of both sides.
        return edges[at] * 0.97 <= LEFT[0] <= edges[at + 1] * 1.03 and abs(bands[at] + 18) < 1

    eventually(reads, 20, what="a spectrum of the left tone")
    client.call("unsubscribe", sub=sub["sub"])
    client.call("subscribe", topics=["meter"])

    def loud(data):
        return data["peak_dbfs"][0] == pytest.approx(LEFT[1], abs=0.3)

    client.event_where(loud, 20, topic="meter")


def test_seek_next_stop_and_queue(client, media):
    """The state of the player follows, and positions advance by themselves."""
    first, second = (path(music(media, suffix, s=120)) for suffix in ("wav", "flac"))
    client.play(first, second)
    assert moving(client) < 60
    client.call("player.seek", position_s=60)
    assert 60 <= moving(client, 60) < 90
    client.call("player.next")
    eventually(lambda: client.status()["item"]["uri"].endswith(".flac"))
    moving(client)
    assert client.call("queue.list")["length"] == 2
    client.call("player.stop")
    eventually(lambda: client.status()["state"] == "stopped")


def test_a_file_for_every_ear(client, speakers, media):
    """The device has no stream in silence, and one again when there is something to hear."""
    client.play(path(music(media, "wav", s=120)))
    moving(client)
    assert len(speakers.list("sink-inputs")) == 1
    client.call("player.stop")
    eventually(lambda: _idle(speakers), 30, what="a stream that is stopped")
    client.call("player.play")
    eventually(lambda: not _idle(speakers), 30, what="a stream that runs")


def _idle(speakers):
    """No stream, or one that is corked."""
    return all(stream["corked"] for stream in speakers.list("sink-inputs"))
