# SPDX-License-Identifier: ISC
"""Playing files on the clocked null backend: formats, transport, modes."""

import time

import pytest

from media import FORMATS, TAGS
from programs import eventually

pytestmark = pytest.mark.threads


def wait_for(client, timeout_s=15, **wanted):
    """The status once it has these values."""

    def look():
        status = client.status()
        return status if all(status[key] == value for key, value in wanted.items()) else None

    return eventually(look, timeout_s, what=f"player {wanted}")


def played_ids(client, timeout_s=20):
    """Ids of the items, in the order in which they became current, until it stops."""
    ids = []
    while True:
        event = client.event(timeout_s, topic="player")["data"]
        if event["item"] and (not ids or ids[-1] != event["item"]["id"]):
            ids.append(event["item"]["id"])
        if event["state"] == "stopped":
            return ids


# --- formats


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_plays_to_its_end(client, media, suffix):
    path = media.sine(0.8, suffix=suffix)
    client.call("subscribe", topics=["player"])
    status = client.play(path)
    item = status["item"]
    assert status["state"] == "playing" and status["error"] is None
    assert item["uri"] == str(path) and item["format"] == FORMATS[suffix]
    assert item["rate_hz"] == 48000 and item["channels"] == 2
    assert item["duration_s"] == pytest.approx(0.8, abs=0.06 if suffix == "mp3" else 0.002)
    assert item.get("bits", 16) == 16
    end = client.event_where(lambda data: data["state"] == "stopped", 20, topic="player")
    assert end["data"]["error"] is None and end["data"]["item"] is None


@pytest.mark.parametrize("suffix", ["flac", "ogg", "opus", "mp3"])
def test_tags_are_in_the_status(client, media, suffix):
    item = client.play(media.tagged(suffix))["item"]
    assert {key: item[key] for key in TAGS} == TAGS


@pytest.mark.parametrize("rate_hz", [8000, 11025, 12345, 44100, 96000, 192000])
def test_every_rate_has_its_length(client, media, rate_hz):
    client.call("subscribe", topics=["player"])
    item = client.play(media.sine(0.5, rate_hz=rate_hz))["item"]
    assert item["rate_hz"] == rate_hz and item["duration_s"] == pytest.approx(0.5, abs=1 / rate_hz)
    end = client.event_where(lambda data: data["state"] == "stopped", 20, topic="player")
    assert end["data"]["error"] is None


@pytest.mark.parametrize("channels", range(1, 9))
def test_one_to_eight_channels(client, media, channels):
    status = client.play(media.surround(channels))
    assert status["item"]["channels"] == channels and status["error"] is None
    wait_for(client, state="stopped", error=None)


@pytest.mark.parametrize("bits", [8, 24, 32])
def test_other_word_lengths(client, media, bits):
    item = client.play(media.sine(0.3, bits=bits))["item"]
    assert item["bits"] == bits
    wait_for(client, state="stopped", error=None)


def test_files_of_the_system(client):
    """Sounds that Debian ships: mono WAV and Ogg Vorbis of somebody else's making."""
    paths = [
        "/usr/share/sounds/alsa/Front_Center.wav",
        "/usr/share/sounds/freedesktop/stereo/bell.oga",
    ]
    client.call("subscribe", topics=["player"])
    ids = client.play(*paths)["ids"]
    assert played_ids(client) == ids
    assert client.status()["error"] is None


# --- position, pause, seek


def test_position_moves_with_the_clock(client, media):
    client.play(media.sine(8))
    eventually(lambda: client.status()["position_s"] > 0.2)
    frame, position = [], []
    for _ in range(2):
        status, server = client.status(), client.call("server.status")
        frame.append(server["engine"]["frame"])
        position.append(status["position_s"])
        eventually(lambda: client.status()["position_s"] > position[0] + 0.5)
    moved = position[1] - position[0]
    assert moved > 0.4
    assert moved == pytest.approx((frame[1] - frame[0]) / 48000, abs=0.2)
    assert round(position[1], 6) == position[1]


