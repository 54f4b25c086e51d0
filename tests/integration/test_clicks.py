# SPDX-License-Identifier: ISC
"""Every control of the running daemon, at any time: what a 100 Hz sine leaves above 2 kHz.

A row of CONTROLS is a list of calls that are made in turn, over and over: a few at random times,
and a hundred in a second.  What its name has before a comma or a colon is the name of its figure.
Every method is in a row, or in CANT_BE_HEARD with a reason: a method that is in neither fails a
test, and so does a name here that is no method.  Recorded from JACK.
"""

import itertools
import random
import re
import time
from signal import SIGCONT, SIGSTOP

import numpy
import pytest

import sound
from figures import figure
from programs import SOURCE, eventually, stalled
from test_loudness import tag
from test_sound_jack import PORTS, Studio

pytestmark = pytest.mark.accuracy

RATE_HZ = 48000
HOLD_DB = -90
N_ONCE = 4
N_FAST = 100
N_AHEAD = 3  # requests that are not answered yet


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
LIMITER = ("limiter.set", {"ceiling_dbtp": -1, "bypass": False})
LOUDNESS = ("loudness.set", {"mode": "off", "target_lufs": -18, "preamp_db": 0, "scan": False})


NOBODY = 2**31  # an id that no item has, for a call that is refused


def item(index):
    """Instead of an item's id: the one that has this index when the call is made."""

    def find(client):
        items = client.call("queue.list")["items"]
        return items[index]["id"] if index < len(items) else NOBODY

    return find


def soon(client):
    return {"frame": client.call("clock.now")["frame"] + RATE_HZ}


def current(client):
    return (client.status()["item"] or {"id": NOBODY})["id"]


def uri(client):
    return client.call("queue.list")["items"][0]["uri"]


