"""What the program says of tables whose laws are known, and whether it is true (docs/trust.md).

    trust.py tables          twenty tables: on each a number against its law, or a diagnostic that must speak
    trust.py alarms COUNT    how often diagnostics speak on COUNT tables with which nothing is wrong

Every table is drawn here from a seed. Prints Markdown tables; `tables` fails where something is not as it
must be. Needs `cargo build --release -p mdn-train` first.
"""

import concurrent.futures
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "mdn-train"


# What warnings without a code are called here, by their first word.
WARNINGS = {"column": "precision", "training": "diverged", "the": "zero-density", "input": "constant"}


class Folder:
    """A temporary folder with tables, and the program run in it."""

    def __init__(self, path):
        self.path = Path(path)

    def write(self, name, header, rows):
        lines = [",".join(header), *(",".join(map(str, row)) for row in rows)]
        (self.path / name).write_text("\n".join(lines) + "\n")

    def run(self, arguments):
        """The program's exit status, its JSON and what it noted."""
        one_thread = dict(os.environ, RAYON_NUM_THREADS="1")
        run = subprocess.run([str(PROGRAM), *arguments.split(), "--json"], cwd=self.path, env=one_thread,
                             capture_output=True, text=True)
        return run.returncode, json.loads(run.stdout or "{}"), run.stderr

    def said(self, arguments):
        """The JSON, and the codes of all that was said: (code, severity)."""
        status, result, notes = self.run(arguments)
        if status:
            raise SystemExit(f"{arguments}: {notes}")
        found = [(one["code"], one["severity"]) for one in result.get("diagnostics", [])]
        for line in notes.splitlines():
            kind, _, rest = line.partition(":")
            if kind in ("note row-number", "warning leak"):
                found.append((kind.split()[1], kind.split()[0]))
            elif kind == "warning":
                found.append((WARNINGS.get(rest.split()[0], "other"), "warning"))
        return result, found


# Laws of one target given up to three inputs, the sum of which is `s`, about -2 to 2: (name, draw).
def laws():
    def two(draw, s):
        return draw.choice([-1.0, 1.0]) * (2 + 0.3 * s) + draw.gauss(0, 0.4)

    def count(draw, s):
        limit, n, p = math.exp(-math.exp(0.8 + 0.4 * s)), 0, draw.random()
        while p > limit:
            p, n = p * draw.random(), n + 1
        return n

    def dry(draw, s):
        return 0 if draw.random() < 0.4 else round(math.exp(0.5 * s + draw.gauss(0, 0.6)), 4)

    return {
        "linear, normal noise": lambda draw, s: 3 * s + draw.gauss(0, 1),
        "linear, little noise": lambda draw, s: 100 * s + draw.gauss(0, 5),
        "curved, noise that grows": lambda draw, s: math.sin(1.5 * s) + draw.gauss(0, 0.2 + 0.1 * abs(s)),
        "two branches": two,
        "log-normal": lambda draw, s: math.exp(0.5 * s + draw.gauss(0, 0.5)),
        "Laplace noise": lambda draw, s: s + draw.choice([-1, 1]) * draw.expovariate(1.5),
        "counts": count,
        "zeros and a continuum": dry,
        "bounded share": lambda draw, s: 1 / (1 + math.exp(-s - draw.gauss(0, 1))),
        "no dependence": lambda draw, s: draw.gauss(10, 3),
    }


def inputs_of(draw, width, kind):
    """Inputs of one row, and the number that the target depends on."""
    if kind == "uniform":
        x = [draw.uniform(-1, 1) for _ in range(width)]
    elif kind == "normal":
        x = [draw.gauss(0, 0.6) for _ in range(width)]
    else:
        x = [draw.choice([-1, 0, 1]) if i == 0 else draw.uniform(-1, 1) for i in range(width)]
    return x, sum(x[:3])


# So many further rows decide whether an alarm was false.
FURTHER = 20_000
# What must be said of those rows of the same model for an alarm of `fit` or `evaluate` to be true.
CONFIRMED_BY = {"over-fit": {"miscalibration", "no-better-than-normal"}}


