# SPDX-License-Identifier: ISC
"""Names as Linux writes them and as Windows does, so that one test serves both.

/x is Z:/x under Wine, and the socket /x/d.sock is a pipe whose name is made of that path.  Used by
tests of Linux on the programs for Windows, never by those of Windows themselves.

As a program: `translate.py PROGRAM.exe [ARGUMENT…]` runs it under Wine, translates what it is told
and what it says, and ends as it did.
"""

import hashlib
import os
import re
import subprocess
import sys
import threading

PIPE = "\\\\.\\pipe\\"


def pipe_name(path):
    """The pipe that stands for a Unix socket."""
    return "chant-test-" + hashlib.sha1(os.fsencode(path)).hexdigest()[:16]


class Replacer:
    """Replaces words in a stream of bytes that comes in pieces."""

    def __init__(self, words):
        self.words = words
        self.longest = max(map(len, words))
        self.pattern = re.compile(b"|".join(map(re.escape, sorted(words, key=len, reverse=True))))
        self.kept = b""

    def feed(self, piece):
        data = self.kept + piece
        # What may be the beginning of a word waits for the rest of it.
        keep = next(
            n
            for n in range(min(self.longest - 1, len(data)), -1, -1)
            if n == 0 or any(word.startswith(data[-n:]) for word in self.words)
        )
        self.kept = data[len(data) - keep :]
        return self._replace(data[: len(data) - keep])

    def end(self):
        return self._replace(self.kept)

    def _replace(self, data):
        return self.pattern.sub(lambda match: self.words[match.group()], data)


def to_windows():
    """For requests: absolute paths as whole JSON strings, and file URIs."""
    return Replacer({b'"/': b'"Z:/', b"file:///": b"file:///Z:/"})


def from_windows():
    """For whatever comes back."""
    return Replacer(
        {b"Z:/": b"/", b"z:/": b"/", b"file:///Z:/": b"file:///", b"file:///z:/": b"file:///"}
    )


def argument(word):
    """A word of a command line."""
    option, equals, value = word.partition("=")
    if option == "--socket" and equals:
        return f"--socket={pipe_name(value)}"
    if option.startswith("--") and equals:
        return f"{option}={argument(value)}"
    if word.startswith("/"):
        return "Z:" + word
    return word.replace('"/', '"Z:/').replace("file:///", "file:///Z:/")


def environment(env):
    """That of a Windows program, from what a test said for Linux."""
    env = dict(env)
    for windows, unix in {
        "CHANT_SOCKET": "CHANT_SOCKET",
        "LOCALAPPDATA": "XDG_STATE_HOME",
        "APPDATA": "XDG_CONFIG_HOME",
    }.items():
        value = env.pop(unix, None)
        if value is not None:
            env[windows] = pipe_name(value) if unix == "CHANT_SOCKET" else "Z:" + value
    env.pop("XDG_CACHE_HOME", None)
    env.pop("DISPLAY", None)
    return env


def _pass_on(source, target):
    words = from_windows()
    while piece := os.read(source.fileno(), 1 << 16):
        target.write(words.feed(piece))
        target.flush()
    target.write(words.end())
    target.flush()


def main(program, *arguments):
    process = subprocess.Popen(
        ["wine", program, *map(argument, arguments)],
        env=environment(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    threads = [
        threading.Thread(target=_pass_on, args=pair)
        for pair in ((process.stdout, sys.stdout.buffer), (process.stderr, sys.stderr.buffer))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return process.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
