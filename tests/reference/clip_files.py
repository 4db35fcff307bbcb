"""Writes crates/clip/tests/golden/files/: what Pillow makes of files as they come from phones and broken downloads.

- `exif-N.jpg` and `exif-N.png`, N of 1 to 8, are one picture stored as orientation N has it; `upright.png` is what
  transformers' `load_image` (5.23.0, on Pillow 13.0.0) makes of `exif-1.png`, and this script checks that it makes the same
  of every other PNG, and within a JPEG's error of every JPEG.
- `whole.jpg`, `progressive.jpg` and `whole.png`; `cuts.json` has for each the shortest length at which Pillow loads what is
  left of it, and the length of the whole.

It needs pillow, numpy and transformers of requirements.txt and nothing else. Run with tests/reference/.venv/bin/python.
"""

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from transformers.image_utils import load_image

OUT = Path(__file__).parents[2] / "crates/clip/tests/golden/files"

# What turns the upright picture into what is stored, undone by the tag.
STORED = {
    1: lambda image: image,
    2: ImageOps.mirror,
    3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
    4: ImageOps.flip,
    5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
    6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
    7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
    8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
}
ORIENTATION = 0x0112


def picture():
    """Wider than high, smooth, and no two corners alike: no orientation looks like another."""
    y, x = np.mgrid[0:12, 0:20]
    layers = [12 * x, 20 * y, 8 * x + 4 * y]
    return Image.fromarray(np.stack(layers, -1).clip(0, 255).astype(np.uint8))


def loads(content):
    try:
        Image.open(io.BytesIO(content)).load()
    except (OSError, SyntaxError, ValueError):
        return False
    return True


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    upright = picture()
    upright.save(OUT / "upright.png", optimize=True)
    for orientation, stored in STORED.items():
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        for kind, options, most in [("png", {"optimize": True}, 0), ("jpg", {"quality": 95, "subsampling": 0}, 6)]:
            path = OUT / f"exif-{orientation}.{kind}"
            stored(upright).save(path, exif=exif, **options)
            difference = np.asarray(load_image(str(path))).astype(int) - np.asarray(upright)
            assert abs(difference).max() <= most, (path.name, abs(difference).max())
    cuts = {}
    for name, options in [("whole.jpg", {}), ("progressive.jpg", {"progressive": True}), ("whole.png", {})]:
        upright.save(OUT / name, **options)
        content = (OUT / name).read_bytes()
        loaded = [length for length in range(len(content) + 1) if loads(content[:length])]
        assert loaded == list(range(loaded[0], len(content) + 1)), name
        cuts[name] = {"loads_from": loaded[0], "whole": len(content)}
    (OUT / "cuts.json").write_text(json.dumps(cuts, indent=1) + "\n")
    print(cuts)


if __name__ == "__main__":
    main()
