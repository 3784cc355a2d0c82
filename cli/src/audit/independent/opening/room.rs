//! How much an event may hold.

use std::io::{self, BufRead, Read};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use sluice::dataset::Payload;
use sluice::value::compression::Codec;

/// An event that is refused as a whole.
#[derive(Debug)]
pub(crate) struct Refused;

/// How many bytes an event may still have, all layers of it together.
pub(super) struct Room(usize);

impl Room {
    pub(super) fn of(payload: &Payload) -> Self {
        Self(payload.max_bytes)
    }

    /// Refuses an event that has more than so many bytes.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Refused> {
        self.0 = self.0.checked_sub(bytes).ok_or(Refused)?;
        Ok(())
    }

    /// Returns what bytes hold, all of them; nothing if they are not what the codec writes.
    pub(super) fn unpack(
        &mut self,
        codec: Codec,
        bytes: &[u8],
    ) -> Result<Option<Vec<u8>>, Refused> {
        let mut rest = bytes;
        let Ok(unpacked) = self.read(codec, &mut rest) else {
            return Ok(None);
        };
        self.take(unpacked.len())?;
        Ok(rest.is_empty().then_some(unpacked))
    }

    /// Reads a stream up to one byte more than there is room for.
    fn read(&self, codec: Codec, from: &mut dyn BufRead) -> io::Result<Vec<u8>> {
        let mut unpacked = Vec::new();
        let most = self.0 as u64 + 1;
        match codec {
            Codec::Gzip => MultiGzDecoder::new(from)
                .take(most)
                .read_to_end(&mut unpacked),
            Codec::Zlib => ZlibDecoder::new(from).take(most).read_to_end(&mut unpacked),
            Codec::Deflate => DeflateDecoder::new(from)
                .take(most)
                .read_to_end(&mut unpacked),
            Codec::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(from)?;
                decoder.take(most).read_to_end(&mut unpacked)
            }
        }?;
        Ok(unpacked)
    }
}
