# SPDX-License-Identifier: ISC
"""chantd --render: the whole chain without a clock, bit for bit where nothing changes."""

import json
import subprocess
import time

import numpy
import pytest
from scipy import signal

import sound
from media import read_wav
from programs import CHANTD, run

CORNERS = {16: 32767, 24: 8388607}


def render(out, *words, code=0, timeout_s=60):
    result = run(CHANTD, f"--render={out}", *words, timeout_s=timeout_s)
    assert result.returncode == code, result.stderr
    return result


def decoded(flac, tmp_path):
    """What the format's own decoder makes of it, as integers."""
    wav = tmp_path / "decoded.wav"
    subprocess.run(["flac", "-d", "-s", "-f", "-o", wav, flac], check=True)
    return read_wav(wav)[2]


FREE = "--limiter=off"  # for what uses all of the scale: the ceiling is below


def noise(bits, n=50_001, full_scale=False):
    """Random numbers with every extreme among them.  If not of full scale they are of a quarter of
    that: the limiter is not reached, as between samples it is at most 2.5 times as much."""
    top = CORNERS[bits] if full_scale else CORNERS[bits] // 4
    samples = numpy.random.default_rng(bits).integers(-top - 1, top + 1, (2, n))
    samples[:, :4] = [[0, 1, -1, top], [-1, 0, top, -top]]
    return samples


# --- nothing changed


@pytest.mark.parametrize("out_format", ["s16", "s24", "f32"])
@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("rate_hz", [44100, 48000, 96000])
@pytest.mark.parametrize("limiter", ["on", "off"])
def test_bit_exact(media, tmp_path, limiter, bits, rate_hz, out_format):
    """FLAC in, the same numbers out; into fewer bits they are rounded.  Below the limiter's
    ceiling, and without it up to full scale."""
    source = noise(bits, full_scale=limiter == "off")
    flac = media.integers(f"noise-{bits}-{rate_hz}-{limiter}.flac", source, rate_hz, bits)
    wanted = decoded(flac, tmp_path)
    numpy.testing.assert_array_equal(wanted, source)
    out = tmp_path / "out.wav"
    render(out, f"--format={out_format}", f"--limiter={limiter}", flac)
    floats, rate, integers = read_wav(out)
    assert rate == rate_hz and floats.shape == wanted.shape
    if out_format == "f32":
        numpy.testing.assert_array_equal(floats * 2.0 ** (bits - 1), wanted)
    elif out_format == f"s{bits}":
        numpy.testing.assert_array_equal(integers, wanted)
    elif out_format == "s24":
        numpy.testing.assert_array_equal(integers, wanted * 256)
    else:
        rounded = numpy.clip(wanted / 256, -32768, 32767)
        assert numpy.abs(integers - rounded).max() <= 1.5, "rounding, with dither at most"


def test_the_same_bytes_twice(media, tmp_path):
    """Also with everything on, where a clock or a race would show."""
    eq = tmp_path / "eq.json"
    eq.write_text('{"bands":[{"type":"peak","freq_hz":1000,"gain_db":9,"q":2}]}')
    words = ["--rate=48000", "--gain=6", f"--eq={eq}"]
    inputs = [
        media.sine(3, suffix="flac", rate_hz=44100),
        media.sine(1, suffix="mp3"),
        "tone:white?s=1&db=-3",
        media.half_flac(2.0),
    ]
    outs = [tmp_path / f"out{n}.wav" for n in range(3)]
    for out in outs:
        render(out, *words, *inputs, code=1)  # one of them is damaged, and that is said
    first = outs[0].read_bytes()
    assert len(first) > 1_000_000
    assert all(out.read_bytes() == first for out in outs[1:])


@pytest.mark.parametrize("n", [1, 2, 71, 72, 1023, 1024, 1025, 48000, 96001])
def test_every_length_is_kept(media, tmp_path, n):
    samples = noise(16, 96001)[:, :n]
    render(tmp_path / "out.wav", FREE, media.integers(f"length-{n}.wav", samples))
    floats, _, _ = read_wav(tmp_path / "out.wav")
    numpy.testing.assert_array_equal(floats * 32768, samples)


