# SPDX-License-Identifier: ISC
# report.py — measurements as a page of Markdown, and as charts by gnuplot.

import collections
import re
import subprocess

TITLES = {
    "ring": "Rings",
    "eq": "Equaliser, in the process",
    "engine": "The callback",
    "engine tail": "The latest callbacks",
    "tricks": "What each trick is worth",
    "eq-programs": "Equaliser, whole programs",
    "latency": "From a command to the first changed sample",
    "daemon": "The daemon",
    "render": "Rendering a file",
}


def number(value):
    """Four digits that count, without an exponent where people read one badly."""
    if value is None:
        return "–"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        text = f"{value:.4g}"
        return f"{value:.0f}" if "e" in text else text
    return f"{value:.3e}"


def cell(text):
    return str(text if text is not None else "").replace("|", "\\|")


def table(head, rows, align=None):
    align = align or ["---"] * len(head)
    out = ["| " + " | ".join(map(cell, head)) + " |", "|" + "|".join(align) + "|"]
    out += ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    return "\n".join(out) + "\n"


def by_bench(lines):
    groups = collections.OrderedDict()
    for line in lines:
        groups.setdefault(line["bench"], []).append(line)
    return groups


def once(lines):
    """One line of each measurement: with two references it was printed twice."""
    seen = collections.OrderedDict()
    for line in lines:
        seen.setdefault((line["name"], line["variant"], line["size"], line["unit"]), line)
    return list(seen.values())


# --------------------------------------------------------------------------------- Markdown

def holds(lines):
    rows = []
    for line in lines:
        if not line.get("hold"):
            continue
        size = "" if line["size"] is None else line["size"]
        ratio = f"{number(line['ratio'])} × {line['reference']}" if line["ratio"] else ""
        rows.append((TITLES.get(line["bench"], line["bench"]), line["name"], line["variant"], size,
                     f"{number(line['median'])} {line['unit']}", ratio, line["hold"],
                     "met" if line["met"] else "**not met**"))
    if not rows:
        return ""
    met = sum(row[-1] == "met" for row in rows)
    return (f"## What is held: {met} of {len(rows)} met\n\n"
            + table(("", "what", "how", "size", "median", "beside", "hold", ""), rows) + "\n")


def pivot(lines):
    """Rows are names, columns are sizes; one table for each variant if several names share it."""
    text = ""
    variants = collections.OrderedDict()
    for line in lines:
        variants.setdefault(line["variant"], []).append(line)
    if all(len({x["name"] for x in group}) == 1 for group in variants.values()):
        variants = {None: lines}
    for variant, group in variants.items():
        sizes = sorted({line["size"] for line in group})
        rows = collections.OrderedDict()
        for line in group:
            label = line["name"] if variant else line["variant"]
            rows.setdefault(label, {})[line["size"]] = line
        unit = group[0]["unit"]
        text += f"{variant or ''}{', ' if variant else ''}median (p99) in {unit}:\n\n"
        text += table([""] + [str(size) for size in sizes],
                      [[label] + [f"{number(at[size]['median'])} ({number(at[size]['p99'])})"
                                  if size in at else "" for size in sizes]
                       for label, at in rows.items()],
                      ["---"] + ["--:"] * len(sizes)) + "\n"
    return text


def flat(lines):
    rows = [(line["name"], line["variant"], "" if line["size"] is None else line["size"],
             number(line["median"]), number(line["p99"]), number(line["max"]), line["n"],
             line["unit"], number(line["ratio"]) if line["ratio"] else "", line["reference"] or "")
            for line in lines]
    return table(("name", "variant", "size", "median", "p99", "max", "runs", "unit", "ratio",
                  "to"), rows, ["---", "---"] + ["--:"] * 5 + ["---", "--:", "---"]) + "\n"


def about(machine):
    peers = ", ".join(f"{name} {version}" for name, version in machine["peers"].items())
    return table(("", ""), (
        ("processor", f"{machine['cpu']}, {machine['cores']} cores ({machine['features']})"),
        ("memory", f"{machine['memory_mib']} MiB"),
        ("system", f"{machine['system']}, Linux {machine['kernel']}"),
        ("compiler", machine["compiler"]),
        ("date", machine["date"]),
        ("took", f"{machine['minutes']} minutes"),
        ("stolen by the host", f"{machine['steal_percent']} % of all cores' time; load before: "
         f"{machine['load_before']}"),
        ("peers", peers),
    ))


def markdown(machine, lines, charts, failed):
    text = "<!-- SPDX-License-Identifier: ISC -->\n# Measured\n\n"
    text += "Written by `bench/run`; every number is of this one run on this one machine.\n\n"
    if machine["quick"]:
        text += "**A quick run, for trying: these numbers mean nothing.**\n\n"
    if failed:
        text += f"**Not measured, because it failed: {', '.join(failed)}.**\n\n"
    text += about(machine) + "\n"
    text += ("A ratio above 1 is faster than the reference: what that takes through what this "
             "takes, in the same round where rounds are interleaved, of all rounds the median.  A "
             "virtual machine is stopped by its host for milliseconds now and then; that is in "
             "the p99 and max of everything here, peers' and ours.\n\n")
    text += holds(lines)
    for bench, group in by_bench(lines).items():
        group = once(group)
        text += f"## {TITLES.get(bench, bench)}\n\n"
        for name, title in charts:
            if name == slug(bench) or name.startswith(slug(bench) + "--"):
                text += f"![{title}](charts/{name}.svg)\n\n"
        sizes = {line["size"] for line in group}
        tabular = bench != "tricks" and None not in sizes and len(sizes) > 1 \
            and len({line["unit"] for line in group}) == 1
        text += pivot(group) if tabular else flat(group)
    return text


# --------------------------------------------------------------------------------- charts

