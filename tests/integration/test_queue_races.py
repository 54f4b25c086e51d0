# SPDX-License-Identifier: ISC
"""Requests that meet others on their way: pipelined ones, and edits at the moment of a join."""

import json
import os
import re
import threading
import time
from pathlib import Path

import pytest

from programs import SANITIZER, eventually, proc_field, seconds
from test_play import played_ids, wait_for
from test_queue import ids_of

pytestmark = pytest.mark.threads

# Seconds before the end of an item is heard.  The engine is there a period or two earlier, and
# what it has done is known here some milliseconds later.
AROUND_THE_END = (0.03, 0.02, 0.015, 0.012, 0.008, 0.004, 0.0)


def tone(s=None, hz=440):
    """An item of this length, or one without an end."""
    return f"tone:sine?hz={hz}&db=-30" + (f"&s={s}" if s else "")


def lines(*calls):
    """Requests as one piece of bytes; their ids count from 1."""
    return b"".join(
        json.dumps({"jsonrpc": "2.0", "id": n, "method": method, "params": params}).encode() + b"\n"
        for n, (method, params) in enumerate(calls, 1)
    )


def pipelined(client, *calls):
    """The answers to requests that are on their way together."""
    client.send_bytes(lines(*calls))
    return [client.answer(n) for n in range(1, len(calls) + 1)]


def sleep_until(mono_ns):
    time.sleep(max(0.0, (mono_ns - time.monotonic_ns()) / 1e9))


def is_loud(event):
    return any(peak is not None and peak > -60 for peak in event["data"]["peak_dbfs"])


def wait_for_silence(meter):
    """Until several frames of the meter, or none at all, say that nothing is heard."""
    eventually(
        lambda: not any(map(is_loud, meter.events_for(0.1, topic="meter"))), what="silence"
    )


def wait_for_rest(client):
    eventually(lambda: client.call("server.status")["device"]["running"] is False)


def cpu_s(daemon):
    """What all its threads have used."""
    fields = Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- many requests at once


def test_thousands_behind_one_that_waits_for_the_engine(make_daemon):
    """Their answers, more than may lie unread, become ready at one moment; a reader gets all."""
    daemon = make_daemon("--period=8192").start()
    client = daemon.client()
    client.play(tone())
    calls = [("mixer.set", {"gain_db": -3}), *[("player.status", {})] * 4000]
    sender = threading.Thread(target=client.send_bytes, args=(lines(*calls),))
    sender.start()
    try:
        for n in range(1, len(calls) + 1):
            assert "result" in client.answer(n)
    finally:
        sender.join()
    assert client.status()["state"] == "playing"


def test_unsubscribe_behind_thousands(make_daemon):
    """The end of a subscription is read while an event is on its way to it."""
    daemon = make_daemon("--period=8192").start()
    client = daemon.client()
    client.play(tone())
    for n in range(1, 5):
        sub = client.call("subscribe", topics=["mixer"])["sub"] + 1
        other = daemon.client()
        first, second, last = lines(
            ("mixer.set", {"pan": n / 10}),
            ("subscribe", {"topics": ["player", "queue"]}),
            ("unsubscribe", {"sub": sub}),
        ).splitlines(keepends=True)
        other.send_bytes(first + second + b'{"method":"x"}\n' * 4094 + last)
        client.call("player.mode", crossfade_s=n)
        assert "result" in other.answer(1)
        assert other.answer(2)["result"]["sub"] == sub
        assert other.answer(3)["result"] is not None
        other.close()
    assert client.status()["state"] == "playing"


def test_a_batch_of_numbers(daemon, client):
    """Each of them is an error many times as long as itself."""
    before = daemon.status_field("VmHWM")
    client.send_bytes(b"[" + b"1," * 99_999 + b"1]\n")
    answer = client.message()
    if isinstance(answer, list):
        assert len(answer) == 100_000
    else:
        assert answer["id"] is None
        answer = [answer]
    assert all(one["error"]["data"]["detail"] for one in answer)
    if not SANITIZER:
        assert daemon.status_field("VmHWM") - before < 32 * 1024
    assert client.status()["state"] == "stopped"


def test_removing_a_third_of_a_large_queue(daemon, client):
    ids = client.play(tone())["ids"]
    for _ in range(3):
        ids += client.call("queue.add", uris=[tone(1)] * 19_999)["ids"]
    begin_cpu_s = cpu_s(daemon)
    removed = client.call("queue.remove", ids=ids[:-20_001:-1])
    assert cpu_s(daemon) - begin_cpu_s < seconds(1.5), "not each past each other"
    assert removed == {"removed": 20_000, "length": len(ids) - 20_000}
    kept = client.call("queue.list", offset=len(ids) - 20_001)["items"]
    assert [item["id"] for item in kept] == [ids[-20_001]]
    assert client.status()["state"] == "playing"


# --- skips and seeks that do not wait for each other