def honest(seed):
    """A table with which nothing is wrong: its header, how many rows it has, a drawer of rows, and its law."""
    draw = random.Random(seed)
    names = list(laws())
    name = names[seed % len(names)]
    law = laws()[name]
    rows = draw.choice([200, 400, 800, 1500])
    width = draw.choice([1, 2, 3, 6])
    kind = draw.choice(["uniform", "normal", "grades"])

    def one():
        x, s = inputs_of(draw, width, kind)
        return [*(f"{value:.6g}" for value in x), f"{law(draw, s):.6g}"]

    return [f"x{i}" for i in range(width)] + ["y"], rows, one, name


def alarms_of(seed):
    """What is said of one honest table by `fit` and, of as many fresh rows, by `evaluate`; and what of it
    further rows do not confirm."""
    header, rows, one, name = honest(seed)
    with tempfile.TemporaryDirectory() as path:
        folder = Folder(path)
        folder.write("t.csv", header, [one() for _ in range(rows)])
        folder.write("fresh.csv", header, [one() for _ in range(rows)])
        _, fitted = folder.said("fit t.csv --target y")
        _, scored = folder.said("evaluate model.mdn fresh.csv")
        said = {"fit": set(fitted), "evaluate": set(scored)}
        false = {"fit": set(), "evaluate": set()}
        if any(severity == "warning" for each in said.values() for _, severity in each):
            folder.write("further.csv", header, [one() for _ in range(FURTHER)])
            further = {code for code, _ in folder.said("evaluate model.mdn further.csv")[1]}
            for command, each in said.items():
                false[command] = {code for code, severity in each if severity == "warning"
                                  and not CONFIRMED_BY.get(code, {code}) & further}
    return seed, rows, name, said, false


def alarms(count):
    """Prints how often each diagnostic speaks, and how often without need."""
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        found = list(pool.map(alarms_of, range(count)))
    for seed, rows, name, said, false in found:
        for command, each in said.items():
            warned = sorted(code for code, severity in each if severity == "warning")
            if warned:
                print(f"{seed}: {name}, {rows} rows: {command} {warned}, false {sorted(false[command])}",
                      file=sys.stderr)
    percent = lambda some: f"{100 * some / count:.1f}%"
    codes = sorted({(severity, code) for one in found for each in one[3].values() for code, severity in each})
    print(f"| of {count} tables | `fit` | false | `evaluate` | false |\n|---|---:|---:|---:|---:|")
    for severity, code in codes:
        cells = []
        for command in ("fit", "evaluate"):
            spoke = percent(sum((code, severity) in one[3][command] for one in found))
            wrong = percent(sum(code in one[4][command] for one in found)) if severity == "warning" else ""
            cells += [spoke, wrong]
        print(f"| {severity} `{code}` | {' | '.join(cells)} |")
    cells = []
    for command in ("fit", "evaluate"):
        cells += [percent(sum(any(s == "warning" for _, s in one[3][command]) for one in found)),
                  percent(sum(bool(one[4][command]) for one in found))]
    print(f"| any warning | {' | '.join(cells)} |")


def linear(draw, rows, noise=20.0):
    """y = 100 x + 200 w + noise."""
    drawn = []
    for _ in range(rows):
        x, w = draw.uniform(0, 10), draw.gauss(0, 1)
        drawn.append([f"{x:.5f}", f"{w:.5f}", f"{100 * x + 200 * w + draw.gauss(0, noise):.4f}"])
    return ["x", "w", "y"], drawn


def speaks(code):
    """A check that a diagnostic is among those said."""
    return lambda said: code in [one for one, _ in said]


