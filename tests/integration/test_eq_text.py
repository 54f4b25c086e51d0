# SPDX-License-Identifier: ISC
"""eq.import and eq.export: texts of other programs, against curves computed here."""

import math

import numpy
import pytest
from scipy import signal

from figures import figure
from rpc import RpcError

RATE_HZ = 48000
FREQS = numpy.geomspace(20, 20000, 400)
HOLD_DB = 0.01


# --- the cookbook of Bristow-Johnson, from its formulas


def rbj(kind, f, gain=0.0, q=math.sqrt(0.5), slope=None, octaves=None, order=2):
    """Gains in dB at FREQS."""
    a = 10 ** (gain / 40)
    w = 2 * math.pi * f / RATE_HZ
    sin, cos = math.sin(w), math.cos(w)
    alpha = sin / (2 * q)
    if slope:
        alpha = sin / 2 * math.sqrt((a + 1 / a) * (1 / slope - 1) + 2)
    if octaves:
        alpha = sin * math.sinh(math.log(2) / 2 * octaves * w / sin)
    s = 2 * math.sqrt(a) * alpha
    up, down = a + 1, a - 1
    if order == 1:
        b, d = signal.butter(1, f, "high" if kind == "HP" else "low", fs=RATE_HZ)
    else:
        b, d = {
            "PK": (
                [1 + alpha * a, -2 * cos, 1 - alpha * a],
                [1 + alpha / a, -2 * cos, 1 - alpha / a],
            ),
            "LS": (
                [a * (up - down * cos + s), 2 * a * (down - up * cos), a * (up - down * cos - s)],
                [up + down * cos + s, -2 * (down + up * cos), up + down * cos - s],
            ),
            "HS": (
                [a * (up + down * cos + s), -2 * a * (down + up * cos), a * (up + down * cos - s)],
                [up - down * cos + s, 2 * (down - up * cos), up - down * cos - s],
            ),
            "LP": ([(1 - cos) / 2, 1 - cos, (1 - cos) / 2], [1 + alpha, -2 * cos, 1 - alpha]),
            "HP": ([(1 + cos) / 2, -1 - cos, (1 + cos) / 2], [1 + alpha, -2 * cos, 1 - alpha]),
            "BP": ([alpha, 0, -alpha], [1 + alpha, -2 * cos, 1 - alpha]),
            "NO": ([1, -2 * cos, 1], [1 + alpha, -2 * cos, 1 - alpha]),
            "AP": ([1 - alpha, -2 * cos, 1 + alpha], [1 + alpha, -2 * cos, 1 - alpha]),
        }[kind]
    _, h = signal.freqz(b, d, FREQS, fs=RATE_HZ)
    return 20 * numpy.log10(numpy.maximum(abs(h), 1e-9))


def corner(kind, f, gain, slope):
    """Where Equalizer APO puts the middle of a shelf of which it is told the corner."""
    factor = 10 ** (abs(gain) / 80 / slope)
    return f * factor if kind == "LS" else f / factor


def sos_db(*sections):
    _, h = signal.sosfreqz(numpy.vstack(sections), FREQS, fs=RATE_HZ)
    return 20 * numpy.log10(numpy.maximum(abs(h), 1e-9))


# --- texts as the programs write them

AUTOEQ = """Preamp: -6.93 dB
Filter 1: ON LSC Fc 105 Hz Gain 6.2 dB Q 0.70
Filter 2: ON PK Fc 2210 Hz Gain -3.4 dB Q 1.87
Filter 3: ON PK Fc 152 Hz Gain -2.7 dB Q 0.53
Filter 4: ON PK Fc 5480 Hz Gain 4.9 dB Q 2.91
Filter 5: OFF PK Fc 8123 Hz Gain -2.0 dB Q 3.30
Filter 6: ON HSC Fc 10000 Hz Gain -1.6 dB Q 0.70
"""

AUTOEQ_DB = (
    -6.93
    + rbj("LS", 105, 6.2, 0.7)
    + rbj("PK", 2210, -3.4, 1.87)
    + rbj("PK", 152, -2.7, 0.53)
    + rbj("PK", 5480, 4.9, 2.91)
    + rbj("HS", 10000, -1.6, 0.7)
)

