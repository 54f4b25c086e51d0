# SPDX-License-Identifier: ISC
"""device.list and chant devices: what could be played on, whatever is being played on."""

import json
import socket

import pytest

from programs import CHANT, run
from test_client import on_a_terminal, read_all
from test_jack_server import device, start

pytestmark = pytest.mark.threads

NULL = {
    "backend": "null", "id": "null", "name": "a clock, no sound", "default": True,
    "rate_hz": 48000, "channels": 2, "format": "f32",
    "period_frames": 1024, "period_min_frames": 16, "period_default_frames": 1024,
}


def of(client, backend):
    return [d for d in client.call("device.list")["devices"] if d["backend"] == backend]


def test_the_clock_is_always_there(client):
    assert of(client, "null") == [NULL]


def test_the_server_that_plays_is_told_and_not_asked(make_daemon, make_jack):
    server = make_jack(rate_hz=44100, period=512)
    _, client = start(make_daemon, server)
    for _ in range(3):
        assert of(client, "jack") == [{
            "backend": "jack", "id": server.name, "name": device(client)["device"],
            "default": False, "rate_hz": 44100, "channels": 2, "format": "f32",
            "period_frames": 512, "period_min_frames": 512, "period_default_frames": 512,
        }]
    assert of(client, "null") == [NULL]
    assert device(client)["losses"] == 0


def test_a_server_that_would_be_played_on_is_asked(make_daemon, make_jack):
    server = make_jack(rate_hz=44100, period=256)
    daemon = make_daemon(env={"JACK_DEFAULT_SERVER": server.name}).start()
    with daemon.client(20) as client:
        jack = of(client, "jack")
        assert [(d["id"], d["rate_hz"], d["period_frames"]) for d in jack] == [
            (server.name, 44100, 256)
        ]
        assert jack[0]["default"] is True
        assert of(client, "null") == [{**NULL, "default": False}]  # auto would take the server
        server.kill()
        # What is left of it may refuse, or keep us waiting; it is not there.
        answer = client.call("device.list")
        assert [d for d in answer["devices"] if d["backend"] == "jack"] == []
        assert NULL in answer["devices"]


def test_many_who_ask_at_once_all_get_an_answer(daemon):
    with daemon.client(30) as client:
        n = 200
        client.send([{"jsonrpc": "2.0", "id": i, "method": "device.list"} for i in range(n)])
        answers = client.message()
        assert [a["id"] for a in answers] == list(range(n))
        assert all(NULL in a["result"]["devices"] for a in answers)


def test_who_asks_and_goes_harms_nobody(daemon):
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(daemon.socket))
            client.sendall(b'{"jsonrpc":"2.0","id":1,"method":"device.list"}\n' * 50)
    with daemon.client(30) as client:
        assert NULL in client.call("device.list")["devices"]
        client.send({"jsonrpc": "2.0", "id": 1, "method": "device.list"})
        client.send({"jsonrpc": "2.0", "id": 2, "method": "server.shutdown"})
    assert daemon.wait() == 0


def test_the_client_lists_them(daemon):
    done = run(CHANT, f"--socket={daemon.socket}", "devices")
    assert done.returncode == 0 and NULL in json.loads(done.stdout)["devices"]
    done = run(CHANT, f"--socket={daemon.socket}", "devices", "now")
    assert done.returncode == 2 and "devices" in done.stderr


def test_a_person_sees_a_table(daemon):
    process, main = on_a_terminal(daemon, "devices")
    lines = read_all(main).splitlines()
    assert process.wait() == 0
    assert lines[0].split() == ["BACKEND", "NAME", "RATE", "USED", "LEAST", "USUAL", "ID"]
    row = next(line for line in lines if "a clock, no sound" in line)
    assert row.split()[0] in (">", "▶")
    assert row.split()[-9:] == ["48", "kHz", "2", "ch", "f32", "1024", "16", "1024", "null"]
