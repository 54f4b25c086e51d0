#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Make the pictures of this folder with the real programs.

Usage: doc/pictures.py FILE [PICTURE…]    chantd and chant are taken from $CHANT_BUILD, or the top

FILE is the music, build/demo/tune.flac of scripts/demo for instance.  PICTURE is one of
  terminal   spectrum.svg  `chant spectrum` in tmux, the cells of its screen drawn: text as text,
                           block elements as rectangles, because the glyphs of most fonts leave
                           seams between them
  spectrum   spectrum.png  `chant spectrum --png` at the same moment
  eq         eq.png        `chant eq --png`
  limiter    limiter.png   FILE 12 dB louder, rendered without the limiter and with it
  graphic    graphic.png   sliders, and what an impulse through the engine measures of them
Without PICTURE: all of them.  Needs tmux, gnuplot, ffmpeg and scipy.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from html import escape
from pathlib import Path

import numpy
from scipy import signal
from scipy.io import wavfile

TOP = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("CHANT_BUILD") or TOP).resolve()
DOC = TOP / "doc"
COLUMNS, ROWS = 100, 26
CELL_W, CELL_H, BASELINE = 8.4, 18.0, 13.5  # a monospaced font of 14 px
PAPER, INK = "#14161a", "#d6d8dc"


MOMENT_S = 6.0  # into FILE, in the midst of it
RATE_HZ = 48000

# Colours of `chant --png`.
BEFORE, AFTER, FAINT = "#d55e00", "#0072b2", "#a0a0a4"


@contextmanager
def daemon():
    """A chantd with a clock that makes no sound; gives what calls chant, and its environment."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "CHANT_SOCKET": f"{folder}/s", "LC_ALL": "C.UTF-8"}
        env["XDG_STATE_HOME"] = folder
        env["TERM"] = "xterm-256color"

        def chant(*words):
            words = map(str, words)
            subprocess.run([BUILD / "chant", *words], env=env, check=True, capture_output=True)

        words = "--backend=null", "--log-level=warning"
        process = subprocess.Popen([BUILD / "chantd", *words], env=env)
        try:
            while not os.path.exists(env["CHANT_SOCKET"]):
                assert process.poll() is None, "chantd did not start"
                time.sleep(0.02)
            yield chant, env
        finally:
            process.terminate()
            process.wait()


# --- by chant itself


def capture(file):
    """The screen of `chant spectrum` while it plays, with its escape sequences."""
    with daemon() as (chant, env):
        tmux = ["tmux", "-S", env["CHANT_SOCKET"] + "-tmux", "-f", "/dev/null"]
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        view = f"'{BUILD / 'chant'}' spectrum"
        subprocess.run([*tmux, "new-session", "-d", *size, view], env=env, check=True)
        chant("play", file)
        time.sleep(MOMENT_S)
        shown = subprocess.run(
            [*tmux, "capture-pane", "-e", "-p"], env=env, check=True, capture_output=True
        )
        subprocess.run([*tmux, "kill-server"], env=env, check=True)
        return shown.stdout.decode()


def draw_terminal(file):
    (DOC / "spectrum.svg").write_text("\n".join(draw(capture(file))) + "\n", encoding="utf-8")


def draw_spectrum(file):
    with daemon() as (chant, _):
        chant("play", file)
        time.sleep(MOMENT_S)
        chant("spectrum", "--png", DOC / "spectrum.png")


EQ = (
    "--type high_pass --freq 30 --order 4 --family butterworth",
    "--type low_shelf --freq 110 --gain 5 --slope 0.9",
    "--type peak --freq 320 --gain -5 --q 1.2",
    "--type peak --freq 1000 --gain 4 --q 3",
    "--type peak --freq 5000 --gain 5 --q 0.8",
    "--type high_shelf --freq 12000 --gain -8 --q 0.7",
)


def draw_eq(_):
    with daemon() as (chant, _):
        for index, band in enumerate(EQ):
            chant("eq", "set", index, *band.split())
        chant("eq", "--png", DOC / "eq.png")


# --- from what it renders

PLOT = f"""
set terminal pngcairo size WIDTH,HEIGHT font "DejaVu Sans,12" linewidth 1.2
set border 3 linecolor "#808080"
set tics nomirror scale 0.4 textcolor "#202024"
set grid linecolor "#e0e0e0" linetype 1
set style line 1 linecolor "{BEFORE}" linewidth 2 pointtype 7 pointsize 0.9
set style line 2 linecolor "{AFTER}" linewidth 2 pointtype 7 pointsize 0.9
set style line 3 linecolor "{FAINT}" linewidth 1.5
set style line 4 linecolor "#202024" linewidth 1.3 dashtype 2
"""


FEW_COLOURS = ["ffmpeg", "-v", "error", "-y", "-f", "png_pipe", "-i", "-", "-filter_complex"]
FEW_COLOURS += [
    "split[a][b];[a]palettegen=max_colors=64:reserve_transparent=0[p];[b][p]paletteuse=dither=none"
]


def plot(png, size, commands, tables):
    """Tables are named $a, $b, … in the commands."""
    blocks = ""
    for name, rows in zip("abcdef", tables):
        lines = "\n".join(" ".join(f"{x:.6g}" for x in row) for row in rows)
        blocks += f"${name} << EOD\n{lines}\nEOD\n"
    setup = PLOT.replace("WIDTH,HEIGHT", size)
    script = (blocks + setup + commands).encode()
    drawn = subprocess.run(["gnuplot"], input=script, check=True, capture_output=True).stdout
    subprocess.run([*FEW_COLOURS, DOC / png], input=drawn, check=True)


def render(out, *words):
    """What chantd makes of it, (channels, frames)."""
    subprocess.run([BUILD / "chantd", f"--render={out}", *words], check=True, capture_output=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavfile.WavFileWarning)  # a chunk that it does not know
        return wavfile.read(out)[1].T.astype(float)


LIMITER = """
set multiplot layout 1,2
set lmargin 9
set rmargin 3
set bmargin 3.4
set tmargin 2.6
set key top right samplen 1.5 opaque box linecolor "#e0e0e0"
set xlabel "ms"
c = 10**(-1/20.)
set ylabel "of full scale"
set yrange [-1.6:REACH]
set xrange [-4:4]
set xtics 2
set title "the loudest place of the music"
plot $a using 1:2 with lines linestyle 1 linewidth 1.2 title "before: BEFORE dBTP", \
     $a using 1:3 with lines linestyle 2 linewidth 1.2 title "after: AFTER dBTP", \
     c with lines linestyle 4 title "ceiling", -c with lines linestyle 4 notitle
