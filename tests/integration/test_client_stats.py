# SPDX-License-Identifier: ISC
"""chant stats: the same facts live, in words, in JSON and for Prometheus."""

import contextlib
import copy
import json
import math
import os
import pty
import re
import socket
import subprocess
import threading
import time

import pytest

import exposition
from programs import CHANT, eventually, run, seconds
from terminal import Screen

# What a daemon with something to tell answers.  The times lie in the daemon's buckets: 16 for each
# power of two of nanoseconds.
STATS = {
    "uptime_s": 3723.25,
    "device": {
        "backend": "jack", "name": "system", "state": "running", "rate_hz": 48000, "period": 256,
        "period_us": 5333.333, "latency_frames": 512, "lost": 1,
    },
    "callback": {
        "count": 1000, "frames": 256000, "mean_us": 20.5, "p50_us": 10.24, "p99_us": 163.84,
        "p999_us": 6029.312, "p9999_us": 6100.1, "max_us": 6100.1, "load_percent": 0.384,
        "deadline_misses": 1, "late_starts": 2,
    },
    "xruns": {
        "total": 10, "decoder": 1, "callback": 2, "server": 3, "device": 4,
        "last": {"cause": "server", "mono_ns": 0},
    },
    "players": [{
        "player": "main", "fill_frames": 48000, "capacity_frames": 96000, "fill_s": 1.0,
        "starved_frames": 77,
    }],
    "commands": {
        "queued": 3, "capacity": 256, "waiting": 0, "pending": 2, "queued_max": 9, "applied": 400,
        "latency": {
            "count": 400, "mean_us": 2500.0, "p50_us": 2600.5, "p99_us": 5300.25, "p999_us": 5333.0,
            "max_us": 5400.75,
        },
    },
    "drift_ppm": -12.5,
    "engine": {
        "frames": 256000, "starved_frames": 77, "limited_frames": 5, "clamped_frames": 2,
        "faults": 0,
    },
    "clients": 2,
    "requests": 31,
}
HISTOGRAM = [[9.728, 10.24, 600], [10.24, 10.752, 380], [155.648, 163.84, 19],
             [5767.168, 6029.312, 0], [6029.312, 6291.456, 1]]
FACTS = ["device", "period", "load", "p50", "p99", "p99.9", "p99.99", "max", "misses", "xruns",
         "last xrun", "ring", "commands", "applied in", "drift"]


@contextlib.contextmanager
def stand_in(folder, stats):
    """Something that answers every request with `stats`, and nothing else."""
    path = folder / "standin.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer, peer.makefile("rw") as lines:
                    for line in lines:
                        answer = {"jsonrpc": "2.0", "id": json.loads(line)["id"], "result": stats}
                        lines.write(json.dumps(answer, ensure_ascii=False) + "\n")
                        lines.flush()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield path
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def stats_of(path, *words, code=0):
    result = run(CHANT, "stats", *words, f"--socket={path}", env={"LC_ALL": "C.UTF-8"})
    assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
    return result.stdout if code == 0 else result.stderr


def stats_ago(age_s, **more):
    """STATS whose last xrun was so long ago."""
    stats = {**copy.deepcopy(STATS), **more}
    stats["xruns"]["last"]["mono_ns"] = time.monotonic_ns() - int(age_s * 1e9)
    return stats


# --- in words


def test_words(tmp_path):
    with stand_in(tmp_path, stats_ago(75)) as path:
        lines = stats_of(path, "--once").splitlines()
    assert [line[:10].strip() for line in lines] == FACTS
    said = {line[:10].strip(): " ".join(line[10:].split()) for line in lines}
    assert said["device"] == "48.0 kHz jack (system), running, lost 1 time"
    assert said["period"] == "5333.3 µs 256 frames, latency 512 frames"
    assert said["load"] == "0.38 % 1000 callbacks"
    assert said["p50"] == "10.2 µs 0.19 %"
    assert said["p99.9"] == "6029.3 µs 113.05 %"
    assert said["max"] == "6100.1 µs 114.38 %"
    assert said["misses"] == "1 deadlines, 2 late starts"
    assert said["xruns"] == "10 decoder 1, callback 2, server 3, device 4"
    assert re.fullmatch(r"1:1[5-9] ago, server", said["last xrun"])
    assert said["ring"] == "1.000 s 50.00 % of 2.000 s, starved 77"
    assert said["commands"] == "3 of 256, most 9, waiting 0, pending 2"
    assert said["applied in"] == "2600.5 µs p50, p99 5300.2, max 5400.8, 400 applied"
    assert said["drift"].startswith("-12.50 ppm")
    ends = {line.rindex(line[10:].split()[0]) + len(line[10:].split()[0]) for line in lines}
    assert ends == {20}, "the numbers stand one below the other"


