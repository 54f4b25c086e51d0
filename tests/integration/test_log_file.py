# SPDX-License-Identifier: ISC
"""--log-file: what a line looks like, that it is put at the end, a new file after SIGHUP."""

import re
import signal
from datetime import datetime, timezone

from programs import CHANTD, eventually, run

LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (error|warning|info|debug): .+")


def lines_of(path):
    text = path.read_text("utf-8")
    assert text.endswith("\n")
    return text.splitlines()


def times_of(lines):
    for line in lines:
        assert LINE.fullmatch(line), line
    stamps = [LINE.fullmatch(line)[1] for line in lines]
    return [datetime.fromisoformat(stamp.replace("Z", "+00:00")) for stamp in stamps]


def test_lines_have_time_and_level(make_daemon, tmp_path):
    path = tmp_path / "new" / "folder" / "ünï 日本.log"
    began = datetime.now(timezone.utc)
    daemon = make_daemon(f"--log-file={path}").start()
    assert daemon.stop() in (0, None)
    lines = lines_of(path)
    times = times_of(lines)
    assert any(f"listening on {daemon.socket}" in line for line in lines)
    assert "ending" in lines[-1]
    assert times == sorted(times)
    # Milliseconds are cut off, so the first may seem a little early.
    assert times[0].timestamp() >= began.timestamp() - 0.001
    assert times[-1] <= datetime.now(timezone.utc)
    assert path.stat().st_mode & 0o077 == 0
    assert "info:" not in daemon.log(), "nothing on standard error"


def test_the_end_is_where_it_goes_on(make_daemon, tmp_path):
    path = tmp_path / "x.log"
    path.write_text("2026-01-01T00:00:00.000Z info: from before\n")
    make_daemon(f"--log-file={path}").start().stop()
    lines = lines_of(path)
    assert lines[0].endswith("from before") and len(lines) > 2
    times_of(lines)


def test_hangup_begins_a_new_file(make_daemon, tmp_path):
    path, old = tmp_path / "x.log", tmp_path / "x.log.1"
    daemon = make_daemon(f"--log-file={path}").start()
    path.rename(old)
    daemon.process.send_signal(signal.SIGHUP)
    eventually(path.exists)
    daemon.stop()
    before, after = lines_of(old), lines_of(path)
    assert "SIGHUP" in after[0] and "ending" in after[-1]
    assert not any("ending" in line for line in before)
    times_of(before + after)


def test_one_that_cannot_be_written_is_an_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = run(CHANTD, "--backend=null", f"--log-file={blocked}/x.log")
    assert done.returncode == 1
    assert f"--log-file={blocked}/x.log" in done.stderr and "ot a directory" in done.stderr
