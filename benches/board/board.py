"""Prints the tables of what the engine costs on microcontrollers, in Markdown.

    board.py [SECTION...]: instructions, float-unit, storage, memory, ensembles, code, functions, back-ends, cycles,
    peers

`just bench-board` runs all. Counts come from QEMU and are exact and repeatable, cycles are
estimated, code and memory are measured.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import count
import cycles

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGETS = Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target")).resolve()
SAMPLE = ROOT / "mdn-infer/samples/classic.mdn"
M4F = ("Cortex-M4F", "mps2-an386", "thumbv7em-none-eabihf", "-C target-cpu=cortex-m4")
CORES = [
    M4F,
    ("Cortex-M7", "mps2-an500", "thumbv7em-none-eabihf", "-C target-cpu=cortex-m7"),
    ("Cortex-M33", "mps2-an505", "thumbv8m.main-none-eabihf", "-C target-cpu=cortex-m33"),
    ("Cortex-M3, no FPU", "mps2-an385", "thumbv7m-none-eabi", ""),
    ("Cortex-M0, no FPU", "microbit", "thumbv6m-none-eabi", ""),
    ("RV32IMAFC", "virt", "riscv32imafc-unknown-none-elf", ""),
    ("RV32IMAC, no FPU", "virt", "riscv32imac-unknown-none-elf", ""),
]


# What the tables are made with, and the Debian package that has it.
TOOLS = [("qemu-system-arm", "qemu-system-arm"), ("qemu-system-riscv32", "qemu-system-misc"),
         ("llvm-nm", "llvm"), ("llvm-size", "llvm"),
         ("arm-none-eabi-objdump", "binutils-arm-none-eabi")]


def check_tools():
    """Ends the program where something is not installed."""
    missing = [f"{tool} (Debian: {package})" for tool, package in TOOLS if not shutil.which(tool)]
    if missing:
        raise SystemExit("not installed: " + ", ".join(missing))


def build(core, binary, opt="3", model=SAMPLE, features=(), defaults=True):
    """An image for a core, as a path that the next build may overwrite; `defaults` are features too."""
    _, board, target, flags = core
    environment = dict(os.environ, BOARD=board, RUSTFLAGS=flags, MDN_MODEL=str(model),
                       CARGO_PROFILE_RELEASE_OPT_LEVEL=opt)
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--release", "--bin", binary,
                    "--target", target, "--target-dir", TARGETS, "--features", ",".join(features),
                    *([] if defaults else ["--no-default-features"])],
                   cwd=HERE, env=environment, check=True)
    return str(TARGETS / target / "release" / binary)


def table(head, rows):
    """A Markdown table; all columns but the first are numbers."""
    print("| " + " | ".join(head) + " |")
    print("|---|" + "---:|" * (len(head) - 1))
    for row in rows:
        print("| " + " | ".join(f"{n:,}" if isinstance(n, int) else n for n in row) + " |")


def models(folder):
    """The benchmark models as files: S is the sample, M is written by the ordinary benchmarks."""
    subprocess.run(["cargo", "run", "--locked", "--quiet", "--release", "-p", "mdn-benches",
                    "--example", "write_models", "--", folder], cwd=ROOT, check=True)
    return [("S", SAMPLE), ("M", Path(folder) / "M.mdn")]


def instructions():
    """Instructions per answer, for each core and model."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, model in models(folder):
            for core in CORES:
                image = build(core, "cost", "3", model)
                parts, _ = count.sections(core[1], image)
                rows.append([f"{name}, {core[0]}", *count.counts(parts)[:3]])
    table(["model, core", "prediction", "log-density", "draw"], rows)


def float_unit():
    """Instructions of a check of the float unit."""
    rows = []
    for core in CORES:
        parts, _ = count.sections(core[1], build(core, "cost"))
        rows.append([core[0], count.counts(parts)[3]])
    table(["core", "check of the float unit"], rows)


# The functions of the dense layers on the M4F, where they have one of their own.
PANELS = ("whole_panels", "panel_f16", "dsp::panels")
# Multiplications of the dense layers with their additions.
ENTRIES = {"S": 24 + 24 * 72, "M": 16 * 64 + 64 * 64 + 64 * 72}


def storage():
    """Instructions of a prediction for each storage of the kernels."""
    kinds = [(M4F, ("f32", "f16", "bf16", "i8"))]
    kinds += [(core, ("f32", "i8")) for core in CORES if "no FPU" in core[0]]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, model in models(folder):
            for core, kind in ((core, kind) for core, some in kinds for kind in some):
                image = build(core, "cost", "3", stored(model, kind, folder))
                parts, _ = count.sections(core[1], image)
                found = count.functions(image, parts[1])
                dense = sum(n for f, n in found.items() if any(p in f for p in PANELS))
                rows.append([f"{name}, {kind}, {core[0]}", count.counts(parts)[0], dense or "",
                             f"{dense / ENTRIES[name]:.2f}" if dense else ""])
    table(["model, storage, core", "prediction", "dense core", "a multiply-add"], rows)


