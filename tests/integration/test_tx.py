# SPDX-License-Identifier: ISC
"""Transactions: checked as a whole, landed on one frame, told as one change."""

import json
import time

import numpy
import pytest

import sound
from figures import figure
from media import read_wav
from programs import CHANT, eventually, run
from test_play import wait_for
from test_sound_jack import Studio

RATE_HZ = 48000


def op(method, **params):
    return {"method": method, "params": params}


def now(client):
    return client.call("clock.now")


def later(client, s):
    """`at`, so many seconds from now."""
    clock = now(client)
    return {"frame": clock["frame"] + round(s * clock["rate_hz"])}


@pytest.fixture
def playing(client):
    """A client while something plays."""
    client.play("tone:sine?hz=440&db=-40&s=600", "tone:sine?hz=550&db=-40&s=600")
    eventually(lambda: now(client)["running"])
    return client


@pytest.fixture
def cue(daemon):
    """Another client, for what is answered later."""
    return daemon.client(30)


# --- the clock


def test_the_clock_goes_while_something_plays(playing):
    first, mono_ns = now(playing), time.monotonic_ns()
    assert abs(mono_ns - first["mono_ns"]) < 1e9
    assert first["heard_mono_ns"] >= first["mono_ns"]
    time.sleep(0.5)
    second = now(playing)
    went = (second["mono_ns"] - first["mono_ns"]) * RATE_HZ / 1e9
    assert second["frame"] - first["frame"] == pytest.approx(went, abs=0.02 * RATE_HZ)
    assert first["rate_hz"] == RATE_HZ


def test_the_clock_stands_while_nothing_plays(client):
    assert now(client)["frame"] == now(client)["frame"] == 0
    assert now(client)["running"] is False


# --- the whole or nothing


@pytest.mark.parametrize(
    "bad, name, param",
    [
        (op("mixer.set", gain_db=99), "OUT_OF_RANGE", "ops[1].params.gain_db"),
        (op("mixer.set", gain=1), "INVALID_PARAMS", "ops[1].params.gain"),
        (op("mixer.set", strip="x"), "NOT_FOUND", "ops[1].params.strip"),
        (op("eq.band", index=77), "OUT_OF_RANGE", "ops[1].params.index"),
        (op("eq.set", bands=[{}]), "INVALID_PARAMS", "ops[1].params.freq_hz"),
        (op("player.seek", position_s=1), "INVALID_PARAMS", "ops[1].method"),
        (op("no.such"), "METHOD_NOT_FOUND", "ops[1].method"),
        (op("player.pause"), "CONFLICT", "ops[1]"),
        (op("player.toggle"), "CONFLICT", "ops[1]"),
        ({"method": "mixer.set", "id": 4}, "INVALID_PARAMS", "ops[1].id"),
        ({"params": {}}, "INVALID_PARAMS", "ops[1].method"),
        ("mixer.set", "INVALID_PARAMS", "ops[1]"),
    ],
)
@pytest.mark.parametrize("at", [None, {"mono_ns": 9e18}, "next_track"])
def test_one_bad_op_and_nothing_happens(client, bad, name, param, at):
    before = [client.call("mixer.get"), client.call("eq.get")]
    client.call("subscribe", topics=["mixer", "eq"])
    good = op("eq.set", bypass=True)
    more = {} if at is None else {"at": at}
    error = client.refusal("tx", ops=[good, bad, op("mixer.set", mute=True)], **more)
    assert (error.name, error.data["param"]) == (name, param)
    assert [client.call("mixer.get"), client.call("eq.get")] == before
    assert client.call("tx.list") == {"waiting": []}
    assert not client.events


