"""BigGAN-deep: the reference implementations against `crates/biggan`.

    tests/reference/.venv/bin/python tests/reference/biggan.py golden
        writes crates/biggan/tests/golden/, which the crate's tests compare with

    tests/reference/.venv/bin/python tests/reference/biggan.py parity [128] [256] [512]
        makes random weights of the published sizes, saves them as the published files are, computes images and
        gradients with the reference and with `crates/biggan`, and prints how far they are apart

Weights are random, so that neither needs a download. The statistics of every batch norm are measured on a batch, as
those of a trained model were: activations are then sane at every depth, and the tanh is not saturated.
"""

import argparse
import importlib.util
import json
import math
import subprocess
import tempfile
from pathlib import Path
from unittest import mock

import torch
from pytorch_pretrained_biggan import BigGAN as PublishedBigGAN
from pytorch_pretrained_biggan import BigGANConfig
from pytorch_pretrained_biggan.convert_tf_to_pytorch import BigGAN128, BigGAN256, BigGAN512
from pytorch_pretrained_biggan.model import BigGANBatchNorm as PublishedBatchNorm
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "crates" / "biggan" / "tests" / "golden"

# Every kind of block, with 16 px images: small enough to be in git.
TINY = BigGANConfig(
    output_dim=16, z_dim=4, class_embed_dim=4, channel_width=4, num_classes=3,
    layers=[(False, 16, 8), (True, 8, 4), (False, 4, 4), (True, 4, 2), (False, 2, 1)],
    attention_layer_position=2, eps=1e-4, n_stats=5,
)


