"""CLIP at full size: random weights of the real architectures in the published formats, the reference packages and ours.

Compares embeddings of images and texts, the gradient with respect to the pixels, and the embeddings of image files that each side
preprocesses itself; prints the figures, and how long ours took to load and how much memory. Needs about 2 GB of disk for a
while and 4 GB of memory. Run with tests/reference/.venv/bin/python after ./setup; it builds the example by itself.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import clip.clip as reference
import numpy as np
import torch
from clip import model as openai
from PIL import Image
from safetensors.torch import load_file, save_file

import clip_fixtures as fixtures
import clip_pixels

ROOT = Path(__file__).parents[2]
COSINE = 0.99999
COSINE_OF_FILES = 0.9999


def images(folder):
    """Ten files of different sizes and modes, as in clip_pixels, but as large as people have them."""
    def of(*args):
        return Image.fromarray(clip_pixels.eight_bits(*args).squeeze(-1) if args[2] == 1 else clip_pixels.eight_bits(*args), {2: "LA", 4: "RGBA"}.get(args[2]))

    deep = (clip_pixels.photo(500, 300, 1, 5)[..., 0] * 65535).astype(np.uint16)
    pictures = {
        "photo": of(640, 480, 3, 1), "portrait": of(480, 640, 3, 2), "exact": of(224, 224, 3, 3), "tiny": of(7, 5, 3, 4), "deep-grey": Image.fromarray(deep),
        "very-wide": of(1600, 40, 3, 6), "grey": of(333, 500, 1, 7), "rgba": of(512, 512, 4, 8), "palette": of(400, 300, 3, 9).quantize(64), "grey-alpha": of(301, 299, 2, 10),
    }
    for name, picture in pictures.items():
        picture.save(folder / f"{name}.png")
        yield folder / f"{name}.png"


def vit_b(patch):
    model = fixtures.openai_model(768, 12, 512, 12, seed=patch, embed_dim=512, image=224, patch=patch, context=77, vocab=49408, attention=1.0)
    return model


def save_openai(patch, path):
    fixtures.torchscript(vit_b(patch), path)


def save_hugging_face(patch, path):
    """OpenAI's model under Hugging Face's names, in single precision, as it is published."""
    from transformers import CLIPConfig, CLIPModel  # not at the top: benches/side_by_side.py does without it

    tower = {"num_hidden_layers": 12, "hidden_act": "quick_gelu", "projection_dim": 512}
    text = {**tower, "hidden_size": 512, "intermediate_size": 2048, "num_attention_heads": 8, "eos_token_id": 49407, "bos_token_id": 49406}
    vision = {**tower, "hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "patch_size": patch}
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=512))
    fixtures.randomize(model, patch, attention=1.0)
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path)
    return model.eval()


def openai_reference(path):
    model = openai.build_model(torch.jit.load(str(path)).state_dict()).float()
    return model.encode_image, model.encode_text


def hugging_face_reference(model):
    return (
        lambda pixels: model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output),
        lambda tokens: model.text_projection(model.text_model(input_ids=tokens).pooler_output),
    )


def cosine(a, b):
    return torch.nn.functional.cosine_similarity(a.flatten(1).double(), b.flatten(1).double()).min().item()


def compare(name, encoders, weights, folder):
    """Whether all figures are as they should be."""
    files = list(images(folder))
    given = fixtures.inputs(4, 224, 77, 49408, 512, seed=7)
    save_file(given, folder / "inputs.safetensors")
    print(f"\n{name}, {weights.name}:", flush=True)
    command = ["cargo", "run", "-q", "-p", "clip", "--example", "clip_embed", "--", weights, folder / "inputs.safetensors", folder / "outputs.safetensors", *files]
    subprocess.run(command, cwd=ROOT, check=True)
    ours = load_file(folder / "outputs.safetensors")
    theirs = fixtures.outputs(*encoders, given)
    transform = reference._transform(224)
    theirs["file_pixels"] = torch.stack([transform(Image.open(path)) for path in files])
    with torch.no_grad():
        theirs["file_embedding"] = encoders[0](theirs["file_pixels"])
    good = True
    for key in ["image_embedding", "text_embedding", "pixel_gradient", "file_pixels", "file_embedding"]:
        least = cosine(ours[key], theirs[key])
        apart = cosine(ours[key], theirs[key].roll(1, 0))
        largest = (ours[key] - theirs[key]).abs().max().item()
        print(f"  {key}: least cosine {least:.9f} (1 - {1 - least:.1e}), largest difference {largest:.1e}; between different inputs down to {apart:.3f}")
        good &= least >= (COSINE_OF_FILES if key.startswith("file") else COSINE)
    return good


def main():
    good = True
    for name, patch in [("ViT-B/32", 32), ("ViT-B/16", 16)]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "openai.pt"
            save_openai(patch, path)
            good &= compare(name, openai_reference(path), path, Path(folder))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "hugging-face.safetensors"
            model = save_hugging_face(patch, path)
            good &= compare(name, hugging_face_reference(model), path, Path(folder))
    print("\nparity: " + ("reached" if good else "MISSED"))
    sys.exit(not good)


if __name__ == "__main__":
    main()
