# SPDX-License-Identifier: ISC
"""How the daemon is begun and ended on Windows: service manager, console, session; and its log."""

import fcntl
import json
import os
import pty
import re
import select
import subprocess

import pytest

import wine
from programs import eventually, seconds
from wine import CHANTD, COMPILER, HERE, path

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warning|info|debug): .+")


def lines_of(log):
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    for line in lines:
        assert LINE.fullmatch(line), line
    return lines


def says(log, text):
    return eventually(lambda: [line for line in lines_of(log) if text in line], what=text)


def kept_gain(state):
    return json.loads(state.read_text("utf-8"))["mixer"]["gain_db"] if state.exists() else None


# --- the service manager


@pytest.fixture
def service(prefix):
    """Runs chantd.exe and net.exe; no service is left behind.

    A prefix has one service of this name, so one test has it at a time.
    """

    def manage(*words, code=0, stdin=""):
        done = wine.run(*words, stdin=stdin)
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    with open(prefix.folder / "service", "w", encoding="ascii") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        manage(CHANTD, "--remove-service", code=None)
        yield manage
        manage(CHANTD, "--remove-service", code=None)


def start(service):
    """What net.exe says when it could try: a manager that is starting another one refuses."""

    def tried():
        said = service("net", "start", "chantd", code=None)
        return "database locked" not in said and said

    return eventually(tried, timeout_s=60, every_s=0.5)


def state_of(service):
    """What `sc query` says, by name."""
    return dict(re.findall(r"^\s*(\w+)\s*: (\S+)", service("sc", "query", "chantd"), re.MULTILINE))


def test_service_from_beginning_to_end(service, bridge, tmp_path):
    log, state = tmp_path / "söng log.txt", tmp_path / "state.json"
    options = (
        "--backend=null",
        "--socket=chant-test-service",
        f"--log-file={path(log)}",
        f"--state={path(state)}",
    )
    said = service(CHANTD, "--install-service", *options)
    assert "NT SERVICE\\chantd" in said and "net start chantd" in said
    assert "started successfully" in start(service)
    assert state_of(service)["STATE"] == "4"  # RUNNING: it listens
    assert bridge.answers("chant-test-service")
    says(log, "listening on")
    service("net", "stop", "chantd")
    after = state_of(service)
    assert after["STATE"] == "1" and after["WIN32_EXIT_CODE"] == "0"
    assert says(log, "the service is stopped: ending")
    assert not bridge.answers("chant-test-service")
    # Once more: other options, the same service.
    said = service(CHANTD, "--install-service", *options[:3], "--no-restore")
    assert "has these options now" in said
    assert "started successfully" in start(service)
    # Removing stops it first.
    service(CHANTD, "--remove-service")
    assert len(says(log, "ending")) == 2
    assert "no service chantd" in service(CHANTD, "--remove-service", code=5)


def test_service_that_cannot_start_says_its_exit_code(service, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    log = tmp_path / "x.log"
    options = ("--backend=null", "--no-restore", f"--log-file={path(log)}")
    service(CHANTD, "--install-service", *options, "--socket=a/b")
    start(service)
    assert says(log, "error: ")
    stopped = eventually(lambda: (s := state_of(service))["STATE"] == "1" and s)
    # ERROR_SERVICE_SPECIFIC_ERROR, which failure actions count.
    assert stopped["WIN32_EXIT_CODE"] == "1066" and stopped["SERVICE_EXIT_CODE"] == "1"


@pytest.mark.parametrize(
    "words, code, hint",
    [
        (["--service"], 2, "net start chantd"),
        (["--install-service", "--remove-service"], 2, "exclude"),
        (["--service-user=x"], 2, "belongs to --install-service"),
        (["--install-service", "--render=x.wav", "y.wav"], 2, "does not render"),
        (["--install-service", "--rate=1"], 2, "--rate=1"),
        (["--remove-service", "--rate=48000"], 2, "no other options"),
        (["--install-service", "--service-user=nobody-of-this-name"], 1, "no such account"),
        (["--install-service", "--service-user=LocalService"], 1, "would not trust it"),
    ],
)
def test_what_makes_no_sense_is_refused(service, words, code, hint):
    assert hint in service(CHANTD, *words, code=code)


# --- the console and the session


def test_ctrl_c_at_a_console(prefix, tmp_path):
    log = tmp_path / "x.log"
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(wine.WINE_ENV)
        os.execvp(
            "wine",
            ["wine", str(CHANTD), "--backend=null", "--no-restore", "--socket=chant-test-console"]
            + [f"--log-file={path(log)}"],
        )
    try:
        said = b""
        eventually(lambda: any("playing on" in line for line in lines_of(log)))
        os.write(terminal, b"\x03")
        while select.select([terminal], [], [], seconds(20))[0]:
            try:
                said += os.read(terminal, 4096)
            except OSError:
                break
    finally:
        os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said
    assert "Ctrl-C: ending" in lines_of(log)[-1]


def test_the_end_of_the_session(make_daemon, tmp_path):
    """The gain that was just set is kept, though Windows waits for nothing but the message."""
    state = tmp_path / "state.json"
    daemon = make_daemon(f"--state={path(state)}", backend="null").start()
    with daemon.client() as client:
        client.call("mixer.set", gain_db=-7.5)
        pid = client.call("server.status")["pid"]
    program = tmp_path / "session_end.exe"
    subprocess.run(
        [COMPILER, "-std=gnu11", "-O2", "-o", program, HERE / "session_end.c"], check=True
    )
    done = wine.run(program, str(pid))
    if done.returncode == 77:
        pytest.skip("this Wine makes no windows without a screen")
    assert done.returncode == 0, done.stdout
    assert daemon.wait() == 0
    assert "the user logs off: ending" in daemon.log()
    assert kept_gain(state) == -7.5


def test_it_can_be_asked_to_close(make_daemon, tmp_path):
    """What taskkill does, and the Task Manager before it kills."""
    state = tmp_path / "state.json"
    daemon = make_daemon(f"--state={path(state)}", backend="null").start()
    with daemon.client() as client:
        client.call("mixer.set", gain_db=-7.5)
        pid = client.call("server.status")["pid"]
    if "no window" in daemon.log():
        pytest.skip("this Wine makes no windows without a screen")
    wine.run("taskkill", "/PID", str(pid))
    assert daemon.wait() == 0
    assert "asked to close: ending" in daemon.log()
    assert kept_gain(state) == -7.5


# --- the log


def test_log_can_be_renamed_while_it_is_written(make_daemon, tmp_path):
    log, old = tmp_path / "x ü.log", tmp_path / "old.log"
    daemon = make_daemon(f"--log-file={path(log)}", backend="null").start()
    moved = wine.run("cmd", "/c", "ren", path(log).replace("/", "\\"), "old.log")
    assert moved.returncode == 0, moved.stdout + moved.stderr
    daemon.stop()
    assert "ending" in lines_of(old)[-1]


def test_log_that_cannot_be_written(prefix, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = wine.run(CHANTD, "--backend=null", f"--log-file={path(blocked)}/x.log")
    assert done.returncode == 1 and "--log-file=" in done.stderr