def load_big_sleep_biggan():
    """`big_sleep.biggan`, without the rest of its package, which refuses to be imported where there is no CUDA."""
    package = importlib.util.find_spec("big_sleep").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("big_sleep_biggan", Path(package) / "biggan.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


big_sleep_biggan = load_big_sleep_biggan()


def random_model(config, seed):
    """big-sleep's BigGAN (a row of inputs for each block), in evaluation mode, with random weights."""
    torch.manual_seed(seed)
    model = big_sleep_biggan.BigGAN(config).eval().requires_grad_(False)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("weight_orig"):
                parameter.normal_()
            elif name.endswith("gamma"):
                parameter.fill_(0.7)
            elif name.endswith("generator.bn.weight"):
                parameter.normal_(0.4, 0.05)  # keeps the tanh away from 1
            else:  # biases and embeddings
                parameter.normal_(0.0, 0.1)
        for name, module in model.named_modules():
            if hasattr(module, "weight_u"):
                estimate_spectral_norm(module, config.eps)
            # A longer u divides the weight: inputs modulate the activations, and blocks refine what the skip brings.
            if name.endswith(("scale", "offset")):
                module.weight_u.mul_(3)
            elif name.endswith("conv_3"):
                module.weight_u.mul_(2)
        measure_statistics(model, config)
    return model


def estimate_spectral_norm(module, eps):
    matrix = module.weight_orig.flatten(1)
    for _ in range(5):
        module.weight_v.copy_(torch.nn.functional.normalize(matrix.t() @ module.weight_u, dim=0, eps=eps))
        module.weight_u.copy_(torch.nn.functional.normalize(matrix @ module.weight_v, dim=0, eps=eps))


def measure_statistics(model, config):
    """Sets each batch norm's statistics from what reaches it, a little different for each truncation.

    The published package takes a batch, one vector for all blocks, which is as good for this.
    """

    def measure(norm, args):
        var, mean = torch.var_mean(args[0], dim=(0, 2, 3), unbiased=False)
        n = config.n_stats
        for i in range(n):
            norm.running_means[i] = mean + 0.1 * var.sqrt() * math.cos(i)
            norm.running_vars[i] = var * (1.5 - 0.5 * i / (n - 1))

    batched = PublishedBigGAN(config).eval()
    batched.load_state_dict(model.state_dict())
    for norm in batched.modules():
        if isinstance(norm, PublishedBatchNorm):
            norm.register_forward_pre_hook(measure)
    latents, classes = random_inputs(config, 4 if config.output_dim == 512 else 12, seed=1)
    batched(latents[:, 0], classes[:, 0], 1.0)
    model.load_state_dict(batched.state_dict())


def random_inputs(config, n, seed):
    """Latents and class weights as BigSleep draws them: [n, l, z] and [n, l, c]."""
    generator = torch.Generator().manual_seed(seed)
    rows = len(config.layers) + 1
    latents = torch.randn(n, rows, config.z_dim, generator=generator)
    classes = (torch.randn(n, rows, config.num_classes, generator=generator) * 0.3 - 3.9).sigmoid()
    if config.num_classes < 100:
        classes = classes * 20  # a few classes are to matter as much as a thousand do
    return latents, classes


def smooth_probe(n, side):
    """What the images are weighed with to make a scalar: waves a third of the image long and longer, plus a constant."""
    t = torch.arange(side) * (2 * math.pi / side)
    waves = [torch.outer(torch.cos((k + 1) * t), torch.sin((3 - k) * t + k)) + 0.5 for k in range(3)]
    return torch.stack(waves).expand(n, 3, side, side).contiguous()


def reference(model, latents, classes, probe, truncation):
    """Images, and the gradients of sum(probe * images), in the model's precision: it takes one image at a time."""
    dtype = model.embeddings.weight.dtype
    latents = latents.to(dtype, copy=True).requires_grad_()
    classes = classes.to(dtype, copy=True).requires_grad_()
    images = torch.cat([model(z, c, truncation) for z, c in zip(latents, classes)])
    gradients = torch.autograd.grad((images * probe).sum(), [latents, classes])
    return {"images": images.detach(), "latents_grad": gradients[0], "class_weights_grad": gradients[1]}


def mirrored(truncation, n_stats):
    """The truncation for which the package computes what is right for `truncation`.

    It interpolates between two stored statistics with the weights of the two exchanged (`BigGANBatchNorm.forward`), so
    it is right for the point that lies as far from the one as this lies from the other.
    """
    fraction, below = math.modf(truncation * (n_stats - 1))
    return truncation if fraction == 0 else (below + 1 - fraction) / (n_stats - 1)


def as_published(state):
    """The tensors as the conversion from TensorFlow left them: weights and embeddings are transposed views.

    Source: `convert_tf_to_pytorch.py`, `load_tf_weights_in_biggan`.
    """

    def transposed(name, tensor):
        if tensor.dim() == 2 and not name.endswith(("running_means", "running_vars")):
            return tensor.t().contiguous().t()
        if tensor.dim() == 4:
            return tensor.permute(2, 3, 1, 0).contiguous().permute(3, 2, 0, 1)
        return tensor

    return {name: transposed(name, tensor) for name, tensor in state.items()}


def save_published(model, config, folder):
    """`pytorch_model.bin` and `config.json`, in the formats of the published files."""
    weights = folder / "pytorch_model.bin"
    torch.save(as_published(model.state_dict()), weights, _use_new_zipfile_serialization=False)
    (folder / "config.json").write_text(config.to_json_string())
    return weights


def write_golden():
    GOLDEN.mkdir(parents=True, exist_ok=True)
    model = random_model(TINY, seed=0)
    state = model.state_dict()
    half = {name: tensor.half() for name, tensor in state.items()}
    save_published(model, TINY, GOLDEN)
    torch.save(state, GOLDEN / "zip.pt")
    torch.save(half, GOLDEN / "half.pt")
    save_file(state, GOLDEN / "single.safetensors")

    latents, classes = random_inputs(TINY, 2, seed=2)
    probe = smooth_probe(2, 16)
    golden = {"latents": latents, "class_weights": classes, "probe": probe}
    model.double()  # the golden values are without rounding; the weights in the files were already single
    for truncation in (1.0, 0.5, 0.6, 0.05):  # the last two lie between stored statistics
        values = reference(model, latents, classes, probe, mirrored(truncation, TINY.n_stats))
        golden |= {f"{truncation}.{name}": tensor for name, tensor in values.items()}

    published = PublishedBigGAN(TINY).double().eval()  # one vector for all blocks
    published.load_state_dict(state)
    golden["published.images"] = published(latents[:, 0].double(), classes[:, 0].double(), 0.5).detach()

    golden |= {f"training.{name}": tensor for name, tensor in training_step(state, latents, classes, probe).items()}

    model.load_state_dict(half)
    values = reference(model, latents, classes, probe, 1.0)
    golden |= {f"half.{name}": tensor for name, tensor in values.items()}
    golden = {name: tensor.float() for name, tensor in golden.items()}
    save_file(golden, GOLDEN / "golden.safetensors")
    for file in sorted(GOLDEN.iterdir()):
        print(f"{file.stat().st_size:9d}  {file.relative_to(ROOT)}")


def training_step(state, latents, classes, probe):
    """Images in training mode, and the gradients of sum(probe * images) with respect to some of the parameters.

    torch's spectral norm makes its power iteration by itself. The package's batch norm has no training mode: PyTorch's
    stands in. One vector for all blocks.
    """

    def forward(norm, x, _truncation, cond=None):
        x = torch.nn.functional.batch_norm(x, None, None, training=True, eps=norm.eps)
        weight, bias = (1 + norm.scale(cond), norm.offset(cond)) if norm.conditional else (norm.weight, norm.bias)
        return x * weight[..., None, None] + bias[..., None, None]

    with mock.patch.object(PublishedBatchNorm, "forward", forward):
        model = PublishedBigGAN(TINY).train()
        model.load_state_dict(state)
        images = model.double()(latents[:, 0].double(), classes[:, 0].double(), 1.0)
    gradients = dict(model.named_parameters())
    (images * probe).sum().backward()
    return {"images": images.detach()} | {f"{name}_grad": gradients[name].grad for name in TRAINED}


# Parameters whose gradients are golden values: one of each kind.
TRAINED = (
    "embeddings.weight",
    "generator.gen_z.weight_orig",
    "generator.layers.0.bn_0.scale.weight_orig",
    "generator.layers.1.conv_1.weight_orig",
    "generator.layers.2.gamma",
    "generator.layers.2.snconv1x1_phi.weight_orig",
    "generator.bn.weight",
    "generator.conv_to_rgb.weight_orig",
)


def compare(side, config, folder):
    """One published size: prints a row of the table."""
    model = random_model(config, seed=side)
    weights = save_published(model, config, folder)
    latents, classes = random_inputs(config, 1, seed=2)
    probe = smooth_probe(1, side)
    save_file({"latents": latents, "class_weights": classes, "probe": probe}, folder / "inputs.safetensors")

    want = reference(model, latents, classes, probe, 1.0)
    exact = reference(model.double(), latents, classes, probe, 1.0)
    del model
    run = subprocess.run(
        ["cargo", "run", "--quiet", "-p", "biggan", "--example", "parity", "--", folder],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )
    cost = json.loads(run.stdout)
    got = load_file(folder / "ours.safetensors")

    image = want["images"]
    size = weights.stat().st_size
    figures = [
        f"{side} px",
        f"{image.std():.2f}, {(image.abs() > 0.99).float().mean():.1%}",
        *(f"{(a['images'] - b['images']).abs().max():.1e}" for a, b in [(got, want), (got, exact), (want, exact)]),
        *(
            f"{1 - cosine(got[name], b[name]):.1e}"
            for name in ("latents_grad", "class_weights_grad")
            for b in (want, exact)
        ),
        f"{1 - cosine(want['latents_grad'], exact['latents_grad']):.1e}",
        f"{1 - cosine(want['class_weights_grad'], exact['class_weights_grad']):.1e}",
        f"{cost['load_s']:.1f} s",
        f"{cost['load_cpu_s']:.1f} s",
        f"{cost['peak_bytes'] / size:.2f}",
    ]
    print("| " + " | ".join(figures) + " |", flush=True)


def cosine(a, b):
    return torch.nn.functional.cosine_similarity(a.double().flatten(), b.double().flatten(), dim=0).item()


def print_parity(sides):
    header = [
        "model", "image: std, saturated",
        "largest difference of images: ours to reference", "ours to float64", "reference to float64",
        "1 - cosine, latents: ours to reference", "ours to float64",
        "class weights: ours to reference", "ours to float64",
        "latents: reference to float64", "class weights: reference to float64",
        "load", "of which CPU", "peak memory / file",
    ]
    print("| " + " | ".join(header) + " |")
    print("|:--" + "|--:" * (len(header) - 1) + "|", flush=True)
    for side in sides:
        with tempfile.TemporaryDirectory() as folder:
            compare(side, {128: BigGAN128, 256: BigGAN256, 512: BigGAN512}[side], Path(folder))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("golden", help="write the crate's golden values")
    parity = commands.add_parser("parity", help="compare at the published sizes")
    parity.add_argument("sides", type=int, nargs="*", choices=(128, 256, 512), default=[128, 256, 512])
    args = parser.parse_args()
    if args.command == "golden":
        write_golden()
    else:
        print_parity(args.sides)


if __name__ == "__main__":
    main()
