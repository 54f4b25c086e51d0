# SPDX-License-Identifier: ISC
"""Who may speak to the daemon: its owner, root, and whom a unit of a socket lets in."""

import json
import os
import pathlib
import re
import subprocess
import tempfile

import pytest

from programs import eventually, seconds

VERSION = '{"jsonrpc":"2.0","id":1,"method":"rpc.version"}\n'
SHUTDOWN = '{"jsonrpc":"2.0","id":1,"method":"server.shutdown"}\n'
NOBODY = 65534


def say_as(user, path, text):
    """What a client of another user is told; it is said before he has asked for anything."""
    script = f"""if True:
        import socket, sys
        s = socket.socket(socket.AF_UNIX)
        s.connect(sys.argv[1])
        s.sendall(sys.argv[2].encode())
        s.shutdown(socket.SHUT_WR)
        try:
            while piece := s.recv(65536):
                sys.stdout.write(piece.decode())
        except ConnectionResetError:  # what we said was not even read
            pass"""
    command = ["/usr/bin/python3", "-c", script, str(path), text]
    return subprocess.run(command, user=user, group=user, extra_groups=[], check=True, text=True,
                          stdout=subprocess.PIPE, timeout=seconds(30), cwd="/").stdout


@pytest.fixture
def open_folder():
    """A folder that everybody may enter, unlike pytest's."""
    if os.getuid() != 0:
        pytest.skip("only root can speak as another user")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        yield pathlib.Path(folder)


def test_a_stranger_is_refused(make_daemon, open_folder):
    """The socket was opened wide by hand: who is no owner and not root is told so, once."""
    daemon = make_daemon("--log-level=debug").start()
    path = open_folder / "wide.sock"
    os.chmod(daemon.socket, 0o666)
    os.chmod(daemon.socket.parent, 0o711)
    os.rename(daemon.socket, path)
    try:
        (line,) = say_as(NOBODY, path, SHUTDOWN).splitlines()
        assert '"result"' in say_as(0, path, VERSION)
    finally:
        os.rename(path, daemon.socket)
    message = json.loads(line)
    assert message["id"] is None and message["error"]["data"]["name"] == "DENIED"
    assert str(NOBODY) in message["error"]["data"]["detail"]
    assert daemon.client().call("rpc.version")
    assert re.search(r"client \d+ has come \(pid \d+, user 65534\)", daemon.log())
    assert re.search(r"client \d+ has come \(pid \d+, user 0\)", daemon.log())


def test_a_unit_of_a_socket_may_let_strangers_in(make_daemon, open_folder):
    """Who may connect to a socket that the service manager made is the administrator's choice."""
    path = open_folder / "activated.sock"
    daemon = make_daemon(prefix=["systemd-socket-activate", "-l", path], name="unused")
    daemon.command = [word for word in daemon.command if not word.startswith("--socket")]
    daemon.spawn()
    eventually(path.exists)
    os.chmod(path, 0o666)
    daemon.socket = path
    if "systemd" not in daemon.client().call("rpc.version")["features"]:
        pytest.skip("built without systemd")
    text = say_as(NOBODY, path, VERSION)
    assert "result" in json.loads(text)
