#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A change of gain, from the write to the socket to the first sample that differs, over JACK.

The probe (latency_probe.c) hears chantd and a control (jack_echo.c: the same server, scheduler and
kind of socket, and nothing else) in turn.  The limiter delays every sample by what server.status
calls engine.latency_frames; that is taken off for the figure that is held, and left in another.
"""

import json
import subprocess
import sys

import harness
from harness import Chantd, JackServer, Workshop, emit, note, percentile

RATE_HZ = 48000
SLACK_US = 500.0
ECHO = "an echo client"


def constant_file(folder):
    """Ten minutes of 0.25: whatever changes in it is the gain."""
    path = folder / "constant.wav"
    harness.run("sox", "-D", "-n", "-r", RATE_HZ, "-c", "2", "-b", "16", path, "trim", "0",
                "600", "dcshift", "0.25")  # fmt: skip
    return path


def load(shop, daemon):
    """What this daemon can be given to do at once: it has one player, so no sixteen streams."""
    daemon.equalise(31)
    daemon.subscribe(shop, "spectrum", rate_hz=60, bands=64)
    daemon.subscribe(shop, "meter", rate_hz=30)


def mixer_set(gain_db):
    request = {"jsonrpc": "2.0", "id": 7, "method": "mixer.set", "params": {"gain_db": gain_db}}
    return json.dumps(request)


def measure(shop, server, daemon, echo_socket, count):
    """The lines of the probe, by target."""
    client = daemon.call("server.status")["device"].get("client", "chant")
    port = next(
        line for line in server.lsp().decode().splitlines() if line.startswith(client)
    )  # its left one
    words = [harness.TOOLS / "latency_probe", server.name, count]
    words += [daemon.socket, port, mixer_set(-6), mixer_set(0)]
    words += [echo_socket, "echo:left", "0.5", "0.25"]
    said = harness.run(*words, env=server.env)
    found = ([], [])
    for line in said.splitlines():
        target, ns, frames, applied_ns, late_ns = map(int, line.split())
        found[target].append((ns / 1e3, frames, applied_ns / 1e3, late_ns / 1e3))
    return found


def on_time(row, lookahead_us, ours, control):
    """Of those commands during which the server's own cycles came when they should."""
    ours = [us - lookahead_us for us, _, _, late_us in ours if late_us < SLACK_US / 2]
    control = [us for us, _, _, late_us in control if late_us < SLACK_US / 2]
    if ours and control:
        what = "first changed sample, cycles on time"
        ratio = harness.over(harness.median(control), harness.median(ours))
        row("chantd", f"{what}, less look-ahead", "µs", ours, ratio=ratio, reference=ECHO,
            )  # fmt: skip
        row(ECHO, what, "µs", control)


def report(server, load_name, lookahead, ours, control):
    period_us = server.period / RATE_HZ * 1e6
    lookahead_us = lookahead / RATE_HZ * 1e6
    size = server.period

    def row(name, variant, unit, values, **more):
        emit("latency", name, f"{load_name}, {variant}", unit, values, size=size, **more)

    echo_us = [us for us, _, _, _ in control]
    heard_us = [us for us, _, _, _ in ours]
    applied_us = [us - lookahead_us for us in heard_us]
    limit_us = period_us + SLACK_US
    echo_p99 = percentile(echo_us, 99)
    ours_p99 = percentile(applied_us, 99)
    hold = f"p99 ≤ 1 period + 0.5 ms = {limit_us:.0f} µs (the control's is {echo_p99:.0f})"
    ratio = harness.over(harness.median(echo_us), harness.median(applied_us))
    row("chantd", "first changed sample, less look-ahead", "µs", applied_us, ratio=ratio,
        reference=ECHO, hold=hold, met=ours_p99 <= limit_us)  # fmt: skip
    row("chantd", "first changed sample", "µs", heard_us, hold=hold,
        met=percentile(heard_us, 99) <= limit_us)  # fmt: skip
    row("chantd", "first changed sample", "frames", [frames for _, frames, _, _ in ours])
    row("chantd", "first changed sample, less look-ahead", "frames",
        [frames - lookahead for _, frames, _, _ in ours])  # fmt: skip
    row("chantd", "applied_at of the answer", "µs", [us for _, _, us, _ in ours])
    row(ECHO, "first changed sample", "µs", echo_us)
    row(ECHO, "first changed sample", "frames", [frames for _, frames, _, _ in control])
    on_time(row, lookahead_us, ours, control)
    n_late = sum(us > limit_us for us in applied_us), sum(us > limit_us for us in echo_us)
    note(f"{size} frames, {load_name}: p99 {ours_p99:.0f} µs, control {echo_p99:.0f} µs;"
         f" over the limit {n_late[0]} and {n_late[1]} of {len(ours)}")  # fmt: skip


def measure_period(period, count):
    for load_name, loaded in (("idle", False), ("31 bands + spectrum + meter", True)):
        with Workshop() as shop:
            server = JackServer(shop, period)
            echo_socket = harness.start_echo(shop, server)[1]
            daemon = Chantd(
                shop, "chantd", "--backend=jack", f"--device={server.name}", env=server.env
            )
            daemon.play(constant_file(shop.folder))
            if loaded:
                load(shop, daemon)
            engine = daemon.call("server.status")["engine"]
            ours, control = measure(shop, server, daemon, echo_socket, count)
            report(server, load_name, engine["latency_frames"], ours, control)


def main():
    options = harness.arguments(__doc__)
    absent = harness.missing("jackd", "jack_lsp", "sox")
    if absent:
        sys.exit(f"not installed: {' '.join(absent)}")
    for period in (64, 256):
        note(f"commands at {period} frames a period")
        measure_period(period, 20 if options.quick else 500)


if __name__ == "__main__":
    try:
        main()
    except subprocess.TimeoutExpired as expired:
        sys.exit(f"{expired}")
