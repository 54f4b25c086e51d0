# SPDX-License-Identifier: ISC
"""What comes out of a real JACK server, sample for sample, against what should."""

import signal as signal_module
import time

import numpy
import pytest
from scipy import signal

import sound
from figures import figure
from media import read_wav
from programs import CHANTD, SLOW, eventually, run, stalled
from test_play import wait_for

RATE_HZ = 48000
PORTS = ("chant:output_1", "chant:output_2")

pytestmark = pytest.mark.threads


class Studio:
    """A daemon on a JACK server, and a recorder on its outputs."""

    def __init__(self, daemon, server, capture):
        self.daemon = daemon
        self.server = server
        self.capture = capture
        self.client = daemon.client(20)
        eventually(lambda: self.client.call("server.status")["device"]["state"] == "open")

    def take(self, act):
        """What is heard while act() runs; again if the machine stalled and frames were lost."""
        for _ in range(4):
            before = self._lost()
            recorder = self.capture(self.server, *PORTS)
            act()
            heard = recorder.stop()
            if recorder.n_gaps == 0 and self._lost() == before:
                return heard
            self.client.call("player.stop")
        return stalled("frames are lost all the time")

    def _lost(self):
        starved = self.client.call("server.status")["engine"]["starved_frames"]
        return starved, self.server.n_late()

    def play_all(self, *uris):
        """Play these and wait for the end, and for what is still on its way."""
        self.client.play(*uris)
        wait_for(self.client, 60, state="stopped")
        time.sleep(0.2 * SLOW)


@pytest.fixture
def studio(make_daemon, jack_server, capture):
    daemon = make_daemon(f"--device={jack_server.name}", "--connect=none", backend="jack").start()
    return Studio(daemon, jack_server, capture)


def exact(media, name, samples, bits=24):
    return media.integers(name, numpy.round(samples * 2 ** (bits - 1)).astype(int), RATE_HZ, bits)


def sine(hz, s, db):
    t = numpy.arange(int(s * RATE_HZ)) / RATE_HZ
    return numpy.tile(10 ** (db / 20) * numpy.sin(2 * numpy.pi * hz * t), (2, 1))


def heard_of(heard, source):
    """The part of the recording in which the source sounds, found by correlation."""
    at = sound.align(source[0], heard[0])
    return heard[:, at : at + source.shape[1]]


def noise_floor(heard, source):
    """Difference between what was heard and the source, in dBFS."""
    return sound.db(numpy.abs(heard_of(heard, source) - source).max())


# --- levels


def test_what_goes_in_comes_out(studio, media):
    """24 bits through decoder, ring, engine and JACK: every sample the same, nothing beside it."""
    rng = numpy.random.default_rng(3)
    # Between samples it is at most 2.5 times as much: the limiter lets it through.
    samples = rng.integers(-(2**21), 2**21, (2, RATE_HZ)) / 2.0**23
    path = media.integers("through.flac", (samples * 2**23).astype(int), RATE_HZ, 24)
    heard = studio.take(lambda: studio.play_all(path))
    numpy.testing.assert_array_equal(sound.sounding(heard, 0), sound.sounding(samples, 0))


def test_level_of_a_sine(studio, media):
    path = media.sine(1.5, hz=997, db=-12, suffix="flac", rate_hz=44100, bits=24)
    heard = sound.sounding(studio.take(lambda: studio.play_all(path)))
    for channel in heard[:, 4800:-4800]:
        assert sound.tone_level_db(channel, 997, RATE_HZ) == pytest.approx(-12, abs=0.05)


def test_gain_is_exact(studio, media):
    source = sine(1000, 1, -3)
    path = exact(media, "gain.flac", source)
    studio.client.call("mixer.set", gain_db=-6)
    heard = heard_of(studio.take(lambda: studio.play_all(path)), source)
    difference = heard - source * 10 ** (-6 / 20)
    assert numpy.abs(difference).max() < 1e-6
    assert sound.tone_level_db(heard[0], 1000, RATE_HZ) == pytest.approx(-9, abs=0.001)


def test_pan_left_leaves_right_silent(studio, media):
    studio.client.call("mixer.set", pan=-1)
    heard = sound.sounding(studio.take(lambda: studio.play_all(media.sine(0.5))))
    assert not heard[1].any() and heard[0].any()