def test_its_own_parameters(client):
    ops = [op("mixer.set", mute=True)]
    for params, name, param in [
        ({"ops": []}, "OUT_OF_RANGE", "ops"),
        ({"ops": ops * 65}, "OUT_OF_RANGE", "ops"),
        ({}, "INVALID_PARAMS", "ops"),
        ({"ops": ops, "ramp_ms": -1}, "OUT_OF_RANGE", "ramp_ms"),
        ({"ops": ops, "at": "noon"}, "INVALID_PARAMS", "at"),
        ({"ops": ops, "at": {}}, "INVALID_PARAMS", "at"),
        ({"ops": ops, "at": {"frame": 1, "mono_ns": 1}}, "INVALID_PARAMS", "at"),
        ({"ops": ops, "at": {"frame": -1}}, "OUT_OF_RANGE", "frame"),
        ({"ops": ops, "at": {"mono_ns": 5}}, "OUT_OF_RANGE", "at.mono_ns"),
        ({"ops": ops, "name": ""}, "OUT_OF_RANGE", "name"),
        ({"ops": [op("player.stop"), op("player.stop")]}, "INVALID_PARAMS", "ops[1].method"),
    ]:
        error = client.refusal("tx", **params)
        assert (error.name, error.data["param"]) == (name, param)
    assert client.call("mixer.get")["mute"] is False


def test_more_than_one_frame_can_take(client):
    bands = [{"freq_hz": 100 + n, "gain_db": 1} for n in range(32)]
    client.call("tx", ops=[op("eq.set", bands=bands)] * 64)
    assert len(client.call("eq.get")["bands"]) == 32


def test_one_event_for_each_topic_and_one_rev(playing):
    rev = playing.call("subscribe", topics=["mixer", "eq", "player"])["rev"]
    answer = playing.call(
        "tx",
        ops=[
            op("mixer.set", gain_db=-3),
            op("eq.band", index=2, gain_db=4),
            op("mixer.adjust", delta_db=-2),
            op("eq.set", preamp_db=-4),
            op("player.pause"),
        ],
    )
    topics = {}
    for event in playing.events:
        assert event["rev"] == rev + 1 and event["cause"].startswith("client:")
        assert event["topic"] not in topics
        topics[event["topic"]] = event["data"]
    assert set(topics) == {"mixer", "eq", "player"}
    assert topics["mixer"]["gain_db"] == -5
    assert topics["player"]["state"] == "paused"
    assert answer["results"][2]["gain_db"] == -5 and answer["results"][4]["state"] == "paused"
    assert {tuple(r["applied_at"].items()) for r in answer["results"]} == {
        tuple(answer["applied_at"].items())
    }


# --- when


def test_it_waits_for_its_frame_and_says_so(playing):
    at = later(playing, 0.5)
    waits = playing.request("tx", {"ops": [op("mixer.set", gain_db=-9)], "at": at, "name": "cue"})
    # Meanwhile others are answered, and nothing has changed.
    assert playing.call("mixer.get")["gain_db"] == 0
    (listed,) = playing.call("tx.list")["waiting"]
    assert (listed["name"], listed["at"], listed["methods"]) == ("cue", at, ["mixer.set"])
    answer = playing.answer(waits)["result"]
    assert answer["applied_at"]["frame"] == at["frame"] and answer["late_frames"] == 0
    assert answer["name"] == "cue"
    assert playing.call("mixer.get")["gain_db"] == -9


def test_a_time_is_met_to_the_frame(playing):
    mono_ns = now(playing)["mono_ns"] + 400_000_000
    answer = playing.call("tx", ops=[op("mixer.set", gain_db=-9)], at={"mono_ns": mono_ns})
    # The null device's clock is this one: half a frame, and what its thread was late.
    assert abs(answer["applied_at"]["mono_ns"] - mono_ns) < 5e6
    assert answer["late_frames"] == 0


def test_what_is_a_little_late_lands_at_once(playing):
    time.sleep(0.6)
    clock = now(playing)
    frame = clock["frame"] - 24000
    answer = playing.call("tx", ops=[op("mixer.set", pan=1)], at={"frame": frame})
    assert answer["applied_at"]["frame"] - frame == answer["late_frames"] >= 24000
    at = {"mono_ns": clock["mono_ns"] - 300_000_000}
    answer = playing.call("tx", ops=[op("mixer.set", pan=0)], at=at)
    assert answer["late_frames"] >= 14000
    time.sleep(0.7)
    error = playing.refusal("tx", ops=[op("mixer.set", pan=1)], at={"frame": frame})
    assert error.name == "OUT_OF_RANGE" and "s ago" in error.data["detail"]


