#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The table of figures: what the tests measured, beside what it is held to.

Usage: figures.py FILE                    print the table
       figures.py --doc DOC FILE          fail if DOC's tables lack a row, or have another hold
       figures.py --write DOC FILE        put what was measured into DOC's tables

FILE has a line for each figure, as tests/unit/figure.h and tests/integration/figures.py write them.
Of a figure that was said several times the worst counts; what stands in brackets behind its name
says of which time it is, and is no part of the name.  DOC has under each heading `## Group` one
Markdown table with the columns figure, measured, hold, and how it is measured.
"""

import argparse
import re
import sys
from collections import namedtuple

Figure = namedtuple("Figure", "group what value relation hold unit case")
HEADING = re.compile(r"^## (.+)$")
CASE = re.compile(r"^(.*\S) \[(.+)\]$")


def read(path):
    """{(group, what): Figure} in the order in which groups and figures first came."""
    figures = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            group, what, value, relation, hold, unit = line.rstrip("\n").split("\t")
            case = CASE.match(what)
            what, case = case.groups() if case else (what, "")
            new = Figure(group, what, float(value), relation, float(hold), unit, case)
            old = figures.setdefault((group, what), new)
            if (new.relation, new.hold, new.unit) != (old.relation, old.hold, old.unit):
                sys.exit(f"figures: two holds for {group}: {what}")
            if (new.value > old.value) == (new.relation == "<="):
                figures[group, what] = new
    return dict(sorted(figures.items(), key=lambda item: item[0]))


def meets(figure):
    if figure.relation == "<=":
        return figure.value <= figure.hold
    return figure.value >= figure.hold


def text(value):
    """Three digits, and no exponent for what people read in decibels."""
    if value != value or abs(value) == float("inf"):
        return str(value)
    if abs(value) < 1e-12:
        return "0"
    if abs(value) < 1e-4:
        return f"{value:.1e}"
    digits = 4 if abs(value) < 0.01 else 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1
    short = f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else str(round(value))
    return "0" if short == "-0" else short


def hold_text(figure):
    return f"{'≤' if figure.relation == '<=' else '≥'} {text(figure.hold)} {figure.unit}".rstrip()


def measured_text(figure):
    return f"{text(figure.value)} {figure.unit}".rstrip()


def print_table(figures):
    n_met = sum(meets(figure) for figure in figures.values())
    print(f"figures: {n_met} of {len(figures)} hold")
    width = max((len(figure.what) for figure in figures.values()), default=0)
    group = None
    for figure in figures.values():
        if figure.group != group:
            group = figure.group
            print(f"  {group}")
        verdict = "" if meets(figure) else "   MISSED"
        case = f"   ({figure.case})" if figure.case else ""
        print(f"    {figure.what:<{width}}  {measured_text(figure):>16}   "
              f"{hold_text(figure):<16}{verdict}{case}".rstrip())


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def doc_rows(lines):
    """(line number, group, what) for each row of each table."""
    group = None
    for number, line in enumerate(lines):
        heading = HEADING.match(line)
        if heading:
            group = heading[1].strip().lower()
        elif line.startswith("|") and group and not set(line) <= set("|-: \n"):
            what = cells(line)[0]
            if what.lower() != "figure":
                yield number, group, what


def compare(figures, path):
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    told = {(group, what) for _, group, what in doc_rows(lines)}
    measured = set(figures)
    for group, what in sorted(measured - told):
        print(f"{path} has no row for {group}: {what}")
    for group, what in sorted(told - measured):
        # Its test may have been skipped: on a machine that stalls all the time, say.
        print(f"{path} has a row that was not measured this time: {group}: {what}")
    for number, group, what in doc_rows(lines):
        figure = figures.get((group, what))
        if figure and cells(lines[number])[2] != hold_text(figure):
            print(f"{path}:{number + 1}: the hold is {hold_text(figure)}")
            return False
    return measured <= told


def write(figures, path):
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    for number, group, what in doc_rows(lines):
        figure = figures.get((group, what))
        if figure:
            row = cells(lines[number])
            row[1:3] = [measured_text(figure), hold_text(figure)]
            lines[number] = f"| {' | '.join(row)} |\n"
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--doc")
    parser.add_argument("--write", metavar="DOC")
    parser.add_argument("file")
    options = parser.parse_args()
    figures = read(options.file)
    if options.write:
        write(figures, options.write)
    elif options.doc:
        return 0 if compare(figures, options.doc) else 1
    else:
        print_table(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
