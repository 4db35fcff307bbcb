"""Loads biggan-deep-512 and CLIP ViT-B/32, random weights in the published formats, and prints what that costs: three times."""

import pathlib
import subprocess
import tempfile

import biggan
import clip_parity

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        config = biggan.BigGAN512
        generator = biggan.save_published(biggan.random_model(config, seed=512), config, folder)
        perceptor = folder / "ViT-B-32.pt"
        clip_parity.save_openai(32, perceptor)
        load = ["cargo", "run", "--quiet", "-p", "bigsleep", "--example", "loading", "--"]
        for _ in range(3):
            subprocess.run([*load, folder / "config.json", generator, perceptor], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
