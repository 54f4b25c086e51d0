# SPDX-License-Identifier: ISC
"""The spectrum as an instrument: what it reads, beside what numpy put into the file.

Everything goes through the daemon as it runs: a file is played, frames come over the socket, and
the frame that an event is stamped with says which part of the file it is about.
"""

import base64
import concurrent.futures
import time

import numpy
import pytest

from figures import figure
from programs import SANITIZER

pytestmark = pytest.mark.accuracy

WINDOWS = ("hann", "blackman_harris", "flat_top")


class Watch:
    """Subscriptions of one client, and what they have said, by frame of the file."""

    def __init__(self, client, **shared):
        self.client = client
        self.shared = {"encoding": "f32", "tap": "source", **shared}
        self.snapshots = {}
        self.frames = {}

    def add(self, label, **params):
        answer = self.client.call("subscribe", topics=["spectrum"], **{**self.shared, **params})
        self.snapshots[label] = answer["snapshot"]["spectrum"]
        self.frames[answer["sub"]] = (label, [])

    def play(self, path, duration_s):
        """From the first frame to the last."""
        begin = self.client.play(path)["applied_at"]
        self.began = begin["frame"]
        for event in self.client.events_for(duration_s):
            if event["sub"] in self.frames:
                at = event["t"]["frame"] - begin["frame"]
                found = self.frames[event["sub"]][1]
                found.append((at, event["t"]["mono_ns"], event["data"]))

    def of(self, label):
        return next(found for name, found in self.frames.values() if name == label)


def levels(value):
    """dB by band, of one channel or several."""
    texts = value if isinstance(value, list) else [value]
    rows = [numpy.frombuffer(base64.b64decode(text), "<f4") for text in texts]
    return numpy.array(rows) if isinstance(value, list) else rows[0]


def random_tones(rng, n, low=40.0, high=18000.0):
    return low * (high / low) ** rng.uniform(size=n)


# --- sines


LAYOUTS = {
    **{f"log {n}": {"bands": n} for n in (8, 31, 64, 200, 512)},
    **{f"linear {n}": {"bands": n, "scale": "linear"} for n in (8, 64, 512)},
    "third octaves": {"scale": "third_octave"},
    "bins": {"fft_bins": 8192},
}
TONE_S = 0.8


@pytest.mark.lasting
@pytest.mark.parametrize("rate_hz", [44100, 48000, 96000])
def test_a_full_scale_sine_reads_0_db(make_daemon, media, rate_hz):
    """On each channel other frequencies, at random from 40 Hz to 18 kHz, in all layouts."""
    rng = numpy.random.default_rng(rate_hz)
    n_tones, n_each = 25, int(TONE_S * rate_hz)
    tones = random_tones(rng, (2, n_tones))
    tones[:, 0] = 40, 18000
    t = numpy.arange(n_each) / rate_hz
    phases = rng.uniform(0, 6.28, (2, n_tones, 1))
    samples = numpy.sin(2 * numpy.pi * tones[:, :, None] * t + phases).reshape(2, -1)
    path = media.floats(f"tones-{rate_hz}.wav", samples, rate_hz)
    client = make_daemon(f"--rate={rate_hz}").start().client()
    watch = Watch(client, channels="each", rate_hz=15)
    cases = [(layout, window) for layout in LAYOUTS for window in WINDOWS]
    for layout, window in cases:
        # The lobe must not reach that of the negative frequency: twice the points at twice the rate
        more = {"fft_bins": 16384} if layout == "bins" and rate_hz > 48000 else {}
        watch.add((layout, window), window=window, **{**LAYOUTS[layout], **more})
    watch.play(path, n_tones * TONE_S)
    worst, n_read = 0.0, 0
    for case in cases:
        span_s = 2 * max(watch.snapshots[case]["age_ms"]) / 1e3
        for at, _, data in watch.of(case):
            first = (at / rate_hz - span_s / 2) / TONE_S
            last = (at / rate_hz + span_s / 2) / TONE_S
            if first < 0 or int(first) != int(last) or last >= n_tones:
                continue  # not all of it is one tone
            for channel, row in enumerate(levels(data["bands"])):
                error = abs(row.max())
                assert error <= 0.1, (case, tones[channel, int(first)], row.max())
                worst, n_read = max(worst, error), n_read + 1
    assert n_read > len(cases) * n_tones
    figure("spectrum", f"full-scale sine, 40 Hz to 18 kHz, {rate_hz} Hz, all layouts and windows: "
           "error", worst, "<=", 0.1, "dB")  # fmt: skip


