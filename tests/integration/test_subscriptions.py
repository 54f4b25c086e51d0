# SPDX-License-Identifier: ISC
"""State topics: a snapshot, then every change once, whole, with its cause."""

import pytest

from programs import eventually

STATE_TOPICS = ["player", "queue", "mixer", "eq", "loudness", "device", "server"]

pytestmark = pytest.mark.threads


def test_snapshot_is_what_the_getters_say(client):
    client.call("mixer.set", gain_db=-7, mute=True)
    answer = client.call("subscribe", topics=STATE_TOPICS)
    snapshot = answer["snapshot"]
    assert set(answer) == {"sub", "rev", "snapshot"} and set(snapshot) == set(STATE_TOPICS)
    assert snapshot["player"] == client.status()
    assert snapshot["queue"] == client.call("queue.list")
    assert snapshot["mixer"] == client.call("mixer.get")
    assert snapshot["mixer"]["gain_db"] == -7 and snapshot["mixer"]["mute"] is True
    assert snapshot["eq"] == client.call("eq.get")
    assert snapshot["loudness"] == client.call("loudness.get")
    server = client.call("server.status")
    assert snapshot["device"] == server["device"]
    assert snapshot["server"]["pid"] == server["pid"]


def test_one_topic_as_a_string(client):
    assert set(client.call("subscribe", topics="mixer")["snapshot"]) == {"mixer"}


def test_every_change_has_its_cause(daemon, client):
    watcher = daemon.client()
    answer = watcher.call("subscribe", topics=["mixer", "eq", "queue"])
    client.call("mixer.set", gain_db=-3)
    client.call("eq.band", index=2, gain_db=4)
    client.call("queue.add", uris=["tone:sine?s=1"])
    events = [watcher.event() for _ in range(3)]
    assert [event["topic"] for event in events] == ["mixer", "eq", "queue"]
    assert [event["seq"] for event in events] == [1, 2, 3]
    revs = [answer["rev"], *(event["rev"] for event in events)]
    assert revs == sorted(set(revs)), "rev grows with every change"
    assert {event["sub"] for event in events} == {answer["sub"]}
    assert events[0]["data"] == client.call("mixer.get")
    assert events[1]["data"] == client.call("eq.get")
    assert events[2]["data"] == client.call("queue.list")
    causes = {event["cause"] for event in events}
    assert len(causes) == 1 and causes.pop().startswith("client:")
    watcher.call("mixer.set", gain_db=-4)
    own = watcher.event(topic="mixer")
    assert own["cause"] != events[0]["cause"] and own["cause"].startswith("client:")
    for event in events:
        assert event["t"]["mono_ns"] > 0 and event["t"]["frame"] >= 0


def test_a_change_that_changes_nothing_is_no_event(client):
    client.call("mixer.set", gain_db=-3)
    client.call("subscribe", topics=["mixer"])
    client.call("mixer.set", gain_db=-3)
    client.call("mixer.get")
    client.call("mixer.set", gain_db=-5)
    assert client.event(topic="mixer")["seq"] == 1


def test_playing_tells_every_step(client, media):
    client.call("subscribe", topics=["player", "queue"])
    first, second = client.play(media.sine(0.4), media.sine(0.4, hz=300))["ids"]
    states = []
    while not states or states[-1][0] != "stopped":
        data = client.event(topic="player")["data"]
        states.append((data["state"], (data["item"] or {}).get("id")))
    changes = [state for n, state in enumerate(states) if n == 0 or states[n - 1] != state]
    assert changes == [("playing", first), ("playing", second), ("stopped", None)]


def test_the_event_comes_before_the_answer(client):
    """Who changes something and watches it sees the change no later than the answer."""
    client.call("subscribe", topics=["mixer"])
    for gain in range(-1, -20, -1):
        client.call("mixer.set", gain_db=gain)
        assert client.events.popleft()["data"]["gain_db"] == gain


def test_several_subscriptions_on_one_connection(client):
    one = client.call("subscribe", topics=["mixer"])["sub"]
    two = client.call("subscribe", topics=["mixer", "eq"])["sub"]
    assert one != two
    client.call("mixer.set", gain_db=-9)
    assert {client.event()["sub"], client.event()["sub"]} == {one, two}
    client.call("unsubscribe", sub=one)
    client.call("mixer.set", gain_db=-8)
    assert client.event(topic="mixer")["sub"] == two
    assert not client.events
    assert client.refusal("unsubscribe", sub=one).name == "NOT_FOUND"
    client.call("unsubscribe", sub=two)
    client.call("mixer.set", gain_db=-7)
    with pytest.raises(TimeoutError):
        client.event(0.3)


def test_a_subscription_belongs_to_its_connection(daemon, client):
    sub = client.call("subscribe", topics=["mixer"])["sub"]
    other = daemon.client()
    assert other.refusal("unsubscribe", sub=sub).name == "NOT_FOUND"


def test_nonsense(client):
    assert client.refusal("subscribe").data["param"] == "topics"
    assert client.refusal("subscribe", topics=["weather"]).data["param"] == "topics"
    assert client.refusal("subscribe", topics=[]).name == "INVALID_PARAMS"
    assert client.refusal("subscribe", topics=["player"], colour=1).data["param"] == "colour"
    assert client.refusal("unsubscribe", sub=12345).name == "NOT_FOUND"


def test_there_is_a_most(client):
    for _ in range(64):
        client.call("subscribe", topics=["eq"])
    assert client.refusal("subscribe", topics=["eq"]).name == "BUSY"


def test_different_analyses_have_an_end(daemon):
    """All of the daemon's; who asks for one that runs already gets it."""
    greedy, other = daemon.client(), daemon.client()
    for n in range(64):
        greedy.call("subscribe", topics=["spectrum"], bands=8 + n)
    for topic in ("spectrum", "meter"):
        refused = other.refusal("subscribe", topics=[topic], rate_hz=7)
        assert refused.name == "BUSY" and "too many" in str(refused)
    other.call("subscribe", topics=["spectrum"], bands=8)
    greedy.call("unsubscribe", sub=2)
    other.call("subscribe", topics=["meter"])


def test_a_slow_watcher_sees_the_last_state(daemon, client):
    """Events are conflated for who does not read; what it gets in the end is true."""
    watcher = daemon.client()
    watcher.call("subscribe", topics=["mixer", "eq"])
    for n in range(3000):
        client.request("eq.band", {"index": n % 10, "gain_db": (n % 24) - 12})
        client.request("mixer.set", {"gain_db": -(n % 60)})
        if n % 50 == 49:
            for _ in range(100):
                client.message()
    wanted = client.call("mixer.get"), client.call("eq.get")
    seen = {}

    def look():
        for event in watcher.events_for(0.1):
            seen[event["topic"]] = event
        return (seen["mixer"]["data"], seen["eq"]["data"]) == wanted

    eventually(look, 20)
    assert seen["eq"]["seq"] < 6000 and daemon.rss_kib() < 200_000


def test_mode_and_error_are_events(client, tmp_path):
    client.call("subscribe", topics=["player"])
    client.call("player.mode", random=True)
    assert client.event(topic="player")["data"]["mode"]["random"] is True
    client.refusal("player.load", uris=[str(tmp_path / "none.flac")], play=True)
    data = client.event_where(lambda data: data["error"], topic="player")["data"]
    assert data["error"]["name"] == "NOT_FOUND"
