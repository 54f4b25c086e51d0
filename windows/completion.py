#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Writes what `chant --help` says of verbs and options into windows/chant.ps1.

    windows/completion.py CHANT            # the table anew
    windows/completion.py --check CHANT    # 1 if it says something else than the program
"""

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "chant.ps1"
BEGIN = "    # --- written by completion.py: begin\n"
END = "    # --- written by completion.py: end\n"


def ask(chant, *words):
    done = subprocess.run([*chant, *words, "--help"], capture_output=True, check=True)
    return done.stdout.decode("utf-8").replace("\r\n", "\n")


def verbs_of(text):
    """What is in the list between the first two empty lines: verb and summary."""
    listed = re.search(r"\n\n((?:  \w+ .*\n)+)\n", text)[1]
    return dict(re.match(r"  (\w+) +(.*)", line).groups() for line in listed.splitlines())


def words_of(text):
    """The fixed words that may follow a verb: alternatives of its usage in small letters."""
    usage = re.match(r"Usage: chant \w+ ?((?:.|\n +)*)", text)[1]
    alternatives = re.split(r"\s\|\s", usage.strip().strip("[]"))
    firsts = [one.split()[0] for one in alternatives if one.split()]
    topics = re.search(r"^Topics: ([a-z ]+)", text, re.MULTILINE)
    firsts += topics[1].split() if topics else []
    return list(dict.fromkeys(word for word in firsts if re.fullmatch(r"[a-z]+", word)))


def options_of(text):
    return dict(re.findall(r"^  (--[a-z-]+)(?:[= ]\S+)? +(.*)$", text, re.MULTILINE))


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def table(pairs, indent):
    return "".join(f"{indent}{quoted(name)} = {quoted(help)}\n" for name, help in pairs.items())


def written(chant):
    text = ask(chant)
    verbs = verbs_of(text)
    out = "    $verbs = [ordered]@{\n" + table(verbs, " " * 8) + "    }\n"
    # Behind a semicolon is what differs between systems.
    common = {name: help.split(";")[0] for name, help in options_of(text).items()}
    out += "    $common = [ordered]@{\n" + table(common, " " * 8) + "    }\n"
    words, options = "", ""
    for verb in verbs:
        about = ask(chant, verb)
        if words_of(about):
            words += f"        {quoted(verb)} = {', '.join(map(quoted, words_of(about)))}\n"
        if options_of(about):
            options += f"        {quoted(verb)} = [ordered]@{{\n"
            options += table(options_of(about), " " * 12) + "        }\n"
    out += "    $words = @{\n" + words + "    }\n    $options = @{\n" + options + "    }\n"
    return out


def main():
    chant = [word for word in sys.argv[1:] if word != "--check"] or sys.exit(__doc__)
    script = SCRIPT.read_text("utf-8")
    head, rest = script.split(BEGIN)
    old, tail = rest.split(END)
    new = "".join(line + "\n" for line in written(chant).splitlines())
    if "--check" in sys.argv:
        sys.exit(old != new)
    SCRIPT.write_text(head + BEGIN + new + END + tail, "utf-8")


main()
