"""Flips bits of the model in an emulated board's flash while the firmware predicts.

    flash-flip.py BOARD...

The firmware runs in QEMU; once it says that it watches, the debugger's interface halts it, flips one
bit of the model's file and lets it go on. It must say that the model in flash has changed, and stop
with exit status 1. Bits in the header, in a kernel and at the very end are tried on each board.
"""

import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parent.parent / "firmware-example"
TARGETS = Path(os.environ.get("CARGO_TARGET_DIR", FIRMWARE / "target")).resolve()
IMAGE = TARGETS / "thumbv7em-none-eabihf/release/firmware-example"
MAGIC = b"\x89MDN\r\n\x1a\n"
# More predictions than the flip leaves time for.
PREDICTIONS = "1000000000"
SAYS = re.compile(r"FAILED: the model in flash has changed: damaged: the checksum is \w+")


def model_in_flash(image):
    """Where the model's file lies on the board, and its length, from the image's segments."""
    data = image.read_bytes()
    table, = struct.unpack_from("<I", data, 28)
    size, count = struct.unpack_from("<HH", data, 42)
    for at in range(table, table + count * size, size):
        kind, offset, _, physical, length = struct.unpack_from("<5I", data, at)
        found = data.find(MAGIC, offset, offset + length)
        if kind == 1 and found >= 0:
            return physical + found - offset, struct.unpack_from("<I", data, found + 12)[0]
    raise SystemExit(f"{image}: there is no model in it")


class Debugger:
    """As much of GDB's remote protocol as halts, reads, writes and continues."""

    def __init__(self, path):
        self.stream = socket.socket(socket.AF_UNIX)
        self.stream.settimeout(60)
        self.stream.connect(path)

    def packet(self):
        """The next packet's contents."""
        text = b""
        while not re.search(rb"#..$", text):
            text += self.stream.recv(1)
        self.stream.sendall(b"+")
        return text[text.index(b"$") + 1:-3].decode()

    def send(self, text):
        self.stream.sendall(b"$%s#%02x" % (text.encode(), sum(text.encode()) % 256))

    def ask(self, text):
        self.send(text)
        return self.packet()

    def halt(self):
        self.stream.sendall(b"\x03")
        self.packet()

    def flip(self, address, bit):
        """Flips a bit of a byte of memory, flash too."""
        before = int(self.ask(f"m{address:x},1"), 16)
        if self.ask(f"M{address:x},1:{before ^ 1 << bit:02x}") != "OK":
            raise SystemExit(f"the byte at {address:#x} cannot be written")


def flipped(board, address, bit):
    """What the firmware says after a flip, and its exit status."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "debugger")
        emulator = subprocess.Popen(
            ["qemu-system-arm", "-machine", board, "-nographic", "-monitor", "none",
             "-serial", "none", "-icount", "shift=6,sleep=off",
             "-semihosting-config", "enable=on,target=native",
             "-S", "-gdb", f"unix:path={path},server=on,wait=off", "-kernel", IMAGE],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            while not os.path.exists(path):
                if emulator.poll() is not None:
                    raise SystemExit("QEMU did not start")
            debugger = Debugger(path)
            debugger.ask("?")
            debugger.send("c")
            for line in emulator.stdout:
                if line.startswith("watch:"):
                    break
            debugger.halt()
            debugger.flip(address, bit)
            debugger.send("c")
            said = emulator.communicate(timeout=60)[0]
            return said, emulator.returncode
        finally:
            emulator.kill()


def main():
    """Every board, three bits each."""
    for board in sys.argv[1:]:
        environment = dict(os.environ, BOARD=board, MDN_PREDICTIONS=PREDICTIONS)
        subprocess.run(["cargo", "build", "--locked", "--quiet", "--release"], cwd=FIRMWARE,
                       env=environment, check=True)
        start, length = model_in_flash(IMAGE)
        for byte, bit in ((30, 0), (length // 2, 3), (length - 1, 7)):
            said, status = flipped(board, start + byte, bit)
            if not SAYS.search(said) or status != 1:
                raise SystemExit(f"{board}, byte {byte}: exit status {status}\n{said}")
            print(f"{board}: bit {bit} of byte {byte} of {length} noticed", flush=True)


if __name__ == "__main__":
    main()
