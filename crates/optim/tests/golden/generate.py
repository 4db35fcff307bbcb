"""Writes trajectories.safetensors: what the optimizers of cases.toml do on a small problem, by their references.

    python crates/optim/tests/golden/generate.py

Run it with the environment that tests/reference/setup makes (torch 2.11.0, pytorch_optimizer 4.1.0).

The references are torch.optim, and pytorch_optimizer for Lion, AdaBelief and Adan. For two optimizers that package
departs from the paper, and the paper's algorithm, written out below, is the reference:

* Prodigy: the package multiplies eps by the distance estimated in this step, the paper by the one before;
* Schedule-Free AdamW: the package weighs a step by the largest learning rate so far, the paper by its own (the same
  unless the rate falls).

With these departures both are the package's to the last digits, which is checked.

Per case and parameter: the trajectory in float64, and beside it how far the reference's own float32 trajectory strays
from it. That depends on the processor's instructions, so the largest of several instruction sets is kept: each runs
in a process of its own.
"""

import math
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytorch_optimizer
import torch
from safetensors.torch import load_file, save_file
from torch.optim import lr_scheduler

HERE = Path(__file__).parent
TOTAL_STEPS = 240
KEPT_STEPS = [1, 2, 5, 10] + list(range(20, TOTAL_STEPS + 1, 20))
INSTRUCTION_SETS = [
    {},
    {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
    {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
    {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"},
]
ROUNDING_OF_DOUBLES = 1e-10


def main():
    problem = make_problem()
    cases = tomllib.loads((HERE / "cases.toml").read_text())
    singles = [single_precision_elsewhere(i) for i in range(len(INSTRUCTION_SETS))]
    tensors = {f"problem/{name}": tensor for name, tensor in problem.items()}
    tensors["steps"] = torch.tensor(KEPT_STEPS)
    torch.set_default_dtype(torch.float64)
    for name, case in cases.items():
        golden = trajectory(case, problem, torch.float64, by="paper")
        own = trajectory(case, problem, torch.float64, by="package")
        hold_against_package(name, golden, own, trajectory(case, problem, torch.float64, by="departing paper"))
        for i, points in golden.items():
            strays = [
                strayed(single[f"{by}/{name}/{i}"], double[i])
                for single in singles
                for by, double in {"paper": golden, "package": own}.items()
            ]
            kept = [step - 1 for step in KEPT_STEPS]
            tensors[f"{name}/{i}"] = points[kept]
            tensors[f"{name}/{i}/strayed"] = torch.stack(strays).amax(0)[kept]
            print(f"{name:28} {i:10} strays by {tensors[f'{name}/{i}/strayed'][-1]:.1e}")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, HERE / "trajectories.safetensors")


def make_problem():
    """f(A, B) = 1/2 sum HA (A - wA*)^2 + 1/2 sum HB (B - wB*)^2 + 1/10 ln cosh(sum A - sum B), curvatures of 0.2 to 2.

    The goals sway with w(t), a wave of 50 steps between 0 and 2: near a goal at rest gradients are rounding errors,
    and optimizers that divide by their size would make steps of them.
    """
    g = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    problem = {}
    for name, shape in {"a": (3, 5), "b": (4, 2)}.items():
        problem[f"{name}/start"] = normal(*shape)
        problem[f"{name}/goal"] = normal(*shape)
        problem[f"{name}/curvature"] = 0.2 * 10 ** torch.rand(*shape, generator=g, dtype=torch.float64)
    problem["sway"] = 1 + (torch.arange(TOTAL_STEPS, dtype=torch.float64) * (2 * math.pi / 50)).sin()
    # Values that float32 holds exactly, so that both precisions solve the same problem.
    return {name: tensor.float().double() for name, tensor in problem.items()}


def gradients(problem, step, a, b):
    problem = {name: tensor.to(a.dtype) for name, tensor in problem.items()}
    sway = problem["sway"][step]
    pull = (a.sum() - b.sum()).tanh() * 0.1
    return [
        (a - problem["a/goal"] * sway) * problem["a/curvature"] + pull,
        (b - problem["b/goal"] * sway) * problem["b/curvature"] - pull,
    ]


def trajectory(case, problem, dtype, by):
    """The parameters after every step, by number, and the averages of those optimizers that keep them."""
    ((kind, settings),) = case.items()
    settings = dict(settings)
    schedule = settings.pop("schedule", {})
    params = [torch.nn.Parameter(problem[f"{name}/start"].to(dtype, copy=True)) for name in "ab"]
    optimizer = make_optimizer(kind, settings, params, by)
    scheduler = make_scheduler(optimizer, schedule)
    points = {}
    for step in range(TOTAL_STEPS):
        for param, grad in zip(params, gradients(problem, step, *[param.detach() for param in params])):
            param.grad = grad
        optimizer.step()
        scheduler.step()
        for i, (param, average) in enumerate(zip(params, averages(kind, optimizer, params))):
            points.setdefault(f"{i}", []).append(param.detach().clone())
            if average is not None:
                points.setdefault(f"average.{i}", []).append(average.detach().clone())
    return {i: torch.stack(point) for i, point in points.items()}


def make_optimizer(kind, settings, params, by):
    papers = {"prodigy": PaperProdigy, "schedule-free-adamw": PaperScheduleFreeAdamW}
    if kind in papers and by != "package":
        return papers[kind](params, departing=by == "departing paper", **settings)
    optimizer = {
        "sgd": torch.optim.SGD,
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "rmsprop": torch.optim.RMSprop,
        "adagrad": torch.optim.Adagrad,
        "adadelta": torch.optim.Adadelta,
        "nadam": torch.optim.NAdam,
        "radam": torch.optim.RAdam,
        "adamax": torch.optim.Adamax,
        "rprop": torch.optim.Rprop,
        "asgd": torch.optim.ASGD,
        "muon": torch.optim.Muon,
        "lion": pytorch_optimizer.Lion,
        "adabelief": pytorch_optimizer.AdaBelief,
        "adan": pytorch_optimizer.Adan,
        "prodigy": pytorch_optimizer.Prodigy,
        "schedule-free-adamw": pytorch_optimizer.ScheduleFreeAdamW,
    }[kind]
    if kind != "muon":
        settings["foreach"] = False
    return optimizer(params, **with_tuples(optimizer, settings))


def with_tuples(optimizer, settings):
    """Our settings are PyTorch's, but for the entries of its tuples, which have names of their own."""
    tuples = {
        "betas": ["beta1", "beta2", "beta3"],
        "etas": ["etaminus", "etaplus"],
        "step_sizes": ["step_size_min", "step_size_max"],
        "ns_coefficients": ["ns_a", "ns_b", "ns_c"],
    }
    defaults = optimizer([torch.nn.Parameter(torch.zeros(1, 1))]).defaults
    settings = dict(settings)
    for name, entries in tuples.items():
        if name in defaults:
            pairs = zip(entries, defaults[name])
            settings[name] = tuple(settings.pop(entry, default) for entry, default in pairs)
    return settings


def make_scheduler(optimizer, schedule):
    """PyTorch's schedulers for ours; the step's number is what they count."""
    warmup = schedule.get("warmup", 0)
    steps = TOTAL_STEPS - warmup
    match schedule.get("then", "constant"):
        case "constant":
            decay = lr_scheduler.ConstantLR(optimizer, factor=1.0)
        case "linear":
            decay = lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=steps)
        case "cosine":
            decay = lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
        case {"linear-to": end}:
            decay = lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=end, total_iters=steps)
        case {"cosine-to": end}:
            lr = optimizer.param_groups[0]["lr"]
            decay = lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps, eta_min=end * lr)
        case {"step": {"every": every, "by": by}}:
            decay = lr_scheduler.StepLR(optimizer, step_size=every, gamma=by)
        case other:
            raise ValueError(f"no scheduler for {other}")
    if warmup == 0:
        return decay
    rise = lr_scheduler.LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup - 1)
    return lr_scheduler.SequentialLR(optimizer, [rise, decay], milestones=[warmup])


