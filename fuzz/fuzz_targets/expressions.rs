//! See `tests/it/expr/promises.rs`.
#![no_main]

#[path = "../expressions.rs"]
mod expr;

libfuzzer_sys::fuzz_target!(|data: &[u8]| expr::promises::check(data));
