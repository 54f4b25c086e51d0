# SPDX-License-Identifier: ISC
"""Transactions as they are heard: frame for frame against ramps that are computed here."""

import time

import numpy
import pytest

import sound
from figures import figure
from media import read_wav
from test_play import wait_for
from test_sound_jack import Studio
from test_tx import op


def half_cosine(n, frame, length, target):
    """The way from 1 to `target` of a change at `frame`, whose first step is on it."""
    x = numpy.clip((numpy.arange(n) - frame + 1) / length, 0, 1)
    return 1 + (target - 1) * (0.5 - 0.5 * numpy.cos(numpy.pi * x))


def ramps(n, changes):
    """What becomes of 1 by changes of gain and preamp, each (frame, gain_db, preamp_db)."""
    shape, level = numpy.ones(n), numpy.ones(2)
    for frame, *levels_db in changes:
        goal = 10 ** (numpy.array(levels_db) / 20)
        for step in goal / level:
            shape *= half_cosine(n, frame, 960, step)
        level = goal
    return shape


def gain_and_preamp(gain_db, preamp_db):
    return [op("mixer.set", gain_db=gain_db), op("eq.set", preamp_db=preamp_db)]


def test_the_sound_of_a_tx(make_daemon, media, tmp_path):
    """Gain and preamp, each tx two ramps of 20 ms that begin on its frame; every frame compared."""
    out = tmp_path / "out.wav"
    daemon = make_daemon(f"--device={out}", "--rate=48000", backend="file").start()
    client = daemon.client()
    client.call("player.load", uris=[str(media.floats("a.wav", numpy.full((2, 144_000), 0.25)))])
    changes = [(30_011, -6, -3), (77_777, 0, -12), (100_000, -20, 0)]
    told = [
        client.request("tx", {"ops": gain_and_preamp(*levels), "at": {"frame": frame}})
        for frame, *levels in changes
    ]
    client.call("player.play")
    for wanted, change in zip(told, changes, strict=True):
        assert client.answer(wanted)["result"]["applied_at"]["frame"] == change[0]
    wait_for(client, 60, state="stopped")
    daemon.stop()
    heard, _, _ = read_wav(out)
    begin = numpy.flatnonzero(numpy.abs(heard[0]) > 1e-6)[0]
    wanted = 0.25 * ramps(144_000, changes)
    worst = numpy.abs(heard[0, begin : begin + 144_000] - wanted).max()
    what = "daemon: a tx off ramps that begin on its frame [a frame]"
    figure("clicks", what, worst, "<=", 1e-6, "of full scale")
    assert worst <= 1e-6
    late = 0.25 * ramps(144_000, [(frame + 1, *levels) for frame, *levels in changes])
    assert numpy.abs(heard[0, begin : begin + 144_000] - late).max() > 1e-4, "a frame would be seen"


@pytest.mark.parametrize(
    "slow, back",
    [
        (op("mixer.set", gain_db=0), op("mixer.set", gain_db=-60)),
        (op("eq.set", preamp_db=0), op("eq.set", preamp_db=-60)),
        (op("eq.band", index=0, gain_db=0), op("eq.band", index=0, gain_db=-24)),
    ],
    ids=["gain", "preamp", "band"],
)
def test_a_quick_change_ends_a_slow_one(make_daemon, media, tmp_path, slow, back):
    """A fade-in of half a minute that is taken back after a tenth of it is not heard any more."""
    out = tmp_path / "out.wav"
    daemon = make_daemon(f"--device={out}", "--rate=48000", backend="file").start()
    client = daemon.client()
    client.call("eq.set", bands=[{"type": "low_shelf", "freq_hz": 20000, "gain_db": 0}])
    client.call(back["method"], **back["params"])
    client.call("player.load", uris=[str(media.floats("a.wav", numpy.full((2, 96_000), 0.25)))])
    told = [
        client.request("tx", {"ops": [what], "at": {"frame": frame}, "ramp_ms": ramp_ms})
        for what, frame, ramp_ms in ((slow, 24_000, 30_000), (back, 30_000, 20))
    ]
    client.call("player.play")
    for wanted in told:
        client.answer(wanted)
    wait_for(client, 60, state="stopped")
    daemon.stop()
    heard, _, _ = read_wav(out)
    low = 0.25 * 10 ** (-24 / 20)  # or less
    assert numpy.abs(heard[:, :30_960]).max() < 2 * low, "it had hardly begun"
    assert numpy.abs(heard[:, 31_100:]).max() < 1.01 * low


def recorded(make_daemon, media, out, ops, frames):
    """What one hears of a constant when these land, and where its first frame is."""
    daemon = make_daemon(f"--device={out}", "--rate=48000", backend="file").start()
    client = daemon.client()
    path = media.floats(f"{out.stem}-in.wav", numpy.full((2, 48_000), 0.25))
    client.call("player.load", uris=[str(path)])
    told = [client.request("tx", {"ops": ops, "at": {"frame": frame}}) for frame in frames]
    client.call("player.play")
    for wanted, frame in zip(told, frames, strict=True):
        assert client.answer(wanted)["result"]["applied_at"]["frame"] == frame
    wait_for(client, 60, state="stopped")
    daemon.stop()
    heard, _, _ = read_wav(out)
    begin = numpy.flatnonzero(numpy.abs(heard[0]) > 1e-6)[0]
    return heard[0, begin : begin + 48_000]


