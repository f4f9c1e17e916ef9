"""Training beside JAX and PyTorch: `run.py classic | larger` prints a table in Markdown.

The peers come from PyPI into a throw-away environment (PyTorch takes gigabytes). All run one after
the other, in turns, on all cores; the fastest turn counts, and compilation does not.
"""

import json
import os
import platform
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = HERE.parent / "target/training"
PYTHON = WORK / "venv/bin/python"
TRAIN = ROOT / "target/release/mdn-train"
TURNS = 3
CLASSIC_STEPS, LARGER_ROWS, EPOCHS = 10_000, 100_000, 3


def run(*command):
    """What a command prints; it ends the program where it fails."""
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout


def prepare():
    """Builds our side and fetches the others."""
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--release", "-p", "mdn-train"],
                   cwd=ROOT, check=True)
    if not PYTHON.exists():
        venv.create(PYTHON.parents[1], with_pip=True)
    run(PYTHON, "-m", "pip", "install", "--quiet", "--requirement", HERE / "requirements.txt")


def peer(script, *arguments):
    seconds, loss = run(PYTHON, HERE / script, *arguments).split()
    return float(seconds), float(loss)


def classic_ours(folder):
    said = json.loads(run(TRAIN, "demo", "--steps", CLASSIC_STEPS, "--out", folder, "--json"))
    return said["training_seconds"], said["train_nll"]


def classic():
    """The tutorial's network, 10,000 full-batch steps of Adam on 1000 rows."""
    folder = WORK / "classic"
    classic_ours(folder)
    table = folder / "data.csv"
    turns = [(classic_ours(folder), peer("classic_jax.py", table, CLASSIC_STEPS),
              peer("classic_torch.py", table, CLASSIC_STEPS)) for _ in range(TURNS)]
    report(["mdn-train", "JAX (jit, scan)", "PyTorch"], turns, "seconds")


def larger_ours(table, epochs):
    said = run(TRAIN, "fit", table, "--targets", 8, "--hidden", "256,256", "-k", 16, "--covariance",
               "full", "--batch", 1024, "--epochs", epochs, "--starts", 1, "--validation", 0,
               "--averaging", 0, "--learning-rate", 0.001, "--out", WORK / "larger.mdn", "--json")
    return json.loads(said)


def larger():
    """100,000 rows, two layers of 256 units, full covariance; what one more epoch takes."""
    table = WORK / "larger.npy"
    run(PYTHON, "-c", f"""
import numpy as np
draw = np.random.default_rng(0).normal
x = draw(size=({LARGER_ROWS}, 32))
y = np.tanh(x @ draw(size=(32, 8)) / 6) + 0.1 * draw(size=({LARGER_ROWS}, 8))
np.save({str(table)!r}, np.hstack([x, y]).astype(np.float32))""")
    turns = []
    for _ in range(TURNS):
        short, long = larger_ours(table, 1), larger_ours(table, 1 + EPOCHS)
        ours = (long["seconds"] - short["seconds"]) / EPOCHS, long["train_nll"]
        turns.append((ours, peer("larger_jax.py", table, EPOCHS)))
    report(["mdn-train", "JAX (jit, scan)"], turns, "seconds an epoch")


def report(names, turns, unit):
    best = [min(turn[i] for turn in turns) for i in range(len(names))]
    print(f"| | {unit} | of ours | NLL at the end |\n|---|---:|---:|---:|")
    for name, (seconds, loss) in zip(names, best):
        print(f"| {name} | {seconds:.2f} | {seconds / best[0][0]:.1f} × | {loss:.3f} |")
    print(f"\n{processor()}, {os.cpu_count()} cores.")


def processor():
    """The processor's name where Linux knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


if __name__ == "__main__":
    problems = {"classic": classic, "larger": larger}
    if len(sys.argv) != 2 or sys.argv[1] not in problems:
        raise SystemExit(__doc__)
    prepare()
    problems[sys.argv[1]]()
