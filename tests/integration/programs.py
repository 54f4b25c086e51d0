# SPDX-License-Identifier: ISC
"""Where the programs under test are, and a daemon that is started, watched and judged."""

import os
import re
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CHANT_BUILD") or SOURCE).resolve()
CHANTD = BUILD / "chantd"
CHANT = BUILD / "chant"


_CODE = CHANTD.read_bytes() if CHANTD.exists() else b""


def _sanitizer():
    """Which sanitizer chantd was built with, or an empty string."""
    for name in ("asan", "tsan"):
        if b"__%s_init" % name.encode() in _CODE:
            return name
    return ""


SANITIZER = _sanitizer()
# Whether it watches its audio callback (--enable-rt-traps).
TRAPS = b"CHANT_TRAP_PLANT" in _CODE
# What is slower than usual has so much more time; nothing here waits longer than it must.
SLOW = 5.0 if SANITIZER or os.environ.get("CHANT_SLOW", "0") not in ("", "0") else 1.0

_REPORT = re.compile(
    r"^.*(ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:"
    r"|Assertion .* failed|RT TRAP:).*$",
    re.MULTILINE,
)


# With these words begins why a test is skipped that has heard the machine lose sound.
STALLED = "the machine stalls: "


def stalled(what):
    """Nothing can be told of the program on this machine now; scripts/check tries once more."""
    pytest.skip(STALLED + what)


def seconds(s):
    """A patience of so many seconds, on the machine as it is."""
    return s * SLOW


def eventually(check, timeout_s=30.0, every_s=0.02, what=""):
    """The first true value of check(), within a generous time; fails with its last value."""
    end = time.monotonic() + seconds(timeout_s)
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what or 'it'} did not happen; the last look gave {value!r}")
        time.sleep(every_s)


def reports(text):
    """Lines of a sanitizer's report in what a program said."""
    return [match.group(0) for match in _REPORT.finditer(text)]


def report_files(pid):
    """Files that a sanitizer or the traps were told to write for this process."""
    found = [Path(f"{os.environ.get('CHANT_TRAP_LOG', '')}.{pid}")]
    for variable in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
        match = re.search(r"log_path=([^:]+)", os.environ.get(variable, ""))
        if match:
            found.append(Path(f"{match.group(1)}.{pid}"))
    return [path for path in found if path.exists()]


def run(*words, timeout_s=60, stdin="", env=None, cwd=None, text=True):
    """Run a program to its end; never raises for its exit code."""
    process = subprocess.run(
        [str(word) for word in words],
        input=stdin,
        capture_output=True,
        text=text,
        timeout=seconds(timeout_s),
        env={**os.environ, **(env or {})},
        cwd=cwd,
        check=False,
    )
    said = process.stderr if text else process.stderr.decode(errors="replace")
    assert not reports(said), said
    assert process.returncode >= 0, f"{words[0]} ended by signal {-process.returncode}\n{said}"
    return process


class Daemon:
    """A chantd of the test's own.  stop() is where its end is judged."""

    def __init__(self, folder, *options, backend="null", env=None, prefix=(), name="d"):
        self.socket = Path(folder) / f"{name}.sock"
        self.log_path = Path(folder) / f"{name}.log"
        self.command = [
            *map(str, prefix),
            str(CHANTD),
            *([f"--backend={backend}"] if backend else []),
            f"--socket={self.socket}",
            "--log-level=debug",
            *map(str, options),
        ]
        # Nothing of this user's: each finds what it left itself, and nothing else.
        homes = {
            f"XDG_{kind}_HOME": str(Path(folder) / f"{name}-{kind.lower()}")
            for kind in ("STATE", "CONFIG", "CACHE")
        }
        self.env = {**os.environ, **homes, **(env or {})}
        self.process = None
        self.told = False
        self.exit_code = 0  # that is expected
        self.clients = []

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        if not self.log_path.exists():
            return ""
        return self.log_path.read_text(errors="replace")

    def spawn(self):
        """Start the process; whether it gets anywhere is another matter."""
        self.told = False
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env
            )
        return self

    def start(self):
        self.spawn()
        eventually(self._answers, every_s=0.003, what="a daemon that listens")
        return self

    def _answers(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log()}"
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
            except OSError:
                return False
        return True

    def client(self, timeout_s=30.0):
        from rpc import Client  # which takes its patience from here

        client = Client(self.socket, timeout_s)
        self.clients.append(client)
        return client

    def wait(self, timeout_s=30.0):
        """Its exit code, as soon as there is one: Popen.wait() with a limit looks only at times."""
        if self.process.returncode is None:
            ended = os.pidfd_open(self.pid)
            try:
                select.select([ended], [], [], seconds(timeout_s))
            finally:
                os.close(ended)
        return self.process.wait(0.1)

    def kill(self):
        """The hard way; then no clean end is asked of it."""
        self.exit_code = -signal.SIGKILL
        self.process.kill()
        self.wait()

    def terminate(self):
        """Tell it to end, once: who is told again while it ends is ended by that."""
        self.told = True
        self.process.terminate()

    def stop(self):
        """End it and judge its end: exit code, sanitizers, what it left."""
        for client in self.clients:
            client.close()
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            if not self.told:
                self.process.terminate()
        try:
            self.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"chantd did not end when told to:\n{self.log()}") from None
        found = reports(self.log()) + [p.read_text() for p in report_files(self.pid)]
        assert not found, "\n".join(found) + "\n" + self.log()
        code = self.process.returncode
        assert code == self.exit_code, f"chantd ended with {code}:\n{self.log()}"

    # --- what /proc knows of it

    def status_field(self, name):
        return proc_field(f"/proc/{self.pid}/status", name)

    def rss_kib(self):
        return self.status_field("VmRSS")

    def pss_kib(self):
        return proc_field(f"/proc/{self.pid}/smaps_rollup", "Pss")

    def n_fds(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def context_switches(self):
        """Of all threads, voluntary or not; a thread that ended counts no more."""
        total = {}
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            text = (task / "status").read_text()
            total[task.name] = sum(map(int, re.findall(r"ctxt_switches:\s*(\d+)", text)))
        return total


def proc_field(path, name):
    match = re.search(rf"^{name}:\s*(\d+)", Path(path).read_text(), re.MULTILINE)
    return int(match.group(1))