@pytest.mark.parametrize("stats", [
    {},
    {key: None for key in STATS},
    {"device": {"backend": None, "rate_hz": None}, "callback": {"count": 0, "p50_us": None},
     "xruns": {"total": 0, "last": None}, "players": [], "commands": {"latency": None}},
    {"device": [], "callback": "x", "xruns": 7, "players": {"a": 1}, "commands": True,
     "drift_ppm": "fast", "histogram": [[1], None, "x", [1, 2, "n"], [3, 2, 1]]},
], ids=["nothing", "nulls", "no device", "nonsense"])
def test_what_is_unknown(tmp_path, stats):
    """A dash in words, no metric for Prometheus; never a number that nobody measured."""
    with stand_in(tmp_path, stats) as path:
        words = stats_of(path, "--once")
        metrics = stats_of(path, "--prometheus")
        assert json.loads(stats_of(path, "--json")) == stats
    for line in words.splitlines():
        assert line.split()[-1] != "nan" and "inf" not in line
    assert re.search(r"^drift +-  ", words, re.MULTILINE)
    assert not re.search(r" $", words, re.MULTILINE)
    if metrics:
        for name, family in exposition.parse(metrics).items():
            assert all(math.isfinite(value) for value in family.samples.values()), name
            assert "drift" not in name


# --- for Prometheus


def test_prometheus(tmp_path):
    """Every number where it belongs, in base units."""
    with stand_in(tmp_path, stats_ago(75, histogram=HISTOGRAM)) as path:
        found = exposition.parse(stats_of(path, "--prometheus"))
    wanted = {
        "uptime_seconds": 3723.25,
        "device_sample_rate_hertz": 48000,
        "device_period_frames": 256,
        "device_period_seconds": 5333.333e-6,
        "device_latency_seconds": 512 / 48000,
        "device_lost_total": 1,
        "callback_duration_max_seconds": 6100.1e-6,
        "callback_frames_total": 256000,
        "callback_load_ratio": 0.00384,
        "callback_deadline_misses_total": 1,
        "callback_late_starts_total": 2,
        "commands_queued": 3,
        "commands_queued_max": 9,
        "commands_capacity": 256,
        "commands_waiting": 0,
        "commands_pending": 2,
        "commands_applied_total": 400,
        "command_latency_max_seconds": 5400.75e-6,
        "device_clock_drift_ratio": -12.5e-6,
        "engine_frames_total": 256000,
        "engine_starved_frames_total": 77,
        "engine_limited_frames_total": 5,
        "engine_clamped_frames_total": 2,
        "engine_faults_total": 0,
        "clients": 2,
        "requests_total": 31,
    }
    for name, value in wanted.items():
        family = found.pop("chant_" + name)
        assert family.value() == pytest.approx(value, rel=1e-12), name
        assert len(family.samples) == 1
    info = found.pop("chant_device_info")
    assert info.value(backend="jack", name="system", state="running") == 1
    xruns = found.pop("chant_xruns_total")
    causes = ("decoder", "callback", "server", "device")
    assert [xruns.value(cause=cause) for cause in causes] == [1, 2, 3, 4]
    last = found.pop("chant_xrun_last_timestamp_seconds").value(cause="server")
    assert time.time() - last == pytest.approx(75, abs=seconds(5))
    for name, value in {"fill_seconds": 1, "fill_frames": 48000, "capacity_frames": 96000}.items():
        assert found.pop(f"chant_player_ring_{name}").value(player="main") == value
    assert found.pop("chant_player_starved_frames_total").value(player="main") == 77
    latency = found.pop("chant_command_latency_seconds")
    assert latency.value(quantile="0.99") == pytest.approx(5300.25e-6)
    assert latency.value("_sum") == pytest.approx(1.0) and latency.value("_count") == 400
    duration = found.pop("chant_callback_duration_seconds")
    assert duration.value("_count") == 1000 and duration.value("_sum") == pytest.approx(20.5e-3)
    assert found == {}, "nothing else"


