//! An mdn model on a Raspberry Pi Pico, with embassy: text on UART0 (pin GP0), 115,200 baud.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_rp::gpio::{Level, Output};
use embassy_rp::uart::{Config, UartTx};
use panic_halt as _;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let chip = embassy_rp::init(embassy_rp::config::Config::default());
    let mut serial = UartTx::new_blocking(chip.UART0, chip.PIN_0, Config::default());
    let mut led = Output::new(chip.PIN_25, Level::Low);

    pico_demo::run("embassy-rp", &mut serial, &mut led);
}