def averages(kind, optimizer, params):
    if kind == "asgd":
        return [optimizer.state[param]["ax"] for param in params]
    if isinstance(optimizer, PaperScheduleFreeAdamW):
        return optimizer.x
    if kind == "schedule-free-adamw":
        # y = (1 - beta1) z + beta1 x, which the package solves for x when asked to evaluate.
        beta1 = optimizer.param_groups[0]["betas"][0]
        return [param.detach().lerp(optimizer.state[param]["z"], 1 - 1 / beta1) for param in params]
    return [None] * len(params)


class PaperProdigy(torch.optim.Optimizer):
    """Mishchenko & Defazio 2023, Algorithm 4, with d_coef and decoupled weight decay."""

    def __init__(self, params, lr=1.0, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, d0=1e-6, d_coef=1.0, departing=False):
        super().__init__(params, {"lr": lr})
        self.departing = departing
        self.beta1, self.beta2, self.eps, self.weight_decay = beta1, beta2, eps, weight_decay
        self.d, self.d_coef, self.r = d0, d_coef, 0.0
        self.x = self.param_groups[0]["params"]
        self.x0 = [x.detach().clone() for x in self.x]
        self.m, self.v, self.s = ([torch.zeros_like(x) for x in self.x] for _ in range(3))

    @torch.no_grad()
    def step(self):
        lr, d, root = self.param_groups[0]["lr"], self.d, math.sqrt(self.beta2)
        g = [x.grad for x in self.x]
        inner = sum((g * (x0 - x)).sum().item() for g, x0, x in zip(g, self.x0, self.x))
        self.m = [self.beta1 * m + (1 - self.beta1) * d * g for m, g in zip(self.m, g)]
        self.v = [self.beta2 * v + (1 - self.beta2) * d**2 * g**2 for v, g in zip(self.v, g)]
        self.r = root * self.r + (1 - root) * lr * d**2 * inner
        self.s = [root * s + (1 - root) * lr * d**2 * g for s, g in zip(self.s, g)]
        self.d = max(d, self.d_coef * self.r / sum(s.abs().sum().item() for s in self.s))
        eps = (self.d if self.departing else d) * self.eps
        for x, m, v in zip(self.x, self.m, self.v):
            x.copy_(x - lr * d * self.weight_decay * x - lr * d * m / (v.sqrt() + eps))


