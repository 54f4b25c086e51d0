# SPDX-License-Identifier: ISC
"""Sound files of every kind, made by other people's programs, and damaged ones."""

import subprocess
import wave

import numpy

# suffix → what player.status calls it
FORMATS = {
    "wav": "WAV",
    "aiff": "AIFF",
    "flac": "FLAC",
    "ogg": "Ogg Vorbis",
    "opus": "Ogg Opus",
    "mp3": "MP3",
}
TAGS = {"title": "Ein Lied – süß", "artist": "Die Künstler", "album": "Das Album", "track": "7"}


def _run(*words, stdin=b""):
    subprocess.run([str(w) for w in words], input=stdin, capture_output=True, check=True)


def write_wav_float(path, samples, rate_hz):
    """32-bit float WAV, of channels × frames."""
    channels, n_frames = samples.shape
    data = samples.T.astype("<f4").tobytes()
    head = numpy.array([16], "<u4").tobytes() + numpy.array([3, channels], "<u2").tobytes()
    head += numpy.array([rate_hz, rate_hz * channels * 4], "<u4").tobytes()
    head += numpy.array([channels * 4, 32], "<u2").tobytes()
    size = numpy.array([4 + 8 + 16 + 8 + len(data), len(data)], "<u4")
    path.write_bytes(
        b"RIFF" + size[:1].tobytes() + b"WAVEfmt " + head + b"data" + size[1:].tobytes() + data
    )
    assert n_frames * channels * 4 == len(data)
    return path


