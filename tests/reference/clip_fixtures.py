"""Writes crates/clip/tests/golden/model/: tiny random CLIPs in the formats that the real ones are published in.

openai.pt        TorchScript archive in half precision, as OpenAI's files
state-dict.pt    zip of a state_dict() in half precision, OpenAI's names
open-clip.safetensors     OpenAI's names and the exact GELU, in half precision, as open_clip's models of LAION and DataComp
hugging-face.safetensors  Hugging Face's names, in half precision, with the position_ids of its older files
NAME.golden.safetensors   inputs and what the reference makes of them in single precision: embeddings, and the gradient of
                 sum(image embedding * direction) with respect to the pixels
zero-shot.json   the shares that openai.pt gives some labels for its golden images, with a vocabulary of its size
initial.json     shape, mean and spread of the values that OpenAI's code draws for a small model, averaged over many models

The references are clip-anytorch's clip.model, open_clip, and for Hugging Face's names transformers. Run with
tests/reference/.venv/bin/python.
"""

import json
from pathlib import Path

import torch
from clip import model as openai
from clip.simple_tokenizer import SimpleTokenizer, bytes_to_unicode
from safetensors.torch import save_file

OUT = Path(__file__).parents[2] / "crates/clip/tests/golden/model"


def randomize(model, seed, attention=2.0):
    """Every parameter matters: biases and norms too, and attention is far from even (the more, the larger `attention`)."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if name == "logit_scale":
            continue
        noise = torch.randn(parameter.shape, generator=generator)
        if ".ln_" in name or name.startswith("ln_") or "layer_norm" in name or "layrnorm" in name or "layernorm" in name:
            value = 0.1 * noise + (1.0 if name.endswith("weight") else 0.0)
        elif name.endswith("bias"):
            value = 0.1 * noise
        elif "embedding" in name and "patch" not in name:
            value = 0.3 * noise
        else:
            fan_in = parameter[0].numel() if parameter.dim() > 1 else parameter.numel()
            value = noise * (attention if "in_proj" in name or "q_proj" in name or "k_proj" in name else 1.0) * fan_in**-0.5
        parameter.data.copy_(value)


def openai_model(vision_width, vision_layers, text_width, text_layers, seed, *, embed_dim=32, image=16, patch=8, context=16, vocab=520, attention=2.0):
    model = openai.CLIP(embed_dim, image, vision_layers, vision_width, patch, context, vocab, text_width, text_width // 64, text_layers)
    randomize(model, seed, attention)
    openai.convert_weights(model)
    return model.eval()


def torchscript(model, path):
    """As OpenAI's files: traced, with three sizes as buffers."""
    size, context, vocab = model.visual.input_resolution, model.context_length, model.vocab_size
    tokens = torch.zeros(1, context, dtype=torch.long)
    model.context_length = model.vocab_size = None  # plain numbers, in the way of the buffers
    del model.context_length, model.vocab_size
    for name, number in [("input_resolution", size), ("context_length", context), ("vocab_size", vocab)]:
        model.register_buffer(name, torch.tensor(number))
    pixels = torch.zeros(1, 3, size, size)
    torch.jit.trace_module(model, {"encode_image": pixels, "encode_text": tokens}, check_trace=False).save(str(path))


