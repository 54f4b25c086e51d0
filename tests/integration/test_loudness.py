# SPDX-License-Identifier: ISC
"""Loudness: tags of every format, the gain they lead to, and changing it while it sounds."""

import struct
import subprocess
import time

import numpy
import pytest
from scipy import signal

import sound
from figures import figure
from programs import SLOW, eventually
from test_sound_jack import RATE_HZ, exact, sine, studio  # noqa: F401  (a fixture)

REPLAYGAIN = {"REPLAYGAIN_TRACK_GAIN": "-6.50 dB", "REPLAYGAIN_ALBUM_GAIN": "-4.25 dB"}
R128 = {"R128_TRACK_GAIN": "-512", "R128_ALBUM_GAIN": "256"}


def tag(path, name, tags, folder=None, album=None):
    """A copy of a sound file with these tags, by other people's programs."""
    folder = folder or path.parent
    folder.mkdir(exist_ok=True)
    out = folder / f"{name}{path.suffix}"
    words = [f"{key}={value}" for key, value in tags.items()]
    if album:
        words.append(f"ALBUM={album}")
    if path.suffix == ".flac":
        out.write_bytes(path.read_bytes())
        subprocess.run(["metaflac", *(f"--set-tag={word}" for word in words), out], check=True)
    elif path.suffix == ".ogg":
        out.write_bytes(path.read_bytes())
        comments = "".join(word + "\n" for word in words)
        subprocess.run(["vorbiscomment", "-w", out], input=comments, text=True, check=True)
    else:
        pairs = [piece for word in words for piece in ("-metadata", word)]
        run = ["ffmpeg", "-v", "error", "-y", "-i", path, "-c", "copy", *pairs, out]
        subprocess.run([str(word) for word in run], check=True)
    return out


def current(client):
    return eventually(lambda: client.call("loudness.get")["current"], what="a current item")


# --- tags


@pytest.mark.parametrize("suffix", ["flac", "ogg", "opus", "mp3"])
def test_replaygain_of_every_format(client, media, suffix):
    path = tag(media.sine(8, suffix=suffix), "rg", REPLAYGAIN)
    client.call("loudness.set", mode="track")
    client.play(path)
    assert current(client) == {
        "gain_db": -6.5, "from": "tag", "basis": "track", "integrated_lufs": -11.5
    }
    assert client.status()["item"]["gain_db"] == -6.5
    client.call("loudness.set", mode="album", preamp_db=2, target_lufs=-20)
    assert current(client)["gain_db"] == -4.25 + 2 - 2
    client.call("loudness.set", mode="off")
    assert current(client) == {"gain_db": 0, "from": "none"}


def test_r128_of_opus(client, media):
    """Q7.8 relative to -23 LUFS, and before ReplayGain where both are there."""
    path = tag(media.sine(8, suffix="opus"), "r128", {**R128, **REPLAYGAIN})
    client.call("loudness.set", mode="track")
    client.play(path)
    assert current(client)["integrated_lufs"] == -21
    assert current(client)["gain_db"] == 3
    client.call("loudness.set", mode="album")
    assert current(client)["integrated_lufs"] == -24
    assert client.status()["item"]["gain_db"] == 6


@pytest.mark.parametrize(
    "value, gain_db",
    [
        ("+3.2dB", 3.2),
        ("-12,5 dB", -12.5),
        ("  4 ", 4),
        ("-7.25 DB", -7.25),
        ("nan dB", 0),
        ("inf", 0),
        ("0x10", 0),
        ("99 dB", 0),
        ("-1e3 dB", 0),
        ("loud", 0),
        ("", 0),
        ("1" * 5000, 0),
        ("-6 dB or so", 0),
    ],
)
def test_odd_tags(client, media, value, gain_db):
    name = f"odd-{abs(hash(value))}"
    path = tag(media.sine(4, suffix="flac"), name, {"REPLAYGAIN_TRACK_GAIN": value})
    client.call("loudness.set", mode="track")
    client.play(path)
    assert current(client)["gain_db"] == gain_db


