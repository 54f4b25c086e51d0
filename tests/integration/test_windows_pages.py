# SPDX-License-Identifier: ISC
"""What is said of the programs for Windows without running there: completion, doc/windows.md."""

import re
import subprocess

import pytest

from programs import CHANT, SOURCE, run

PAGES = ["doc/windows.md", "windows/README.txt"]


def verbs():
    return set(re.findall(r"^  (\w+) ", run(CHANT, "--help").stdout, re.MULTILINE))


def test_completion_is_that_of_the_program():
    """If this fails: windows/completion.py CHANT"""
    done = subprocess.run([SOURCE / "windows" / "completion.py", "--check", CHANT], check=False)
    assert done.returncode == 0


def test_completion_is_ascii():
    """PowerShell 5.1 takes a script without a byte order mark for one in an old code page."""
    (SOURCE / "windows" / "chant.ps1").read_bytes().decode("ascii")


@pytest.mark.parametrize("page", PAGES)
def test_verbs_and_options_in_the_pages_exist(page):
    text = (SOURCE / page).read_text("utf-8")
    blocks = re.findall(r"```(?:powershell|console)\n(.*?)```", text, re.DOTALL)
    blocks = blocks or ["\n".join(line for line in text.splitlines() if line.startswith("    .\\"))]
    said = [
        re.match(r"chant(?:\.exe)? ([a-z]+)(.*)", part.strip().lstrip("(").replace(".\\", ""))
        for block in blocks
        for line in block.splitlines()
        for part in re.split(r"[|;{]|-Execute", line.split("#")[0])
    ]
    said = [match for match in said if match]
    assert len(said) > 5
    for match in said:
        verb, rest = match.groups()
        assert verb in verbs(), match[0]
        about = run(CHANT, verb, "--help").stdout
        for option in re.findall(r" (--[a-z-]+)", rest):
            assert option in about, match[0]
