# SPDX-License-Identifier: ISC
"""What the daemon says of how well it runs: callback times, and xruns each with its cause."""

import ctypes
import json
import os
import shutil
import signal
import statistics
import subprocess
import time
from pathlib import Path

import pytest

from programs import BUILD, SANITIZER, SOURCE, TRAPS, eventually
from test_jack_server import device, start
from test_play import wait_for

CAUSES = {"decoder", "callback", "server", "device"}
QUANTILES = ["p50_us", "p99_us", "p999_us", "p9999_us", "max_us"]


def stats(client, **more):
    return client.call("server.stats", **more)


def xruns(client):
    """The four counts; their sum and the latest are checked on the way."""
    found = stats(client)["xruns"]
    counts = {cause: found[cause] for cause in CAUSES}
    assert found["total"] == sum(counts.values())
    assert (found["last"] is None) == (found["total"] == 0)
    if found["last"]:
        assert found["last"]["cause"] in CAUSES and counts[found["last"]["cause"]] > 0
        assert 0 < found["last"]["mono_ns"] <= time.monotonic_ns()
    return counts


def growth(client, before):
    now = xruns(client)
    return {cause: now[cause] - before[cause] for cause in CAUSES}


def check_times(times, names=tuple(QUANTILES)):
    """Ordered, and nothing beyond the longest."""
    values = [times[name] for name in names]
    if times["count"] == 0:
        assert values == [None] * len(names) and times["mean_us"] is None
        return
    assert values == sorted(values) and values[0] >= 0
    assert 0 <= times["mean_us"] <= times["max_us"]


def check_histogram(rows, count):
    assert sum(row[2] for row in rows) == count
    assert all(low < high and n > 0 for low, high, n in rows)
    assert all(a[1] <= b[0] for a, b in zip(rows, rows[1:])), "ascending, none overlaps"
    # At most a sixteenth wide; of what is below 32 ns every nanosecond is told.
    assert all(high - low <= max(low / 16, 0.001) + 1e-9 for low, high, _ in rows)


def in_real_time():
    """A sanitizer on a busy machine cannot promise that nothing is late."""
    return not SANITIZER


# --- counting


@pytest.mark.threads
def test_standing_and_playing(client):
    """Nothing is counted while the device stands; then everything grows together."""
    eventually(lambda: stats(client)["device"]["state"] == "standing")
    before = stats(client)
    assert before["callback"]["count"] == 0 and before["drift_ppm"] is None
    check_times(before["callback"])
    client.play("tone:sine?hz=440&db=-30")
    eventually(lambda: stats(client)["callback"]["count"] > 60)
    now = stats(client, histogram=True)
    callback, device_now = now["callback"], now["device"]
    assert device_now["state"] == "running" and device_now["backend"] == "null"
    assert device_now["period_us"] == pytest.approx(1e6 * device_now["period"] / 48000, abs=0.001)
    assert callback["frames"] == callback["count"] * device_now["period"]
    check_times(callback)
    check_histogram(now["histogram"], callback["count"])
    # The mean, once more, from run time and sound time.
    busy_us = callback["mean_us"] * callback["count"]
    span_us = callback["frames"] / 48000 * 1e6
    assert callback["load_percent"] == pytest.approx(100 * busy_us / span_us, rel=0.01, abs=2e-4)
    assert now["engine"]["frames"] >= callback["frames"]
    later = stats(client)
    assert later["callback"]["count"] >= callback["count"]
    assert later["uptime_s"] > now["uptime_s"] and later["requests"] == now["requests"] + 1
    assert "histogram" not in later and later["clients"] == 1


def test_the_ring_that_sounds(client):
    client.play("tone:sine?hz=440&db=-30")
    ring = eventually(lambda: [p for p in stats(client)["players"] if p["fill_frames"]])[0]
    assert ring["player"] == "main"
    assert 0 < ring["fill_frames"] <= ring["capacity_frames"]
    assert ring["fill_s"] == pytest.approx(ring["fill_frames"] / 48000, abs=1e-5)
    client.call("player.stop")
    eventually(lambda: stats(client)["players"][0]["fill_frames"] == 0)


