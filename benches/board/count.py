"""Runs an image in QEMU one instruction at a time and counts between marks.

The image calls the function `mark` between what is measured (see src/bin/cost.rs). The counts are
exact and repeatable: they do not depend on the machine that QEMU runs on.
"""

import collections
import os
import re
import subprocess
import tempfile

PC = re.compile(r"\[[0-9a-f]+/([0-9a-f]{8,16})/")


def emulator(board):
    """The command that runs `board`, without the image."""
    if board == "virt":
        command = ["qemu-system-riscv32", "-bios", "none", "-m", "16M"]
    else:
        command = ["qemu-system-arm"]
    return command + ["-machine", board, "-nographic", "-monitor", "none", "-serial", "none",
                      "-semihosting-config", "enable=on,target=native"]


def symbol(image, name):
    """The address of a function."""
    lines = subprocess.run(["llvm-nm", image], capture_output=True, text=True, check=True).stdout
    for line in lines.splitlines():
        fields = line.split()
        if fields[-1] == name:
            return int(fields[0], 16) & ~1
    raise SystemExit(f"{image}: there is no function `{name}`")


def one_by_one(command):
    """QEMU's option for translation blocks of one instruction, which was renamed in 8.1."""
    about = subprocess.run([command[0], "--help"], capture_output=True, text=True).stdout
    return ["-one-insn-per-tb"] if "one-insn-per-tb" in about else ["-singlestep"]


def sections(board, image):
    """Lists of the addresses executed between successive marks, and what the image printed."""
    mark = symbol(image, "mark")
    command = emulator(board)
    parts, current = [], None
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        os.mkfifo(log)
        process = subprocess.Popen(
            command + one_by_one(command) + ["-d", "exec,nochain", "-D", log, "-kernel", image],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        with open(log) as trace:
            for line in trace:
                found = PC.search(line)
                if not found:
                    continue
                address = int(found.group(1), 16)
                if address == mark:
                    if current is not None:
                        parts.append(current)
                    current = []
                if current is not None:
                    current.append(address)
        said = process.communicate()[0]
    if process.returncode:
        raise SystemExit(f"{image} on {board}: exit status {process.returncode}\n{said}")
    return parts, said


def counts(parts):
    """Instructions of each section, less those of an empty one, which is the first."""
    return [len(part) - len(parts[0]) for part in parts[1:]]


def functions(image, part):
    """How many instructions of a section lie in each function."""
    lines = subprocess.run(["llvm-nm", "--demangle", "--defined-only", "-n", image],
                           capture_output=True, text=True, check=True).stdout
    starts = []
    for line in lines.splitlines():
        address, kind, name = line.split(maxsplit=2)
        if kind in "tT" and not name.startswith("$"):
            starts.append((int(address, 16) & ~1, name))
    result, at = collections.Counter(), 0
    for address, times in sorted(collections.Counter(part).items()):
        while at + 1 < len(starts) and starts[at + 1][0] <= address:
            at += 1
        result[starts[at][1]] += times
    return result
