# SPDX-License-Identifier: ISC
"""Spectrum and meter frames: calibrated, decoded from every encoding, and fair to every reader."""

import base64
import json
import signal
import struct
import subprocess
import sys
import time

import numpy
import pytest

from programs import SANITIZER, SLOW, eventually, seconds
from rpc import Closed
from test_play import wait_for

pytestmark = pytest.mark.threads


def subscribe(client, **params):
    answer = client.call("subscribe", topics=["spectrum"], **params)
    return answer["sub"], answer["snapshot"]["spectrum"]


def settled_frame(client, sub, n=12):
    """A frame from when the windows are full of the sound."""
    for _ in range(n):
        event = client.event(topic="spectrum", sub=sub)
    return event["data"]


# --- calibration


HERTZ = [50, 441, 1000, 3333, 9876]


@pytest.fixture
def five_tones(media):
    """Each at -20 dBFS, for two seconds."""
    t = 2 * numpy.pi * numpy.arange(96000) / 48000
    sines = [0.1 * numpy.sin(hz * t + hz) for hz in HERTZ]
    return media.floats("five.wav", numpy.tile(sum(sines), (2, 1)))


@pytest.mark.parametrize("window", ["hann", "blackman_harris", "flat_top"])
def test_sines_read_their_level(client, five_tones, window):
    """Within 0.1 dB in the band that it is in, at full scale and far below."""
    client.call("limiter.set", bypass=True)
    sub, description = subscribe(client, bands=32, window=window, rate_hz=60)
    edges = description["edges_hz"]
    client.play(five_tones)
    bands = settled_frame(client, sub, 30)["bands"]
    for hz in HERTZ:
        at = int(numpy.searchsorted(edges, hz)) - 1
        assert max(bands[at - 1 : at + 2]) == pytest.approx(-20, abs=0.1), hz
    client.play("tone:sine?hz=1000&db=0")
    bands = settled_frame(client, sub, 30)["bands"]
    at = int(numpy.argmax(bands))
    assert bands[at] == pytest.approx(0, abs=0.1)
    assert edges[at] * 0.97 <= 1000 <= edges[at + 1] * 1.03


def test_bands_are_described(client):
    sub, description = subscribe(client, bands=40, fmin_hz=50, fmax_hz=10000, scale="log")
    centres, edges = description["centres_hz"], description["edges_hz"]
    assert description["bands"] == len(centres) == 40 and len(edges) == 41
    assert edges[0] == pytest.approx(50) and edges[-1] == pytest.approx(10000)
    numpy.testing.assert_allclose(edges, numpy.geomspace(50, 10000, 41), rtol=1e-3)
    assert description["sample_rate_hz"] == 48000 and description["window"] == "hann"
    assert description["enbw_bins"] == pytest.approx(1.5, abs=0.01)
    client.play("tone:white?db=-20")
    data = settled_frame(client, sub)
    assert len(data["bands"]) == 40 and all(level > -90 for level in data["bands"])


def test_linear_and_third_octave(client):
    _, linear = subscribe(client, bands=20, scale="linear", fmin_hz=1000, fmax_hz=5000)
    numpy.testing.assert_allclose(linear["edges_hz"], numpy.linspace(1000, 5000, 21), rtol=1e-6)
    _, third = subscribe(client, scale="third_octave")
    ratios = numpy.diff(numpy.log10(third["centres_hz"]))
    numpy.testing.assert_allclose(ratios, 0.1, atol=1e-3)
    assert any(abs(centre - 1000) < 1 for centre in third["centres_hz"])


def test_bins_of_an_fft(client):
    sub, description = subscribe(client, fft_bins=1024)
    assert description["bands"] in (1024, 1025)
    assert description["bin_hz"] == pytest.approx(48000 / 2048, rel=1e-3)
    client.play("tone:sine?hz=2343.75&db=-10")
    bands = settled_frame(client, sub)["bands"]
    at = int(numpy.argmax(bands))
    assert at == 100 and bands[at] == pytest.approx(-10, abs=0.1)


def test_noise_power_is_counted_once(client):
    """All bands together are the power of the noise that lies in them."""
    sub, description = subscribe(client, bands=64, fmin_hz=100, fmax_hz=10000, smoothing_ms=1000)
    client.play("tone:white?db=-20")
    bands = numpy.array(settled_frame(client, sub, 90)["bands"])
    total = 10 * numpy.log10((10 ** (bands / 10)).sum())
    # -20 dB of a sine's power spread evenly to 24 kHz; 9.9 kHz of it are in the bands.  Of two
    # independent channels the mix has half the power.
    wanted = -20 + 10 * numpy.log10(9900 / 24000) - 3.01
    assert total == pytest.approx(wanted, abs=0.7)
    assert description["floor_db"] == -160


