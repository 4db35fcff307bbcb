"""Shards by other engines than Slurm: HyperQueue's own server and worker compute an experiment to the bytes of a whole run, and the manifest
in docs/kubernetes is one that Kubernetes' schema allows.

Usage: tests/engines/.venv/bin/python tests/engines/check.py [RUNNER]      (RUNNER: target/debug/runner)
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

ROOT = Path(__file__).resolve().parents[2]
SHARDS = 3
EXPERIMENT = """
name = "engines"
models = ["mini"]
prompts = ["bicycle", "cow"]

[dream]
epochs = 1
iterations = 10
save_every = 5

[optimizer]
sgd = { lr = 0.1 }
adam = { lr = 0.05 }
"""


def main():
    runner = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/debug/runner").resolve()
    validate = [Path(sys.executable).with_name("kubernetes-validate"), ROOT / "docs/kubernetes/job.yaml"]
    subprocess.run(validate, check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "engines.toml").write_text(EXPERIMENT)
        command = [str(runner), "engines.toml", "--weights", str(ROOT / "weights"), "--devices", "cpu", "--out"]
        subprocess.run([*command, "whole"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        compute(folder, runner, command)
        compare(tables(folder / "whole"), tables(folder / "parts"))
    print(f"engines: {SHARDS} tasks of HyperQueue came to the tables and images of a whole run")


def compute(folder, runner, command):
    """Has tasks 0, 1, … compute a shard each, and another make the report when they have ended."""
    with LocalCluster() as cluster:
        cluster.start_worker(WorkerConfig(cores=2))
        job = Job(default_workdir=folder, max_fails=SHARDS)
        line = f"exec {' '.join(command)} parts --shard $((HQ_TASK_ID + 1))/{SHARDS} --no-report"
        shards = [job.program(["bash", "-c", line], env={"OMP_NUM_THREADS": "1"}) for _ in range(SHARDS)]
        job.program([str(runner), "report", "parts"], deps=shards)
        client = cluster.client()
        client.wait_for_jobs([client.submit(job)])


def tables(results):
    files = [path for pattern in ("tables/*", "cells/**/*.png") for path in results.glob(pattern)]
    return {str(path.relative_to(results)): path.read_bytes() for path in files if path.name != "timings.csv"}


def compare(whole, parts):
    assert whole.keys() == parts.keys() and whole, whole.keys() ^ parts.keys()
    different = [name for name in whole if whole[name] != parts[name]]
    assert not different, different


if __name__ == "__main__":
    main()
