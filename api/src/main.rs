//! Prints every public item of a crate with its signature, one a line, in a fixed order, from the file
//! that rustdoc's JSON output is in. `scripts/api.sh` compares the engine's with the committed list.
//!
//! Left out are what the compiler adds by itself: blanket implementations. Auto traits (`Send`,
//! `Sync` …) are in the list, for losing one breaks users.

use std::env;
use std::error::Error;
use std::io::{self, Write};

use public_api::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args_os().nth(1).ok_or("usage: mdn-api FILE.json")?;
    let items = Builder::from_rustdoc_json(file)
        .omit_blanket_impls(true)
        .build()?;
    let mut list = io::stdout().lock();
    for item in items.items() {
        writeln!(list, "{item}")?;
    }
    Ok(())
}
