//! Compression, in the simplest way.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

/// Packs bytes by a codec, as the dataset file calls it.
pub(super) fn pack(codec: &str, bytes: &[u8]) -> Vec<u8> {
    let level = Compression::fast();
    macro_rules! packed {
        ($encoder:ident) => {{
            let mut encoder = $encoder::new(Vec::new(), level);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }};
    }
    match codec {
        "gzip" => packed!(GzEncoder),
        "zlib" => packed!(ZlibEncoder),
        "deflate" => packed!(DeflateEncoder),
        "zstd" => zstd::stream::encode_all(bytes, 1).unwrap(),
        other => panic!("{other}"),
    }
}

/// Why bytes are not unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unpacking {
    Broken,
    TooLarge,
}

/// Unpacks bytes, all of which must be packed; `limit` is how many come out at most.
pub(super) fn unpack(codec: &str, bytes: &[u8], limit: usize) -> Result<Vec<u8>, Unpacking> {
    let mut rest = bytes;
    let mut out = Vec::new();
    let mut read = |decoder: &mut dyn Read| {
        let mut limited = decoder.take(limit as u64 + 1);
        limited.read_to_end(&mut out).map_err(|_| Unpacking::Broken)
    };
    let count = match codec {
        "gzip" => read(&mut MultiGzDecoder::new(&mut rest)),
        "zlib" => read(&mut ZlibDecoder::new(&mut rest)),
        "deflate" => read(&mut DeflateDecoder::new(&mut rest)),
        "zstd" => {
            let decoder = zstd::stream::read::Decoder::with_buffer(&mut rest);
            read(&mut decoder.map_err(|_| Unpacking::Broken)?)
        }
        other => panic!("{other}"),
    }?;
    if count > limit {
        return Err(Unpacking::TooLarge);
    }
    match rest.is_empty() {
        true => Ok(out),
        false => Err(Unpacking::Broken),
    }
}

/// Returns the codec that bytes begin like, by its magic number.
pub(super) fn codec_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x1F, 0x8B, ..] => Some("gzip"),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Some("zstd"),
        [first, second, ..] => {
            let header = u32::from(*first) * 256 + u32::from(*second);
            let is_zlib = first % 16 == 8 && first / 16 <= 7 && second & 0x20 == 0;
            (is_zlib && header % 31 == 0).then_some("zlib")
        }
        _ => None,
    }
}