APO = """# living room, written where the comma is the decimal mark
Device: Speakers
Preamp: -3,5 dB
Filter: ON PK Fc 62,5 Hz Gain -4,0 dB BW Oct 0,5
Filter  2: ON LS 6dB Fc 1.2 kHz Gain 3 dB
Filter  3: ON HSC 9 dB Fc 6\u00a0000 Hz Gain \u22122.5 dB
Filter  4: ON LP Fc 18 kHz
Filter  5: ON NO Fc 1,200 Hz
Filter  6: ON AP Fc 300 Hz Q 2
Filter  7: ON HPQ Fc 25 Hz Q 0.9
Filter  8: ON HS Fc 8000 Hz Gain -2 dB
Filter  9: ON Wah Fc 100 Hz Gain 1 dB Q 1
Filter 10: ON PK Fc 100 Hz Gain 1 dB
Preamp: -1 dB
Convolution: room.wav
"""

APO_DB = (
    -4.5
    + rbj("PK", 62.5, -4, octaves=0.5)
    + rbj("LS", corner("LS", 1200, 3, 0.5), 3, slope=0.5)
    + rbj("HS", 6000, -2.5, slope=0.75)
    + rbj("LP", 18000)
    + rbj("NO", 1200, q=30)
    + rbj("HP", 25, q=0.9)
    + rbj("HS", 8000, -2, slope=0.9)
)

REW = """Filter Settings file

Room EQ V5.31.3
Dated: 8 Jan 2025 11:32:39

Notes:second seat

Equaliser: Generic
Average of 9
Filter  1: ON  PK       Fc   45.80 Hz  Gain   3.00 dB  Q  1.000
Filter  2: ON  Modal    Fc   58.10 Hz  Gain  -6.70 dB  Q 10.674  T60 target 300 ms
Filter  3: ON  None
Filter  4: ON  HP1      Fc   20.00 Hz
Filter  5: ON  LS Q     Fc   1,200 Hz  Gain  -2.00 dB  Q  0.700
Filter  6: ON  Wavelet  Fc   100.0 Hz
"""

REW_DB = (
    rbj("PK", 45.8, 3, 1)
    + rbj("PK", 58.1, -6.7, 10.674)
    + rbj("HP", 20, order=1)
    + rbj("LS", 1200, -2, 0.7)
)

COLUMNS = """Notes:left
Configurable_PEQ
Number Enabled Control Type Frequency(Hz) Gain(dB) Q Bandwidth(Hz)
1 True Auto PK 66.00 -12.00 7.40 8.92
2 True Auto None
3 True Manual LS_Q 44.3 -11.0 0.7
"""

COLUMNS_DB = rbj("PK", 66, -12, 7.4) + rbj("LS", 44.3, -11, 0.7)

CAMILLA = """---
devices:
  samplerate: 48000
  chunksize: 1024
filters:
  pre: {type: Gain, parameters: {gain: -4.5, inverted: false}}
  low:
    type: Biquad
    parameters:
      type: Lowshelf
      freq: 105
      gain: 4
      slope: 6
  treble: {type: Biquad, parameters: {type: HighshelfFO, freq: 9000, gain: -3}}
  bell: {type: Biquad, parameters: {type: Peaking, freq: 1000, gain: 2, bandwidth: 1.0}}
  cross: {type: BiquadCombo, parameters: {type: LinkwitzRileyHighpass, freq: 40, order: 4}}
  top: {type: BiquadCombo, parameters: {type: ButterworthLowpass, freq: 15000, order: 3}}
  tilt: {type: BiquadCombo, parameters: {type: Tilt, gain: 2}}
  room: {type: Conv, parameters: {type: Raw, filename: room.raw}}
pipeline:
  - type: Filter
    channels: [0, 1]
    names: [pre, cross, top, tilt, bell]
  - type: Filter
    channel: 0
    names: [low, treble, room]
  - type: Filter
    channel: 1
    names: [low, treble]
"""


