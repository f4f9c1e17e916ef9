"""An estimate of a Cortex-M4's cycles for a trace of instructions.

From ARM's published timings (Cortex-M4 Technical Reference Manual, ARM DDI 0439B: table 3-1 and the
FPU's table 7-1): no flash wait states, no contention on the bus, branches that refill the pipeline
in two cycles of the one to three given, the longest division of integers. An estimate.
"""

import re
import subprocess

REFILL = 2
LINE = re.compile(r"^\s*([0-9a-f]+):\s+([a-z][\w.]*)\s*(.*)$")
REGISTER = re.compile(r"\b[rsd]\d+\b")
RANGE = re.compile(r"([rsd])(\d+)-[rsd](\d+)")
# FPU results that take a cycle longer where the next instruction consumes them.
FLOAT = ("vadd", "vsub", "vmul", "vmla", "vmls", "vnml", "vnmul", "vdiv", "vsqrt", "vcvt")


class Instruction:
    """What is known of an instruction before it runs."""

    def __init__(self, mnemonic, operands):
        self.name = mnemonic.removesuffix(".w").removesuffix(".n")
        operands = operands.split("@")[0]
        self.registers = set(REGISTER.findall(operands))
        listed = RANGE.findall(operands)
        first = REGISTER.search(operands)
        self.late = first.group() if first and self.name.startswith(FLOAT) else None
        self.single_load = re.match(r"(ldr(b|h|sb|sh)?|vldr)", self.name) and "ldrd" not in self.name
        in_list = re.search(r"\{(.*?)\}", operands)
        self.transfers = 0
        if in_list:
            names = in_list.group(1)
            self.transfers = sum(int(last) - int(start) for _, start, last in listed)
            self.transfers += len([n for n in names.split(",") if n.strip()])
        self.cycles = self.alone()

    def alone(self):
        """Cycles where nothing around it matters and no branch is taken."""
        name = self.name
        if name.startswith(("vdiv", "vsqrt")):
            return 14
        if name.startswith(("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms")):
            return 3
        if name.startswith(("push", "pop", "ldm", "stm", "vldm", "vstm", "vpush", "vpop")):
            return 1 + self.transfers
        if name.startswith(("ldrd", "strd")):
            return 3
        if name.startswith(("sdiv", "udiv")):
            return 12
        if name.startswith("tb"):
            return 2
        if self.single_load or name.startswith("vstr"):
            return 2
        return 1


def read(image):
    """The instructions of an image by address."""
    text = subprocess.run(["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", image],
                          capture_output=True, text=True, check=True).stdout
    found = (LINE.match(line) for line in text.splitlines())
    return {int(m.group(1), 16): Instruction(m.group(2), m.group(3)) for m in found if m}


def estimate(image, part):
    """Cycles of the instructions at the addresses `part`, in the order in which they ran."""
    known = read(image)
    sizes = dict(zip(sorted(known), sorted(known)[1:]))
    total, before = 0, None
    for address, after in zip(part, part[1:] + [None]):
        instruction = known[address]
        total += instruction.cycles
        if before:
            if before.late in instruction.registers:
                total += 1
            if before.single_load and instruction.single_load:
                total -= 1
        if after is not None and after != sizes.get(address):
            total += REFILL
        before = instruction
    return total
