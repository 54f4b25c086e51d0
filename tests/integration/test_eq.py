# SPDX-License-Identifier: ISC
"""The equaliser's bands on the wire: what they take and answer, and what eq.response says."""

import fcntl
import os
import struct
import subprocess
import termios

import numpy
import pytest
from scipy import signal

import sound
from figures import figure
from programs import CHANT
from rpc import RpcError

RATE_HZ = 48000
FREQS = [float(f) for f in numpy.geomspace(20, 20000, 200)]


def curve(client, **params):
    return numpy.array(client.call("eq.response", freqs_hz=FREQS, **params)["gains_db"])


def set_bands(client, *bands, **params):
    return client.call("eq.set", bands=list(bands), **params)


def test_what_was_answered_can_be_sent(client):
    """Every type and member: eq.get's bands, sent back, are the same bands."""
    bands = [
        {"type": "low_shelf", "freq_hz": 100, "gain_db": 3, "slope": 0.6},
        {"type": "high_shelf", "freq_hz": 9000, "gain_db": 3, "q": 4},
        {"type": "low_pass", "freq_hz": 9000, "family": "linkwitz_riley", "order": 8},
        {"type": "high_pass", "freq_hz": 30, "family": "butterworth", "order": 5},
        {"type": "high_pass", "freq_hz": 20, "order": 1, "bypass_left": True},
        {"type": "all_pass", "freq_hz": 300, "order": 1, "bypass_right": True},
        {"type": "band_pass", "freq_hz": 300, "q": 2, "bypass": True},
        {"type": "tilt", "freq_hz": 620, "gain_db": -3},
    ]
    answered = set_bands(client, *bands)["bands"]
    for given, answer in zip(bands, answered):
        assert {name: answer[name] for name in given} == given
        assert ("q" in answer) != ("slope" in answer)
    assert set_bands(client, *answered)["bands"] == answered
    assert client.call("eq.get")["bands"] == answered


def test_what_a_new_type_has_not_is_forgotten(client):
    set_bands(client, {"type": "low_pass", "freq_hz": 500, "family": "butterworth", "order": 6})
    band = client.call("eq.band", index=0, type="peak")["bands"][0]
    assert "order" not in band and "family" not in band
    band = client.call("eq.band", index=0, type="low_pass")["bands"][0]
    assert (band["order"], band["family"]) == (2, "q")
    client.call("eq.band", index=0, type="low_shelf", slope=0.5)
    band = client.call("eq.band", index=0, type="peak")["bands"][0]
    assert "slope" not in band and band["q"] == 1.41


@pytest.mark.parametrize(
    "band, param, name",
    [
        ({"type": "low_shelf", "q": 1, "slope": 1}, "slope", "INVALID_PARAMS"),
        ({"type": "peak", "slope": 1}, "slope", "INVALID_PARAMS"),
        ({"type": "low_shelf", "slope": 1.1}, "slope", "OUT_OF_RANGE"),
        ({"type": "low_pass", "order": 3}, "order", "OUT_OF_RANGE"),
        ({"type": "low_pass", "order": 2.5}, "order", "INVALID_PARAMS"),
        ({"type": "low_pass", "order": 9, "family": "butterworth"}, "order", "OUT_OF_RANGE"),
        ({"type": "low_pass", "order": 6, "family": "linkwitz_riley"}, "order", "OUT_OF_RANGE"),
        ({"type": "all_pass", "order": 3}, "order", "OUT_OF_RANGE"),
        ({"type": "peak", "order": 1}, "order", "OUT_OF_RANGE"),
        ({"type": "peak", "family": "butterworth"}, "family", "INVALID_PARAMS"),
        ({"type": "low_pass", "family": "bessel"}, "family", "INVALID_PARAMS"),
        ({"bypass_left": 1}, "bypass_left", "INVALID_PARAMS"),
    ],
)
def test_refusals(client, band, param, name):
    before = client.call("eq.get")
    for call in (
        lambda: client.call("eq.band", index=0, freq_hz=100, **band),
        lambda: client.call("eq.set", bands=[{"freq_hz": 100, **band}]),
    ):
        with pytest.raises(RpcError) as info:
            call()
        assert (info.value.name, info.value.data["param"]) == (name, param)
    assert client.call("eq.get") == before


