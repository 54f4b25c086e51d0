# SPDX-License-Identifier: ISC
"""The ZIP: unpacked into an empty folder, it plays, from there and with nothing beside it."""

import shutil
import subprocess
import zipfile

import pytest

import programs
import pulse
import wine
from device import moving, wait_for_device
from wine import path


@pytest.fixture(scope="module")
def unpacked(bridge, tmp_path_factory):
    """What `make dist-windows` packs, below one folder."""
    if not shutil.which("zip"):
        pytest.skip("there is no zip here")
    subprocess.run(
        ["make", "-s", "-C", wine.BUILD, "dist-windows"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    )
    (made,) = wine.BUILD.glob("chant-*-windows-*.zip")
    folder = tmp_path_factory.mktemp("Program Files (süß)")
    with zipfile.ZipFile(made) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    print(f"ZIP: {made.stat().st_size / 1e6:.2f} MB")
    (top,) = folder.iterdir()
    return top


def test_what_is_in_it(unpacked):
    names = {file.name.lower() for file in unpacked.rglob("*")}
    assert {"chantd.exe", "chant.exe", "readme.txt", "chant.ps1"} <= names
    assert any("licen" in name for name in names)
    assert not any(name.endswith(".dll") for name in names), "the programs need none"


def test_plays_from_its_folder(unpacked, make_daemon, speakers, record, media, monkeypatch):
    monkeypatch.setattr(wine, "CHANTD", unpacked / "chantd.exe")
    daemon = make_daemon(speakers=speakers).start()
    client = daemon.client(30)
    wait_for_device(client)
    file = media.sine(20, hz=997, db=-20, suffix="ogg", rate_hz=44100)
    result = wine.run(
        unpacked / "chant.exe", "play", path(file), env={"CHANT_SOCKET": daemon.pipe}, cwd=unpacked
    )
    assert result.returncode == 0, result.stderr
    moving(client, by_s=0.5)
    samples = record(speakers).next_s(1.0)
    assert pulse.level_db(samples[0], 997, 48000) == pytest.approx(-20, abs=0.5)


def test_needs_only_what_windows_has(unpacked):
    """Every DLL that is asked for is one of the system's."""
    for name in ("chantd.exe", "chant.exe"):
        text = programs.run("x86_64-w64-mingw32-objdump", "-p", unpacked / name).stdout
        asked = {line.split()[-1].lower() for line in text.splitlines() if "DLL Name:" in line}
        assert asked, text[:200]
        mingw = {dll for dll in asked if dll.startswith("lib") or "pthread" in dll}
        assert not mingw, f"{name} needs {mingw}"