def test_what_changes_meanwhile_is_respected(playing, cue):
    """Gain, mute and pan are one command; the one under way must not undo what came later."""
    at = later(playing, 1.5)
    waits = cue.request("tx", {"ops": [op("mixer.adjust", delta_db=-6)], "at": at})
    for n in range(30):
        playing.call("mixer.set", pan=n / 100, gain_db=-n / 10)
        time.sleep(0.01)
    playing.call("mixer.set", mute=True)
    answer = cue.answer(waits)["result"]
    assert answer["applied_at"]["frame"] == at["frame"]
    mixer = playing.call("mixer.get")
    assert (mixer["gain_db"], mixer["mute"], mixer["pan"]) == (-8.9, True, 0.29)


def test_what_can_not_be_done_any_more_is_refused_then(playing, cue):
    ops = [op("mixer.set", mute=True), op("player.pause")]
    waits = cue.request("tx", {"ops": ops, "at": later(playing, 5)})
    playing.call("player.stop")
    short = cue.request("tx", {"ops": ops[:1], "at": later(playing, 0.3)})
    assert "result" in cue.answer(short)
    playing.call("mixer.set", mute=False)
    error = cue.answer(waits)["error"]
    assert error["data"]["name"] == "CONFLICT" and error["data"]["param"] == "ops[1]"
    assert playing.call("mixer.get")["mute"] is False


def test_many_for_one_frame_land_in_order(playing):
    at = later(playing, 0.5)
    ids = [
        playing.request("tx", {"ops": [op("mixer.adjust", delta_db=-1)], "at": at})
        for n in range(40)
    ]
    landed = [playing.answer(wanted)["result"] for wanted in ids]
    assert {answer["applied_at"]["frame"] for answer in landed} == {at["frame"]}
    assert [answer["results"][0]["gain_db"] for answer in landed] == [-n - 1 for n in range(40)]
    assert playing.call("mixer.get")["gain_db"] == -40


def test_random_frames_are_met(playing):
    rng = numpy.random.default_rng(1)
    waits = {}
    for n in range(50):
        at = later(playing, rng.uniform(0.3, 1.5))
        waits[playing.request("tx", {"ops": [op("mixer.set", gain_db=-n / 2)], "at": at})] = at
    while waits:
        message = playing.message()
        answer = message["result"]
        assert answer["applied_at"]["frame"] == waits.pop(message["id"])["frame"]
        assert answer["late_frames"] == 0


# --- cancelling


@pytest.mark.parametrize("under_way", [False, True])
def test_cancel_by_name_and_by_number(client, cue, under_way):
    # Two seconds are decoded ahead: the frame of the next track is known as soon as it plays.
    client.play(*[f"tone:sine?hz={hz}&db=-40&s={1.9 if under_way else 60}" for hz in (440, 550)])
    params = {"ops": [op("mixer.set", mute=True)], "at": "next_track", "name": "x"}
    for by_name in (True, False):
        waits = cue.request("tx", params)
        (listed,) = eventually(lambda: client.call("tx.list")["waiting"])
        assert client.refusal("tx", **params).name == "CONFLICT"
        by = {"name": "x"} if by_name else {"tx": listed["tx"]}
        assert client.call("tx.cancel", **by) == {"tx": listed["tx"]}
        error = cue.answer(waits)["error"]
        assert error["data"]["name"] == "CONFLICT" and "cancelled" in error["message"]
    if under_way:
        eventually(lambda: client.status()["item"]["index"] == 1)
    assert client.call("mixer.get")["mute"] is False
    assert client.refusal("tx.cancel", name="x").name == "NOT_FOUND"
    assert client.refusal("tx.cancel").name == "INVALID_PARAMS"


def test_it_lands_though_its_client_has_gone(playing, daemon):
    other = daemon.client()
    other.request("tx", {"ops": [op("mixer.set", mute=True)], "at": later(other, 0.4)})
    eventually(lambda: playing.call("tx.list")["waiting"])
    other.close()
    eventually(lambda: playing.call("mixer.get")["mute"])


