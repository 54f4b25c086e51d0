# SPDX-License-Identifier: ISC
"""The daemon as a service: readiness, socket activation, one at a time, options, its end."""

import fcntl
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

from media import read_wav
from programs import CHANTD, SOURCE, Daemon, eventually, run, seconds
from rpc import Client
from test_play import wait_for

# --- the socket


def test_socket_is_the_owners_alone(daemon):
    mode = daemon.socket.stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) & 0o077 == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_by_a_signal(daemon, client, number):
    client.play("tone:sine?db=-30")
    daemon.process.send_signal(number)
    assert daemon.wait() == 0
    assert not daemon.socket.exists()


def test_hangup_is_survived(daemon, client):
    daemon.process.send_signal(signal.SIGHUP)
    assert client.call("rpc.version")
    assert daemon.process.poll() is None


def test_second_daemon_on_one_socket_refuses(daemon, client, tmp_path):
    second = run(CHANTD, "--backend=null", f"--socket={daemon.socket}")
    assert second.returncode not in (0, 2)
    assert str(daemon.socket) in second.stderr and "already" in second.stderr
    assert client.call("rpc.version"), "the first is unharmed"
    assert daemon.client().call("rpc.version")


def test_stale_socket_is_replaced(make_daemon):
    first = make_daemon().start()
    first.kill()
    assert first.socket.exists()
    second = make_daemon(name="second")
    second.command = [word.replace("second.sock", "d.sock") for word in second.command]
    second.socket = first.socket
    second.start()
    assert second.client().call("server.status")["pid"] == second.pid


def test_two_that_start_at_once(make_daemon, tmp_path):
    """Of several that find a stale socket together one gets it, and the others say so."""
    path = tmp_path / "race.sock"
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as stale:
            path.unlink(missing_ok=True)
            stale.bind(str(path))
        crowd = [
            subprocess.Popen(
                [CHANTD, "--backend=null", f"--socket={path}"],
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
            )
            for _ in range(4)
        ]
        eventually(lambda: sum(one.poll() is None for one in crowd) == 1)
        (winner,) = [one for one in crowd if one.poll() is None]
        with Client(path) as client:
            assert client.call("server.status")["pid"] == winner.pid
        winner.terminate()
        assert winner.wait(seconds(10)) == 0


def test_what_is_no_socket_is_left_alone(tmp_path):
    path = tmp_path / "precious.txt"
    path.write_text("data")
    result = run(CHANTD, "--backend=null", f"--socket={path}")
    assert result.returncode not in (0, 2) and str(path) in result.stderr
    assert path.read_text() == "data"


def test_no_such_directory(tmp_path):
    path = tmp_path / "none" / "c.sock"
    result = run(CHANTD, "--backend=null", f"--socket={path}")
    assert result.returncode == 1 and f"{path}: no such directory" in result.stderr


def test_a_folder_that_somebody_holds(make_daemon, tmp_path):
    """Daemons lock it while they bind; nobody else can keep them from starting by that."""
    folder = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        assert make_daemon().start().client().call("rpc.version")
    finally:
        os.close(folder)


def test_a_path_that_is_too_long(tmp_path):
    result = run(CHANTD, "--backend=null", f"--socket=/tmp/{'x' * 200}")
    assert result.returncode != 0 and "long" in result.stderr