def write_wav_int(path, samples, rate_hz, bits=16):
    """Integer WAV, of integers as channels × frames."""
    frames = numpy.ascontiguousarray(samples.T.astype("<i4"))
    data = frames.view("u1").reshape(-1, 4)[:, : bits // 8].tobytes()
    with wave.open(str(path), "wb") as out:
        out.setnchannels(samples.shape[0])
        out.setsampwidth(bits // 8)
        out.setframerate(rate_hz)
        out.writeframes(data)
    return path


def read_wav(path):
    """channels × frames as float (integers scaled to ±1), rate, and the raw integers or None."""
    data = path.read_bytes()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE", data[:16]
    at, fmt, body = 12, None, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"fmt ":
            fmt = data[at + 8 : at + 8 + size]
        elif name == b"data":
            body = data[at + 8 : at + 8 + size]
            assert len(body) == size, "the data chunk is longer than the file"
        at += 8 + size + size % 2
    kind, channels = numpy.frombuffer(fmt[:4], "<u2")
    kind = int.from_bytes(fmt[24:26], "little") if kind == 0xFFFE else kind
    rate_hz = int.from_bytes(fmt[4:8], "little")
    bits = int.from_bytes(fmt[14:16], "little")
    if kind == 3:
        samples = numpy.frombuffer(body, "<f4").reshape(-1, channels).T
        return samples.astype(float), rate_hz, None
    padded = numpy.zeros((len(body) * 8 // bits, 4), "u1")
    padded[:, 4 - bits // 8 :] = numpy.frombuffer(body, "u1").reshape(-1, bits // 8)
    integers = (padded.view("<i4")[:, 0] >> (32 - bits)).reshape(-1, channels).T
    return integers / 2.0 ** (bits - 1), rate_hz, integers


class Media:
    """Files below one folder, each made once."""

    def __init__(self, folder):
        self.folder = folder

    def _once(self, name, make):
        path = self.folder / name
        if not path.exists():
            part = path.with_name("part-" + name)
            make(part)
            part.rename(path)
        return path

    def sox(self, name, *words, rate_hz=48000, channels=2, bits=16):
        """`sox -n … NAME synth …`, without dither: silence is silence."""
        return self._once(
            name,
            lambda path: _run(
                "sox", "-D", "-n", "-r", rate_hz, "-c", channels, "-b", bits, path, *words
            ),
        )

    def sine(self, s=1.0, hz=440, db=-12, suffix="wav", rate_hz=48000, channels=2, bits=16):
        """A sine of this amplitude in every channel."""
        stem = f"sine-{s}-{hz}-{db}-{rate_hz}-{channels}-{bits}"
        words = ["synth", s, "sine", hz, "vol", f"{db}dB"]
        if suffix in ("wav", "aiff", "flac"):
            return self.sox(
                f"{stem}.{suffix}", *words, rate_hz=rate_hz, channels=channels, bits=bits
            )
        wav = self.sox(f"{stem}.wav", *words, rate_hz=rate_hz, channels=channels, bits=bits)
        return self.encode(wav, suffix)

    def encode(self, wav, suffix, tags=None):
        """A WAV as FLAC, Ogg Vorbis, Opus or MP3, by the format's own encoder."""
        tags = tags or {}
        stem = wav.stem + ("-tagged" if tags else "")
        return self._once(f"{stem}.{suffix}", lambda path: _encode(wav, path, suffix, tags))

    def convert(self, wav, suffix):
        """The same, or by sox what has no encoder of its own."""
        if suffix in ("aiff",):
            return self._once(f"{wav.stem}.{suffix}", lambda path: _run("sox", "-D", wav, path))
        return self.encode(wav, suffix)

    def tagged(self, suffix):
        return self.encode(self.sine(1.2), suffix, TAGS)

    def surround(self, channels):
        """A 16-bit WAV with another frequency in every channel, 0.7 s."""
        hertz = 200 * (1 + numpy.arange(channels))
        t = numpy.arange(int(0.7 * 48000)) / 48000
        samples = numpy.round(0.1 * 32767 * numpy.sin(2 * numpy.pi * hertz[:, None] * t))
        return self._once(
            f"surround-{channels}.wav", lambda path: write_wav_int(path, samples, 48000)
        )

    def floats(self, name, samples, rate_hz=48000):
        return self._once(name, lambda path: write_wav_float(path, samples, rate_hz))

    def integers(self, name, samples, rate_hz=48000, bits=16):
        """A WAV of these numbers, or a FLAC of the same."""
        wav = self._once(
            name.rpartition(".")[0] + ".wav",
            lambda path: write_wav_int(path, samples, rate_hz, bits),
        )
        return wav if name.endswith(".wav") else self.encode(wav, "flac")

    # --- what should not be played, or not to its end

    def text_as_flac(self):
        return self._once("text.flac", lambda p: p.write_text("This is not a FLAC file.\n" * 100))

    def zero_bytes(self, suffix="flac"):
        return self._once(f"zero.{suffix}", lambda path: path.write_bytes(b""))

    def cut(self, whole, n_bytes, name):
        """The first bytes of a file."""
        return self._once(name, lambda path: path.write_bytes(whole.read_bytes()[:n_bytes]))

    def half_flac(self, s=2.0):
        whole = self.sox(f"noise-{s}.flac", "synth", s, "whitenoise", "vol", "-12dB")
        return self.cut(whole, whole.stat().st_size // 2, f"half-{s}.flac")

    def header_only(self, suffix):
        whole = self.sine(1.0, suffix=suffix)
        n_bytes = {"wav": 44, "flac": 42, "ogg": 58, "mp3": 4, "aiff": 54, "opus": 47}[suffix]
        return self.cut(whole, n_bytes, f"header.{suffix}")

    def nan_wav(self, s=0.5):
        samples = numpy.full((2, int(s * 48000)), numpy.nan)
        return self.floats(f"nan-{s}.wav", samples)


def _encode(wav, path, suffix, tags):
    words = {
        "flac": ["flac", "--silent", "-o", path],
        "ogg": ["oggenc", "-Q", "-q", "6", "-o", path],
        "opus": ["opusenc", "--quiet", "--bitrate", "128"],
        "mp3": ["lame", "--quiet", "-b", "192"],
    }[suffix]
    if suffix == "mp3":
        letters = {"title": "tt", "artist": "ta", "album": "tl", "track": "tn"}
        more = [word for key, value in tags.items() for word in (f"--{letters[key]}", value)]
        more += ["--id3v2-only", "--id3v2-utf16"] if tags else []
        _run(*words, *more, wav, path)
        return
    names = {"track": "tracknumber"}
    for key, value in tags.items():
        key = names.get(key, key)
        words += {
            "flac": [f"--tag={key}={value}"],
            "ogg": ["-c", f"{key}={value}"],
            "opus": ["--comment", f"{key}={value}"],
        }[suffix]
    _run(*words, *([wav, path] if suffix == "opus" else [wav]))
