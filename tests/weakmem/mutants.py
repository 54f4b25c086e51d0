#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Explore the rings of daemon/ in weak memory, as they are and with one fault at a time.

As they are nothing may be violated.  With a fault something must be: a fault that nobody notices, a
"survivor", fails the test, and so does one whose text is no longer found in the source.  Each
acquire and each release of lockfree/ is such a fault by itself, weakened to relaxed; the others
are in faults.py.

Usage: mutants.py [--trace] [FAULT…]     with words: only the faults whose names have one of them
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

from faults import EQUIVALENT, FAULTS

TOP = pathlib.Path(__file__).resolve().parents[2]
PART = "daemon/lockfree"
CC = shlex.split(os.environ.get("CC") or "cc")
FLAGS = shlex.split(os.environ.get("HEADER_CFLAGS") or "-std=gnu11 -D_GNU_SOURCE -Wall -Wextra")
MACHINERY = ["model", "explorer", "accesses"]
# Programs, and what each explores besides its own scenarios.
PROGRAMS = {
    "rings": [f"{PART}/ring.c"],
    "commands": [f"{PART}/ring.c", "daemon/engine/commands.c", "daemon/engine/engine_setup.c"],
    "sounds": [f"{PART}/ring.c", f"{PART}/tap.c"],
    "mailboxes": [f"{PART}/snapshot.c"],
}
# Where faults may be planted; names of files differ.
PARTS = [PART, "daemon/engine"]
# Of the engine only what is called is linked, so that the rest of it may call what it likes.
LINK = ["-Wl,--gc-sections,--wrap=memcpy,--wrap=memmove,--wrap=memset"]
SECONDS_MAX = 120


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **options)


def compile_to(work, source, flags):
    """An object, and the list of files it was made of."""
    target = work / (source.replace("/", "-") + ".o")
    done = run([*CC, *FLAGS, *flags, "-MMD", "-MF", f"{target}.d", "-c", str(TOP / source),
                "-o", str(target)])
    if done.returncode:
        sys.exit(f"{' '.join(CC)} {source}:\n{done.stdout}")
    made_of = pathlib.Path(f"{target}.d").read_text().replace("\\\n", " ").split()[1:]
    return target, {os.path.realpath(name) for name in made_of}


def link(work, name, objects):
    program = work / name
    done = run([*CC, "-pthread", *map(str, objects), *LINK, "-o", str(program)])
    if done.returncode:
        sys.exit(f"linking {name}:\n{done.stdout}")
    return program


# ---------------------------------------------------------------------- faults


def path_of(file):
    found = [TOP / part / file for part in PARTS if (TOP / part / file).is_file()]
    if len(found) != 1:
        sys.exit(f"faults.py: {len(found)} files of the name {file}")
    return found[0]


def without_comments(text):
    """The same length, with blanks for comments."""
    blank = lambda found: re.sub(r"[^\n]", " ", found.group())
    return re.sub(r"//[^\n]*|/\*.*?\*/", blank, text, flags=re.DOTALL)


def function_at(text, at):
    names = re.findall(r"^(\w+)\(", text[:at], flags=re.MULTILINE)
    return names[-1] if names else "?"


def weakened():
    """Each acquire and release of the source, one at a time."""
    for path in sorted((TOP / PART).glob("*.[ch]")):
        text = path.read_text()
        code = without_comments(text)
        for found in re.finditer(r"\bmemory_order_(acquire|release|acq_rel)\b", code):
            order = found.group(1)
            weaker = {"acq_rel": ("acquire", "release")}.get(order, ("relaxed",))
            line = text.count("\n", 0, found.start()) + 1
            where = f"{path.name}:{line} {function_at(code, found.start())}"
            for weak in weaker:
                mutated = text[: found.start(1)] + weak + text[found.end(1):]
                yield f"{where}: {order} -> {weak}", path.name, mutated


def function_span(text, name):
    begin = re.search(rf"^{name}\(", text, flags=re.MULTILINE)
    if not begin:
        return None
    return begin.start(), text.index("\n}\n", begin.start()) + 3


def seeded():
    """Those of faults.py.  Text that isn't found exactly once ends the test."""
    for name, file, function, changes in FAULTS:
        text = path_of(file).read_text()
        span = function_span(text, function)
        if not span:
            sys.exit(f"faults.py: '{name}': no {function}() in {file}")
        body = text[span[0] : span[1]]
        for old, new in changes:
            if body.count(old) != 1:
                sys.exit(f"faults.py: '{name}' is out of date: {function}() in {file} has "
                         f"{body.count(old)} times:\n{old}")
            body = body.replace(old, new)
        yield f"{file} {function}: {name}", file, text[: span[0]] + body + text[span[1] :]


# ---------------------------------------------------------------------- exploring