# --- weighting


def weighting_db(kind, hz):
    """IEC 61672-1:2013 (E.1) and (E.6), with its rounded pole frequencies."""
    f2 = numpy.asarray(hz, float) ** 2
    c = 12194.0**2 * f2 / ((f2 + 20.60**2) * (f2 + 12194.0**2))
    if kind == "c":
        return 20 * numpy.log10(c) + 0.062
    a = c * f2 / numpy.sqrt((f2 + 107.7**2) * (f2 + 737.9**2))
    return 20 * numpy.log10(a) + 2.000


# IEC 61672-1:2013, table 3: nominal frequency, A, C.
TABLE = """
10 -70.4 -14.3  12.5 -63.4 -11.2  16 -56.7 -8.5  20 -50.5 -6.2  25 -44.7 -4.4  31.5 -39.4 -3.0
40 -34.6 -2.0  50 -30.2 -1.3  63 -26.2 -0.8  80 -22.5 -0.5  100 -19.1 -0.3  125 -16.1 -0.2
160 -13.4 -0.1  200 -10.9 0.0  250 -8.6 0.0  315 -6.6 0.0  400 -4.8 0.0  500 -3.2 0.0
630 -1.9 0.0  800 -0.8 0.0  1000 0.0 0.0  1250 0.6 0.0  1600 1.0 -0.1  2000 1.2 -0.2
2500 1.3 -0.3  3150 1.2 -0.5  4000 1.0 -0.8  5000 0.5 -1.3  6300 -0.1 -2.0  8000 -1.1 -3.0
10000 -2.5 -4.4  12500 -4.3 -6.2  16000 -6.6 -8.5  20000 -9.3 -11.2
"""


@pytest.mark.lasting
def test_weighting_is_that_of_the_standard(make_daemon, media):
    """Sines at the exact third octaves from 10 Hz to 20 kHz, in bins and, from 40 Hz, in bands."""
    table = numpy.array(TABLE.split(), float).reshape(-1, 3)
    tones = 1000 * 10 ** (numpy.arange(-20, 14) / 10)
    assert len(table) == len(tones)
    rate_hz, tone_s = 48000, 1.6
    t = numpy.arange(int(tone_s * rate_hz)) / rate_hz
    wave = numpy.sin(2 * numpy.pi * tones[:, None] * t).ravel()
    path = media.floats("thirds.wav", numpy.tile(wave, (2, 1)))
    watch = Watch(make_daemon("--rate=48000").start().client(), rate_hz=5)
    columns = {"a": 1, "c": 2}
    for kind in columns:
        watch.add((kind, "bins"), weighting=kind, fft_bins=16384)
        for window in WINDOWS:
            watch.add((kind, window), weighting=kind, bands=64, window=window)
            watch.add((kind, window, "wide"), weighting=kind, bands=8, window=window)
    watch.play(path, len(tones) * tone_s)
    worst, by_table, n_read = 0.0, 0.0, 0
    for case, snapshot in watch.snapshots.items():
        assert snapshot["weighting"] == case[0]
        reach_s = max(snapshot["age_ms"]) / 1e3
        for at, _, data in watch.of(case):
            first = (at / rate_hz - reach_s) / tone_s
            last = (at / rate_hz + reach_s) / tone_s
            tone = int(first)
            if first < 0 or tone != int(last) or last >= len(tones):
                continue
            if case[1] != "bins" and tones[tone] < 39:
                continue
            got = levels(data["bands"]).max()
            error = abs(got - weighting_db(case[0], tones[tone]))
            assert error <= 0.1, (case, tones[tone], got)
            worst, n_read = max(worst, error), n_read + 1
            by_table = max(by_table, abs(got - table[tone, columns[case[0]]]))
    assert n_read > len(tones) * len(watch.snapshots)
    figure("spectrum", "weighting A and C, sines: beside IEC 61672-1's formula", worst,
           "<=", 0.1, "dB")  # fmt: skip
    # Its values have one decimal: half of that on top.
    figure("spectrum", "weighting A and C, sines: beside IEC 61672-1's table", by_table,
           "<=", 0.15, "dB")  # fmt: skip
    assert by_table <= 0.15


# --- noise


