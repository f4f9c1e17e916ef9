"""emlearn's forward pass of the sample's network beside ours, on the same emulated board."""

import subprocess
import sys
import tempfile
from pathlib import Path

import count

HERE = Path(__file__).resolve().parent / "emlearn"
PACKAGES = ["emlearn==0.23.0", "scikit-learn==1.9.1"]
COMPILER = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard",
            "-mfpu=fpv4-sp-d16", "-std=c11", "-ffunction-sections", "-fdata-sections",
            "-nostartfiles", "--specs=nosys.specs", "--specs=nano.specs", "-Wl,--gc-sections",
            f"-Wl,-T{HERE / 'link.ld'}", str(HERE / "main.c"), "-lm"]
# Our functions of the dense layers and of the activations.
FORWARD = ("whole_panels", "activation::apart")


def run(*command):
    """A command whose words matter only if it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def size(image):
    """Code and constants, without weights and vectors."""
    fields = (line.split() for line in run("llvm-size", "-A", image).splitlines())
    return sum(int(f[1]) for f in fields if f and f[0] in (".text", ".rodata"))


def compare(build, core, model, bytes_of):
    """The head and the rows of the table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        run(sys.executable, "-m", "venv", folder / "venv")
        python = folder / "venv/bin/python"
        run(python, "-m", "pip", "install", "--quiet", *PACKAGES)
        run(python, "-W", "ignore", HERE / "convert.py", model, folder / "net.h")
        headers = run(python, "-c", "import emlearn; print(emlearn.includedir)").strip()
        weights = 4 * (24 + 24 + 72 + 24 * 72)
        for opt in ("3", "s"):
            image, empty = str(folder / "forward"), str(folder / "empty")
            flags = [f"-O{opt}", "-I", headers, "-I", str(folder)]
            run(*COMPILER, *flags, "-DFORWARD", "-o", image)
            run(*COMPILER, *flags, "-o", empty)
            theirs = count.counts(count.sections(core[1], image)[0])[0]
            rows.append(["emlearn, forward pass", opt, theirs, "1.00",
                         size(image) - size(empty) - weights])
            ours = build(core, "cost", opt, model)
            parts, _ = count.sections(core[1], ours)
            found = count.functions(ours, parts[1])
            forward = sum(n for name, n in found.items() if any(f in name for f in FORWARD))
            whole = count.counts(parts)[0]
            before = bytes_of(build(core, "size", opt))
            code = bytes_of(build(core, "size", opt, features=["predict"])) - before
            without = code - bytes_of(build(core, "size", opt, features=["parse"])) + before
            rows.append(["ours, forward pass", opt, forward, f"{theirs / forward:.2f}", ""])
            rows.append(["ours, whole prediction", opt, whole, f"{theirs / whole:.2f}", without])
    return ["S on the M4F", "opt-level", "instructions", "emlearn ÷ this", "code"], rows
