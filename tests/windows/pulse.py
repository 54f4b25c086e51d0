# SPDX-License-Identifier: ISC
"""A PulseAudio of the test's own: null sinks, what is heard on them, and its sudden death.

Wine feeds it from a timer that runs a few per cent slow, so every recording has short gaps.  What
is asked of one is therefore asked of windows, most of which lie between the gaps: level() and
frequency() are those of the undisturbed majority.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import numpy

import sound
from programs import eventually, seconds


class Server:
    """PulseAudio in the foreground, without a configuration, at a socket of its own."""

    def __init__(self, **sinks):
        """`name=(rate_hz, channels)`; the first is the default."""
        self.sinks = sinks or {"null": (48000, 2)}
        # A socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="chant-pulse-"))
        self.socket = self.folder / "socket"
        self.log_path = self.folder / "log"
        self.process = None

    @property
    def env(self):
        """Where programs find it."""
        return {"PULSE_SERVER": f"unix:{self.socket}", "PULSE_COOKIE": str(self.folder / "cookie")}

    def start(self):
        words = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-time"]
        words += ["-L", f"module-native-protocol-unix auth-anonymous=1 socket={self.socket}"]
        for name, (rate_hz, channels) in self.sinks.items():
            words += ["-L", f"module-null-sink sink_name={name} rate={rate_hz} channels={channels}"
                      f" sink_properties=device.description={name}"]  # fmt: skip
        home = {"HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder)}
        env = {k: v for k, v in os.environ.items() if k != "DBUS_SESSION_BUS_ADDRESS"}
        self.socket.unlink(missing_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["pulseaudio", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**env, **home},
            )
        eventually(self._answers, what="a PulseAudio that answers")
        return self

    def _answers(self):
        assert self.process.poll() is None, self.log_path.read_text()
        return self.socket.exists() and self.pactl("info", check=False).returncode == 0

    def pactl(self, *words, check=True):
        result = subprocess.run(
            ["pactl", *words],
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            timeout=seconds(20),
            check=False,
        )
        assert result.returncode == 0 or not check, result.stderr
        return result

    def list(self, what):
        """`sinks`, `sink-inputs`, … as pactl describes them."""
        return json.loads(self.pactl("--format=json", "list", what).stdout)

    def kill(self):
        """As a crash would do it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds(5))
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def record(self, sink=None):
        return Recorder(self, sink or next(iter(self.sinks)))


class Recorder:
    """What a sink plays, from now to stop()."""

    def __init__(self, server, sink):
        self.rate_hz, self.channels = server.sinks[sink]
        self.path = server.folder / f"recording-{sink}-{os.urandom(3).hex()}"
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                ["parec", "--raw", f"--device={sink}.monitor", "--format=float32le"]
                + [f"--rate={self.rate_hz}", f"--channels={self.channels}", "--latency-msec=20"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                env={**os.environ, **server.env},
            )
        eventually(lambda: self.path.stat().st_size > 0, what="a recording")

    def n_frames(self):
        return self.path.stat().st_size // (4 * self.channels)

    def so_far(self):
        """channels × frames."""
        flat = numpy.fromfile(self.path, dtype="<f4")
        whole = len(flat) // self.channels * self.channels
        return flat[:whole].reshape(-1, self.channels).T.astype(float)

    def next_s(self, duration_s):
        """Those frames that come from now on."""
        begin = self.n_frames()
        wanted = begin + int(duration_s * self.rate_hz)
        eventually(lambda: self.n_frames() >= wanted, duration_s + 20, what="a recording")
        return self.so_far()[:, begin:wanted]

    def stop(self):
        self.close()
        return self.so_far()

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(seconds(5))


# --- what is heard, in spite of gaps

WINDOW_S = 0.02


def windows(samples, rate_hz, window_s=WINDOW_S):
    """One channel as rows, each a window; what remains at the end is left out."""
    n = int(window_s * rate_hz)
    return samples[: len(samples) // n * n].reshape(-1, n)


def levels_db(samples, hz, rate_hz):
    """Amplitude of a sine in every window, dBFS."""
    return numpy.array([sound.tone_level_db(row, hz, rate_hz) for row in windows(samples, rate_hz)])


def level_db(samples, hz, rate_hz):
    """Amplitude of a sine where there is no gap: a gap only takes away, so the upper quartile."""
    return float(numpy.percentile(levels_db(samples, hz, rate_hz), 75))


def frequency_hz(samples, rate_hz):
    """Frequency of the loudest sine: the median over windows of the peak of its spectrum."""
    found = []
    for row in windows(samples, rate_hz, 0.1):
        if numpy.abs(row).max() > 1e-4:
            n = 16 * len(row)
            spectrum = sound.db(numpy.fft.rfft(row * numpy.hanning(len(row)), n))
            at = int(numpy.argmax(spectrum[1:-1])) + 1
            left, peak, right = spectrum[at - 1 : at + 2]
            found.append((at + 0.5 * (left - right) / (left - 2 * peak + right)) * rate_hz / n)
    assert found, "nothing was heard"
    return float(numpy.median(found))


def silent_part(samples, rate_hz, below=1e-4):
    """How much of a recording is silence, 0 … 1."""
    return float((numpy.abs(windows(samples, rate_hz)).max(axis=1) < below).mean())