def test_prometheus_sum(tmp_path):
    """A sum that is said is better than the rounded mean of so many."""
    stats = stats_ago(75, histogram=HISTOGRAM)
    stats["callback"]["sum_us"] = 20500.25
    stats["commands"]["latency"]["sum_us"] = 1000000.75
    with stand_in(tmp_path, stats) as path:
        found = exposition.parse(stats_of(path, "--prometheus"))
    duration, latency = "chant_callback_duration_seconds", "chant_command_latency_seconds"
    assert found[duration].value("_sum") == pytest.approx(20500.25e-6, rel=1e-12)
    assert found[latency].value("_sum") == pytest.approx(1.00000075, rel=1e-12)


def test_prometheus_limits(tmp_path):
    """The histogram's limits hold what the daemon counted, and don't depend on it."""
    limits = []
    for histogram in (HISTOGRAM, [], [[0, 0.001, 5], [1e9, 2e9, 2]]):
        with stand_in(tmp_path, {**STATS, "histogram": histogram}) as path:
            found = exposition.parse(stats_of(path, "--prometheus"))
        (tmp_path / "standin.sock").unlink()
        family = found["chant_callback_duration_seconds"]
        counts = {
            float(dict(labels)["le"]): value
            for (name, labels), value in family.samples.items()
            if name.endswith("_bucket")
        }
        limits.append(list(counts))
        for limit, count in counts.items():
            below = sum(n for _, high, n in histogram if high * 1e-6 <= limit * (1 + 1e-8))
            assert count == below, limit
    assert limits[0] == limits[1] == limits[2]
    assert limits[0][0] < 1e-6 and 0.1 < limits[0][-2] < 1
    ratios = [b / a for a, b in zip(limits[0][:-2], limits[0][1:-1])]
    assert max(ratios) <= 1.5 + 1e-6


@pytest.mark.parametrize("name", [
    'quo"ted', "back\\slash", "two\nlines", "a{b}=,c", "Gerät – ü", "x" * 700, "é" * 500,
    "\\" * 400, "a" + "𝄞" * 300,
], ids=range(9))
def test_prometheus_labels(tmp_path, name):
    """A device may be called anything."""
    device = {**STATS["device"], "name": name}
    with stand_in(tmp_path, {**STATS, "device": device}) as path:
        found = exposition.parse(stats_of(path, "--prometheus"))
    ((_, labels),) = found["chant_device_info"].samples
    shown = dict(labels)["name"]
    assert name.startswith(shown) and len(shown.encode()) >= min(len(name.encode()), 280)


def test_prometheus_by_their_own_parser(daemon):
    """The library of those who made the format reads the real thing as we do."""
    parser = pytest.importorskip("prometheus_client.parser")
    text = stats_of(daemon.socket, "--prometheus")
    ours = exposition.parse(text)
    theirs = list(parser.text_string_to_metric_families(text))
    assert {f.name for f in theirs} == {
        name[: -len("_total")] if family.type == "counter" else name
        for name, family in ours.items()
    }
    for family in theirs:
        mine = ours.get(family.name) or ours[family.name + "_total"]
        assert family.type == mine.type and family.documentation == mine.help
        for sample in family.samples:
            assert mine.samples[sample.name, tuple(sorted(sample.labels.items()))] == sample.value


# --- the real daemon


def test_into_a_pipe(daemon, client):
    """The answer of server.stats as it is, whichever way it is asked for."""
    client.play("tone:sine?hz=440&db=-20")
    eventually(lambda: client.call("server.stats")["callback"]["count"])
    wanted = client.call("server.stats")
    for words in ([], ["--json"], ["--once", "--json"]):
        text = stats_of(daemon.socket, *words)
        assert text.count("\n") == 1
        stats = json.loads(text)
        assert list(stats) == list(wanted)
        assert list(stats["callback"]) == list(wanted["callback"])
        assert stats["device"] == wanted["device"]
        assert stats["callback"]["count"] >= wanted["callback"]["count"] > 0


def test_words_of_a_daemon(daemon, client):
    client.play("tone:sine?hz=440&db=-20")
    eventually(lambda: client.call("server.stats")["commands"]["latency"]["count"])
    said = {
        line[:10].strip(): line[10:].split()
        for line in stats_of(daemon.socket, "--once").splitlines()
    }
    assert list(said) == FACTS
    device = client.call("server.stats")["device"]
    assert said["device"][:2] == [f"{device['rate_hz'] / 1000:.1f}", "kHz"]
    assert said["period"][:3] == [f"{device['period_us']:.1f}", "µs", str(device["period"])]
    assert float(said["max"][0]) >= float(said["p50"][0]) > 0
    assert said["ring"][0] != "-" and said["applied in"][0] != "-"


