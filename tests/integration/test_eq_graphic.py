# SPDX-License-Identifier: ISC
"""Sliders: what they say is measured, by eq.response and by an impulse through the engine."""

import json

import numpy
import pytest

import sound
from figures import figure
from media import read_wav
from programs import CHANTD, eventually, run

LAYOUTS = {
    "iso10": [31.5, 63, 125, 250, 500, 1e3, 2e3, 4e3, 8e3, 16e3],
    "iso31": [20, 25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800]
    + [1e3, 1250, 1600, 2e3, 2500, 3150, 4e3, 5e3, 6300, 8e3, 10e3, 12.5e3, 16e3, 20e3],
    "seed8": [60.0 * 2**i for i in range(8)],
}
RATES = (44100, 48000)
IMPULSE_S = 5  # 20 Hz has died away


def settings(layout):
    n = len(LAYOUTS[layout])
    i = numpy.arange(n)
    rng = numpy.random.default_rng(n)
    yield numpy.full(n, 12.0)
    yield numpy.full(n, -12.0)
    yield 12 * (-1.0) ** i
    yield numpy.where(i == n // 2, 12.0, 0)
    yield 12 * (-1.0) ** (i // 2)
    yield 12 * (-1.0) ** (i // 3)
    for _ in range(3):
        yield rng.choice([-12.0, 12.0], n)
        yield rng.uniform(-12, 12, n).round(2)


def midpoints(layout):
    hz = numpy.array(LAYOUTS[layout])
    return numpy.sqrt(hz[1:] * hz[:-1])


def between(gains_db):
    return (gains_db[1:] + gains_db[:-1]) / 2


def impulse_of(bands, rate_hz, freqs, media, tmp_path):
    """|H| of the engine with these bands, in dB."""
    impulse = numpy.zeros((2, IMPULSE_S * rate_hz))
    impulse[:, 1000] = 0.01
    eq, out = tmp_path / "eq.json", tmp_path / "out.wav"
    eq.write_text(json.dumps({"bands": bands, "design": "matched"}))
    source = media.floats(f"graphic-impulse-{rate_hz}.wav", impulse, rate_hz)
    words = f"--render={out}", f"--eq={eq}", "--limiter=off", f"--rate={rate_hz}", source
    result = run(CHANTD, *words)
    assert result.returncode == 0, result.stderr
    return sound.impulse_db(read_wav(out)[0][0] / 0.01, freqs, rate_hz)


@pytest.mark.accuracy
@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_the_sliders_say_is_measured(make_daemon, media, tmp_path, layout, rate_hz):
    client = make_daemon(f"--rate={rate_hz}").start().client()
    freqs = numpy.concatenate([LAYOUTS[layout], midpoints(layout)])
    n = len(LAYOUTS[layout])
    worst_at = worst_between = 0
    for gains_db in settings(layout):
        answer = client.call("eq.graphic", layout=layout, gains_db=list(gains_db))
        assert answer["graphic"]["gains_db"] == list(gains_db)
        told = numpy.array(client.call("eq.response", freqs_hz=list(freqs))["gains_db"])
        heard = impulse_of(answer["bands"], rate_hz, freqs, media, tmp_path)
        assert numpy.abs(told - heard).max() <= 0.01
        worst_at = max(worst_at, numpy.abs(heard[:n] - gains_db).max())
        worst_between = max(worst_between, numpy.abs(heard[n:] - between(gains_db)).max())
    what, rate = f"{layout} through the engine", f"[{rate_hz / 1000:g} kHz]"
    figure("graphic", f"{what}, at the sliders {rate}", worst_at, "<=", 0.2, "dB")
    figure("graphic", f"{what}, between them {rate}", worst_between, "<=", 1.0, "dB")
    assert worst_at <= 0.2
    assert worst_between <= 1.0


def test_flat_sliders_change_no_bit(client, media, tmp_path):
    bands = client.call("eq.graphic", layout="iso31")["bands"]
    assert len(bands) == 31 and not any(band["gain_db"] for band in bands)
    noise = numpy.random.default_rng(1).uniform(-0.3, 0.3, (2, 20000)).astype("float32")
    eq, out = tmp_path / "eq.json", tmp_path / "out.wav"
    eq.write_text(json.dumps({"bands": bands}))
    source = media.floats("graphic-noise.wav", noise)
    assert run(CHANTD, f"--render={out}", f"--eq={eq}", source).returncode == 0
    numpy.testing.assert_array_equal(read_wav(out)[0], noise)


def test_layouts_and_their_centres(client):
    answer = client.call("eq.graphic")
    assert {one["layout"]: one["centres_hz"] for one in answer["layouts"]} == LAYOUTS
    assert answer["graphic"]["layout"] == "iso10" and not any(answer["graphic"]["gains_db"])
    client.call("eq.graphic", layout="seed8")
    graphic = {"layout": "seed8", "centres_hz": LAYOUTS["seed8"], "gains_db": [0] * 8}
    assert client.call("eq.graphic")["graphic"] == graphic
    assert client.call("eq.get")["graphic"] == graphic


def test_sliders_last_until_a_band_changes(client):
    gains_db = [1, 2, 3, 4, 5, -6, -7, -8, -9, -10]
    answer = client.call("eq.graphic", layout="iso10", gains_db=gains_db)
    assert "applied_at" in answer
    for change in ({"preamp_db": -3}, {"preamp_db": "auto"}, {"bypass": True}, {"bypass": False}):
        assert client.call("eq.set", **change)["graphic"]["gains_db"] == gains_db
    moved = client.call("eq.graphic", gains_db=[0] * 9 + [2.5])
    assert moved["graphic"]["layout"] == "iso10" and moved["graphic"]["gains_db"][9] == 2.5
    for method, change in (
        ("eq.band", {"index": 3, "gain_db": 1}),
        ("eq.band", {"index": 10, "freq_hz": 3000}),
        ("eq.band", {"index": 0, "bypass": True}),
        ("eq.set", {"bands": []}),
        ("eq.set", {"design": "rbj"}),
    ):
        client.call("eq.graphic", layout="iso10", gains_db=gains_db)
        assert client.call(method, **change)["graphic"] is None
        assert client.call("eq.get")["graphic"] is None
    assert client.call("eq.graphic", layout="iso10")["design"] == "matched"


def test_others_are_told(daemon, client):
    watcher = daemon.client()
    watcher.call("subscribe", topics=["eq"])
    client.call("eq.graphic", layout="seed8", gains_db=[3] * 8)
    told = watcher.event_where(lambda eq: len(eq["bands"]) == 8, topic="eq")["data"]
    assert told["graphic"]["gains_db"] == [3] * 8


@pytest.mark.parametrize(
    ("params", "name", "words"),
    [
        ({"layout": "iso10", "gains_db": [0] * 9}, "INVALID_PARAMS", "10 numbers, not 9"),
        ({"layout": "iso31", "gains_db": [0] * 32}, "INVALID_PARAMS", "31 numbers, not 32"),
        ({"layout": "seed8", "gains_db": [0] * 7 + ["x"]}, "INVALID_PARAMS", "number"),
        ({"layout": "seed8", "gains_db": [0] * 7 + [-12.5]}, "OUT_OF_RANGE", "-12 to 12"),
        ({"layout": "seed8", "gains_db": 3}, "INVALID_PARAMS", "array"),
        ({"layout": "third"}, "INVALID_PARAMS", "iso10"),
        ({"gains_db": [0] * 10}, "INVALID_PARAMS", "layout"),
        ({"layout": "iso10", "gains": []}, "INVALID_PARAMS", "gains"),
    ],
)
def test_what_is_no_setting(client, params, name, words):
    client.call("eq.set", bands=[{"freq_hz": 1000, "gain_db": 3}])
    before = client.call("eq.get")
    refusal = client.refusal("eq.graphic", **params)
    assert refusal.name == name
    assert words in refusal.data["detail"]
    assert client.call("eq.get") == before


def test_another_rate(make_daemon, make_jack):
    """The device comes back at another rate: other bands, the same sliders."""
    server = make_jack(rate_hz=48000)
    daemon = make_daemon(f"--device={server.name}", "--connect=none", backend="jack").start()
    client = daemon.client()
    eventually(lambda: client.call("server.status")["device"]["state"] == "open", 20)
    gains_db = [12.0, -12.0] * 5
    before = client.call("eq.graphic", layout="iso10", gains_db=gains_db)
    watcher = daemon.client()
    watcher.call("subscribe", topics=["eq"])
    server.kill()
    eventually(lambda: client.call("server.status")["device"]["state"] == "lost", 20)
    server.rate_hz = 44100
    server.start()
    eventually(lambda: client.call("server.status")["device"]["rate_hz"] == 44100, 20)
    after = client.call("eq.get")
    assert after["graphic"] == before["graphic"] and after["bands"] != before["bands"]
    told = watcher.event_where(lambda eq: eq["bands"] != before["bands"], topic="eq")["data"]
    assert told["graphic"] == before["graphic"]
    response = client.call("eq.response", freqs_hz=LAYOUTS["iso10"])["gains_db"]
    assert numpy.abs(numpy.array(response) - gains_db).max() <= 0.2
