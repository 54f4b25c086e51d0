# SPDX-License-Identifier: ISC
"""JACK servers: by name, at their rate, connected or not, dying and coming back."""

import signal
import time

import numpy
import pytest

import sound
from programs import CHANTD, eventually, run
from test_play import steady_position
from test_sound_jack import PORTS

pytestmark = pytest.mark.threads


def device(client):
    return client.call("server.status")["device"]


def start(make_daemon, server, *options):
    """A daemon on this server, and a client once the device is open."""
    daemon = make_daemon(f"--device={server.name}", *options, backend="jack").start()
    client = daemon.client(20)
    eventually(lambda: device(client)["state"] == "open")
    return daemon, client


def test_reports_what_the_server_says(make_daemon, make_jack):
    server = make_jack(rate_hz=44100, period=512)
    _, client = start(make_daemon, server)
    info = device(client)
    assert (info["backend"], info["rate_hz"], info["period"]) == ("jack", 44100, 512)
    assert server.name in info["device"] and info["running"] is True
    assert info["xruns"] >= 0 and info["latency_frames"] >= 0


def test_plays_at_the_rate_of_the_server(make_daemon, make_jack, capture, media):
    """A file of 48 kHz on a server of 44.1: the pitch stays."""
    server = make_jack(rate_hz=44100)
    _, client = start(make_daemon, server, "--connect=none")
    recorder = capture(server, *PORTS)
    client.play(media.sine(1.5, hz=1000, db=-12))
    eventually(lambda: client.status()["state"] == "stopped", 30)
    heard = sound.sounding(recorder.stop())
    assert heard.shape[1] == pytest.approx(1.5 * 44100, rel=0.02)
    spectrum = numpy.abs(numpy.fft.rfft(heard[0] * numpy.hanning(heard.shape[1])))
    assert numpy.argmax(spectrum) * 44100 / heard.shape[1] == pytest.approx(1000, abs=1)


@pytest.mark.parametrize(
    "option, wanted",
    [
        ("auto", ["system:playback_1", "system:playback_2"]),
        ("none", [None, None]),
        ("system:playback_2", ["system:playback_2", None]),
        ("^system:", ["system:playback_1", "system:playback_2"]),
        ("nobody", [None, None]),
    ],
)
def test_connections(make_daemon, jack_server, option, wanted):
    daemon, _ = start(make_daemon, jack_server, f"--connect={option}")

    def connected():
        return [(jack_server.connections(port) + [None])[0] for port in PORTS] == wanted

    eventually(connected)
    if None in wanted and option != "none":
        assert "warning" in daemon.log()


def test_ports_have_pretty_names(make_daemon, jack_server):
    start(make_daemon, jack_server)
    # All servers of a user share one data base, which others may be writing at the moment.
    def both():
        said = jack_server.run("jack_property", "-l").stdout
        return "Left" in said and "Right" in said

    eventually(both)


def test_two_servers_by_name(make_daemon, make_jack):
    """Each daemon plays to its own, whatever the environment says."""
    first, second = make_jack(), make_jack()
    one, client_one = start(make_daemon, first)
    two, client_two = start(make_daemon, second)
    assert PORTS[0] in first.ports() and PORTS[0] in second.ports()
    one.terminate()
    one.wait()
    eventually(lambda: PORTS[0] not in first.ports())
    assert PORTS[0] in second.ports()
    assert client_two.play("tone:sine?db=-30")["state"] == "playing"
    assert two.process.poll() is None


def test_auto_finds_the_server(make_daemon, jack_server):
    daemon = make_daemon(backend="auto", env={"JACK_DEFAULT_SERVER": jack_server.name}).start()
    client = daemon.client()
    eventually(lambda: device(client)["state"] == "open")
    assert device(client)["backend"] == "jack"


@pytest.mark.parametrize("option", ["--rate=44100", "--period=256"])
def test_what_the_server_does_not_have(jack_server, tmp_path, option):
    """Refused in one line that says what it has."""
    result = run(
        CHANTD,
        "--backend=jack",
        f"--device={jack_server.name}",
        option,
        f"--socket={tmp_path / 'x.sock'}",
    )
    assert result.returncode == 1
    assert option.partition("=")[2] in result.stderr
    assert ("48000" if "rate" in option else "1024") in result.stderr


