"""Runs what the documents say: every fenced block, every command in a table, every link.

    documents.py [PAGE...]     by default all pages

- `sh`: the blocks of a page run in order in one temporary folder, which holds the repository's
  folders as links and the tables of `TABLES`. The programs that they call are those of
  stand_in.py, which lists each command that is only checked, with the reason.
- `rust`: must be on a page that is a documentation test of the engine; `cargo test` compiles it.
- `toml`: must be a configuration that `mdn-train fit --config` takes.
- `text`: must be listed in `TEXTS`, with what compares it.
- A block without a language, or with another, fails, and so does a block that does not end.

In running text, `just RECIPE`, `scripts/FILE`, the options of `mdn-train` and relative links must
exist.
"""

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import stand_in

ROOT = stand_in.ROOT
PAGES = ["README.md", "CONTRIBUTING.md", "FORMAT.md", "SECURITY.md", "firmware-example/README.md",
         "firmware-pico/README.md"]
# Pages whose Rust blocks are documentation tests, and where they are said to be.
DOC_TESTS = {"README.md": "mdn-infer/src/lib.rs", "docs/service.md": "service-example/src/lib.rs"}
# Seconds that a block may take; on an idle machine the slowest takes a tenth of it.
LIMIT = 300
FENCE = re.compile(r"^(```+)\s*(\S*)\s*$")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)(#[^)\s]*)?\)")
SPAN = re.compile(r"`([^`\n]+)`")


def pages():
    """The documents, as paths from the top."""
    named = [page for page in PAGES if (ROOT / page).exists()]
    return named + sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md"))


def blocks(page):
    """The fenced blocks of a page, (line, language, text), and its text without them."""
    found, prose, inside = [], [], None
    for number, line in enumerate((ROOT / page).read_text().splitlines(), 1):
        fence = FENCE.match(line)
        if inside is None and fence:
            inside = (number, fence[2], [])
        elif inside is not None and fence and not fence[2]:
            found.append((inside[0], inside[1], "\n".join(inside[2]) + "\n"))
            inside = None
        elif inside is not None:
            inside[2].append(line)
        else:
            prose.append((number, line))
    if inside is not None:
        raise SystemExit(f"{page}:{inside[0]}: the block does not end")
    return found, prose


def concrete(rows, with_target):
    """A small table with the columns that the pages speak of; its values mean nothing."""
    draw = random.Random(5)
    lines = ["cement_kg,age_days" + ",strength_mpa" * with_target]
    for _ in range(rows):
        cement, age = draw.uniform(100, 500), draw.choice([3, 7, 28, 90])
        strength = 0.08 * cement + 4 * age ** 0.4 + draw.gauss(0, 4)
        lines.append(f"{cement:.1f},{age}" + f",{strength:.2f}" * with_target)
    return "\n".join(lines) + "\n"


# Files that the pages take for granted.
TABLES = {
    "concrete.csv": concrete(120, True),
    "new.csv": concrete(9, False),
    "houses.csv": "rooms,price\n" + "".join(f"{n % 7},{9 + n}e4\n" for n in range(60)),
    "shares.csv": "x,a,b\n" + "".join(f"{n},{n / 99 + 0.1:.3f},{n % 5}\n" for n in range(60)),
    "rain.csv": "hum,rain_mm\n" + "".join(f"{n},{max(0, n * 7 % 31 - 20) / 10}\n" for n in range(90)),
    "shop.csv": "price,sold,returned\n" + "".join(f"{n},{n * 7 % 9},{n % 4}\n" for n in range(90)),
    "air.csv": "year,time,wind,pm25\n" + "".join(
        f"{2010 + n // 25},{n},{n * 7 % 11},{40 + n * 13 % 29}\n" for n in range(120)),
    "visits.csv": "patient,age,pressure\n" + "".join(
        f"p{n // 4},{30 + n // 4 % 40},{110 + n * 7 % 31}\n" for n in range(120)),
    "sensors.csv": "pressure,flow,y\n" + "".join(
        f"{1 + n * 7 % 31},{'' if n % 9 == 3 else n % 13},{n * 5 % 17}\n" for n in range(90)),
    "counted.csv": "x,n,y\n" + "".join(f"{n % 10},{n % 4},{n * 7 % 31}\n" for n in range(90)),
    "concrete_test_rows.json": "[[0, 5, 9], [1, 7, 30]]",
}


def furnish(folder):
    """Puts into a folder what the commands expect where they run."""
    for name, text in TABLES.items():
        (folder / name).write_text(text)
    for entry in ROOT.iterdir():
        if entry.name not in ("target", ".git", "demo"):
            (folder / entry.name).symlink_to(entry)
    programs = folder / ".programs"
    programs.mkdir()
    for name in stand_in.PROGRAMS:
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {stand_in.__file__} {name} "$@"\n')
        program.chmod(0o755)
    return programs


def shell(text, folder, programs):
    """Runs a block; its complaint, or nothing."""
    for said, meant in stand_in.PLACES.items():
        text = text.replace(said, meant)
    path = f"{programs}:{os.environ['PATH']}"
    environment = dict(os.environ, PATH=path, OUTSIDE_PATH=os.environ["PATH"],
                       EXCEPTIONS=str(folder / ".exceptions"))
    block = subprocess.Popen(["bash", "-euo", "pipefail", "-c", text], cwd=folder, env=environment,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        said = block.communicate(timeout=LIMIT)[0]
    except subprocess.TimeoutExpired:
        os.killpg(block.pid, signal.SIGKILL)
        return f"still running after {LIMIT} s"
    return None if block.returncode == 0 else f"exit status {block.returncode}\n{said}"


def rust(page):
    """That the page is a documentation test."""
    source = DOC_TESTS.get(page)
    if source and f'include_str!("../../{page}")' in (ROOT / source).read_text():
        return None
    return "the page is no documentation test (DOC_TESTS)"


def toml(text, folder, programs):
    """That `fit` takes the configuration."""
    (folder / "block.toml").write_text(text)
    return shell("mdn-train fit --config block.toml --out block.mdn\n", folder, programs)


def bits_table(text):
    """The table of `just bits`: its hashes are those of the agreement suite."""
    lines = (ROOT / "agreement/expected.txt").read_text().splitlines()
    wanted = {part: digest for part, name, digest in map(str.split, lines) if name == "all"}
    for row in text.splitlines()[1:]:
        part, digest = row.split()[-2:]
        if wanted.get(part) != digest:
            return f"agreement/expected.txt has another hash: {row}"
    return None


def dependency_lines(text):
    """Lines for a `Cargo.toml`: they stand in those of the Pico's firmware."""
    manifests = (ROOT / "firmware-pico").glob("*/Cargo.toml")
    known = {line for p in manifests for line in p.read_text().splitlines()}
    unknown = [line for line in text.splitlines() if line and line not in known]
    return f"in no Cargo.toml of firmware-pico: {unknown}" if unknown else None


# What is wrong with scripts/wrong.md.
FAULTS = 10

# Blocks of output: the page, how the block begins, and what compares it.
TEXTS = [
    ("docs/arithmetic.md", "target                 level", bits_table),
    ("firmware-pico/README.md", "rp2040-hal = ", dependency_lines),
]


def output(page, text):
    """Compares a block of output."""
    for where, start, compare in TEXTS:
        if where == page and text.startswith(start):
            return compare(text)
    return "a block of output that nothing compares (TEXTS)"


def words(page, prose):
    """Complaints about running text: recipes, scripts, options and links that do not exist."""
    for number, line in prose:
        for link in LINK.finditer(line):
            target = link[1]
            if "://" not in target and not ((ROOT / page).parent / target).exists():
                yield number, f"no such file: {target}"
        for span in SPAN.finditer(line):
            complaint = stand_in.mention(span[1])
            if complaint:
                yield number, complaint


def check(page):
    """Complaints about one page, and the exceptions that were made."""
    found, prose = blocks(page)
    complaints = list(words(page, prose))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs = furnish(folder)
        kinds = {"sh": lambda t: shell(t, folder, programs), "rust": lambda t: rust(page),
                 "toml": lambda t: toml(t, folder, programs), "text": lambda t: output(page, t)}
        for number, language, text in found:
            kind = kinds.get(language, lambda t: f"nothing runs blocks of language `{language}`")
            complaint = kind(text)
            if complaint:
                complaints.append((number, complaint))
        log = folder / ".exceptions"
        exceptions = log.read_text().splitlines() if log.exists() else []
    return len(found), complaints, exceptions


def finds_faults():
    """Whether each fault of a page that is wrong on purpose is found."""
    _, complaints, _ = check("scripts/wrong.md")
    if len(complaints) != FAULTS:
        raise SystemExit(f"scripts/wrong.md has {FAULTS} faults, but not these: {complaints}")


def main():
    """All pages, or those named; the exit status says whether they hold."""
    finds_faults()
    failed = False
    for page in sys.argv[1:] or pages():
        count, complaints, exceptions = check(page)
        print(f"{page}: {count} blocks", flush=True)
        for exception in dict.fromkeys(exceptions):
            print(f"  only checked: {exception}")
        for number, complaint in complaints:
            failed = True
            print(f"{page}:{number}: {complaint}", file=sys.stderr)
    sys.exit(failed)


if __name__ == "__main__":
    main()
