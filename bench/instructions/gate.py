#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""gate.py — refuses what needs more instructions than it did.

Runs the cases under callgrind, which simulates the processor: the same program on the same input
counts the same, on a busy machine and on a virtual one.  Only instructions of our own program are
counted, not those of the C library, of libm, of FFTW, libuv and cJSON, which choose their code by
processor; a count is per operation, and compared with the one in baseline.txt.

A compiler of another version makes other code, so then there is nothing to compare and the gate
says so and ends with 77.  It ends with 0 if all is well, and with 1 if something was refused.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "integration"))
from figures import figure  # noqa: E402

TOLERANCE = 0.03
SILENCE_HOLD = 1.05
SILENCES = {"zeros": "a minute of zeros after music", "dither": "a minute of dither after it",
            "nothing": "a minute of nothing after it"}
SKIP = 77

# What a count depends on besides the source.
MADE_WITH = ("compiler", "flags", "machine")

HEAD = """\
# SPDX-License-Identifier: ISC
# Instructions per operation, ours alone; written by `make instructions-accept`, see gate.py.
"""


# ---------------------------------------------------------------------- measuring


def own_instructions(dump, program):
    """Self cost of everything in `program` itself, but for the function that does the measuring."""
    ours = total = totals = 0
    of_us = of_harness = of_callee = False
    for line in dump.splitlines():
        if line.startswith("ob="):
            of_us = Path(line[3:]).name == program
        elif line.startswith("fn="):
            of_harness = line[3:] == "measure"
        elif line.startswith("totals:"):
            totals = int(line.split()[1])
        elif line[:1].isdigit() and not of_callee:
            cost = int(line.split()[1])
            total += cost
            ours += cost if of_us and not of_harness else 0
        # The line after this one is what the callee cost, which stands with the callee as well.
        of_callee = line.startswith("calls=")
    if total != totals:
        sys.exit(f"gate: {total} instructions found, callgrind says {totals}: misread")
    return ours