def test_two_skips(client):
    ids = client.play(*[tone(60, hz) for hz in (300, 400, 500, 600)])["ids"]
    assert all("result" in one for one in pipelined(client, *[("player.next", {})] * 2))
    wait_for(client, item={**client.call("queue.list")["items"][2], "gain_db": 0}, state="playing")
    assert all("result" in one for one in pipelined(client, *[("player.previous", {})] * 2))
    assert client.status()["item"]["id"] == ids[0]


@pytest.mark.parametrize("state", ["playing", "paused"])
def test_two_seeks(client, state):
    client.play(tone(60))
    client.call("player.seek", position_s=1)
    if state == "paused":
        client.call("player.pause")
        status = client.call("player.seek", position_s=10)
    else:
        status = client.call("player.seek", position_s=10)
    before, begin_s = status["position_s"], time.monotonic()
    answers = pipelined(client, *[("player.seek", {"delta_s": 2})] * 2)
    assert all("result" in one for one in answers)
    status = client.status()
    assert status["state"] == state
    assert before + 3.9 < status["position_s"] < before + 4.5 + time.monotonic() - begin_s


def test_load_and_seek(client):
    begin_s = time.monotonic()
    answers = pipelined(
        client,
        ("player.load", {"uris": [tone(20)], "play": True}),
        ("player.seek", {"position_s": 5}),
    )
    assert ["result" in one for one in answers] == [True, True], answers
    status = client.status()
    assert status["state"] == "playing"
    assert 4.9 < status["position_s"] < 5.5 + time.monotonic() - begin_s
    eventually(lambda: client.status()["position_s"] > status["position_s"])


def test_load_and_seek_beyond_the_end(client):
    answers = pipelined(
        client,
        ("player.load", {"uris": [tone(20)], "play": True}),
        ("player.seek", {"position_s": 21}),
    )
    assert "result" in answers[0]
    # How long it is may not be known yet; then it ends at once.
    if "error" in answers[1]:
        assert answers[1]["error"]["data"]["name"] == "OUT_OF_RANGE"
    else:
        wait_for(client, state="stopped")
    assert client.play(tone(20))["state"] == "playing"


@pytest.mark.parametrize("others", [0, 1])
def test_play_and_remove_it(daemon, client, others):
    """What is removed while it is being opened does not sound."""
    meter = daemon.client()
    meter.call("subscribe", topics=["meter"], rate_hz=50)
    removed_id, *rest = client.call("queue.add", uris=[tone(20)] * (1 + others))["ids"]
    _, answer = pipelined(
        client, ("player.play", {"id": removed_id}), ("queue.remove", {"ids": [removed_id]})
    )
    assert answer["result"]["removed"] == 1 and ids_of(client) == rest

    def settled():
        """What plays once it has been the same for a while: what follows is opened first."""
        seen = set()
        for _ in range(10):
            status = client.status()
            item = status["item"]["id"] if status["item"] else None
            seen.add((status["state"], item))
            assert status["state"] == "stopped" or item != removed_id, status
            time.sleep(0.02)
        return seen if len(seen) == 1 else None

    ((state, current),) = eventually(settled, what="a state that stays")
    if state == "stopped":
        wait_for_silence(meter)
        wait_for_rest(client)
    else:
        assert state == "playing" and current in rest


@pytest.mark.parametrize("follower", ["ready", "being opened", "unknown"])
def test_a_skip_that_fails_starts_nothing_else(daemon, client, tmp_path, follower):
    """Not even what was about to follow what sounded."""
    meter = daemon.client()
    meter.call("subscribe", topics=["meter"], rate_hz=50)
    (first,) = client.play(tone(1.5))["ids"]
    follows, missing = first + 1, first + 2
    adds = [("queue.add", {"uris": [uri]}) for uri in (tone(60, 1000), str(tmp_path / "none.flac"))]
    skip = ("player.play", {"id": missing})
    eventually(lambda: client.status()["position_s"] > 0.1, every_s=0.01)
    client.call("subscribe", topics=["player"])
    if follower == "unknown":
        answers = pipelined(client, *adds, skip)
    else:
        pipelined(client, *adds)
        if follower == "ready":
            eventually(lambda: client.status()["position_s"] > 0.3, every_s=0.01)
        answers = pipelined(client, skip)
    assert ids_of(client) == [first, follows, missing]
    assert answers[-1]["error"]["data"]["name"] == "NOT_FOUND"
    wait_for(client, 1, state="stopped")
    wait_for_silence(meter)
    wait_for_rest(client)
    assert client.status()["state"] == "stopped"
    client.events.extend(client.events_for(0.02))
    heard = [(event["data"]["item"] or {}).get("id") for event in client.events]
    assert follows not in heard


# --- edits at the end of what plays