unset ylabel
set key bottom right
set yrange [0:1]
set xrange [-0.2:0.2]
set xtics 0.1
set title "a peak between the samples, after"
plot $b using 1:2 with lines linestyle 2 title "between the samples", \
     $c using 1:2 with points linestyle 2 title "samples", \
     c with lines linestyle 4 title "-1 dBTP"
unset multiplot
"""


def loudest(sound):
    """Channel and place of it."""
    return numpy.unravel_index(numpy.abs(sound).argmax(), sound.shape)


def between_samples(sound):
    """Of what nearly reaches the ceiling, the place that stands out most from its samples."""
    level = numpy.abs(sound)
    samples = level[:, ::8]
    beside = numpy.repeat(numpy.maximum(samples, numpy.roll(samples, -1, axis=1)), 8, axis=1)
    return loudest(numpy.where(level > 0.97 * level.max(), level - beside, 0))


def around(place, reach_ms, *sounds):
    """Rows of the time in ms from there and of the sounds, the first one upright."""
    channel, at = place
    ms = (numpy.arange(sounds[0].shape[1]) - at) * 1e3 / (8 * RATE_HZ)
    sign = numpy.sign(sounds[0][channel, at])
    rows = numpy.column_stack([ms, *(sign * sound[channel] for sound in sounds)])
    return rows, numpy.abs(ms) <= reach_ms


def draw_limiter(file):
    """FILE 12 dB louder than it is, at the samples and at seven places between them."""
    with tempfile.TemporaryDirectory() as folder:
        words = f"--rate={RATE_HZ}", "--gain=12", file
        before = render(f"{folder}/before.wav", "--limiter=off", *words)
        after = render(f"{folder}/after.wav", *words)
    assert before.shape == after.shape, "the delay of the limiter is taken off"
    before, after = (signal.resample_poly(sound, 8, 1, axis=1) for sound in (before, after))
    peaks_db = [20 * numpy.log10(numpy.abs(sound).max()) for sound in (before, after)]
    both, wide = around(loudest(before), 4.1, before, after)
    heard, near = around(between_samples(after), 0.21, after)
    on_samples = near & (numpy.arange(len(near)) % 8 == 0)
    words = {"BEFORE": f"{peaks_db[0]:+.1f}", "AFTER": f"{peaks_db[1]:+.2f}"}
    words["REACH"] = f"{1.5 * numpy.abs(before).max():.2f}"
    commands = re.sub("|".join(words), lambda found: words[found[0]], LIMITER)
    plot("limiter.png", "1100,480", commands, [both[wide], heard[near], heard[on_samples]])


LAYOUT = "iso10"
CENTRES_HZ = [31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000]
SLIDERS_DB = [6, 12, 12, -12, 12, 0, -6, -12, 12, -12]

GRAPHIC = """
set logscale x
set xrange [20:20000]
set yrange [-18:18]
set ytics ("+18" 18, "+12" 12, "+6" 6, "0" 0, "-6" -6, "-12" -12, "-18" -18)
set xtics (20, 50, 100, 200, 500, "1k" 1000, "2k" 2000, "5k" 5000, "10k" 10000, "20k" 20000)
set xlabel "Hz"
set ylabel "dB"
set lmargin 8
set rmargin 4
set key outside top center horizontal samplen 2 maxrows 1
plot 0 with lines linecolor "#808080" linewidth 1 notitle, \
     $c using 1:2 with lines linestyle 3 dashtype 2 title "a plain bell for each slider", \
     $b using 1:2 with impulses linecolor "#f0c0a0" linewidth 7 notitle, \
     $a using 1:2 with lines linestyle 2 linewidth 2.4 title "measured", \
     $b using 1:2 with points linestyle 1 pointsize 1.5 title "what the sliders say"