def measure(program, arguments):
    """{name: instructions per operation}, None for a case that this processor can't run."""
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        said = subprocess.run(
            ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no",
             "--compress-strings=no", "--compress-pos=no", f"--callgrind-out-file={folder}/dump",
             str(program), *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if said.returncode:
            sys.exit(f"gate: {program} under valgrind failed:\n{said.stdout}{said.stderr}")
        dumps = {}
        for path in Path(folder).glob("dump.*"):
            text = path.read_text()
            trigger = re.search(r"^desc: Trigger: Client Request: (\S+)$", text, re.M)
            if trigger:
                dumps[trigger[1]] = text
        for line in said.stdout.splitlines():
            name, n_ops = line.split()
            if n_ops == "missing":
                counts[name] = None
            else:
                # As many places as the baseline has.
                ours = own_instructions(dumps[name], program.name)
                counts[name] = round(ours / int(n_ops), 2)
                if not counts[name]:
                    sys.exit(f"gate: {name}: nothing was counted")
    if not counts:
        sys.exit(f"gate: no case is named {' or '.join(arguments)}…")
    return counts


def about(program):
    text = subprocess.run([str(program), "--about"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    return dict(line.split(" ", 1) for line in text.splitlines())


# ---------------------------------------------------------------------- the baseline


def read_baseline(path):
    """What it was made with, and {name: count}."""
    made_with, counts = {}, {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            key, value = line.split(" ", 1)
            if "/" in key:
                counts[key] = float(value)
            else:
                made_with[key] = value
    return made_with, counts


def write_baseline(path, made_with, counts):
    width = max(map(len, counts))
    lines = [f"{key} {value}" for key, value in made_with.items()]
    lines += [""] + [f"{name:{width}} {count:.2f}" for name, count in counts.items()]
    path.write_text(HEAD + "\n".join(lines) + "\n")


# ---------------------------------------------------------------------- the judge


def judge(baseline, now):
    """(verdict, name, before, after) for every case of either."""
    rows = []
    for name in [*now, *(name for name in baseline if name not in now)]:
        before, after = baseline.get(name), now.get(name)
        if name in now and after is None:
            verdict = "skipped"
        elif before is None:
            verdict = "new"
        elif after is None:
            verdict = "gone"
        elif after > before * (1 + TOLERANCE):
            verdict = "MORE"
        elif after < before * (1 - TOLERANCE):
            verdict = "fewer"
        else:
            verdict = "ok"
        rows.append((verdict, name, before, after))
    return rows


REFUSED = ("MORE", "new", "gone")


def show(rows):
    width = max(len(name) for _, name, _, _ in rows)
    print(f"{'':8}{'case':{width}} {'baseline':>12} {'now':>12} {'%':>8}")
    for verdict, name, before, after in rows:
        percent = f"{100 * (after / before - 1):+8.2f}" if before and after else ""
        number = ["-" if n is None else f"{n:.2f}" for n in (before, after)]
        print(f"{verdict:8}{name:{width}} {number[0]:>12} {number[1]:>12} {percent}".rstrip())


def conclude(rows):
    """The last lines of a run, and its exit status."""
    counts = {verdict: sum(row[0] == verdict for row in rows)
              for verdict in ("ok", "fewer", "skipped", *REFUSED)}
    refused = sum(counts[verdict] for verdict in REFUSED)
    if counts["skipped"]:
        print("skipped: this processor lacks what the case needs")
    if counts["fewer"]:
        print("fewer: well done; `make instructions-accept` keeps it")
    if refused:
        print("if that is meant: `make instructions-accept [CASES='NAME…']`, and say why in the "
              "commit")
    print(f"{counts['ok'] + counts['fewer']} passed, {refused} failed, {counts['skipped']} skipped")
    return 1 if refused else 0


# ---------------------------------------------------------------------- what it can be told


def gate(programs, path):
    program = programs / "cases"
    made_with, baseline = read_baseline(path)
    here = about(program)
    for key in MADE_WITH:
        if here[key] != made_with.get(key):
            print(f"nothing to compare: the baseline is of {key} '{made_with.get(key)}', this "
                  f"build of '{here[key]}'")
            print("0 passed, 0 failed, 1 skipped")
            return SKIP
    if here["libc"] != made_with.get("libc"):
        print(f"libc {here['libc']} instead of {made_with.get('libc')}: its headers may differ")
    rows = judge(baseline, measure(program, []))
    show(rows)
    return conclude(rows)


def accept(programs, path, names):
    program = programs / "cases"
    here = about(program)
    made_with, baseline = read_baseline(path) if path.exists() else ({}, {})
    same = all(here[key] == made_with.get(key) for key in MADE_WITH)
    if names and not same:
        sys.exit("gate: the baseline is of another compiler or other flags: accept all or none")
    now = measure(program, [])
    unknown = [name for name in names if name not in now and name not in baseline]
    if unknown:
        sys.exit(f"gate: no case is named {', '.join(unknown)}")
    counts = {name: count for name, count in baseline.items() if names or (same and name in now)}
    for name in names or now:
        if name not in now:
            del counts[name]
        elif now[name] is not None:  # else it keeps the count that another machine gave it
            counts[name] = now[name]
    ranks = {name: rank for rank, name in enumerate(now)}
    ordered = sorted(counts, key=lambda name: ranks.get(name, len(ranks)))
    write_baseline(path, made_with if names else here, {name: counts[name] for name in ordered})
    show([row for row in judge(baseline, now) if not names or row[1] in names])
    return 0


def planted(programs):
    """A build with a slowdown in it must be refused, for what it slows and for nothing else.

    Two programs of one build are compared: this needs no baseline.
    """
    prefixes = ["callback/", "command/", "ring/"]
    rows = judge(measure(programs / "cases", prefixes), measure(programs / "cases_slow", prefixes))
    show(rows)
    # Silence does not get as far as the limiter.
    slowed = {row[1] for row in rows if row[1].startswith("callback/")} - {"callback/silence"}
    refused = {row[1] for row in rows if row[0] in REFUSED}
    wrong = [f"{name} was slowed, and passed" for name in sorted(slowed - refused)]
    wrong += [f"{name} was not slowed, and refused" for name in sorted(refused - slowed)]
    wrong += [] if slowed else ["nothing was slowed"]
    # The edges of the tolerance, both ways, and what stands on one side alone.
    edges = {"ok": (1000, 1029), "MORE": (1000, 1031), "fewer": (1000, 969), "new": (None, 1000),
             "gone": (1000, None)}
    for verdict, counts in edges.items():
        before, after = ({} if n is None else {"case": n} for n in counts)
        got = judge(before, after)[0][0]
        wrong += [] if got == verdict else [f"{counts} is judged {got}, not {verdict}"]
    for line in wrong:
        print(line)
    print(f"{len(rows) + len(edges) - len(wrong)} passed, {len(wrong)} failed, 0 skipped")
    return 1 if wrong else 0


def silence(programs, seconds):
    """Silence after music must not cost more than the music did."""
    counts = measure(programs / "silence", list(map(str, seconds)))
    wrong = 0
    for name in ("zeros", "dither", "nothing"):
        ratio = counts[name] / counts["music"]
        wrong += ratio > SILENCE_HOLD
        print(f"{name:8} {counts[name]:12.2f} of {counts['music']:.2f} for music: {ratio:.4f}")
        figure("cost", f"instructions of {SILENCES[name]}, of those of music", ratio, "<=",
               SILENCE_HOLD, "times")
    print(f"{len(SILENCES) - wrong} passed, {wrong} failed, 0 skipped")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, default=Path("bench/instructions"),
                        help="the folder in which `make` has put cases and cases_slow")
    parser.add_argument("--baseline", type=Path, default=HERE / "baseline.txt")
    parser.add_argument("--accept", nargs="*", metavar="NAME",
                        help="take the counts of these cases, or of all, as the new baseline")
    parser.add_argument("--planted", action="store_true",
                        help="show that a planted slowdown is refused")
    parser.add_argument("--silence", nargs="*", type=int, metavar="SECONDS",
                        help="compare silence after music with music: 60 seconds, of which the "
                        "first 4 are counted whole, or as many as two numbers say")
    options = parser.parse_args()
    if options.silence is not None:
        return silence(options.programs, options.silence)
    if options.accept is not None:
        return accept(options.programs, options.baseline, options.accept)
    return planted(options.programs) if options.planted else gate(options.programs,
                                                                  options.baseline)


if __name__ == "__main__":
    sys.exit(main())