def test_pieces_join_without_a_seam(media, tmp_path):
    """One sound cut into files of odd lengths is one sound again."""
    whole = noise(16)
    cuts = [0, 17, 1041, 9000, 9001, 30000, whole.shape[1]]
    pieces = [
        media.integers(f"piece-{n}.{'flac' if n % 2 else 'wav'}", whole[:, a:b])
        for n, (a, b) in enumerate(zip(cuts, cuts[1:]))
    ]
    render(tmp_path / "out.wav", FREE, *pieces)
    floats, _, _ = read_wav(tmp_path / "out.wav")
    numpy.testing.assert_array_equal(floats * 32768, whole)


def test_resampled_pieces_join_without_a_seam(media, tmp_path):
    """Cut and resampled is resampled whole: the resampler runs on over the join."""
    t = numpy.arange(44100) / 44100
    sweep = numpy.tile(signal.chirp(t, 100, 1, 15000), (2, 1))
    whole = numpy.round(20000 * sweep).astype(int)
    pieces = [
        media.integers(f"sweep-{n}.wav", part, 44100)
        for n, part in enumerate((whole, whole[:, :20011], whole[:, 20011:]))
    ]
    render(tmp_path / "one.wav", "--rate=48000", pieces[0])
    render(tmp_path / "two.wav", "--rate=48000", *pieces[1:])
    one, two = (read_wav(tmp_path / name)[0] for name in ("one.wav", "two.wav"))
    assert abs(one.shape[1] - 48000) <= 1 and one.shape == two.shape
    assert sound.db(numpy.abs(one - two).max()) < -100


# --- other programs agree


@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "ogg", "opus", "mp3"])
def test_decodes_as_ffmpeg_does(media, tmp_path, suffix):
    sweep = media.sox("sweep.wav", "synth", 1.5, "sine", "200:9000", "vol", "-6dB")
    path = sweep if suffix == "wav" else media.convert(sweep, suffix)
    render(tmp_path / "out.wav", path)
    mine, rate_hz, _ = read_wav(tmp_path / "out.wav")
    theirs_path = tmp_path / "theirs.wav"
    run("ffmpeg", "-v", "error", "-i", path, "-c:a", "pcm_f32le", "-bitexact", theirs_path)
    theirs, their_rate_hz, _ = read_wav(theirs_path)
    assert rate_hz == their_rate_hz == 48000 and mine.shape[1] == 72000
    # Some versions of ffmpeg keep the padding of MP3.
    at = sound.align(mine[0, 5000:20000], theirs[0]) - 5000
    assert at == 0 or suffix == "mp3"
    n = min(mine.shape[1], theirs.shape[1] - at)
    assert n > 71000
    limit = 1e-6 if suffix in ("wav", "aiff", "flac") else 3e-4
    assert numpy.abs(mine[:, :n] - theirs[:, at : at + n]).max() < limit