def camilla_db():
    first = 10 ** (-3 / 40)  # a shelf of first order: A (1 + A s) / (A + s), s = f/f0 warped
    warped = 1j * numpy.tan(numpy.pi * FREQS / RATE_HZ) / math.tan(math.pi * 9000 / RATE_HZ)
    shelf = first * (1 + first * warped) / (first + warped) * 1.0
    half = signal.butter(2, 40, "high", fs=RATE_HZ, output="sos")
    return (
        -4.5
        + rbj("LS", 105, 4, slope=0.5)
        + 20 * numpy.log10(abs(shelf))
        + rbj("PK", 1000, 2, octaves=1)
        + sos_db(half, half)
        + sos_db(signal.butter(3, 15000, fs=RATE_HZ, output="sos"))
        + rbj("LS", 110, -1, 0.35)
        + rbj("HS", 3500, 1, 0.35)
    )


def response(client, **more):
    return numpy.array(client.call("eq.response", freqs_hz=list(FREQS), **more)["gains_db"])


def distance(client, wanted):
    """Largest difference in dB where anything is left to hear."""
    return numpy.abs(response(client) - wanted)[wanted > -80].max()


@pytest.mark.parametrize(
    "program, text, format_name, wanted, used, ignored",
    [
        ("AutoEq", AUTOEQ, "apo", AUTOEQ_DB, 7, []),
        ("Equalizer APO", APO, "apo", APO_DB, 10, [2, 12, 13, 15]),
        ("REW", REW, "rew", REW_DB, 4, [15]),
        ("REW, columns", COLUMNS, "rew", COLUMNS_DB, 2, []),
        ("CamillaDSP", CAMILLA, "camilladsp", camilla_db(), 9, [2, 19]),
    ],
    ids=["autoeq", "apo", "rew", "columns", "camilladsp"],
)
def test_import_has_the_curve_of_the_other_program(
    client, program, text, format_name, wanted, used, ignored
):
    answer = client.call("eq.import", text=text)
    assert answer["format"] == format_name
    assert answer["design"] == "rbj"
    assert [note["line"] for note in answer["ignored"]] == ignored
    for note in answer["ignored"]:
        assert note["text"] == text.splitlines()[note["line"] - 1].strip() and note["why"]
    assert answer["used"] == used
    error_db = distance(client, wanted - wanted.max() if answer["preamp_auto"] else wanted)
    what = f"curve of an import off the cookbook's [{program}]"
    figure("eq", what, error_db, "<=", HOLD_DB, "dB")
    assert error_db <= HOLD_DB


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "polka\n", "Filter 1: ON None\n", "a: [1"])
@pytest.mark.parametrize("format_name", ["auto", "apo", "graphic", "rew", "camilladsp"])
def test_a_text_of_no_use_changes_nothing(client, text, format_name):
    client.call("eq.preset.load", name="warm")
    before = client.call("eq.get")
    with pytest.raises(RpcError) as error:
        client.call("eq.import", text=text, format=format_name)
    assert error.value.name == "INVALID_PARAMS" and error.value.data["param"] == "text"
    assert client.call("eq.get") == before


def test_channels(client):
    client.call(
        "eq.import",
        text="Channel: L\nPreamp: -2 dB\nFilter: ON PK Fc 100 Hz Gain 6 dB Q 1\n"
        "Filter: ON PK Fc 900 Hz Gain -3 dB Q 2\nChannel: R\nPreamp: -2 dB\n"
        "Filter: ON PK Fc 900 Hz Gain -3 dB Q 2\nChannel: C\nFilter: ON LP Fc 90 Hz\n",
    )
    bands = client.call("eq.get")["bands"]
    assert [(b["bypass_left"], b["bypass_right"]) for b in bands] == [(False, True), (False, False)]
    both = rbj("PK", 900, -3, 2) - 2
    left = numpy.abs(response(client, channel="left") - both - rbj("PK", 100, 6, 1)).max()
    right = numpy.abs(response(client, channel="right") - both).max()
    assert max(left, right) <= HOLD_DB