def test_waits_for_a_server(make_daemon, make_jack):
    """None there at first: it says so, and plays when one comes."""
    server = make_jack()
    server.process.terminate()
    server.process.wait()
    daemon = make_daemon(f"--device={server.name}", backend="jack").start()
    client = daemon.client()
    eventually(lambda: device(client)["state"] == "lost")
    assert server.name in daemon.log()
    assert client.refusal("player.load", uris=["tone:sine"], play=True).name == "NO_DEVICE"
    assert client.call("queue.list")["length"] == 0, "refused, but done in part"
    client.call("queue.add", uris=["tone:sine"])
    server.start()
    eventually(lambda: device(client)["state"] == "open", 20)
    assert client.call("player.play")["state"] == "playing"


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_server_dies_while_it_plays(make_daemon, make_jack, media, how):
    """The daemon lives, says so, holds its place, and plays on when a server is back."""
    server = make_jack()
    daemon, client = start(make_daemon, server)
    client.call("subscribe", topics=["device", "player", "spectrum"])
    client.play(media.sine(60))
    eventually(lambda: client.status()["position_s"] > 0.7)
    if how == "kill":
        server.kill()
    else:
        server.process.terminate()
        server.process.wait()
    client.event_where(lambda data: data["state"] == "lost", topic="device")
    assert "gone" in daemon.log()
    before = client.status()
    assert before["state"] == "playing" and before["position_s"] >= 0.5
    time.sleep(0.5)
    assert client.status()["position_s"] == pytest.approx(before["position_s"], abs=0.05)
    # While it is gone everything else works.
    assert client.call("mixer.set", gain_db=-6)["gain_db"] == -6
    assert client.call("eq.band", index=0, gain_db=3)["bands"][0]["gain_db"] == 3
    server.start()
    client.event_where(lambda data: data["state"] == "open", 20, topic="device")
    after = eventually(lambda: moved(client, before["position_s"]), 20)
    assert after - before["position_s"] < 20, "it goes on where it was"
    assert device(client)["losses"] == 1 and device(client)["running"]
    assert client.status()["state"] == "playing"


def moved(client, position_s):
    now = client.status()["position_s"]
    return now if now > position_s + 0.3 else None


def test_server_dies_again_and_again(make_daemon, make_jack, media):
    server = make_jack()
    daemon, client = start(make_daemon, server)
    client.play(media.sine(60))
    fds = None
    for n in range(1, 4):
        server.kill()
        eventually(lambda n=n: device(client)["losses"] == n)
        server.start()
        eventually(lambda: device(client)["state"] == "open", 20)
        eventually(lambda: daemon.client().status()["state"] == "playing")
        fds = fds or daemon.n_fds()
    assert daemon.n_fds() <= fds + 4, "clients of dead servers are not kept"
    last = client.status()["position_s"]
    eventually(lambda: client.status()["position_s"] > last + 0.2)


def test_paused_while_the_server_dies(make_daemon, make_jack, media):
    server = make_jack()
    _, client = start(make_daemon, server)
    client.play(media.sine(60))
    eventually(lambda: client.status()["position_s"] > 0.3)
    client.call("player.pause")
    held = eventually(lambda: steady_position(client), what="a position that stands")
    server.kill()
    eventually(lambda: device(client)["state"] == "lost")
    server.start()
    eventually(lambda: device(client)["state"] == "open", 20)
    status = client.status()
    assert status["state"] == "paused" and status["position_s"] == pytest.approx(held, abs=0.05)
    client.call("player.resume")
    eventually(lambda: client.status()["position_s"] > held + 0.3)


def test_server_comes_back_at_another_rate(make_daemon, make_jack, media, capture):
    server = make_jack(rate_hz=48000)
    _, client = start(make_daemon, server, "--connect=none")
    client.play(media.sine(60, hz=1000))
    eventually(lambda: client.status()["position_s"] > 0.5)
    server.kill()
    eventually(lambda: device(client)["state"] == "lost")
    before = client.status()["position_s"]
    server.rate_hz = 44100
    server.start()
    eventually(lambda: device(client)["rate_hz"] == 44100, 20)
    eventually(lambda: client.status()["position_s"] > before + 0.2)
    recorder = capture(server, *PORTS)
    time.sleep(1)
    heard = recorder.stop()[0]
    spectrum = numpy.abs(numpy.fft.rfft(heard * numpy.hanning(len(heard))))
    assert numpy.argmax(spectrum) * 44100 / len(heard) == pytest.approx(1000, abs=2)


def test_the_period_changes_while_it_plays(make_daemon, jack_server, media):
    _, client = start(make_daemon, jack_server)
    client.play(media.sine(60))
    for period in (256, 2048, 1024):
        assert jack_server.run("jack_bufsize", str(period)).returncode == 0
        eventually(lambda period=period: device(client)["period"] == period)
        last = client.status()["position_s"]
        eventually(lambda last=last: client.status()["position_s"] > last + 0.1)


def test_ends_while_the_server_is_gone(make_daemon, make_jack, media):
    server = make_jack()
    daemon, client = start(make_daemon, server)
    client.play(media.sine(60))
    server.kill()
    eventually(lambda: device(client)["state"] == "lost")
    daemon.terminate()
    assert daemon.wait() == 0


def test_a_server_that_hangs(make_daemon, jack_server, media):
    """SIGSTOP: nothing is answered by it, everything by us, also the end."""
    daemon, client = start(make_daemon, jack_server)
    client.play(media.sine(60))
    jack_server.process.send_signal(signal.SIGSTOP)
    try:
        assert client.call("rpc.version")
        assert client.status()["state"] == "playing"
        daemon.terminate()
        assert daemon.wait(30) == 0
    finally:
        jack_server.kill()