def test_those_that_wait_are_told_of_the_end(playing, cue, daemon):
    waits = cue.request("tx", {"ops": [op("mixer.set", mute=True)], "at": later(playing, 60)})
    daemon.process.terminate()
    assert cue.answer(waits)["error"]["data"]["name"] == "UNAVAILABLE"


# --- while the device stands


def test_at_once_when_nothing_plays(client):
    answer = client.call("tx", ops=[op("mixer.set", gain_db=-6), op("eq.set", preamp_db=-1)])
    assert answer["applied_at"]["frame"] == 0
    assert client.call("mixer.get")["gain_db"] == -6


def test_a_frame_is_a_time_while_the_device_stands(client):
    begin = time.monotonic()
    client.call("tx", ops=[op("mixer.set", gain_db=-6)], at=later(client, 0.5))
    assert 0.4 < time.monotonic() - begin
    assert client.call("mixer.get")["gain_db"] == -6


def test_nothing_is_lost_when_the_device_stops(playing, cue):
    for s in (2, 2.2):
        cue.request("tx", {"ops": [op("mixer.adjust", delta_db=-s)], "at": later(playing, s)})
    playing.call("player.stop")
    eventually(lambda: not now(playing)["running"])
    assert playing.call("mixer.get")["gain_db"] == 0
    eventually(lambda: playing.call("mixer.get")["gain_db"] == -4.2)


# --- pause, resume, stop


def test_pause_and_resume_at_frames(playing, cue):
    pause, resume = later(playing, 0.4), later(playing, 0.9)
    waits = cue.request("tx", {"ops": [op("player.pause")], "at": pause})
    assert cue.answer(waits)["result"]["applied_at"]["frame"] == pause["frame"]
    assert playing.status()["state"] == "paused"
    # The device may rest by then, or not.
    answer = playing.call("tx", ops=[op("player.resume")], at=resume)
    assert answer["results"][0]["state"] == "playing"
    assert playing.status()["state"] == "playing"


def test_stop_takes_the_armed_one_along(playing, cue):
    waits = cue.request("tx", {"ops": [op("player.stop")], "at": later(playing, 0.3)})
    assert cue.answer(waits)["result"]["results"][0]["state"] == "stopped"
    eventually(lambda: not now(playing)["running"])
    assert playing.status()["state"] == "stopped"


# --- the next track


def test_with_the_next_track(client):
    client.play(*[f"tone:sine?hz={hz}&db=-40&s=1.0{n}" for n, hz in enumerate((440, 550, 660))])
    first = client.call("tx", ops=[op("mixer.set", gain_db=-6)], at="next_track")
    second = client.call("tx", ops=[op("mixer.set", gain_db=0)], at="next_track")
    assert second["applied_at"]["frame"] - first["applied_at"]["frame"] == round(1.01 * RATE_HZ)
    assert first["late_frames"] == second["late_frames"] == 0


def test_with_the_next_track_after_a_pause(client, cue):
    client.play("tone:sine?hz=440&db=-40&s=1.5", "tone:sine?hz=550&db=-40&s=5")
    waits = cue.request("tx", {"ops": [op("mixer.set", gain_db=-6)], "at": "next_track"})
    eventually(lambda: client.status()["position_s"] > 0.7)
    client.call("player.pause")
    time.sleep(1.5)
    assert client.call("mixer.get")["gain_db"] == 0
    client.call("player.resume")
    frame = cue.answer(waits)["result"]["applied_at"]["frame"]
    client.call("player.pause")
    # The second tone has been playing since that frame, and no longer.
    assert client.status()["item"]["index"] == 1
    assert client.status()["position_s"] < (now(client)["frame"] - frame) / RATE_HZ + 0.02


