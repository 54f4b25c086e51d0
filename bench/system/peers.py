# SPDX-License-Identifier: ISC
"""The other programs that play music in the background, each told to do what chantd is told."""

import json
import os
import socket

from harness import end, until, version

MPD_CONF = """
music_directory "{folder}"
db_file "{folder}/mpd.db"
state_file "{folder}/mpd.state"
bind_to_address "{socket}"
audio_buffer_size "4096"
auto_update "no"
{output}
"""

MPD_NULL = """
audio_output {
    type "null"
    name "null"
}
"""

MPD_JACK = """
audio_output {
    type "jack"
    name "jack"
    server_name "%s"
    client_name "mpd"
    destination_ports "system:playback_1,system:playback_2"
}
"""


class _Peer:
    """A program that is started, and a connection to it."""

    def __init__(self, shop, words, path, env=None):
        self.socket = path
        self.process = shop.spawn(words, env={**os.environ, **(env or {})})
        self.pid = self.process.pid
        self.file = None

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(self.socket))
        except OSError:
            connection.close()
            return None
        return connection

    def _open(self):
        connection = self.connect()
        self.file = connection.makefile("rwb") if connection else None
        return self.file is not None

    def stop(self):
        end(self.process)


class Mpd(_Peer):
    """Over its Unix socket, where files may be named by their path."""

    name = f"mpd {version('mpd')}"

    def __init__(self, shop, label, jack=None):
        folder = shop.folder / label
        folder.mkdir(exist_ok=True)
        path = folder / "mpd.sock"
        output = MPD_JACK % jack.name if jack else MPD_NULL
        conf = folder / "mpd.conf"
        conf.write_text(MPD_CONF.format(folder=folder, socket=path, output=output))
        super().__init__(shop, ["mpd", "--no-daemon", "--stderr", conf], path,
                         env=jack.env if jack else None)  # fmt: skip

    def ready(self):
        until(self._open, what="mpd", every_s=0.01)
        self.file.readline()

    def say(self, line):
        self.file.write(line.encode() + b"\n")
        self.file.flush()
        answer = []
        while True:
            answer.append(self.file.readline().decode())
            if answer[-1].startswith("OK"):
                return answer
            if answer[-1].startswith("ACK") or not answer[-1]:
                raise SystemExit(f"mpd: {line}: {answer}")

    def play(self, path):
        self.say("clear")
        self.say(f'add "file://{path}"')
        self.say("repeat 1")
        self.say("play")
        until(lambda: "state: play\n" in self.say("status"), what="mpd playing")


class Mpv(_Peer):
    """Over its IPC socket, without video, terminal or configuration."""

    name = f"mpv {version('mpv')}"

    def __init__(self, shop, label, jack=None):
        path = shop.folder / f"{label}.sock"
        words = ["mpv", "--no-config", "--no-video", "--no-terminal", "--idle", "--loop-file=inf"]
        words += ["--ao=jack" if jack else "--ao=null", f"--input-ipc-server={path}"]
        super().__init__(shop, words, path, env=jack.env if jack else None)

    def ready(self):
        until(self._open, what="mpv", every_s=0.01)

    def say(self, *command):
        self.file.write(json.dumps({"command": command}).encode() + b"\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                return answer

    def play(self, path):
        self.say("loadfile", str(path))
        until(lambda: (self.say("get_property", "time-pos").get("data") or 0) > 0, what="mpv")


CAVA_CONF = """
[general]
framerate = 60
bars = 64
autosens = 0
[input]
method = fifo
source = {fifo}
sample_rate = 44100
[output]
method = raw
channels = mono
raw_target = /dev/null
data_format = binary
bit_format = 16bit
"""


class Cava:
    """A spectrum of what comes through a pipe."""

    name = f"cava {version('cava')}"

    def __init__(self, shop, fifo):
        conf = shop.folder / "cava.conf"
        conf.write_text(CAVA_CONF.format(fifo=fifo))
        self.process = shop.spawn(["cava", "-p", conf])
        self.pid = self.process.pid
