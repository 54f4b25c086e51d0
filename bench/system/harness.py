# SPDX-License-Identifier: ISC
"""What every measurement of whole programs needs: a folder, processes that end, rows of results."""

import contextlib
import fcntl
import json
import os
import platform
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUILD = Path(os.environ.get("CHANT_BUILD", ".")).resolve()
CHANTD = BUILD / "chantd"
TOOLS = BUILD / "bench" / "system"

# Names that all runs on a machine share, each with a lock: jackd keeps a registry with few places.
JACK_NAMES = [f"chant-test-{n}" for n in range(6)]

EQ_CENTRES_HZ = [31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000]


def note(text):
    """Progress, for who waits."""
    print(f"# {text}", file=sys.stderr, flush=True)


# --- results -------------------------------------------------------------------------------------


def percentile(values, percent):
    """The value below which `percent` of them lie, by nearest rank."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)  # rounded up
    return ordered[max(0, min(len(ordered), int(rank)) - 1)]


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _rounded(value):
    return value if value is None else float(f"{value:.5g}")


def emit(bench, name, variant, unit, values, *, size=None, ratio=None, reference=None, **judged):
    """One line for one measurement.  `judged`: hold (its text) and met (whether it is)."""
    row = {"bench": bench, "name": name, "variant": variant, "size": size, "unit": unit}
    row["median"] = _rounded(median(values))
    row["p50"] = _rounded(percentile(values, 50))
    row["p99"] = _rounded(percentile(values, 99))
    row["max"] = _rounded(max(values))
    row["n"] = len(values)
    row["ratio"] = _rounded(ratio)
    row["reference"] = reference
    row["hold"] = judged.get("hold")
    row["met"] = judged.get("met")
    print(json.dumps(row, ensure_ascii=False), flush=True)


def over(reference, ours):
    """How many times the reference's figure is ours; nothing where ours is nothing."""
    return reference / ours if ours else None


# --- processes -----------------------------------------------------------------------------------


class Workshop(contextlib.ExitStack):
    """A folder of this run and what was started in it; all of that is gone afterwards."""

    def __enter__(self):
        super().__enter__()
        self.folder = Path(tempfile.mkdtemp(prefix="chant-bench-"))
        self.callback(shutil.rmtree, self.folder, ignore_errors=True)
        return self

    def spawn(self, words, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **options}
        log = open(self.folder / "log", "ab")
        options.setdefault("stderr", log)
        process = subprocess.Popen([str(word) for word in words], **options)
        log.close()
        self.callback(end, process)
        return process

    def log(self):
        return (self.folder / "log").read_text(errors="replace")


def end(process):
    """By its own will, or else by ours."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run(*words, **options):
    """To its end; what it says is returned, a failure stops the measurement."""
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, **options
    )
    if done.returncode:
        sys.exit(f"{words[0]} failed with {done.returncode}:\n{done.stderr}")
    return done.stdout


def run_timed(words):
    """Wall and CPU seconds of one run to its end."""
    began = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(*words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.monotonic() - began
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def until(check, timeout_s=10.0, every_s=0.005, what="it"):
    limit = time.monotonic() + timeout_s
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > limit:
            sys.exit(f"{what} did not happen within {timeout_s} s")
        time.sleep(every_s)


def version(package):
    """Of a Debian package, as short as one speaks of it."""
    shown = subprocess.run(
        ["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True, check=False
    ).stdout
    return shown.split(":")[-1].split("-")[0].split("+")[0] or "?"


def missing(*programs):
    """Those that are not installed."""
    return [program for program in programs if not shutil.which(program)]


def machine():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{os.cpu_count()} × {line.split(':')[1].strip()}, {platform.release()}"
    return platform.platform()


def arguments(description):
    """--quick, and nothing else."""
    import argparse

    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="seconds, for trying; no figures")
    options = parser.parse_args()
    if not CHANTD.exists():
        sys.exit(f"no chantd in {BUILD}: set CHANT_BUILD to the folder of the build")
    note(machine())
    return options


# --- what /proc knows ----------------------------------------------------------------------------


def cpu_ns(pid):
    """Time that its threads ran, by the scheduler's own count: ticks of 10 ms are too coarse."""
    return sum(
        int((task / "schedstat").read_text().split()[0])
        for task in Path(f"/proc/{pid}/task").iterdir()
    )


