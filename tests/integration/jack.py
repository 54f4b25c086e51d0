# SPDX-License-Identifier: ISC
"""A jackd on the dummy driver, and a recorder of what its clients play."""

import fcntl
import os
import signal
import subprocess
import tempfile
from pathlib import Path

import numpy

from programs import eventually, seconds

# jackd remembers the names of servers in a registry with few places, so there are few names; a
# lock keeps test runs that go on at the same time from using one together.
_NAMES = [f"chant-test-{n}" for n in range(6)]


class Server:
    """`jackd -d dummy`: real time, 1024 frames a period, so that a busy machine keeps up."""

    def __init__(self, folder, rate_hz=48000, period=1024):
        self.rate_hz = rate_hz
        self.period = period
        self.name, self._lock = eventually(
            self._take_name, 300, 0.1, what="a name for a JACK server that nobody uses"
        )
        self.log_path = Path(folder) / f"{self.name}.log"
        self.process = None

    @staticmethod
    def _take_name():
        for name in _NAMES:
            lock = open(Path(tempfile.gettempdir()) / f"{name}.lock", "w", encoding="ascii")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return name, lock
            except OSError:
                lock.close()
        return None

    @property
    def env(self):
        return {**os.environ, "JACK_DEFAULT_SERVER": self.name, "JACK_NO_AUDIO_RESERVATION": "1"}

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["jackd", "-n", self.name, "-r", "-S", "--port-max", "64", "-d", "dummy"]
                + ["-r", str(self.rate_hz), "-p", str(self.period), "-P", "2", "-m"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
            )
        eventually(self._answers, 30, what=f"a JACK server {self.name}")
        return self

    def _answers(self):
        assert self.process.poll() is None, self.log_path.read_text()
        return self.run("jack_lsp").returncode == 0

    def run(self, *words):
        """One of JACK's own tools on this server."""
        return subprocess.run(
            words, env=self.env, capture_output=True, text=True, timeout=seconds(20), check=False
        )

    def ports(self):
        return self.run("jack_lsp").stdout.split()

    def connections(self, port):
        """What this port is connected to."""
        found, here = [], False
        for line in self.run("jack_lsp", "-c").stdout.splitlines():
            if not line.startswith(" "):
                here = line.strip() == port
            elif here:
                found.append(line.strip())
        return found

    def n_late(self):
        """Periods that a client did not deliver in time: heard, and the fault of the machine."""
        return self.log_path.read_text(errors="replace").count("was not finished")

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
        self._lock.close()


class Recorder:
    """Records two ports from its beginning to stop()."""

    def __init__(self, program, server, path, ports):
        self.path = path
        self.rate_hz = server.rate_hz
        self.process = subprocess.Popen(
            [str(program), server.name, str(path), *ports],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        said = self.process.stdout.readline()
        assert said == "recording\n", f"the recorder said {said!r}"
        self.n_gaps = None

    def stop(self):
        """What was heard: one row for each channel.  Sets n_gaps, the periods that JACK lost."""
        said, _ = self.process.communicate(input="", timeout=seconds(20))
        assert self.process.returncode == 0
        self.n_gaps = int(said.split()[-1])
        return numpy.fromfile(self.path, dtype="<f4").reshape(-1, 2).T.astype(float)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
