#!/usr/bin/env python3
"""What steps cost against the work in them: more cells, more cutouts, larger models, on the CPU or on a GPU.

    benches/cost.py                                       # the miniature on the CPU, all tables
    benches/cost.py --table line                          # one of them: cells, cutouts, line
    benches/cost.py --device cuda --files random          # packs and precisions, at the published sizes
    ... --step 'path/to/step'                             # a program that was carried there

It needs no package. What is compared takes turns, in processes of their own that each take steps for some seconds; what is printed is the median
over all steps of all turns: steps per second of all cells together, and the peak memory.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
CELLS = (1, 2, 4, 8, 24)
PACKS = (1, 4, 8, 24)
CUTOUTS = (8, 16, 32, 64, 128, 256)
PRECISIONS = ("fp32", "tf32", "bf16")
# Random models from small to published, as channel width and cutouts, in the order of their work.
SIZES = ((8, 16), (16, 16), (16, 64), (32, 16), (32, 64), (64, 16), (64, 64), (64, 128), (96, 128), (128, 128))


def main():
    arguments = parse()
    tables = {"cuda": cuda_tables, "cpu": cpu_tables}[arguments.device](arguments)
    for name in arguments.table or tables:
        if name not in tables:
            sys.exit(f"{arguments.device} has no table `{name}`, but: {', '.join(tables)}")
        rows = tables[name]()
        print_table(rows, contest(arguments, rows))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--files", default="weights/mini", help="folder of models, or `random` [default: weights/mini]")
    parser.add_argument("--table", action="append", help="only this table; may be given several times")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each [default: 3]")
    parser.add_argument("--seconds", type=float, default=3, help="a turn's seconds, at least [default: 3]")
    parser.add_argument("--steps", type=int, default=3, help="a turn's steps, at least [default: 3]")
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)), help="[default: this machine's]")
    parser.add_argument("--largest", type=int, default=96, help="`line`: the widest random models, 128 are the published [default: 96]")
    parser.add_argument("--step", help="command of the example `step` [default: built by cargo]")
    return parser.parse_args()


def cpu_tables(arguments):
    """By name: what makes the rows, each a label with what `step` is to do in every column."""
    cores, files = arguments.cores, models(arguments)
    cutouts = ["--cutouts", str(usual_cutouts(arguments))]
    one = ["--workers", "1", "--threads", str(cores)]

    def each(cells=1):
        return ["--workers", str(min(cells, cores)), "--threads", "1"]

    def cells(count):
        own = ["--dreams", str(-(-count // min(count, cores)))]
        return {
            "a thread each, in turn": [*files, *cutouts, *each(count), *own, "--in-turn"],
            "a thread each, in packs": [*files, *cutouts, *each(count), *own],
            f"{cores} threads, in turn": [*files, *cutouts, *one, "--dreams", str(count), "--in-turn"],
            f"{cores} threads, one pack": [*files, *cutouts, *one, "--dreams", str(count)],
        }

    def both(work):
        return {"a thread each": [*work, *each(cores)], f"{cores} threads": [*work, *one]}

    def line():
        sizes = ((channels, count) for channels, count in SIZES if channels <= arguments.largest)
        named = {f"random, {channels} channels, {count} cutouts": ["--channels", str(channels), "--cutouts", str(count)] for channels, count in sizes}
        rows = {f"{arguments.files}, {cutouts[1]} cutouts": [*files, *cutouts], **named}
        return {label: both(work) for label, work in rows.items()}

    return {
        "cells": lambda: {f"{count} cells": cells(count) for count in CELLS},
        "cutouts": lambda: {f"{count} cutouts": both([*files, "--cutouts", str(count)]) for count in CUTOUTS},
        "line": line,
    }


def cuda_tables(arguments):
    def precisions(pack, cutouts):
        work = [*models(arguments), "--device", "cuda", "--dreams", str(pack), "--cutouts", str(cutouts)]
        return {kind: [*work, "--precision", kind] for kind in PRECISIONS}

    return {
        "cells": lambda: {f"a pack of {pack}": precisions(pack, usual_cutouts(arguments)) for pack in PACKS},
        "cutouts": lambda: {f"a pack of 8, {count} cutouts": precisions(8, count) for count in CUTOUTS},
    }


def models(arguments):
    return [] if arguments.files == "random" else ["--files", arguments.files]


def usual_cutouts(arguments):
    return 8 if arguments.files == "weights/mini" else 128


def contest(arguments, rows):
    """What each row and column measured: (row, column) → list of what `step` said, a turn each."""
    command = arguments.step.split() if arguments.step else step_by_cargo()
    turn = ["--seconds", str(arguments.seconds), "--steps", str(arguments.steps)]
    found = {(row, column): [] for row, columns in rows.items() for column in columns}
    for round_ in range(arguments.rounds):
        for row, column in found:
            print(f"{round_ + 1} of {arguments.rounds}: {row}, {column}", file=sys.stderr)
            out = subprocess.run([*command, *rows[row][column], *turn], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            if out.returncode:
                print("failed, and is left out", file=sys.stderr)  # out of memory, say
                continue
            found[row, column].append(json.loads(out.stdout.splitlines()[-1]))
    return found


def step_by_cargo():
    build = ["cargo", "build", "--quiet", "--release", "--workspace", "--example", "step"]
    subprocess.run(build, cwd=ROOT, check=True)
    return [str(ROOT / "target/release/examples/step")]


def print_table(rows, found):
    columns = list(next(iter(rows.values())))
    heads = ["", "GFLOP", *(f"{column}: steps/s" for column in columns), f"{columns[0]} / {columns[-1]}", *(f"{column}: GB" for column in columns)]
    print(f"\n| {' | '.join(heads)} |\n|{' --- |' * len(heads)}", flush=True)
    for row in rows:
        turns = [found[row, column] for column in columns]
        rates = [1 / statistics.median(s for turn in each for s in turn["seconds"]) if each else None for each in turns]
        peaks = [max(turn["peak_bytes"] for turn in each) / 1e9 if each else None for each in turns]
        work = next((sum(turn["operations"].values()) / 1e9 for each in turns for turn in each), None)
        ratio = rates[0] / rates[-1] if rates[0] and rates[-1] else None
        cells = [row, number(work, ".3g"), *(number(rate, ".3g") for rate in rates), number(ratio, ".2f"), *(number(peak, ".2f") for peak in peaks)]
        print(f"| {' | '.join(cells)} |", flush=True)


def number(value, form):
    return "-" if value is None else format(value, form)


if __name__ == "__main__":
    main()