def test_more_sections_than_there_are(client):
    steep = {"type": "low_pass", "freq_hz": 9000, "family": "butterworth", "order": 8}
    set_bands(client, *[steep] * 10)
    for index in (10,):
        with pytest.raises(RpcError) as info:
            client.call("eq.band", index=index, **steep)
        assert info.value.name == "OUT_OF_RANGE"
    with pytest.raises(RpcError) as info:
        set_bands(client, *[steep] * 11)
    assert info.value.name == "OUT_OF_RANGE"
    assert len(client.call("eq.band", index=10, freq_hz=100)["bands"]) == 11


def test_families_are_those_of_scipy(client):
    """The bilinear design against scipy's Butterworth filters, which are bilinear too."""
    worst = 0.0
    for kind, word in (("low_pass", "lowpass"), ("high_pass", "highpass")):
        for order in range(1, 9):
            for family in ("butterworth", "linkwitz_riley"):
                if family == "linkwitz_riley" and order not in (2, 4, 8):
                    continue
                set_bands(
                    client,
                    {"type": kind, "freq_hz": 1500, "order": order, "family": family},
                    design="rbj",
                )
                half = order // 2 if family == "linkwitz_riley" else order
                sos = signal.butter(half, 1500, word, fs=RATE_HZ, output="sos")
                _, h = signal.sosfreqz(sos, worN=numpy.array(FREQS), fs=RATE_HZ)
                wanted = sound.db(h) * (2 if family == "linkwitz_riley" else 1)
                loud = wanted > -100
                worst = max(worst, numpy.abs(curve(client) - wanted)[loud].max())
    figure("eq", "families of order 1 to 8 off scipy's, rbj", worst, "<=", 0.01, "dB")
    assert worst <= 0.01


def test_curves_of_channels(client):
    peak = {"freq_hz": 1000, "gain_db": 6, "q": 1}
    set_bands(client, {**peak, "bypass_left": True}, {"freq_hz": 4000, "gain_db": -3, "q": 1})
    answer = client.call("eq.response", freqs_hz=FREQS)
    left, right = curve(client, channel="left"), curve(client, channel="right")
    assert answer["gains_db"] == list(left) and answer["gains_right_db"] == list(right)
    assert max(right) > 5.5 and max(left) < 0.1
    client.call("eq.set", bypass_right=True)
    assert not curve(client, channel="right").any() and curve(client).any()
    client.call("eq.set", bypass=True)
    assert "gains_right_db" not in client.call("eq.response", points=5)


def test_auto_preamp_makes_room_on_both_channels(client):
    answer = set_bands(
        client,
        {"freq_hz": 100, "gain_db": 3, "q": 1, "bypass_right": True},
        {"freq_hz": 9000, "gain_db": 8, "q": 1, "bypass_left": True},
        preamp_db="auto",
    )
    assert abs(answer["preamp_db"] + 8) < 0.1


def drawn(daemon, columns, locale):
    """What `chant eq` writes below its table, in a terminal that wide."""
    main, side = os.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    env = {**os.environ, "LC_ALL": locale, "CHANT_SOCKET": str(daemon.socket)}
    with subprocess.Popen([CHANT, "eq"], stdin=side, stdout=side, env=env) as chant:
        os.close(side)
        text = b""
        try:
            while piece := os.read(main, 1 << 16):
                text += piece
        except OSError:
            pass  # that is the end of a terminal
        assert chant.wait() == 0
    os.close(main)
    return text.decode().replace("\r", "").split("\n\n")[-1].splitlines()


@pytest.mark.parametrize("columns", [26, 40, 73, 74, 300])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_the_drawing_fits_the_terminal(daemon, client, columns, locale):
    set_bands(client, {"freq_hz": 1000, "gain_db": 20, "q": 50})
    lines = drawn(daemon, columns, locale)
    assert len(lines) == 10
    assert max(map(len, lines)) <= columns
    assert len(lines[-1].rstrip()) == min(columns, 74)
    # A bell of a fiftieth of an octave is narrower than a dot, and still there: near its top.
    assert set(lines[1][7:]) - {" "}, "\n".join(lines)