def test_prometheus_counts_on(daemon, client):
    """Two scrapes of a daemon that plays: counters never fall, and the callbacks go on."""
    client.play("tone:sine?hz=440&db=-20")
    before = exposition.parse(stats_of(daemon.socket, "--prometheus"))
    frames = before["chant_callback_frames_total"].value()
    eventually(lambda: client.call("server.stats")["callback"]["frames"] > frames + 24000)
    client.call("mixer.set", gain_db=-3)
    after = exposition.parse(stats_of(daemon.socket, "--prometheus"))
    assert set(before) <= set(after)
    for name, family in before.items():
        if family.type in ("counter", "histogram"):
            for key, value in family.samples.items():
                assert after[name].samples[key] >= value, key
    duration = after["chant_callback_duration_seconds"]
    assert duration.value("_count") > before["chant_callback_duration_seconds"].value("_count")
    longest = after["chant_callback_duration_max_seconds"].value()
    mean = duration.value("_sum") / duration.value("_count")
    assert 0 < mean <= longest * (1 + 1e-6)
    # An upper end of a bucket is at most half of itself too high, see the limits.
    assert all(count == duration.value("_count")
               for (name, labels), count in duration.samples.items()
               if name.endswith("_bucket") and float(dict(labels)["le"]) > 2 * longest)


def test_frames_into_a_pipe(daemon, client):
    client.play("tone:sine?hz=440&db=-20")
    frames = [json.loads(line) for line in
              stats_of(daemon.socket, "--count", "3", "--rate", "20").splitlines()]
    assert len(frames) == 3
    counts = [frame["callback"]["count"] for frame in frames]
    assert counts == sorted(counts)
    for frame in frames:
        recent = frame["recent"]
        assert recent["count"] == sum(n for _, _, n in recent["histogram"])
        assert sum(n for _, _, n in frame["histogram"]) >= recent["count"]


# --- on a terminal


@pytest.fixture
def terminal(tmp_path):
    """chant stats in a terminal, of a daemon that the test still names."""
    screen = Screen(tmp_path, None, "stats")
    yield screen
    screen.close()


@pytest.fixture
def screen(terminal, daemon):
    """The same for the usual daemon."""
    terminal.socket = daemon.socket
    return terminal


def line_of(lines, name):
    return next(line for line in lines if line.startswith(name + " "))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
def test_view(screen, client, size):
    """Every fact on a line of its own, the bars, and below them the times up to the period."""
    client.play("tone:sine?hz=440&db=-20")
    screen.start(*size)
    lines = screen.wait_for(r"^times [1-9]\d* callbacks since the start")
    shown = [name for line in lines for name in FACTS if line.startswith(name + " ")]
    assert shown == FACTS
    ends = {re.match(r".{11} *(\S+)", line_of(lines, name)).end() for name in FACTS}
    assert ends == {20}, "the numbers stand one below the other"
    assert "█" in line_of(lines, "ring") and "·" in line_of(lines, "p50")
    assert not any("…" in line for line in lines), "nothing is cut"
    below = lines[lines.index(line_of(lines, "times")) :]
    assert any("period │" in line for line in below)
    plot = below[1:-1]
    assert len(plot) >= 5 and re.search("[▁-█]", "".join(plot))
    assert re.search(r"\d (µs|ms)", screen.wait_for(r"^ *\d+ (µs|ms).* ms *$")[-1])


def test_view_of_a_device_that_stands(screen, client):
    """There is a picture before there is a callback, and it goes on when they begin."""
    screen.start(80, 24)
    lines = screen.wait_for("^times 0 callbacks")
    assert line_of(lines, "device").endswith("standing")
    assert line_of(lines, "p50").split() == ["p50", "-"]
    client.play("tone:sine?hz=440&db=-20")
    lines = screen.wait_for("^times [1-9]")
    assert "running" in line_of(lines, "device")


def test_view_keys(screen, client):
    client.play("tone:sine?hz=440&db=-20")
    screen.start(100, 30)
    screen.wait_for("^times .* since the start, counts logarithmic")
    screen.press("t")
    screen.wait_for("^times [1-9].* of the last 5 to 10 s")
    screen.press("y")
    screen.wait_for("^times .* of the last 5 to 10 s, counts linear")
    screen.press("h")
    screen.wait_for("recent or all times")
    screen.press("h")
    screen.resize(60, 20)
    screen.wait_for("^times")
    screen.resize(12, 4)
    screen.resize(80, 24)
    screen.wait_for("^drift")
    screen.press("q")
    assert screen.exit_code() == 0


