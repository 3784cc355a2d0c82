//! Compressed bytes, unpacked up to a limit; pure.
//!
//! What is unpacked comes in pieces, so that what is larger than the limit is known before it takes the memory.

use std::fmt;
use std::io::{self, Read};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// A way to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 1952: one member or several.
    Gzip,
    /// RFC 8878: one frame or several.
    Zstd,
    /// RFC 1950.
    Zlib,
    /// RFC 1951, which has no mark that it could be known by.
    Deflate,
}

/// Why bytes were not unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnpackProblem {
    /// They hold more than the limit.
    TooLarge,
    /// They are not what the codec writes.
    Broken(String),
}

impl Codec {
    /// All of them.
    const ALL: [Self; 4] = [Self::Gzip, Self::Zstd, Self::Zlib, Self::Deflate];

    /// Returns the name in the dataset file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Zlib => "zlib",
            Self::Deflate => "deflate",
        }
    }

    /// Returns the codec with a name in the dataset file.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.as_str() == name)
    }

    /// Returns the codec that bytes begin like. That of zlib is two bytes that check each other, and of these no JSON
    /// object or array begins so.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x1F, 0x8B, ..] => Some(Self::Gzip),
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Some(Self::Zstd),
            [first, second, ..] if is_zlib(*first, *second) => Some(Self::Zlib),
            _ => None,
        }
    }

    /// Appends what `bytes`, all of them, hold, if it is no more than `limit`.
    ///
    /// # Errors
    /// Fails if it is more, or if the bytes are broken, end too early or go on after their end.
    pub fn unpack(
        self,
        bytes: &[u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), UnpackProblem> {
        match self.unpack_start(bytes, limit, out)? {
            [] => Ok(()),
            _ => Err(self.broken(&"bytes follow its end")),
        }
    }

    /// As [`Self::unpack`], and returns what goes on after the end.
    ///
    /// # Errors
    /// As [`Self::unpack`], but for that.
    pub fn unpack_start<'b>(
        self,
        bytes: &'b [u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<&'b [u8], UnpackProblem> {
        let mut rest = bytes;
        let read = match self {
            Self::Gzip => read(&mut MultiGzDecoder::new(&mut rest), limit, out),
            Self::Zlib => read(&mut ZlibDecoder::new(&mut rest), limit, out),
            Self::Deflate => read(&mut DeflateDecoder::new(&mut rest), limit, out),
            Self::Zstd => zstd::stream::read::Decoder::with_buffer(&mut rest)
                .map_err(Failure::from)
                .and_then(|mut decoder| read(&mut decoder, limit, out)),
        };
        match read {
            Ok(()) => Ok(rest),
            Err(Failure::TooLarge) => Err(UnpackProblem::TooLarge),
            Err(Failure::Io(error)) => Err(self.broken(&error)),
        }
    }

    fn broken(self, what: &dyn fmt::Display) -> UnpackProblem {
        UnpackProblem::Broken(format!("is not what {self} writes: {what}"))
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Returns whether two bytes are a header of RFC 1950 that asks for no dictionary.
fn is_zlib(first: u8, second: u8) -> bool {
    const DEFLATE: u8 = 8;
    const LARGEST_WINDOW: u8 = 7;
    const DICTIONARY: u8 = 0x20;
    first & 0xF == DEFLATE
        && first >> 4 <= LARGEST_WINDOW
        && u16::from_be_bytes([first, second]).is_multiple_of(31)
        && second & DICTIONARY == 0
}

enum Failure {
    TooLarge,
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn read(decoder: &mut dyn Read, limit: usize, out: &mut Vec<u8>) -> Result<(), Failure> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let count = decoder.take(most).read_to_end(out)?;
    match count > limit {
        true => Err(Failure::TooLarge),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn pack(codec: Codec, bytes: &[u8]) -> Vec<u8> {
        let level = Compression::default();
        match codec {
            Codec::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Codec::Zlib => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Codec::Deflate => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Codec::Zstd => zstd::stream::encode_all(bytes, 3).unwrap(),
        }
    }

    fn unpack(codec: Codec, bytes: &[u8], limit: usize) -> Result<Vec<u8>, UnpackProblem> {
        let mut out = Vec::new();
        codec.unpack(bytes, limit, &mut out).map(|()| out)
    }

    fn is_broken(result: &Result<Vec<u8>, UnpackProblem>) -> bool {
        matches!(result, Err(UnpackProblem::Broken(_)))
    }

    #[test]
    fn all_members_and_frames_are_unpacked() {
        for codec in [Codec::Gzip, Codec::Zstd] {
            let two = [pack(codec, b"one"), pack(codec, b""), pack(codec, b"two")].concat();
            assert_eq!(unpack(codec, &two, 6), Ok(b"onetwo".to_vec()), "{codec}");
            assert_eq!(unpack(codec, &two, 5), Err(UnpackProblem::TooLarge));
        }
    }

    #[test]
    fn what_follows_the_end_or_lacks_it_is_broken() {
        for codec in Codec::ALL {
            let whole = pack(codec, b"{\"a\":1}");
            for end in 0..whole.len() {
                let cut = unpack(codec, &whole[..end], 100);
                // No frame at all is what nothing is packed as.
                let is_nothing = end == 0 && cut == Ok(Vec::new());
                assert!(is_broken(&cut) || is_nothing, "{codec} {end}: {cut:?}");
            }
            for tail in [&b"\0"[..], b"\n", b"garbage after the end"] {
                let more = unpack(codec, &[&whole, tail].concat(), 100);
                assert!(is_broken(&more), "{codec} {tail:?}: {more:?}");
            }
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let zeros = vec![0; 50_000_000];
        for codec in Codec::ALL {
            let bomb = pack(codec, &zeros);
            assert!(bomb.len() < 100_000, "{codec}");
            let mut out = Vec::new();
            let result = codec.unpack(&bomb, 1_000, &mut out);
            assert_eq!(result, Err(UnpackProblem::TooLarge), "{codec}");
            assert!(out.capacity() < 10_000, "{codec} {}", out.capacity());
        }
    }

    #[test]
    fn no_json_object_or_array_begins_like_a_codec() {
        for first in *b"{[ \t\r\n\"-" {
            for second in 0..=u8::MAX {
                assert_eq!(Codec::of(&[first, second, b'1', b'1']), None);
            }
        }
        assert_eq!(Codec::of(b"\xEF\xBB\xBF{}"), None);
        assert_eq!(Codec::of(b""), None);
    }

    proptest! {
        #[test]
        fn what_was_packed_is_known_and_unpacked(bytes: Vec<u8>, more in 0_usize..3) {
            for codec in Codec::ALL {
                let packed = pack(codec, &bytes);
                if codec != Codec::Deflate {
                    prop_assert_eq!(Codec::of(&packed), Some(codec));
                }
                prop_assert_eq!(unpack(codec, &packed, bytes.len() + more), Ok(bytes.clone()));
                if let Some(less) = bytes.len().checked_sub(1) {
                    prop_assert_eq!(unpack(codec, &packed, less), Err(UnpackProblem::TooLarge));
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            for codec in Codec::ALL {
                let _ = unpack(codec, &bytes, 10_000);
                let marked = [&pack(codec, b"")[..2], &bytes].concat();
                let _ = unpack(codec, &marked, 10_000);
            }
        }
    }
}
