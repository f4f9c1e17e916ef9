//! What the program was built with, and what this machine lets it use.

use std::sync::LazyLock;

use mdn_infer::Level;

/// For `--version`; `-V` says the number alone.
pub static VERSION: LazyLock<String> = LazyLock::new(|| {
    let levels: Vec<&str> = Level::available().map(Level::name).collect();
    let formats = if cfg!(feature = "columnar") {
        "CSV, NumPy, gzip, Parquet, Arrow IPC (feature columnar)"
    } else {
        "CSV, NumPy, gzip (without feature columnar)"
    };
    format!(
        "{}\ntarget    {}\ncompiler  {}\nlevels    {}\ntables    {formats}",
        env!("CARGO_PKG_VERSION"),
        env!("MDN_TARGET"),
        env!("MDN_RUSTC"),
        levels.join(", "),
    )
});
