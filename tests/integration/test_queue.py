# SPDX-License-Identifier: ISC
"""The queue: stable ids, edits, and edits just before what they change would have been heard."""

import random

import pytest

from programs import eventually
from test_play import played_ids, wait_for

pytestmark = pytest.mark.threads


def ids_of(client):
    return [item["id"] for item in client.call("queue.list")["items"]]


@pytest.fixture
def tones():
    return [f"tone:sine?hz={hz}&db=-30&s=60" for hz in range(200, 1000, 100)]


def test_ids_are_never_used_again(client, tones):
    first = client.call("queue.add", uris=tones[:3])
    assert first["length"] == 3 and len(set(first["ids"])) == 3
    client.call("queue.remove", ids=first["ids"])
    second = client.call("queue.add", uris=tones[:3])["ids"]
    assert min(second) > max(first["ids"])
    client.call("queue.clear")
    third = client.call("player.load", uris=tones[:1])["ids"]
    assert min(third) > max(second)


def test_list_in_pieces(client, tones):
    ids = client.call("queue.add", uris=tones)["ids"]
    whole = client.call("queue.list")
    assert (whole["length"], whole["offset"], whole["current"]) == (8, 0, None)
    assert [item["index"] for item in whole["items"]] == list(range(8))
    assert [item["uri"] for item in whole["items"]] == tones
    piece = client.call("queue.list", offset=3, limit=2)
    assert [item["id"] for item in piece["items"]] == ids[3:5] and piece["length"] == 8
    assert client.call("queue.list", offset=8)["items"] == []
    assert client.call("queue.list", limit=0)["items"] == []


def test_add_move_remove(client, tones):
    a, b, c = client.call("queue.add", uris=tones[:3])["ids"]
    (d,) = client.call("queue.add", uris=tones[3], at=1)["ids"]
    assert ids_of(client) == [a, d, b, c]
    client.call("queue.move", id=c, to=0)
    assert ids_of(client) == [c, a, d, b]
    client.call("queue.move", id=c, to=3)
    assert ids_of(client) == [a, d, b, c]
    assert client.call("queue.remove", ids=[d, c]) == {"removed": 2, "length": 2}
    assert ids_of(client) == [a, b]
    client.call("queue.shuffle")
    assert sorted(ids_of(client)) == [a, b]
    assert client.call("queue.clear") == {"length": 0}


def test_what_can_not_be_done_changes_nothing(client, tones):
    ids = client.call("queue.add", uris=tones[:2])["ids"]
    rev = client.call("queue.list")["rev"]
    assert client.refusal("queue.remove", ids=[ids[0], 999]).name == "NOT_FOUND"
    assert client.refusal("queue.move", id=999, to=0).name == "NOT_FOUND"
    assert client.refusal("queue.move", id=ids[0], to=2).name == "OUT_OF_RANGE"
    assert client.refusal("queue.add", uris=tones[:1], at=3).name == "OUT_OF_RANGE"
    assert client.refusal("queue.add", uris=[tones[0], "music.flac"]).data["param"] == "uris"
    assert client.refusal("queue.add", uris=[]).name == "INVALID_PARAMS"
    assert client.refusal("queue.add", uris=["gopher://x/y"]).name == "INVALID_PARAMS"
    assert client.refusal("queue.add", uris=["tone:growl"]).name == "INVALID_PARAMS"
    assert client.refusal("queue.add", uris=["file:///a%zz"]).name == "INVALID_PARAMS"
    after = client.call("queue.list")
    assert after["rev"] == rev and ids_of(client) == ids


def test_load_that_fails_keeps_the_queue(client, tones):
    ids = client.call("queue.add", uris=tones[:2])["ids"]
    assert client.refusal("player.load", uris=["relative.wav"]).data["param"] == "uris"
    assert ids_of(client) == ids


def test_a_file_uri_with_percent_signs(client, media):
    path = media.sine(0.3)
    odd = path.with_name("süß & 100 % #1?.wav")
    odd.write_bytes(path.read_bytes())
    quoted = "file://" + "".join(
        chr(b) if chr(b).isascii() and chr(b).isalnum() or b in b"/-._" else f"%{b:02x}"
        for b in str(odd).encode()
    )
    item = client.play(quoted)["item"]
    assert item["format"] == "WAV" and item["uri"] == quoted
    latin = path.with_name("x").as_posix().encode() + b"\xe4.wav"
    with open(latin, "wb") as out:
        out.write(path.read_bytes())
    item = client.play("file://" + latin.decode("latin-1").replace("ä", "%e4"))["item"]
    assert item["format"] == "WAV"


