# SPDX-License-Identifier: ISC
"""The tests of tests/integration on the programs for Windows: a plugin of pytest.

    PYTHONPATH=tests/windows:tests/integration pytest -p as_on_linux tests/integration/test_queue.py

They stay as they are.  Their daemon is chantd.exe, the socket they know leads to its pipe, names
of files are translated on the way (translate.py).  What can't be asked of Windows, or not through
a bridge, is left out here, by name and with the reason.
"""

import fnmatch
import sys
import tempfile
from pathlib import Path

import pytest

import programs
import translate
import wine

_JACK = "JACK is not on Windows"
_HALF = "a pipe has no half-close"
_SIGNALS = "signals are not on Windows"
_TERMINAL = "the terminal of Windows is another one: its own tests ask it"
_UNIX = "about Unix sockets, modes of files or /proc"

# pattern of FILE::TEST → reason; the first that fits.
NOT_HERE = {}

# Before conftest.py takes it from there.
programs.Daemon = wine.Daemon
programs.TRAPS = False

# What asks for one of these asks for what is not there.
FIXTURES = {"make_jack": _JACK, "jack_server": _JACK, "capture": _JACK}


def pytest_configure(config):
    why = wine.missing()
    if why:
        pytest.exit(f"nothing can be tested under Wine: {why}", returncode=4)
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        return  # others do the work
    folder = tempfile.TemporaryDirectory(prefix="chant-wine-")
    config.add_cleanup(folder.cleanup)
    prefix = wine.Prefix().begin()
    config.add_cleanup(prefix.end)
    bridge = wine.Bridge(folder.name, translating=True).start()
    config.add_cleanup(bridge.stop)
    wine.Daemon.bridge = bridge
    # Those of the tests that run a program by hand know it by these names.
    programs.CHANTD = _stand_in(folder.name, "chantd", wine.CHANTD)
    programs.CHANT = _stand_in(folder.name, "chant", wine.CHANT)

def _stand_in(folder, name, program):
    path = Path(folder) / name
    path.write_text(
        f"#!{sys.executable} -S\nimport sys\nsys.path.insert(0, {str(wine.HERE)!r})\n"
        f"import translate\nsys.exit(translate.main({str(program)!r}, *sys.argv[1:]))\n"
    )
    path.chmod(0o755)
    return path


def pytest_collection_modifyitems(items):
    for item in items:
        name = f"{item.path.name}::{item.name}"
        reason = next((why for p, why in NOT_HERE.items() if fnmatch.fnmatch(name, p)), None)
        reason = reason or next((FIXTURES[f] for f in item.fixturenames if f in FIXTURES), None)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_report_header():
    return f"chant for Windows: programs of {wine.BUILD}"
