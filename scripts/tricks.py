"""What each trick of training is worth: the options of `mdn-train fit` against its defaults.

    python3 scripts/tricks.py [TABLE.csv …]

Every variant is cross-validated (5 folds) on generated tables, on the geyser's and on each TABLE,
whose last column is the target. Prints a Markdown table: the mean NLL with the defaults, and for
each variant what it adds (nats a row; below 0 is better) with the mean over the tables.
Needs `cargo build --release -p mdn-train` first.
"""

import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, "target", "release", "mdn-train")
GENERATED = [("inverse-sine", 500), ("two-link-arm", 500)]
VARIANTS = [
    "--averaging 0",
    "--starts 1",
    "--starts 1 --noise always",
    "--starts 1 --noise always --noise-decay 1",
    "-k 5",
    "-k 10",
]


def program(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def nll(table, targets, variant):
    """Mean over the folds; a fold with a density of 0 makes it infinite."""
    answer = program("cross-validate", table, "--targets", str(targets), "--folds", "5",
                     "--json", *variant.split())
    mean = json.loads(answer)["nll_mean"]
    return float("inf") if mean is None else mean


def tables(folder, given):
    for problem, rows in GENERATED:
        path = os.path.join(folder, f"{problem}-{rows}.csv")
        program("generate", problem, "--rows", str(rows), "--out", path)
        yield f"{problem} {rows}", path, 1 if problem == "inverse-sine" else 2
    yield "geyser", os.path.join(ROOT, "tests", "data", "geyser.csv"), 1
    for path in given:
        yield os.path.splitext(os.path.basename(path))[0], path, 1


def main():
    with tempfile.TemporaryDirectory() as folder:
        chosen = list(tables(folder, sys.argv[1:]))
        base = [nll(path, targets, "") for _, path, targets in chosen]
        print("| options | " + " | ".join(name for name, _, _ in chosen) + " | mean |")
        print("|---" + "|---:" * (len(chosen) + 1) + "|")
        print("| defaults | " + " | ".join(f"{value:.3f}" for value in base) + " | |")
        for variant in VARIANTS:
            found = [nll(path, targets, variant) for _, path, targets in chosen]
            added = [new - old for new, old in zip(found, base)]
            cells = " | ".join(f"{value:+.3f}" for value in added)
            print(f"| `{variant}` | {cells} | {sum(added) / len(added):+.3f} |", flush=True)


if __name__ == "__main__":
    main()
