"""The Python side of dreambench: makes optimizers and takes their steps, as the parent asks.

Frames come by standard input and leave by standard output: the header's length (u32), the numbers'
length in bytes (u64), a JSON header, and numbers (float32), all little-endian. Both pipes are taken
away from the optimizers' code, which finds an empty input, and prints to standard error.
"""

import ctypes
import importlib
import importlib.metadata
import inspect
import io
import json
import linecache
import os
import platform
import random
import struct
import sys
import traceback
import types

OWN_FRAMES = "<string>"  # the file name of this code, which `python -c` runs


class Channel:
    """The pipes to and from the parent."""

    def __init__(self):
        self.source, self.sink = io.FileIO(os.dup(0), "rb"), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        os.close(nothing)
        self.owner = os.getpid()

    def receive(self):
        header, numbers = struct.unpack("<IQ", self.read(12))
        return json.loads(self.read(header)), self.read(numbers)

    def read(self, size):
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            count = self.source.readinto(view)
            if not count:
                os._exit(0)  # the parent has gone
            view = view[count:]
        return buffer

    def send(self, header, *parts):
        if os.getpid() != self.owner:
            os._exit(1)  # a fork of an optimizer's has nothing to say
        header = json.dumps(header).encode()
        lengths = struct.pack("<IQ", len(header), sum(len(part) for part in parts))
        for part in (lengths + header, *parts):
            view = memoryview(part)
            while view:
                view = view[os.write(self.sink, view):]

    def ask(self, header, *parts):
        self.send(header, *parts)
        return self.receive()[1]


class UnknownName(Exception):
    """A name that is not there, and those that are."""

    def __init__(self, message, name, known):
        super().__init__(message)
        self.name, self.known = name, sorted(known)


class Work:
    """An optimizer at work on its own copies of the parameters."""

    def __init__(self, channel, message, numbers):
        self.channel, self.seed = channel, message["seed"]
        self.shapes = message["shapes"]
        self.lengths = [product(shape) for shape in self.shapes]
        end = 4 * sum(self.lengths)
        self.params = [torch.nn.Parameter(value.clone()) for value in self.split(numbers, 0)]
        self.draw(0)
        made, self.versions = load(message["class"], message["file"])
        self.optimizer = construct(made, self.params, message["args"] or {})
        self.asks = check(self.optimizer)
        self.takes_closure = not self.asks and takes_closure(self.optimizer.step)
        groups = getattr(self.optimizer, "param_groups", None) or []
        self.rates = [copied(group["lr"]) for group in groups if "lr" in group] if message["scheduled"] else []
        if message["scheduled"] and not self.rates:
            raise TypeError("it has no `lr` in its `param_groups`, on which a schedule could act")
        if len(numbers) > end:
            self.restore(bytes(numbers[end:]))
        call(self.optimizer, "train")

    def split(self, numbers, start):
        """The parameters in `numbers`, from the byte `start` on; they share its memory."""
        tensors = []
        for shape, length in zip(self.shapes, self.lengths):
            tensors.append(torch.frombuffer(numbers, dtype=torch.float32, count=length, offset=start).view(shape))
            start += 4 * length
        return tensors

    def draw(self, step):
        """Seeds what the optimizer draws: randomness depends on seed and step, never on what was before."""
        seed = (self.seed * 1_000_003 + step) % 2**63
        random.seed(seed)
        torch.default_generator.manual_seed(seed)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(seed % 2**32)

    def step(self, message, numbers):
        self.draw(message["step"])
        for group, rate in zip(getattr(self.optimizer, "param_groups", None) or [], self.rates):
            group["lr"] = rate * message["lr_factor"]
        if self.asks:
            self.ask_and_tell()
        else:
            self.learn(numbers)
            if self.takes_closure:
                self.optimizer.step(closure=self.closure)
            else:
                self.optimizer.step()
        average = self.average()
        parts = [part for values in (self.params, average or []) for part in map(self.checked, values)]
        self.channel.send({"is": "done", "average": average is not None}, *parts)

    def learn(self, numbers):
        """Takes over loss and gradient at the parameters of now."""
        self.known_at = [param.detach().clone() for param in self.params]
        self.loss = torch.frombuffer(numbers, dtype=torch.float32, count=1).clone().squeeze()
        self.gradient = self.split(numbers, 4)
        self.give_gradient()

    def give_gradient(self):
        for param, gradient in zip(self.params, self.gradient):
            param.grad = gradient.clone()  # which the optimizer may change

    def closure(self):
        """The loss at the parameters of now, whose gradients the parameters have then."""
        if all(torch.equal(param, known) for param, known in zip(self.params, self.known_at)):
            self.give_gradient()
        else:
            self.learn(self.channel.ask({"is": "gradient"}, *map(self.checked, self.params)))
        return self.loss.clone()

    def ask_and_tell(self):
        candidates = self.optimizer.ask()
        each = [torch.as_tensor(candidate, dtype=torch.float32).detach().reshape(-1) for candidate in candidates]
        if not each:
            raise ValueError("ask() gave no candidates")
        for candidate in each:
            if candidate.numel() != sum(self.lengths):
                raise ValueError(f"ask() gave a candidate of {candidate.numel()} numbers, not {sum(self.lengths)}")
        stack = torch.stack(each)
        losses = self.channel.ask({"is": "losses", "count": len(each)}, raw(stack))
        self.optimizer.tell(candidates, torch.frombuffer(losses, dtype=torch.float32).tolist())

    def average(self):
        """The parameters to evaluate at, where the optimizer has others for that (schedule-free ones)."""
        if not (callable(getattr(self.optimizer, "eval", None)) and callable(getattr(self.optimizer, "train", None))):
            return None
        with torch.no_grad():
            before = [param.detach().clone() for param in self.params]
            self.optimizer.eval()
            average = [param.detach().clone() for param in self.params]
            self.optimizer.train()
            for param, value in zip(self.params, before):
                param.copy_(value)  # which train() has but for rounding
        return average

    def checked(self, value):
        if value.dtype != torch.float32 or value.device.type != "cpu":
            raise TypeError(f"a parameter became {value.dtype} on {value.device}, but must stay float32 on the CPU")
        return raw(value)

    def state(self):
        buffer = io.BytesIO()
        torch.save(plain(self.optimizer.state_dict(), "state_dict()", {}, {}), buffer)
        return buffer.getvalue()

    def restore(self, saved):
        self.optimizer.load_state_dict(torch.load(io.BytesIO(saved), weights_only=True))
        if self.state() != saved:
            self.restore_exactly(torch.load(io.BytesIO(saved), weights_only=True))
        if self.state() != saved:
            raise RuntimeError("load_state_dict() does not bring back what state_dict() gave: it cannot be resumed")

    def restore_exactly(self, saved):
        """Undoes that PyTorch gives restored tensors the parameters' kind."""
        params = [param for group in getattr(self.optimizer, "param_groups", []) for param in group["params"]]
        for index, values in saved.get("state", {}).items():
            if isinstance(index, int) and index < len(params):
                self.optimizer.state[params[index]].update(values)


