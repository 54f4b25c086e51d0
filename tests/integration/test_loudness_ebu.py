# SPDX-License-Identifier: ISC
"""EBU Tech 3341: its test signals, synthesised here, through the real daemon and through ffmpeg.

The signals are those of the table "Minimum requirements test signals"; what each must read stands
there, too.
"""

import concurrent.futures
import re
import subprocess

import numpy
import pytest
from scipy import signal

from figures import figure
from media import write_wav_float
from programs import SANITIZER, TRAPS

pytestmark = pytest.mark.accuracy

RATE_HZ = 48000


def tone(levels_db, hz=1000.0):
    """In both channels, (dBFS, seconds) after one another, its phase going on."""
    n = [round(s * RATE_HZ) for _, s in levels_db]
    amplitude = numpy.concatenate(
        [numpy.full(k, 10 ** (db / 20)) for k, (db, _) in zip(n, levels_db)]
    )
    t = numpy.arange(len(amplitude)) / RATE_HZ
    return numpy.tile(amplitude * numpy.sin(2 * numpy.pi * hz * t), (2, 1))


def surround():
    """Case 6: L and R of -28, C of -24, Ls and Rs of -30 dBFS, in the order of WAV."""
    t = numpy.arange(20 * RATE_HZ) / RATE_HZ
    levels = numpy.array([-28, -28, -24, -30, -30])
    return 10 ** (levels[:, None] / 20) * numpy.sin(2 * numpy.pi * 1000 * t)


# What is heard of it, and so metered live, is the stereo mixdown: L + (C + Ls)/sqrt(2), in phase.
MIXDOWN_LUFS = 20 * numpy.log10(
    10 ** (-28 / 20) + (10 ** (-24 / 20) + 10 ** (-30 / 20)) * numpy.sqrt(0.5)
)

# case → signal and integrated loudness
LOUDNESS = {
    1: (lambda: tone([(-23, 20)]), -23),
    2: (lambda: tone([(-33, 20)]), -33),
    3: (lambda: tone([(-36, 10), (-23, 60), (-36, 10)]), -23),
    4: (lambda: tone([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)]), -23),
    5: (lambda: tone([(-26, 20), (-20, 20.1), (-26, 20)]), -23),
    6: (surround, -23),
}


def part(divisor, phase_deg, level_db):
    """A sine of a fraction of the rate, 0.3 s, faded so that its ends are no peaks."""
    n = int(0.3 * RATE_HZ)
    angle = 2 * numpy.pi / divisor * numpy.arange(n) + numpy.radians(phase_deg)
    fade = 0.5 - 0.5 * numpy.cos(numpy.pi * numpy.minimum(numpy.arange(n) / 2400, 1))
    return numpy.tile(10 ** (level_db / 20) * numpy.sin(angle) * fade * fade[::-1], (2, 1))


def burst(offset):
    """A cycle of a quarter of the rate, 1.0, inside a tone of a sixth of it, 0.5.

    Made at four times the rate, where its crest lies on a sample, band-limited, and then every
    fourth sample taken from `offset` on.
    """
    n = 4 * RATE_HZ // 2
    x = 0.5 * numpy.sin(2 * numpy.pi * numpy.arange(n) / 24)
    at = n // 2 // 24 * 24
    x = numpy.concatenate([x[:at], numpy.sin(2 * numpy.pi * numpy.arange(16) / 16), x[at:]])
    x *= numpy.minimum(1, numpy.minimum(numpy.arange(len(x)), numpy.arange(len(x))[::-1]) / 9600)
    taps = signal.firwin(1023, RATE_HZ / 2 * 0.96, fs=4 * RATE_HZ)
    x = signal.fftconvolve(x, taps, mode="same")
    return numpy.tile(x[offset::4], (2, 1))


# case → signal and true peak in dBTP (+0.2, -0.4).
TRUE_PEAK = {
    15: (lambda: part(4, 0, -6.02), -6),
    16: (lambda: part(4, 45, -6.02), -6),
    17: (lambda: part(6, 60, -6.02), -6),
    18: (lambda: part(8, 67.5, -6.02), -6),
    19: (lambda: part(4, 45, 3.0), 3),
    20: (lambda: burst(0), 0),
    21: (lambda: burst(1), 0),
    22: (lambda: burst(2), 0),
    23: (lambda: burst(3), 0),
}