def noise_of_slope(rng, n, power_slope, rate_hz=48000, low_hz=5.0):
    """Power that goes with f^power_slope from low_hz on, at -20 dB: random are the phases only."""
    hz = numpy.fft.rfftfreq(n, 1 / rate_hz)
    bins = numpy.maximum(hz, low_hz) ** (power_slope / 2) + 0j
    bins *= numpy.exp(2j * numpy.pi * rng.uniform(size=len(hz)))
    bins[hz < low_hz] = 0
    bins[-1] = 0
    wave = numpy.fft.irfft(bins, n)
    return wave * 0.1 / numpy.sqrt((wave**2).mean())


def mean_power(watch, label, first_s=1.0):
    rows = [
        10 ** (levels(data["bands"]) / 10)
        for at, _, data in watch.of(label)
        if at > first_s * 48000
    ]
    return numpy.mean(rows, axis=0)


@pytest.mark.lasting
def test_noise(make_daemon, media):
    """White noise on the left, by Parseval; pink noise on the right, in third octaves."""
    rng = numpy.random.default_rng(5)
    duration_s = 30
    n = 48000 * duration_s
    white = noise_of_slope(rng, n, 0.0, low_hz=0.001)
    pink = noise_of_slope(rng, n, -1.0)
    path = media.floats("white-pink.wav", numpy.array([white, pink]))
    client = make_daemon("--rate=48000").start().client()
    watch = Watch(client, channels="each", rate_hz=30)
    every = {"fmin_hz": 0, "fmax_hz": 24000, "scale": "linear"}
    for window in WINDOWS:
        watch.add(("parseval", window), window=window, bands=32, spectrum=every)
        watch.add(("pink", window), window=window, scale="third_octave", fmax_hz=20000)
    watch.play(path, duration_s - 1)
    wanted = 10 * numpy.log10(2 * (white**2).mean())  # a sine of amplitude 1 is 0 dB: AES17
    error = max(
        abs(10 * numpy.log10(mean_power(watch, ("parseval", window))[0].sum()) - wanted)
        for window in WINDOWS
    )
    figure("spectrum", "white noise, sum of the bands beside the mean square + 3.01 dB: error",
           error, "<=", 0.1, "dB")  # fmt: skip
    assert error <= 0.1
    for window in WINDOWS:
        # Where a lobe is wider than a band and as wide as its frequency, pink is not flat in it.
        lowest_hz = 24 if window == "hann" else 60
        centres = numpy.array(watch.snapshots["pink", window]["centres_hz"])
        bands = 10 * numpy.log10(mean_power(watch, ("pink", window))[1])
        # What the noise holds in each band, by one transform of all of it.
        power = abs(numpy.fft.rfft(pink)) ** 2 * 4 / n**2
        hz = numpy.fft.rfftfreq(n, 1 / 48000)
        held = [
            power[(hz >= c * 10**-0.05) & (hz < c * 10**0.05)].sum() for c in centres
        ]
        off = bands - 10 * numpy.log10(held)
        worst = abs(off[centres > lowest_hz]).max()
        figure("spectrum", f"pink noise in third octaves from {lowest_hz} Hz, {window}: error",
               worst, "<=", 0.3, "dB")  # fmt: skip
        assert worst <= 0.3, off


# --- time


def test_no_band_is_empty(make_daemon, media):
    """Any number of bands, any range: of white noise each has something in every frame."""
    rng = numpy.random.default_rng(6)
    path = media.floats("white-3.wav", noise_of_slope(rng, 48000 * 4, 0, low_hz=1)[None, :])
    watch = Watch(make_daemon("--rate=48000").start().client(), rate_hz=10)
    for bands in (8, 9, 17, 64, 100, 333, 512):
        for low, high in ((20, 20000), (20, 60), (1000, 1010), (15000, 24000)):
            for scale in ("log", "linear"):
                if bands in (17, 100, 333) and (low, scale) != (20, "log"):
                    continue  # no more than may run at a time
                watch.add((bands, low, high, scale), bands=bands, scale=scale, fmin_hz=low,
                          fmax_hz=high)  # fmt: skip
    watch.play(path, 3.5)
    least, n_frames = 0.0, 0
    for label in watch.snapshots:
        for at, _, data in watch.of(label):
            if 48000 < at < 3 * 48000:
                least, n_frames = min(least, levels(data["bands"]).min()), n_frames + 1
    assert n_frames > 5 * len(watch.snapshots)
    figure("spectrum", "white noise of -17 dB, every frame, any bands: the emptiest", least,
           ">=", -140, "dB")  # fmt: skip
    assert least >= -140