def test_unequal_preamps_take_the_lower_and_say_so(client):
    answer = client.call("eq.import", text="Channel: L\nPreamp: -2 dB\nChannel: R\nPreamp: -5 dB\n")
    assert answer["preamp_db"] == -5 and [n["line"] for n in answer["ignored"]] == [4]


def test_without_a_preamp_it_is_automatic(client):
    answer = client.call("eq.import", text="Filter: ON PK Fc 1000 Hz Gain 6 dB Q 1\n")
    assert answer["preamp_auto"] and answer["preamp_db"] == pytest.approx(-6, abs=0.01)
    answer = client.call("eq.import", text="Filter: ON PK Fc 1000 Hz Gain 6 dB Q 1", preamp_db=-1)
    assert answer["preamp_db"] == -1 and not answer["preamp_auto"]


def test_more_filters_than_bands(client):
    lines = [f"Filter: ON PK Fc {100 + 10 * n} Hz Gain 1 dB Q 1" for n in range(40)]
    answer = client.call("eq.import", text="\n".join(lines))
    assert len(answer["bands"]) == 32 and answer["used"] == 32
    assert [note["line"] for note in answer["ignored"]] == list(range(33, 41))


def headphones():
    """127 points, as smooth as AutoEq's, with the shape of a headphone."""
    f = numpy.geomspace(20, 20000, 127)
    x = numpy.log2(f / 1000)
    db = (
        5 / (1 + numpy.exp(2.2 * (x + 3.4)))
        - 3.1 * numpy.exp(-(((x + 2.2) / 0.8) ** 2))
        + 4.2 * numpy.exp(-(((x - 1.7) / 0.45) ** 2))
        - 5.5 * numpy.exp(-(((x - 2.6) / 0.25) ** 2))
        + 3.0 * numpy.exp(-(((x - 3.2) / 0.3) ** 2))
        - 2 / (1 + numpy.exp(-4 * (x - 3.9)))
    )
    return f, db - db.max()


def test_a_curve_is_fitted(client):
    f, db = headphones()
    text = "GraphicEQ: " + "; ".join(f"{a:.0f} {b:.1f}" for a, b in zip(f, db))
    points = numpy.array([pair.split() for pair in text[11:].split(";")], float)
    answer = client.call("eq.import", text=text)
    assert answer["format"] == "graphic" and answer["ignored"] == [] and not answer["preamp_auto"]
    wanted = numpy.interp(numpy.log(FREQS), numpy.log(points[:, 0]), points[:, 1])
    error_db = distance(client, wanted)
    assert error_db == pytest.approx(answer["fit_error_db"], abs=0.05)
    figure("eq", "32 bands fitted to 127 points of a headphone", error_db, "<=", 0.5, "dB")
    assert error_db <= 0.5


def test_too_much_is_summed_up(client):
    answer = client.call("eq.import", text="Preamp: -1 dB\n" + "what\n" * 5000)
    assert answer["n_ignored"] == 5000 and len(answer["ignored"]) == 256


# --- and back

ALL_BANDS = [
    {"type": "peak", "freq_hz": 1234.5678, "gain_db": -3.25, "q": 1.41},
    {"type": "low_shelf", "freq_hz": 90, "gain_db": 4, "q": 0.7},
    {"type": "high_shelf", "freq_hz": 9000, "gain_db": -2, "slope": 0.75},
    {"type": "low_pass", "freq_hz": 17000, "q": 0.9},
    {"type": "high_pass", "freq_hz": 20, "order": 1},
    {"type": "high_pass", "freq_hz": 30, "family": "linkwitz_riley", "order": 4},
    {"type": "low_pass", "freq_hz": 19000, "family": "butterworth", "order": 5},
    {"type": "notch", "freq_hz": 50, "q": 20},
    {"type": "all_pass", "freq_hz": 300, "q": 1.5},
    {"type": "all_pass", "freq_hz": 400, "order": 1},
    {"type": "tilt", "freq_hz": 620.4837, "gain_db": 2},
    {"type": "peak", "freq_hz": 3000, "gain_db": 2, "q": 4, "bypass": True},
    {"type": "peak", "freq_hz": 200, "gain_db": -2, "q": 2, "bypass_left": True},
]