def switches(pid):
    """Context switches of all its threads, voluntary or not."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if "ctxt_switches" in line:
                total += int(line.split()[1])
    return total


def pss_mib(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


# --- the daemon ----------------------------------------------------------------------------------


class Chantd:
    """A chantd of the measurement's own, and one connection to it."""

    name = "chantd"

    def __init__(self, shop, label, *options, env=None):
        self.socket = shop.folder / f"{label}.sock"
        self.process = shop.spawn(
            [CHANTD, f"--socket={self.socket}", "--log-level=warning", *options],
            # Nothing of what another one was set to.
            env={**os.environ, "XDG_STATE_HOME": str(shop.folder / label), **(env or {})},
        )
        self.pid = self.process.pid
        self.connection = None
        self.file = None
        until(self._connect, what=f"chantd ({shop.log()})", every_s=0.002)

    def _connect(self):
        self.connection = socket.socket(socket.AF_UNIX)
        try:
            self.connection.connect(str(self.socket))
        except OSError:
            self.connection.close()
            return False
        self.file = self.connection.makefile("rwb")
        return True

    def call(self, method, **params):
        """On the one connection; events that come in between are dropped."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self.file.write(json.dumps(request).encode() + b"\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "id" in answer:
                break
        if "error" in answer:
            sys.exit(f"{method}: {answer['error']}")
        return answer["result"]

    def play(self, uri):
        self.call("player.load", uris=[str(uri)], play=True)
        self.call("player.mode", repeat="one")
        until(lambda: self.call("player.status")["state"] == "playing", what="playing")

    def equalise(self, bands=10):
        """Bands that are all at work."""
        self.call("eq.set", bands=eq_bands(bands), bypass=False)

    def subscribe(self, shop, topic, **params):
        """With a client that reads and throws away."""
        request = {"jsonrpc": "2.0", "id": 1, "method": "subscribe"}
        request["params"] = {"topics": [topic], **params}
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.socket))
        connection.sendall(json.dumps(request).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            answer += connection.recv(1 << 16)
        if b'"error"' in answer.split(b"\n")[0]:
            sys.exit(f"subscribe: {answer.decode()}")
        reader = shop.spawn(["cat"], stdin=connection)
        connection.close()
        return reader


def eq_bands(count):
    """As many peaks, spread over the octaves that ten are; each changes something."""
    low, high = EQ_CENTRES_HZ[0], EQ_CENTRES_HZ[-1]
    bands = []
    for i in range(count):
        part = i / (count - 1) if count > 1 else 0.5
        hz = EQ_CENTRES_HZ[i] if count == 10 else round(low * (high / low) ** part, 1)
        gain_db = 3.0 if i % 2 else -3.0
        bands.append({"type": "peak", "freq_hz": hz, "gain_db": gain_db, "q": 1.41})
    return bands


# --- JACK ----------------------------------------------------------------------------------------


class JackServer:
    """jackd on the dummy driver, real time where this user may, at 48 kHz."""

    def __init__(self, shop, period):
        self.period = period
        self.name = self._take_name(shop)
        self.env = {**os.environ, "JACK_DEFAULT_SERVER": self.name}
        self.env["JACK_NO_AUDIO_RESERVATION"] = "1"
        self.realtime = os.geteuid() == 0
        self.process = shop.spawn(
            ["jackd", "-n", self.name, "-R" if self.realtime else "-r", "-S", "--port-max", "64"]
            + ["-d", "dummy", "-r", "48000", "-p", period],
            env=self.env,
        )
        until(self._answers, every_s=0.05, what="a JACK server")

    @staticmethod
    def _take_name(shop):
        for name in JACK_NAMES:
            lock = open(Path(tempfile.gettempdir()) / f"{name}.lock", "w", encoding="ascii")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            shop.callback(lock.close)
            return name
        sys.exit("every name for a JACK server is in use")

    def _answers(self):
        if self.process.poll() is not None:
            sys.exit(f"jackd ended with {self.process.returncode}")
        return b"system:" in self.lsp()

    def lsp(self):
        return subprocess.run(
            ["jack_lsp"], env=self.env, capture_output=True, timeout=20, check=False
        ).stdout

    def wait_for_port(self, text):
        until(lambda: text.encode() in self.lsp(), every_s=0.1, what=f"the port {text}")


def start_echo(shop, server, name="echo"):
    """The control: see jack_echo.c.  Its process and its socket."""
    path = shop.folder / f"{name}.sock"
    process = shop.spawn(
        [TOOLS / "jack_echo", server.name, name, path], stdout=subprocess.PIPE, env=server.env
    )
    if process.stdout.readline() != b"ready\n":
        sys.exit("jack_echo did not start")
    return process, path