def ffmpeg(path):
    """Integrated loudness, range and true peak by ffmpeg's ebur128."""
    words = ["ffmpeg", "-nostats", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"]
    process = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=True)
    said = process.stderr[process.stderr.rindex("Summary:") :]
    values = [re.search(rf"{name}:\s+(-?[\d.]+)", said) for name in ("I", "LRA", "Peak")]
    return [float(value.group(1)) for value in values]


def judge(what, value, expected, hold=0.1, unit="LU"):
    figure("loudness", what, abs(value - expected), "<=", hold, unit)
    assert value == pytest.approx(expected, abs=hold)


@pytest.fixture
def wav(media):
    """A case as a file of floats."""

    def make(case):
        make_signal, _ = {**LOUDNESS, **TRUE_PEAK}[case]
        return media.floats(f"ebu-{case}.wav", make_signal(), RATE_HZ)

    return make


def frames_of_sound(client):
    """What the meter says from the first sound on until silence."""
    frames = []
    while True:
        data = client.event(topic="meter", timeout_s=20)["data"]
        if data["peak_dbfs"][0] is not None:
            frames.append(data)
        elif frames:
            return frames


@pytest.mark.lasting
@pytest.mark.skipif(bool(SANITIZER) or TRAPS, reason="lasts as long as the signals, 100 s")
def test_the_live_meter(make_daemon, wav):
    """Cases 1 to 6, 15 to 18, at their own pace, side by side; what the last frame says counts."""
    cases = [1, 2, 3, 4, 5, 6, 15, 16, 17, 18]
    watchers = {}
    for case in cases:
        client = make_daemon().start().client()
        client.call("subscribe", topics=["meter"], meter={"rate_hz": 20})
        client.play(wav(case))
        watchers[case] = client
    wanted = {case: expected for case, (_, expected) in {**LOUDNESS, **TRUE_PEAK}.items()}
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        heard = dict(zip(cases, pool.map(frames_of_sound, watchers.values())))
    for case, frames in heard.items():
        if case in LOUDNESS:
            value = frames[-2]["integrated_lufs"]
            expected = MIXDOWN_LUFS if case == 6 else wanted[case]
            judge(f"EBU Tech 3341 case {case}: error [live]", value, expected)
        else:
            highest = max(frame["true_peak_dbtp"][0] for frame in frames)
            judge_peak("true peak, live, of cases 15 to 18", case, highest, wanted[case])


def judge_peak(what, case, value, expected):
    """+0.2, -0.4 dB."""
    figure("loudness", f"{what}: above [case {case}]", value - expected, "<=", 0.2, "dB")
    figure("loudness", f"{what}: below [case {case}]", expected - value, "<=", 0.4, "dB")
    assert -0.4 <= value - expected <= 0.2


# --- the same by a scan


@pytest.fixture
def scanner(make_daemon, tmp_path):
    return make_daemon(env={"XDG_CACHE_HOME": str(tmp_path / "cache")}).start().client()


def scan(client, *paths, **more):
    return client.call("loudness.scan", timeout_s=300, uris=[str(path) for path in paths], **more)


@pytest.mark.parametrize("case", LOUDNESS)
def test_scan_of_loudness(scanner, wav, case):
    path = wav(case)
    result = scan(scanner, path)["results"][0]
    judge(f"EBU Tech 3341 case {case}: error [scan]", result["integrated_lufs"], LOUDNESS[case][1])
    loudness, range_lu, peak = ffmpeg(path)
    what = f"EBU Tech 3341 cases 1 to 6, scan beside ffmpeg [case {case}]"
    judge(what, result["integrated_lufs"], loudness)
    assert result["lra_lu"] == pytest.approx(range_lu, abs=0.15)
    assert result["true_peak_dbtp"] == pytest.approx(peak, abs=0.15)
    assert result["gain_db"] == pytest.approx(-18 - result["integrated_lufs"], abs=0.011)


LAYOUTS = {
    "3.0": "FL FR FC",
    "quad": "FL FR BL BR",
    "5.0": "FL FR FC BL BR",
    "5.1": "FL FR FC LFE BL BR",
    "5.1(side)": "FL FR FC LFE SL SR",
    "7.1": "FL FR FC LFE BL BR SL SR",
}


