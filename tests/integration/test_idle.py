# SPDX-License-Identifier: ISC
"""What it costs to have it: nothing while nothing plays, and never more with time."""

import time

import pytest

from programs import SANITIZER, eventually
from test_play import wait_for


def rest(daemon, client):
    """Until the device has been stopped and every timer with it."""
    eventually(lambda: client.call("server.status")["device"]["running"] is False)
    eventually(lambda: steady(daemon), 15, what="context switches that stand still")


def steady(daemon):
    before = daemon.context_switches()
    time.sleep(0.3)
    return daemon.context_switches() == before


@pytest.mark.skipif(SANITIZER != "", reason="a sanitizer has threads of its own")
@pytest.mark.parametrize("after", ["start", "playing", "pause", "subscriptions", "errors"])
def test_idle_means_idle(daemon, client, media, tmp_path, after):
    """No thread of it runs in three seconds (after some histories, one)."""
    if after == "playing":
        client.play(media.sine(0.4))
        wait_for(client, state="stopped")
    elif after == "pause":
        client.play(media.sine(30))
        client.call("player.pause")
    elif after == "subscriptions":
        client.call("subscribe", topics=["player", "queue", "spectrum", "meter", "rt"])
        client.play(media.sine(0.4))
        wait_for(client, state="stopped")
        client.events_for(1)
    elif after == "errors":
        client.refusal("player.load", uris=[str(tmp_path / "none.wav")], play=True)
        client.send_bytes(b"garbage\n")
        client.message()
    rest(daemon, client)
    before = daemon.context_switches()
    time.sleep(3 if after in ("start", "subscriptions") else 1)
    assert daemon.context_switches() == before


def test_nothing_is_left_of_connections(daemon, client, media):
    client.call("rpc.version")
    before = daemon.n_fds()
    for n in range(200):
        with daemon.client() as other:
            if n % 4 == 0:
                other.call("subscribe", topics=["player", "spectrum", "meter", "rt"])
            elif n % 4 == 1:
                other.send_bytes(b"half a line")
            elif n % 4 == 2:
                other.call("rpc.version")
    eventually(lambda: client.call("server.status")["clients"] == 1)
    eventually(lambda: daemon.n_fds() == before)
    for _ in range(10):
        client.play(media.sine(0.3, suffix="flac"), media.sine(0.3, suffix="ogg"))
        client.call("player.next")
    client.call("player.stop")
    eventually(lambda: daemon.n_fds() == before, what="closed files")


def test_no_thread_is_left(daemon, client, media):
    client.play(media.sine(0.3))
    wait_for(client, state="stopped")
    rest(daemon, client)
    before = len(daemon.context_switches())
    for _ in range(20):
        sub = client.call("subscribe", topics=["spectrum", "meter"])["sub"]
        client.play(media.sine(2))
        client.call("player.seek", position_s=1)
        client.call("unsubscribe", sub=sub)
        client.call("player.stop")
    eventually(lambda: len(daemon.context_switches()) <= before, 15)


def test_memory(daemon, client, media, record_property):
    eventually(lambda: client.call("server.status")["device"]["state"] == "open")
    idle = daemon.pss_kib()
    client.call("subscribe", topics=["spectrum", "meter"])
    client.play(media.sine(20, suffix="flac", rate_hz=44100))
    eventually(lambda: client.status()["position_s"] > 1)
    playing = daemon.pss_kib()
    print(f"PSS idle {idle / 1024:.1f} MiB, playing {playing / 1024:.1f} MiB")
    record_property("pss_idle_kib", idle)
    record_property("pss_playing_kib", playing)
    if not SANITIZER:
        assert idle <= 6 * 1024 and playing <= 12 * 1024


@pytest.mark.skipif(SANITIZER != "", reason="a sanitizer keeps what was freed")
def test_memory_does_not_grow_with_the_file(daemon, client, media):
    """Two minutes at 192 kHz would be 184 MB as floats."""
    client.play(media.sine(2, rate_hz=192000, bits=24))
    eventually(lambda: client.status()["position_s"] > 0.5)
    before = daemon.rss_kib()
    client.play(media.sine(120, rate_hz=192000, bits=24))
    for position in (30, 60, 90, 110):
        client.call("player.seek", position_s=position)
    time.sleep(1)
    assert daemon.rss_kib() - before < 6 * 1024
    assert client.status()["error"] is None


@pytest.mark.skipif(SANITIZER != "", reason="a sanitizer keeps what was freed")
def test_memory_does_not_grow_with_use(daemon, client, media):
    def use():
        for n in range(12):
            client.play(media.sine(1, suffix="flac"), media.sine(1, hz=300))
            client.call("eq.band", index=n % 10, gain_db=n % 12)
            client.call("player.next")
            sub = client.call("subscribe", topics=["spectrum"])["sub"]
            client.call("unsubscribe", sub=sub)
            client.call("queue.clear")

    use()
    grown = []
    for _ in range(4):
        before = daemon.rss_kib()
        for _ in range(2):
            use()
        grown.append(daemon.rss_kib() - before)
    assert min(grown) < 256, "what is lost is lost each time"
