# SPDX-License-Identifier: ISC
"""A live view of the client in a terminal: what it shows, its keys, the bytes that it writes."""

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time

import pytest

from programs import CHANT, eventually, seconds


class Screen:
    """`chant VERB` in tmux."""

    def __init__(self, folder, socket, verb):
        if not shutil.which("tmux"):
            pytest.skip("no tmux")
        self.tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self.status = folder / "status"
        self.socket = socket
        self.verb = verb
        self.started = False

    def start(self, columns, rows, *words, locale="C.UTF-8"):
        view = " ".join(["exec", str(CHANT), self.verb, *words])
        env = {**os.environ, "CHANT_SOCKET": str(self.socket), "LC_ALL": locale,
               "TERM": "xterm-256color"}
        script = f'sh -c "{view}"; echo $? >"{self.status}"; sleep 1000'
        subprocess.run([*self.tmux, "new-session", "-d", "-x", str(columns), "-y", str(rows),
                        script], env=env, check=True)
        self.started = True
        return self

    def lines(self):
        shown = subprocess.run([*self.tmux, "capture-pane", "-p"], check=True, capture_output=True)
        return shown.stdout.decode().splitlines()

    def wait_for(self, pattern):
        def look():
            lines = self.lines()
            return lines if re.search(pattern, "\n".join(lines), re.MULTILINE) else None

        return eventually(look, what=pattern)

    def press(self, key):
        subprocess.run([*self.tmux, "send-keys", key], check=True)

    def resize(self, columns, rows):
        subprocess.run([*self.tmux, "resize-window", "-x", str(columns), "-y", str(rows)],
                       check=True)

    def exit_code(self):
        return int(eventually(lambda: self.status.exists() and self.status.read_text()))

    def close(self):
        if self.started:
            subprocess.run([*self.tmux, "kill-server"], check=True)


def open_view(socket, columns, rows, *words):
    """The view's process, and our end of its terminal."""
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [CHANT, *words, f"--socket={socket}"], stdin=other, stdout=other, stderr=other,
        env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}, start_new_session=True,
    )
    os.close(other)
    return process, main


def read_for(main, time_s):
    """What is written to the terminal in so many seconds, or until it is closed."""
    written = b""
    end = time.monotonic() + time_s
    while (left := end - time.monotonic()) > 0:
        if select.select([main], [], [], left)[0]:
            try:
                piece = os.read(main, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            written += piece
    return written


def bytes_written(socket, columns, rows, *words):
    """What a view that ends by itself writes to its terminal."""
    process, main = open_view(socket, columns, rows, *words)
    written = read_for(main, seconds(30))
    os.close(main)
    assert process.wait() == 0
    return written