def test_view_in_ascii(screen, client):
    client.play("tone:sine?hz=440&db=-20")
    screen.start(80, 24, locale="C")
    lines = screen.wait_for("^times [1-9]")
    assert "us" in line_of(lines, "p50") and all(line.isascii() for line in lines)


def test_view_of_a_server_that_dies(terminal, make_daemon, make_jack):
    """The xrun has a cause and an age in the picture, and in every other form."""
    server = make_jack(rate_hz=44100, period=512)
    daemon = make_daemon(f"--device={server.name}", backend="jack").start()
    client = daemon.client(20)
    eventually(lambda: client.call("server.stats")["device"]["rate_hz"] == 44100)
    client.play("tone:sine?hz=440&db=-20")
    terminal.socket = daemon.socket
    lines = terminal.start(100, 30).wait_for("^times [1-9]")
    assert line_of(lines, "device").split()[1:4] == ["44.1", "kHz", "jack"]
    assert "512 frames" in line_of(lines, "period")
    # Such a server misses cycles by itself when others want the processor.
    before = client.call("server.stats")["xruns"]["server"]
    server.kill()
    eventually(lambda: client.call("server.stats")["xruns"]["server"] > before)
    assert client.call("server.stats")["xruns"]["last"]["cause"] == "server"
    terminal.wait_for(r"^last xrun .* ago, server")

    def shown():
        return int(re.search(r"server (\d+)", line_of(terminal.lines(), "xruns")).group(1))

    n = eventually(lambda: shown() > before and shown(), what="one more in the picture")
    terminal.wait_for("^device .*lost 1 time")
    found = exposition.parse(stats_of(daemon.socket, "--prometheus"))
    assert found["chant_xruns_total"].value(cause="server") >= n
    assert found["chant_xrun_last_timestamp_seconds"].value(cause="server") <= time.time()
    assert found["chant_device_lost_total"].value() == 1


def test_view_of_a_few_frames(screen, client):
    """It ends by itself, and says nothing."""
    client.play("tone:sine?hz=440&db=-20")
    screen.start(80, 24, "--count", "2", "--rate", "20")
    assert screen.exit_code() == 0
    assert "".join(screen.lines()).strip() == ""


def test_the_daemon_ends_below_a_view(screen, daemon):
    screen.start(80, 24)
    screen.wait_for("^drift")
    daemon.terminate()
    assert screen.exit_code() == 3
    assert re.search("chant: .* has gone away", "".join(screen.lines()))


def test_words_on_a_terminal(daemon):
    """--once on a terminal is no picture."""
    main, other = pty.openpty()
    process = subprocess.Popen(
        [CHANT, "stats", "--once", f"--socket={daemon.socket}"], stdout=other, stderr=other
    )
    os.close(other)
    text = b""
    with contextlib.suppress(OSError):
        while piece := os.read(main, 65536):
            text += piece
    os.close(main)
    assert process.wait(seconds(10)) == 0
    assert b"\x1b" not in text and text.count(b"\n") == len(FACTS)


# --- errors


def test_wrong_usage(daemon):
    for words in (["now"], ["--prometheus", "--json"], ["--prometheus", "--once"],
                  ["--once", "--count", "1"], ["--prometheus", "--rate", "4"], ["--rate", "0"],
                  ["--count", "few"], ["--histogram"]):
        assert stats_of(daemon.socket, *words, code=2).startswith("chant: stats: ")


def test_a_rate_that_is_too_high(daemon):
    assert "OUT_OF_RANGE" in stats_of(daemon.socket, "--rate", "121", "--count", "1", code=1)


def test_no_daemon(tmp_path):
    for words in ([], ["--json"], ["--once"], ["--prometheus"], ["--count", "1"]):
        said = stats_of(tmp_path / "none.sock", *words, code=3)
        assert "none.sock" in said and "chantd" in said


def test_help():
    text = run(CHANT, "stats", "--help").stdout
    for option in ("--once", "--prometheus", "--rate HZ", "--count N"):
        assert option in text
    assert re.search("^  stats ", run(CHANT, "help").stdout, re.MULTILINE)