CONTROLS = {
    "gain": [("mixer.set", {"gain_db": -20}), ("mixer.set", {"gain_db": 0})],
    "gain, as fast as it goes": [
        ("mixer.set", {"gain_db": -20, "ramp_ms": 1}),
        ("mixer.set", {"gain_db": 0, "ramp_ms": 1}),
    ],
    "gain, back in the middle of a slow way": [
        ("mixer.set", {"gain_db": -60, "ramp_ms": 5000}),
        ("mixer.set", {"gain_db": 0}),
    ],
    "gain, to nothing": [("mixer.set", {"gain_db": None}), ("mixer.set", {"gain_db": 0})],
    "gain, step by step": [
        ("mixer.adjust", {"delta_db": -7}),
        ("mixer.adjust", {"delta_db": 7, "max_db": 0}),
    ],
    "mute": [("mixer.set", {"mute": True}), ("mixer.set", {"mute": False})],
    "pan": [("mixer.set", {"pan": 1}), ("mixer.set", {"pan": -1})],
    "gain, into the limiter and out": [
        ("mixer.set", {"gain_db": 12}),
        ("mixer.set", {"gain_db": 0}),
    ],
    "panic": [("mixer.panic", {}), ("mixer.set", {}), ("mixer.panic", {}), LEVEL],
    "panic, while txs wait": [
        ("mixer.set", {"gain_db": 0}),
        ("tx", {"at": soon, "ops": [{"method": "mixer.set", "params": {"gain_db": -12}}]}),
        ("mixer.panic", {}),
        ("mixer.set", {"gain_db": -3}),
    ],
    "limiter bypass": [("limiter.set", {"bypass": b}) for b in (True, False)],
    "limiter bypass, while it limits": [
        ("limiter.set", {"ceiling_dbtp": -12, "bypass": b}) for b in (True, False)
    ],
    "limiter ceiling": [("limiter.set", {"ceiling_dbtp": c}) for c in (-3, 0)],
    "limiter ceiling, below the sound": [("limiter.set", {"ceiling_dbtp": c}) for c in (-12, -1)],
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
    "EQ bypass, of a channel": [
        eq(bypass_left=True, gain_db=-12),
        eq(bypass_left=False, bypass_right=True),
        ("eq.set", {"bypass_left": True, "bypass_right": False}),
        ("eq.set", {"bypass_left": False}),
    ],
    "EQ bypass, of a band": [eq(bypass=True), eq(bypass=False)],
    "EQ bypass": [("eq.set", {"bypass": True}), ("eq.set", {"bypass": False})],
    "EQ preamp": [("eq.set", {"preamp_db": -20}), ("eq.set", {"preamp_db": "auto"})],
    "EQ preamp, all the way": [("eq.set", {"preamp_db": p}) for p in (24, -60, 0)],
    "EQ gain, all the way": [eq(gain_db=g) for g in (24, -24, 0)],
    "EQ design": [("eq.set", {"design": "rbj"}), ("eq.set", {"design": "matched"})],
    "EQ of ten bands": [
        ("eq.set", {"bands": [b for n in range(10) for b in bands(freq_hz=40 * 2**n, gain_db=g)]})
        for g in (-9, 0.4)
    ]
    + [("eq.set", {"bands": []})],
    "EQ order and family, stacks": [
        ("eq.set", {"bands": [stack], "preamp_db": "auto"})
        for stack in (
            {"freq_hz": 70, "type": "high_pass", "order": 8, "family": "butterworth"},
            {"freq_hz": 900, "type": "tilt", "gain_db": 9},
            {"freq_hz": 150, "type": "low_pass", "order": 8, "family": "linkwitz_riley"},
        )
    ],
    "EQ sliders": [
        ("eq.graphic", {"layout": "iso10", "gains_db": [12, -12] * 5}),
        ("eq.graphic", {"gains_db": [-12, 3] * 5}),
        ("eq.graphic", {"layout": "seed8", "gains_db": [5, 5, 0, -9, 0, 0, 12, 12]}),
        ("eq.graphic", {"layout": "iso31", "gains_db": [-3] * 31}),
    ],
    "EQ presets": [
        ("eq.preset.load", {"name": n})
        for n in ("bass", "vocal", "bright", "warm", "loudness", "speech", "night", "flat")
    ],
    "EQ imported": [
        ("eq.import", {"text": text, "preamp_db": "auto"})
        for text in (
            "Filter 1: ON PK Fc 100 Hz Gain 6 dB Q 2\nFilter 2: ON LSC Fc 60 Hz Gain 4 dB",
            "GraphicEQ: 25 3; 100 -9; 400 6; 1600 0; 6400 -6; 16000 2",
        )
    ],
    "loudness, mode": [("loudness.set", {"mode": m}) for m in ("track", "off", "album", "auto")],
    "loudness, preamp and target": [
        ("loudness.set", {"mode": "track", "preamp_db": -6}),
        ("loudness.set", {"target_lufs": -23}),
        ("loudness.set", {"preamp_db": 3, "target_lufs": -18}),
    ],
    "pause, resume": [("player.pause", {}), ("player.resume", {})],
    "pause, toggle": [("player.toggle", {})],
    "stop, play": [("player.stop", {}), ("player.play", {})],
    "stop, play of an item": [("player.play", {"id": item(1)}), ("player.play", {"id": item(0)})],
    "seek": [("player.seek", {"position_s": s}) for s in (10.0037, 5.0021, 20.0013)],
    "seek, from here": [("player.seek", {"delta_s": s}) for s in (3.0017, -2.0023)],
    "next and previous": [("player.next", {}), ("player.previous", {})],
    "load": [("player.load", {"uris": uri, "play": True})],
    "load, not played": [("player.load", {"uris": uri}), ("player.play", {})],
    "modes, repeat": [("player.mode", {"repeat": r}) for r in ("one", "all", "off")],
    "modes, random": [("player.mode", {"random": r}) for r in (True, False)],
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
            [("limiter.set", {"ceiling_dbtp": -12}), ("mixer.set", {"gain_db": 3}), eq(gain_db=3)],
            [("eq.preset.load", {"name": "night"}), ("limiter.set", {"bypass": True})],
            [("eq.graphic", {"layout": "iso10", "gains_db": [-9, 3] * 5}), LIMITER],
            [FLAT, LEVEL, LIMITER],
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
    "device.list": "asks",
    "eq.export": "asks",
    "eq.get": "asks",
    "eq.preset.delete": "a file goes, the sound stays (test_presets.py)",
    "eq.preset.save": "a file comes",
    "eq.presets": "asks",
    "eq.response": "asks",
    "limiter.get": "asks",
    "loudness.cancel": "as loudness.scan",
    "loudness.get": "asks",
    "loudness.scan": "decodes beside what plays; its result is a gain from the next item on",
    "meter.reset": "meters only listen",
    "mixer.get": "asks",
    "player.status": "asks",
    "queue.list": "asks",
    "rpc.end": "is about what one sends",
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

def tone(media, name, hz, rate_hz=RATE_HZ, s=40):
    """-6 dBFS with soft ends, so that its own beginning is no corner."""
    n = s * rate_hz
    edge = 0.5 - 0.5 * numpy.cos(numpy.pi * numpy.clip(numpy.arange(n) / (0.1 * rate_hz), 0, 1))
    samples = 0.5012 * numpy.sin(2 * numpy.pi * hz * numpy.arange(n) / rate_hz)
    whole = numpy.round(samples * edge * edge[::-1] * 2**23).astype(int)
    return media.integers(name, numpy.tile(whole, (2, 1)), rate_hz, 24)


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    from media import Media

    media = Media(tmp_path_factory.mktemp("tones"))
    tags = {"REPLAYGAIN_TRACK_GAIN": "-9 dB", "REPLAYGAIN_ALBUM_GAIN": "-3 dB"}
    files = {hz: tone(media, f"tone-{hz}.flac", hz) for hz in (100, 101)}
    return [str(tag(path, f"tagged-{hz}", tags)) for hz, path in files.items()]


MAY_FAIL = ("player.", "queue.", "tx")


class Player:
    """Makes calls, one after the other or faster than they are answered."""

    def __init__(self, client, tones, asker=None):
        self.client = client
        self.asker = asker
        self.tones = tones
        self.waiting = {}

    def ready(self):
        for method, params in (FLAT, LEVEL, MODE, LIMITER, LOUDNESS):
            self.client.call(method, **params)
        self.client.call("player.load", uris=self.tones, play=True)
        eventually(lambda: self.client.status()["position_s"] > 0.15)

    def request(self, method, params):
        params = {k: v(self.asker) if callable(v) else v for k, v in params.items()}
        params = {k: self.tones if v == "TONE" else v for k, v in params.items()}
        self.waiting[self.client.request(method, params)] = method

    def take_answers(self, n_left=0):
        while len(self.waiting) > n_left:
            answer = self.client.message(20)
            method = self.waiting.pop(answer["id"])
            # A seek when it has stopped, an item that has gone: the player may refuse.
            assert "result" in answer or method.startswith(MAY_FAIL), answer

    def now_and_then(self, calls, rng):
        for method, params in itertools.islice(itertools.cycle(calls), N_ONCE):
            self.request(method, params)
            time.sleep(0.1 + rng.random() / 10)
        self.take_answers()

    def fast(self, calls, rng):
        """Each somewhere in its hundredth of a second."""
        begin = time.monotonic()
        for n, (method, params) in enumerate(itertools.islice(itertools.cycle(calls), N_FAST)):
            wait = begin + (n + rng.random()) / 100 - time.monotonic()
            begin -= min(wait, 0)  # what a stall has held up is not made up for by haste
            time.sleep(max(0, wait))
            self.request(method, params)
            self.take_answers(N_AHEAD)
        self.take_answers()


def listen(studio, tones, make):
    with studio.daemon.client() as asker:
        player = Player(studio.client, tones, asker)

        def act():
            player.ready()
            make(player)
            time.sleep(0.1)

        heard = studio.take(act)
        studio.client.call("player.stop")
        assert numpy.abs(heard).max() > 0.3, "nothing was heard"
        return sound.above_2khz_db(heard)


@pytest.fixture
def studio(make_daemon, make_jack, capture):
    server = make_jack(period=512)
    daemon = make_daemon(f"--device={server.name}", "--connect=none", backend="jack").start()
    return Studio(daemon, server, capture)


@pytest.mark.parametrize("name", CONTROLS)
def test_nothing_clicks(studio, tones, name):
    rng = random.Random(name)
    calls = CONTROLS[name]
    once = listen(studio, tones, lambda player: player.now_and_then(calls, rng))
    fast = listen(studio, tones, lambda player: player.fast(calls, rng))
    row = "daemon: " + re.split("[,:]", name)[0]
    figure("clicks", f"{row} [{name}, now and then]", once, "<=", HOLD_DB, "dBFS")
    figure("clicks", f"{row} [{name}, 100 a second]", fast, "<=", HOLD_DB, "dBFS")
    assert max(once, fast) <= HOLD_DB


def test_a_click_is_seen():
    """The measure: silent for the sine alone, and for one that is cut, or steps by 1 dB, not."""
    t = numpy.arange(RATE_HZ) / RATE_HZ
    sine = 0.5012 * numpy.sin(2 * numpy.pi * 100 * t)
    assert sound.above_2khz_db([sine]) < -130
    assert sound.above_2khz_db([numpy.where(t < 0.5012, sine, 0)]) > -30
    assert sound.above_2khz_db([numpy.where(t < 0.5012, sine, 0.89 * sine)]) > -50


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
        if recorder.n_gaps == 0 and server.n_late() == 0:
            break
    else:
        stalled("frames are lost all the time")
    assert numpy.abs(heard).max() > 0.3 and not heard[:, -RATE_HZ // 20 :].any()
    left = sound.above_2khz_db(heard)
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
    if first.n_gaps or second.n_gaps or server.n_late():
        stalled("frames are lost")
    assert min(numpy.abs(before).max(), numpy.abs(after).max()) > 0.3
    assert not after[:, :100].any(), "its beginning was missed"
    left = max(sound.above_2khz_db(before), sound.above_2khz_db(after, 44100))
    what = "daemon: the device comes back at another rate [before and after]"
    figure("clicks", what, left, "<=", HOLD_DB, "dBFS")
    assert left <= HOLD_DB
