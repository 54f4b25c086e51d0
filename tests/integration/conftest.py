# SPDX-License-Identifier: ISC
"""What every integration test can ask for: a daemon, a client, sound files, a JACK server."""

import os
import shutil
import subprocess
import tempfile

import pytest

import figures
import jack
from media import Media
from programs import BUILD, CHANTD, SOURCE, STALLED, Daemon


def pytest_addoption(parser):
    parser.addoption(
        "--outcomes",
        metavar="FILE",
        help="write `OUTCOME ID` there for each test: passed, failed, skipped, or stalled, which "
        "skipped itself because the machine could not keep up",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "threads: worth running under ThreadSanitizer")
    config.addinivalue_line("markers", "accuracy: measures sound, by calls that others make, too")
    config.addinivalue_line("markers", "lasting: waits for long, so it begins first")
    # Of several processes the one that hears of all.
    path = config.getoption("--outcomes")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Outcomes(path))


class Outcomes:
    """Of each test what has become of it, for scripts/check."""

    def __init__(self, path):
        self.path = path
        self.found = {}

    def pytest_runtest_logreport(self, report):
        outcome = report.outcome
        if outcome == "skipped" and STALLED in str(report.longrepr):
            outcome = "stalled"
        # Set-up, call and tear-down: what is worth the most words.
        if self.found.get(report.nodeid, "passed") == "passed" or outcome == "failed":
            self.found[report.nodeid] = outcome

    def pytest_sessionfinish(self):
        with open(self.path, "w", encoding="utf-8") as out:
            out.writelines(f"{outcome} {nodeid}\n" for nodeid, outcome in self.found.items())


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("lasting") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One test at a time to whoever is free: of batches, one would end long after the others."""
    from xdist.scheduler import LoadScopeScheduling

    class OneByOne(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return nodeid

    return OneByOne(config, log)


def pytest_report_header():
    return f"chant: programs of {BUILD}"


def pytest_sessionstart(session):
    figures.hold_back()
    # What a daemon keeps is nothing of this user's, also where a test starts one by hand.
    homes = tempfile.TemporaryDirectory()
    session.config.add_cleanup(homes.cleanup)
    os.environ["XDG_STATE_HOME"] = homes.name
    if not CHANTD.exists():
        pytest.exit(f"no chantd in {BUILD}: build it first, or set CHANT_BUILD", returncode=4)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.when == "call":
        figures.settle(report.failed)
    if report.failed:
        for daemon in getattr(item, "daemons", []):
            report.sections.append((f"{report.when}: log of {daemon.socket.name}", daemon.log()))


@pytest.fixture
def make_daemon(request, tmp_path):
    """Daemons that are not started yet; all are ended and judged after the test."""
    daemons = request.node.daemons = []

    def make(*options, **more):
        name = f"d{len(daemons)}" if daemons else "d"
        daemon = Daemon(tmp_path, *options, **{"name": name, **more})
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
def daemon(make_daemon):
    """A daemon on the clocked null backend."""
    return make_daemon().start()


@pytest.fixture
def client(daemon):
    return daemon.client()


@pytest.fixture(scope="session")
def media(tmp_path_factory):
    """Sound files, made when first asked for."""
    return Media(tmp_path_factory.mktemp("media"))


# --- JACK


@pytest.fixture(scope="session")
def jack_capture_program(tmp_path_factory):
    """The recorder of jackcap.c, built once."""
    program = tmp_path_factory.mktemp("jackcap") / "jackcap"
    compiler = shutil.which("gcc") or shutil.which("cc")
    source = SOURCE / "tests" / "integration" / "jackcap.c"
    subprocess.run([compiler, "-std=gnu11", "-O2", "-o", program, source, "-ljack"], check=True)
    return program


@pytest.fixture
def make_jack(tmp_path):
    """JACK servers on the dummy driver, each with a name that no other test run uses now."""
    servers = []

    def make(**more):
        server = jack.Server(tmp_path, **more)
        servers.append(server)
        return server.start()

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def jack_server(make_jack):
    return make_jack()


@pytest.fixture
def capture(jack_capture_program, tmp_path):
    """Recorders of what comes out of ports of a JACK server."""
    recorders = []

    def record(server, *ports):
        path = tmp_path / f"capture{len(recorders)}.f32"
        recorder = jack.Recorder(jack_capture_program, server, path, ports)
        recorders.append(recorder)
        return recorder

    yield record
    for recorder in recorders:
        recorder.close()
