#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Make doc/spectrum.svg: play FILE, run `chant spectrum` in tmux, draw the cells of its screen.

Usage: doc/picture.py FILE [SECONDS]     chantd and chant are taken from $CHANT_BUILD, or the top

What is drawn is what a terminal would show: text as text, block elements as rectangles, because
the glyphs of most fonts leave seams between them.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from html import escape
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("CHANT_BUILD") or TOP).resolve()
COLUMNS, ROWS = 100, 26
CELL_W, CELL_H, BASELINE = 8.4, 18.0, 13.5  # a monospaced font of 14 px
PAPER, INK = "#14161a", "#d6d8dc"


def capture(file, after_s):
    """The screen of `chant spectrum` so long after the music began, with its escape sequences."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "CHANT_SOCKET": f"{folder}/s", "LC_ALL": "C.UTF-8"}
        env["XDG_STATE_HOME"] = folder
        env["TERM"] = "xterm-256color"
        tmux = ["tmux", "-S", f"{folder}/tmux", "-f", "/dev/null"]

        def chant(*words):
            subprocess.run([BUILD / "chant", *words], env=env, check=True, capture_output=True)

        daemon = subprocess.Popen([BUILD / "chantd", "--backend=null"], env=env)
        try:
            while not os.path.exists(env["CHANT_SOCKET"]):
                assert daemon.poll() is None, "chantd did not start"
                time.sleep(0.02)
            size = ["-x", str(COLUMNS), "-y", str(ROWS)]
            view = f"'{BUILD / 'chant'}' spectrum"
            subprocess.run([*tmux, "new-session", "-d", *size, view], env=env, check=True)
            chant("play", file)
            time.sleep(after_s)
            shown = subprocess.run(
                [*tmux, "capture-pane", "-e", "-p"], env=env, check=True, capture_output=True
            )
            subprocess.run([*tmux, "kill-server"], env=env, check=True)
        finally:
            daemon.terminate()
            daemon.wait()
        return shown.stdout.decode()


def colour_of(index):
    """Of the 256 colours of xterm, those beyond the 16 that every terminal chooses for itself."""
    if index >= 232:
        return "#" + f"{8 + 10 * (index - 232):02x}" * 3
    if index >= 16:
        steps = (0, 95, 135, 175, 215, 255)
        index -= 16
        return "#" + "".join(f"{steps[index // n % 6]:02x}" for n in (36, 6, 1))
    return INK


def cells(screen):
    """(row, column, character, colour, bold) of every cell that is not empty."""
    colour, bold = INK, False
    for row, line in enumerate(screen.split("\n")):
        column = 0
        for codes, character in re.findall(r"\x1b\[([0-9;]*)m|(.)", line):
            if character:
                if character != " ":
                    yield row, column, character, colour, bold
                column += 1
                continue
            numbers = [int(n or 0) for n in codes.split(";")]
            if numbers[:2] == [38, 5]:
                colour = colour_of(numbers[2])
            elif numbers == [39]:
                colour = INK
            elif numbers == [1]:
                bold = True
            elif numbers == [0]:
                colour, bold = INK, False


def box_of(character):
    """Top and height of a block element in eighths of a cell, or None for other characters."""
    code = ord(character)
    if 0x2581 <= code <= 0x2588:
        n = code - 0x2580
        return 8 - n, n
    return {"▔": (0, 1), "─": (3.5, 1), "┈": (3.8, 0.4)}.get(character)


def draw(screen):
    boxes, runs, last = {}, [], None
    for row, column, character, colour, bold in cells(screen):
        box = box_of(character)
        x, y = column * CELL_W, row * CELL_H
        if box:
            top, height = y + box[0] * CELL_H / 8, box[1] * CELL_H / 8
            inset = 2 if character == "┈" else 0
            boxes.setdefault(colour, []).append(
                f"M{x + inset:.1f} {top:.1f}h{CELL_W - 2 * inset:.1f}v{height:.1f}"
                f"h{2 * inset - CELL_W:.1f}z"
            )
        elif last == (row, column - 1, colour, bold):
            runs[-1][1] += character
            last = (row, column, colour, bold)
        else:
            weight = ' font-weight="bold"' if bold else ""
            place = f'x="{x:.1f}" y="{y + BASELINE:.1f}" fill="{colour}"{weight}'
            runs.append([place, character])
            last = (row, column, colour, bold)
    width, height = COLUMNS * CELL_W, ROWS * CELL_H
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + 24:.0f}" '
        f'height="{height + 24:.0f}" viewBox="-12 -12 {width + 24:.0f} {height + 24:.0f}">'
    )
    yield "<title>chant spectrum in a terminal</title>"
    yield f'<rect x="-12" y="-12" width="100%" height="100%" rx="8" fill="{PAPER}"/>'
    for colour, shapes in boxes.items():
        yield f'<path fill="{colour}" shape-rendering="crispEdges" d="{"".join(shapes)}"/>'
    yield '<g font-family="monospace" font-size="14">'
    for place, text in runs:
        yield f'<text {place} textLength="{len(text) * CELL_W:.1f}">{escape(text)}</text>'
    yield "</g>"
    yield "</svg>"


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    screen = capture(sys.argv[1], float(sys.argv[2]) if len(sys.argv) == 3 else 6.0)
    (TOP / "doc" / "spectrum.svg").write_text("\n".join(draw(screen)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
