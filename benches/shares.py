#!/usr/bin/env python3
"""What `cargo bench --workspace --bench components` measured, as Markdown: milliseconds of every part (median and its 95% interval), and its share
of a step.

    benches/shares.py [target/criterion]
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main():
    folder = pathlib.Path(sys.argv[1]) if sys.argv[1:] else ROOT / "target/criterion"
    groups = {}
    for path in sorted(folder.glob("*/*/new/benchmark.json"), key=lambda path: path.stat().st_mtime):  # as they were run
        benchmark = json.loads(path.read_text())
        median = json.loads(path.with_name("estimates.json").read_text())["median"]
        groups.setdefault(benchmark["group_id"], {})[benchmark["function_id"]] = median
    for name, parts in groups.items():
        if "generator, forward" in parts and "step" in parts:  # a group of this bench, whole
            table(name, parts)
    if not groups:
        sys.exit(f"no measurements in {folder}: run `cargo bench --workspace --bench components` first")


def table(name, parts):
    step = parts["step"]["point_estimate"]
    print(f"\n{name}\n\n| part | ms | 95% interval | of a step |\n| --- | --- | --- | --- |")
    for part, median in parts.items():
        nanoseconds, interval = median["point_estimate"], median["confidence_interval"]
        low, high = (interval[f"{end}_bound"] / 1e6 for end in ("lower", "upper"))
        print(f"| {part} | {nanoseconds / 1e6:.3g} | {low:.3g} to {high:.3g} | {nanoseconds / step:.1%} |")


if __name__ == "__main__":
    main()
