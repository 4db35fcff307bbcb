"""TensorBoard's own event files.

    golden           writes crates/report/src/tensorboard/golden.tfevents with TensorBoard's messages and writer
    check RESULTS    opens what `runner report RESULTS --tensorboard` wrote, and compares it with the records
"""

import csv
import pathlib
import sys

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

GOLDEN = pathlib.Path(__file__).parents[2] / "crates/report/src/tensorboard/golden.tfevents"
COLUMNS = {"loss/total": "loss", "loss/similarity": "similarity_loss", "loss/latent": "latent_loss", "loss/class": "class_loss"}


def golden() -> None:
    def scalars(seconds: float, step: int, **values: float) -> Event:
        value = [Summary.Value(tag=tag.replace("_", "/"), simple_value=number) for tag, number in values.items()]
        return Event(wall_time=seconds, step=step, summary=Summary(value=value))

    image = Summary.Image(height=1, width=2, colorspace=3, encoded_image_string=b"\x89PNG not really \0\xff")
    events = [
        Event(file_version="brain.Event:2"),
        scalars(0.25, 1, loss_total=-36.5, loss_class=0.0),
        scalars(1 / 3, 2, loss_total=float("nan"), similarity_cutouts=41.125),
        Event(wall_time=1e6, step=300, summary=Summary(value=[Summary.Value(tag="image", image=image)])),
    ]
    with GOLDEN.open("wb") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString())


def check(results: pathlib.Path) -> None:
    files = sorted((results / "tensorboard").rglob("*tfevents*"))
    assert files, "no event files"
    points = images = 0
    for file in files:
        cell = results / "cells" / file.parent.relative_to(results / "tensorboard")
        events = EventAccumulator(str(file.parent), size_guidance={"scalars": 0, "images": 0}).Reload()
        trace = list(csv.DictReader((cell / "trace.csv").open()))
        for tag, column in COLUMNS.items():
            got = [(event.step, event.wall_time, event.value) for event in events.Scalars(tag)]
            want = [(int(row["step"]), float(row["seconds"]), float(row[column])) for row in trace]
            assert len(got) == len(want), (cell, tag)
            for (step, seconds, value), wanted in zip(got, want):
                # Records have the shortest decimals of a single-precision number, and seconds in double precision.
                assert (step, seconds) == wanted[:2] and abs(value - wanted[2]) <= 1e-6 * abs(wanted[2]), (cell, tag, step)
            points += len(got)
        frames = {int(path.stem): path.read_bytes() for path in (cell / "frames").glob("*.png")}
        got = {event.step: event.encoded_image_string for event in events.Images("image")} if frames else {}
        assert got == frames, f"{cell}: images"
        images += len(got)
        status = tomllib.loads((cell / "cell.toml").read_text())["status"]
        if "finished" in status:
            [last] = events.Scalars("similarity/image_of_averaged_latents")
            assert abs(last.value - 100 * status["finished"]["similarity_averaged"]) < 1e-4, cell
    print(f"{len(files)} runs, {points} points and {images} images as in the records")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["golden"]:
            golden()
        case ["check", results]:
            check(pathlib.Path(results))
        case _:
            sys.exit(__doc__)
