//! See `checks/`.
#![no_main]
#![expect(dead_code, reason = "each target runs one of the checks")]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::secrets::check(data));
