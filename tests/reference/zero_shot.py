"""Judges the final images of a results folder again, by OpenAI's own code, and compares with what the runner recorded.

    tests/reference/.venv/bin/python tests/reference/zero_shot.py RESULTS [--weights weights]

For every cell and both CLIPs of the model set (perceptor and held-out judge): the shares of the nearest labels and of the right one,
its rank, and the similarity with the class name, from final.png, labels.toml and the model set's own files. The reference is
clip-anytorch's clip.model in single precision, its tokenizer (with as many merges as the model has tokens for) and its
preprocessing: bicubic with antialiasing, centre crop, normalisation. Prints the largest differences; fails above 0.05 percentage
points, or where a label or a rank is another.
"""

import argparse
import sys
import tomllib
from pathlib import Path

import torch
from clip import model as openai
from clip.clip import _transform
from PIL import Image
from safetensors.torch import load_file

from clip_fixtures import small_tokenizer

POINTS = 0.05
COSINE = 1e-4
# Labels whose shares differ by less than this may be in either order.
TIE = 1e-6


class Clip:
    """OpenAI's CLIP with the sizes that the file's tensors have, as its build_model infers them, but in single precision."""

    def __init__(self, path):
        weights = load_file(path) if path.suffix == ".safetensors" else torch.jit.load(str(path), map_location="cpu").state_dict()
        weights = {name: tensor.float() for name, tensor in weights.items() if name not in ("input_resolution", "context_length", "vocab_size")}
        width, _, _, patch = weights["visual.conv1.weight"].shape
        grid = round((weights["visual.positional_embedding"].shape[0] - 1) ** 0.5)
        layers = lambda prefix: len({name[len(prefix) :].split(".")[0] for name in weights if name.startswith(prefix)})
        vocab, text_width = weights["token_embedding.weight"].shape
        self.context = weights["positional_embedding"].shape[0]
        self.model = openai.CLIP(
            weights["text_projection"].shape[1], grid * patch, layers("visual.transformer.resblocks."), width, patch,
            self.context, vocab, text_width, text_width // 64, layers("transformer.resblocks."),
        )  # fmt: skip
        self.model.load_state_dict(weights)
        self.model.eval()
        self.encode = small_tokenizer(vocab)
        self.transform = _transform(grid * patch)

    def texts(self, texts):
        tokens = [self.encode(text) for text in texts]
        return self.model.encode_text(torch.tensor([row + [0] * (self.context - len(row)) for row in tokens]))

    def image(self, path):
        return self.model.encode_image(self.transform(Image.open(path))[None])

    def fits(self, text):
        return len(self.encode(text)) <= self.context


def unit(embedding):
    return embedding / embedding.norm(dim=-1, keepdim=True)


class Differences:
    def __init__(self):
        self.points = self.cosine = 0.0
        self.compared, self.wrong = 0, []

    def verdict(self, clip, labels, label_embeddings, recorded, image, right_label, text, where):
        seen = unit(clip.image(image))
        cosines = (seen @ label_embeddings.T)[0].double()
        shares = (cosines * clip.model.logit_scale.exp().double()).softmax(-1)
        order = shares.argsort(descending=True)
        for place, guess in enumerate(recorded["nearest"]):
            index = labels.index(guess["label"])
            if index != order[place] and abs(shares[index] - shares[order[place]]) > TIE:
                self.wrong.append(f"{where}: place {place + 1} is {guess['label']}, should be {labels[order[place]]}")
            self.points = max(self.points, 100 * abs(guess["probability"] - shares[index].item()))
            self.cosine = max(self.cosine, abs(guess["similarity"] - cosines[index].item()))
        if right_label is not None:
            index = labels.index(right_label)
            rank = 1 + (shares > shares[index]).sum().item()
            near = (shares - shares[index]).abs() < TIE
            if abs(rank - recorded["right"]["rank"]) > near.sum() - 1:
                self.wrong.append(f"{where}: {right_label} has rank {recorded['right']['rank']}, should be {rank}")
            self.points = max(self.points, 100 * abs(recorded["right"]["probability"] - shares[index].item()))
        if clip.fits(text):
            cosine = (seen @ unit(clip.texts([text])).T).item()
            self.cosine = max(self.cosine, abs(recorded["similarity"] - cosine))
        elif "similarity" in recorded:
            self.wrong.append(f"{where}: the text is too long, yet has a similarity")
        self.compared += 1


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("results", type=Path)
    arguments.add_argument("--weights", type=Path, default=Path("weights"))
    arguments = arguments.parse_args()
    read = lambda path: tomllib.loads(path.read_text())
    plan, label_set = read(arguments.results / "plan.toml"), read(arguments.results / "labels.toml")
    folder = arguments.weights / plan["model_set"]
    manifest, labels = read(folder / "manifest.toml"), label_set["labels"]
    good = True
    with torch.no_grad():
        for role in ["perceptor", "judge"]:
            if role not in manifest:
                print(f"{role}: the model set has none")
                continue
            clip = Clip(folder / manifest[role]["weights"]["path"])
            embeddings = unit(clip.texts([label_set["template"].replace("{}", label) for label in labels]))
            found = Differences()
            for cell in plan["cells"]:
                path = arguments.results / "cells" / cell["id"]
                if not (path / "evaluation.toml").exists():
                    continue
                recorded, class_name = read(path / "evaluation.toml"), read(path / "cell.toml")["class_name"]
                text = plan["template"].replace("{}", class_name)
                found.verdict(clip, labels, embeddings, recorded[role], path / "final.png", recorded.get("right_label"), text, f"{cell['id']}, {role}")
            print(f"{role}: {found.compared} images, {len(labels)} labels; largest difference {found.points:.1e} percentage points, {found.cosine:.1e} of a cosine")
            for wrong in found.wrong:
                print(f"  {wrong}")
            good &= found.compared > 0 and found.points <= POINTS and found.cosine <= COSINE and not found.wrong
    sys.exit(not good)


if __name__ == "__main__":
    main()