class Explorer:
    """The programs, and what it takes to make one of them with a fault."""

    # The compiler reports every access; what it calls is in accesses.c.
    FLAGS = ["-O1", "-ffunction-sections", "-fdata-sections", "-fsanitize=thread"]

    def __init__(self, work):
        self.work = work
        machinery = [self.compile_machinery(name) for name in MACHINERY]
        litmus = compile_to(work, "tests/weakmem/litmus.c", [*self.FLAGS, f"-I{TOP}"])[0]
        self.litmus = link(work, "litmus", [*machinery, litmus])
        self.machinery = [*machinery, self.compile_machinery("explore")]
        self.objects = {}
        for name in PROGRAMS:
            for source in self.sources(name):
                if source not in self.objects:
                    flags = [*self.FLAGS, f"-I{TOP}"]
                    self.objects[source] = compile_to(work, source, flags)
        self.programs = [
            link(work, name, self.machinery + [self.objects[s][0] for s in self.sources(name)])
            for name in PROGRAMS]

    def compile_machinery(self, name):
        return compile_to(self.work, f"tests/weakmem/{name}.c", ["-O2", f"-I{TOP}"])[0]

    @staticmethod
    def sources(program):
        return [f"tests/weakmem/{program}.c", *PROGRAMS[program]]

    def with_fault(self, file, text):
        """Those programs that one file goes into, made with another text of it."""
        place = self.work / "fault"
        # The source may be read-only, so no modes are copied.
        for part in PARTS:
            copy = place / "tree" / part
            copy.mkdir(parents=True, exist_ok=True)
            for path in (TOP / part).glob("*.[ch]"):
                (copy / path.name).write_text(text if path.name == file else path.read_text())
        original = os.path.realpath(path_of(file))
        flags = [*self.FLAGS, "-w", f"-I{place / 'tree'}", f"-I{TOP}"]
        done = {}
        for name in PROGRAMS:
            sources = self.sources(name)
            touched = [s for s in sources if original in self.objects[s][1]]
            for source in touched:
                if source not in done:
                    mutated = source
                    if not source.startswith("tests/"):
                        mutated = str(place / "tree" / source)
                    done[source] = compile_to(place, mutated, flags)[0]
            if touched:
                objects = [done.get(s, self.objects[s][0]) for s in sources]
                yield link(place, name, self.machinery + objects)


def explore(program, *options):
    """Rows of SCENARIO KIND EXECUTIONS CUT PRUNED WHAT, and the text as it came."""
    done = run([str(program), *options], timeout=SECONDS_MAX)
    rows = [line.split("\t") for line in done.stdout.splitlines() if line.count("\t") == 5]
    if done.returncode not in (0, 1) or not rows:
        sys.exit(f"the explorer ended with {done.returncode}:\n{done.stdout}")
    return rows, done.stdout


def check_itself(explorer):
    done = run([str(explorer.litmus)])
    print("The explorer itself: litmus tests with their exact outcomes\n")
    print(f"  {'test':<38} {'executions':>10} {'reduced':>8}  found")
    for line in done.stdout.splitlines():
        if line.count("\t") == 4:
            verdict, name, everything, reduced, kind = line.split("\t")
            found = "as it must be" if kind == "-" else kind
            print(f"  {name:<38} {everything:>10} {reduced:>8}  "
                  f"{found if verdict == 'ok' else 'WRONG'}")
        else:
            print(line)
    print()
    return done.returncode == 0


def check_source(explorer, options):
    print("The source as it is: all executions\n")
    print(f"  {'scenario':<32} {'executions':>10} {'cut':>8} {'pruned':>8}  violated")
    good = True
    for program in explorer.programs:
        rows, text = explore(program, *options)
        for scenario, kind, n_executions, n_cut, n_pruned, what in rows:
            verdict = "-" if kind == "-" else f"{kind}: {what}"
            good = good and kind == "-"
            print(f"  {scenario:<32} {n_executions:>10} {n_cut:>8} {n_pruned:>8}  {verdict}")
        if options and any(row[1] != "-" for row in rows):
            print(text)
    print(flush=True)
    return good


def first_violation(explorer, file, text, options):
    """SCENARIO KIND EXECUTIONS and what was printed; None if nothing notices."""
    noticed = None
    n_programs = 0
    for program in explorer.with_fault(file, text):
        n_programs += 1
        rows, said = explore(program, "-1", *options)
        if rows[-1][1] != "-":
            noticed = (*rows[-1][:3], said)
            break
    if not n_programs:
        sys.exit(f"no program explores {file}")
    return noticed


def check_faults(explorer, words, options):
    n_killed, n_equivalent, bad = 0, 0, []
    print("With one fault: what noticed it, and after how many executions\n")
    print(f"  {'fault':<69} {'scenario':<28} {'violated':<9} {'after':>5}")
    for name, file, text in [*weakened(), *seeded()]:
        if words and not any(word in name for word in words):
            continue
        why = next((why for part, why in EQUIVALENT.items() if part in name), None)
        noticed = first_violation(explorer, file, text, options)
        if noticed:
            scenario, kind, n_executions, said = noticed
            n_killed += 1
            if why:
                bad.append(f"{name}: faults.py calls it equivalent")
        else:
            scenario, kind, n_executions, said = "equivalent" if why else "SURVIVED", "-", "-", ""
            if why:
                n_equivalent += 1
            else:
                bad.append(f"{name}: nothing noticed it")
        print(f"  {name:<69} {scenario:<28} {kind:<9} {n_executions:>5}", flush=True)
        if why:
            print(f"      {why}")
        if options and said:
            print(said)
    print()
    for line in bad:
        print(f"BAD: {line}")
    print(f"{n_killed} faults noticed, {n_equivalent} equivalent, {len(bad)} bad")
    return not bad and n_killed > 0


def main(words):
    options = ["-t"] if "--trace" in words else []
    words = [word for word in words if word != "--trace"]
    if not (TOP / PART).is_dir():
        sys.exit(f"no {PART} below {TOP}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        explorer = Explorer(work)
        good = check_itself(explorer)
        good = check_source(explorer, options) and good
        # A source that is wrong already proves nothing about faults.
        good = good and check_faults(explorer, words, options)
    print(f"{time.monotonic() - started:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
