//! See `mdn_hostile::table`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mdn_hostile::table::any(data));
