# SPDX-License-Identifier: ISC
"""The wire: envelopes, ids, batches, errors, limits, and what can go wrong on a line."""

import json
import os
import random
import signal
import socket
import subprocess
import threading
import time

import pytest

from programs import SANITIZER, eventually, run, seconds
from rpc import Closed

STATUS = b'{"jsonrpc":"2.0","id":1,"method":"player.status"}'


def ask(client, line):
    """The answer to one line of bytes."""
    client.send_bytes(line + b"\n")
    return client.message()


def error_name(message):
    return message["error"]["data"]["name"]


# --- envelope


def test_silent_until_spoken_to(client):
    with pytest.raises(TimeoutError):
        client.line(0.3)


def test_version(client):
    version = client.call("rpc.version")
    assert version["protocol"] == {"major": 1, "minor": 0}
    assert version["daemon"].startswith("chantd ") and "batch" in version["features"]


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-1",
        "9007199254740992",
        "-9007199254740992",
        "9007199254740991",
        '""',
        '"a\\"b\\\\c\\n\\u0001"',
        '"süß \U0001f3b5"',
        '"\\ud83c\\udfb5"',
        '"' + "x" * 1000 + '"',
    ],
)
def test_id_comes_back_exactly(client, text):
    client.send_bytes(b'{"jsonrpc":"2.0","id":%s,"method":"rpc.version"}\n' % text.encode())
    line = client.line()
    answer = json.loads(line)
    wanted = json.loads(text)
    assert answer["id"] == wanted and isinstance(answer["id"], type(wanted))
    if not text.startswith('"'):
        assert b'"id":%s,' % text.encode() in line


def test_id_null_and_fraction(client):
    assert ask(client, b'{"jsonrpc":"2.0","id":null,"method":"rpc.version"}')["id"] is None
    assert ask(client, b'{"jsonrpc":"2.0","id":1.5,"method":"rpc.version"}')["id"] == 1.5


@pytest.mark.parametrize("text", ["{}", "[1]", "true"])
def test_id_of_another_kind(client, text):
    answer = ask(client, b'{"jsonrpc":"2.0","id":%s,"method":"rpc.version"}' % text.encode())
    assert error_name(answer) == "INVALID_REQUEST" and answer["id"] is None


def test_notifications_are_not_answered(client):
    client.send({"jsonrpc": "2.0", "method": "mixer.set", "params": {"gain_db": -3}})
    client.send({"jsonrpc": "2.0", "method": "no.such.method"})
    client.send({"jsonrpc": "2.0", "method": "mixer.set", "params": {"nonsense": 1}})
    assert client.call("mixer.get")["gain_db"] == -3


def test_unknown_members_of_the_envelope_are_ignored(client):
    assert "result" in ask(client, STATUS[:-1] + b',"trace":[1,{"a":2}]}')


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"1.0","id":1,"method":"player.status"}',
        b'{"jsonrpc":2.0,"id":1,"method":"player.status"}',
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":1,"method":7}',
        b'{"jsonrpc":"2.0","id":1,"method":"player.status","params":[1]}',
        b'{"jsonrpc":"2.0","id":1,"method":"player.status","params":"x"}',
    ],
)
def test_invalid_requests(client, line):
    answer = ask(client, line)
    assert answer["error"]["code"] == -32600 and error_name(answer) == "INVALID_REQUEST"
    assert answer["id"] == 1
    assert "result" in ask(client, STATUS)


@pytest.mark.parametrize("line", [b"1", b'"x"', b"null", b"true", b"[]"])
def test_not_an_object(client, line):
    answer = ask(client, line)
    assert error_name(answer) == "INVALID_REQUEST" and answer["id"] is None