def test_track_for_album_and_album_for_track(client, media):
    flac = media.sine(4, suffix="flac")
    track = tag(flac, "track-only", {"replaygain_track_gain": "-3 dB"})
    album = tag(flac, "album-only", {"replaygain_album_gain": "-5 dB"})
    client.call("loudness.set", mode="album")
    client.play(track)
    assert (current(client)["gain_db"], current(client)["basis"]) == (-3, "track")
    client.call("loudness.set", mode="track")
    client.play(album)
    assert (current(client)["gain_db"], current(client)["basis"]) == (-5, "album")


def test_a_gain_has_bounds(client, media):
    path = tag(media.sine(4, suffix="flac"), "whisper", {"REPLAYGAIN_TRACK_GAIN": "50 dB"})
    client.call("loudness.set", mode="track", target_lufs=-5, preamp_db=12)
    client.play(path)
    assert current(client)["gain_db"] == 24
    for wrong in ({"target_lufs": -41}, {"target_lufs": -4}, {"preamp_db": 12.5}):
        assert client.refusal("loudness.set", **wrong).name == "OUT_OF_RANGE"
    assert client.refusal("loudness.set", mode="loud").name in ("INVALID_PARAMS", "OUT_OF_RANGE")


def test_auto_looks_at_the_neighbours(client, media, tmp_path):
    flac = media.sine(3, suffix="flac")
    one = tag(flac, "1", REPLAYGAIN, tmp_path / "a", "An album")
    two = tag(flac, "2", REPLAYGAIN, tmp_path / "a", "An album")
    other = tag(flac, "3", REPLAYGAIN, tmp_path / "a", "Another")
    far = tag(flac, "4", REPLAYGAIN, tmp_path / "b", "An album")
    client.call("loudness.set", mode="auto")

    def basis(*queue):
        client.play(*queue)
        return current(client)["basis"]

    assert basis(one, two) == "album"
    assert basis(one) == "track"
    assert basis(one, other, two) == "track", "another album lies between"
    assert basis(one, far) == "track", "another folder"
    assert basis(one, "file://" + str(two)) == "album"
    ids = client.call("player.load", uris=[str(other), str(one), str(two)])["ids"]
    client.call("player.play", id=ids[2])
    assert current(client)["basis"] == "album", "the one before"
    client.call("player.mode", random=True)
    assert basis(one, two) == "track", "drawn by lot"


def test_wav_has_no_tags(client, media):
    client.call("loudness.set", mode="track", preamp_db=6)
    client.play(media.sine(4))
    assert current(client) == {"gain_db": 0, "from": "none"}


def set_opus_output_gain(path, out, gain_db):
    """Its header's output gain, Q7.8, with the page's checksum made right again."""
    data = bytearray(path.read_bytes())
    page = 27 + data[26] + sum(data[27 : 27 + data[26]])
    at = data.index(b"OpusHead") + 16
    data[at : at + 2] = struct.pack("<h", int(gain_db * 256))
    data[22:26] = bytes(4)
    crc = 0
    for byte in data[:page]:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    data[22:26] = struct.pack("<I", crc)
    out.write_bytes(bytes(data))
    return out


# --- what is heard


def test_the_gain_is_in_the_sound(studio, media, tmp_path):  # noqa: F811
    """Of an Opus file the output gain of the header, and R128 on top of it."""
    sine_opus = media.sine(1.5, hz=1000, db=-20, suffix="opus")
    opus = tag(sine_opus, "heard", {"R128_TRACK_GAIN": "-768"})
    loud = set_opus_output_gain(opus, tmp_path / "loud.opus", 6.0)
    studio.client.call("loudness.set", mode="track", target_lufs=-23)
    for path, level_db in ((opus, -23), (loud, -17)):
        heard = sound.sounding(studio.take(lambda p=path: studio.play_all(p)), 1e-3)
        level = sound.tone_level_db(heard[0][4800:-4800], 1000, RATE_HZ)
        assert level == pytest.approx(level_db, abs=0.1)