# --- taps, channels, peaks


def test_taps(client):
    """Before the equaliser, behind it, and at the output."""
    subs = {tap: subscribe(client, tap=tap, bands=32)[0] for tap in ("source", "post_eq", "output")}
    client.call("eq.set", bands=[{"type": "peak", "freq_hz": 1000, "gain_db": -12, "q": 1}])
    client.call("mixer.set", gain_db=-6)
    client.play("tone:sine?hz=1000&db=-10")
    heard = {}
    for tap, sub in subs.items():
        heard[tap] = max(settled_frame(client, sub, 15)["bands"])
    assert heard["source"] == pytest.approx(-10, abs=0.4)
    assert heard["post_eq"] - heard["source"] == pytest.approx(-12, abs=0.15)
    assert heard["output"] - heard["post_eq"] == pytest.approx(-6, abs=0.15)


@pytest.fixture
def left_only(media):
    """1 kHz at -12 dBFS on the left, nothing on the right."""
    t = numpy.arange(48000 * 10) / 48000
    samples = numpy.zeros((2, len(t)))
    samples[0] = 10 ** (-12 / 20) * numpy.sin(2 * numpy.pi * 1000 * t)
    return media.floats("left.wav", samples)


def test_channels(client, left_only):
    """Each by itself, and middle and side, which of one channel are alike."""
    each, _ = subscribe(client, channels="each", bands=32)
    middle_side, _ = subscribe(client, channels="mid_side", bands=32)
    mix, _ = subscribe(client, channels="mix", bands=32)
    client.play(left_only)
    left, right = settled_frame(client, each, 15)["bands"]
    assert max(left) == pytest.approx(-12, abs=0.4) and max(right) < -100
    middle, side = settled_frame(client, middle_side, 5)["bands"]
    assert max(middle) == pytest.approx(max(side), abs=0.1)
    assert max(middle) == pytest.approx(-18, abs=0.4)
    assert max(settled_frame(client, mix, 5)["bands"]) == pytest.approx(-18, abs=0.4)


def test_peaks_are_held(client, media):
    sub, _ = subscribe(client, peak_hold_ms=10000, bands=16)
    client.play(media.sine(0.8, hz=1000, db=-6), "tone:sine?hz=1000&db=-40")
    wanted = eventually(
        lambda: (client.status()["item"] or {}).get("uri", "").startswith("tone"), what="the second"
    )
    assert wanted
    client.events.clear()
    data = settled_frame(client, sub, 25)
    assert max(data["bands"]) == pytest.approx(-40, abs=0.5)
    assert max(data["peaks"]) == pytest.approx(-6, abs=0.5)


# --- encodings


def test_encodings_agree(client):
    """The same analysis in three encodings."""
    params = {"bands": 64, "rate_hz": 20, "smoothing_ms": 0}
    subs = {
        encoding: subscribe(client, encoding=encoding, **params)[0]
        for encoding in ("json", "u8", "f32")
    }
    client.play("tone:multitone?db=-10")
    heard = {}
    for encoding, sub in subs.items():
        data = settled_frame(client, sub, 15)
        assert data.get("encoding") == (None if encoding == "json" else encoding)
        heard[encoding] = data["bands"]
    exact = struct.unpack("<64f", base64.b64decode(heard["f32"], validate=True))
    halves = [byte / 2 - 127.5 for byte in base64.b64decode(heard["u8"], validate=True)]
    assert len(halves) == len(heard["json"]) == 64
    for i, level in enumerate(exact):
        # Of a steady sound; the windows of two frames lie differently in it.
        if level > -40:
            assert heard["json"][i] == pytest.approx(level, abs=0.3)
            assert halves[i] == pytest.approx(max(level, -127.5), abs=0.5)


def test_json_is_in_tenths(client):
    sub, _ = subscribe(client, bands=16)
    client.play("tone:pink?db=-30")
    for level in settled_frame(client, sub)["bands"]:
        assert round(level, 1) == level


# --- time