@pytest.mark.parametrize("before_s", AROUND_THE_END)
def test_add_at_the_very_end(client, before_s):
    """What comes too late to follow waits; it never leaves a play without sound."""
    client.call("subscribe", topics=["player"])
    for _ in range(3):
        client.events.clear()
        answer = client.play(tone(0.08))
        sleep_until(answer["applied_at"]["mono_ns"] + int((0.08 - before_s) * 1e9))
        (added,) = client.call("queue.add", uris=[tone(0.03, 300)])["ids"]
        wait_for(client, 2, state="stopped", queue_length=2, error=None)
        heard = {(event["data"]["item"] or {}).get("id") for event in client.events}
        assert heard <= {None, *answer["ids"], added}


@pytest.mark.parametrize("before_s", AROUND_THE_END)
def test_remove_the_next_at_the_join(daemon, client, before_s):
    """What has been removed is neither heard on, nor left sounding by a stop."""
    meter = daemon.client()
    meter.call("subscribe", topics=["meter"], rate_hz=50)
    for _ in range(3):
        answer = client.play(tone(0.1))
        (added,) = client.call("queue.add", uris=["tone:square?db=-30"])["ids"]
        sleep_until(answer["applied_at"]["mono_ns"] + int((0.1 - before_s) * 1e9))
        client.call("queue.remove", ids=[added])
        wait_for(client, 1, state="stopped", item=None)
        wait_for_silence(meter)
    client.call("player.stop")
    wait_for_rest(client)
    assert client.status()["state"] == "stopped"


# --- modes and short items


def test_consume_takes_the_shortest_away(client):
    client.call("player.mode", consume=True)
    client.play(*[tone(0.01)] * 50)
    wait_for(client, state="stopped", queue_length=0, item=None)
    assert ids_of(client) == []


def test_random_hears_what_is_added_to_the_last(client):
    client.call("player.mode", random=True)
    client.call("subscribe", topics=["player"])
    ids = client.play(tone(2))["ids"]
    for hz in (300, 400, 500):
        time.sleep(0.05)
        ids += client.call("queue.add", uris=[tone(0.2, hz)])["ids"]
    heard = played_ids(client)
    assert heard[0] == ids[0] and sorted(heard) == ids


@pytest.mark.parametrize("s", [0.6, 60])
def test_random_skips_visit_everything_once(client, s):
    """Also what was already decoded behind what is left; nothing here ends by itself."""
    client.call("player.mode", random=True)
    client.call("subscribe", topics=["player"])
    ids = client.play(*[tone(s, 200 + 50 * n) for n in range(10)])["ids"]
    for _ in range(10):
        eventually(lambda: client.status()["position_s"] > 0.03, every_s=0.005)
        client.answer(client.request("player.next"))  # the last may have ended by itself
    heard = played_ids(client)
    assert sorted(heard) == ids, heard


def test_single_goes_on_with_the_next(client):
    """Each play is one item."""
    client.call("player.mode", single=True)
    client.call("subscribe", topics=["player"])
    ids = client.play(*[tone(0.15, hz) for hz in (300, 400, 500)])["ids"]
    for item in ids:
        event = client.event_where(
            lambda data, item=item: data["state"] == "playing", topic="player"
        )
        assert event["data"]["item"]["id"] == item
        client.event_where(lambda data: data["state"] == "stopped", topic="player")
        if item != ids[-1]:
            assert client.call("player.play")["item"]["id"] > item


# --- files without sound


def flac_head(media):
    """The blocks of a FLAC that come before its frames."""
    data = media.sine(1.0, suffix="flac").read_bytes()
    at, last = 4, False
    while not last:
        last = data[at] & 0x80 != 0
        at += 4 + int.from_bytes(data[at + 1 : at + 4], "big")
    assert re.match(rb"\xff[\xf8\xf9]", data[at:])
    return data[:at], data[at:]


@pytest.mark.parametrize("repeat", ["one", "all"])
@pytest.mark.parametrize("rest", ["nothing", "ten bytes of a frame", "zeros"])
def test_a_flac_without_frames_ends_under_repeat(daemon, client, media, tmp_path, rest, repeat):
    """It promises a second of sound and has none: not gone round for ever."""
    head, frames = flac_head(media)
    path = tmp_path / "empty.flac"
    path.write_bytes(head + {"nothing": b"", "zeros": bytes(65536)}.get(rest, frames[:10]))
    client.call("player.mode", repeat=repeat)
    wanted = client.request("player.load", {"uris": [str(path)], "play": True})
    answer = client.answer(wanted)
    assert "error" in answer, answer
    assert answer["error"]["data"]["name"] in ("DECODE_FAILED", "UNSUPPORTED_FORMAT")
    assert str(path) in answer["error"]["data"]["detail"]
    assert client.status()["state"] == "stopped"

    def spent():
        before = cpu_s(daemon)
        time.sleep(0.3)
        return cpu_s(daemon) - before

    eventually(lambda: spent() < 0.03, what="a daemon that does nothing")
    assert len(daemon.log()) < 20_000
    assert proc_field(f"/proc/{daemon.pid}/status", "VmRSS") < 200_000