def test_gapless_items_have_each_their_own_gain(studio, media):  # noqa: F811
    """One resampler for both: the gain changes on the frame at which the second begins."""
    source = sine(441, 1, -12)
    flac = media.integers("join.flac", numpy.round(source * 2**23).astype(int), 44100, 24)
    uris = [tag(flac, f"join{n}", {"REPLAYGAIN_TRACK_GAIN": f"{-6 * n} dB"}) for n in (1, 2)]
    studio.client.call("loudness.set", mode="track")
    heard = sound.sounding(studio.take(lambda: studio.play_all(*uris)))[0]
    half = len(heard) // 2
    for part, level_db in ((heard[:half], -18), (heard[half:], -24)):
        assert sound.tone_level_db(part[2000:-2000], 405.16875, RATE_HZ) == pytest.approx(
            level_db, abs=0.02
        )


def long_item(media, s=14):
    flac = exact(media, f"long-{s}.flac", sine(100, s, -6))
    return tag(flac, f"long-{s}-tagged", {"REPLAYGAIN_TRACK_GAIN": "-9 dB"})


def residue_db(heard):
    """Without the kinks with which a file begins and the recording is cut off."""
    sos = signal.butter(8, 2000, "highpass", fs=RATE_HZ, output="sos")
    return sound.db(numpy.abs(signal.sosfilt(sos, heard)[4800:-4800]).max())


def changes(studio, path, act):  # noqa: F811
    """What is heard of it while act() runs, without its beginning and end."""
    client = studio.client

    def play():
        client.play(path)
        eventually(lambda: client.status()["position_s"] > 0.3)
        act()
        time.sleep(0.4)
        client.call("player.stop")
        time.sleep(0.2)

    return sound.sounding(studio.take(play))[0]


@pytest.mark.parametrize("rate_hz", [48000, 44100])
def test_a_change_does_not_click(studio, media, rate_hz):  # noqa: F811
    """-6 dBFS, 100 Hz; what is above 2 kHz is what the change has added."""
    t = numpy.arange(14 * rate_hz) / rate_hz
    samples = numpy.tile(numpy.round(0.5 * 2**23 * numpy.sin(2 * numpy.pi * 100 * t)), (2, 1))
    flac = media.integers(f"click-{rate_hz}.flac", samples.astype(int), rate_hz, 24)
    path = tag(flac, f"click-{rate_hz}-t", {"REPLAYGAIN_TRACK_GAIN": "-9 dB"})
    answers = []

    def act():
        for mode in ("track", "off", "track"):
            answers.append(studio.client.call("loudness.set", mode=mode))
            time.sleep(0.2)

    heard = changes(studio, path, act)
    assert all("applied_at" in answer for answer in answers)
    residue = residue_db(heard)
    figure("clicks", f"daemon: loudness [source of {rate_hz} Hz]", residue, "<=", -90, "dBFS")
    assert residue <= -90
    levels = [
        sound.tone_level_db(heard[at : at + 2400], 100, RATE_HZ)
        for at in range(4800, len(heard) - 4800, 480)
    ]
    assert min(levels) == pytest.approx(-15.0, abs=0.05)
    assert max(levels) == pytest.approx(-6.0, abs=0.05)


def test_a_hundred_changes_a_second(studio, media):  # noqa: F811
    """Each is answered, the last one stays."""
    client = studio.client
    answers = []

    def act():
        client.call("loudness.set", mode="track")
        waiting = []
        for n in range(100):
            waiting.append(client.request("loudness.set", {"preamp_db": -(n % 7) - 1.0}))
            time.sleep(0.01)
        waiting.append(client.request("loudness.set", {"preamp_db": 3.0}))
        answers.extend(client.answer(one) for one in waiting)

    heard = changes(studio, long_item(media), act)
    assert all("applied_at" in answer["result"] for answer in answers)
    residue = residue_db(heard)
    figure("clicks", "daemon: loudness [100 a second]", residue, "<=", -90, "dBFS")
    assert residue <= -90
    assert sound.tone_level_db(heard[-9600:-2400], 100, RATE_HZ) == pytest.approx(-12, abs=0.02)