def product(shape):
    count = 1
    for length in shape:
        count *= length
    return count


def raw(tensor):
    """The numbers of a tensor as bytes."""
    tensor = tensor.detach().contiguous()
    return ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size())


def copied(value):
    return value.clone() if isinstance(value, torch.Tensor) else value


def call(value, name):
    if callable(getattr(value, name, None)):
        getattr(value, name)()


def load(name, file):
    """The class, and the versions of all that it is made of."""
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    if file:
        module = module_of_text(*file)
        packages = imported_by(file[1])
    else:
        path, name = name.rsplit(".", 1)
        module = module_of_name(path)
        packages = {path.split(".")[0]}
    for package in sorted(packages):
        version = version_of(package)
        if version:
            versions.setdefault(package, version)
    if not callable(getattr(module, name, None)):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise UnknownName(f"there is no class `{name}` in {file[0] if file else path}", name, known)
    return getattr(module, name), versions


def module_of_name(path):
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if path != missing and not path.startswith(missing + "."):
            raise  # of something that it imports
        parent, _, last = missing.rpartition(".")
        known = names_in(parent)
        raise UnknownName(f"there is no Python module `{missing}`", last, known) from None


def names_in(package):
    import pkgutil

    path = list(getattr(sys.modules.get(package), "__path__", [])) if package else None
    return {found.name for found in pkgutil.iter_modules(path) if not found.name.startswith("_")}


def module_of_text(file, text):
    """A module of a file's text, made anew for every optimizer; its traces show the text."""
    module = types.ModuleType("dreambench_" + file[: -len(".py")])
    module.__file__ = file
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    sys.modules[module.__name__] = module  # where dataclasses look for it
    exec(compile(text, file, "exec"), module.__dict__)
    return module


def imported_by(text):
    import ast

    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module or "")
    tops = {name.split(".")[0] for name in names}
    return tops - set(getattr(sys, "stdlib_module_names", ()))


