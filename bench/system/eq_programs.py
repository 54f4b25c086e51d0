#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""What a band costs in whole programs: nanoseconds of CPU per stereo frame, for 1 to 31 bands.

A WAV file at 48 kHz in, nothing out; of each run the median run of the same program without a band
is taken off, so that reading, converting and throwing away do not count.  chantd and sox filter in
double; ffmpeg does so when told to, and in float otherwise.  As it comes it has a thread for each
channel and burns most of its CPU in handing blocks to them, so it is also run with one thread,
which is the best of it; chantd has a row against each.
"""

import json
import sys

import harness
from harness import CHANTD, Workshop, emit, median, note

RATE_HZ = 48000
BANDS = (0, 1, 5, 10, 31)
CHANTD_NAME = "chantd"


def chantd_job(folder, path, bands):
    eq = folder / f"eq{len(bands)}.json"
    eq.write_text(json.dumps({"bands": bands}))
    return [CHANTD, "--render=/dev/null", f"--eq={eq}" if bands else "--eq=flat", path]


def ffmpeg_job(sample, *options):
    def job(_, path, bands):
        chain = [f"aformat={sample}"]
        chain += [f"equalizer=f={b['freq_hz']}:t=q:w={b['q']}:g={b['gain_db']}" for b in bands]
        return ["ffmpeg", "-nostdin", "-v", "error", *options, "-i", path, "-af", ",".join(chain),
                "-f", "null", "-"]  # fmt: skip

    return job


def sox_job(_, path, bands):
    words = ["sox", path, "-n"]
    for band in bands:
        words += ["equalizer", band["freq_hz"], f"{band['q']}q", band["gain_db"]]
    return words


def measure(folder, seconds, rounds):
    """{(program, bands): [CPU seconds…]}"""
    path = folder / "in.wav"
    # Quiet enough that no band clips it on its way.
    harness.run("sox", "-R", "-n", "-r", RATE_HZ, "-c", "2", "-e", "float", "-b", "32", path,
                "synth", seconds, "pinknoise", "pinknoise", "gain", "-20")  # fmt: skip
    ffmpeg = f"ffmpeg {harness.version('ffmpeg')}"
    one = ("-filter_threads", "1")
    programs = {
        CHANTD_NAME: chantd_job,
        f"{ffmpeg}, double, one thread": ffmpeg_job("dblp", *one),
        f"{ffmpeg}, float, one thread": ffmpeg_job("fltp", *one),
        f"{ffmpeg}, float, as it comes": ffmpeg_job("fltp"),
        f"sox {harness.version('sox')}": sox_job,
    }
    found = {(name, count): [] for name in programs for count in BANDS}
    for turn in range(rounds):
        order = list(programs.items())
        order = order[turn % len(order) :] + order[: turn % len(order)]
        for count in BANDS:
            bands = harness.eq_bands(count) if count else []
            for name, job in order:
                found[name, count].append(harness.run_timed(job(folder, path, bands))[1])
        note(f"  round {turn + 1} of {rounds}")
    return found


def in_words(label):
    """The program, and how it was told to do it."""
    name, _, variant = label.partition(", ")
    return name, f", {variant}" if variant else ""


def report(found, n_frames):
    names = list(dict.fromkeys(name for name, _ in found))
    for count in BANDS[1:]:
        costs = {}
        for name in names:
            bare = median(found[name, 0])
            costs[name] = [(cpu - bare) / n_frames * 1e9 for cpu in found[name, count]]
        ours = median(costs[CHANTD_NAME])
        for label, values in costs.items():
            name, variant = in_words(label)
            if label != CHANTD_NAME:
                emit("eq-programs", name, f"bands{variant}", "ns/frame", values, size=count)
                continue
            for reference in names[1:]:
                theirs = median(costs[reference])
                more = {"ratio": harness.over(theirs, ours), "reference": reference}
                if count == 10 and reference.startswith("ffmpeg"):
                    more["hold"] = f"≤ 1/10 of ffmpeg's ({theirs:.1f} ns)"
                    more["met"] = ours <= theirs / 10
                variant = f"bands, against {reference}"
                emit("eq-programs", name, variant, "ns/frame", values, size=count, **more)
    for label in names:
        name, variant = in_words(label)
        values = [cpu / n_frames * 1e9 for cpu in found[label, 0]]
        emit("eq-programs", name, f"the program without bands{variant}", "ns/frame", values, size=0)


def main():
    options = harness.arguments(__doc__)
    absent = harness.missing("sox", "ffmpeg")
    if absent:
        sys.exit(f"not installed: {' '.join(absent)}")
    seconds = 30 if options.quick else 300
    with Workshop() as shop:
        found = measure(shop.folder, seconds, 2 if options.quick else 5)
        report(found, seconds * RATE_HZ)


if __name__ == "__main__":
    main()