@pytest.mark.parametrize("method", ["player.next", "player.play"])
def test_with_a_track_that_somebody_chooses(playing, cue, method):
    waits = cue.request("tx", {"ops": [op("mixer.set", gain_db=-6)], "at": "next_track"})
    playing.call("player.seek", position_s=20)  # the same track
    assert playing.call("mixer.get")["gain_db"] == 0
    items = playing.call("queue.list")["items"]
    chosen = playing.call(method, **({"id": items[1]["id"]} if "play" == method[-4:] else {}))
    landed = cue.answer(waits)["result"]
    assert landed["applied_at"]["frame"] == chosen["applied_at"]["frame"]


def test_with_a_track_that_was_put_in(client, cue):
    client.play("tone:sine?hz=440&db=-40&s=1.5")
    waits = cue.request("tx", {"ops": [op("mixer.set", gain_db=-6)], "at": "next_track"})
    eventually(lambda: client.status()["position_s"] > 0.3)
    client.call("queue.add", uris=["tone:sine?hz=550&db=-40&s=5"])
    answer = cue.answer(waits)["result"]
    client.call("player.pause")
    assert client.status()["item"]["index"] == 1 and answer["late_frames"] == 0


# --- chant tx


@pytest.fixture
def chant(daemon):
    def call(*words, code=0, stdin=""):
        done = run(CHANT, "tx", *words, stdin=stdin, env={"CHANT_SOCKET": str(daemon.socket)})
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return call


def test_chant_tx(playing, chant, tmp_path):
    ops = [op("mixer.adjust", delta_db=-1)]
    path = tmp_path / "tx.json"
    path.write_text(json.dumps({"ops": ops, "ramp_ms": 100}, indent=2))
    chant(json.dumps(ops))
    chant("-", stdin=json.dumps(ops))
    chant(path)
    assert playing.call("mixer.get")["gain_db"] == -3
    at = later(playing, 0.5)["frame"]
    landed = json.loads(chant(path, f"--at=frame:{at}", "--json"))
    assert landed["applied_at"]["frame"] == at and landed["late_frames"] == 0
    before = now(playing)["mono_ns"]
    landed = json.loads(chant(path, "--at=+0.4", "--ramp=30", "--json"))
    assert 0.4e9 <= landed["applied_at"]["mono_ns"] - before < 10e9
    mono_ns = now(playing)["mono_ns"] + 300_000_000
    landed = json.loads(chant(path, f"--at=mono:{mono_ns}", "--json"))
    assert landed["applied_at"]["mono_ns"] == pytest.approx(mono_ns, abs=5e6)


def test_chant_tx_list_and_cancel(playing, chant, cue):
    for name in ("intro", "outro"):
        cue.request("tx", {"ops": [op("player.pause")], "at": later(cue, 60), "name": name})
    eventually(lambda: len(playing.call("tx.list")["waiting"]) == 2)
    first, second = json.loads(chant("list"))["waiting"]
    assert (first["name"], second["name"]) == ("intro", "outro")
    chant("cancel", "intro")
    chant("cancel", second["tx"])
    assert json.loads(chant("list")) == {"waiting": []}
    assert "NOT_FOUND" in chant("cancel", "intro", code=5)


def test_chant_tx_says_what_is_wrong(chant, tmp_path):
    assert "ops[0]" in chant('[{"method":"mixer.set","params":{"mute":1}}]', code=1)
    assert "not JSON" in chant("[1", code=1)
    assert "no such file" in chant(tmp_path / "none.json", code=5)
    assert "--at" in chant("[]", "--at=noon", code=2)
    assert "--ramp" in chant("[]", "--ramp=x", code=2)
    assert "too many" in chant("[]", "[]", code=2)
    assert "cancel takes" in chant("cancel", code=2)


# --- in the sound


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
    figure("clicks", "a tx against ramps that begin on its frame", worst, "<=", 1e-6, "of 1.0")
    assert worst <= 1e-6
    late = 0.25 * ramps(144_000, [(frame + 1, *levels) for frame, *levels in changes])
    assert numpy.abs(heard[0, begin : begin + 144_000] - late).max() > 1e-4, "a frame would be seen"


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
    what = "a tx with the next track against ramps from its first frame"
    figure("clicks", what, worst, "<=", 1e-6, "of 1.0")
    assert worst <= 1e-6