def test_commands(client):
    """Each change of the gain is one command, in effect within a period or so."""
    client.play("tone:sine?hz=440&db=-30")
    client.call("mixer.set", pan=0.1)  # behind which nothing of the start is awaited any more
    before = stats(client)["commands"]
    for n in range(20):
        client.call("mixer.set", gain_db=-n)
    now = stats(client)["commands"]
    assert now["applied"] == before["applied"] + 20
    assert now["latency"]["count"] == before["latency"]["count"] + 20
    check_times(now["latency"])
    assert 0 < now["latency"]["max_us"] < 10e6
    assert now["queued"] == now["waiting"] == now["pending"] == 0
    assert 1 <= now["queued_max"] <= now["capacity"]


def test_more_commands_than_the_queue_holds(daemon, client):
    """Two thousand bands at once: the queue fills, and the rest waits on the loop."""
    client.play("tone:sine?hz=440&db=-30")
    before = stats(client)["commands"]["applied"]
    writer = daemon.client()
    requests = []
    for n in range(60):
        params = {"bands": [{"freq_hz": 100 * i, "gain_db": 1 + n % 5} for i in range(1, 31)]}
        requests.append({"jsonrpc": "2.0", "id": n, "method": "eq.set", "params": params})
    writer.send_bytes(b"".join(json.dumps(request).encode() + b"\n" for request in requests))
    most = 0
    while writer.message()["id"] != 59:
        most = max(most, stats(client)["commands"]["waiting"])
    assert most > 256, "what does not fit waits"
    now = stats(client)["commands"]
    assert now["capacity"] // 2 < now["queued_max"] <= now["capacity"]
    assert now["applied"] >= before + 60 * 30 and now["waiting"] == now["queued"] == 0


def test_drift_of_a_clock_that_is_ours(client):
    client.play("tone:sine?hz=440&db=-30")

    def drift():
        said = stats(client)["drift_ppm"]
        return said is not None and [said]

    assert eventually(drift) == [pytest.approx(0, abs=0.01)]
    client.call("player.stop")
    eventually(lambda: stats(client)["device"]["state"] == "standing")
    assert stats(client)["drift_ppm"] is None


def test_a_file_knows_no_lateness(make_daemon, media, tmp_path):
    """Its callback times are told; nothing is ever late, however slow."""
    daemon = make_daemon(f"--device={tmp_path / 'out.wav'}", "--period=16", backend="file").start()
    client = daemon.client()
    client.play(media.sine(5))
    wait_for(client, state="stopped")
    now = stats(client)
    assert now["callback"]["frames"] >= 5 * 48000
    assert now["callback"]["deadline_misses"] == now["callback"]["late_starts"] == 0
    assert now["drift_ppm"] is None and now["xruns"]["total"] == 0


# --- the topic


@pytest.mark.threads
def test_rt_frames(daemon, client):
    watcher = daemon.client()
    answer = watcher.call("subscribe", topics=["rt"], rt={"rate_hz": 20})
    assert answer["snapshot"] == {"rt": {"rate_hz": 20}}
    first = watcher.event(topic="rt")
    assert first["data"]["device"]["state"] == "standing"
    assert first["data"]["recent"]["count"] == 0 and first["data"]["histogram"] == []
    assert watcher.events_for(0.3, topic="rt") == [], "nothing new while it stands"
    client.play("tone:sine?hz=440&db=-30&s=1.5")
    total, frames = first["data"]["callback"]["count"], []
    while not frames or frames[-1]["data"]["device"]["state"] == "running":
        frames.append(watcher.event(topic="rt"))
    for frame in frames:
        data, recent = frame["data"], frame["data"]["recent"]
        total += recent["count"]
        assert data["callback"]["count"] == total, "intervals join up"
        check_times(recent, ("p50_us", "p99_us", "max_us"))
        check_histogram(recent["histogram"], recent["count"])
        check_histogram(data["histogram"], total)
        assert set(data) >= set(stats(client)) - {"clients", "requests", "uptime_s"}
    assert [frame["seq"] for frame in frames] == list(range(2, len(frames) + 2))
    spans = [frame["data"]["recent"]["interval_s"] for frame in frames[2:-1]]
    assert statistics.median(spans) == pytest.approx(0.05, rel=0.5)
    assert watcher.events_for(0.3, topic="rt") == []
    assert frames[-1]["data"]["recent"]["count"] < total


