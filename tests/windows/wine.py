# SPDX-License-Identifier: ISC
"""Windows programs on a Linux machine: a prefix of Wine, a bridge to pipes, a daemon on one."""

import asyncio
import fcntl
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import programs
import translate
from programs import SOURCE, eventually, seconds

HERE = Path(__file__).resolve().parent
# Where the cross build is.
BUILD = Path(os.environ.get("CHANT_BUILD_WINDOWS") or SOURCE / "build-windows").resolve()
CHANTD = BUILD / "chantd.exe"
CHANT = BUILD / "chant.exe"
COMPILER = "x86_64-w64-mingw32-gcc"
DRIVERS = r"HKCU\Software\Wine\Drivers"
# Neither .NET nor a browser is asked for; nobody wants to read what Wine has to say.
WINE_ENV = {"WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml="}


def missing():
    """Why nothing can be tested here, or an empty string."""
    if not shutil.which("wine") or not shutil.which("wineserver"):
        return "there is no Wine"
    if not shutil.which(COMPILER):
        return f"there is no {COMPILER}, which makes the helper of the tests"
    if not CHANTD.exists():
        return f"no chantd.exe in {BUILD}: cross-build it first, or set CHANT_BUILD_WINDOWS"
    return ""


class Prefix:
    """A Wine prefix that stays from run to run; $CHANT_WINE says where.  Runs may share it."""

    def __init__(self):
        self.folder = Path(os.environ.get("CHANT_WINE") or SOURCE / "build-check" / "wine")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lock = open(self.folder / "in-use", "w", encoding="ascii")
        self.home = Path(tempfile.mkdtemp(prefix="chant-wine-"))

    @property
    def env(self):
        return {
            **WINE_ENV,
            "WINEPREFIX": str(self.folder / "prefix"),
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.home),
        }

    def begin(self):
        os.environ.pop("DISPLAY", None)
        os.environ.update(self.env)
        fcntl.flock(self.lock, fcntl.LOCK_SH)
        with open(self.folder / "beginning", "w", encoding="ascii") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)
            self._begin_alone()
        return self

    def _begin_alone(self):
        ready = self.folder / "ready"
        if not ready.exists():
            self._run("wine", "wineboot", "-i")
            # With PulseAudio gone there is nothing, not ALSA instead for the rest of the process.
            self._run("wine", "reg", "add", DRIVERS, "/v", "Audio", "/d", "pulse", "/f")
            # The desktop that this has begun has no driver yet.
            self._run("wineserver", "-k")
            self._run("wineserver", "-w")
            made = self.folder / "prefix" / "drive_c" / "windows" / "system32"
            assert made.is_dir(), "wineboot made no prefix"
            ready.touch()
        # Kept running: the first program of all takes a second, each after it a tenth.
        self._run("wineserver", "-p")
        # Windows that nobody sees, from the first on: a desktop keeps the driver it began with.
        self._run("wine", "reg", "add", DRIVERS, "/v", "Graphics", "/d", "null", "/f")
        # Wine sets these for itself, over what is in the environment, unless they are gone.
        for name in ("LOCALAPPDATA", "APPDATA"):
            self._run("wine", "reg", "delete", r"HKCU\Volatile Environment", "/v", name, "/f")

    @staticmethod
    def _run(*words):
        # No pipes: Wine's services, which the first program starts, would hold them open.
        null = subprocess.DEVNULL
        subprocess.run(
            words, stdin=null, stdout=null, stderr=null, timeout=seconds(120), check=False
        )

    def end(self):
        """The last one puts out the light."""
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._run("wineserver", "-k")
            self._run("wineserver", "-w")
        except OSError:
            pass
        self.lock.close()
        shutil.rmtree(self.home, ignore_errors=True)


