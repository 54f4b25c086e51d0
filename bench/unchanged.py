#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# unchanged.py — what a spectrum costs while it changes, and while it can't: nothing plays.
#
# A client that stays subscribed while nothing sounds should cost neither bytes nor time.  "Off" is
# what it costs while noise plays; between them is a file that plays and is all zeros.

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import wave

BUILD = pathlib.Path(os.environ.get("CHANT_BUILD", ".")).resolve()
QUICK = "--quick" in sys.argv
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Client:
    """Lines of JSON-RPC to a daemon, and a count of what comes unasked."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(500):
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                time.sleep(0.01)
        self.buffer = b""

    def call(self, method, **params):
        line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self.socket.settimeout(10)
        self.socket.sendall(line.encode() + b"\n")
        while True:
            while b"\n" not in self.buffer:
                self.buffer += self.socket.recv(65536)
            text, self.buffer = self.buffer.split(b"\n", 1)
            answer = json.loads(text)
            if "id" in answer:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]

    def count(self, seconds):
        """Bytes and lines that arrive within so many seconds."""
        n_bytes = n_lines = 0
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                break
            n_bytes += len(data)
            n_lines += data.count(b"\n")
        return n_bytes, n_lines


def cpu_s(pid):
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) * TICK_S


def observe(client, pid, seconds):
    before = cpu_s(pid)
    n_bytes, n_lines = client.count(seconds)
    return {"bytes/s": n_bytes / seconds, "frames/s": n_lines / seconds,
            "% of a core": 100 * (cpu_s(pid) - before) / seconds}


def write_zeros(path, seconds=1000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(bytes(4 * 48000 * seconds))


def report(variant, unit, values, reference):
    values, reference = sorted(values), sorted(reference)
    median, other = values[len(values) // 2], reference[len(reference) // 2]
    print(json.dumps({
        "bench": "tricks", "name": "spectrum of 64 bands at 60 Hz", "variant": variant,
        "size": None, "unit": unit, "median": median, "p50": median, "p99": values[-1],
        "max": values[-1], "n": len(values), "ratio": other / median if median else None,
        "reference": NOISE, "hold": None, "met": None,
    }), flush=True)


NOISE, ZEROS, SILENCE = "noise plays", "zeros play", "nothing plays"


def change(control, state, zeros):
    if state == SILENCE:
        control.call("player.stop")
    else:
        uri = "tone:pink?s=1000" if state == NOISE else str(zeros)
        control.call("player.load", uris=[uri], play=True)


def main():
    rounds, seconds = (1, 1.0) if QUICK else (5, 4.0)
    seen = {NOISE: [], ZEROS: [], SILENCE: []}
    with tempfile.TemporaryDirectory() as folder:
        path, zeros = pathlib.Path(folder) / "sock", pathlib.Path(folder) / "zeros.wav"
        write_zeros(zeros)
        with subprocess.Popen([BUILD / "chantd", "--backend=null", f"--socket={path}",
                               "--log-level=error"]) as daemon:
            try:
                client, control = Client(path), Client(path)
                client.call("subscribe", topics=["spectrum"], bands=64, rate_hz=60)
                for _ in range(rounds):
                    for state, observed in seen.items():
                        print(f"unchanged: {state}", file=sys.stderr)
                        change(control, state, zeros)
                        client.count(2.5)  # tails, and the last frames that differ
                        observed.append(observe(client, daemon.pid, seconds))
            finally:
                daemon.terminate()
    for unit in ("bytes/s", "frames/s", "% of a core"):
        for variant, values in seen.items():
            report(variant, unit, [one[unit] for one in values], [one[unit] for one in seen[NOISE]])


if __name__ == "__main__":
    main()
