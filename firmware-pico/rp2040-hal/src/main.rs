//! An mdn model on a Raspberry Pi Pico, with rp2040-hal: text on UART0 (pin GP0), 115,200 baud.
#![no_std]
#![no_main]

use panic_halt as _;
use rp2040_hal::clocks::{Clock, init_clocks_and_plls};
use rp2040_hal::gpio::Pins;
use rp2040_hal::uart::{UartConfig, UartPeripheral};
use rp2040_hal::{Sio, Watchdog, pac};

/// The crystal on the board.
const CRYSTAL_HZ: u32 = 12_000_000;

/// The second stage of the boot loader, for the flash chip on the board.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

#[rp2040_hal::entry]
fn main() -> ! {
    let mut chip = pac::Peripherals::take().expect("nothing has taken them before");
    let mut watchdog = Watchdog::new(chip.WATCHDOG);
    let clocks = init_clocks_and_plls(
        CRYSTAL_HZ,
        chip.XOSC,
        chip.CLOCKS,
        chip.PLL_SYS,
        chip.PLL_USB,
        &mut chip.RESETS,
        &mut watchdog,
    )
    .expect("the crystal gives a clock");
    let sio = Sio::new(chip.SIO);
    let pins = Pins::new(
        chip.IO_BANK0,
        chip.PADS_BANK0,
        sio.gpio_bank0,
        &mut chip.RESETS,
    );
    let serial_pins = (pins.gpio0.into_function(), pins.gpio1.into_function());
    let mut serial = UartPeripheral::new(chip.UART0, serial_pins, &mut chip.RESETS)
        .enable(UartConfig::default(), clocks.peripheral_clock.freq())
        .expect("the clock divides to this rate");
    let mut led = pins.gpio25.into_push_pull_output();

    pico_demo::run("rp2040-hal", &mut serial, &mut led);
    loop {
        cortex_m::asm::wfi();
    }
}