@pytest.mark.parametrize(
    "line",
    [
        b"hello",
        b"{",
        b'{"jsonrpc":"2.0",}',
        b'{"a":1}}',
        b"{'a':1}",
        b'{"a":01}',
        b'{"a":.5}',
        b'{"a":+1}',
        b'{"a":NaN}',
        b'{"a":1e}',
        b'{"a":"\t"}',
        b'{"a":"\\x41"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":"\xc0\xaf"}',
        b'{"a":"\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        b'{"a":1} {"b":2}',
        b"[1,2",
        b"\x00",
        b'{"a":1e999}',
        b"/* */ {}",
    ],
)
def test_what_is_not_json(client, line):
    answer = ask(client, line)
    assert answer["id"] is None
    assert error_name(answer) in ("PARSE_ERROR", "INVALID_REQUEST"), answer
    if line not in (b"\x00", b'{"a":1e999}'):
        assert answer["error"]["code"] == -32700
    assert "result" in ask(client, STATUS)


def test_unknown_method_and_parameter(client):
    error = client.refusal("player.dance")
    assert (error.code, error.name) == (-32601, "METHOD_NOT_FOUND") and "dance" in str(error)
    error = client.refusal("player.status", volume=3)
    assert (error.code, error.name) == (-32602, "INVALID_PARAMS")
    assert error.data["param"] == "volume"
    error = client.refusal("mixer.set", gain_db="loud")
    assert error.name == "INVALID_PARAMS" and error.data["param"] == "gain_db"
    error = client.refusal("mixer.set", gain_db=12.5)
    assert (error.code, error.name) == (-32001, "OUT_OF_RANGE")
    error = client.refusal("queue.add")
    assert error.name == "INVALID_PARAMS" and error.data["param"] == "uris"
    error = client.refusal("rpc.version", x=1)
    assert error.data["param"] == "x"


METHODS = [
    "rpc.version",
    *("server.status", "server.stats", "device.list"),
    *("player." + m for m in "status play pause resume toggle stop next previous seek".split()),
    *("player.load", "player.mode"),
    *("queue." + m for m in "list add remove move clear".split()),
    *("mixer." + m for m in "get set adjust".split()),
    *("eq." + m for m in "get set band graphic response".split()),
    *("subscribe", "unsubscribe"),
]


PARAMS = (
    "player id uris play position_s delta_s repeat random single consume crossfade_s at ids to "
    "offset limit strip gain_db mute pan ramp_ms delta_db min_db max_db bands preamp_db bypass "
    "design index type freq_hz q slope order family bypass_left bypass_right layout gains_db "
    "channel points freqs_hz topics sub spectrum meter rt rate_hz histogram"
).split()
VALUES = [None, True, -1, 1e300, "x" * 5000, [], [None], [0.5], {}, {"a": {}}]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_survives_every_kind_of_value(client, method):
    """Whatever stands in whatever parameter: an answer comes, and it is never INTERNAL."""
    for value in VALUES:
        for name in PARAMS:
            message = client.answer(client.request(method, {name: value}))
            assert "result" in message or message["error"]["data"]["name"] != "INTERNAL", message


# --- batches


def test_batch_answers_in_order(client):
    client.send(
        [
            {"jsonrpc": "2.0", "id": "a", "method": "rpc.version"},
            {"jsonrpc": "2.0", "method": "mixer.set", "params": {"gain_db": -1}},
            7,
            {"jsonrpc": "2.0", "id": "b", "method": "nonsense"},
            {"jsonrpc": "2.0", "id": "c", "method": "mixer.get"},
        ]
    )
    answers = client.message()
    assert [answer["id"] for answer in answers] == ["a", None, "b", "c"]
    assert error_name(answers[1]) == "INVALID_REQUEST"
    assert error_name(answers[2]) == "METHOD_NOT_FOUND"
    assert answers[3]["result"]["gain_db"] == -1


def test_batch_of_as_many_as_the_manual_says(client):
    for n, well in [(1024, True), (1025, False)]:
        client.send([{"jsonrpc": "2.0", "id": i, "method": "rpc.version"} for i in range(n)])
        answer = client.message()
        if well:
            assert [each["id"] for each in answer] == list(range(n))
        else:
            assert error_name(answer) == "INVALID_REQUEST"
            assert "1024 requests" in answer["error"]["data"]["detail"]