def test_the_place_is_kept(studio, media):  # noqa: F811
    """Ten exchanges later not a frame is missing or twice: a sweep that is compared with itself."""
    rng = numpy.random.default_rng(8)
    source = rng.uniform(-0.05, 0.05, (2, 12 * RATE_HZ))
    flac = exact(media, "noise-place.flac", source)
    path = tag(flac, "noise-place-t", {"REPLAYGAIN_TRACK_GAIN": "-6 dB"})

    def act():
        for n in range(10):
            studio.client.call("loudness.set", mode=("track", "off")[n % 2])

    heard = changes(studio, path, act)
    at = sound.align(heard[48000:58000], source[0])
    wanted = source[0][at - 48000 :][: len(heard) - 9600]
    heard = heard[: len(wanted)]
    plain = numpy.abs(wanted) > 0.005
    ratio = heard[plain] / wanted[plain]
    assert ratio.min() > 10 ** (-6 / 20) - 1e-4 and ratio.max() < 1 + 1e-4, "only the gain differs"
    assert ratio.min() < 0.51 and ratio.max() > 0.99


def test_paused_and_stopped(client, media):
    path = long_item(media)
    client.play(path)
    eventually(lambda: client.status()["position_s"] > 0.2)
    client.call("player.pause")
    before = eventually(lambda: client.call("loudness.set", mode="track") and client.status())
    assert before["state"] == "paused"
    assert current(client)["gain_db"] == -9
    at = client.status()["position_s"]
    client.call("loudness.set", mode="off")
    assert client.status()["state"] == "paused"
    assert client.status()["position_s"] == pytest.approx(at, abs=1e-4)
    assert current(client)["gain_db"] == 0
    client.call("player.resume")
    eventually(lambda: client.status()["position_s"] > at + 0.1)
    client.call("player.stop")
    client.call("loudness.set", mode="track")
    client.call("player.play")
    assert current(client)["gain_db"] == -9


@pytest.mark.lasting
def test_changes_among_everything_else(client, media):
    """Pauses, seeks and skips between changes: state and gain are as asked for at last."""
    paths = [long_item(media, s) for s in (13, 14)]
    client.play(*paths)
    rng = numpy.random.default_rng(5)
    acts = [
        ("loudness.set", {"mode": "track"}),
        ("loudness.set", {"mode": "off"}),
        ("loudness.set", {"preamp_db": 1.0}),
        ("loudness.set", {"preamp_db": 0.0}),
        ("player.pause", {}),
        ("player.resume", {}),
        ("player.seek", {"position_s": 3.0}),
        ("player.seek", {"position_s": 12.5}),
        ("player.next", {}),
        ("player.play", {}),
        ("player.mode", {"crossfade_s": 1.0}),
        ("player.mode", {"crossfade_s": 0.0}),
        ("player.stop", {}),
    ]
    waiting = []
    for _ in range(150):
        method, params = acts[rng.integers(len(acts))]
        waiting.append(client.request(method, params))
        time.sleep(float(rng.choice([0, 0.02, 0.1, 0.25])))
    for one in waiting:
        client.answer(one, 20 * SLOW)
    client.call("player.mode", crossfade_s=0.0)
    client.play(*paths)
    client.call("loudness.set", mode="track", preamp_db=0)
    assert current(client)["gain_db"] == -9
    at = client.status()["position_s"]
    eventually(lambda: client.status()["position_s"] > at + 0.2)
    assert client.status()["state"] == "playing"
