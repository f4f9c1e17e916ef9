//! See `mdn_hostile::query`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mdn_hostile::query::any(data));