def test_mute_and_stop_are_digital_silence(studio, media):
    client = studio.client

    def act():
        client.play(media.sine(20, hz=1000, db=-6))
        eventually(lambda: client.status()["position_s"] > 0.5)
        client.call("mixer.set", mute=True)
        time.sleep(0.5)
        client.call("mixer.set", mute=False)
        time.sleep(0.5)
        client.call("player.stop")
        time.sleep(0.5)

    heard = studio.take(act)
    # Hundredths of a second: in each something, or nothing but zeros.
    blocks = heard[:, : heard.shape[1] // 480 * 480].reshape(2, -1, 480)
    sounds = blocks.any(axis=(0, 2)).astype(int)
    begins, ends = (numpy.flatnonzero(numpy.diff(sounds) == step) for step in (1, -1))
    assert len(begins) == len(ends) == 2, "before, sound, mute, sound, after the stop"
    assert begins[1] - ends[0] > 30, "the mute"
    assert len(sounds) - ends[1] > 20, "after the stop"


# --- joins


def test_two_files_are_one_sound(studio, media):
    """One sweep cut into two FLACs is the sweep, without a frame lost or doubled."""
    t = numpy.arange(int(1.7 * RATE_HZ)) / RATE_HZ
    sweep = numpy.tile(0.5 * signal.chirp(t, 50, t[-1], 10000), (2, 1))
    cut = 40_321
    halves = (sweep[:, :cut], sweep[:, cut:])
    pieces = [exact(media, f"cut-{n}.flac", half) for n, half in enumerate(halves)]
    heard = studio.take(lambda: studio.play_all(*pieces))
    assert noise_floor(heard, sweep) < -135
    rest = sound.sounding(heard, 0)
    assert abs(rest.shape[1] - sweep.shape[1]) <= 2, "nothing before it and nothing behind"


def test_resampled_as_the_renderer_does_it(studio, media, tmp_path):
    """Two files of 44.1 kHz: the daemon against chantd --render, which has no clock."""
    files = [
        media.sox(f"re-{n}.flac", "synth", s, "sine", f"{a}:{b}", "vol", "-6dB", rate_hz=44100)
        for n, (s, a, b) in enumerate([(0.9, 100, 3000), (0.7, 5000, 300)])
    ]
    assert run(CHANTD, f"--render={tmp_path / 'r.wav'}", "--rate=48000", *files).returncode == 0
    rendered, _, _ = read_wav(tmp_path / "r.wav")
    heard = studio.take(lambda: studio.play_all(*files))
    assert noise_floor(heard, rendered) < -120


# --- equaliser


BANDS = [
    {"type": "peak", "freq_hz": 100, "gain_db": 6, "q": 1},
    {"type": "peak", "freq_hz": 2500, "gain_db": -9, "q": 3},
    {"type": "low_shelf", "freq_hz": 60, "gain_db": -4, "q": 0.7},
    {"type": "high_shelf", "freq_hz": 8000, "gain_db": 5, "q": 0.7},
]
FREQS = numpy.geomspace(20, 20000, 120)


@pytest.mark.parametrize("design", ["matched", "rbj"])
def test_eq_by_an_impulse(studio, media, design):
    """What an impulse becomes, against eq.response and against formulas."""
    client = studio.client
    client.call("eq.set", bands=BANDS, design=design)
    wanted = numpy.array(client.call("eq.response", freqs_hz=list(FREQS))["gains_db"])
    impulse = numpy.zeros((2, int(1.2 * RATE_HZ)))
    impulse[:, 9600] = 0.25
    heard = studio.take(lambda: studio.play_all(media.floats("impulse.wav", impulse)))
    start = numpy.argmax(numpy.abs(heard[0])) - 10
    response = heard[:, max(0, start) :][:, :RATE_HZ] / 0.25
    for channel in response:
        assert numpy.abs(sound.impulse_db(channel, FREQS, RATE_HZ) - wanted).max() < 0.1
    if design == "rbj":
        formula = sum(sound.rbj_db(band, FREQS, RATE_HZ) for band in BANDS)
        assert numpy.abs(wanted - formula).max() < 0.1
    else:
        low = FREQS < 5000
        formula = sum(sound.analog_db(band, FREQS) for band in BANDS)
        assert numpy.abs(wanted - formula)[low].max() < 0.3


def test_eq_by_white_noise(studio, media):
    """Changed while it plays: the second half of the noise has the new response."""
    client = studio.client
    rng = numpy.random.default_rng(9)
    noise = numpy.tile(rng.uniform(-0.1, 0.1, 6 * RATE_HZ), (2, 1))

    def act():
        client.call("eq.set", bands=[], design="rbj")
        client.play(media.floats("noise.wav", noise))
        time.sleep(0.3)
        for index, band in enumerate(BANDS):
            client.call("eq.band", index=index, **band)
        wait_for(client, 60, state="stopped")
        time.sleep(0.2)

    heard = studio.take(act)
    at = sound.align(noise[0, -4 * RATE_HZ :], heard[0])
    tail = heard[0, at : at + 4 * RATE_HZ]
    freqs = numpy.geomspace(30, 18000, 60)
    measured = sound.transfer_db(noise[0, -4 * RATE_HZ :], tail, freqs, RATE_HZ)
    formula = sum(sound.rbj_db(band, freqs, RATE_HZ) for band in BANDS)
    assert numpy.abs(measured - formula).max() < 0.3
    assert numpy.median(numpy.abs(measured - formula)) < 0.05


# --- clicks


@pytest.fixture
def low_tone(media):
    """100 Hz at -6 dBFS: all that is above 2 kHz is a fault."""
    return [media.floats(f"low-{n}.wav", sine(100 + n, 30, -6)) for n in range(2)]


ABRUPT_DB = -15  # what a hard cut of such a tone leaves above 2 kHz
CLEAN_DB = -90


def clicks(studio, low_tone, *steps):
    """Peak of the residue while the steps are done, each heard for a while."""
    client = studio.client

    def act():
        client.play(*low_tone)
        eventually(lambda: client.status()["position_s"] > 0.5)
        for step in steps:
            step()
            time.sleep(0.15)

    heard = studio.take(act)
    client.call("player.stop")
    begin = numpy.flatnonzero(numpy.abs(heard[0]) > 1e-4)[0]
    # The beginning of the file is a corner of its own.
    heard = heard[:, begin + RATE_HZ // 4 :]
    assert numpy.abs(heard).max() > 0.3
    return sound.above_2khz_db(heard)


STEPS = {
    "gain": [("mixer.set", {"gain_db": -20}), ("mixer.set", {"gain_db": 0})],
    "gain of nothing": [("mixer.set", {"gain_db": None}), ("mixer.set", {"gain_db": 0})],
    "mute": [("mixer.set", {"mute": True}), ("mixer.set", {"mute": False})],
    "gain, as fast as it goes": [
        ("mixer.set", {"gain_db": -20, "ramp_ms": 0}),
        ("mixer.set", {"gain_db": 0, "ramp_ms": 0}),
    ],
    "mute, as fast as it goes": [
        ("mixer.set", {"mute": True, "ramp_ms": 0}),
        ("mixer.set", {"mute": False, "ramp_ms": 0}),
    ],
    "panic": [("mixer.panic", {}), ("mixer.set", {}), ("mixer.panic", {}), ("mixer.set", {})],
    "limiter": [
        ("limiter.set", {"bypass": True}),
        ("limiter.set", {"bypass": False}),
        ("limiter.set", {"ceiling_dbtp": -4}),
        ("limiter.set", {"ceiling_dbtp": 0}),
    ],
    "pan": [("mixer.set", {"pan": 1}), ("mixer.set", {"pan": -1})],
    "pause": [("player.pause", {}), ("player.resume", {})],
    "seek": [("player.seek", {"position_s": 10.0037}), ("player.seek", {"position_s": 5.0021})],
    "next": [("player.next", {}), ("player.previous", {})],
    "stop": [("player.stop", {})],
    "eq": [
        # The tone stays below the ceiling: limiting is another matter.
        ("eq.set", {"bands": [{"freq_hz": 100, "gain_db": 4, "q": 1}]}),
        ("eq.band", {"index": 0, "gain_db": -12}),
        ("eq.band", {"index": 0, "freq_hz": 3000}),
        ("eq.band", {"index": 0, "type": "low_pass"}),
        ("eq.set", {"bypass": True}),
        ("eq.set", {"bypass": False, "bands": []}),
    ],
    "eq of several sections": [
        ("eq.set", {"bands": [{"type": "tilt", "freq_hz": 300, "gain_db": -9}]}),
        ("eq.band", {"index": 0, "type": "low_pass", "family": "butterworth", "order": 8}),
        ("eq.band", {"index": 0, "family": "linkwitz_riley", "order": 4}),
        ("eq.band", {"index": 0, "type": "low_shelf", "freq_hz": 900, "slope": 0.5}),
        ("eq.band", {"index": 0, "type": "all_pass", "order": 1}),
        ("eq.set", {"bands": []}),
    ],
    "eq of one channel": [
        ("eq.set", {"bands": [{"freq_hz": 100, "gain_db": 6, "q": 1}], "preamp_db": -3}),
        ("eq.band", {"index": 0, "bypass_left": True}),
        ("eq.set", {"bypass_right": True}),
        ("eq.set", {"bypass_left": True, "bypass_right": False}),
        ("eq.set", {"bypass_left": False, "bands": [], "preamp_db": 0}),
    ],
}


@pytest.mark.parametrize("name", STEPS)
def test_nothing_clicks(studio, low_tone, name):
    calls = [
        lambda method=method, params=params: studio.client.call(method, **params)
        for method, params in STEPS[name]
    ]
    found = clicks(studio, low_tone, *calls)
    figure("clicks", f"daemon: one step after another [{name}]", found, "<=", CLEAN_DB, "dBFS")
    assert found <= CLEAN_DB


def test_the_end_of_the_daemon_is_a_fade(make_daemon, jack_server, capture, low_tone):
    for _ in range(4):
        args = f"--device={jack_server.name}", "--connect=none"
        studio = Studio(make_daemon(*args, backend="jack").start(), jack_server, capture)
        studio.client.play(*low_tone)
        eventually(lambda client=studio.client: client.status()["position_s"] > 0.5)
        n_late = jack_server.n_late()
        recorder = capture(jack_server, *PORTS)
        time.sleep(0.5)
        studio.daemon.terminate()
        assert studio.daemon.wait() == 0
        time.sleep(0.2)
        heard = recorder.stop()
        if recorder.n_gaps == 0 and jack_server.n_late() == n_late:
            break
    else:
        stalled("frames are lost all the time")
    sos = signal.butter(8, 2000, "highpass", fs=RATE_HZ, output="sos")
    # The recording begins in the middle of the tone.
    high = signal.sosfilt(sos, heard, axis=1)[:, RATE_HZ // 4 :]
    assert numpy.abs(heard[:, RATE_HZ // 4 :]).max() > 0.3
    assert not heard[:, -RATE_HZ // 20 :].any()
    assert sound.db(numpy.abs(high).max()) < CLEAN_DB


def test_a_device_that_is_found_again_ramps_in(make_daemon, make_jack, capture, low_tone):
    """Another server under the same name, with another rate: what it hears first is no step."""
    server = make_jack()
    daemon = make_daemon(
        f"--device={server.name}", "--connect=^jackcap:", "--max-restored-gain=12", backend="jack"
    ).start()
    client = daemon.client(20)
    eventually(lambda: client.call("server.status")["device"]["state"] == "open")
    client.play(*low_tone)
    for rate_hz in (44100, 48000):
        eventually(lambda: client.status()["position_s"] > 0.5)
        server.kill()
        daemon.process.send_signal(signal_module.SIGSTOP)
        server.rate_hz = rate_hz
        server.start()
        n_late = server.n_late()
        recorder = capture(server)
        daemon.process.send_signal(signal_module.SIGCONT)
        eventually(lambda: client.call("server.status")["device"]["state"] == "open", 30)
        eventually(lambda: client.status()["state"] == "playing")
        time.sleep(1.0)
        client.call("player.pause")
        time.sleep(0.3)
        heard = recorder.stop()
        if recorder.n_gaps or server.n_late() != n_late:
            stalled("frames are lost")
        assert numpy.abs(heard).max() > 0.3 and not heard[:, : rate_hz // 100].any()
        sos = signal.butter(8, 2000, "highpass", fs=rate_hz, output="sos")
        found = sound.db(numpy.abs(signal.sosfilt(sos, heard)).max())
        what = f"daemon: the device comes back at another rate [{rate_hz} Hz]"
        figure("clicks", what, found, "<=", CLEAN_DB, "dBFS")
        assert found <= CLEAN_DB
        client.call("player.resume")


def test_into_the_limiter_and_out(studio, low_tone):
    """It must bend the wave to hold the ceiling, so smoothly that it is no click."""
    calls = [lambda db=db: studio.client.call("mixer.set", gain_db=db) for db in (12, 0, 12)]
    found = clicks(studio, low_tone, *calls)
    figure("clicks", "daemon: 7 dB into the limiter and out", found, "<=", CLEAN_DB, "dBFS")
    assert found <= CLEAN_DB


def test_a_fader_moved_fast(studio, low_tone):
    """A hundred changes in a second, none of which waits for the one before."""

    def move():
        for n in range(100):
            studio.client.request("mixer.set", {"gain_db": -(n % 20)})
            last = studio.client.request("eq.band", {"index": n % 10, "gain_db": (n % 7) - 3})
            time.sleep(0.01)
        while studio.client.message()["id"] != last:
            pass

    assert clicks(studio, low_tone, move) < CLEAN_DB


def test_a_click_would_be_seen(low_tone):
    """The measure itself: the same tone cut off by hand."""
    cut = sine(100, 1, -6)[0]
    cut[24100:] = 0
    sos = signal.butter(8, 2000, "highpass", fs=RATE_HZ, output="sos")
    assert sound.db(numpy.abs(signal.sosfilt(sos, cut))[12000:].max()) > ABRUPT_DB - 6


# --- where in the file it is: the angle of two slow sines tells the time of every sample


@pytest.fixture
def hand_of_a_clock(media):
    t = 2 * numpy.pi * numpy.arange(40 * RATE_HZ) / RATE_HZ / 60
    return media.floats("clock.wav", 0.5 * numpy.array([numpy.sin(t), numpy.cos(t)]))


def clock_s(heard):
    """For every frame of the recording that sounds: which second of the file it is."""
    angle = numpy.unwrap(numpy.arctan2(heard[0], heard[1]))
    return angle * 60 / (2 * numpy.pi)


def test_pause_loses_nothing(studio, hand_of_a_clock):
    client = studio.client

    def act():
        client.play(hand_of_a_clock)
        eventually(lambda: client.status()["position_s"] > 0.5)
        client.call("player.pause")
        time.sleep(0.5)
        client.call("player.resume")
        time.sleep(0.5)
        client.call("player.stop")
        time.sleep(0.2)

    heard = studio.take(act)
    amplitude = numpy.hypot(*heard)
    sounds = amplitude > 1e-3
    edges = numpy.flatnonzero(numpy.diff(sounds.astype(int))) + 1
    begin, pause, resume, _ = edges
    assert not heard[:, pause + 1000 : resume - 1000].any(), "a pause is silence"
    before = clock_s(heard[:, pause - 100 : pause])
    after = clock_s(heard[:, resume : resume + 100])
    # It goes on where it was, but for the ends of both fades that are below the threshold.
    assert abs(after[0] - before[-1]) < 0.003
    whole = clock_s(heard[:, begin + 100 : pause - 500])
    numpy.testing.assert_allclose(numpy.diff(whole), 1 / RATE_HZ, atol=2e-6)


def test_seek_goes_where_it_was_told(studio, hand_of_a_clock):
    client = studio.client

    def act():
        client.play(hand_of_a_clock)
        eventually(lambda: client.status()["position_s"] > 0.3)
        client.call("player.seek", position_s=12.345678)
        time.sleep(0.5)
        client.call("player.stop")
        time.sleep(0.2)

    heard = studio.take(act)
    amplitude = numpy.hypot(*heard)
    seconds_of = clock_s(heard[:, amplitude > 1e-3])
    # From the first frame of the new place on the hand leaves its even way.
    way = seconds_of[0] + numpy.arange(len(seconds_of)) / RATE_HZ
    begin = numpy.argmax(numpy.abs(seconds_of - way) > 1e-3)
    settled = slice(begin + 2000, begin + 12000)
    wanted = 12.345678 + numpy.arange(len(seconds_of) - begin)[2000:12000] / RATE_HZ
    numpy.testing.assert_allclose(seconds_of[settled], wanted, atol=0.001)


def test_position_is_what_is_heard(studio, hand_of_a_clock):
    """position_s against the sound, by the clocks of both."""
    client = studio.client
    looks = []

    def act():
        looks.clear()
        client.play(hand_of_a_clock)
        eventually(lambda: client.status()["position_s"] > 0.5)
        begin = time.monotonic()
        status = client.status()
        looks.append(((begin + time.monotonic()) / 2, status["position_s"]))
        client.call("player.pause")
        time.sleep(0.3)

    heard = studio.take(act)
    amplitude = numpy.hypot(*heard)
    last = clock_s(heard[:, amplitude > 0.25])[-1]
    held = client.status()["position_s"]
    assert looks[0][1] <= held
    assert held == pytest.approx(last, abs=0.1)
