//! See `mdn_hostile::file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mdn_hostile::file::any(data));