class PaperScheduleFreeAdamW(torch.optim.Optimizer):
    """Defazio et al. 2024, Algorithm 1; the schedule gives gamma_t."""

    def __init__(self, params, lr=0.0025, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, departing=False):
        super().__init__(params, {"lr": lr})
        self.departing, self.lr_max = departing, 0.0
        self.beta1, self.beta2, self.eps, self.weight_decay = beta1, beta2, eps, weight_decay
        self.t, self.sum = 0, 0.0
        self.y = self.param_groups[0]["params"]
        self.x, self.z = ([y.detach().clone() for y in self.y] for _ in range(2))
        self.v = [torch.zeros_like(y) for y in self.y]

    @torch.no_grad()
    def step(self):
        lr, beta1, beta2 = self.param_groups[0]["lr"], self.beta1, self.beta2
        self.t += 1
        self.lr_max = max(self.lr_max, lr)
        weight = (self.lr_max if self.departing else lr) ** 2
        self.sum += weight
        c = weight / self.sum
        for i, y in enumerate(self.y):
            self.v[i] = beta2 * self.v[i] + (1 - beta2) * y.grad**2
            v_hat = self.v[i] / (1 - beta2**self.t)
            self.z[i] = self.z[i] - lr * y.grad / (v_hat.sqrt() + self.eps) - lr * self.weight_decay * y
            self.x[i] = (1 - c) * self.x[i] + c * self.z[i]
            y.copy_((1 - beta1) * self.z[i] + beta1 * self.x[i])


def hold_against_package(name, paper, package, departing_paper):
    """What we wrote from the papers, with the package's departures, is the package's."""
    error, departure = (max(strayed(package[i], points[i])[-1].item() for i in points) for points in (departing_paper, paper))
    assert error < ROUNDING_OF_DOUBLES, f"{name}: the algorithm as written here is {error} from the package's"
    if departure > error:
        print(f"{name:28} {'':10} package departs from paper by {departure:.1e}")


def strayed(points, truth):
    """The largest distance so far, relative to the parameters, after every step."""
    distance = (points.double() - truth).flatten(1).abs().amax(1) / truth.flatten(1).abs().amax(1)
    return distance.cummax(0).values


def single_precision_elsewhere(i):
    """The float32 trajectories as computed with the i-th instruction set."""
    path = HERE / f"single-{i}.safetensors"
    env = os.environ | INSTRUCTION_SETS[i]
    subprocess.run([sys.executable, __file__, "--single", path], env=env, check=True)
    tensors = load_file(path)
    path.unlink()
    return tensors


def write_single_precision(path):
    problem = make_problem()
    cases = tomllib.loads((HERE / "cases.toml").read_text())
    tensors = {}
    for name, case in cases.items():
        for by in "paper", "package":
            for i, points in trajectory(case, problem, torch.float32, by).items():
                tensors[f"{by}/{name}/{i}"] = points
    save_file(tensors, path)


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--single"]:
        write_single_precision(sys.argv[2])
    else:
        main()
