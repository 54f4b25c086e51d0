# SPDX-License-Identifier: ISC
"""Devices: listed, pinned, missing at the start, killed in mid-song and brought back."""

import time

import pytest

import pulse
from device import device, moving, wait_for_device
from programs import eventually
from wine import path

TONE = "tone:sine?hz=997&db=-20"


def devices(client):
    return client.call("device.list")["devices"]


def heard_db(speakers, record, client, sink=None):
    """Level of the tone at a sink, while it plays."""
    moving(client, client.status()["position_s"])
    recorder = record(speakers, sink)
    samples = recorder.next_s(0.7)
    recorder.close()
    return pulse.level_db(samples[0], 997, recorder.rate_hz)


def test_devices_are_listed(client):
    found = [one for one in devices(client) if one["backend"] == "wasapi"]
    mine = next(one for one in found if one["name"] == "null")
    assert mine["id"].startswith("{0.0.0.00000000}.{")
    assert (mine["rate_hz"], mine["channels"], mine["format"]) == (48000, 2, "f32")
    assert 0 < mine["period_min_frames"] <= mine["period_default_frames"] <= 4800
    assert sum(one["default"] for one in found) == 1
    assert not any(one["id"].startswith("{0.0.1.") for one in found), "nothing that records"


@pytest.mark.parametrize("by", ["id", "name"])
def test_pinned(make_daemon, make_pulse, record, by):
    """The second of two sinks, which is not the default: nothing is heard on the first."""
    speakers = make_pulse(first=(48000, 2), second=(48000, 2)).start()
    names = make_daemon(speakers=speakers).start().client(30)
    second = next(one for one in devices(names) if one["name"] == "second")
    client = make_daemon(f"--device={second[by]}", speakers=speakers).start().client(30)
    wait_for_device(client)
    client.play(TONE)
    assert heard_db(speakers, record, client, "second") == pytest.approx(-20, abs=0.1)
    assert heard_db(speakers, record, client, "first") < -100


def test_pinned_to_what_is_not_there(make_daemon, speakers):
    """Not another one instead: it waits."""
    daemon = make_daemon("--device=nowhere", speakers=speakers).start()
    client = daemon.client(30)
    wait_for_device(client, "lost")
    assert "nowhere" in daemon.log()
    assert client.refusal("player.load", uris=[TONE], play=True).name == "NO_DEVICE"


@pytest.mark.parametrize("options", [(), ("--device=null",)], ids=["default", "pinned"])
def test_killed_in_mid_song_and_back(make_daemon, speakers, record, media, options, capsys):
    """It says so, holds its place, and plays on.

    At the rate it had: Wine remembers the format of a device as long as a process lives, so other
    rates are a matter of the unit tests.
    """
    daemon = make_daemon(*options, speakers=speakers).start()
    client = daemon.client(30)
    wait_for_device(client)
    client.call("subscribe", topics=["device"])
    client.play(path(media.sine(600, hz=997, db=-20)))
    moving(client, by_s=1)
    speakers.kill()
    client.event_where(lambda data: data["state"] == "lost", 30, topic="device")
    before = client.status()
    assert before["state"] == "playing" and before["position_s"] > 0.5
    time.sleep(0.5)
    assert client.status()["position_s"] == pytest.approx(before["position_s"], abs=0.05)
    # While it is gone everything else works.
    assert client.call("mixer.set", gain_db=-6)["gain_db"] == -6
    speakers.start()
    back_s = time.monotonic()
    client.event_where(lambda data: data["state"] == "open", 60, topic="device")
    opened_s = time.monotonic()
    after_s = moving(client, before["position_s"], 0.0)
    moved_s = time.monotonic()
    with capsys.disabled():
        print(f"\nback{' '.join(options)}: open after {1e3 * (opened_s - back_s):.0f} ms,"
              f" position moves after {1e3 * (moved_s - back_s):.0f} ms")  # fmt: skip
    assert after_s - before["position_s"] < 30, "it goes on where it was"
    assert device(client)["losses"] == 1
    recorder = record(speakers)
    samples = recorder.next_s(1.0)
    assert pulse.frequency_hz(samples[0], 48000) == pytest.approx(997, abs=1)
    assert pulse.level_db(samples[0], 997, 48000) == pytest.approx(-26, abs=0.1)


def test_killed_again_and_again(make_daemon, speakers, record):
    daemon = make_daemon(speakers=speakers).start()
    client = daemon.client(30)
    wait_for_device(client)
    client.play(TONE)
    for n in range(1, 4):
        speakers.kill()
        eventually(lambda n=n: device(client)["losses"] == n, 30)
        speakers.start()
        wait_for_device(client, timeout_s=60)
        assert heard_db(speakers, record, client) == pytest.approx(-20, abs=0.1)


def test_killed_while_paused(make_daemon, speakers):
    client = make_daemon(speakers=speakers).start().client(30)
    wait_for_device(client)
    client.play(TONE)
    moving(client)
    client.call("player.pause")
    time.sleep(0.3)
    held_s = client.status()["position_s"]
    speakers.kill()
    wait_for_device(client, "lost", 60)
    speakers.start()
    wait_for_device(client, timeout_s=60)
    assert client.status()["state"] == "paused"
    client.call("player.resume")
    moving(client, held_s, timeout_s=60)
    assert client.status()["state"] == "playing"


def test_no_device_at_the_start_then_one(make_daemon, speakers, record):
    speakers.kill()
    daemon = make_daemon(speakers=speakers).start()
    client = daemon.client(30)
    wait_for_device(client, "lost")
    assert client.refusal("player.load", uris=[TONE], play=True).name == "NO_DEVICE"
    speakers.start()
    wait_for_device(client, timeout_s=60)
    client.play(TONE)
    assert heard_db(speakers, record, client) == pytest.approx(-20, abs=0.1)


def test_ends_while_the_device_is_gone(make_daemon, speakers):
    daemon = make_daemon(speakers=speakers).start()
    client = daemon.client(30)
    wait_for_device(client)
    client.play(TONE)
    moving(client)
    speakers.kill()
    wait_for_device(client, "lost")
    daemon.process.terminate()
    assert daemon.wait(30) == 0
