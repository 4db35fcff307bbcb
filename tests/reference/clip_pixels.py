"""Writes crates/clip/tests/golden/pixels/: small images of many kinds, and what CLIP's own preprocessing makes of each.

NAME.png (or .jpg) is the image, NAME.48.png its resized and cut square before normalisation, by clip-anytorch's
`_transform` without its last two steps. Run with tests/reference/.venv/bin/python.
"""

from pathlib import Path

import clip.clip as reference
import numpy as np
from PIL import Image

SIZE = 48
OUT = Path(__file__).parents[2] / "crates/clip/tests/golden/pixels"


def photo(width, height, channels, seed):
    """Slopes, waves, an edge and some grain, in [0, 1]: something of every frequency."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    layers = []
    for c in range(channels):
        wave = np.sin(x * (7 + 5 * c + seed) + c) * np.cos(y * (11 - 3 * c + seed))
        edge = ((x - 0.5) ** 2 + (y - 0.3) ** 2 < 0.05 + 0.02 * c) * 0.8
        layers.append(0.4 + 0.3 * wave + edge - 0.2 * x)
    image = np.stack(layers, -1) + rng.normal(0, 0.02, (height, width, 1))
    return image.clip(0, 1)


def eight_bits(*args):
    return (photo(*args) * 255).round().astype(np.uint8)


def images():
    """Name and image. Sizes are small since the files are committed."""
    yield "wide", Image.fromarray(eight_bits(160, 90, 3, 1))
    yield "tall", Image.fromarray(eight_bits(57, 140, 3, 2))
    yield "portrait", Image.fromarray(eight_bits(75, 100, 3, 15))
    yield "exact", Image.fromarray(eight_bits(48, 48, 3, 3))
    yield "tiny", Image.fromarray(eight_bits(5, 3, 3, 4))
    yield "very-wide", Image.fromarray(eight_bits(401, 13, 3, 5))
    yield "grey", Image.fromarray(eight_bits(97, 64, 1, 6)[..., 0])
    yield "grey-alpha", Image.fromarray(eight_bits(50, 75, 2, 7), "LA")
    yield "grey-16-bit", Image.fromarray((photo(64, 52, 1, 8)[..., 0] * 65535).astype(np.uint16))
    yield "rgba", Image.fromarray(eight_bits(83, 80, 4, 9))
    yield "palette", Image.fromarray(eight_bits(100, 70, 3, 10)).quantize(24)
    transparent = Image.fromarray(eight_bits(70, 60, 3, 11)).quantize(16)
    transparent.info["transparency"] = bytes(range(0, 256, 16))
    yield "palette-alpha", transparent
    yield "bilevel", Image.fromarray(eight_bits(90, 77, 1, 12)[..., 0]).convert("1")
    keyed = Image.fromarray(eight_bits(60, 66, 3, 13) // 32 * 32)
    keyed.info["transparency"] = tuple(int(v) for v in np.asarray(keyed)[30, 30])
    yield "colour-key", keyed
    yield "photo", Image.fromarray(eight_bits(120, 110, 3, 14))  # the one that is saved as JPEG


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    square = reference._transform(SIZE).transforms[:3]  # resize, cut, to RGB
    for name, image in images():
        path = OUT / f"{name}.{'jpg' if name == 'photo' else 'png'}"
        options = {"quality": 90} if name == "photo" else {"optimize": True}
        if "transparency" in image.info:
            options["transparency"] = image.info["transparency"]
        image.save(path, **options)
        with Image.open(path) as opened:
            mode = opened.mode
            if mode == "I;16":  # Pillow clips deep gray to white above 255, but takes the high byte of deep colors: so do we
                opened = Image.fromarray((np.asarray(opened) >> 8).astype(np.uint8))
            for step in square:
                opened = step(opened)
        opened.save(OUT / f"{name}.{SIZE}.png", optimize=True)
        print(f"{name}: {mode} {image.size}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
