# SPDX-License-Identifier: ISC
"""Every control of the running daemon, at any time: what a 100 Hz sine leaves above 2 kHz.

A row of CONTROLS is a list of calls that are made in turn, over and over: a few at random times,
and a hundred in a second.  Every method is in a row, or in CANT_BE_HEARD with a reason: a method
that is in neither fails a test, and so does a name here that is no method.  Recorded from JACK.
"""

import itertools
import random
import re
import time
from signal import SIGCONT, SIGSTOP

import numpy
import pytest
from scipy import signal

import sound
from figures import figure
from programs import SOURCE, eventually
from test_sound_jack import PORTS, Studio

RATE_HZ = 48000
HOLD_DB = -90
N_ONCE = 4
N_FAST = 100


def bands(**changes):
    """A bell that leaves the 100 Hz sine below the limiter's ceiling."""
    return [{"freq_hz": 100, "gain_db": 5, "q": 1, **changes}]


def eq(**changes):
    return ("eq.band", {"index": 0, **changes})


FLAT = (
    "eq.set",
    {"bands": bands(), "bypass": False, "bypass_left": False, "bypass_right": False}
    | {"preamp_db": 0, "design": "matched"},
)
LEVEL = ("mixer.set", {"gain_db": 0, "mute": False, "pan": 0})
MODE = ("player.mode", {"repeat": "off", "random": False, "single": False, "crossfade_s": 0})


def item(index):
    """Instead of an item's id: the one that has this index when the call is made."""
    return lambda client: client.call("queue.list")["items"][index]["id"]


def current(client):
    return client.status()["item"]["id"]


def uri(client):
    return client.call("queue.list")["items"][0]["uri"]


