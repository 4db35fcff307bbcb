"""DeepLabv3: torchvision against `crates/deeplab`.

    tests/reference/.venv/bin/python tests/reference/deeplab.py golden
        writes crates/deeplab/tests/golden/, which the crate's tests compare with

    tests/reference/.venv/bin/python tests/reference/deeplab.py parity [50] [101]
        makes random weights of the published sizes, saves them as the published files are, computes logits with
        torchvision and with `crates/deeplab`, and prints how far they are apart

Weights are random, so that neither needs a download. The statistics of every batch norm are measured on images, as
those of a trained model were, so that activations are sane at every depth.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision.models import resnet
from torchvision.models.segmentation import deeplabv3_resnet50, deeplabv3_resnet101
from torchvision.models.segmentation.deeplabv3 import ASPP, DeepLabV3
from torchvision.models.segmentation.fcn import FCNHead
from torchvision.transforms.functional import normalize

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "crates" / "deeplab" / "tests" / "golden"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class TinyResNet(resnet.ResNet):
    """torchvision's ResNet, built by its own `_make_layer`, with a sixteenth of the width and 1, 2, 3 and 2 blocks."""

    def __init__(self):
        nn.Module.__init__(self)
        self._norm_layer = nn.BatchNorm2d
        self.inplanes, self.dilation, self.groups, self.base_width = 4, 1, 1, 64
        self.conv1 = nn.Conv2d(3, 4, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(resnet.Bottleneck, 4, 1)
        self.layer2 = self._make_layer(resnet.Bottleneck, 6, 2, stride=2)
        self.layer3 = self._make_layer(resnet.Bottleneck, 8, 3, stride=2, dilate=True)
        self.layer4 = self._make_layer(resnet.Bottleneck, 10, 2, stride=2, dilate=True)


class Features(nn.Module):
    """What `IntermediateLayerGetter` makes of a ResNet."""

    def __init__(self, net):
        super().__init__()
        for name, module in net.named_children():
            setattr(self, name, module)

    def forward(self, x):
        features = {}
        for name, module in self.named_children():
            x = module(x)
            features[name] = x
        return {"out": features["layer4"], "aux": features["layer3"]}


def tiny():
    head = nn.Sequential(
        ASPP(40, (12, 24, 36), 6), nn.Conv2d(6, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 5, 1)
    )
    return DeepLabV3(Features(TinyResNet()), head, FCNHead(32, 5))


def randomized(model, seed):
    """The model with random weights and measured statistics, in evaluation mode."""
    torch.manual_seed(seed)
    norms = {name: module for name, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)}
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        for name, norm in norms.items():
            # A block changes what it is given a little, as in trained networks: or else 33 of them multiply every
            # rounding error, torchvision's too, by ten.
            norm.weight.uniform_(*(0.1, 0.5) if name.endswith("bn3") else (0.5, 1.5))
            norm.bias.normal_(0, 0.2)
            norm.momentum = None  # the mean over the batches
        model.train()
        for _ in range(2):
            model(normalized(images(2, 129, 161)))
    return model.eval()


def images(n, height, width):
    """Smooth random images in [0, 1]: large shapes, as photographs have."""
    coarse = torch.rand(n, 3, height // 16 + 2, width // 16 + 2)
    return nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 1)


def normalized(pixels):
    return normalize(pixels, MEAN, STD)


def write_golden():
    GOLDEN.mkdir(parents=True, exist_ok=True)
    model = randomized(tiny(), seed=0)
    torch.save(model.state_dict(), GOLDEN / "tiny.pth")
    model.double()  # the golden values are without rounding; the weights in the file were already single
    golden = {}
    with torch.no_grad():
        for name, pixels in {"odd": images(1, 67, 91), "batch": images(2, 48, 40)}.items():
            pixels = (pixels * 255).round().to(torch.uint8)
            golden[f"{name}.images"] = pixels
            golden[f"{name}.logits"] = model(normalized(pixels.double() / 255))["out"].float()
    save_file(golden, GOLDEN / "golden.safetensors")
    for file in sorted(GOLDEN.iterdir()):
        file.chmod(0o644)
        print(f"{file.stat().st_size:9d}  {file.relative_to(ROOT)}")


def parity(depth, folder):
    """One published size: prints how far the logits are apart."""
    build = {50: deeplabv3_resnet50, 101: deeplabv3_resnet101}[depth]
    model = randomized(build(weights=None, weights_backbone=None, num_classes=21, aux_loss=True), seed=depth)
    weights, inputs, outputs = folder / f"deeplab{depth}.pth", folder / "pixels.safetensors", folder / "logits.safetensors"
    torch.save(model.state_dict(), weights, _use_new_zipfile_serialization=False)
    pixels = normalized(images(2, 257, 321))
    save_file({"pixels": pixels}, inputs)
    with torch.no_grad():
        want = model(pixels)["out"]
        exact = model.double()(pixels.double())["out"]
    subprocess.run(
        ["cargo", "run", "--quiet", "-p", "deeplab", "--example", "logits", "--", weights, inputs, outputs], cwd=ROOT, check=True
    )
    got = load_file(outputs)["logits"]
    masks = (got.argmax(1) == want.argmax(1)).double().mean().item()
    classes = want.argmax(1).unique().numel()
    print(
        f"ResNet-{depth}: logits differ by {distance(got, want):.1e} of the largest"
        f" (from double precision: ours {distance(got, exact):.1e}, torchvision's own {distance(want, exact):.1e});"
        f" {masks:.4%} of the pixels have the same class ({classes} occur)"
    )


def distance(a, b):
    return ((a - b).abs().max() / b.abs().max()).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("golden")
    commands.add_parser("parity").add_argument("depths", nargs="*", type=int)
    arguments = parser.parse_args()
    if arguments.command == "golden":
        write_golden()
        return
    for depth in arguments.depths or [50, 101]:
        with tempfile.TemporaryDirectory() as folder:
            parity(depth, Path(folder))


if __name__ == "__main__":
    main()
