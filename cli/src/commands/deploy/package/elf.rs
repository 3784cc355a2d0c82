//! What a program needs from the system it runs on, read from its file.

use std::fmt;

use memchr::memmem;

/// A version of glibc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Glibc(pub(super) u32, pub(super) u32);

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// A program for Linux on x64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// The oldest glibc that it runs on; none if it is static.
    pub(super) glibc: Option<Glibc>,
}

impl Program {
    /// Reads the file of a program; returns nothing if it is for another system.
    ///
    /// The versions are found by their names (`GLIBC_2.28`), which stand in the table of strings as they are.
    pub(super) fn parse(file: &[u8]) -> Option<Self> {
        // The magic number, 64 bits, lowest byte first; and, at 18, the machine: 62 is x86-64.
        let is_elf64 = file.starts_with(b"\x7fELF\x02\x01");
        let machine = file.get(18..20)?;
        (is_elf64 && machine == [62, 0]).then(|| Self {
            glibc: versions(file).max(),
        })
    }
}

fn versions(file: &[u8]) -> impl Iterator<Item = Glibc> {
    const NAME: &[u8] = b"GLIBC_";
    memmem::find_iter(file, NAME).filter_map(|at| {
        let text = file.get(at + NAME.len()..)?;
        let end = text
            .iter()
            .position(|b| !b.is_ascii_digit() && *b != b'.')?;
        let mut numbers = std::str::from_utf8(text.get(..end)?).ok()?.split('.');
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        Some(Glibc(major, minor))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(machine: u8, text: &[u8]) -> Vec<u8> {
        let mut file = b"\x7fELF\x02\x01".to_vec();
        file.resize(18, 0);
        file.extend([machine, 0]);
        file.extend(text);
        file
    }

    #[test]
    fn the_newest_version_named_is_the_one_needed() {
        let names = b"\0GLIBC_2.9\0GLIBC_2.28\0GLIBC_2.2.5\0GLIBC_PRIVATE\0GLIBC_";
        let program = Program::parse(&file(62, names)).unwrap();
        assert_eq!(program.glibc, Some(Glibc(2, 28)));
        assert!(Glibc(2, 9) < Glibc(2, 28));
        assert_eq!(Glibc(2, 28).to_string(), "2.28");
    }

    #[test]
    fn a_static_program_needs_none_and_a_foreign_one_is_refused() {
        assert_eq!(
            Program::parse(&file(62, b"nothing")),
            Some(Program { glibc: None })
        );
        assert_eq!(Program::parse(&file(183, b"")), None, "this is Arm");
        assert_eq!(Program::parse(b"#!/bin/sh\necho a handler"), None);
        assert_eq!(Program::parse(b""), None);
    }
}
