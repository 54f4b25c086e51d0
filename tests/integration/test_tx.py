# SPDX-License-Identifier: ISC
"""Transactions: checked as a whole, landed on one frame, told as one change."""

import json
import time

import numpy
import pytest

from programs import CHANT, eventually, run

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
    before_ns, first = time.monotonic_ns(), now(playing)
    assert before_ns <= first["mono_ns"] <= time.monotonic_ns()
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
        (op("limiter.set", ceiling_dbtp=1), "OUT_OF_RANGE", "ops[1].params.ceiling_dbtp"),
        (op("eq.graphic", layout="x", gains_db=[]), "INVALID_PARAMS", "ops[1].params.layout"),
        (op("eq.preset.load", name="none"), "NOT_FOUND", "ops[1].params.name"),
        (op("player.seek", position_s=1), "INVALID_PARAMS", "ops[1].method"),
        (op("loudness.set", mode="track"), "INVALID_PARAMS", "ops[1].method"),
        (op("eq.import", text="Preamp: -6 dB"), "INVALID_PARAMS", "ops[1].method"),
        (op("mixer.panic"), "INVALID_PARAMS", "ops[1].method"),
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
    good = op("eq.preset.load", name="bass")
    more = {} if at is None else {"at": at}
    error = client.refusal("tx", ops=[good, bad, op("limiter.set", ceiling_dbtp=-9)], **more)
    assert (error.name, error.data["param"]) == (name, param)
    assert [client.call("mixer.get"), client.call("eq.get")] == before
    assert client.call("tx.list") == {"waiting": []}
    assert not client.events


def test_what_went_before_the_bad_op_is_put_back(client):
    """Of each method that a tx can hold."""
    bands = [{"freq_hz": 100, "gain_db": 3}]
    before = [client.call("mixer.get"), client.call("eq.get")]
    ops = [
        op("limiter.set", ceiling_dbtp=-9, bypass=True),
        op("mixer.set", gain_db=-3, pan=1, mute=True),
        op("mixer.adjust", delta_db=-3),
        op("eq.preset.load", name="bass"),
        op("eq.set", bands=bands, design="rbj", preamp_db="auto", bypass_left=True),
        op("eq.band", index=0, type="high_pass", order=8, family="butterworth"),
        op("eq.graphic", layout="iso10", gains_db=[3] * 10),
        op("player.pause"),
    ]
    error = client.refusal("tx", ops=ops)
    assert (error.name, error.data["param"]) == ("CONFLICT", "ops[7]")
    assert [client.call("mixer.get"), client.call("eq.get")] == before
    results = client.call("tx", ops=ops[:7])["results"]
    assert results[0]["ceiling_dbtp"] == -9 and results[3]["preset"] == "bass"
    assert results[4]["preset"] is None and results[6]["graphic"]["gains_db"] == [3] * 10
    assert client.call("limiter.get")["bypass"] is True


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
    mono_ns = now(playing)["mono_ns"] + 1_000_000_000
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
    at = {"mono_ns": now(playing)["mono_ns"] - 300_000_000}
    answer = playing.call("tx", ops=[op("mixer.set", pan=0)], at=at)
    assert answer["late_frames"] >= 14000
    time.sleep(0.7)
    error = playing.refusal("tx", ops=[op("mixer.set", pan=1)], at={"frame": frame})
    assert error.name == "OUT_OF_RANGE" and "s ago" in error.data["detail"]


def test_what_changes_meanwhile_is_respected(playing, cue):
    """Gain, mute and pan are one command; the one under way must not undo what came later."""
    at = later(playing, 2.5)
    waits = cue.request("tx", {"ops": [op("mixer.adjust", delta_db=-6)], "at": at})
    eventually(lambda: playing.call("tx.list")["waiting"])
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
    eventually(lambda: playing.call("tx.list")["waiting"])
    playing.call("player.stop")
    short = cue.request("tx", {"ops": ops[:1], "at": later(playing, 0.3)})
    assert "result" in cue.answer(short)
    playing.call("mixer.set", mute=False)
    error = cue.answer(waits)["error"]
    assert error["data"]["name"] == "CONFLICT" and error["data"]["param"] == "ops[1]"
    assert playing.call("mixer.get")["mute"] is False


def test_preset_sliders_and_limiter_with_the_rest(playing):
    at = later(playing, 0.4)
    ops = [op("eq.preset.load", name="bass"), op("limiter.set", ceiling_dbtp=-6)]
    answer = playing.call("tx", ops=[*ops, op("mixer.set", gain_db=-5)], at=at)
    assert answer["applied_at"]["frame"] == at["frame"]
    assert playing.call("eq.get")["preset"] == "bass"
    assert playing.call("limiter.get")["ceiling_dbtp"] == -6
    ops = [op("eq.graphic", layout="seed8", gains_db=[3] * 8), op("limiter.set", bypass=True)]
    playing.call("tx", ops=ops, at=later(playing, 0.4))
    assert playing.call("eq.get")["graphic"]["layout"] == "seed8"
    bad = [op("limiter.set", bypass=False), op("eq.preset.load", name="no such")]
    error = playing.refusal("tx", ops=bad, at=later(playing, 0.4))
    assert error.name == "NOT_FOUND" and error.data["param"] == "ops[1].params.name"
    assert playing.call("limiter.get")["bypass"] is True


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
    eventually(lambda: playing.call("tx.list")["waiting"])
    daemon.terminate()
    assert cue.answer(waits)["error"]["data"]["name"] == "UNAVAILABLE"


# --- what comes from a file


