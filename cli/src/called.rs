//! What this command is called where it was started: command lines that it prints are there to be copied.

/// The command where it is installed, and in texts before they are shown.
pub(crate) const SLUICE: &str = "sluice";
/// The command in a checkout, where cargo builds it first.
const BY_CARGO: &str = "cargo sluice";
/// What cargo tells a program that it runs: the package that the program is of.
const PACKAGE: &str = "CARGO_PKG_NAME";

/// Returns what the command is called here.
pub(crate) fn name() -> &'static str {
    match std::env::var(PACKAGE).as_deref() {
        Ok(env!("CARGO_PKG_NAME")) => BY_CARGO,
        _ => SLUICE,
    }
}