def test_position_never_goes_back(client, media):
    """Not at a join, not at the end: (index, position) only grows until it stops."""
    client.play(media.sine(0.8), media.sine(0.5, hz=300), media.sine(0.7, hz=500))
    seen = [(0, 0.0)]
    while (status := client.status())["state"] == "playing":
        seen.append((status["item"]["index"], status["position_s"]))
    assert seen == sorted(seen), [pair for pair in zip(seen, seen[1:]) if pair[0] > pair[1]]
    assert seen[-1][1] > 0.6
    for index, length in enumerate((0.8, 0.5, 0.7)):
        assert max(position for at, position in seen if at == index) <= length


def test_pause_holds_and_resume_goes_on(client, media):
    client.play(media.sine(8))
    eventually(lambda: client.status()["position_s"] > 0.1)
    assert client.call("player.pause")["state"] == "paused"
    held = eventually(lambda: steady_position(client), what="a position that stands")
    assert held > 0.1
    assert client.call("player.toggle")["state"] == "playing"
    eventually(lambda: client.status()["position_s"] > held + 0.1)
    assert client.call("player.toggle")["state"] == "paused"
    assert client.call("player.play")["state"] == "playing"
    stopped = client.call("player.stop")
    assert stopped["state"] == "stopped"
    assert client.status()["queue_length"] == 1


def steady_position(client):
    first = client.status()["position_s"]
    time.sleep(0.15)
    return first if client.status()["position_s"] == first else None


@pytest.mark.parametrize("suffix", FORMATS)
def test_seek_in_every_format(client, media, suffix):
    client.play(media.sine(6, suffix=suffix))
    begin_s = time.monotonic()
    status = client.call("player.seek", position_s=3.5)
    assert status["state"] == "playing"
    assert 3.45 <= status["position_s"] < 4 + time.monotonic() - begin_s
    status = client.call("player.seek", delta_s=-2)
    assert 1.0 <= status["position_s"] < 2.5 + time.monotonic() - begin_s
    client.call("player.pause")
    status = client.call("player.seek", position_s=5)
    assert status["state"] == "paused"
    assert status["position_s"] == pytest.approx(5, abs=0.005)
    assert client.call("player.seek", delta_s=-100)["position_s"] == pytest.approx(0, abs=0.005)
    assert client.status()["error"] is None


def test_seek_past_the_end(client, media):
    ids = client.play(media.sine(3), media.sine(4))["ids"]
    error = client.refusal("player.seek", position_s=3.5)
    assert error.name == "OUT_OF_RANGE" and error.data["param"] == "position_s"
    status = client.call("player.seek", delta_s=10)
    assert status["item"]["id"] == ids[1] and status["position_s"] < 3
    assert client.refusal("player.seek").name == "INVALID_PARAMS"
    assert client.refusal("player.seek", position_s=1, delta_s=1).name == "INVALID_PARAMS"


def test_seeking_often_ends_where_it_was_told(client, media):
    client.play(media.sine(30, suffix="flac"))
    for n in range(60):
        client.request("player.seek", {"position_s": n / 3})
    last = client.request("player.seek", {"position_s": 20.5})
    while (message := client.message())["id"] != last:
        assert "result" in message
    assert 20.45 < client.status()["position_s"] < 29


def test_nothing_to_do(client):
    for method in ("pause", "resume", "next", "previous"):
        assert client.refusal(f"player.{method}").name == "CONFLICT"
    assert client.refusal("player.play").name == "NOT_FOUND"
    assert client.call("player.stop")["state"] == "stopped"
    assert client.refusal("player.play", id=77).name == "NOT_FOUND"
    assert client.refusal("player.status", player="second").name == "NOT_FOUND"


