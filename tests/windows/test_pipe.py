# SPDX-License-Identifier: ISC
"""The pipe of chantd.exe from outside: who may have it, and what clients may do to it."""

import json
import os
import re
import subprocess
import time

import pytest

import wine
from programs import eventually, seconds

VERSION = '{"jsonrpc":"2.0","id":1,"method":"rpc.version"}\n'


@pytest.fixture(scope="module")
def tool(prefix, tmp_path_factory):
    """Run a verb of pipe_tool.c on a pipe; what it prints."""
    program = tmp_path_factory.mktemp("pipe") / "pipe_tool.exe"
    subprocess.run(
        [wine.COMPILER, "-std=gnu11", "-O2", "-static", "-o", program, wine.HERE / "pipe_tool.c"]
        + ["-ladvapi32"],
        check=True,
    )

    def run(*words, code=0, timeout_s=120):
        result = wine.run(program, *words, timeout_s=timeout_s)
        assert result.returncode == code, (words, result.returncode, result.stderr)
        return result.stdout

    run.program = program
    return run


@pytest.fixture
def daemon(make_daemon):
    return make_daemon("--log-level=debug", backend="null").start()


@pytest.fixture
def squat(tool):
    """A pipe that is somebody else's program's, or somebody else's."""
    squatters = []

    def begin(name, *owner_and_level):
        squatter = subprocess.Popen(
            ["wine", tool.program, "squat", name, *owner_and_level],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        squatters.append(squatter)
        assert squatter.stdout.readline().strip() == "ok"

    yield begin
    for squatter in squatters:
        squatter.communicate(timeout=seconds(20))


def user_in(descriptor):
    return re.match(r"O:(S-1-5-[\d-]+)", descriptor)[1]


def test_every_instance_is_the_owners_alone(daemon, tool):
    """Many more connections than instances wait at a time: all of one descriptor."""
    lines = tool("sddl", daemon.pipe, 100).split()
    assert len(lines) == 100 and len(set(lines)) == 1
    user = user_in(lines[0])
    assert user != "S-1-5-18"
    dacl = re.search(r"D:([A-Z]*)((?:\([^)]*\))*)", lines[0])
    assert dacl[1].startswith("P"), "nothing is inherited"
    aces = sorted(re.findall(r"\(([^)]*)\)", dacl[2]))
    assert len(aces) == 2
    for ace, who in zip(aces, sorted([user, "SY"], key=lambda w: f"A;;FA;;;{w}")):
        assert re.fullmatch(rf"A;;(FA|0x1f01ff);;;{re.escape(who)}", ace), ace
    # Wine does not know the letters of a label: none for its kind, others for bits 1, 2 and 4.
    label = re.search(r"S:[A-Z]*\((?:ML)?;;(\w+);;;([\w-]+)\)", lines[0])
    assert sorted(re.findall("..", label[1])) in (["NR", "NW", "NX"], ["CC", "DC", "LC"])
    assert label[2] in ("ME", "HI", "MP", "SI") or label[2].startswith("S-1-16-")


def test_a_second_daemon_refuses(daemon, make_daemon):
    second = make_daemon("--log-level=debug", backend="null")
    second.command = [w for w in second.command if not w.startswith("--socket")]
    result = wine.run(*second.command[1:], f"--socket={daemon.pipe}")
    assert result.returncode != 0
    assert "a daemon listens on" in result.stderr and daemon.pipe in result.stderr
    assert daemon.client().call("rpc.version"), "the first is unharmed"


def test_a_squatter_of_ours(squat, tmp_path):
    name = r"\\.\pipe\chant-test-squatted"
    squat(name)
    result = wine.run(wine.CHANTD, "--backend=null", f"--socket={name}")
    assert result.returncode != 0 and "listening" not in result.stderr
    assert "pipe_tool.exe" in result.stderr or "taken, and not by you" in result.stderr


def test_a_squatter_who_is_somebody_else(squat):
    name = r"\\.\pipe\chant-test-stranger"
    squat(name, "S-1-5-21-11-22-33-1234")
    result = wine.run(wine.CHANTD, "--backend=null", f"--socket={name}")
    assert result.returncode != 0 and "not by you" in result.stderr
    assert "S-1-5-21-11-22-33-1234" in result.stderr
    told = wine.run(wine.CHANT, "status", env={"CHANT_SOCKET": name})
    assert told.returncode == 4 and "neither you nor the system" in told.stderr


@pytest.mark.parametrize(
    "levels, code",
    [(["LW"], 4), (["S-1-16-4352"], 4), (["HI", "LW"], 4), (["ME"], 6), (["HI", "ME"], 6)],
)
def test_a_pipe_of_low_integrity_is_not_spoken_to(prefix, tool, squat, daemon, levels, code):
    """It may belong to the same user and yet be that of what a web page has started."""
    name = r"\\.\pipe\chant-test-level"
    squat(name, user_in(tool("sddl", daemon.pipe)), *levels)
    told = wine.run(wine.CHANT, "status", env={"CHANT_SOCKET": name})
    assert told.returncode == code, told.stderr
    assert ("low integrity" in told.stderr) == (code == 4)


@pytest.mark.parametrize("name", [r"\\host\pipe\x", "//host/pipe/x"])
def test_another_machine_is_not_spoken_to(prefix, name):
    for program, code in ((wine.CHANTD, None), (wine.CHANT, 2)):
        words = ["--backend=null"] if program == wine.CHANTD else ["status"]
        result = wine.run(program, *words, f"--socket={name}")
        assert result.returncode == code or (code is None and result.returncode != 0)
        assert "another machine" in result.stderr


def test_two_hundred_at_once(daemon, tool):
    assert int(tool("burst", daemon.pipe, 200)) == 200
    eventually(lambda: daemon.client().call("server.status")["clients"] <= 3)


def test_ten_thousand_round_trips(daemon, tool):
    milliseconds = int(tool("trips", daemon.pipe, 10_000, timeout_s=300))
    print(f"{milliseconds / 10_000:.3f} ms a round trip")
    assert daemon.client().call("server.status")["clients"] >= 1


def test_clients_that_die_in_the_middle(daemon, tool):
    for _ in range(5):
        tool("die", daemon.pipe, code=9)
    eventually(lambda: daemon.client().call("server.status")["clients"] <= 2)


def test_who_reads_nothing_is_closed(daemon, tool):
    """Reading from it stops first; then it is closed, having drained nothing for 10 s."""
    n_bytes, error = map(int, tool("deaf", daemon.pipe).split())
    assert n_bytes < 20_000_000 and error in (109, 232)  # broken, closing
    assert "has read nothing for" in daemon.log()
    assert daemon.client().call("rpc.version")


def test_garbage(daemon):
    client = daemon.client(30)
    client.send_bytes(bytes(range(11, 256)) * 100 + b"\n")
    assert client.message()["error"]["code"] == -32700
    client.send_bytes(b"[" * 100_000 + b"\n")
    assert "error" in client.message()
    assert client.call("rpc.version")


def test_who_has_come_is_known(daemon):
    assert daemon.client().call("rpc.version")
    assert re.search(r"client \d+ has come \(pid \d+, user S-1-5-[\d-]+\)", daemon.log())


def test_raw_gets_every_answer(daemon, chant):
    """A pipe has no half to close: the answers come all the same, to the last one."""
    n = 2000
    out = chant("raw", stdin=VERSION * n)
    assert [json.loads(line)["id"] for line in out.splitlines()] == [1] * n
    (line,) = chant("raw", stdin=VERSION.rstrip("\n")).splitlines()
    assert "result" in json.loads(line)
    assert chant("raw", stdin="") == ""


def test_raw_knows_nothing_from_the_end(daemon, tool):
    """Nothing written into a pipe is read as nothing, which elsewhere is the end of a file."""
    command = f'"{wine.path(wine.CHANT)}" raw --socket={daemon.pipe}'
    (line,) = tool("feed", command).splitlines()
    assert "result" in json.loads(line)


def test_raw_waits_for_a_slow_answer(daemon, chant):
    text = '{"jsonrpc":"2.0","id":7,"method":"player.load","params":{"uris":["tone:sine?s=1"],'
    (line,) = chant("raw", stdin=text + '"play":true}}\n').splitlines()
    assert json.loads(line)["result"]["state"] == "playing"


@pytest.mark.parametrize("more", ["", "what nobody reads\n"])
def test_who_leaves_before_a_slow_answer_ends_what_he_asked_for(daemon, media, more):
    client, other = daemon.client(), daemon.client()
    scan = {"uris": [wine.path(media.sine(600, hz=300, suffix="flac"))]}
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "loudness.scan", "params": scan})
    raw = subprocess.Popen(["wine", wine.CHANT, "raw"], stdin=subprocess.PIPE,
                           env={**os.environ, **wine.WINE_ENV, "CHANT_SOCKET": daemon.pipe})
    end = '{"jsonrpc":"2.0","method":"rpc.end"}'
    raw.stdin.write(f"{line}\n{end}\n".encode())
    raw.stdin.flush()
    eventually(lambda: client.call("loudness.get")["scanning"])
    raw.stdin.write(more.encode())
    raw.stdin.flush()
    time.sleep(0.5 if more else 0)  # until it lies in the pipe
    raw.kill()
    raw.wait()
    eventually(lambda: client.call("loudness.get")["scanning"] is None)
    request = other.request("loudness.scan", scan)
    eventually(lambda: client.call("loudness.get")["scanning"])
    assert client.call("loudness.cancel") == {"cancelled": 1}
    assert other.answer(request)["result"]["cancelled"], "no scan came to its end"


def test_no_daemon(prefix):
    for verb in ("status", "raw"):
        result = wine.run(wine.CHANT, verb, env={"CHANT_SOCKET": "chant-test-nobody"})
        assert result.returncode == 3
        assert r"no daemon answers at \\.\pipe\chant-test-nobody" in result.stderr
        assert "chantd" in result.stderr
