//! The input of a console of Windows, which shows what is typed only to who reads it, and knows no Ctrl-Z that stops.

#[derive(Debug)]
pub(super) struct Input;

impl Input {
    pub(super) fn quiet() -> Self {
        Self
    }

    pub(super) fn restore(&self) {}
}