@pytest.mark.parametrize(
    "suffix, layout",
    # ffmpeg mixes up the channels of 5.0 in Opus.
    [*(("wav", layout) for layout in LAYOUTS), ("flac", "5.1"), ("ogg", "5.0"), ("ogg", "7.1"),
     ("opus", "5.1")],
)
def test_weights_of_channels(scanner, tmp_path, suffix, layout):
    """A tone in one channel after another, encoded by ffmpeg, by table 4 of BS.1770-4: between 60
    and 120 degrees to the side it counts 1.5 dB more; the back pair of 7.1 stands at 135."""
    names = LAYOUTS[layout].split()
    paths, wanted = [], []
    codec = {"opus": ["-c:a", "libopus", "-b:a", "510k"], "ogg": ["-c:a", "libvorbis", "-q:a", "9"]}
    tone_1k = 0.2 * numpy.sin(2 * numpy.pi * 1000 / RATE_HZ * numpy.arange(RATE_HZ))
    for channel, name in enumerate(names):
        samples = numpy.zeros((len(names), RATE_HZ), "<f4")
        samples[channel] = tone_1k
        paths.append(tmp_path / f"{name}.{suffix}")
        words = ["ffmpeg", "-v", "error", "-f", "f32le", "-ar", RATE_HZ, "-ac", len(names),
                 "-channel_layout", layout, "-i", "-", *codec.get(suffix, []), paths[-1]]
        subprocess.run([str(word) for word in words], input=samples.T.tobytes(), check=True)
        aside = name in ("SL", "SR") or (name in ("BL", "BR") and layout != "7.1")
        lufs = 20 * numpy.log10(0.2) - 3.01 + (1.5 if aside else 0)
        wanted.append(None if name == "LFE" else pytest.approx(lufs, abs=0.1))
    results = scan(scanner, *paths)["results"]
    assert [result["integrated_lufs"] for result in results] == wanted


@pytest.mark.parametrize("case", TRUE_PEAK)
def test_scan_of_true_peak(scanner, wav, case):
    path = wav(case)
    result = scan(scanner, path)["results"][0]
    peak = result["true_peak_dbtp"]
    judge_peak("true peak, scan, of cases 15 to 23", case, peak, TRUE_PEAK[case][1])
    assert peak == pytest.approx(ffmpeg(path)[2], abs=0.15)


def test_scan_of_music(scanner, tmp_path):
    """Noise whose level moves, as dynamic as music, beside ffmpeg: loudness, range, true peak."""
    rng = numpy.random.default_rng(11)
    n = 40 * RATE_HZ
    level = 10 ** (numpy.interp(numpy.arange(n), numpy.arange(0, n + 1, n // 20),
                                rng.uniform(-40, -10, 21)) / 20)
    noise = signal.lfilter(*signal.butter(2, [80, 6000], "bandpass", fs=RATE_HZ),
                           rng.standard_normal((2, n)))
    path = write_wav_float(tmp_path / "music.wav", 0.5 * level * noise, RATE_HZ)
    result = scan(scanner, path)["results"][0]
    loudness, range_lu, peak = ffmpeg(path)
    judge("noise that moves, scan beside ffmpeg", result["integrated_lufs"], loudness)
    judge("noise that moves, its range beside ffmpeg", result["lra_lu"], range_lu, 0.5)
    what = "noise that moves, its true peak beside ffmpeg"
    judge(what, result["true_peak_dbtp"], peak, 0.15, "dB")


def test_album(scanner, wav, tmp_path):
    """All files as one: what ffmpeg says of them joined."""
    parts = [tone([(-26, 20)]), tone([(-20, 20)], 500.0), tone([(-48, 10)])]
    paths = [
        write_wav_float(tmp_path / f"{n}.wav", part, RATE_HZ) for n, part in enumerate(parts)
    ]
    joined = write_wav_float(tmp_path / "joined.wav", numpy.concatenate(parts, axis=1), RATE_HZ)
    answer = scan(scanner, *paths, album=True)
    assert [round(r["integrated_lufs"]) for r in answer["results"]] == [-26, -21, -48]
    judge("album, scan beside ffmpeg", answer["album"]["integrated_lufs"], ffmpeg(joined)[0])
    again = scan(scanner, *reversed(paths), album=True)
    assert all(result["cached"] for result in again["results"])
    assert again["album"] == answer["album"]
    assert not all(result["cached"] for result in scan(scanner, *paths[:2], album=True)["results"])
