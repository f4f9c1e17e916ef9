"""The stack of one prediction on a Cortex-M4F: an upper bound from the machine code, beside what a
run uses.

    stack.py [MODEL.mdn...]     prints a table in Markdown; by default the benchmark models and a
                                model of each other kind

The bound adds up, over the deepest path of calls, everything that each function ever takes from the
stack pointer. It exists only because the code has no recursion, no call through a pointer and no
frame of variable size: where one is found, or where a run used more than the bound, this fails.
Interrupts come on top of it, each with its own frame and handler.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import board
import count

KINDS = ["f16", "i8", "plane", "ensemble", "ensemble-i8"]
FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\s+([a-z][\w.]*)(?:\s+(.*))?$")
# A branch to a function, or into one; a place within the own function has its name.
BRANCH = re.compile(r"[0-9a-f]+ <([^+>]+)(\+0x[0-9a-f]+)?>")
BRANCHES = re.compile(r"(b|bl|bx|blx|cbz|cbnz|b(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le))$")
# Single and double precision registers take 4 and 8 bytes.
REGISTER = re.compile(r"([a-z]+)(\d+)?(?:-[a-z]+(\d+))?$")


class Function:
    """What a function takes from the stack, and whom it calls."""

    def __init__(self, name):
        self.name, self.frame, self.calls = name, 0, set()

    def add(self, instruction, operands):
        """Takes one instruction into account."""
        operands = operands.split(";")[0].split("@")[0].strip()
        name = instruction.removesuffix(".w").removesuffix(".n")
        if name in ("push", "vpush") or (name in ("stmdb", "vstmdb") and operands[:3] == "sp!"):
            self.frame += pushed(operands)
        elif operands.endswith("]!") and "[sp, #-" in operands:
            self.frame += int(re.search(r"\[sp, #-(\d+)\]!", operands)[1])
        elif re.match(r"sub\w*$", name) and operands.startswith("sp,"):
            self.subtract(operands)
        elif BRANCHES.match(name):
            self.branch(name, operands)
        elif name in ("mov", "ldr") and operands.startswith("pc"):
            self.refuse(f"{instruction} {operands}")
        elif operands.startswith("sp,") and not name.startswith(("add", "mov", "cmp")):
            self.refuse(f"{instruction} {operands}")

    def subtract(self, operands):
        """A frame of fixed size; from the frame pointer it is the way back."""
        found = re.match(r"sp,(?: (\w+),)? #(\d+)$", operands)
        if not found:
            self.refuse(f"sub {operands}")
        if found[1] in (None, "sp"):
            self.frame += int(found[2])

    def branch(self, name, operands):
        """A jump within the function, a call, or a return."""
        target = BRANCH.search(operands)
        if target:
            if target[1] != self.name:
                self.calls.add(target[1])
        elif not (name == "bx" and operands == "lr"):
            self.refuse(f"{name} {operands}")

    def refuse(self, what):
        """Ends the program: no bound can be given."""
        raise SystemExit(f"{self.name}: no bound with `{what}`")


def pushed(operands):
    """Bytes of a list of registers."""
    total = 0
    for item in re.search(r"\{(.*)\}", operands)[1].split(","):
        kind, first, last = REGISTER.match(item.strip()).groups()
        number = int(last) - int(first) + 1 if last else 1
        total += number * (8 if kind == "d" else 4)
    return total


def functions(image):
    """All functions of an image, by their names. Only those that a prediction calls are judged."""
    lines = subprocess.run(["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", image],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    found, current = {}, None
    for line in lines:
        start, instruction = FUNCTION.match(line), INSTRUCTION.match(line)
        if start:
            current = found.setdefault(start[1], [])
        elif instruction and current is not None:
            current.append((instruction[1], instruction[2] or ""))
    return found


def deepest(code, name, above=()):
    """The most stack that a function and all that it calls can take, and by which path."""
    if name in above:
        raise SystemExit(f"recursion: {' -> '.join(above)} -> {name}")
    function = Function(name)
    for instruction, operands in code[name]:
        function.add(instruction, operands)
    below = [deepest(code, callee, (*above, name)) for callee in function.calls]
    depth, path = max(below, default=(0, []))
    return function.frame + depth, [name, *path]


def bound(image):
    """The bound for what `stack_of` of the image `cost` measures: all that it calls."""
    code = functions(image)
    measured, = (name for name in code if "stack_of" in name)
    whole, path = deepest(code, measured)
    own = Function(measured)
    for instruction, operands in code[measured]:
        own.add(instruction, operands)
    return whole - own.frame, len(path) - 1


def is_refused(image):
    """Whether the whole program has no bound: its printing calls through pointers."""
    try:
        deepest(functions(image), "main")
    except SystemExit:
        return True
    return False


def used(image):
    """What a run in the emulator used."""
    said = subprocess.run(count.emulator(board.M4F[1]) + ["-kernel", image], check=True, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True).stdout
    return int(re.search(r"^stack (\d+)$", said, re.M)[1])


def main():
    """The table; fails where a run used more than its bound."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        models = [(Path(path).stem, path) for path in map(Path.resolve, map(Path, sys.argv[1:]))]
        if not models:
            models = board.models(folder)
            models += [(kind, board.ROOT / f"agreement/models/{kind}.mdn") for kind in KINDS]
        for name, model in models:
            for opt in ("3", "s"):
                image = board.build(board.M4F, "cost", opt, model)
                (limit, calls), run = bound(image), used(image)
                if not is_refused(image):
                    raise SystemExit("a call through a pointer went unnoticed: the bound is void")
                if run > limit:
                    raise SystemExit(f"{name}: a run used {run} bytes, the bound is {limit}")
                rows.append([name, opt, limit, run, calls])
    board.table(["model", "opt-level", "bound, bytes", "used, bytes", "calls deep"], rows)


if __name__ == "__main__":
    main()