def test_rate_sequence_and_time(client):
    sub, _ = subscribe(client, rate_hz=50, bands=16)
    client.play("tone:pink?db=-30")
    settled_frame(client, sub)
    events = [client.event(sub=sub) for _ in range(50)]
    assert [event["seq"] for event in events] == list(
        range(events[0]["seq"], events[0]["seq"] + 50)
    )
    frames = [event["t"]["frame"] for event in events]
    times = [event["t"]["mono_ns"] for event in events]
    assert numpy.median(numpy.diff(frames)) == pytest.approx(48000 / 50, rel=0.15)
    slope = numpy.polyfit(frames, times, 1)[0]
    assert slope == pytest.approx(1e9 / 48000, rel=0.01), "time goes with the frames"


def until_quiet(client, sub):
    """What comes until nothing comes for a while."""
    frames = []
    for _ in range(20):
        more = client.events_for(0.5 * SLOW, sub=sub)
        if frames and not more:
            return frames
        frames += more
    raise AssertionError("it never rests")


def test_silence_rests(client, media):
    """After the end one last frame of nothing, and then no more."""
    sub, _ = subscribe(client, bands=16, rate_hz=60)
    client.play(media.sine(0.5))
    wait_for(client, state="stopped")
    frames = until_quiet(client, sub)
    assert frames and max(frames[-1]["data"]["bands"]) <= -120
    client.play(media.sine(3))
    assert max(settled_frame(client, sub)["bands"]) > -13


@pytest.fixture
def sound_zeros_sound(media):
    """Noise for a second, half a minute of digital zeros, and noise again."""
    noise = numpy.random.default_rng(1).uniform(-0.3, 0.3, (2, 48000))
    zeros = numpy.zeros((2, 48000 * 30))
    return media.floats("gap.wav", numpy.concatenate([noise, zeros, noise], axis=1))


def is_loud(data):
    return max(data["bands"]) > -60


def test_zeros_that_play_rest(client, sound_zeros_sound):
    """What would be the same is not sent again, though the file plays on; then sound comes back."""
    sub = client.call("subscribe", topics=["spectrum", "meter"], rate_hz=60, bands=16)["sub"]
    client.play(sound_zeros_sound)
    client.event_where(is_loud, topic="spectrum", sub=sub)
    client.event_where(lambda data: max(data["bands"]) <= -160, topic="spectrum", sub=sub)
    assert client.events_for(0.5, topic="spectrum") == []
    # The short-term loudness remembers three seconds.
    client.event_where(lambda data: data["short_term_lufs"] is None, topic="meter", sub=sub)
    assert client.events_for(0.5) == []
    status = client.call("player.seek", position_s=30.5)
    assert status["state"] == "playing"
    client.event_where(is_loud, topic="spectrum", sub=sub)
    client.event_where(lambda data: data["peak_dbfs"][0] is not None, topic="meter", sub=sub)


def test_who_comes_late_sees_what_stands(daemon, client, media):
    """While zeros play nothing is sent to anybody, but a picture is there for who asks."""
    params = {"topics": ["spectrum", "meter"], "bands": 16}
    client.call("subscribe", **params)
    client.play(media.floats("zeros.wav", numpy.zeros((2, 48000 * 60))))
    client.event(topic="spectrum")
    client.event(topic="meter")
    assert client.events_for(0.7, topic="spectrum") == []
    late = daemon.client()
    sub = late.call("subscribe", **params)["sub"]
    events = [late.event(), late.event(), *late.events_for(0.7)]
    assert sorted(event["topic"] for event in events) == ["meter", "spectrum"]
    assert {event["sub"] for event in events} == {sub}
    assert [event["seq"] for event in events] == [1, 2]
    assert all(max(event["data"].get("bands", [-160])) <= -160 for event in events)
    assert client.events_for(0.1) == [], "nobody else is told again"
    assert client.status()["state"] == "playing"


def test_who_was_slow_sees_what_stands(daemon, client):
    """The last frame fell into a time in which nothing was read: it comes late, but it comes."""
    slow = daemon.client()
    sub = slow.call("subscribe", topics=["spectrum"], rate_hz=120, bands=512)["sub"]
    client.play("tone:white?db=-20&s=3")
    wait_for(client, state="stopped")
    eventually(lambda: client.call("server.status")["device"]["running"] is False)
    time.sleep(0.5 * SLOW)  # the windows run empty
    events = until_quiet(slow, sub)
    assert any("dropped" in event for event in events), "it was slow indeed"
    assert max(events[-1]["data"]["bands"]) <= -160