def test_batch_of_notifications_is_not_answered(client):
    client.send([{"jsonrpc": "2.0", "method": "mixer.get"}] * 3)
    assert client.call("rpc.version")


def test_a_batch_waits_for_its_slowest(client, media):
    """Two of these are answered only when their change is heard."""
    client.send(
        [
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "player.load",
                "params": {"uris": [str(media.sine(3))], "play": True},
            },
            {"jsonrpc": "2.0", "id": 2, "method": "mixer.set", "params": {"gain_db": -6}},
            {"jsonrpc": "2.0", "id": 3, "method": "rpc.version"},
        ]
    )
    assert [answer["id"] for answer in client.message()] == [1, 2, 3]


# --- lines


def test_crlf_and_empty_lines(client):
    client.send_bytes(b"\r\n\n   \n" + STATUS + b"\r\n\n")
    assert client.message()["result"]["state"] == "stopped"
    assert "result" in ask(client, b"  " + STATUS + b"\t ")


def test_in_single_bytes(client):
    for byte in STATUS + b"\n":
        client.send_bytes(bytes([byte]))
    assert "result" in client.message()


def test_many_requests_at_once_are_answered_in_order(client):
    n = 5000
    text = b"".join(
        b'{"jsonrpc":"2.0","id":%d,"method":"%s"}\n'
        % (i, (b"rpc.version", b"player.status", b"mixer.get")[i % 3])
        for i in range(n)
    )
    sender = threading.Thread(target=client.send_bytes, args=(text,))
    sender.start()
    for i in range(n):
        message = client.message()
        assert message["id"] == i and "result" in message
    sender.join()


def test_changes_keep_their_order(client):
    """Answers that wait for the sound come in the order of their requests, too."""
    client.play("tone:sine?db=-40")
    ids = [client.request("mixer.set", {"gain_db": -(i % 40)}) for i in range(300)]
    gains = [client.answer(i)["result"]["gain_db"] for i in ids]
    assert gains == [-(i % 40) for i in range(300)]


def test_a_line_that_is_too_long(client):
    long = b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * (1 << 20) + b'"}'
    answer = ask(client, long)
    assert error_name(answer) == "LINE_TOO_LONG" and answer["id"] is None
    assert answer["error"]["code"] == -32000
    assert "result" in ask(client, STATUS)


def test_a_line_that_just_fits(client):
    exact = STATUS + b" " * ((1 << 20) - len(STATUS))
    assert "result" in ask(client, exact)
    assert error_name(ask(client, exact + b" ")) == "LINE_TOO_LONG"


def test_the_limit_is_an_option(make_daemon):
    client = make_daemon("--max-line=2000").start().client()
    assert error_name(ask(client, STATUS + b" " * 2000)) == "LINE_TOO_LONG"
    assert "result" in ask(client, STATUS)