def version_of(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        version = getattr(sys.modules.get(package), "__version__", None)
        return version if isinstance(version, str) else None


def construct(made, params, args):
    try:
        signature = inspect.signature(made)
    except (TypeError, ValueError):
        signature = None
    if signature and not any(one.kind is one.VAR_KEYWORD for one in signature.parameters.values()):
        names = list(signature.parameters)[1:]
        for name in args:
            if name not in names:
                raise UnknownName(f"{made.__name__} takes no argument `{name}`", name, names)
    return made(params, **{name: with_tuples(value) for name, value in args.items()})


def with_tuples(value):
    """Lists as tuples, which is what PyTorch has: betas, for one."""
    if isinstance(value, list):
        return tuple(with_tuples(one) for one in value)
    if isinstance(value, dict):
        return {key: with_tuples(one) for key, one in value.items()}
    return value


def check(optimizer):
    """Returns true for an optimizer that asks and tells."""
    has = lambda name: callable(getattr(optimizer, name, None))
    asks = has("ask") and has("tell")
    kind = type(optimizer).__name__
    if not asks and not has("step"):
        raise TypeError(f"{kind} is no optimizer: it has neither `step` nor `ask` and `tell`")
    missing = [name for name in ("state_dict", "load_state_dict") if not has(name)]
    if missing:
        raise TypeError(f"{kind} has no `{missing[0]}`, without which its state cannot be kept")
    return asks


def takes_closure(step):
    try:
        return "closure" in inspect.signature(step).parameters
    except (TypeError, ValueError):
        return False


def plain(value, path, texts, tensors):
    """A copy whose bytes, once saved, depend on the values alone; refuses what cannot be loaded safely."""
    if isinstance(value, str):
        return texts.setdefault(str(value), str(value))
    if isinstance(value, torch.Tensor):
        return tensors.setdefault(id(value), value.detach().clone(memory_format=torch.contiguous_format))
    if value is None or isinstance(value, (bool, int, float, complex, torch.dtype, torch.device)):
        return value
    inner = lambda key, one: plain(one, f"{path}[{key!r}]", texts, tensors)
    if isinstance(value, dict):
        return {plain(key, f"{path}: a key", texts, tensors): inner(key, one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        kind = list if isinstance(value, list) else tuple
        return kind([inner(index, one) for index, one in enumerate(value)])
    kind = type(value).__name__
    raise TypeError(f"{path} is of the type {kind}, which cannot be kept: tensors, numbers, texts, lists and dicts can")


def told(error):
    """An exception as the parent is told it."""
    frames = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in frames if frame.filename != OWN_FRAMES]
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SystemExit):
        text = f"it called sys.exit({error.code!r})"
    elif isinstance(error, UnknownName):
        text = str(error)
    if isinstance(error, SyntaxError) and error.lineno:
        text = f"SyntaxError: {error.msg} ({error.filename}, line {error.lineno})"
    elif frames:
        last = frames[-1]
        text += f" ({os.path.basename(last.filename)}, line {last.lineno}, in {last.name})"
    known = {"name": error.name, "known": error.known} if isinstance(error, UnknownName) else None
    trace = "".join(traceback.format_list(frames))
    return {"is": "raised", "message": text[:2000], "traceback": trace[-8000:], "unknown": known}


def limit(memory):
    """Bounds what the process may use beside what it has, and has it end with its parent, where that is known."""
    try:
        import resource

        with open("/proc/self/status", encoding="ascii") as status:
            used = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData"))
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = used + memory
        resource.setrlimit(resource.RLIMIT_DATA, (wanted if most < 0 else min(wanted, most), most))
    except (ImportError, OSError, StopIteration, ValueError):
        pass


def die_with_parent():
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


def serve(channel):
    works = {}
    while True:
        message, numbers = channel.receive()
        try:
            answer(channel, works, message, numbers)
        except BaseException as error:  # SystemExit, too
            channel.send(told(error))


def answer(channel, works, message, numbers):
    what, key = message["do"], message["id"]
    if what == "begin":
        work = works[key] = Work(channel, message, numbers)
        channel.send({"is": "ready", "asks": work.asks, "versions": work.versions})
    elif what == "step":
        works[key].step(message, numbers)
    elif what == "state":
        channel.send({"is": "state"}, works[key].state())
    elif what == "end":
        works.pop(key, None)
        channel.send({"is": "ended"})


def main():
    die_with_parent()
    channel = Channel()
    sys.path[:] = [folder for folder in sys.path if folder]  # not the working folder
    global torch
    try:
        import torch

        torch.set_num_threads(1)
    except BaseException as error:
        channel.receive()
        channel.send({**told(error), "no_torch": True})
        return
    limit(int(sys.argv[1]))
    serve(channel)


if __name__ == "__main__":
    main()