def test_time_constants_do_not_know_the_rate(make_daemon, media):
    """A sine ends: smoothing and held peaks fall by the clock, at 10 as at 120 frames a second."""
    rate_hz, sine_s, rest_s = 48000, 2.0, 3.0
    t = numpy.arange(int(sine_s * rate_hz)) / rate_hz
    silence = numpy.zeros(int(rest_s * rate_hz))
    wave = numpy.concatenate([numpy.sin(2 * numpy.pi * 5000 * t), silence])
    path = media.floats("sine-ends.wav", numpy.tile(0.5 * wave, (2, 1)))
    watch = Watch(make_daemon("--rate=48000", "--period=64").start().client())
    rates = (10, 30, 60, 120)
    tau_s, hold_s = 0.25, 0.6
    for rate in rates:
        watch.add(rate, rate_hz=rate, bands=16, smoothing_ms=1e3 * tau_s, peak_hold_ms=1e3 * hold_s)
    watch.play(path, sine_s + rest_s)
    smoothing, peaks = [], []
    for rate in rates:
        age_s = max(watch.snapshots[rate]["age_ms"]) / 1e3
        frames = [
            ((at / rate_hz + age_s), levels(data["bands"]).max(), levels(data["peaks"]).max())
            for at, _, data in watch.of(rate)
        ]
        when, level, peak = numpy.array([f for f in frames if f[0] > sine_s + 0.2]).T
        falls = (level < -10) & (level > -25)
        slope = numpy.polyfit(when[falls], level[falls], 1)[0]
        smoothing.append(-10 / numpy.log(10) / slope)
        falls = (peak < -8) & (peak > -30)
        slope, at_0 = numpy.polyfit(when[falls], peak[falls], 1)
        assert slope == pytest.approx(-20, abs=0.3), rate
        peaks.append((-6.02 - at_0) / slope - sine_s)  # when it began to fall
    off = max(abs(numpy.array(smoothing) / tau_s - 1)) * 100
    figure("spectrum", "smoothing of 250 ms at 10, 30, 60, 120 fps: error", off, "<=", 2, "%")
    # The last frame that has all of the tone in it may be up to one period old, 100 ms at 10 fps.
    late = [abs(begun - hold_s) - 1 / rate for begun, rate in zip(peaks, rates)]
    figure("spectrum", "peak hold of 600 ms at 10, 30, 60, 120 fps: error beyond one frame",
           1e3 * max(0, *late), "<=", 60, "ms")  # fmt: skip
    assert off <= 2
    assert max(late) <= 0.06, peaks


def lateness(frames, onset, n_window):
    """By how many frames of sound stamps are late, from the part of the sound that is in each."""
    hann = numpy.sin(numpy.pi * (numpy.arange(n_window) + 0.5) / n_window) ** 2
    filled = numpy.cumsum(hann**2) / (hann**2).sum()
    at = numpy.array([frame for frame, _ in frames])
    power = numpy.array([10 ** (level / 10) for _, level in frames])
    part = power / numpy.median(power[-20:])
    rising = (part > 0.1) & (part < 0.9) & (at < onset + n_window)
    # With part of its power in it the window reaches so far beyond the onset.
    beyond = numpy.interp(part[rising], filled, numpy.arange(n_window))
    return numpy.median(at[rising] - (onset + beyond - n_window / 2))


def begins(media, onset, rate_hz=48000):
    """Two tones from this frame on."""
    t = numpy.arange(3 * rate_hz) / rate_hz
    low, high = (0.25 * numpy.sin(2 * numpy.pi * hz * t) for hz in (410.0, 5476.0))
    low[:onset] = high[:onset] = 0
    return media.floats("begins.wav", low[None, :] + high)


def test_a_frame_is_about_the_middle_of_its_window(make_daemon, media):
    """A tone begins: its band has half of its power when the middle of the window gets there."""
    rate_hz, onset = 48000, 60123
    watch = Watch(make_daemon("--rate=48000").start().client(), rate_hz=120)
    watch.add("both", bands=8)  # wide: a beginning is not one frequency
    watch.play(begins(media, onset), 2.5)
    snapshot = watch.snapshots["both"]
    band = [int(numpy.searchsorted(snapshot["edges_hz"], hz)) - 1 for hz in (410.0, 5476.0)]
    found = [(at, levels(data["bands"])) for at, _, data in watch.of("both")]
    long_ms, short_ms = snapshot["age_ms"]
    late_ms = [
        1e3 / rate_hz * lateness([(at, rows[b]) for at, rows in found], onset, n_window)
        for b, n_window in zip(band, snapshot["fft"])
    ]
    # The short window's middle is heard so much later than the stamp says, which is the long one's.
    late_ms[1] += long_ms - short_ms
    off = max(map(abs, late_ms))
    figure("spectrum", "a tone's onset in the file beside the stamp", off, "<=", 2, "ms")
    assert off <= 2, late_ms


