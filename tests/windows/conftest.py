# SPDX-License-Identifier: ISC
"""What tests of the programs for Windows can ask for: Wine, PulseAudio, a daemon on WASAPI."""

import importlib.util
import sys
from pathlib import Path

import pytest

INTEGRATION = Path(__file__).resolve().parents[1] / "integration"
sys.path.insert(0, str(INTEGRATION))

import pulse  # noqa: E402
import wine  # noqa: E402
from media import Media  # noqa: E402
from device import wait_for_device  # noqa: E402


# What scripts/check asks of the tests of Linux it asks of these as well.
_spec = importlib.util.spec_from_file_location("linux", INTEGRATION / "conftest.py")
_linux = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_linux)
pytest_addoption = _linux.pytest_addoption
pytest_configure = _linux.pytest_configure
pytest_xdist_make_scheduler = _linux.pytest_xdist_make_scheduler


def pytest_report_header():
    return f"chant for Windows: programs of {wine.BUILD}"


def pytest_collection_modifyitems(items):
    why = wine.missing()
    if why:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed:
        for daemon in getattr(item, "daemons", []):
            report.sections.append((f"{report.when}: log of {daemon.socket.name}", daemon.log()))


@pytest.fixture(scope="session")
def prefix():
    prefix = wine.Prefix().begin()
    yield prefix
    prefix.end()


@pytest.fixture(scope="session")
def bridge(prefix, tmp_path_factory):
    bridge = wine.Bridge(tmp_path_factory.mktemp("bridge")).start()
    wine.Daemon.bridge = bridge
    yield bridge
    bridge.stop()


@pytest.fixture(scope="session")
def media(tmp_path_factory):
    return Media(tmp_path_factory.mktemp("media"))


@pytest.fixture
def make_pulse():
    """PulseAudio servers with null sinks `name=(rate_hz, channels)`, not started yet."""
    servers = []

    def make(**sinks):
        servers.append(pulse.Server(**sinks))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def speakers(make_pulse):
    """One that runs, with one sink of 48 kHz stereo."""
    return make_pulse().start()


@pytest.fixture
def make_daemon(request, bridge, tmp_path):
    """Daemons on WASAPI that are not started yet; all are ended and judged after the test."""
    daemons = request.node.daemons = []

    def make(*options, speakers=None, **more):
        name = f"d{len(daemons)}" if daemons else "d"
        env = {**(speakers.env if speakers else {}), **more.pop("env", {})}
        daemon = wine.Daemon(
            tmp_path, *options, **{"name": name, "backend": "wasapi", "env": env, **more}
        )
        daemons.append(daemon)
        return daemon

    yield make
    complaints = []
    for daemon in reversed(daemons):
        try:
            daemon.stop()
        except AssertionError as complaint:
            complaints.append(str(complaint))
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def daemon(make_daemon, speakers):
    """One whose device is open."""
    daemon = make_daemon(speakers=speakers).start()
    wait_for_device(daemon.client(30))
    return daemon


@pytest.fixture
def client(daemon):
    return daemon.client(30)


@pytest.fixture
def chant(daemon):
    """Run chant.exe on the daemon; expects exit code 0 unless told otherwise."""

    def run(*words, code=0, **more):
        result = wine.run(wine.CHANT, *words, env={"CHANT_SOCKET": daemon.pipe}, **more)
        assert result.returncode == code, f"{words}: {result.returncode}\n{result.stderr}"
        return result.stdout

    return run


@pytest.fixture
def record():
    """A recorder of what a sink plays."""
    recorders = []

    def begin(speakers, sink=None):
        recorders.append(speakers.record(sink))
        return recorders[-1]

    yield begin
    for recorder in recorders:
        recorder.close()