def test_frames_are_evenly_spaced(client):
    """However long the device's period: what is analysed goes on from frame to frame."""
    sub, _ = subscribe(client, rate_hz=100, bands=16)
    client.play("tone:sweep?s=60")
    settled_frame(client, sub)
    events = [client.event(sub=sub) for _ in range(100)]
    steps = numpy.diff([event["t"]["frame"] for event in events])
    assert (steps > 0).all()
    assert (steps % 1024 != 0).mean() > 0.5, "not in whole periods of the device"


# --- subscriptions


def test_several_on_one_connection(client):
    """Each with parameters of its own, and commands go on between them."""
    one, _ = subscribe(client, bands=8, rate_hz=10)
    two, _ = subscribe(client, bands=300, rate_hz=60)
    both = client.call("subscribe", topics=["spectrum", "meter"], spectrum={"bands": 24},
                       meter={"rate_hz": 20})
    assert both["snapshot"]["spectrum"]["bands"] == 24
    assert both["snapshot"]["meter"]["rate_hz"] == 20
    client.play("tone:pink?db=-30")
    events = client.events_for(2 * SLOW)
    lengths = {}
    for event in events:
        if event["topic"] == "spectrum":
            lengths.setdefault(event["sub"], set()).add(len(event["data"]["bands"]))
    assert lengths == {one: {8}, two: {300}, both["sub"]: {24}}
    count = {sub: sum(event["sub"] == sub for event in events) for sub in (one, two)}
    assert count[two] > 2 * count[one] > 4
    client.call("unsubscribe", sub=two)
    client.events.clear()
    assert {event["sub"] for event in client.events_for(0.6 * SLOW)} == {one, both["sub"]}


@pytest.mark.parametrize(
    "params",
    [
        {"rate_hz": 0.5},
        {"rate_hz": 121},
        {"bands": 7},
        {"bands": 513},
        {"bands": 10.5},
        {"fft_bins": 1000},
        {"fmin_hz": 0},
        {"fmax_hz": 500000},
        {"fmin_hz": 2000, "fmax_hz": 1000},
        {"scale": "mel"},
        {"window": "rectangular"},
        {"tap": "input"},
        {"channels": "left"},
        {"encoding": "u16"},
        {"smoothing_ms": -1},
        {"peak_hold_ms": "long"},
        {"colour": "green"},
        {"spectrum": {"bands": 7}},
        {"spectrum": {"colour": 1}},
        {"meter": {"bands": 16}},
    ],
    ids=str,
)
def test_nonsense_is_refused(client, params):
    error = client.refusal("subscribe", topics=["spectrum"], **params)
    assert error.name in ("INVALID_PARAMS", "OUT_OF_RANGE")
    assert error.data["param"]
    client.play("tone:pink?db=-30")
    assert client.events_for(0.2, topic="spectrum") == [], "no subscription is left behind"


# --- meter


def test_meter_is_calibrated(client, left_only):
    sub = client.call("subscribe", topics=["meter"], rate_hz=20)["sub"]
    client.play("tone:sine?hz=997&db=-18")
    # EBU Tech 3341: a stereo sine of 1 kHz at -18 dBFS is -18 LUFS.
    for _ in range(75):
        data = client.event(topic="meter", sub=sub)["data"]
    for key in ("peak_dbfs", "rms_dbfs", "true_peak_dbtp"):
        assert data[key] == pytest.approx([-18, -18], abs=0.1), key
    for key in ("momentary_lufs", "short_term_lufs", "integrated_lufs"):
        assert data[key] == pytest.approx(-18, abs=0.1), key
    client.play(left_only)
    for _ in range(20):
        data = client.event(topic="meter", sub=sub)["data"]
    assert data["peak_dbfs"][0] == pytest.approx(-12, abs=0.1)
    assert data["peak_dbfs"][1] is None and data["rms_dbfs"][1] is None, "-inf is null"


def test_meter_true_peak(client, media):
    """A quarter of the rate, 45 degrees off: samples at -3 dB, the wave at 0."""
    n = numpy.arange(48000 * 3)
    samples = numpy.tile(numpy.sin(numpy.pi / 2 * n + numpy.pi / 4), (2, 1)) * 0.5
    sub = client.call("subscribe", topics=["meter"], rate_hz=20)["sub"]
    client.play(media.floats("quarter.wav", samples))
    for _ in range(15):
        data = client.event(topic="meter", sub=sub)["data"]
    assert data["peak_dbfs"][0] == pytest.approx(-9.03, abs=0.05)
    assert data["true_peak_dbtp"][0] == pytest.approx(-6.02, abs=0.4)