def test_rt_of_several(daemon, client):
    """Each has its own rate and its own intervals; they end with their subscription."""
    client.play("tone:sine?hz=440&db=-30")
    fast, slow = daemon.client(), daemon.client()
    fast.call("subscribe", topics=["rt"], rate_hz=100)
    sub = slow.call("subscribe", topics=["rt", "mixer"])["sub"]
    for watcher, interval_s, n in ((slow, 0.25, 3), (fast, 0.01, 30)):
        frames = [watcher.event(topic="rt")["data"]["recent"] for _ in range(n)]
        spans = [frame["interval_s"] for frame in frames]
        assert statistics.median(spans) == pytest.approx(interval_s, rel=0.8)
    slow.call("unsubscribe", sub=sub)
    slow.events.clear()
    assert slow.events_for(0.6) == []
    fast.close()
    assert client.refusal("subscribe", topics=["rt"], rt={"rate_hz": 121}).name == "OUT_OF_RANGE"
    assert client.refusal("subscribe", topics=["rt"], rt={"bands": 8}).data["param"] == "bands"


def test_rt_to_a_slow_reader(daemon, client):
    """What it does not read is dropped and counted, and the next frame covers the time."""
    client.play("tone:sine?hz=440&db=-30")
    slow = daemon.client()
    slow.socket.setsockopt(1, 8, 4096)  # SO_RCVBUF
    slow.call("subscribe", topics=["rt"], rt={"rate_hz": 120})
    time.sleep(4)
    frames = slow.events_for(2, topic="rt")
    dropped = [frame for frame in frames if frame.get("dropped")]
    assert dropped, "it was slow"
    late = dropped[0]["data"]["recent"]
    assert late["interval_s"] >= (dropped[0]["dropped"] + 1) / 120 * 0.8
    joined = [frame["data"]["callback"]["count"] for frame in frames]
    for before, frame in zip(joined, frames[1:]):
        assert frame["data"]["callback"]["count"] - before == frame["data"]["recent"]["count"]


# --- xruns by cause


class OneThread:
    """A thread that is stopped alone, by ptrace, while this is entered."""

    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
    WALL = 0x40000000

    def __init__(self, pid, name):
        self.tid = eventually(lambda: self._find(pid, name), what=f"a thread {name}")
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.libc.ptrace.restype = ctypes.c_long

    @staticmethod
    def _find(pid, name):
        for task in Path(f"/proc/{pid}/task").iterdir():
            if (task / "comm").read_text().strip() == name:
                return int(task.name)
        return None

    def _trace(self, request):
        if self.libc.ptrace(request, self.tid, None, None) != 0:
            pytest.skip(f"no ptrace here: {os.strerror(ctypes.get_errno())}")

    def __enter__(self):
        self._trace(self.SEIZE)
        self._trace(self.INTERRUPT)
        os.waitpid(self.tid, self.WALL)
        return self

    def __exit__(self, *_):
        self._trace(self.DETACH)


def settled(client):
    """Playing, and past what the machine may stall at its beginning."""
    eventually(lambda: stats(client)["callback"]["count"] > 20)
    return xruns(client)


@pytest.mark.threads
@pytest.mark.parametrize("n_stalls", [1, 2])
def test_a_stopped_decoder(daemon, client, media, n_stalls):
    client.play(media.sine(60))
    before = settled(client)
    for n in range(1, n_stalls + 1):
        with OneThread(daemon.pid, "chant-decode"):
            eventually(lambda n=n: growth(client, before)["decoder"] >= n, 15)
            eventually(lambda: stats(client)["players"][0]["starved_frames"] > 0)
        eventually(lambda: stats(client)["players"][0]["fill_s"] > 0.5)
    time.sleep(0.3)
    grown = growth(client, before)
    # One may be the machine's own.
    assert n_stalls <= grown["decoder"] <= n_stalls + 1 and grown["server"] == 0
    assert grown["callback"] <= 1 or not in_real_time()


@pytest.mark.skipif(SANITIZER != "" or TRAPS, reason="this build comes before what is preloaded")
def test_a_file_on_a_slow_disk(make_daemon, media, tmp_path):
    shim, flag = tmp_path / "slow_read.so", tmp_path / "slow"
    source = SOURCE / "tests" / "integration" / "slow_read.c"
    compiler = shutil.which("gcc") or shutil.which("cc")
    subprocess.run(
        [compiler, "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-shared", "-o", shim, source],
        check=True,
    )
    path = media.sine(60)
    env = {"LD_PRELOAD": str(shim), "SLOW_PATH": str(path), "SLOW_WHILE": str(flag)}
    client = make_daemon(env=env).start().client()
    client.play(path)
    before = settled(client)
    flag.touch()
    eventually(lambda: growth(client, before)["decoder"] >= 1, 15)
    time.sleep(0.2)
    flag.unlink()
    eventually(lambda: stats(client)["players"][0]["fill_s"] > 0.5)
    grown = growth(client, before)
    assert grown["decoder"] in (1, 2) and grown["server"] == 0
    assert grown["callback"] <= 1, "the machine may have stopped in one"