class Bridge:
    """Unix sockets that lead to pipes: bridge.c on Wine's side, a thread with a loop on ours."""

    def __init__(self, folder, translating=False):
        self.folder = Path(folder)
        self.translating = translating
        self.process = None
        self.port = 0
        self.links = set()  # a loop alone does not keep its tasks from the garbage collector
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def start(self):
        program = self.folder / "bridge.exe"
        subprocess.run(
            [COMPILER, "-std=gnu11", "-O2", "-static", "-o", program, HERE / "bridge.c"]
            + ["-lws2_32"],
            check=True,
        )
        self.process = subprocess.Popen(
            ["wine", str(program)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self.process.stdout.readline())
        self.thread.start()
        return self

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.process.kill()
        self.process.wait()

    def answers(self, pipe):
        """Whether someone listens at this pipe."""
        with socket.create_connection(("127.0.0.1", self.port), seconds(20)) as probe:
            probe.sendall(f"{translate.PIPE}{pipe}\n".encode())
            return probe.makefile("rb").readline() == b"ok\n"

    def open(self, path, pipe):
        """From now on the socket at `path` is this pipe; close what is returned."""

        def begin(here_in, here_out):
            link = self.loop.create_task(self._link(here_in, here_out, pipe))
            self.links.add(link)
            link.add_done_callback(self.links.discard)

        async def serve():
            return await asyncio.start_unix_server(begin, path)

        Path(path).unlink(missing_ok=True)
        server = asyncio.run_coroutine_threadsafe(serve(), self.loop).result(seconds(10))
        return lambda: self.loop.call_soon_threadsafe(server.close)

    async def _link(self, here_in, here_out, pipe):
        """One connection, to its end."""
        there = socket.socket()
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        there.setblocking(False)
        there_out = None
        try:
            await self.loop.sock_connect(there, ("127.0.0.1", self.port))
            there_in, there_out = await asyncio.open_connection(sock=there, limit=16384)
            there_out.write(f"{translate.PIPE}{pipe}\n".encode())
            if await there_in.readline() == b"ok\n":
                state = {"heard": self.loop.time(), "gone": select.poll()}
                # Both ways closed, not only one.
                state["gone"].register(here_out.get_extra_info("socket"), 0)
                words = translate.to_windows(), translate.from_windows()
                tasks = {
                    asyncio.ensure_future(self._requests(here_in, there_out, words[0], state)),
                    asyncio.ensure_future(self._answers(there_in, here_out, words[1], state)),
                }
                _, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in rest:
                    task.cancel()
        except OSError:
            pass
        finally:
            for writer in (here_out, there_out):
                if writer:
                    writer.close()

    async def _requests(self, source, target, words, state):
        target.transport.set_write_buffer_limits(high=0)
        try:
            while piece := await source.read(16384):
                target.write(words.feed(piece) if self.translating else piece)
                await target.drain()
            target.write(words.end())
            # A pipe has no half-close.  Who only ended his requests gets what is on its way: all
            # until there was silence for a while.
            while self.loop.time() - state["heard"] < seconds(1.0) and not state["gone"].poll(0):
                await asyncio.sleep(0.02)
        except OSError:
            pass

    async def _answers(self, source, target, words, state):
        target.transport.set_write_buffer_limits(high=0)
        try:
            while piece := await source.read(16384):
                target.write(words.feed(piece) if self.translating else piece)
                await target.drain()
                state["heard"] = self.loop.time()
            target.write(words.end())
        except OSError:
            pass


class Process(subprocess.Popen):
    """A Windows program is asked to end by Ctrl-C: Wine makes one of SIGINT."""

    def send_signal(self, sig):
        super().send_signal(signal.SIGINT if sig == signal.SIGTERM else sig)


class Daemon(programs.Daemon):
    """chantd.exe, with a Unix socket in front of its pipe."""

    bridge = None  # set once for all

    def __init__(self, folder, *options, backend="null", env=None, prefix=(), name="d"):
        super().__init__(folder, *options, backend=backend, env=env, name=name)
        self.pipe = translate.pipe_name(self.socket)
        words = [translate.argument(word) for word in self.command[1:]]
        self.command = [*map(str, prefix), "wine", str(CHANTD), *words]
        # What is kept and what is cached has one place on Windows.
        state, cache = (Path(self.env[f"XDG_{kind}_HOME"]) for kind in ("STATE", "CACHE"))
        if cache.parent == state.parent and not os.path.lexists(cache):
            cache.symlink_to(state.name)
        self.env = translate.environment(self.env)
        self.close_bridge = None

    def spawn(self):
        if self.close_bridge is None:
            self.close_bridge = self.bridge.open(self.socket, self.pipe)
        with open(self.log_path, "ab") as log:
            self.process = Process(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env
            )
        return self

    def _answers(self):
        code = self.process.poll()
        assert code is None, f"ended with {code}:\n{self.log()}"
        return self.bridge.answers(self.pipe)

    def log(self):
        return super().log().replace("Z:/", "/")

    def stop(self):
        try:
            super().stop()
        finally:
            if self.close_bridge:
                self.close_bridge()
                self.close_bridge = None



def run(program, *words, stdin="", env=None, timeout_s=60, cwd=None, text=True):
    """Run a Windows program to its end; never raises for its exit code."""
    return programs.run(
        "wine",
        program,
        *words,
        stdin=stdin,
        env={**WINE_ENV, **(env or {})},
        timeout_s=timeout_s,
        cwd=cwd,
        text=text,
    )


def path(unix):
    """What Windows calls this file."""
    return f"Z:{unix}"