"""


def measure(eq, hz, folder):
    """|H| of the engine in dB: what it makes of an impulse, by FFT."""
    impulse = numpy.zeros((1 << 18, 2), numpy.float32)
    impulse[1000] = 0.01
    wavfile.write(f"{folder}/impulse.wav", RATE_HZ, impulse)
    Path(f"{folder}/eq.json").write_text(json.dumps(eq), encoding="utf-8")
    words = f"--eq={folder}/eq.json", "--limiter=off", f"{folder}/impulse.wav"
    spectrum = numpy.fft.rfft(render(f"{folder}/out.wav", *words)[0] / 0.01)
    bins_hz = numpy.fft.rfftfreq(2 * len(spectrum) - 2, 1 / RATE_HZ)
    return numpy.interp(hz, bins_hz, 20 * numpy.log10(numpy.abs(spectrum)))


def draw_graphic(_):
    with daemon() as (chant, env), tempfile.TemporaryDirectory() as folder:
        chant("eq", "graphic", LAYOUT, *SLIDERS_DB)
        told = subprocess.run(
            [BUILD / "chant", "call", "eq.get"], env=env, check=True, capture_output=True
        )
        bands = json.loads(told.stdout)["bands"]
        plain = [
            {"freq_hz": hz, "gain_db": db, "q": 2**0.5} for hz, db in zip(CENTRES_HZ, SLIDERS_DB)
        ]
        hz = numpy.geomspace(20, 20000, 500)
        ours = measure({"bands": bands}, hz, folder)
        other = measure({"bands": plain}, hz, folder)
    tables = zip(hz, ours), zip(CENTRES_HZ, SLIDERS_DB), zip(hz, other)
    plot("graphic.png", "1100,520", GRAPHIC, tables)


# --- a terminal, drawn


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


PICTURES = {
    "terminal": draw_terminal,
    "spectrum": draw_spectrum,
    "eq": draw_eq,
    "limiter": draw_limiter,
    "graphic": draw_graphic,
}


def main():
    names = sys.argv[2:] or list(PICTURES)
    if len(sys.argv) < 2 or set(names) - set(PICTURES):
        sys.exit(__doc__)
    for name in names:
        PICTURES[name](sys.argv[1])


if __name__ == "__main__":
    main()
