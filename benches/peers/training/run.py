"""Training beside JAX and PyTorch: `run.py classic | larger | profile` prints a table in Markdown.

The peers come from PyPI into a throw-away environment (PyTorch takes gigabytes). All run one after
the other, in turns, on all cores, PyTorch on one where it is faster for that; the fastest turn
counts, and compilation does not.
"""

import os
import platform
import subprocess
import sys
import venv
from pathlib import Path

from sampling import shares

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = HERE.parent / "target/training"
PYTHON = WORK / "venv/bin/python"
TRAIN = ROOT / "target/release/train"
TURNS, CLASSIC_STEPS, EPOCHS = 2, 10_000, 3


def run(*command, env=None):
    """What a command prints; it ends the program where it fails."""
    done = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True, env=env)
    return done.stdout


def prepare():
    """Builds our side and fetches the others."""
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--release", "-p", "mdn-benches",
                    "--bin", "train"], cwd=ROOT, check=True)
    WORK.mkdir(parents=True, exist_ok=True)
    if not PYTHON.exists():
        venv.create(PYTHON.parents[1], with_pip=True)
    run(PYTHON, "-m", "pip", "install", "--quiet", "--requirement", HERE / "requirements.txt")


def ours(*arguments):
    """Seconds, loss, and the dense layers' share of the machine's peak."""
    return tuple(map(float, run(TRAIN, *arguments).split()))


def peer(script, *arguments, threads=None):
    """Seconds and loss."""
    environment = os.environ if threads is None else os.environ | {"OMP_NUM_THREADS": str(threads)}
    seconds, loss = run(PYTHON, HERE / script, *arguments, env=environment).split()
    return float(seconds), float(loss)


def table(name, draw):
    """A file with what NumPy draws."""
    path = WORK / name
    run(PYTHON, "-c", f"""
import numpy as np
random = np.random.default_rng(0)
{draw}
np.save({str(path)!r}, np.hstack([x, y]).astype(np.float32))""")
    return path


def classic_table():
    """The inverse sine: y is uniform and x its noisy function."""
    return table("classic.npy", """
y = random.uniform(-10.5, 10.5, size=(1000, 1))
x = 7 * np.sin(0.75 * y) + 0.5 * y + random.normal(size=y.shape)""")


def larger_table():
    """32 inputs and 8 targets, smooth functions of them with noise."""
    return table("larger.npy", """
x = random.normal(size=(100_000, 32))
y = np.tanh(x @ random.normal(size=(32, 8)) / 6) + 0.1 * random.normal(size=(len(x), 8))""")


def classic():
    """The tutorial's network, 10,000 full-batch steps of Adam on 1000 rows."""
    table = classic_table()
    threads = min((None, 1), key=lambda threads: peer("classic_torch.py", table, 200, threads=threads))
    turns = [(ours("classic", table, CLASSIC_STEPS),
              peer("classic_jax.py", table, CLASSIC_STEPS),
              peer("classic_torch.py", table, CLASSIC_STEPS, threads=threads)) for _ in range(TURNS)]
    report(["mdn-train", "JAX (jit, scan)", "PyTorch"], turns, "seconds")


def larger():
    """100,000 rows, two layers of 256 units, full covariance; the fastest epoch."""
    table = larger_table()
    turns = [(ours("larger", table, EPOCHS), peer("larger_jax.py", table, EPOCHS))
             for _ in range(TURNS)]
    report(["mdn-train", "JAX (jit, scan)"], turns, "seconds an epoch")


def profile():
    """Where our time goes in both problems."""
    classic = shares(TRAIN, "classic", classic_table(), CLASSIC_STEPS)
    larger = shares(TRAIN, "larger", larger_table(), EPOCHS)
    print("| part | classic | larger |\n|---|---:|---:|")
    for part in classic:
        print(f"| {part} | {100 * classic[part]:.0f}% | {100 * larger[part]:.0f}% |")


def report(names, turns, unit):
    best = [min(turn[i] for turn in turns) for i in range(len(names))]
    print(f"| | {unit} | of ours | NLL at the end |\n|---|---:|---:|---:|")
    for name, (seconds, loss, *_) in zip(names, best):
        print(f"| {name} | {seconds:.2f} | {seconds / best[0][0]:.1f} × | {loss:.3f} |")
    print(f"\nOurs does the products and sums of the dense layers at {100 * best[0][2]:.0f}% of the peak.")
    print(f"{processor()}, {os.cpu_count()} cores.")


def processor():
    """The processor's name where Linux knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


if __name__ == "__main__":
    problems = {"classic": classic, "larger": larger, "profile": profile}
    if len(sys.argv) != 2 or sys.argv[1] not in problems:
        raise SystemExit(__doc__)
    prepare()
    problems[sys.argv[1]]()