def cases(folder):
    """Draws the tables and yields (table, what is asked, what was found, whether it is right)."""
    draw = random.Random(1)
    header, rows = linear(draw, 1500)
    _, fresh = linear(draw, 2000)
    folder.write("clean.csv", header, rows)
    folder.write("fresh.csv", header, fresh)
    fitted, said = folder.said("fit clean.csv --target y --out clean.mdn")
    warned = [code for code, severity in said if severity == "warning"]
    yield "1500 honest rows", "no warning", str(warned), not warned
    scored, said = folder.said("evaluate clean.mdn fresh.csv")
    best = 0.5 * math.log(2 * math.pi * math.e * 400)
    yield ("fresh rows of it", f"NLL near {best:.3f}, no warning", f"{scored['nll']:.3f}",
           abs(scored["nll"] - best) < 0.1 and not [c for c, s in said if s == "warning"])
    _, answers, _ = folder.run("predict clean.mdn fresh.csv")
    deviation = sorted(row[answers["columns"].index("y_sd")] for row in answers["rows"])[1000]
    yield "the same", "`y_sd` 20", f"{deviation:.1f}", 18.5 < deviation < 21.5
    _, said = folder.said("evaluate clean.mdn clean.csv")
    yield "rows of the training", "`training-rows`", names(said), speaks("training-rows")(said)

    folder.write("far.csv", header, [["1000000", *row[1:]] for row in fresh[:20]])
    _, said = folder.said("evaluate clean.mdn far.csv")
    yield "an input of 10⁶ where training had 0 to 10", "`outside-range`", names(said), speaks("outside-range")(said)
    wide = [[*row[:2], f"{float(row[2]) + draw.gauss(0, 60):.4f}"] for row in fresh]
    folder.write("wide.csv", header, wide)
    _, said = folder.said("evaluate clean.mdn wide.csv")
    yield "three times the noise of the training", "`miscalibration`", names(said), speaks("miscalibration")(said)
    other = [[*row[:2], f"{draw.gauss(500, 300):.4f}"] for row in fresh]
    folder.write("other.csv", header, other)
    _, said = folder.said("evaluate clean.mdn other.csv")
    yield ("targets that do not depend on the inputs any more", "`no-better-than-normal`", names(said),
           speaks("no-better-than-normal")(said))
    impossible = [*fresh[:50], ["5", "0", "1e30"]]
    folder.write("impossible.csv", header, impossible)
    scored, _ = folder.said("evaluate clean.mdn impossible.csv")
    cause = scored.get("zero_density", {})
    yield ("a target of 10³⁰ in line 52", "an infinite NLL, and the row", f"line {cause.get('line')}",
           scored["nll"] is None and cause.get("line") == 52)

    marked = [["-9999" if draw.random() < 0.03 else row[0], *row[1:]] for row in rows]
    folder.write("marked.csv", header, marked)
    result, said = folder.said("fit marked.csv --target y --out marked.mdn")
    scored, _ = folder.said("evaluate marked.mdn fresh.csv")
    gap = abs(result["validation_nll"] - scored["nll"])
    yield ("3% of an input are −9999", "`sentinel`, and a score within 0.15 of fresh rows'",
           f"{names(said)}, {gap:.3f}", speaks("sentinel")(said) and gap < 0.15)
    numbered = [[i, *row] for i, row in enumerate(rows[:400])]
    folder.write("numbered.csv", ["id", *header], numbered)
    _, said = folder.said("fit numbered.csv --target y --steps 200 --out other.mdn")
    yield "a column that numbers the rows", "`row-number`", names(said), speaks("row-number")(said)
    folder.write("leak.csv", ["copy", *header], [[row[2], *row] for row in rows[:400]])
    _, said = folder.said("fit leak.csv --target y --steps 200 --out other.mdn")
    yield "an input that is the target", "`leak`", names(said), speaks("leak")(said)
    folder.write("twice.csv", header, rows[:300] + rows[:300])
    _, said = folder.said("fit twice.csv --target y --steps 200 --out other.mdn")
    yield "each row twice", "`repeated-rows`", names(said), speaks("repeated-rows")(said)
    track = [[f"{i * 0.5:.1f}", f"{47.3 + 1e-8 * i:.9f}"] for i in range(400)]
    shuffled = [[f"{float(s) % 20:.1f}", place] for s, place in track]
    folder.write("gps.csv", ["s", "lat"], shuffled)
    _, said = folder.said("fit gps.csv --target lat --steps 200 --out other.mdn")
    yield ("places that rounding to 32 bits makes equal", "not `repeated-rows`", names(said),
           not speaks("repeated-rows")(said))

    few = [[*row[:2], *(f"{draw.gauss(0, 1):.4f}" for _ in range(10)), row[2]] for row in rows[:100]]
    folder.write("few.csv", ["x", "w", *(f"n{i}" for i in range(10)), "y"], few)
    status, result, _ = folder.run("fit few.csv --target y --weight-decay 0 --noise never --out other.mdn")
    found = [one["code"] for one in result.get("diagnostics", [])] if status == 0 else ["no model"]
    yield ("100 rows with ten inputs without effect", "`over-fit`, or no model", ", ".join(found),
           status != 0 or "over-fit" in found)
    folder.write("wild.csv", header, [*rows[:400], ["5", "0", "99000000"]])
    _, said = folder.said("fit wild.csv --target y --steps 200 --out other.mdn")
    yield "one target of 10⁸", "`wild-outliers`", names(said), speaks("wild-outliers")(said)
    grades = [[row[0], row[1], round(float(row[2]) / 300)] for row in rows]
    folder.write("grades.csv", header, grades)
    _, said = folder.said("fit grades.csv --target y --support continuous --steps 200 --out other.mdn")
    yield "grades taken for a continuum", "`coarse-target`", names(said), speaks("coarse-target")(said)
    _, said = folder.said("fit grades.csv --target y --steps 200 --out other.mdn")
    yield "grades", "not `coarse-target`", names(said), not speaks("coarse-target")(said)

    regimes = [[f"{draw.uniform(-1, 1):.5f}", draw.choice([0, 1])] for _ in range(3000)]
    regimes = [[x, k, f"{1000 * k + float(x) + draw.gauss(0, 0.1):.6f}"] for x, k in regimes]
    folder.write("regimes.csv", ["x", "k", "y"], regimes[:2000])
    folder.write("regimes-fresh.csv", ["x", "k", "y"], regimes[2000:])
    _, said = folder.said("fit regimes.csv --target y --out regimes.mdn")
    before = folder.said("evaluate regimes.mdn regimes-fresh.csv")[0]["nll"]
    folder.said("fit regimes.csv --target y --scale-floor 0.0001 --out regimes.mdn")
    after = folder.said("evaluate regimes.mdn regimes-fresh.csv")[0]["nll"]
    yield ("two regimes, noise a ten-thousandth of the spread",
           "`collapsed-scales`, whose advice makes the score better", f"{names(said)}: {before:.2f} to {after:.2f}",
           speaks("collapsed-scales")(said) and after < before)
    small = [[*row[:2], f"{float(row[2]) / 1e6:.8f}"] for row in rows[:600]]
    folder.write("small.csv", header, small)
    _, said = folder.said("fit small.csv --target y --steps 500 --out other.mdn")
    yield "a target in millions", "`negative-loss`, a note", names(said), ("negative-loss", "note") in said
    _, said = folder.said("fit clean.csv --target y --moments 0 --polish 0 --steps 3000 --out idle.mdn")
    yield ("training without the score of moments", "`dead-components` or `wide-moments`", names(said),
           speaks("dead-components")(said) or speaks("wide-moments")(said))


def names(said):
    """The codes that were said."""
    return ", ".join(sorted({f"`{code}`" for code, _ in said})) or "nothing"


def tables():
    """Prints what was found of each table; fails where it is not right."""
    wrong = 0
    print("| table | right | found |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as path:
        for table, right, found, holds in cases(Folder(path)):
            wrong += not holds
            print(f"| {table} | {right} | {found}{'' if holds else ' **WRONG**'} |", flush=True)
    if wrong:
        raise SystemExit(f"{wrong} tables are not as they must be")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["tables"]:
            tables()
        case ["alarms", count]:
            alarms(int(count))
        case _:
            raise SystemExit(__doc__)