# Ours come first and strongest; no two of a dozen series look alike.
COLOURS = ("#b5121b", "#ef7d31", "#7f7f7f", "#bfbfbf", "#d9d9c3", "#1f4e9c", "#5b9bd5", "#2e7d32",
           "#8bc34a", "#6a1b9a", "#b39ddb", "#00838f")


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def quoted(text):
    return '"' + str(text).replace("\\", "").replace('"', "'") + '"'


def short(name):
    """Without the version: that is in the table, and a legend is small."""
    return re.sub(r" [0-9][0-9]*[:.][^ ]*$", "", name)


def plot(folder, name, title, ylabel, data, columns, style):
    """`columns` are the series of `data`, a list of rows that begin with their label."""
    label = str if style == "lines" else quoted
    rows = "\n".join(" ".join([label(row[0])] + ["?" if v is None else f"{v:.8g}"
                                                 for v in row[1:]]) for row in data)
    using = "using {i}:xtic(1)" if style == "bars" else "using 1:{i}"
    curves = ", ".join(f"$data {using.format(i=i + 2)} title {quoted(c)}"
                       for i, c in enumerate(columns))
    longest = max(len(str(row[0])) for row in data)
    slope = (f"set xtics rotate by -35\nset bmargin {6 + len(columns) // 2 + longest // 5}\n"
             f"set rmargin {2 + longest // 2}\n" if longest > 16 else "")
    look = ("set style data histograms\nset style histogram clustered gap 1\n"
            f"set style fill solid border lt -1\nset logscale y\n{slope}"
            if style == "bars" else
            "set style data linespoints\nset logscale xy\nset pointsize 0.6\n"
            f"set xtics ({', '.join(str(row[0]) for row in data)})\n")
    width = 900 + (4 * longest if slope and style == "bars" else 0)
    height = 420 + 14 * len(columns) + (6 * longest if slope and style == "bars" else 0)
    palette = "\n".join(f"set linetype {i + 1} lc rgb '{c}' lw 1.5"
                        for i, c in enumerate(COLOURS))
    script = f"""set terminal svg size {width},{height} font 'sans,12' background 'white'
set output {quoted(folder / (name + ".svg"))}
set encoding utf8
{palette}
set datafile missing '?'
set title {quoted(title)} noenhanced
set ylabel {quoted(ylabel)} noenhanced
set key outside below maxcols 2 noenhanced
set xtics noenhanced
set grid ytics lc rgb '#cccccc'
{look}$data << EOD
{rows}
EOD
plot {curves}
"""
    done = subprocess.run(["gnuplot"], input=script, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        print(done.stderr)
        return []
    return [(name, title)]


def spread(lines, label, series):
    """Rows by `label`, columns by `series`, in the order they came; only what is above 0."""
    labels = list(dict.fromkeys(label(line) for line in lines))
    columns = list(dict.fromkeys(series(line) for line in lines))
    at = {(label(line), series(line)): line["median"] for line in lines if line["median"] > 0}
    rows = [[row] + [at.get((row, column)) for column in columns] for row in labels]
    kept = [i for i in range(len(columns)) if any(row[i + 1] is not None for row in rows)]
    rows = [[row[0]] + [row[i + 1] for i in kept] for row in rows]
    return [row for row in rows if any(v is not None for v in row[1:])], [columns[i] for i in kept]


def draw_ring(lines, folder):
    charts = []
    for variant in dict.fromkeys(line["variant"] for line in lines):
        group = [line for line in lines if line["variant"] == variant]
        data, columns = spread(group, lambda line: f"{line['size']} floats",
                               lambda line: short(line["name"]))
        charts += plot(folder, f"ring--{slug(variant)}", f"Rings: {variant}", "ns, less is better",
                       data, columns, "bars")
    return charts


def draw_lines(bench, lines, folder, series, what):
    lines = sorted(lines, key=lambda line: line["size"])
    data, columns = spread(lines, lambda line: line["size"], series)
    return plot(folder, slug(bench), f"{TITLES[bench]}: {what}",
                f"{lines[0]['unit']}, less is better", data, columns, "lines")


def draw_bars(bench, lines, folder):
    charts = []
    for unit in dict.fromkeys(line["unit"] for line in lines):
        group = [line for line in lines if line["unit"] == unit]
        data, columns = spread(group, lambda line: line["variant"] if line["size"] is None
                               else f"{line['variant']}, {line['size']}",
                               lambda line: short(line["name"]))
        if data:
            charts += plot(folder, f"{slug(bench)}--{slug(unit)}",
                           f"{TITLES.get(bench, bench)}, {unit}", unit, data, columns, "bars")
    return charts


def draw_tricks(lines, folder):
    """By how much each trick speeds up what it is for."""
    data = [[f"{line['name']}: {line['variant']}" +
             ("" if line["size"] is None else f", {line['size']}"), line["ratio"]]
            for line in lines if line["ratio"] and line["variant"] != line["reference"]]
    return plot(folder, "tricks", TITLES["tricks"], "times faster than without", data,
                ["with the trick"], "bars") if data else []


def draw(lines, folder):
    """Draws what there is, returns (file name without .svg, title) of each chart."""
    folder.mkdir(parents=True, exist_ok=True)
    charts = []
    for bench, group in by_bench(lines).items():
        group = once(group)
        if bench == "ring":
            charts += draw_ring(group, folder)
        elif bench == "tricks":
            charts += draw_tricks(group, folder)
        elif bench == "engine":
            charts += draw_lines(bench, group, folder, lambda line: line["variant"],
                                 "by frames of a callback")
        elif bench == "eq":
            charts += draw_lines(bench, group, folder, lambda line: short(line["name"]),
                                 "by number of bands")
        else:
            charts += draw_bars(bench, group, folder)
    return charts