def plain(band):
    """What a band says: without its place, a Q that it has no use for, and a rounded middle."""
    unused = {"index"}
    if band["type"] == "tilt":
        unused |= {"freq_hz", "q"}
    if band.get("order") == 1 or band.get("family", "q") != "q":
        unused.add("q")
    return {key: value for key, value in band.items() if key not in unused}


def test_camilladsp_can_say_everything(client):
    before = client.call("eq.set", bands=ALL_BANDS, preamp_db=-4.25, design="rbj")
    text = client.call("eq.export", format="camilladsp")
    assert text["ignored"] == []
    after = client.call("eq.import", text=text["text"])
    assert after["ignored"] == [] and after["preamp_db"] == -4.25
    assert [plain(b) for b in after["bands"]] == [plain(b) for b in before["bands"]]
    assert after["bands"][10]["freq_hz"] == pytest.approx(620.4837, abs=1e-3)


@pytest.mark.parametrize("format_name, unsaid", [("apo", [4, 6, 9]), ("rew", [None, 9, 12])])
def test_lines_say_what_they_can(client, format_name, unsaid):
    client.call("eq.set", bands=ALL_BANDS, preamp_db=-4.25, design="rbj")
    text = client.call("eq.export", format=format_name)
    assert [note["index"] for note in text["ignored"]] == unsaid
    said = [b for i, b in enumerate(ALL_BANDS) if i not in unsaid]
    preamp_db = -4.25 if format_name == "apo" else 0
    client.call("eq.set", bands=said, preamp_db=preamp_db)
    before = {c: response(client, channel=c) for c in ("left", "right")}
    after = client.call("eq.import", text=text["text"], preamp_db=preamp_db)
    assert after["ignored"] == []
    for channel, gains_db in before.items():
        assert response(client, channel=channel) == pytest.approx(gains_db, abs=1e-3)


def test_simple_bands_come_back_as_they_were(client):
    simple = [ALL_BANDS[i] for i in (0, 1, 2, 3, 7, 8, 11, 12)]
    before = client.call("eq.set", bands=simple, preamp_db=-4.25, design="rbj")
    text = client.call("eq.export", format="apo")
    assert text["ignored"] == []
    after = client.call("eq.import", text=text["text"])
    assert [plain(b) for b in after["bands"]] == [plain(b) for b in before["bands"]]


def test_a_curve_out_and_in(client):
    client.call("eq.import", text=AUTOEQ)
    before = response(client)
    text = client.call("eq.export", format="graphic")["text"]
    assert text.startswith("GraphicEQ: ") and text.count(";") == 126
    assert client.call("eq.import", text=text)["fit_error_db"] < 0.3
    assert response(client) == pytest.approx(before, abs=0.3)


def test_matched_is_said_to_be_lost(client):
    client.call("eq.set", bands=ALL_BANDS[:1], design="matched")
    for format_name in ("apo", "rew", "camilladsp"):
        notes = client.call("eq.export", format=format_name)["ignored"]
        assert any("rbj" in note["why"] for note in notes)


@pytest.mark.parametrize("format_name", ["apo", "rew", "camilladsp"])
def test_above_half_the_rate_it_is_written_as_it_runs(client, format_name):
    """Other programs refuse such frequencies, or make nonsense of them."""
    bands = [
        {"type": "peak", "freq_hz": 90, "gain_db": 3, "q": 1},
        {"type": "high_shelf", "freq_hz": 30000, "gain_db": -9, "q": 0.7},
        {"type": "tilt", "freq_hz": 9000, "gain_db": 6},
    ]
    client.call("eq.set", bands=bands, preamp_db=0, design="rbj")
    before = response(client)
    text = client.call("eq.export", format=format_name)
    assert [note["index"] for note in text["ignored"]] == [1, 2]
    after = client.call("eq.import", text=text["text"], preamp_db=0)
    assert after["ignored"] == [] and max(b["freq_hz"] for b in after["bands"]) < RATE_HZ / 2
    assert response(client) == pytest.approx(before, abs=1e-3)