@pytest.mark.parametrize("variable", ["CHANT_SOCKET", "XDG_RUNTIME_DIR"])
def test_where_it_listens_by_the_environment(make_daemon, tmp_path, variable):
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    path = tmp_path / "e.sock" if variable == "CHANT_SOCKET" else runtime / "chant" / "chant.sock"
    value = path if variable == "CHANT_SOCKET" else runtime
    daemon = make_daemon(env={"CHANT_SOCKET": "", "XDG_RUNTIME_DIR": "", variable: str(value)})
    daemon.command = [word for word in daemon.command if not word.startswith("--socket")]
    daemon.socket = path
    daemon.start()
    assert daemon.client().call("server.status")["socket"] == str(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700 or variable == "CHANT_SOCKET"


# --- the service manager


@pytest.fixture
def notified(tmp_path):
    """A datagram socket such as systemd's, and what it has heard."""
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(str(tmp_path / "notify"))
    receiver.settimeout(seconds(10))
    yield receiver, str(tmp_path / "notify")
    receiver.close()


def has_systemd(daemon):
    return "systemd" in daemon.client().call("rpc.version")["features"]


def test_ready_when_it_can_play(make_daemon, notified):
    receiver, path = notified
    daemon = make_daemon(env={"NOTIFY_SOCKET": path}).start()
    if not has_systemd(daemon):
        pytest.skip("built without systemd")
    lines = receiver.recv(4096).decode().splitlines()
    assert "READY=1" in lines
    assert any(line.startswith("STATUS=") and "48000" in line for line in lines)
    assert daemon.client().play("tone:sine?db=-40&s=1")["state"] == "playing"
    daemon.terminate()
    assert "STOPPING=1" in receiver.recv(4096).decode()


def test_not_ready_without_a_device(make_daemon, notified):
    """A JACK server that is not there: it waits, and does not say that it is ready."""
    receiver, path = notified
    daemon = make_daemon("--device=chant-nobody", backend="jack", env={"NOTIFY_SOCKET": path})
    daemon.start()
    client = daemon.client()
    if "backend.jack" not in client.call("rpc.version")["features"]:
        pytest.skip("built without JACK")
    eventually(lambda: client.call("server.status")["device"]["state"] == "lost")
    receiver.settimeout(0.3)
    with pytest.raises(TimeoutError):
        receiver.recv(4096)
    error = client.refusal("player.load", uris=["tone:sine"], play=True)
    assert error.name == "NO_DEVICE" and "chant-nobody" in error.data["detail"]


def test_socket_activation(make_daemon, tmp_path):
    """systemd-socket-activate listens, and starts the daemon at the first connection."""
    path = tmp_path / "activated.sock"
    daemon = make_daemon(prefix=["systemd-socket-activate", "-l", path], name="unused")
    daemon.command = [word for word in daemon.command if not word.startswith("--socket")]
    # It exits with what the daemon exits with, having become it.
    daemon.spawn()
    eventually(path.exists)
    daemon.socket = path
    client = daemon.client()
    version = client.call("rpc.version")
    if "systemd" not in version["features"]:
        pytest.skip("built without systemd")
    status = client.call("server.status")
    assert status["pid"] == daemon.pid and status["socket"] == str(path)
    assert client.play("tone:sine?db=-40&s=1")["state"] == "playing"
    daemon.terminate()
    assert daemon.wait() == 0
    assert path.exists(), "the socket is the service manager's"


def test_units_are_valid(tmp_path):
    """What systemd itself says to the two units, with the path that configure fills in."""
    folder = SOURCE / "systemd"
    service = (folder / "chantd.service.in").read_text().replace("@bindir@", str(CHANTD.parent))
    assert not re.search(r"@\w+@", service) and "Type=notify" in service.splitlines()
    assert f"ExecStart={CHANTD}" in service
    (tmp_path / "chantd.service").write_text(service)
    shutil.copy(folder / "chantd.socket", tmp_path)
    units = [tmp_path / "chantd.service", tmp_path / "chantd.socket"]
    runtime = {"XDG_RUNTIME_DIR": str(tmp_path)}
    checked = run("systemd-analyze", "--user", "--man=no", "verify", *units, env=runtime)
    ours = [line for line in checked.stderr.splitlines() if "chantd" in line]
    assert checked.returncode == 0 and ours == [], checked.stderr


# --- options


def test_help_and_version():
    text = run(CHANTD, "--help")
    assert text.returncode == 0 and text.stderr == ""
    options = set(re.findall(r"^  (--[a-z-]+)", text.stdout, re.MULTILINE))
    assert options >= {"--backend", "--device", "--rate", "--period", "--connect", "--socket",
                       "--log-level", "--render", "--help", "--version"}
    version = run(CHANTD, "--version")
    assert version.returncode == 0
    assert re.fullmatch(r"chantd \d+\.\d+\.\d+\n", version.stdout)


@pytest.mark.parametrize(
    "words",
    [
        ["--rate=0"],
        ["--rate=10000000"],
        ["--rate=-48000"],
        ["--rate=48000x"],
        ["--rate="],
        ["--period=0"],
        ["--period=100000"],
        ["--period=1e3"],
        ["--backend=oss"],
        ["--backend=file"],
        ["--log-level=loud"],
        ["--socket="],
        ["--max-line=10"],
        ["--render=out.wav"],
        ["--render=out.wav", "--gain=13", "in.wav"],
        ["--render=out.wav", "--gain=nan", "in.wav"],
        ["--render=out.wav", "--format=s32", "in.wav"],
        ["--render=out.wav", "--limiter=maybe", "in.wav"],
        ["--colour=red"],
        ["music.flac"],
    ],
    ids=" ".join,
)
def test_bad_options(words, tmp_path):
    """Exit 2, and a message that names the option or the word."""
    result = run(CHANTD, *words, cwd=tmp_path)
    assert result.returncode == 2 and result.stdout == ""
    name = words[-1 if "=" not in words[-1] and len(words) == 1 else max(0, len(words) - 2)]
    assert name.lstrip("-").partition("=")[0] in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_bad_pattern_of_ports(make_jack, tmp_path):
    server = make_jack()
    result = run(CHANTD, "--backend=jack", f"--device={server.name}", "--connect=((",
                 f"--socket={tmp_path / 'x.sock'}")
    assert result.returncode == 1 and "((" in result.stderr


def test_rate_and_period_of_the_null_backend(make_daemon):
    client = make_daemon("--rate=44100", "--period=256").start().client()
    device = client.call("server.status")["device"]
    assert (device["backend"], device["rate_hz"], device["period"]) == ("null", 44100, 256)
    assert device["state"] == "open" and device["running"] is False
    client.play("tone:sine?db=-40&s=1")
    assert client.call("server.status")["device"]["running"] is True


def test_auto_is_null_where_no_jack_answers(make_daemon):
    daemon = make_daemon(backend="auto", env={"JACK_DEFAULT_SERVER": "chant-nobody"}).start()
    client = daemon.client()
    eventually(lambda: client.call("server.status")["device"]["backend"] == "null")
    assert client.play("tone:sine?db=-40&s=1")["state"] == "playing"


def test_file_backend_writes_what_is_played(make_daemon, media, tmp_path):
    out = tmp_path / "out.wav"
    daemon = make_daemon(f"--device={out}", backend="file").start()
    client = daemon.client()
    path = media.sine(1.0, db=-6)
    client.play(path)
    wait_for(client, state="stopped")
    daemon.terminate()
    assert daemon.wait() == 0
    samples, rate_hz, _ = read_wav(out)
    source, _, _ = read_wav(path)
    assert rate_hz == 48000
    assert abs(samples).max() == pytest.approx(abs(source).max(), rel=1e-6)


def test_a_device_file_that_can_not_be_written(tmp_path):
    """No server that may come later: it ends and says why."""
    path = tmp_path / "none" / "out.wav"
    result = run(
        CHANTD, "--backend=file", f"--device={path}", f"--socket={tmp_path}/d.sock", timeout_s=20
    )
    assert result.returncode == 1
    assert f"{path} cannot be written" in result.stderr
    assert not (tmp_path / "d.sock").exists()


def test_start_to_first_answer(tmp_path):
    """Measured and printed: machines differ."""
    best = 1e9
    for n in range(5):
        daemon = Daemon(tmp_path, name=f"t{n}")
        begin = time.monotonic()
        daemon.spawn()
        while True:
            try:
                client = daemon.client()
                client.call("rpc.version")
                break
            except OSError:
                os.sched_yield()
        best = min(best, time.monotonic() - begin)
        daemon.stop()
    print(f"start to first answer: {1000 * best:.1f} ms")
