"""What each trick of training is worth: the options of `mdn-train fit` against its defaults.

    python3 scripts/tricks.py [TABLE.csv …]

Every variant is cross-validated (5 folds) on generated tables, on the geyser's and on each TABLE,
whose last column is the target. Prints two Markdown tables: the mean NLL with the defaults, and for
each variant what it adds (nats a row; below 0 is better) with the mean over the tables; and the same
of the CRPS, by how many per cent it changes.
Needs `cargo build --release -p mdn-train` first.
"""

import json
import math
import os
import random
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, "target", "release", "mdn-train")
# Rows and targets.
GENERATED = {"inverse-sine": (500, 1), "bishop": (500, 1), "two-link-arm": (500, 2)}
VARIANTS = [
    "--activation tanh",
    "--activation gelu",
    "--averaging 0",
    "--starts 1",
    "--starts 1 --noise always",
    "--starts 1 --noise always --noise-decay 1",
    "-k 5",
    "-k 10",
    "--batch full",
    "--batch 128",
    "--refit",
    "--loss crps",
]


def program(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def friedman(path, rows=1000):
    """Ten inputs of which five matter (Friedman 1991), with noise that grows along the sixth."""
    draw = random.Random(0)
    with open(path, "w", encoding="ascii") as out:
        print(*(f"x{i}" for i in range(1, 11)), "y", sep=",", file=out)
        for _ in range(rows):
            x = [draw.random() for _ in range(10)]
            y = 10 * math.sin(math.pi * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2
            y += 10 * x[3] + 5 * x[4] + draw.gauss(0, 0.3 + 2 * x[5])
            print(*(f"{value:.6f}" for value in [*x, y]), sep=",", file=out)


def scores(table, targets, variant):
    """Mean NLL and CRPS over the folds; a fold with a density of 0 makes the NLL infinite."""
    answer = json.loads(program("cross-validate", table, "--targets", str(targets), "--folds", "5",
                                "--json", *variant.split()))
    nll = answer["nll_mean"]
    return float("inf") if nll is None else nll, answer["crps_mean"]


def tables(folder, given):
    for problem, (rows, targets) in GENERATED.items():
        path = os.path.join(folder, f"{problem}.csv")
        program("generate", problem, "--rows", str(rows), "--out", path)
        yield f"{problem} {rows}", path, targets
    path = os.path.join(folder, "friedman.csv")
    friedman(path)
    yield "friedman 1000", path, 1
    yield "geyser", os.path.join(ROOT, "tests", "data", "geyser.csv"), 1
    for path in given:
        yield os.path.splitext(os.path.basename(path))[0], path, 1


def line(name, cells):
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def print_table(heading, names, base, found, change, form):
    line(heading, [*names, "mean"])
    print("|---" + "|---:" * (len(names) + 1) + "|")
    line("defaults", [f"{value:.3f}" for value in base] + [""])
    for variant, values in found.items():
        changes = [change(new, old) for new, old in zip(values, base)]
        changes.append(sum(changes) / len(changes))
        line(f"`{variant}`", [form.format(value) for value in changes])


def main():
    with tempfile.TemporaryDirectory() as folder:
        chosen = list(tables(folder, sys.argv[1:]))
        names = [name for name, _, _ in chosen]
        found = {}
        for variant in ["", *VARIANTS]:
            print(variant or "defaults", file=sys.stderr, flush=True)
            found[variant] = [scores(path, targets, variant) for _, path, targets in chosen]
        base = found.pop("")
    column = lambda kind, rows: [row[kind] for row in rows]
    for kind, (heading, change, form) in enumerate([
            ("NLL", lambda new, old: new - old, "{:+.3f}"),
            ("CRPS", lambda new, old: 100 * (new / old - 1), "{:+.1f}%")]):
        values = {variant: column(kind, rows) for variant, rows in found.items()}
        print_table(heading, names, column(kind, base), values, change, form)
        print()


if __name__ == "__main__":
    main()