# --- under a playing item; 2 s are decoded ahead, so what follows 0.8 s is in the ring already


def test_remove_the_next_just_before_it_sounds(client, media):
    client.call("subscribe", topics=["player"])
    a, b, c = client.play(media.sine(0.8), media.sine(5), media.sine(0.4))["ids"]
    wait_for_position(client, 0.4)
    client.call("queue.remove", ids=[b])
    assert played_ids(client) == [a, c]


def test_move_the_next_away(client, media):
    client.call("subscribe", topics=["player"])
    a, b, c = client.play(media.sine(0.8), media.sine(0.4, hz=300), media.sine(0.4))["ids"]
    wait_for_position(client, 0.4)
    client.call("queue.move", id=b, to=2)
    assert played_ids(client) == [a, c, b]


def test_insert_before_the_next(client, media):
    client.call("subscribe", topics=["player"])
    a, b = client.play(media.sine(0.8), media.sine(0.4, hz=300))["ids"]
    wait_for_position(client, 0.4)
    (c,) = client.call("queue.add", uris=[str(media.sine(0.4))], at=1)["ids"]
    assert played_ids(client) == [a, c, b]


def test_append_behind_the_last_while_it_ends(client, media):
    client.call("subscribe", topics=["player"])
    (a,) = client.play(media.sine(0.8))["ids"]
    wait_for_position(client, 0.4)
    (b,) = client.call("queue.add", uris=[str(media.sine(0.4))])["ids"]
    assert played_ids(client) == [a, b]


def test_all_that_follows_goes(client, media):
    client.call("subscribe", topics=["player"])
    a, b, c = client.play(media.sine(0.8), media.sine(5), media.sine(5, hz=300))["ids"]
    wait_for_position(client, 0.4)
    client.call("queue.remove", ids=[b, c])
    assert played_ids(client) == [a]


def test_remove_what_sounds(client, media):
    a, b, c = client.play(*[media.sine(5, hz=hz) for hz in (300, 400, 500)])["ids"]
    client.call("queue.remove", ids=[a, b])
    assert wait_for(client, state="playing")
    assert ids_of(client) == [c]
    wait_for_current(client, c)
    client.call("queue.remove", ids=[c])
    wait_for(client, state="stopped", item=None, queue_length=0)


def test_clear_while_it_plays(client, media):
    client.play(media.sine(5), media.sine(5, hz=300))
    client.call("queue.clear")
    wait_for(client, state="stopped", item=None, queue_length=0)


def test_edits_at_random_leave_it_whole(client, media):
    """Many edits while short items join; the model is a Python list."""
    rng = random.Random(20)
    uris = [str(media.sine(0.3, hz=hz)) for hz in (300, 400, 500)]
    model = client.play(*uris, *uris)["ids"]
    client.call("player.mode", repeat="all")
    for _ in range(150):
        kind = rng.choice(["add", "add", "remove", "move", "next", "list"])
        if kind == "add" and len(model) < 12:
            at = rng.randint(0, len(model))
            model[at:at] = client.call("queue.add", uris=[rng.choice(uris)], at=at)["ids"]
        elif kind == "remove" and len(model) > 3:
            client.call("queue.remove", ids=[model.pop(rng.randrange(len(model)))])
        elif kind == "move":
            item = model.pop(rng.randrange(len(model)))
            to = rng.randint(0, len(model))
            model.insert(to, item)
            client.call("queue.move", id=item, to=to)
        elif kind == "next":
            client.call("player.next")
        else:
            assert ids_of(client) == model
    status = client.status()
    assert status["state"] == "playing" and status["item"]["id"] in model
    assert status["error"] is None
    assert ids_of(client) == model


def test_the_queue_has_an_end(client):
    uris = ["tone:sine?s=1"] * 20000
    for _ in range(3):
        client.call("queue.add", uris=uris)
    assert client.refusal("queue.add", uris=uris).name == "OUT_OF_RANGE"
    assert client.call("queue.list", limit=1)["length"] == 60000


def wait_for_position(client, position_s):
    eventually(lambda: client.status()["position_s"] >= position_s, every_s=0.01)


def wait_for_current(client, item):
    eventually(lambda: (client.status()["item"] or {}).get("id") == item)
