"""What the commands of the documents call in place of the real programs (documents.py).

    stand_in.py PROGRAM ARGUMENT...

The trainer is the real one with fewer steps. Of `cargo` and the rest, `RULES` lists what runs and
what is only checked, each with its reason; a command that no rule allows fails.
"""

import functools
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ["mdn-train", "cargo", "just", "rustup", "sudo", "elf2uf2-rs"]
# Places that the reader fills in, and a filter of what is only checked and so prints nothing.
PLACES = {
    "/path/to/model.mdn": str(ROOT / "mdn-infer/samples/classic.mdn"),
    " | grep measured:": "",
}
# Options of other programs that stand alone in the text.
OTHERS = {"--remap-path-prefix"}
# What makes training short: what the pages say about accuracy is measured elsewhere. The recipe of
# `demo` has learnt something only after some 200 steps.
STEPS = ["--steps", "120"]
TRAINING = {"fit": STEPS, "demo": ["--steps", "300"], "cross-validate": STEPS,
            "tune": [*STEPS, "--trials", "2"]}


def target_folder():
    """Where the workspace is built."""
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def outside():
    """The environment of the real programs."""
    return dict(os.environ, PATH=os.environ.get("OUTSIDE_PATH", os.environ["PATH"]))


def real(command, folder=None, **more):
    """Runs a program itself."""
    return subprocess.run(command, cwd=folder, env=outside() | more).returncode


def trainer(arguments):
    """`mdn-train`, with few steps where it would train."""
    command = [str(target_folder() / "release/mdn-train"), *arguments]
    if not {"--steps", "--epochs", "--resume", "--help"} & set(arguments):
        command += TRAINING.get(arguments[0], []) if arguments else []
    return real(command)


def split(arguments):
    """Cargo's arguments and those of the program behind `--`."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1:]


def test_exists(arguments):
    """That the package, the test and the filter of a `cargo test` exist."""
    options, _ = split(arguments)
    values = dict(zip(options, options[1:]))
    package, test = values.get("-p"), values.get("--test")
    folders = [p.parent for p in ROOT.glob("*/Cargo.toml")
               if package is None or f'name = "{package}"' in p.read_text()]
    if not folders:
        return f"no package {package}"
    sources = [p for f in folders for p in f.rglob("*.rs") if "target" not in p.parts]
    if test and not any(p.match(f"tests/{test}.rs") or p.match(f"tests/{test}/main.rs")
                        for p in sources):
        return f"no test {test}"
    filters = [w for i, w in enumerate(options[1:]) if not w.startswith("-")
               and options[i] not in ("-p", "--test", "--features", "--example", "--bench")]
    for word in filters:
        if word != "NAME" and not any(word in p.read_text() or word in p.stem for p in sources):
            return f"no test is called `{word}`"
    return None


def recipe_exists(arguments):
    """That `just` knows the recipe with as many arguments."""
    run = subprocess.run(["just", "--dry-run", *arguments], cwd=ROOT, env=outside(),
                         capture_output=True, text=True)
    return None if run.returncode == 0 else run.stderr.strip()


def package_at_path(arguments):
    """That the folder of `cargo install --locked --path` is a package with a program."""
    path = ROOT / arguments[arguments.index("--path") + 1]
    return None if (path / "src/main.rs").exists() else f"no program in {path}"


def targets_installed(arguments):
    """That the targets are there."""
    run = subprocess.run(["rustup", "target", "list", "--installed"], env=outside(),
                         capture_output=True, text=True)
    missing = set(arguments[2:]) - set(run.stdout.split())
    return f"not installed: {missing}" if missing else None


def programs_installed(arguments):
    """That the packages' programs are there, which have the same names."""
    run = subprocess.run(["which", *arguments[2:]], env=outside(), capture_output=True)
    return None if run.returncode == 0 else f"not installed: {arguments[2:]}"


def agreement(arguments):
    """The agreement suite on this machine."""
    return real(["cargo", "--quiet", *arguments], ROOT)


def firmware(arguments):
    """A firmware in its emulator, with the model counted from the folder the reader is in."""
    folder = Path(os.environ["PWD"]).name
    if folder not in ("firmware-example", "firmware-pico"):
        return f"cargo {arguments[0]} --release in {os.environ['PWD']}"
    model = os.environ.get("MDN_MODEL")
    more = {"MDN_MODEL": os.path.normpath(Path(os.environ["PWD"]) / model)} if model else {}
    return real(["cargo", "--quiet", *arguments], ROOT / folder, **more)


