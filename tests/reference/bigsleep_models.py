"""The small random networks of bigsleep.py: instances of the big-sleep package's own classes."""

from types import SimpleNamespace
from unittest import mock

import torch

with mock.patch("torch.cuda.is_available", lambda: True):  # else the package cannot be imported
    from big_sleep import biggan, clip

EMBED_DIM = 16


def make():
    torch.manual_seed(0)
    generator = biggan.BigGAN(config()).eval()
    perceptor = clip.CLIP(
        embed_dim=EMBED_DIM,
        image_resolution=224,  # which the package resizes cutouts to, whatever the perceptor
        vision_layers=1,
        vision_width=64,
        vision_patch_size=16,
        context_length=77,
        vocab_size=8,
        transformer_width=64,
        transformer_heads=1,
        transformer_layers=1,
    ).eval()
    with torch.no_grad():
        for name, parameter in generator.named_parameters():
            if name.endswith("gamma"):
                parameter.fill_(0.8)
            elif name.endswith("bn.weight"):
                parameter.fill_(0.5)  # else the last tanh saturates
            elif name.endswith("bn.bias"):
                parameter.normal_(std=0.1)
        # Larger than CLIP's own beginnings, so that images matter to their embeddings.
        perceptor.visual.conv1.weight.normal_(std=0.05)
        perceptor.visual.proj.normal_(std=0.3)
        calibrate(generator)
        round_to_half(generator)
        round_to_half(perceptor)
        texts = {f"text.{name}": torch.randn(EMBED_DIM) for name in "abc"}
    return SimpleNamespace(biggan=generator, clip=perceptor, text_embeds=texts)


def config():
    return biggan.BigGANConfig(
        output_dim=32,
        z_dim=16,
        class_embed_dim=16,
        channel_width=4,
        num_classes=1000,  # the package's class term is for a thousand
        layers=[(True, 16, 8), (True, 8, 4), (True, 4, 2), (False, 2, 1)],
        attention_layer_position=1,
        eps=1e-4,
        n_stats=3,
    )


def normalize():
    return clip._transform()


@torch.no_grad()
def calibrate(generator):
    """Finds the spectral norms, and gives every batch norm an image's statistics: activations neither die nor explode."""

    def take_statistics(norm, inputs):
        norm.running_means[:] = inputs[0].mean(dim=(0, 2, 3))
        norm.running_vars[:] = inputs[0].var(dim=(0, 2, 3)) + 0.01

    rows = len(generator.config.layers) + 1
    latents = torch.randn(rows, generator.config.z_dim), torch.rand(rows, 1000) * 0.05, 1
    generator.train()  # each forward pass is a power iteration
    for _ in range(30):
        generator(*latents)
    generator.eval()
    norms = [m for m in generator.modules() if isinstance(m, biggan.BigGANBatchNorm)]
    hooks = [norm.register_forward_pre_hook(take_statistics) for norm in norms]
    generator(*latents)
    for hook in hooks:
        hook.remove()


def round_to_half(module):
    """The values are committed in half precision; every computation is in single precision."""
    for tensor in [*module.parameters(), *module.buffers()]:
        if tensor.is_floating_point() and tensor.isfinite().all():
            tensor.copy_(tensor.half().float())


def halves(module, prefix=""):
    return {prefix + name: tensor.half().contiguous() for name, tensor in module.state_dict().items()}
