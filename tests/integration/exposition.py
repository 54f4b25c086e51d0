# SPDX-License-Identifier: ISC
"""A strict reader of Prometheus' text format 0.0.4: it takes what is written there and no more.

What scrapers forgive is an error here: a metric in two places, a type after the first sample, a
histogram that isn't cumulative, a name that says nothing of its unit.
"""

import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
VALUE = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|NaN|[+-]Inf")
TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}
# The parts of a name that stand for a unit which is not a base unit.
WRONG_UNITS = {"us", "ms", "ns", "hz", "percent", "ppm", "microseconds", "milliseconds", "minutes"}


class Family:
    """One metric: what it is, and its samples as {(name, labels): value}."""

    def __init__(self, name):
        self.name = name
        self.type = None
        self.help = None
        self.samples = {}

    def owns(self, name):
        """Whether a sample of this name belongs here."""
        suffixes = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}
        return name in {self.name + suffix for suffix in suffixes.get(self.type, ("",))}

    def value(self, suffix="", **labels):
        return self.samples[self.name + suffix, tuple(sorted(labels.items()))]


def parse(text):
    """{name: Family}; an AssertionError for what the format doesn't allow."""
    assert text.endswith("\n"), "the last line has no end"
    assert "\r" not in text
    families = {}
    current = None
    for line in text[:-1].split("\n"):
        assert line == line.strip() and line, f"space where none belongs: {line!r}"
        if line.startswith("#"):
            current = _comment(line, families, current)
        else:
            assert current and current.type, f"a sample without a type: {line}"
            name, labels, value = _sample(line)
            assert current.owns(name), f"{name} among those of {current.name}"
            key = name, tuple(sorted(labels.items()))
            assert key not in current.samples, f"twice: {line}"
            current.samples[key] = value
    for family in families.values():
        _judge(family)
    return families


def _comment(line, families, current):
    match = re.fullmatch(r"# (HELP|TYPE) (\S+) (.+)", line)
    assert match, f"neither help nor type: {line}"
    what, name, rest = match.groups()
    assert NAME.fullmatch(name), name
    if what == "HELP":
        assert name not in families, f"{name} in two places"
        assert re.fullmatch(r"(?:[^\\]|\\\\|\\n)*", rest), rest
        families[name] = Family(name)
        families[name].help = rest
        return families[name]
    assert current and current.name == name and not current.samples, f"misplaced: {line}"
    assert current.type is None and rest in TYPES, line
    current.type = rest
    return current


def _sample(line):
    match = NAME.match(line)
    assert match, line
    name, at = match.group(0), match.end()
    labels = {}
    if line[at] == "{":
        at += 1
        while line[at] != "}":
            match = LABEL_NAME.match(line, at)
            assert match and not match.group(0).startswith("__"), line
            label, at = match.group(0), match.end()
            match = re.compile(r'="((?:[^"\\\n]|\\\\|\\"|\\n)*)"').match(line, at)
            assert match and label not in labels, line
            labels[label] = re.sub(
                r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), match.group(1)
            )
            at = match.end()
            assert line[at] in ",}", line
            at += line[at] == ","
        at += 1
    assert line[at] == " ", line
    assert VALUE.fullmatch(line[at + 1 :]), line
    return name, labels, float(line[at + 1 :])


def _judge(family):
    """What belongs to each type, and the rules of naming."""
    assert family.samples and family.type and family.help, family.name
    words = family.name.split("_")
    assert words[0] == "chant" and not WRONG_UNITS & set(words), family.name
    assert (family.type == "counter") == (words[-1] == "total"), family.name
    assert not family.name.endswith(("_count", "_sum", "_bucket")), family.name
    if family.type == "counter":
        for key, value in family.samples.items():
            assert value >= 0 and math.isfinite(value), key
    if family.type == "histogram":
        _judge_histogram(family)
    if family.type == "summary":
        assert {family.name + "_sum", family.name + "_count"} <= {n for n, _ in family.samples}


def _judge_histogram(family):
    buckets = [
        (float(dict(labels)["le"]), value)
        for (name, labels), value in family.samples.items()
        if name.endswith("_bucket")
    ]
    limits = [limit for limit, _ in buckets]
    counts = [count for _, count in buckets]
    assert limits == sorted(set(limits)) and limits[-1] == math.inf, limits
    assert counts == sorted(counts), "counts are cumulative"
    assert counts[-1] == family.value("_count")
    assert family.value("_sum") >= 0