def service_exists(arguments):
    """That the program and the model of a service exist."""
    options, (model, *_) = split(arguments)
    values = dict(zip(options, options[1:]))
    program = f"service-example/src/bin/{values.get('--bin', 'service')}.rs"
    missing = [path for path in (program, model) if not (ROOT / path).is_file()]
    return f"no such file: {', '.join(missing)}" if missing else None


def suite_for_boards(arguments):
    """The agreement suite's image for a microcontroller."""
    if not os.environ["PWD"].endswith("agreement/bare"):
        return f"cargo build --release --target in {os.environ['PWD']}"
    return real(["cargo", "--quiet", *arguments], ROOT / "agreement/bare")


def image_exists(arguments):
    """That there is an image to put on a board."""
    image = Path(os.environ["PWD"]) / arguments[-1]
    return None if image.is_file() else f"no image {image}"


# The program and the beginning of its arguments; what is done; for what is only checked, why.
RULES = [
    ("cargo run --release -p mdn-train --", lambda a: trainer(split(a)[1]), None),
    ("cargo run --release -p mdn-agreement", agreement, None),
    ("cargo run --release -p service-example", service_exists,
     "a service runs till it is stopped; its tests run it"),
    ("cargo run --release", firmware, None),
    ("cargo build --release --target", suite_for_boards, None),
    ("cargo build --release", firmware, None),
    ("cargo test", test_exists, "tests are other stages of CI, or take many minutes"),
    ("cargo install --locked --path", package_at_path, "it would build the trainer again"),
    ("cargo install elf2uf2-rs", lambda a: None, "building it takes minutes"),
    ("elf2uf2-rs -d", image_exists, "it needs a Pico"),
    ("just", recipe_exists, "recipes are other stages of CI, or take many minutes"),
    ("rustup target add", targets_installed, "`just setup` installs"),
    ("sudo apt-get install", programs_installed, "`just setup` installs"),
]


def run(program, arguments):
    """The exit status, or a complaint."""
    if program == "mdn-train":
        return trainer(arguments)
    command = [program, *arguments]
    for start, action, reason in RULES:
        if command[:len(start.split())] == start.split():
            if reason:
                with open(os.environ["EXCEPTIONS"], "a") as log:
                    log.write(f"`{shlex.join(command)}`: {reason}\n")
            return action(arguments)
    return f"no rule allows `{shlex.join(command)}` (RULES in scripts/stand_in.py)"


@functools.cache
def options():
    """All options of all commands of `mdn-train`."""
    program = str(target_folder() / "release/mdn-train")
    ask = lambda *words: subprocess.run([program, *words, "--help"], capture_output=True,
                                        text=True, check=True).stdout
    listed = ask().split("Commands:")[1].split("Options:")[0]
    commands = re.findall(r"^  (\w[\w-]*)", listed, re.M)
    texts = [ask(), *(ask(command) for command in commands if command != "help")]
    return set(re.findall(r"--[a-z][a-z-]*", "".join(texts)))


@functools.cache
def recipes():
    """The recipes of the justfile."""
    return set(subprocess.run(["just", "--summary"], cwd=ROOT, env=outside(), check=True,
                              capture_output=True, text=True).stdout.split())


def mention(span):
    """A complaint about a piece of code in running text, or nothing."""
    first, *rest = span.split() or [""]
    if span in OTHERS:
        return None
    if first == "just" and rest and rest[0] not in recipes():
        return f"no recipe `{rest[0]}`"
    if re.fullmatch(r"scripts/[\w.-]+", first) and not (ROOT / first).exists():
        return f"no such file: {first}"
    if first == "cargo" and rest[:1] == ["test"]:
        return test_exists(rest)
    if first == "mdn-train" or first.startswith("--") or first in TRAINING:
        unknown = set(re.findall(r"(?<!\S)--[a-z][a-z-]*", span)) - options()
        return f"mdn-train has no option {', '.join(sorted(unknown))}" if unknown else None
    return None


if __name__ == "__main__":
    outcome = run(sys.argv[1], sys.argv[2:])
    if isinstance(outcome, str):
        sys.exit(outcome)
    sys.exit(outcome or 0)
