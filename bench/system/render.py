#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Ten minutes of FLAC at 44.1 kHz, through ten bands, to a WAV file at 48 kHz: whole programs.

Wall clock and CPU, threads as each program has them; ffmpeg also with one for its filters.  All
resample at the quality of soxr's VHQ where they can be told to: chantd always, sox by `rate -v`,
ffmpeg by its soxr at 28 bits; ffmpeg's own resampler, which is of less quality, has rows as well.
ffmpeg filters 16-bit files in 16 bits unless told otherwise: one row has it so, in the others it
filters in float.
"""

import json
import sys

import harness
from harness import CHANTD, Workshop, emit, median, note, over

RATE_HZ = 48000
GAIN_DB = -9


def jobs(folder, path):
    """{label: (package, command)}: the same job in each program's words."""
    eq = folder / "eq.json"
    bands = harness.eq_bands(10)
    eq.write_text(json.dumps({"bands": bands}))
    in_ffmpeg = ",".join(
        f"equalizer=f={b['freq_hz']}:t=q:w={b['q']}:g={b['gain_db']}" for b in bands
    )
    in_sox = []
    for band in bands:
        in_sox += ["equalizer", band["freq_hz"], f"{band['q']}q", band["gain_db"]]
    out = folder / "out.wav"
    ffmpeg = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", path, "-af"]
    wav = ["-c:a", "pcm_s16le", out]
    soxr = f"aresample={RATE_HZ}:resampler=soxr:precision=28"
    found = {
        "chantd": [CHANTD, f"--render={out}", f"--rate={RATE_HZ}", f"--eq={eq}", "--format=s16",
                   path],
        f"sox {harness.version('sox')}": ["sox", "-D", path, "-b", 16, out, *in_sox, "rate", "-v",
                                          RATE_HZ],
    }  # fmt: skip
    program = f"ffmpeg {harness.version('ffmpeg')}"
    if "--enable-libsoxr" in harness.run("ffmpeg", "-hide_banner", "-buildconf"):
        found[f"{program}, soxr 28 bits"] = [*ffmpeg, f"aformat=fltp,{in_ffmpeg},{soxr}", *wav]
    own = f"aresample={RATE_HZ}"
    found[f"{program}, its resampler"] = [*ffmpeg, f"aformat=fltp,{in_ffmpeg},{own}", *wav]
    one = [*ffmpeg[:1], "-filter_threads", "1", *ffmpeg[1:]]
    found[f"{program}, its resampler, one thread"] = [*one, f"aformat=fltp,{in_ffmpeg},{own}", *wav]
    found[f"{program}, its resampler, 16 bits"] = [*ffmpeg, f"{in_ffmpeg},{own}", *wav]
    return found


def measure(folder, seconds, rounds):
    path = folder / "in.flac"
    harness.run("sox", "-R", "-n", "-r", 44100, "-c", "2", "-b", "16", path, "synth", seconds,
                "pinknoise", "pinknoise", "gain", GAIN_DB)  # fmt: skip
    path.read_bytes()
    commands = jobs(folder, path)
    found = {label: [] for label in commands}
    for turn in range(rounds):
        # Each program comes first as often as any other.
        order = list(commands)
        order = order[turn % len(order) :] + order[: turn % len(order)]
        for label in order:
            (folder / "out.wav").unlink(missing_ok=True)
            found[label].append(harness.run_timed(commands[label]))
            note(f"  {label}: {found[label][-1][0]:.2f} s, CPU {found[label][-1][1]:.2f} s")
    return found


def report(found, seconds):
    for i, kind in enumerate(("wall", "CPU")):
        medians = {label: median([run[i] for run in runs]) for label, runs in found.items()}
        for label, runs in found.items():
            name, _, extra = label.partition(", ")
            variant = f"FLAC 44.1 → 48 kHz WAV, 10 bands, {kind}"
            values = [run[i] for run in runs]
            if label != "chantd":
                variant = f"{variant}, {extra}" if extra else variant
                emit("render", name, variant, "s", values, size=seconds)
                continue
            for quality in ("resampling as well", "whatever its resampling"):
                against = [peer for peer in medians if peer != "chantd"]
                if quality == "resampling as well":
                    against = [peer for peer in against if "its resampler" not in peer]
                fastest = min(against, key=medians.get)
                ratio = over(medians[fastest], medians["chantd"])
                emit("render", name, f"{variant}, against the fastest {quality}", "s", values,
                     size=seconds, ratio=ratio, reference=fastest,
                     hold="faster than sox and ffmpeg", met=ratio > 1)  # fmt: skip


def main():
    options = harness.arguments(__doc__)
    absent = harness.missing("sox", "ffmpeg")
    if absent:
        sys.exit(f"not installed: {' '.join(absent)}")
    seconds = 20 if options.quick else 600
    with Workshop() as shop:
        report(measure(shop.folder, seconds, 2 if options.quick else 5), seconds)


if __name__ == "__main__":
    main()
