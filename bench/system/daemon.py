#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""What a daemon costs, beside mpd and mpv on the same file in the same run, and what it answers.

The programs take turns.  CPU is what the scheduler says that all threads of a program ran.
"""

import os
import socket
import statistics
import sys
import threading
import time

import harness
from harness import TOOLS, Chantd, JackServer, Workshop, emit, median, note, over
from peers import Cava, Mpd, Mpv

RATE_HZ = 44100  # of the file; the peers' null outputs take it as it is
FX = "10 bands + limiter + spectrum 30 Hz"


class Lengths:
    """How often and how long."""

    def __init__(self, quick):
        self.starts = 3 if quick else 15
        self.idle_s = 2 if quick else 20
        self.window_s = 2 if quick else 10
        self.rounds = 1 if quick else 3
        self.turns = 5 if quick else 25
        self.trips = 100 if quick else 400  # in a turn
        self.pipelined = 2000 if quick else 100000
        self.spectrum_rounds = 1 if quick else 5


def music(folder, seconds=300):
    """A file that is as hard to decode as music: noise of the colour of music under chords."""
    path = folder / "music.flac"
    harness.run("sox", "-R", "-n", "-r", RATE_HZ, "-c", "2", "-b", "16", path,
                "synth", seconds, "pinknoise", "pinknoise", "synth", seconds, "sine", "mix", "220",
                "sine", "mix", "331", "gain", "-9")  # fmt: skip
    path.read_bytes()
    return path


# --- start ---------------------------------------------------------------------------------------


def _first_answer(spawn, path, greeting, request):
    """Milliseconds from the start of the program to the end of its first answer."""
    began = time.monotonic()
    process = spawn()
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(path))
            break
        except OSError:
            connection.close()
            if process.poll() is not None or time.monotonic() - began > 10:
                sys.exit(f"{path}: nobody listens")
            time.sleep(0.0003)
    file = connection.makefile("rwb")
    if greeting:
        file.readline()
    file.write(request + b"\n")
    file.flush()
    file.readline()
    took = time.monotonic() - began
    file.close()
    connection.close()
    harness.end(process)
    return took * 1e3


def measure_start(shop, lengths):
    def chantd():
        path = shop.folder / "start-chantd.sock"
        words = [harness.CHANTD, "--backend=null", f"--socket={path}", "--log-level=warning"]
        return _first_answer(lambda: shop.spawn(words), path, False, VERSION)

    def mpd():
        path = shop.folder / "start" / "mpd.sock"
        path.unlink(missing_ok=True)
        return _first_answer(lambda: Mpd(shop, "start").process, path, True, b"ping")

    def mpv():
        path = shop.folder / "start-mpv.sock"
        path.unlink(missing_ok=True)
        return _first_answer(
            lambda: Mpv(shop, "start-mpv").process, path, False, PAUSE.encode()
        )

    took = {"chantd": [], Mpd.name: [], Mpv.name: []}
    for _ in range(lengths.starts):
        for name, start in zip(took, (chantd, mpd, mpv)):
            took[name].append(start())
    ours = median(took["chantd"])
    for name, values in took.items():
        more = {}
        if name == "chantd":
            more = {"ratio": over(median(took[Mpd.name]), ours), "reference": Mpd.name}
            more |= {"hold": "≤ 15 ms", "met": ours <= 15}
        emit("daemon", name, "start to first answer", "ms", values, **more)


VERSION = b'{"jsonrpc":"2.0","id":1,"method":"rpc.version"}'
MIXER = '{"jsonrpc":"2.0","id":1,"method":"mixer.get"}'
PAUSE = '{"command":["get_property","pause"]}'
STATUS = b'{"jsonrpc":"2.0","id":1,"method":"player.status"}'

# --- idle and playing ----------------------------------------------------------------------------


def observe(pids, seconds):
    """CPU in per cent of a core and context switches a second of each, over the same time."""
    before = [(harness.cpu_ns(pid), harness.switches(pid)) for pid in pids]
    began = time.monotonic()
    time.sleep(seconds)
    after = [(harness.cpu_ns(pid), harness.switches(pid)) for pid in pids]
    took = time.monotonic() - began
    return [
        (100 * (b[0] - a[0]) / took / 1e9, (b[1] - a[1]) / took) for a, b in zip(before, after)
    ]


def measure_idle(shop, lengths):
    daemons = [Chantd(shop, "idle", "--backend=null"), Mpd(shop, "idle-mpd"), Mpv(shop, "idle-mpv")]
    for peer in daemons[1:]:
        peer.ready()
    time.sleep(1)
    seen = observe([daemon.pid for daemon in daemons], lengths.idle_s)
    memory = [harness.pss_mib(daemon.pid) for daemon in daemons]
    for daemon, (cpu, switches), pss in zip(daemons, seen, memory):
        ours = daemon is daemons[0]
        more = {"hold": "0.000 %", "met": round(cpu, 3) == 0} if ours else {}
        emit("daemon", daemon.name, "idle, CPU", "%", [cpu], **more)
        more = {"hold": "0", "met": switches == 0} if ours else {}
        emit("daemon", daemon.name, "idle, context switches", "1/s", [switches], **more)
        more = {"hold": "≤ 5 MiB", "met": pss <= 5} if ours else {}
        if ours:
            more |= {"ratio": over(memory[1], pss), "reference": Mpd.name}
        emit("daemon", daemon.name, "idle, PSS", "MiB", [pss], **more)
    for daemon in daemons:
        harness.end(daemon.process)


def play_in_turn(players, path, lengths):
    """{label: [(cpu, switches, pss)…]}; each is started for its turn and ended after it."""
    found = {label: [] for label in players}
    for _ in range(lengths.rounds):
        for label, start in players.items():
            with Workshop() as turn:
                player = start(turn)
                if path:
                    player.play(path)
                time.sleep(2)
                cpu, switches = observe([player.pid], lengths.window_s)[0]
                found[label].append((cpu, switches, harness.pss_mib(player.pid)))
                note(f"  {label}: {cpu:.2f} %")
    return found


def emit_playing(where, found, holds):
    """`holds` gives for a label what its CPU and its memory are held to."""
    reference = Mpd.name
    theirs = [median([row[i] for row in found[reference]]) for i in range(3)]
    for label, rows in found.items():
        name, _, extra = label.partition(", ")
        where_all = f"{where}, {extra}" if extra else where
        kinds = (("CPU", "%"), ("context switches", "1/s"), ("PSS", "MiB"))
        for i, (kind, unit) in enumerate(kinds):
            values = [row[i] for row in rows]
            more = holds(label, kind, median(values), theirs[i])
            if name == "chantd":
                more |= {"ratio": over(theirs[i], median(values)), "reference": reference}
            emit("daemon", name, f"{where_all}, {kind}", unit, values, **more)


def start_chantd(shop, fx=False, server=None, rate_hz=RATE_HZ):
    options = ["--backend=jack", f"--device={server.name}"] if server else ["--backend=null"]
    if not server:
        options.append(f"--rate={rate_hz}")
    daemon = Chantd(shop, "chantd", *options, env=server.env if server else None)
    if fx:
        daemon.equalise(10)
    if fx and not server:
        daemon.subscribe(shop, "spectrum", rate_hz=30, bands=64)
    return daemon


def ready(peer):
    peer.ready()
    return peer


def measure_null(lengths, path):
    players = {
        "chantd": start_chantd,
        f"chantd, {FX}": lambda shop: start_chantd(shop, fx=True),
        "chantd, resampled to 48 kHz": lambda shop: start_chantd(shop, rate_hz=48000),
        Mpd.name: lambda shop: ready(Mpd(shop, "mpd")),
        Mpv.name: lambda shop: ready(Mpv(shop, "mpv")),
    }
    found = play_in_turn(players, path, lengths)

    def holds(label, kind, value, mpd):
        if kind == "PSS" and label.startswith("chantd"):
            return {"hold": "≤ 10 MiB", "met": value <= 10}
        if kind == "CPU" and label == "chantd":
            return {"hold": f"≤ mpd's ({mpd:.2f} %)", "met": value <= mpd}
        if kind == "CPU" and label == f"chantd, {FX}":
            return {"hold": "≤ 1 %", "met": value <= 1}
        return {}

    emit_playing("playing FLAC to null", found, holds)


class Silent:
    """The client that writes silence."""

    def __init__(self, shop, server):
        self.process = harness.start_echo(shop, server, "silent")[0]
        self.pid = self.process.pid
        for i, side in enumerate(("left", "right")):
            harness.run("jack_connect", f"silent:{side}", f"system:playback_{i + 1}",
                        env=server.env)  # fmt: skip

    def play(self, path):
        """Silence it is."""


def measure_jack(lengths, path):
    silent = "a client that writes silence"
    with Workshop() as shop:
        server = JackServer(shop, 256)
        players = {
            silent: lambda turn: Silent(turn, server),
            "chantd, 10 bands + limiter": lambda turn: start_chantd(turn, fx=True, server=server),
            Mpd.name: lambda turn: ready(Mpd(turn, "mpd", server)),
            Mpv.name: lambda turn: ready(Mpv(turn, "mpv", server)),
        }
        found = play_in_turn(players, path, lengths)
    least = median([row[0] for row in found[silent]])

    def holds(label, kind, value, _):
        if kind == "CPU" and label.startswith("chantd"):
            return {"hold": f"≤ 2 × the silent client ({least:.2f} %)", "met": value <= 2 * least}
        return {}

    emit_playing("playing FLAC to JACK at 256 frames", found, holds)


# --- spectrum ------------------------------------------------------------------------------------


STEREO_FRAME_BYTES = 930


def feed(fifo, path, stop):
    """Into the pipe as if it were played."""
    raw = fifo.with_suffix(".raw")
    harness.run("sox", path, "-t", "raw", "-e", "signed", "-b", "16", raw, "trim", "0", "60")
    sound = raw.read_bytes()
    step = 441 * 4
    with open(fifo, "wb", buffering=0) as pipe:
        next_at, at = time.monotonic(), 0
        while not stop.is_set():
            try:
                pipe.write(sound[at : at + step])
            except BrokenPipeError:
                return
            at = (at + step) % (len(sound) - step)
            next_at += 0.01
            time.sleep(max(0.0, next_at - time.monotonic()))


def measure_spectrum(lengths, path):
    """cava decodes nothing; of chantd what a subscriber adds to playing counts.

    With a period so short that every frame of the spectrum has sound of its own to look at.  Beside
    them a program that does nothing but wake as often and write as much: less is not to be had.
    """
    added, alone, whole, least = [], [], [], []
    with Workshop() as shop:
        daemon = Chantd(shop, "chantd", "--backend=null", f"--rate={RATE_HZ}", "--period=512")
        daemon.play(path)
        fifo = shop.folder / "pipe"
        os.mkfifo(fifo)
        stop = threading.Event()
        thread = threading.Thread(target=feed, args=(fifo, path, stop), daemon=True)
        thread.start()
        cava = Cava(shop, fifo)
        tick = shop.spawn([TOOLS / "tick_probe", 60, STEREO_FRAME_BYTES])
        time.sleep(3)
        if cava.process.poll() is not None:
            sys.exit(f"cava ended:\n{shop.log()}")
        for _ in range(lengths.spectrum_rounds):
            plain = observe([daemon.pid], lengths.window_s)[0][0]
            reader = daemon.subscribe(shop, "spectrum", rate_hz=60, bands=64, channels="each")
            time.sleep(1)
            with_it, theirs, idle = observe([daemon.pid, cava.pid, tick.pid], lengths.window_s)
            harness.end(reader)
            time.sleep(0.5)
            added.append(with_it[0] - plain)
            whole.append(with_it[0])
            alone.append(theirs[0])
            least.append(idle[0])
            note(
                f"  spectrum: {added[-1]:.2f} % more, cava {theirs[0]:.2f} %, "
                f"60 empty frames {idle[0]:.2f} %"
            )
        stop.set()
        harness.end(cava.process)
    ours = median(added)
    size = 64
    what = "stereo spectrum of 64 bands at 60 fps, CPU"
    emit("daemon", "chantd", f"{what} added to playing", "%", added,
         size=size, ratio=over(median(alone), ours), reference=Cava.name, hold="≤ 0.3 %",
         met=ours <= 0.3)  # fmt: skip
    emit("daemon", "60 wake-ups and writes", what, "%", least, size=size)
    emit("daemon", "chantd", f"{what} with playing", "%", whole, size=size)
    emit("daemon", Cava.name, what, "%", alone, size=size)


# --- requests ------------------------------------------------------------------------------------


def ask(path, greeting, request, mark, trips, pipelined):
    """Round trips in µs, and pipelined requests a second."""
    said = harness.run(
        TOOLS / "request_probe", path, int(greeting), request, mark, trips, pipelined
    ).splitlines()
    rate = float(said.pop().split()[1]) if pipelined else None
    return [int(line) / 1e3 for line in said], rate


def measure_requests(shop, lengths):
    chantd = Chantd(shop, "ask", "--backend=null")
    mpd, mpv = ready(Mpd(shop, "ask-mpd")), ready(Mpv(shop, "ask-mpv"))
    name = '{"command":["client_name"]}'
    asked = {
        "smallest request": {
            "chantd": (chantd.socket, False, MIXER, '{"jsonrpc"'),
            Mpd.name: (mpd.socket, True, "ping", "OK"),
            Mpv.name: (mpv.socket, False, name, '{"data"'),
        },
        "status": {
            "chantd": (chantd.socket, False, STATUS.decode(), '{"jsonrpc"'),
            Mpd.name: (mpd.socket, True, "status", "OK"),
            Mpv.name: (mpv.socket, False, PAUSE, '{"data"'),
        },
    }
    for what, whom in asked.items():
        trips = {label: [] for label in whom}
        rates = {label: [] for label in whom}
        for turn in range(lengths.turns):
            for label, how in whom.items():
                pipelined = lengths.pipelined if turn % 5 == 0 else 0
                more, rate = ask(*how, lengths.trips, pipelined)
                trips[label] += more
                rates[label] += [rate] if pipelined else []
        emit_requests(what, trips, rates)


def emit_requests(what, trips, rates):
    mpd_us, mpd_rate = statistics.median(trips[Mpd.name]), median(rates[Mpd.name])
    for label, values in trips.items():
        more = {}
        if label == "chantd":
            ours = median(values)
            more = {"ratio": over(mpd_us, ours), "reference": Mpd.name}
            more |= {"hold": f"p50 ≤ mpd's ({mpd_us:.1f} µs)", "met": ours <= mpd_us}
        emit("daemon", label, f"round trip, {what}", "µs", values, **more)
    for label, values in rates.items():
        more = {}
        if label == "chantd":
            ours = median(values)
            more = {"ratio": ours / mpd_rate, "reference": Mpd.name}
            more |= {"hold": "≥ 250000 a second", "met": ours >= 250000}
        emit("daemon", label, f"pipelined, {what}", "1/s", values, **more)


def main():
    options = harness.arguments(__doc__)
    absent = harness.missing("mpd", "mpv", "cava", "sox", "jackd", "jack_connect")
    if absent:
        sys.exit(f"not installed: {' '.join(absent)}")
    lengths = Lengths(options.quick)
    with Workshop() as shop:
        path = music(shop.folder)
        note("starting")
        measure_start(shop, lengths)
        note("idle")
        measure_idle(shop, lengths)
        note("requests")
        measure_requests(shop, lengths)
        note("playing to null")
        measure_null(lengths, path)
        note("playing to JACK")
        measure_jack(lengths, path)
        note("spectrum")
        measure_spectrum(lengths, path)


if __name__ == "__main__":
    main()
