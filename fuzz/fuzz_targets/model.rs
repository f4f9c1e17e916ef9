//! See `mdn_hostile::model`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mdn_hostile::model::any(data));
