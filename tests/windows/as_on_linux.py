# SPDX-License-Identifier: ISC
"""The tests of tests/integration on the programs for Windows: a plugin of pytest.

    PYTHONPATH=tests/windows:tests/integration pytest -p as_on_linux tests/integration/test_queue.py

They stay as they are.  Their daemon is chantd.exe, the socket they know leads to its pipe, names
of files are translated on the way (translate.py).  What can't be asked of Windows, or not through
a bridge, is left out here, by name and with the reason.
"""

import sys
import tempfile
from pathlib import Path

import pytest

import programs
import wine

_JACK = "JACK is not on Windows"
_CLOCK = "the counter of Wine is not the clock of this program"
_SLOW = "asks faster than a bridge and Wine answer"
_UNIX = "about files and folders as Unix has them"

# FILE::TEST → reason.
NOT_HERE = {
    "test_eq.py::test_the_drawing_fits_the_terminal": "what a program prints comes by a pipe here",
    "test_presets.py::test_without_a_home": "Windows knows a user's folders by itself",
    "test_protocol.py::test_half_close_without_a_newline": "a pipe has no half-close",
    "test_protocol.py::test_shutdown_by_request": "the socket here is the bridge's",
    "test_queue.py::test_a_file_uri_with_percent_signs": "no name has a question mark in it",
    "test_restore.py::test_everything_is_as_it_was": _UNIX,
    "test_restore.py::test_where_it_is_kept": _UNIX,
    "test_restore.py::test_writing_costs_nothing_afterwards": _UNIX,
    "test_tx.py::test_chant_tx": _CLOCK,
    "test_tx.py::test_random_frames_are_met": _SLOW,
    "test_tx.py::test_the_clock_goes_while_something_plays": _CLOCK,
    "test_tx.py::test_what_is_a_little_late_lands_at_once": _SLOW,
}

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
        name = f"{item.path.name}::{item.originalname}"
        reason = NOT_HERE.get(name)
        for fixture in item.fixturenames:
            reason = reason or FIXTURES.get(fixture)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_report_header():
    return f"chant for Windows: programs of {wine.BUILD}"
