# Answers to the parent, exceptions among them.


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
    """Bounds what the process may use beside what it has, where the system can."""
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


def leave_ends_to_the_parent():
    """A batch system asks every process of a job to end: the parent saves first, which takes steps."""
    for name in ("SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


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
    leave_ends_to_the_parent()
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