def stored(model, kind, folder):
    """The model with its kernels stored otherwise, written by mdn-train."""
    if kind == "f32":
        return model
    path = Path(folder) / f"{Path(model).stem}-{kind}.mdn"
    subprocess.run(["cargo", "run", "--locked", "--quiet", "--release", "-p", "mdn-train", "--",
                    "quantize", model, "--weights", kind, "--out", path],
                   cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return path


def memory():
    """RAM of a prediction on the M4F."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, model in models(folder):
            for opt in ("3", "s"):
                _, said = count.sections(M4F[1], build(M4F, "cost", opt, model))
                sizes = [int(line.split()[1]) for line in said.split("\n") if line]
                rows.append([f"{name}, {M4F[0]}", opt, *sizes, sum(sizes)])
    table(["model, core", "opt-level", "predictor", "model view", "stack", "together"], rows)


def ensembles():
    """What ensembles of S cost on the M4F."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        models(folder)
        for networks, name in ((1, "S"), (2, "S-2"), (5, "S-5")):
            model = Path(folder) / f"{name}.mdn"
            parts, said = count.sections(M4F[1], build(M4F, "cost", "3", model))
            sizes = [int(line.split()[1]) for line in said.split("\n") if line]
            rows.append([str(networks), model.stat().st_size, sum(sizes), *count.counts(parts)[:3]])
    table(["networks", "file, bytes", "RAM, bytes", "prediction", "log-density", "draw"], rows)


def bytes_of(image):
    """Code and constants of an image, without its vector table."""
    lines = subprocess.run(["llvm-size", "-A", image], capture_output=True, text=True, check=True)
    fields = (line.split() for line in lines.stdout.splitlines())
    return sum(int(f[1]) for f in fields if f and f[0] in (".text", ".rodata"))


# Nothing runs these images, and all of the engine is more than a Cortex-M0's board has room for.
ROOMY = "mps2-an385"
PARTS = [("parse", "parse a model"), ("predict", "+ prediction"), ("density", "+ log-density"),
         ("everything", "+ everything else")]


def code():
    """What each part of the engine adds to an empty program."""
    rows = []
    for core in ((name, ROOMY, *rest) for name, _, *rest in (M4F, CORES[4])):
        for opt, defaults in (("3", True), ("3", False), ("s", True), ("s", False)):
            before = bytes_of(build(core, "size", opt, defaults=defaults))
            images = (build(core, "size", opt, features=[feature], defaults=defaults)
                      for feature, _ in PARTS)
            name = core[0] if defaults else f"{core[0]}, without `supports`"
            rows.append([name, opt, *(bytes_of(image) - before for image in images)])
    table(["core", "opt-level", *(name for _, name in PARTS)], rows)


def functions():
    """The largest functions of parse, prediction and log-density on the M4F."""
    for opt in ("3", "s"):
        print(f"\nopt-level {opt}:\n")
        image = build(M4F, "size", opt, features=["density"])
        table(["function", "bytes"], largest_functions(image))


def back_ends():
    """Code and instructions with the elementary functions of other crates, on the M4F."""
    rows = []
    for functions in ((), ("libm",), ("micromath",)):
        for opt in ("3", "s"):
            before = bytes_of(build(M4F, "size", opt))
            size = bytes_of(build(M4F, "size", opt, features=["density", *functions])) - before
            image = build(M4F, "cost", opt, features=functions)
            parts, _ = count.sections(M4F[1], image)
            prediction, density, *_ = count.counts(parts)
            rows.append([functions[0] if functions else "exact", opt, size, prediction, density])
    table(["functions", "opt-level", "code", "prediction", "log-density"], rows)


def largest_functions(image):
    """Names and sizes of the functions above 200 bytes, the largest first."""
    lines = subprocess.run(["llvm-nm", "--demangle", "--print-size", "--size-sort", "--radix=d",
                            image], capture_output=True, text=True, check=True).stdout
    rows = []
    for line in lines.splitlines():
        _, size, kind, name = line.split(maxsplit=3)
        if kind in "tT" and int(size) > 200:
            rows.append([f"`{name.split('::h')[0]}`", int(size)])
    return rows[::-1]


def estimate():
    """Instructions and estimated cycles on a Cortex-M4F."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, model in models(folder):
            image = build(M4F, "cost", "3", model)
            parts, _ = count.sections(M4F[1], image)
            empty = cycles.estimate(image, parts[0])
            for what, part in zip(("prediction", "log-density", "draw"), parts[1:]):
                spent = cycles.estimate(image, part) - empty
                rows.append([f"{name}, {what}", len(part) - len(parts[0]), spent,
                             f"{spent / (len(part) - len(parts[0])):.2f}"])
    table(["model, answer", "instructions", "cycles, estimated", "ratio"], rows)


def peers():
    """emlearn's network S beside ours, on the same board."""
    if not shutil.which("arm-none-eabi-gcc"):
        print("skipped: arm-none-eabi-gcc is missing (Debian: gcc-arm-none-eabi, "
              "libnewlib-arm-none-eabi)", file=sys.stderr)
        return
    import emlearn_peer
    table(*emlearn_peer.compare(build, M4F, SAMPLE, bytes_of))


SECTIONS = {"instructions": instructions, "float-unit": float_unit, "storage": storage, "memory": memory,
            "ensembles": ensembles, "code": code, "functions": functions, "back-ends": back_ends,
            "cycles": estimate, "peers": peers}

if __name__ == "__main__":
    check_tools()
    chosen = sys.argv[1:] or list(SECTIONS)
    for section in chosen:
        if section not in SECTIONS:
            raise SystemExit(f"there is no section `{section}`: {', '.join(SECTIONS)}")
        if len(chosen) > 1:
            print(f"\n### {section}\n")
        SECTIONS[section]()
