# SPDX-License-Identifier: ISC
"""A client of the protocol made of a socket and json, sharing nothing with ours in C."""

import collections
import json
import socket
import time

from programs import seconds


class RpcError(Exception):
    """An error the daemon answered."""

    def __init__(self, error):
        super().__init__(f"{error['data'].get('name')}: {error['message']}")
        self.error = error
        self.code = error["code"]
        self.data = error["data"]
        self.name = error["data"]["name"]


class Closed(Exception):
    """The daemon has closed the connection."""


class Client:
    """One connection.  Events that come while an answer is awaited are kept for event()."""

    def __init__(self, path, timeout_s=30.0):
        self.timeout_s = timeout_s
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.buffer = bytearray()
        self.events = collections.deque()
        self.last_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # --- bytes and lines

    def send_bytes(self, data):
        self.socket.settimeout(seconds(self.timeout_s))
        self.socket.sendall(data)

    def end(self):
        """Half-close: nothing more comes from here."""
        self.socket.shutdown(socket.SHUT_WR)

    def line(self, timeout_s=None):
        """The next line without its newline."""
        end = time.monotonic() + seconds(self.timeout_s if timeout_s is None else timeout_s)
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("no line came")
            self.socket.settimeout(left)
            try:
                piece = self.socket.recv(1 << 16)
            except ConnectionResetError:
                piece = b""
            if not piece:
                raise Closed(bytes(self.buffer))
            self.buffer += piece
        line, _, rest = self.buffer.partition(b"\n")
        self.buffer = bytearray(rest)
        return bytes(line)

    def rest(self):
        """Every line until the daemon closes."""
        lines = []
        while True:
            try:
                lines.append(self.line())
            except Closed as closed:
                assert closed.args[0] == b"", "the last line has no end"
                return lines

    def message(self, timeout_s=None):
        line = self.line(timeout_s)
        message = json.loads(line.decode("utf-8"))
        assert isinstance(message, list) or message.get("jsonrpc") == "2.0", line
        return message

    # --- requests

    def send(self, message):
        self.send_bytes(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def request(self, method, params=None):
        self.last_id += 1
        message = {"jsonrpc": "2.0", "id": self.last_id, "method": method}
        if params:
            message["params"] = params
        self.send(message)
        return self.last_id

    def answer(self, wanted, timeout_s=None):
        """The answer with this id; events are kept."""
        while True:
            message = self.message(timeout_s)
            if isinstance(message, dict) and message.get("method") == "event":
                self.events.append(message["params"])
            else:
                assert message["id"] == wanted, message
                return message

    def call(self, method, /, timeout_s=None, **params):
        message = self.answer(self.request(method, params), timeout_s)
        if "error" in message:
            raise RpcError(message["error"])
        assert set(message) == {"jsonrpc", "id", "result"}
        return message["result"]

    def refusal(self, method, /, **params):
        """The error that this call is answered with."""
        message = self.answer(self.request(method, params))
        assert "result" not in message, message
        error = RpcError(message["error"])
        assert isinstance(error.code, int) and error.error["message"] and error.data["detail"]
        return error

    # --- events

    def event(self, timeout_s=None, **wanted):
        """The next event of these values; others are dropped."""
        end = time.monotonic() + seconds(self.timeout_s if timeout_s is None else timeout_s)
        while True:
            if self.events:
                event = self.events.popleft()
            else:
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"no event with {wanted}")
                message = self.message(left / seconds(1))
                assert message.get("method") == "event", message
                event = message["params"]
            if all(event.get(key) == value for key, value in wanted.items()):
                return event

    def event_where(self, check, timeout_s=None, **wanted):
        """The next event whose data satisfy check()."""
        end = time.monotonic() + seconds(self.timeout_s if timeout_s is None else timeout_s)
        while True:
            left = (end - time.monotonic()) / seconds(1)
            if left <= 0:
                raise TimeoutError(f"no such event with {wanted}")
            event = self.event(left, **wanted)
            if check(event["data"]):
                return event

    def events_for(self, duration_s, **wanted):
        """All events that come within so many real seconds."""
        found = []
        end = time.monotonic() + duration_s
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return found
            try:
                found.append(self.event(left / seconds(1), **wanted))
            except TimeoutError:
                return found

    # --- short cuts

    def status(self):
        return self.call("player.status")

    def play(self, *uris):
        return self.call("player.load", uris=[str(uri) for uri in uris], play=True)