def test_an_end_is_no_xrun(client, media):
    """Ends, skips, seeks, pauses and cuts: nothing that was asked for counts."""
    before = xruns(client)
    client.play(media.sine(0.5), media.sine(0.3, hz=300), media.sine(20))
    time.sleep(0.6)
    for method, params in [
        ("player.next", {}),
        ("player.seek", {"position_s": 5}),
        ("player.pause", {}),
        ("player.resume", {}),
        ("player.seek", {"position_s": 19.5}),
    ]:
        client.call(method, **params)
        time.sleep(0.15)
    wait_for(client, state="stopped")
    grown = growth(client, before)
    assert (grown["decoder"], grown["server"]) == (0, 0)


@pytest.mark.skipif(SANITIZER != "", reason="a sanitizer's machine is late by itself")
def test_a_stopped_process(daemon, client):
    """Nobody runs the thread of the clock: the device's fault, once each time it happens."""
    client.play("tone:sine?hz=440&db=-30")
    before = settled(client)
    for _ in range(3):
        os.kill(daemon.pid, signal.SIGSTOP)
        time.sleep(0.15)
        os.kill(daemon.pid, signal.SIGCONT)
        time.sleep(0.3)
    grown = growth(client, before)
    # One stop in a hundred may fall into the callback itself: all together it is three, and what
    # the machine has of its own, but not one for each cycle that was late.
    assert 3 <= grown["device"] + grown["callback"] <= 9 and grown["callback"] <= 2
    assert (grown["decoder"], grown["server"]) == (0, 0)
    assert stats(client)["callback"]["late_starts"] >= 3


@pytest.mark.threads
def test_a_killed_server(make_daemon, make_jack):
    server = make_jack()
    _, client = start(make_daemon, server)
    client.play("tone:sine?hz=440&db=-30")
    before = settled(client)
    callbacks = stats(client)["callback"]["count"]
    for n in (1, 2):
        server.kill()
        eventually(lambda: stats(client)["device"]["state"] == "lost")
        now = stats(client)
        assert now["xruns"]["last"]["cause"] == "server" and now["device"]["lost"] == n
        assert now["drift_ppm"] is None
        server.start()
        eventually(lambda: device(client)["state"] == "open", 20)
        eventually(lambda: stats(client)["callback"]["count"] > callbacks)
    grown = growth(client, before)
    assert grown["server"] >= 2, "they stay over a change of servers"
    assert grown["decoder"] == 0
    assert grown["callback"] <= 1 or not in_real_time()


def with_traps():
    status = BUILD / "config.status"
    return status.exists() and "enable-rt-traps" in status.read_text(errors="replace")


@pytest.mark.skipif(not with_traps(), reason="only --enable-rt-traps can stall the callback")
@pytest.mark.parametrize("backend", ["null", "jack"])
def test_a_callback_that_is_too_long(request, make_daemon, backend):
    """Every fortieth call is busy for 60 ms, nearly three periods: that is ours, and no other's."""
    env = {"CHANT_TRAP_STALL_US": "60000", "CHANT_TRAP_STALL_EVERY": "40"}
    options = []
    if backend == "jack":
        options = [f"--device={request.getfixturevalue('jack_server').name}"]
    daemon = make_daemon(*options, backend=backend, env=env).start()
    client = daemon.client(20)
    eventually(lambda: device(client)["state"] == "open")
    client.play("tone:sine?hz=440&db=-30")
    before = settled(client)
    begin = stats(client)["callback"]["count"]
    eventually(lambda: growth(client, before)["callback"] >= 8, 60)
    grown, now = growth(client, before), stats(client)
    due = (now["callback"]["count"] - begin) / 40
    assert due - 1 <= grown["callback"] <= due + 3
    assert grown["decoder"] == 0
    # The machine has stalls of its own, but not one for each of ours.
    assert grown["server"] + grown["device"] <= 5
    assert now["callback"]["max_us"] >= 60000
    assert now["callback"]["deadline_misses"] >= grown["callback"]