CONTROLS = {
    "gain": [("mixer.set", {"gain_db": -20}), ("mixer.set", {"gain_db": 0})],
    "gain, as fast as it goes": [
        ("mixer.set", {"gain_db": -20, "ramp_ms": 1}),
        ("mixer.set", {"gain_db": 0, "ramp_ms": 1}),
    ],
    "gain to nothing": [("mixer.set", {"gain_db": None}), ("mixer.set", {"gain_db": 0})],
    "gain, step by step": [
        ("mixer.adjust", {"delta_db": -7}),
        ("mixer.adjust", {"delta_db": 7, "max_db": 0}),
    ],
    "mute": [("mixer.set", {"mute": True}), ("mixer.set", {"mute": False})],
    "pan": [("mixer.set", {"pan": 1}), ("mixer.set", {"pan": -1})],
    "EQ gain": [eq(gain_db=-18), eq(gain_db=5)],
    "EQ frequency": [eq(freq_hz=4000), eq(freq_hz=100)],
    "EQ Q": [eq(q=10, freq_hz=130), eq(q=0.3)],
    "EQ type": [
        eq(type=kind, freq_hz=300, q=0.7, gain_db=5)
        for kind in ("low_pass", "high_shelf", "notch", "peak", "tilt", "low_shelf", "high_pass")
        + ("all_pass", "band_pass")
    ],
    "EQ order and family": [
        eq(type="high_pass", freq_hz=60, order=8, family="butterworth"),
        eq(type="high_pass", freq_hz=60, order=4, family="linkwitz_riley"),
        eq(type="low_pass", freq_hz=300, order=1, family="q"),
    ],
    "EQ slope": [eq(type="low_shelf", freq_hz=200, slope=s) for s in (1, 0.2)],
    "EQ bypass of a channel": [
        eq(bypass_left=True, gain_db=-12),
        eq(bypass_left=False, bypass_right=True),
        ("eq.set", {"bypass_left": True, "bypass_right": False}),
        ("eq.set", {"bypass_left": False}),
    ],
    "EQ bypass of a band": [eq(bypass=True), eq(bypass=False)],
    "EQ bypass": [("eq.set", {"bypass": True}), ("eq.set", {"bypass": False})],
    "EQ preamp": [("eq.set", {"preamp_db": -20}), ("eq.set", {"preamp_db": "auto"})],
    "EQ design": [("eq.set", {"design": "rbj"}), ("eq.set", {"design": "matched"})],
    "EQ of ten bands": [
        ("eq.set", {"bands": [b for n in range(10) for b in bands(freq_hz=40 * 2**n, gain_db=g)]})
        for g in (-9, 0.4)
    ]
    + [("eq.set", {"bands": []})],
    "pause and resume": [("player.pause", {}), ("player.resume", {})],
    "toggle": [("player.toggle", {})],
    "stop and play": [("player.stop", {}), ("player.play", {})],
    "play of an item": [("player.play", {"id": item(1)}), ("player.play", {"id": item(0)})],
    "seek": [("player.seek", {"position_s": s}) for s in (10.0037, 5.0021, 20.0013)],
    "seek from here": [("player.seek", {"delta_s": s}) for s in (3.0017, -2.0023)],
    "next and previous": [("player.next", {}), ("player.previous", {})],
    "load": [("player.load", {"uris": uri, "play": True})],
    "load, not played": [("player.load", {"uris": uri}), ("player.play", {})],
    "repeat": [("player.mode", {"repeat": r}) for r in ("one", "all", "off")],
    "random": [("player.mode", {"random": r}) for r in (True, False)],
    "crossfade": [("player.mode", {"crossfade_s": s}) for s in (4, 0)],
    "queue: the current item goes": [
        ("queue.add", {"uris": uri}),
        ("queue.remove", {"ids": current}),
    ],
    "queue: cleared": [
        ("queue.clear", {}),
        ("player.load", {"uris": "TONE", "play": True}),
    ],
    "queue: another order": [("queue.move", {"id": current, "to": 1}), ("queue.shuffle", {})],
    "queue: what follows soon is changed": [
        ("player.seek", {"position_s": 38.5}),
        ("queue.move", {"id": item(0), "to": 1}),
        ("player.seek", {"position_s": 39.1}),
        ("queue.shuffle", {}),
    ],
    "crossfade, soon": [
        ("player.mode", {"crossfade_s": 1.5}),
        ("player.seek", {"position_s": 38.1}),
        ("player.mode", {"crossfade_s": 0}),
        ("player.seek", {"position_s": 37.9}),
        ("queue.move", {"id": item(0), "to": 1}),
    ],
    "tx": [
        ("tx", {"ops": [{"method": m, "params": p} for m, p in ops]})
        for ops in (
            [("mixer.set", {"gain_db": -9}), eq(gain_db=-9), ("player.pause", {})],
            [("mixer.set", {"gain_db": 0}), eq(freq_hz=200), ("player.resume", {})],
            [("eq.set", {"bands": [], "preamp_db": -6}), ("mixer.set", {"pan": 0.5})],
            [FLAT, LEVEL],
        )
    ]
    + [
        ("tx", {"ramp_ms": 0, "ops": [{"method": "mixer.adjust", "params": {"delta_db": -3}}]}),
        ("tx", {"ops": [{"method": "player.toggle"}]}),
        ("tx", {"ops": [{"method": "player.stop"}]}),
        ("player.play", {}),
    ],
}

CANT_BE_HEARD = {
    "clock.now": "asks",
    "eq.get": "asks",
    "eq.response": "asks",
    "mixer.get": "asks",
    "player.status": "asks",
    "queue.list": "asks",
    "rpc.version": "asks",
    "server.stats": "asks",
    "server.status": "asks",
    "subscribe": "taps only listen (test_clicks.c: tap)",
    "tx.cancel": "what does not land is not heard",
    "tx.list": "asks",
    "unsubscribe": "as subscribe",
    "server.shutdown": "test_the_end_of_the_daemon, below",
}


# --- the table is whole


def methods():
    """All that the dispatch tables of the source hold."""
    found = set()
    for path in (SOURCE / "daemon" / "control").glob("*.c"):
        found |= set(re.findall(r'\{\s*\.name = "([\w.]+)",\s*\.run =', path.read_text()))
    return found


