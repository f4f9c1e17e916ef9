//! The engine beside ONNX Runtime, tract and candle: one process, one pinned thread, in turns.
//!
//! `run.sh` fetches ONNX Runtime's library and starts this with its arguments: the table to print.

mod batches;
mod network;
mod one_row;
mod onnx;
mod peer;
mod subject;
mod tail;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    match cores.last() {
        Some(core) if core_affinity::set_for_current(*core) => {}
        _ => eprintln!("this thread could not be pinned to a core"),
    }
    let subjects = subject::Subject::all();
    match std::env::args().nth(1).as_deref() {
        Some("one-row") => one_row::print(&subjects),
        Some("batches") => batches::print(&subjects),
        Some("tail") => tail::print(&subjects),
        _ => bail!("say which table: one-row, batches or tail"),
    }
}