def inputs(count, image, context, vocab, embed_dim, seed):
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.zeros(count, context, dtype=torch.long)
    for i in range(count):
        length = [context, 2, context // 2, 5][i % 4]
        tokens[i, 0] = vocab - 2
        tokens[i, 1 : length - 1] = torch.randint(0, vocab - 2, (length - 2,), generator=generator)
        tokens[i, length - 1] = vocab - 1
    pixels = torch.randn(count, 3, image, image, generator=generator)
    return {"pixels": pixels, "tokens": tokens, "direction": torch.randn(count, embed_dim, generator=generator)}


def outputs(encode_image, encode_text, given):
    pixels = given["pixels"].clone().requires_grad_(True)
    image = encode_image(pixels)
    (image * given["direction"]).sum().backward()
    with torch.no_grad():
        text = encode_text(given["tokens"])
    return {**given, "image_embedding": image.detach(), "text_embedding": text, "pixel_gradient": pixels.grad}


def openai_golden(model, path, count=3):
    """The reference in single precision, on the weights that half precision left."""
    state = {name: tensor for name, tensor in model.state_dict().items()}
    reference = openai.build_model(state).float()
    given = inputs(count, reference.visual.input_resolution, reference.context_length, reference.vocab_size, reference.text_projection.shape[1], 1)
    save_file(outputs(reference.encode_image, reference.encode_text, given), path)


def hugging_face_model(seed):
    from transformers import CLIPConfig, CLIPModel  # not at the top: benches/side_by_side.py does without it

    tower = {"num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 256, "num_attention_heads": 1, "hidden_act": "quick_gelu"}
    config = CLIPConfig(
        text_config={**tower, "num_hidden_layers": 1, "vocab_size": 520, "max_position_embeddings": 16, "eos_token_id": 519, "bos_token_id": 518, "pad_token_id": 0, "projection_dim": 32},
        vision_config={**tower, "image_size": 16, "patch_size": 8, "projection_dim": 32},
        projection_dim=32,
    )
    model = CLIPModel(config)
    randomize(model, seed)
    return model.eval()


def hugging_face(path, golden):
    model = hugging_face_model(3).half()
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    tensors["text_model.embeddings.position_ids"] = torch.arange(16)[None]
    tensors["vision_model.embeddings.position_ids"] = torch.arange(5)[None]
    save_file(tensors, path)
    model = model.float()
    image = lambda pixels: model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)
    text = lambda tokens: model.text_projection(model.text_model(input_ids=tokens).pooler_output)
    save_file(outputs(image, text, inputs(3, 16, 16, 520, 32, 2)), golden)


def open_clip_gelu(path, golden):
    from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg

    vision = CLIPVisionCfg(layers=2, width=64, head_width=64, patch_size=8, image_size=16)
    text = CLIPTextCfg(context_length=16, vocab_size=520, width=64, heads=1, layers=1)
    model = CLIP(32, vision, text, quick_gelu=False)
    assert isinstance(model.transformer.resblocks[0].mlp.gelu, torch.nn.GELU)
    randomize(model, 4)
    model = model.eval().half()
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path)
    model = model.float()
    save_file(outputs(model.encode_image, model.encode_text, inputs(3, 16, 16, 520, 32, 3)), golden)


LABELS = ["bear", "lawn mower", "bicycle", "cup", "sweet pepper"]


def small_tokenizer(vocab):
    """CLIP's, with no more merges than the vocabulary has room for."""
    tokenizer = SimpleTokenizer()
    merges = list(tokenizer.bpe_ranks)[: vocab - 514]
    alphabet = list(bytes_to_unicode().values())
    tokens = alphabet + [c + "</w>" for c in alphabet] + ["".join(merge) for merge in merges]
    tokenizer.encoder = {token: i for i, token in enumerate(tokens)}
    tokenizer.bpe_ranks = {merge: i for i, merge in enumerate(merges)}
    return lambda text: [vocab - 2, *tokenizer.encode(text), vocab - 1]


def zero_shot(model, path):
    reference = openai.build_model(dict(model.state_dict())).float()
    encode, context = small_tokenizer(reference.vocab_size), reference.context_length
    prompts = [encode(f"a {label}") for label in LABELS]
    tokens = torch.tensor([prompt + [0] * (context - len(prompt)) for prompt in prompts])
    with torch.no_grad():
        logits, _ = reference(inputs(3, 16, context, reference.vocab_size, 32, 1)["pixels"], tokens)
    path.write_text(json.dumps({"template": "a {}", "labels": LABELS, "logits": logits.tolist(), "probabilities": logits.softmax(-1).tolist()}) + "\n")


def initial(path, models=40):
    """Over many models, since a small tensor's own spread is left to chance."""
    moments = {}
    for seed in range(models):
        torch.manual_seed(seed)
        model = openai.CLIP(32, 16, 2, 64, 8, 16, 520, 64, 1, 2)
        for name, tensor in model.state_dict().items():
            shape, values = moments.setdefault(name, (list(tensor.shape), []))
            values.append(tensor.flatten())
    result = {}
    for name, (shape, values) in moments.items():
        values = torch.cat(values)
        result[name] = [shape, round(values.mean().item(), 5), round(values.std().item(), 5)]
    path.write_text(json.dumps(result, indent=0) + "\n")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    model = openai_model(128, 2, 64, 1, seed=1)
    openai_golden(model, OUT / "openai.golden.safetensors")
    zero_shot(model, OUT / "zero-shot.json")
    initial(OUT / "initial.json")
    torchscript(model, OUT / "openai.pt")
    model = openai_model(64, 2, 64, 1, seed=2, image=24)
    openai_golden(model, OUT / "state-dict.golden.safetensors")
    torch.save(model.state_dict(), OUT / "state-dict.pt")
    hugging_face(OUT / "hugging-face.safetensors", OUT / "hugging-face.golden.safetensors")
    open_clip_gelu(OUT / "open-clip.safetensors", OUT / "open-clip.golden.safetensors")
    for path in sorted(OUT.iterdir()):
        print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