@pytest.mark.parametrize("rates", [(44100, 48000), (48000, 44100), (96000, 48000), (8000, 48000)])
def test_rate(media, tmp_path, rates):
    """Length and level stay; what is added lies below -100 dB."""
    source, target = rates
    render(
        tmp_path / "out.wav",
        f"--rate={target}",
        media.sine(2, hz=997, db=-3, rate_hz=source, bits=24),
    )
    out, rate_hz, _ = read_wav(tmp_path / "out.wav")
    assert rate_hz == target and abs(out.shape[1] - 2 * target) <= 1
    middle = out[0, target // 10 : -target // 10]
    assert sound.tone_level_db(middle, 997, target) == pytest.approx(-3, abs=0.01)
    t = 2 * numpy.pi * 997 / target * numpy.arange(len(middle))
    basis = numpy.column_stack([numpy.cos(t), numpy.sin(t)])
    fit, *_ = numpy.linalg.lstsq(basis, middle, rcond=None)
    assert sound.db(numpy.abs(middle - basis @ fit).max()) < -100


def test_rate_is_that_of_the_first(media, tmp_path):
    first, second = media.sine(1, rate_hz=44100), media.sine(1, rate_hz=96000)
    render(tmp_path / "out.wav", first, second)
    out, rate_hz, _ = read_wav(tmp_path / "out.wav")
    assert rate_hz == 44100 and abs(out.shape[1] - 88200) <= 1


# ITU-R BS.775: front 1, centre and surrounds 0.7071, no LFE; mono to both.
LAYOUTS = {
    1: [(1, 1)],
    2: [(1, 0), (0, 1)],
    3: [(1, 0), (0, 1), (0.7071, 0.7071)],
    5: [(1, 0), (0, 1), (0.7071, 0.7071), (0.7071, 0), (0, 0.7071)],
    6: [(1, 0), (0, 1), (0.7071, 0.7071), (0, 0), (0.7071, 0), (0, 0.7071)],
}


@pytest.mark.parametrize("channels", LAYOUTS)
def test_mixdown(media, tmp_path, channels):
    """Every channel has its own frequency, and arrives where and as loud as the law says."""
    render(tmp_path / "out.wav", media.surround(channels))
    out, _, _ = read_wav(tmp_path / "out.wav")
    for c, weights in enumerate(LAYOUTS[channels]):
        for side, weight in enumerate(weights):
            level = sound.tone_level_db(out[side], 200 * (1 + c), 48000)
            if weight:
                assert level == pytest.approx(-20 + sound.db(weight), abs=0.05)
            else:
                assert level < -80


# --- gain, limiter, equaliser


@pytest.mark.parametrize("gain_db", [-60, -6, 0, 3.5, 12])
def test_gain(media, tmp_path, gain_db):
    source_path = media.sine(0.5, hz=1000, db=-20, bits=24)
    render(tmp_path / "out.wav", f"--gain={gain_db}", source_path)
    out, _, _ = read_wav(tmp_path / "out.wav")
    source, _, _ = read_wav(source_path)
    assert numpy.abs(out - source * 10 ** (gain_db / 20)).max() < 1e-6


def test_gain_of_minus_infinity(media, tmp_path):
    render(tmp_path / "out.wav", "--gain=-inf", media.sine(0.5))
    assert not read_wav(tmp_path / "out.wav")[0].any()


def test_limiter(media, tmp_path):
    """Twelve decibels too loud: never over -1 dBFS with it, and over full scale without."""
    loud = media.floats(
        "loud.wav", numpy.random.default_rng(1).uniform(-1, 1, (2, 48000)) ** 3
    )
    render(tmp_path / "on.wav", "--gain=12", loud)
    render(tmp_path / "low.wav", "--gain=12", "--limiter=-20", loud)
    render(tmp_path / "off.wav", "--gain=12", "--limiter=off", loud)
    on, off = (read_wav(tmp_path / name)[0] for name in ("on.wav", "off.wav"))
    source, _, _ = read_wav(loud)
    assert 0.8 < numpy.abs(on).max() <= 10 ** (-1 / 20) * 1.000001
    assert numpy.abs(off).max() > 1
    assert numpy.abs(off - source * 10 ** (12 / 20)).max() < 1e-6
    assert on.shape == off.shape == source.shape
    low, _, _ = read_wav(tmp_path / "low.wav")
    assert 0.08 < numpy.abs(low).max() <= 0.1 * 1.000001
    # What the limiter does is gain: the sign of no sample changes.
    assert (on * source >= 0).all()


BANDS = [
    {"type": "peak", "freq_hz": 1000, "gain_db": 9, "q": 1.41},
    {"type": "peak", "freq_hz": 80, "gain_db": -12, "q": 4},
    {"type": "low_shelf", "freq_hz": 200, "gain_db": 6, "q": 0.7},
    {"type": "high_shelf", "freq_hz": 4000, "gain_db": -9, "q": 0.7},
    {"type": "low_pass", "freq_hz": 3000, "q": 0.7},
    {"type": "high_pass", "freq_hz": 100, "q": 0.7},
    {"type": "notch", "freq_hz": 500, "q": 2},
    {"type": "band_pass", "freq_hz": 700, "q": 1},
    {"type": "all_pass", "freq_hz": 900, "q": 0.7},
]


def response_of(tmp_path, media, params, n=1 << 17):
    """What an impulse becomes."""
    impulse = numpy.zeros((2, n))
    impulse[:, 1000] = 0.25
    eq = tmp_path / "eq.json"
    eq.write_text(json.dumps(params))
    render(tmp_path / "out.wav", f"--eq={eq}", "--limiter=off", media.floats("dirac.wav", impulse))
    out, _, _ = read_wav(tmp_path / "out.wav")
    return out[:, 1000:] / 0.25


@pytest.mark.parametrize("band", BANDS, ids=lambda band: f"{band['type']}-{band['freq_hz']}")
def test_eq_band_rbj(media, tmp_path, band):
    """The whole chain against the formula of the analogue filter through the bilinear transform."""
    freqs = numpy.geomspace(20, 20000, 200)
    response = response_of(tmp_path, media, {"bands": [band], "design": "rbj"})
    wanted = sound.rbj_db(band, freqs, 48000)
    heard = sound.impulse_db(response[0], freqs, 48000)
    loud = wanted > -60
    assert numpy.abs(heard - wanted)[loud].max() < 0.1
    numpy.testing.assert_allclose(response[0], response[1], atol=1e-7)


@pytest.mark.parametrize("band", BANDS, ids=lambda band: f"{band['type']}-{band['freq_hz']}")
def test_eq_band_matched(media, tmp_path, band):
    """Up to 5 kHz the matched design is the analogue filter within 0.25 dB."""
    freqs = numpy.geomspace(20, 5000, 200)
    response = response_of(tmp_path, media, {"bands": [band], "design": "matched"})
    wanted = sound.analog_db(band, freqs)
    loud = wanted > -30
    heard = sound.impulse_db(response[0], freqs, 48000)
    assert numpy.abs(heard - wanted)[loud].max() < 0.25


def test_eq_of_many_bands(media, tmp_path):
    """32 bands multiply; preamp and bypass count."""
    rng = numpy.random.default_rng(5)
    bands = [
        {"type": "peak", "freq_hz": float(f), "gain_db": float(rng.uniform(-6, 6)), "q": 2}
        for f in numpy.geomspace(30, 12000, 32)
    ]
    bands[7]["bypass"] = True
    freqs = numpy.geomspace(20, 20000, 300)
    response = response_of(
        tmp_path, media, {"bands": bands, "preamp_db": -6, "design": "rbj"}
    )
    wanted = -6 + sum(sound.rbj_db(b, freqs, 48000) for b in bands if not b.get("bypass"))
    assert numpy.abs(sound.impulse_db(response[0], freqs, 48000) - wanted).max() < 0.1


@pytest.mark.parametrize("params", [{}, {"bands": []}, {"bypass": True, "bands": BANDS}])
def test_flat_is_bit_exact(media, tmp_path, params):
    samples = noise(24)
    eq = tmp_path / "eq.json"
    eq.write_text(json.dumps(params))
    render(tmp_path / "out.wav", FREE, f"--eq={eq}", media.integers("exact.wav", samples, bits=24))
    floats, _, _ = read_wav(tmp_path / "out.wav")
    numpy.testing.assert_array_equal(floats * 2.0**23, samples)


def test_preset(media, tmp_path):
    render(tmp_path / "flat.wav", "--eq=flat", media.sine(0.5))
    render(tmp_path / "bass.wav", "--eq=bass", media.sine(0.5))
    flat, bass = (read_wav(tmp_path / name)[0] for name in ("flat.wav", "bass.wav"))
    numpy.testing.assert_array_equal(flat, read_wav(media.sine(0.5))[0])
    assert numpy.abs(bass - flat).max() > 0.01


# --- tones


@pytest.mark.parametrize("hz", [20, 440, 997, 12345])
def test_tone_sine(tmp_path, hz):
    render(tmp_path / "out.wav", "--rate=48000", f"tone:sine?hz={hz}&db=-9&s=1")
    out, rate_hz, _ = read_wav(tmp_path / "out.wav")
    assert rate_hz == 48000 and out.shape == (2, 48000)
    t = 2 * numpy.pi * hz / 48000 * numpy.arange(48000)
    assert sound.tone_level_db(out[0], hz, 48000) == pytest.approx(-9, abs=0.001)
    basis = numpy.column_stack([numpy.cos(t), numpy.sin(t)])
    fit, *_ = numpy.linalg.lstsq(basis, out[0], rcond=None)
    assert sound.db(numpy.abs(out[0] - basis @ fit).max()) < -120


@pytest.mark.parametrize("slope", [("white", 0), ("pink", -3), ("brown", -6)])
def test_tone_noise(tmp_path, slope):
    """The slope in dB an octave, from 100 Hz to 6.4 kHz."""
    kind, wanted = slope
    render(tmp_path / "out.wav", "--rate=48000", f"tone:{kind}?db=-20&s=20")
    out, _, _ = read_wav(tmp_path / "out.wav")
    f, power = signal.welch(out[0], 48000, nperseg=8192)
    octaves = [10 * numpy.log10(power[(f >= lo) & (f < 2 * lo)].mean()) for lo in
               100 * 2.0 ** numpy.arange(6)]
    assert numpy.polyfit(range(6), octaves, 1)[0] == pytest.approx(wanted, abs=0.4)
    assert abs(numpy.corrcoef(out)[0, 1]) < 0.1, "the channels are independent"


@pytest.mark.parametrize("kind", ["square", "saw", "triangle", "sweep", "impulse", "multitone"])
def test_other_tones(tmp_path, kind):
    render(tmp_path / "out.wav", "--rate=44100", f"tone:{kind}?db=-12&s=0.5")
    out, _, _ = read_wav(tmp_path / "out.wav")
    assert out.shape == (2, 22050)
    assert -25 < sound.db(numpy.abs(out).max()) < -9


def test_a_tone_without_an_end(tmp_path):
    result = render(tmp_path / "out.wav", "tone:sine?hz=100", code=1)
    assert "tone:sine?hz=100" in result.stderr and not (tmp_path / "out.wav").exists()


# --- what goes wrong


@pytest.mark.parametrize(
    "name", ["missing", "text", "zero", "directory", "nine", "tone:growl", "http://x/y.mp3"]
)
def test_bad_inputs(media, tmp_path, name):
    """Said before anything is written, with the name of the input."""
    path = {
        "missing": tmp_path / "missing.flac",
        "text": media.text_as_flac(),
        "zero": media.zero_bytes(),
        "directory": tmp_path,
        "nine": media.surround(9),
    }.get(name, name)
    code = 5 if name == "missing" else 1
    result = render(tmp_path / "out.wav", media.sine(0.3), path, code=code)
    assert str(path).partition(":")[2] in result.stderr
    assert not (tmp_path / "out.wav").exists()


def test_a_damaged_input_is_said_and_the_rest_rendered(media, tmp_path):
    result = render(tmp_path / "out.wav", media.half_flac(2.0), media.sine(0.5), code=1)
    assert str(media.half_flac(2.0)) in result.stderr
    out, _, _ = read_wav(tmp_path / "out.wav")
    tail = out[0, -24000:]
    assert sound.tone_level_db(tail, 440, 48000) == pytest.approx(-12, abs=0.01)


def test_an_input_is_not_overwritten(media, tmp_path):
    path = tmp_path / "x.wav"
    path.write_bytes(media.sine(0.3).read_bytes())
    result = render(path, path, code=1)
    assert "x.wav" in result.stderr
    assert path.read_bytes() == media.sine(0.3).read_bytes()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"bands":1}', '{"bands":[{"type":"wah"}]}', '{"loudness":1}',
     '{"bands":[{"freq_hz":1000,"gain_db":1000}]}', '{"preamp_db":"loud"}'],
)
def test_bad_eq_files(media, tmp_path, text):
    eq = tmp_path / "eq.json"
    eq.write_text(text)
    result = render(tmp_path / "out.wav", f"--eq={eq}", media.sine(0.3), code=1)
    assert "eq.json" in result.stderr
    assert not (tmp_path / "out.wav").exists()


def test_no_such_preset(media, tmp_path):
    result = render(tmp_path / "out.wav", "--eq=boom", media.sine(0.3), code=5)
    assert "boom" in result.stderr and "flat" in result.stderr


def test_where_nothing_can_be_written(media, tmp_path):
    result = render(tmp_path / "none" / "out.wav", media.sine(0.3), code=1)
    assert "none/out.wav" in result.stderr


def test_a_full_disk(media):
    result = render("/dev/full", media.sine(2), code=1)
    assert "/dev/full" in result.stderr


def test_faster_than_real_time(media, tmp_path):
    """A minute with resampling and a ten-band EQ; measured and printed."""
    begin = time.monotonic()
    render(tmp_path / "out.wav", "--rate=48000", "--eq=loudness",
           media.sine(60, suffix="flac", rate_hz=44100))
    taken = time.monotonic() - begin
    print(f"60 s in {taken:.2f} s")