def test_meter_follows_the_gain(client):
    sub = client.call("subscribe", topics=["meter"], rate_hz=30)["sub"]
    client.play("tone:sine?hz=997&db=-18")
    client.call("mixer.set", gain_db=-20)
    client.event_where(
        lambda data: data["rms_dbfs"][0] and abs(data["rms_dbfs"][0] + 38) < 0.1, sub=sub
    )
    client.call("mixer.set", mute=True)
    client.event_where(lambda data: data["peak_dbfs"] == [None, None], sub=sub)


# --- readers


SUBSCRIBER = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"subscribe",'
          b'"params":{"topics":["spectrum"],"rate_hz":40,"bands":512}}\\n')
for line in s.makefile("rb"):
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
"""


def spawn_subscriber(daemon, path):
    return subprocess.Popen(
        [sys.executable, "-c", SUBSCRIBER, str(daemon.socket)], stdout=open(path, "wb")
    )


def n_lines(path):
    return path.read_bytes().count(b"\n")


def test_nine_keep_their_rate_while_one_is_stopped(daemon, client, tmp_path):
    paths = [tmp_path / f"s{n}" for n in range(10)]
    subscribers = [spawn_subscriber(daemon, path) for path in paths]
    try:
        client.play("tone:pink?db=-30")
        for path in paths:
            eventually(lambda path=path: n_lines(path) > 20, 20)
        subscribers[0].send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        before = [n_lines(path) for path in paths]
        # Long enough to fill the socket's buffer, short of the ten seconds until it is closed.
        time.sleep(5)
        got = [n_lines(path) - n for path, n in zip(paths, before)]
        assert got[0] == 0
        assert all(n > 5 * 40 * 0.5 / SLOW for n in got[1:]), got
        assert max(got[1:]) - min(got[1:]) <= 10 * SLOW, got
        for path, n in list(zip(paths, before))[1:]:
            whole = path.read_bytes().rpartition(b"\n")[0]
            assert b'"dropped"' not in b"".join(whole.splitlines()[n:]), path
        subscribers[0].send_signal(signal.SIGCONT)

        def dropped():
            whole = paths[0].read_bytes().rpartition(b"\n")[0]  # the last may be half written
            for line in whole.splitlines()[before[0] :]:
                event = json.loads(line)["params"]
                if "dropped" in event:
                    return event["dropped"]
            return 0

        n_dropped = eventually(dropped, what="a frame that says how many were dropped")
        assert 0 < n_dropped <= 7 * 40 * SLOW
        late = n_lines(paths[0])
        eventually(lambda: n_lines(paths[0]) > late + 20, what="the stopped one goes on")
    finally:
        for subscriber in subscribers:
            subscriber.send_signal(signal.SIGCONT)
            subscriber.kill()
            subscriber.wait()


def at_least(client, n):
    n_clients = client.call("server.status")["clients"]
    return n_clients if n_clients >= n else None


@pytest.mark.lasting
def test_who_never_reads_is_closed(daemon, client):
    """After ten seconds; until then the daemon keeps one frame of it, not a thousand."""
    client.play("tone:pink?db=-30")
    eventually(lambda: client.status()["position_s"] > 1)
    before = daemon.rss_kib()
    lazy = [daemon.client() for _ in range(8)]
    for one in lazy:
        one.request("subscribe", {"topics": ["spectrum", "player"], "rate_hz": 120, "bands": 512})
    n = eventually(lambda: at_least(client, 9))
    eventually(lambda: client.call("server.status")["clients"] <= n - 8, 40, 0.2)
    if not SANITIZER:
        assert daemon.rss_kib() - before < 6 * 1024
    for one in lazy:
        with pytest.raises(Closed):
            while True:
                one.line()
    assert "closed" in daemon.log()
    assert client.status()["state"] == "playing"


def test_a_crowd_comes_and_goes(daemon, client):
    """Subscriptions made and ended while frames fly."""
    client.play("tone:pink?db=-30")
    end = time.monotonic() + seconds(2)
    n = 0
    while time.monotonic() < end:
        other = daemon.client()
        for bands in (8, 64, 8 + n % 500):
            other.call("subscribe", topics=["spectrum", "meter"], bands=bands, rate_hz=120)
        if n % 3 == 0:
            other.event()
        other.close()
        n += 1
    assert client.status()["state"] == "playing"
    sub, _ = subscribe(client, bands=16)
    assert settled_frame(client, sub, 3)