def named(calls):
    for method, params in calls:
        yield method
        if method == "tx":
            yield from named([(op["method"], {}) for op in params["ops"]])


def test_every_method_has_a_row():
    rows = set(named(itertools.chain(*CONTROLS.values())))
    known = methods()
    assert len(known) > 30, "the tables are not read as they are written"
    assert known - rows - set(CANT_BE_HEARD) == set(), "no row says whether it clicks"
    assert (rows | set(CANT_BE_HEARD)) - known == set(), "there is no such method"
    assert rows & set(CANT_BE_HEARD) == set()


def test_the_daemon_knows_what_the_source_says(client):
    for method in methods():
        if method != "server.shutdown":
            answer = client.answer(client.request(method, {"no such": 1}))
            assert answer["error"]["data"]["name"] != "METHOD_NOT_FOUND", method


# --- measuring

# Kaiser's window with 150 dB of stop band, half at 1.75 kHz: nothing of 100 Hz comes through.
TAPS = signal.firwin(1025, 1750, window=("kaiser", 15.5), pass_zero=False, fs=RATE_HZ)


def residue_db(heard, rate_hz=RATE_HZ):
    """Peak above 2 kHz; only where the filter lies wholly inside, so both ends are no corners."""
    taps = TAPS
    if rate_hz != RATE_HZ:
        taps = signal.firwin(1025, 1750, window=("kaiser", 15.5), pass_zero=False, fs=rate_hz)
    return max(
        sound.db(numpy.abs(signal.fftconvolve(channel, taps, mode="valid")).max())
        for channel in heard
    )


def tone(media, name, hz, rate_hz=RATE_HZ, s=40):
    """-6 dBFS with soft ends, so that its own beginning is no corner."""
    n = s * rate_hz
    edge = 0.5 - 0.5 * numpy.cos(numpy.pi * numpy.clip(numpy.arange(n) / (0.1 * rate_hz), 0, 1))
    samples = 0.5012 * numpy.sin(2 * numpy.pi * hz * numpy.arange(n) / rate_hz)
    return media.floats(name, numpy.tile(samples * edge * edge[::-1], (2, 1)), rate_hz)


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    from media import Media

    media = Media(tmp_path_factory.mktemp("tones"))
    return [str(tone(media, f"tone-{hz}.wav", hz)) for hz in (100, 101)]


MAY_FAIL = ("player.", "queue.", "tx")


class Player:
    """Makes calls, and waits for the answer of each."""

    def __init__(self, client, tones):
        self.client = client
        self.tones = tones

    def ready(self):
        for method, params in (FLAT, LEVEL, MODE):
            self.client.call(method, **params)
        self.client.call("player.load", uris=self.tones, play=True)
        eventually(lambda: self.client.status()["position_s"] > 0.3)

    def make(self, calls, n, next_pause_s):
        for _, (method, params) in zip(range(n), itertools.cycle(calls)):
            params = {k: v(self.client) if callable(v) else v for k, v in params.items()}
            params = {k: self.tones if v == "TONE" else v for k, v in params.items()}
            answer = self.client.answer(self.client.request(method, params), 20)
            # A seek when it has stopped, an item that has gone: the player may refuse.
            assert "result" in answer or method.startswith(MAY_FAIL), answer
            time.sleep(next_pause_s())


def n_late(server):
    """Periods that a client did not deliver in time, which is heard and is nobody's fault here."""
    return server.log_path.read_text().count("was not finished")


def listen(studio, tones, calls, n, pause_s):
    player = Player(studio.client, tones)

    def act():
        player.ready()
        player.make(calls, n, pause_s)
        time.sleep(0.3)

    for _ in range(4):
        before = n_late(studio.server)
        heard = studio.take(act)
        studio.client.call("player.stop")
        if n_late(studio.server) == before:
            break
    else:
        pytest.skip("the machine is late all the time")
    assert numpy.abs(heard).max() > 0.3, "nothing was heard"
    return residue_db(heard)