@pytest.mark.parametrize("state", ["stopped", "playing", "paused"])
def test_changes_say_when_they_are_heard(client, state):
    """applied_at: in the daemon's frames and on the machine's clock, and never backwards."""
    if state != "stopped":
        client.play("tone:sine?db=-40")
    if state == "paused":
        client.call("player.pause")
    frames = []
    for n in range(5):
        begin = time.monotonic_ns() - 1e9  # what was handed over is heard a little later
        for answer in (
            client.call("mixer.set", gain_db=-n),
            client.call("mixer.adjust", delta_db=-1),
            client.call("eq.band", index=n, gain_db=n),
            client.call("eq.set", preamp_db=-n),
        ):
            frames.append(answer["applied_at"]["frame"])
            assert begin <= answer["applied_at"]["mono_ns"] <= time.monotonic_ns() + 1e9
    assert frames == sorted(frames)
    assert (frames[-1] > frames[0]) == (state == "playing") or state == "paused"


# --- next, previous, modes


def test_next_and_previous(client, media):
    ids = client.play(*[media.sine(5, hz=hz) for hz in (300, 400, 500)])["ids"]
    assert client.call("player.next")["item"]["id"] == ids[1]
    assert client.call("player.next")["item"]["id"] == ids[2]
    assert client.call("player.previous")["item"]["id"] == ids[1]
    assert client.call("player.play", id=ids[0])["item"]["id"] == ids[0]
    client.call("player.pause")
    status = client.call("player.next")
    assert (status["item"]["id"], status["state"]) == (ids[1], "paused")
    client.call("player.next")
    assert client.call("player.next")["state"] == "stopped"


def shorts(media, n, s=0.4):
    return [media.sine(s, hz=300 + 50 * i) for i in range(n)]


def test_queue_is_played_in_order(client, media):
    client.call("subscribe", topics=["player"])
    ids = client.play(*shorts(media, 4))["ids"]
    assert played_ids(client) == ids
    assert client.status()["queue_length"] == 4


def test_repeat_one_and_all(client, media):
    ids = client.play(*shorts(media, 2))["ids"]
    assert client.call("player.mode", repeat="one")["mode"]["repeat"] == "one"
    client.call("subscribe", topics=["player"])
    with pytest.raises(TimeoutError):
        client.event_where(lambda data: data["state"] != "playing", 1.5, topic="player")
    assert client.status()["item"]["id"] == ids[0]
    client.call("player.mode", repeat="all")
    for wanted in (ids[1], ids[0], ids[1]):
        client.event_where(lambda data, it=wanted: data["item"]["id"] == it, topic="player")
    client.call("player.mode", repeat="off")
    assert played_ids(client)[-1] == ids[1]


def test_single_stops_behind_the_current(client, media):
    client.call("player.mode", single=True)
    client.call("subscribe", topics=["player"])
    ids = client.play(*shorts(media, 3))["ids"]
    assert played_ids(client) == ids[:1]


def test_consume_empties_the_queue(client, media):
    client.call("player.mode", consume=True)
    client.call("subscribe", topics=["player"])
    ids = client.play(*shorts(media, 3))["ids"]
    assert played_ids(client) == ids
    eventually(lambda: client.call("queue.list")["length"] == 0)


def test_random_plays_everything_once(client, media):
    client.call("player.mode", random=True)
    client.call("subscribe", topics=["player"])
    orders = []
    ids = client.play(*shorts(media, 6, 0.2))["ids"]
    orders.append(played_ids(client))
    for _ in range(3):
        if any(order != ids for order in orders):
            break
        client.call("player.play")
        orders.append(played_ids(client))
    assert all(sorted(order) == ids for order in orders)
    assert any(order != ids for order in orders), "never shuffled"


def test_crossfade_overlaps(client, media):
    """Two files of 2 s with 1 s of crossfade last 3 s, by the engine's count of frames."""
    client.call("player.mode", crossfade_s=1)
    client.call("subscribe", topics=["player"])
    begin = client.play(*shorts(media, 2, 2.0))["applied_at"]["frame"]
    assert len(played_ids(client)) == 2
    frames = client.call("server.status")["engine"]["frame"] - begin
    assert 2.9 < frames / 48000 < 3.9


def test_mode_refuses_nonsense(client):
    assert client.refusal("player.mode", repeat="twice").data["param"] == "repeat"
    assert client.refusal("player.mode", random=1).data["param"] == "random"
    assert client.refusal("player.mode", crossfade_s=-1).name == "OUT_OF_RANGE"
