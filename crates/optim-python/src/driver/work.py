# An optimizer at work: its steps and its state.


class Work:
    """An optimizer at work on its own copies of the parameters."""

    def __init__(self, channel, message, numbers):
        self.channel, self.seed = channel, message["seed"]
        self.shapes = message["shapes"]
        self.lengths = [product(shape) for shape in self.shapes]
        end = 4 * sum(self.lengths)
        self.params = [torch.nn.Parameter(value.clone()) for value in self.split(numbers, 0)]
        self.reset(0)
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

    def reset(self, step):
        """Seeds what the optimizer draws, and undoes what another one has set: nothing depends on what was before."""
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
        torch.set_num_threads(1)
        seed = (self.seed * 1_000_003 + step) % 2**63
        random.seed(seed)
        torch.default_generator.manual_seed(seed)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(seed % 2**32)

    def step(self, message, numbers):
        self.reset(message["step"])
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