@pytest.mark.skipif(SANITIZER != "", reason="a matter of the clock")
def test_stamps_are_when_it_is_heard(make_daemon, media):
    """A frame's time: its place in the sound, beside when a change of gain is said to have been
    applied on its frame.  One that was made before the device had a time is not asked for it."""
    rate_hz = 48000
    daemon = make_daemon("--rate=48000").start()
    watch = Watch(daemon.client(), rate_hz=120)
    watch.add("one", bands=8)
    told = []

    def ask(other):
        for n in range(8):
            time.sleep(0.3)
            told.append(other.call("mixer.set", gain_db=-n - 1)["applied_at"])

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, daemon.client())
        watch.play(begins(media, 0), 2.7)
        asked.result()
    latency_s = watch.client.call("server.status")["device"]["latency_frames"] / rate_hz
    frames = numpy.array([(at, ns) for at, ns, _ in watch.of("one") if at > 0])
    assert len(frames) > 20
    # A device that was held up for long begins its clock anew: what was told on either side counts.
    errors = numpy.min(
        [
            abs((frames[:, 1] - one["mono_ns"]) / 1e9 - latency_s
                - (frames[:, 0] - (one["frame"] - watch.began)) / rate_hz)
            for one in told
        ],
        axis=0,
    )  # fmt: skip
    off = 1e3 * numpy.percentile(errors, 95)
    figure("spectrum", "a frame's time beside its place in the sound", off, "<=", 2, "ms")
    assert off <= 2, errors


# --- what is sent


def test_the_same_is_sent_once(make_daemon, media):
    """Silence of several specs: one frame each, whatever the rate, encoding and weighting."""
    path = media.floats("silence-3.wav", numpy.zeros((2, 48000 * 4)))
    client = make_daemon("--rate=48000").start().client()
    watch = Watch(client, rate_hz=120)
    for encoding in ("json", "u8", "f32"):
        for weighting in ("a", "z"):
            watch.add((encoding, weighting), encoding=encoding, weighting=weighting)
    watch.play(path, 3.5)
    counts = [len(watch.of(label)) for label in watch.snapshots]
    figure("spectrum", "3.5 s of zeros at 120 fps: frames sent", max(counts), "<=", 1, "")
    assert counts == [1] * 6
    assert client.status()["state"] == "playing"


def test_bins_obey_everything(make_daemon, media):
    """fft_bins with every window, weighting and channels: a tone on the left."""
    t = numpy.arange(48000 * 4) / 48000
    left = numpy.sin(2 * numpy.pi * 10 ** (23 / 10) * t)  # 199.5 Hz: A is -10.9 dB
    path = media.floats("left-200.wav", numpy.array([0.5 * left, 0 * left]))
    client = make_daemon("--rate=48000").start().client()
    watch = Watch(client, rate_hz=10, fft_bins=4096)
    for window in WINDOWS:
        for weighting in ("a", "c", "z"):
            for channels in ("mix", "each", "mid_side"):
                watch.add((window, weighting, channels), window=window, weighting=weighting,
                          channels=channels)  # fmt: skip
    watch.play(path, 3)
    for window, weighting, channels in watch.snapshots:
        # Whatever the machine has cut out of it.
        got = numpy.median(
            [
                numpy.atleast_2d(levels(data["bands"])).max(axis=1)
                for at, _, data in watch.of((window, weighting, channels))
                if 48000 < at < 3 * 48000
            ],
            axis=0,
        )
        level = -6.02 + (weighting_db(weighting, 199.526) if weighting != "z" else 0)
        wanted = {"mix": [-6.02], "each": [0, -200], "mid_side": [-6.02, -6.02]}[channels]
        for one, expected in zip(got, wanted):
            if expected < -100:
                assert one < -100
            else:
                assert one == pytest.approx(level + expected, abs=0.1), (window, weighting)
    enbw = {window: watch.snapshots[window, "z", "mix"]["enbw_bins"] for window in WINDOWS}
    assert enbw["hann"] < enbw["blackman_harris"] < enbw["flat_top"]
    error = client.refusal("subscribe", topics=["spectrum"], fft_bins=1000)
    assert "fft_bins" in error.error["message"] + error.data["detail"]
    error = client.refusal("subscribe", topics=["spectrum"], weighting="b")
    assert error.data["param"] == "weighting"