def test_gain_equaliser_and_limiter_land_together(make_daemon, media, tmp_path):
    """A constant of 0.25 whose ceiling goes to -18 dBTP while gain, preamp and a shelf take 12 dB.

    Below the frame all is as it was; then the ceiling comes down as a ramp of 20 ms from that frame
    on, so the limiter begins to hold it where the ramp crosses what is left of the constant: had it
    come earlier or later by a frame, it would elsewhere.
    """
    frame = 20_011
    ceiling = op("limiter.set", ceiling_dbtp=-18)
    shelf = {"type": "low_shelf", "freq_hz": 4000, "q": 0.7, "gain_db": -3}
    rest = gain_and_preamp(-6, -3) + [op("eq.set", bands=[shelf])]
    cases = {"none": [op("limiter.set")], "limiter": [ceiling], "rest": rest}
    cases["all"] = rest[:1] + [ceiling] + rest[1:]
    heard = {
        name: recorded(make_daemon, media, tmp_path / f"{name}.wav", ops, [frame])
        for name, ops in cases.items()
    }
    assert (heard["none"] == numpy.float32(0.25)).all()
    # Where the ramp of the ceiling, margin of 0.05 dB included, crosses the constant ...
    closing = half_cosine(48_000, frame, 960, 10 ** (-17 / 20)) * 10 ** (-1 / 20) * 0.99426
    crossed = numpy.flatnonzero(closing < 0.25)[0]
    # ... the gain moves, ahead of it by no more than the averages of the look-ahead reach.
    moved = numpy.flatnonzero(heard["limiter"] < numpy.float32(0.25))[0]
    assert crossed - 72 <= moved <= crossed
    assert heard["limiter"][frame + 4800] == pytest.approx(10 ** (-18 / 20) * 0.99426, abs=2e-5)
    first = [numpy.flatnonzero(heard[n] != numpy.float32(0.25))[0] for n in ("rest", "all")]
    assert first[0] == first[1] and frame <= first[0] < frame + 4
    # In the end, but for what the limiter still gives back, it is 12 dB less, which is below the
    # ceiling; and what all do is never above what each does.
    assert heard["rest"][-1] == pytest.approx(0.25 * 10 ** (-12 / 20), abs=1e-5)
    assert heard["all"][-1] == pytest.approx(0.25 * 10 ** (-12 / 20), rel=0.03)
    assert (heard["all"] <= numpy.minimum(heard["limiter"], heard["rest"]) + 1e-6).all()
    # A frame later all of it comes a frame later, but for the grid of what the limiter holds.
    shifted = recorded(make_daemon, media, tmp_path / "later.wav", cases["all"], [frame + 1])
    assert numpy.abs(shifted[frame + 1 :] - heard["all"][frame:-1]).max() < 5e-6
    assert numpy.abs(shifted[frame:] - heard["all"][frame:]).max() > 1e-4, "a frame would be seen"


def test_the_sound_of_many(make_daemon, media, tmp_path):
    """Each is made from what those before it leave, on the same frame and on the next."""
    out = tmp_path / "out.wav"
    daemon = make_daemon(f"--device={out}", "--rate=48000", backend="file").start()
    client = daemon.client()
    client.call("player.load", uris=[str(media.floats("a.wav", numpy.full((2, 144_000), 0.25)))])
    quieter = [op("mixer.adjust", delta_db=-1)]
    times = [(20_000, 3), (20_001, 2), (60_000, 1), (60_100, 2), (90_000, 30)]
    told = [
        client.request("tx", {"ops": quieter, "at": {"frame": frame}})
        for frame, n in times
        for _ in range(n)
    ]
    client.call("player.play")
    levels = [client.answer(wanted)["result"]["results"][0]["gain_db"] for wanted in told]
    assert levels == [-n - 1 for n in range(38)]
    wait_for(client, 60, state="stopped")
    daemon.stop()
    heard, _, _ = read_wav(out)
    begin = numpy.flatnonzero(numpy.abs(heard[0]) > 1e-6)[0]
    for frame, gain_db in [(19_999, 0), (59_999, -5), (89_999, -8), (120_000, -38)]:
        wanted = 0.25 * 10 ** (gain_db / 20)
        assert heard[0, begin + frame] == pytest.approx(wanted, rel=1e-5)


def test_the_sound_of_the_next_track(make_daemon, jack_server, capture, media):
    """Recorded from JACK: the ramps begin with the first frame of the second file."""
    daemon = make_daemon(f"--device={jack_server.name}", "--connect=none", backend="jack").start()
    studio = Studio(daemon, jack_server, capture)
    files = [media.floats(f"{n}.wav", numpy.full((2, 70_001), 0.25)) for n in range(2)]
    cue = daemon.client(30)

    def act():
        studio.client.call("tx", ops=gain_and_preamp(0, 0))
        studio.client.play(*files)
        cue.call("tx", ops=gain_and_preamp(-9, -4), at="next_track")
        wait_for(studio.client, 60, state="stopped")
        time.sleep(0.2)

    heard = sound.sounding(studio.take(act))[0]
    assert abs(len(heard) - 140_002) <= 2
    worst = numpy.abs(heard[:140_000] - 0.25 * ramps(140_000, [(70_001, -9, -4)])).max()
    what = "daemon: a tx off ramps that begin on its frame [the next track]"
    figure("clicks", what, worst, "<=", 1e-6, "of full scale")
    assert worst <= 1e-6