def test_ten_megabytes_without_a_newline(daemon, client):
    client.call("rpc.version")
    before = daemon.rss_kib()
    for _ in range(10):
        client.send_bytes(b"x" * (1 << 20))
    with daemon.client() as other:
        other.call("rpc.version")
        assert daemon.rss_kib() - before < 4 * 1024
    client.send_bytes(b"\n" + STATUS + b"\n")
    assert error_name(client.message()) == "LINE_TOO_LONG"
    assert "result" in client.message()


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_deep_nesting(client, opening):
    answer = ask(client, opening * ((1 << 20) // len(opening) - 1))
    assert error_name(answer) == "PARSE_ERROR"
    answer = ask(client, opening * 1_000_000)
    assert error_name(answer) in ("PARSE_ERROR", "LINE_TOO_LONG")
    assert "result" in ask(client, STATUS)


def test_nesting_to_the_limit(client):
    def nested(depth):
        return STATUS[:-1] + b',"x":' + b"[" * depth + b"]" * depth + b"}"

    assert "result" in ask(client, nested(31))
    assert error_name(ask(client, nested(32))) == "PARSE_ERROR"


def test_garbage(client):
    rng = random.Random(7)
    for _ in range(50):
        line = bytes(rng.choice(b"{}[]\",:\\abc019.-+eE \xff\xc3\x00tn") for _ in range(200))
        client.send_bytes(line + b"\n")
    while True:
        client.send_bytes(b'{"jsonrpc":"2.0","id":"end","method":"rpc.version"}\n')
        for _ in range(60):
            message = client.message()
            if isinstance(message, dict) and message["id"] == "end":
                return
            assert isinstance(message, list) or "error" in message


def test_half_a_line_then_gone(daemon):
    for n in (1, 20, len(STATUS)):
        client = daemon.client()
        client.send_bytes(STATUS[:n])
        client.close()
    status = daemon.client().call("server.status")
    assert status["clients"] >= 1
    eventually(lambda: daemon.client().call("server.status")["clients"] <= 5)


# --- half-close


def test_half_close_gets_all_answers(client):
    client.send_bytes((STATUS + b"\n") * 100)
    client.end()
    lines = client.rest()
    assert len(lines) == 100 and all(b'"result"' in line for line in lines)


def test_half_close_without_a_newline(client):
    client.send_bytes(STATUS)
    client.end()
    (line,) = client.rest()
    assert json.loads(line)["id"] == 1


def test_half_close_waits_for_the_sound(client, media):
    client.request("player.load", {"uris": [str(media.sine(1))], "play": True})
    client.end()
    (line,) = client.rest()
    assert json.loads(line)["result"]["state"] == "playing"


def test_half_close_ends_subscriptions(client):
    client.request("subscribe", {"topics": ["player"]})
    client.end()
    assert len(client.rest()) == 1


def test_an_end_that_is_said_is_as_good(client):
    """rpc.end, for where a connection can't be closed by half: what came before is answered."""
    end = b'{"jsonrpc":"2.0","id":"end","method":"rpc.end"}\n'
    client.send_bytes((STATUS + b"\n") * 100 + end + (STATUS + b"\n") * 10)
    lines = client.rest()
    assert len(lines) == 101 and all(b'"result"' in line for line in lines)
    assert json.loads(lines[-1]) == {"jsonrpc": "2.0", "id": "end", "result": {}}


def test_an_end_without_an_id_is_not_answered(client, media):
    client.request("player.load", {"uris": [str(media.sine(1))], "play": True})
    client.send({"jsonrpc": "2.0", "method": "rpc.end"})
    (line,) = client.rest()
    assert json.loads(line)["result"]["state"] == "playing"


def test_an_end_in_a_batch(client):
    client.send([{"jsonrpc": "2.0", "id": i, "method": m}
                 for i, m in enumerate(("rpc.version", "rpc.end", "player.status"))])
    (line,) = client.rest()
    assert [answer["id"] for answer in json.loads(line)] == [0, 1, 2]


def test_a_peer_that_leaves_before_its_answer(daemon, media):
    for _ in range(20):
        client = daemon.client()
        client.request("player.load", {"uris": [str(media.sine(1))], "play": True})
        client.request("mixer.set", {"gain_db": -3})
        client.close()
    assert daemon.client().call("player.stop")["state"] == "stopped"


# --- as people use it


def shell(script, daemon):
    result = run("bash", "-euc", script, env={"S": str(daemon.socket)})
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_socat(daemon):
    out = shell(
        """printf '%s\\n' '{"jsonrpc":"2.0","id":1,"method":"player.status"}' |
           socat - "UNIX-CONNECT:$S" """,
        daemon,
    )
    assert json.loads(out)["result"]["state"] == "stopped"


def test_socat_and_jq(daemon):
    out = shell(
        """ask() { jq -nc --arg m "$1" --argjson p "${2:-{\\}}" \\
                     '{jsonrpc:"2.0",id:1,method:$m,params:$p}' |
                   socat - "UNIX-CONNECT:$S" | jq -r "$3"; }
           ask mixer.set '{"gain_db":-12}' .result.gain_db
           ask mixer.adjust '{"delta_db":2}' .result.gain_db
           ask mixer.set '{"gain_db":null}' .result.gain_db
           ask eq.band '{"index":99}' .error.data.name""",
        daemon,
    )
    assert out.split() == ["-12", "-10", "null", "OUT_OF_RANGE"]


def test_nc(daemon):
    out = shell(
        """printf '%s\\n' '{"jsonrpc":"2.0","id":"nc","method":"rpc.version"}' | nc -U -N "$S" """,
        daemon,
    )
    assert json.loads(out)["id"] == "nc"


def test_a_coprocess_of_bash(daemon):
    out = shell(
        """coproc C { socat - "UNIX-CONNECT:$S"; }
           for gain in -1 -2 -3; do
               request='{"jsonrpc":"2.0","id":1,"method":"mixer.set","params":{"gain_db":'
               echo "$request$gain}}" >&"${C[1]}"
               read -r line <&"${C[0]}"
               jq .result.gain_db <<<"$line"
           done""",
        daemon,
    )
    assert out.split() == ["-1", "-2", "-3"]


# --- readers that don't read


def test_who_reads_no_answers_is_not_read_either(daemon):
    """Requests without end, answers unread: the daemon stops reading, and does not grow."""
    client = daemon.client()
    other = daemon.client()
    other.call("rpc.version")
    before = daemon.rss_kib()
    client.socket.setblocking(False)
    request = b'{"jsonrpc":"2.0","id":1,"method":"eq.get"}\n' * 100
    sent, quiet_since = 0, time.monotonic()
    while time.monotonic() - quiet_since < 0.5 and sent < 100_000_000:
        try:
            sent += client.socket.send(request)
            quiet_since = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
        except (BrokenPipeError, ConnectionResetError):
            break
    assert sent < 20_000_000, "it read on and on"
    if not SANITIZER:  # which keeps what was freed
        assert daemon.rss_kib() - before < 8 * 1024
    assert other.call("rpc.version")


def test_who_reads_later_gets_every_answer(client):
    n = 30_000
    text = b"".join(b'{"jsonrpc":"2.0","id":%d,"method":"rpc.version"}\n' % i for i in range(n))
    client.timeout_s = 30
    sender = threading.Thread(target=client.send_bytes, args=(text,))
    sender.start()
    time.sleep(0.5)
    for i in range(n):
        assert client.message()["id"] == i
    sender.join()


def test_many_clients_at_once(daemon):
    clients = [daemon.client() for _ in range(100)]
    ids = [client.request("server.status") for client in clients]
    counts = [client.answer(i)["result"]["clients"] for client, i in zip(clients, ids)]
    assert max(counts) >= 100
    for client in clients:
        client.close()
    probe = daemon.client()
    eventually(lambda: probe.call("server.status")["clients"] == 1)


def test_shutdown_by_request(daemon, client):
    assert client.call("server.shutdown") == {}
    with pytest.raises(Closed):
        client.line()
    assert daemon.wait() == 0
    assert not daemon.socket.exists()


def test_a_datagram_is_no_way_in(daemon):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wrong:
        with pytest.raises(OSError):
            wrong.connect(str(daemon.socket))
    assert daemon.client().call("rpc.version")


def test_a_client_that_dies(daemon):
    """Killed in the middle of a stream of requests."""
    process = subprocess.Popen(
        ["bash", "-c", 'yes "$0" | socat - UNIX-CONNECT:$1', STATUS.decode(), daemon.socket],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    probe = daemon.client()
    eventually(lambda: probe.call("server.status")["clients"] >= 2)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(seconds(5))
    eventually(lambda: probe.call("server.status")["clients"] == 1)
