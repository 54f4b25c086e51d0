# SPDX-License-Identifier: ISC
"""That the traps of --enable-rt-traps fire: one planted offence after the other in the callback."""

import os
import signal
import subprocess

import pytest

from programs import CHANTD, TRAPS, run

pytestmark = pytest.mark.skipif(not TRAPS, reason="chantd is not built with --enable-rt-traps")


def _interposed():
    if not TRAPS:
        return []
    said = subprocess.run(
        [CHANTD], env={**os.environ, "CHANT_TRAP_PLANT": "list"}, capture_output=True, text=True
    )
    return said.stdout.split()


def the_report_of(make_daemon, tmp_path, plant, backend="null", **env):
    """Play with this offence planted, until chantd is dead; what it left."""
    prefix = tmp_path / "trap"
    env = {**env, "CHANT_TRAP_PLANT": plant, "CHANT_TRAP_LOG": str(prefix)}
    daemon = make_daemon(backend=backend, env=env)
    daemon.start()
    client = daemon.client()
    client.request("player.load", {"uris": ["tone:sine?hz=440"], "play": True})
    code = daemon.wait()
    client.close()
    pid, said = daemon.pid, daemon.log()
    daemon.process = None  # it has been judged
    report = prefix.with_name(f"{prefix.name}.{pid}")
    assert code == -signal.SIGABRT, said
    assert report.exists(), said
    assert report.read_text() in said
    return report.read_text()


@pytest.mark.parametrize("function", _interposed())
def test_a_call_is_trapped(make_daemon, tmp_path, function):
    report = the_report_of(make_daemon, tmp_path, function)
    assert report.startswith(f"RT TRAP: {function}() called in the audio callback\n")
    assert "ch_backend_call" in report


def test_what_must_be_among_them():
    wanted = "malloc calloc realloc free aligned_alloc posix_memalign mmap munmap brk"
    wanted += " pthread_mutex_lock pthread_mutex_trylock pthread_mutex_unlock pthread_cond_wait"
    wanted += " pthread_cond_signal pthread_rwlock_rdlock sem_wait sem_post open read write poll"
    wanted += " nanosleep usleep fprintf snprintf vfprintf puts dlopen dlsym uv_async_send syscall"
    wanted += " pthread_spin_lock mtx_lock mtx_unlock cnd_signal flockfile valloc __sprintf_chk"
    assert set(wanted.split()) <= set(_interposed())


@pytest.mark.parametrize("plant, name", [("getpid", "getpid"), ("clock", "clock_getres")])
def test_a_system_call_is_trapped(make_daemon, tmp_path, plant, name):
    """One that is interposed nowhere: it is the kernel that tells."""
    report = the_report_of(make_daemon, tmp_path, plant)
    assert report.startswith("RT TRAP: system call ")
    assert f" ({name}) in the audio callback\n" in report
    assert "ch_backend_call" in report


@pytest.mark.parametrize("plant, what", [("free", "free() called"), ("getpid", "system call ")])
def test_the_callback_of_jack_is_watched_as_well(make_daemon, tmp_path, jack_server, plant, what):
    report = the_report_of(make_daemon, tmp_path, plant, backend="jack", **jack_server.env)
    assert report.startswith(f"RT TRAP: {what}")
    assert "libjack" in report


def test_a_page_fault_is_trapped(make_daemon, tmp_path):
    report = the_report_of(make_daemon, tmp_path, "page-fault", CHANT_TRAP_FAULTS_AFTER="10")
    assert report.startswith("RT TRAP: page fault in the audio callback\n")


@pytest.mark.parametrize(
    "plant, left", [("pcm-ring", "1 PCM rings and 0 taps"), ("tap", "1 PCM rings and 1 taps")]
)
def test_what_is_never_given_back_is_told_at_the_end(tmp_path, plant, left):
    prefix = tmp_path / "trap"
    result = subprocess.run(
        [CHANTD, "--version"],
        env={**os.environ, "CHANT_TRAP_PLANT": plant, "CHANT_TRAP_LOG": str(prefix)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == -signal.SIGABRT
    assert result.stderr.startswith(f"RT TRAP: {left} left at exit\n")
    assert len(list(tmp_path.glob("trap.*"))) == 1


def test_without_a_plant_nothing_is_trapped(tmp_path):
    out = tmp_path / "out.wav"
    assert run(CHANTD, f"--render={out}", "tone:sine?hz=440&s=1").returncode == 0