def test_a_preset_that_is_gone_when_its_time_comes(make_daemon, tmp_path):
    daemon = make_daemon(env={"XDG_CONFIG_HOME": str(tmp_path)}).start()
    client, cue = daemon.client(), daemon.client(30)
    client.play("tone:sine?hz=440&db=-40&s=600")
    eventually(lambda: now(client)["running"])
    client.call("eq.set", preamp_db=-7)
    client.call("eq.preset.save", name="mine")
    client.call("eq.set", preamp_db=0)
    ops = [op("limiter.set", ceiling_dbtp=-3), op("eq.preset.load", name="mine")]
    assert client.call("tx", ops=ops, at=later(client, 0.3))["results"][1]["preset"] == "mine"
    assert client.call("eq.get")["preamp_db"] == -7
    client.call("eq.set", preamp_db=0)
    client.call("limiter.set", ceiling_dbtp=-1)
    waits = cue.request("tx", {"ops": ops, "at": later(client, 0.6)})
    eventually(lambda: client.call("tx.list")["waiting"])
    client.call("eq.preset.delete", name="mine")
    error = cue.answer(waits)["error"]["data"]
    assert (error["name"], error["param"]) == ("NOT_FOUND", "ops[1].params.name")
    assert client.call("limiter.get")["ceiling_dbtp"] == -1


# --- panic


def test_a_panic_cancels_all_that_wait(playing, cue):
    ops = [op("mixer.set", mute=False, gain_db=0), op("eq.set", preamp_db=-3)]
    times = [{"mono_ns": 9e18}, "next_track", later(playing, 60), later(playing, 0.6)]
    waiting = [cue.request("tx", {"ops": ops, "at": at, "name": str(at)}) for at in times]
    eventually(lambda: len(playing.call("tx.list")["waiting"]) == len(times))
    time.sleep(0.45)  # the last one is under way to the engine
    assert playing.call("mixer.panic")["panic"] is True
    for wanted in waiting:
        error = cue.answer(wanted)["error"]
        assert error["data"]["name"] == "CONFLICT" and "mixer.panic" in error["message"]
    assert playing.call("tx.list") == {"waiting": []}
    time.sleep(0.3)  # beyond its frame
    assert playing.call("mixer.get")["panic"] is True
    assert playing.call("eq.get")["preamp_db"] == 0
    # One that comes after it was meant to end it.
    assert playing.refusal("tx", ops=[op("mixer.adjust", delta_db=1)]).name == "CONFLICT"
    playing.call("tx", ops=ops, at=later(playing, 0.1))
    assert playing.call("mixer.get")["panic"] is False


def test_a_panic_while_nothing_plays(client, cue):
    waits = cue.request("tx", {"ops": [op("mixer.set")], "at": {"mono_ns": 9e18}})
    eventually(lambda: client.call("tx.list")["waiting"])
    client.call("mixer.panic")
    assert cue.answer(waits)["error"]["data"]["name"] == "CONFLICT"
    assert client.call("mixer.get")["panic"] is True


@pytest.mark.parametrize("change", [op("mixer.set", mute=False), op("mixer.adjust", delta_db=-1)])
def test_a_panic_at_any_moment_of_a_landing(playing, cue, change):
    """Landed or cancelled, and both are told as they are; the panic lasts."""
    rng = numpy.random.default_rng(5)
    n_landed, wait_s = 0, 0.07
    for _ in range(40):
        playing.call("mixer.set", gain_db=0)
        playing.call("eq.set", preamp_db=0)
        ops = [change, op("eq.set", preamp_db=-1)]
        waits = cue.request("tx", {"ops": ops, "at": later(playing, 0.08)})
        time.sleep(max(0, wait_s + rng.uniform(-0.015, 0.015)))
        assert playing.call("mixer.panic")["panic"] is True
        landed = "result" in cue.answer(waits)
        n_landed += landed
        wait_s += -0.01 if landed else 0.01  # about when it lands, on the machine as it is
        assert playing.call("mixer.get")["panic"] is True
        assert playing.call("eq.get")["preamp_db"] == (-1 if landed else 0)
    assert 0 < n_landed < 40


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


def test_a_frame_may_be_far_away_while_the_device_stands(client, cue):
    """Further than nanoseconds can count: it waits all the same."""
    ops = [op("mixer.set", gain_db=-30)]
    cue.request("tx", {"ops": ops, "at": {"frame": 2**53}, "name": "far"})
    eventually(lambda: [tx.get("name") for tx in client.call("tx.list")["waiting"]] == ["far"])
    assert client.call("mixer.get")["gain_db"] == 0
    client.call("tx.cancel", name="far")


def test_in_the_order_of_their_times_while_the_device_stands(client, daemon):
    """Both may be found due at once; the later one still has the last word."""
    cues = [daemon.client(30) for _ in range(8)]
    when = time.monotonic_ns() + 2_000_000_000
    for n, cue in enumerate(cues):
        at = {"mono_ns": when - n * 1000}
        cue.request("tx", {"ops": [op("mixer.set", gain_db=-n - 1)], "at": at})
    eventually(lambda: len(client.call("tx.list")["waiting"]) == len(cues))
    eventually(lambda: not client.call("tx.list")["waiting"])
    assert client.call("mixer.get")["gain_db"] == -1


def test_nothing_is_lost_when_the_device_stops(playing, cue):
    for s in (2, 2.2):
        cue.request("tx", {"ops": [op("mixer.adjust", delta_db=-s)], "at": later(playing, s)})
    eventually(lambda: len(playing.call("tx.list")["waiting"]) == 2)
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
    client.play("tone:sine?hz=440&db=-40&s=2.5", "tone:sine?hz=550&db=-40&s=5")
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
    eventually(lambda: playing.call("tx.list")["waiting"])
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
