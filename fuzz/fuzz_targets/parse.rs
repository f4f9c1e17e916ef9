//! See `mdn_hostile::parse`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mdn_hostile::parse::any(data));