@pytest.fixture
def studio(make_daemon, make_jack, capture):
    server = make_jack(period=512)
    daemon = make_daemon(f"--device={server.name}", "--connect=none", backend="jack").start()
    return Studio(daemon, server, capture)


@pytest.mark.parametrize("name", CONTROLS)
def test_nothing_clicks(studio, tones, name):
    rng = random.Random(name)
    calls = CONTROLS[name]
    once = listen(studio, tones, calls, N_ONCE, lambda: 0.2 + rng.random() / 10)
    fast = listen(studio, tones, calls, N_FAST, lambda: rng.random() / 60)
    figure("clicks", f"daemon: {name}, now and then", once, "<=", HOLD_DB, "dBFS")
    figure("clicks", f"daemon: {name}, 100 a second", fast, "<=", HOLD_DB, "dBFS")
    assert max(once, fast) <= HOLD_DB


def test_a_click_is_seen():
    """The measure: silent for the sine alone, and for one that is cut, or steps by 1 dB, not."""
    t = numpy.arange(RATE_HZ) / RATE_HZ
    sine = 0.5012 * numpy.sin(2 * numpy.pi * 100 * t)
    assert residue_db([sine]) < -130
    assert residue_db([numpy.where(t < 0.5012, sine, 0)]) > -30
    assert residue_db([numpy.where(t < 0.5012, sine, 0.89 * sine)]) > -50


# --- what is not a call


def test_the_end_of_the_daemon(make_daemon, make_jack, capture, tones):
    for _ in range(4):
        server = make_jack(period=512)
        options = f"--device={server.name}", "--connect=none"
        studio = Studio(make_daemon(*options, backend="jack").start(), server, capture)
        Player(studio.client, tones).ready()
        recorder = capture(server, *PORTS)
        time.sleep(0.5)
        studio.client.call("server.shutdown")
        assert studio.daemon.wait() == 0
        time.sleep(0.2)
        heard = recorder.stop()
        if recorder.n_gaps == 0 and n_late(server) == 0:
            break
    else:
        pytest.skip("the machine loses frames all the time")
    assert numpy.abs(heard).max() > 0.3 and not heard[:, -RATE_HZ // 20 :].any()
    left = residue_db(heard)
    figure("clicks", "daemon: its end", left, "<=", HOLD_DB, "dBFS")
    assert left <= HOLD_DB


def test_the_server_comes_back_at_another_rate(make_daemon, make_jack, capture, tones):
    """Killed in mid-sound, and another of that name at 44.1 kHz: what sounds before it and, from
    its first frame, after it."""
    server = make_jack(period=512)
    options = f"--device={server.name}", "--connect=jackcap:(left|right)"
    first = capture(server)
    daemon = make_daemon(*options, backend="jack").start()
    client = daemon.client(20)
    client.play(*tones)
    eventually(lambda: client.status()["position_s"] > 1)
    before = first.stop()
    server.kill()
    eventually(lambda: client.call("server.status")["device"]["state"] != "open")
    server.rate_hz = 44100
    # The recorder is to be there first.
    daemon.process.send_signal(SIGSTOP)
    server.start()
    second = capture(server)
    daemon.process.send_signal(SIGCONT)
    eventually(lambda: client.call("server.status")["device"]["rate_hz"] == 44100, 30)
    position_s = client.status()["position_s"]
    eventually(lambda: client.status()["position_s"] > position_s + 1)
    after = second.stop()
    if first.n_gaps or second.n_gaps or n_late(server):
        pytest.skip("the machine loses frames")
    assert min(numpy.abs(before).max(), numpy.abs(after).max()) > 0.3
    assert not after[:, :100].any(), "its beginning was missed"
    left = max(residue_db(before), residue_db(after, 44100))
    what = "daemon: a server that comes back at another rate"
    figure("clicks", what, left, "<=", HOLD_DB, "dBFS")
    assert left <= HOLD_DB
