"""The real big-sleep and this project, side by side: seconds per step and peak memory of one dream at full size, on the same files.

    tests/reference/setup
    tests/reference/.venv/bin/python benches/side_by_side.py            # about half an hour on 2 cores, 9 GB of memory
    ... --device cuda                                                   # on a GPU: packs and reduced precisions too
    ... --ours 'path/to/step' --files FOLDER                            # a program and files that were carried there

BigGAN-deep-512, CLIP ViT-B/32, 128 cutouts, Adam; random weights of sane scale in the published formats. The two take turns, each in a
process of its own that loads the files, takes a step that does not count, and then some that do; what is printed is the median
over all of them, and the largest memory that any process had. The floor is the operations of both networks, forward and backward to
the latents, over the rate of large matrix products on the same device, which PyTorch measures in turn with the rest.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
FILES = {"config": "config.json", "generator": "pytorch_model.bin", "perceptor": "ViT-B-32.pt"}


def main():
    arguments = parse()
    if arguments.only_rates:
        print(json.dumps(matrix_rates(arguments.device)))
        return
    if arguments.only_theirs:
        print(json.dumps(theirs(arguments.files, arguments.steps, arguments.device)))
        return
    with tempfile.TemporaryDirectory() as folder:
        files = arguments.files or make(pathlib.Path(folder))
        report(*contest(arguments, files))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--rounds", type=int, default=3, help="turns of each")
    parser.add_argument("--steps", type=int, default=3, help="steps of a turn that count")
    parser.add_argument("--files", type=pathlib.Path, help="folder of the models' files; made anew without it")
    parser.add_argument("--ours", help="command of the example `step` [default: built and run by cargo]")
    parser.add_argument("--only-theirs", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--only-rates", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def make(folder):
    sys.path.insert(0, str(ROOT / "tests/reference"))
    import biggan
    import clip_parity

    config = biggan.BigGAN512
    biggan.save_published(biggan.random_model(config, seed=512), config, folder)
    clip_parity.save_openai(32, folder / FILES["perceptor"])
    return folder


def contest(arguments, files):
    """What each contender measured, in its turns: name → list of {seconds, peak_bytes}; and the matrix rates: a dictionary each turn."""
    command = arguments.ours.split() if arguments.ours else ours_by_cargo()
    ours = [*command, "--files", str(files), "--steps", str(arguments.steps), "--device", arguments.device]
    me = [sys.executable, __file__, "--only-theirs", "--files", str(files)]
    contenders = {"big-sleep 0.9.1": [*me, "--steps", str(arguments.steps), "--device", arguments.device]}
    if arguments.device == "cpu":
        contenders |= {f"ours, {kind}": [*ours, "--precision", kind] for kind in ("fp32", "bf16")}
    else:
        packs = ((kind, pack) for kind in ("fp32", "tf32", "bf16") for pack in (1, 4, 8, 24))
        contenders |= {
            f"ours, {kind}, {pack} at once": [*ours, "--precision", kind, "--dreams", str(pack)] for kind, pack in packs
        }
    found, rates = {name: [] for name in contenders}, []
    for turn in range(arguments.rounds):
        rates.append(last_line([sys.executable, __file__, "--only-rates", "--device", arguments.device]))
        for name, command in contenders.items():
            print(f"{turn + 1} of {arguments.rounds}: {name}", file=sys.stderr)
            found[name].append(last_line(command))
    return found, rates


def last_line(command):
    out = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out.splitlines()[-1])


def ours_by_cargo():
    build = ["cargo", "build", "--quiet", "--release", "--workspace", "--example", "step"]
    subprocess.run(build, cwd=ROOT, check=True)
    return [str(ROOT / "target/release/examples/step")]


def report(found, rates):
    rates = {kind: statistics.median(turn[kind] for turn in rates) for kind in rates[0]}
    medians = {name: statistics.median(s for turn in turns for s in turn["seconds"]) for name, turns in found.items()}
    peaks = {name: max(turn["peak_bytes"] for turn in turns) for name, turns in found.items()}
    reference = next(iter(found))
    print("| | s per step and dream | steps/s, times big-sleep's | peak memory, GB | of big-sleep's | floor, s | of it reached |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, seconds in medians.items():
        peak, floor = peaks[name], floor_of(name, found[name][0], rates)
        reached = [f"{floor:.3f}", f"{floor / seconds:.0%}"] if floor else ["", ""]
        memory = [f"{peak / 1e9:.2f}", f"{peak / peaks[reference]:.2f}"]
        print("|", " | ".join([name, f"{seconds:.3f}", f"{medians[reference] / seconds:.2f}", *memory, *reached]), "|")
    print("\nMatrix products, TFLOP/s:", ", ".join(f"{kind} {rate / 1e12:.3g}" for kind, rate in rates.items()))
    work = next((turn["operations"] for turns in found.values() for turn in turns if "operations" in turn))
    print("TFLOP per step and dream:", ", ".join(f"{network} {count / 1e12:.3g}" for network, count in work.items()))


def floor_of(name, turn, rates):
    """Seconds that a step's products take at the matrix rate: the generator's in fp32, the perceptor's in its precision."""
    if "operations" not in turn:
        return None  # big-sleep computes more, and nobody counts it
    precision = name.split(", ")[1]
    return turn["operations"]["generator"] / rates["fp32"] + turn["operations"]["perceptor"] / rates[precision]


def matrix_rates(device):
    """Operations per second of large matrix products, by precision."""
    import time

    import torch

    def rate(kind):
        torch.backends.cuda.matmul.allow_tf32 = kind == "tf32"
        side = 8192 if device == "cuda" else 2048
        matrix = torch.randn(side, side, device=device).to(torch.bfloat16 if kind == "bf16" else torch.float32)
        seconds = []
        for _ in range(12):
            start = time.perf_counter()
            product = matrix @ matrix
            product[0, 0].item()  # waits for the device
            seconds.append(time.perf_counter() - start)
        return 2 * side**3 / statistics.median(seconds[2:])

    return {kind: rate(kind) for kind in (("fp32", "tf32", "bf16") if device == "cuda" else ("fp32", "bf16"))}


def theirs(files, steps, device):
    """Steps of the package itself. It refuses to be imported without CUDA, and moves everything there."""
    import resource
    import time
    from unittest import mock

    import torch

    with mock.patch("torch.cuda.is_available", lambda: True):
        from big_sleep import big_sleep, biggan, clip
    if device == "cpu":
        torch.nn.Module.cuda = lambda self: self
        torch.Tensor.cuda = lambda self: self

    def generator(name):
        model = biggan.BigGAN(biggan.BigGANConfig.from_json_file(str(files / FILES["config"])))
        model.load_state_dict(torch.load(files / FILES["generator"], map_location="cpu"), strict=False)
        return model

    def perceptor(name, jit):
        return clip.load(str(files / FILES["perceptor"]), device=device, jit=jit)

    with mock.patch.object(biggan.BigGAN, "from_pretrained", generator), mock.patch.object(big_sleep, "load", perceptor):
        imagine = big_sleep.Imagine(text="a bear", seed=0, lr=0.05, open_folder=False, save_every=10**9, image_size=512)

    def finish():
        if device == "cuda":
            torch.cuda.synchronize()

    seconds = []
    for step in range(steps + 1):
        start = time.perf_counter()
        imagine.train_step(0, step + 1)  # not a multiple of save_every: writes no image
        finish()
        seconds.append(time.perf_counter() - start)
    peak = torch.cuda.max_memory_reserved() if device == "cuda" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds[1:], "peak_bytes": peak}


if __name__ == "__main__":
    main()
