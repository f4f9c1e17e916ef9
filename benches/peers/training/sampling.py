"""Which part of the trainer a program spends its time in.

Samples the program with `perf` (of Linux), and tells from the debug information, which `release`
has, in whose file each sample lies, functions that were compiled into others included. All
threads count. Needs `perf`, and `addr2line` and `readelf` of the binutils.
"""

import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

# The files of a part, in the order of the table.
PARTS = {
    "products of the dense layers": ["network/dense.rs"],
    "gradient of kernels and biases": ["network/gradient.rs"],
    "activations": ["network/activation.rs"],
    "mixture and its gradient": ["loss.rs", "loss/"],
    "optimiser": ["optim/"],
    "rows, sums over groups, packing": ["train/", "network/"],
}
REST = "rest (waiting, starting, reading)"


def run(*command, text=None):
    """What a command prints."""
    done = subprocess.run(command, check=True, input=text, text=True, stderr=subprocess.DEVNULL,
                          stdout=subprocess.PIPE)
    return done.stdout


def samples(program, arguments):
    """How often each address of the program's file was seen, and how many samples lay outside."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "perf.data"
        run("perf", "record", "-F", "2000", "-e", "cpu-clock", "-o", str(data), program, *arguments)
        lines = run("perf", "script", "-i", str(data), "-F", "ip", "--show-mmap-events").splitlines()
    # [start(size) @ offset in the file, device and inode]: rights path
    mapping = re.compile(r"\[0x(\w+)\(0x(\w+)\) @ (?:0x)?(\w+) .*r-xp (\S+)")
    mapped = [found.groups() for found in map(mapping.search, lines) if found]
    start, size, offset = next([int(number, 16) for number in numbers]
                               for *numbers, path in mapped if Path(path).samefile(program))
    seen = Counter(int(line, 16) for line in lines if re.fullmatch(r"\s*[0-9a-f]+", line))
    inside = Counter({ip - start + offset: n for ip, n in seen.items() if start <= ip < start + size})
    return inside, sum(seen.values()) - sum(inside.values())


def addresses(program, offsets):
    """Where offsets into the program's file lie in its memory."""
    loads = [line.split() for line in run("readelf", "-lW", program).splitlines()]
    loads = [[int(number, 16) for number in line[1:5]] for line in loads if line[:1] == ["LOAD"]]
    return {offset: offset - start + at for offset in offsets
            for start, at, _, size in loads if start <= offset < start + size}


def files(program, memory):
    """For each address the files of the functions there, the innermost first."""
    text = "\n".join(map(hex, memory))
    chains, chain = {}, []
    for line in run("addr2line", "-a", "-i", "-e", program, text=text).splitlines():
        if line.startswith("0x"):
            chain = chains[int(line, 16)] = []
        else:
            chain.append(line)
    return chains


def part(chain):
    """The part to which the outermost file of the trainer belongs."""
    ours = [place.partition("mdn-train/src/")[2] for place in chain if "mdn-train/src/" in place]
    for name, starts in PARTS.items():
        if ours and ours[-1].startswith(tuple(starts)):
            return name
    return REST


def shares(program, *arguments):
    """The share of the time that each part takes."""
    program, arguments = str(program), list(map(str, arguments))
    inside, outside = samples(program, arguments)
    memory = addresses(program, inside)
    chains = files(program, memory.values())
    counts = Counter({REST: outside})
    for offset, count in inside.items():
        counts[part(chains.get(memory.get(offset), []))] += count
    return {name: counts[name] / counts.total() for name in [*PARTS, REST]}
