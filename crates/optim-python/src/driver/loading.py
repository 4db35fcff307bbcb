# Classes out of packages and files, and optimizers out of classes.


class UnknownName(Exception):
    """A name that is not there, and those that are."""

    def __init__(self, message, name, known):
        super().__init__(message)
        self.name, self.known = name, sorted(known)


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
