//! How one event lies in a partition's file.
//!
//! `length: u32, checksum: u32, sequence: i64, enqueued_ms: i64, key_length: u16, key, message`,
//! all big-endian; `length` counts what comes after the checksum, which covers the same bytes.

use bytes::Bytes;

const PREFIX: usize = 8;
const FIXED: usize = 8 + 8 + 2;
const NO_KEY: u16 = u16::MAX;

/// The longest body that is not plainly damage.
const MAX_LENGTH: usize = 4 * 1024 * 1024;

/// A stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) sequence: i64,
    pub(crate) enqueued_ms: i64,
    pub(crate) partition_key: Option<String>,
    /// The encoded AMQP message, as it was sent.
    pub(crate) message: Bytes,
}

/// What lies at the front of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    /// A record and its length in the file.
    Whole(Record, usize),
    /// The bytes end before the record does; it has this length, if that much is known.
    Partial(Option<usize>),
    /// Not a record.
    Damaged,
}

/// Appends a record.
///
/// # Errors
/// Returns `None` if the key or the message is too long for the format.
pub(super) fn encode(
    sequence: i64,
    enqueued_ms: i64,
    partition_key: Option<&str>,
    message: &[u8],
    to: &mut Vec<u8>,
) -> Option<()> {
    let key = partition_key.unwrap_or_default();
    let key_length = u16::try_from(key.len())
        .ok()
        .filter(|&length| length < NO_KEY)?;
    let length = FIXED + key.len() + message.len();
    if length > MAX_LENGTH {
        return None;
    }
    to.extend_from_slice(&u32::try_from(length).ok()?.to_be_bytes());
    let checksum_at = to.len();
    to.extend_from_slice(&[0; 4]);
    let body_at = to.len();
    to.extend_from_slice(&sequence.to_be_bytes());
    to.extend_from_slice(&enqueued_ms.to_be_bytes());
    let key_length = if partition_key.is_some() {
        key_length
    } else {
        NO_KEY
    };
    to.extend_from_slice(&key_length.to_be_bytes());
    to.extend_from_slice(key.as_bytes());
    to.extend_from_slice(message);
    let checksum = crc32fast::hash(to.get(body_at..)?);
    to.get_mut(checksum_at..body_at)?
        .copy_from_slice(&checksum.to_be_bytes());
    Some(())
}

/// Reads the record at `at`, sharing its message with `bytes`.
pub(super) fn decode(bytes: &Bytes, at: usize) -> Decoded {
    let Some(rest) = bytes.get(at..) else {
        return Decoded::Partial(None);
    };
    let Some((length, rest)) = rest.split_first_chunk::<4>() else {
        return Decoded::Partial(None);
    };
    let length = u32::from_be_bytes(*length) as usize;
    if !(FIXED..=MAX_LENGTH).contains(&length) {
        return Decoded::Damaged;
    }
    let total = PREFIX + length;
    let Some((checksum, rest)) = rest.split_first_chunk::<4>() else {
        return Decoded::Partial(Some(total));
    };
    let Some(body) = rest.get(..length) else {
        return Decoded::Partial(Some(total));
    };
    if crc32fast::hash(body) != u32::from_be_bytes(*checksum) {
        return Decoded::Damaged;
    }
    decode_body(body, bytes).map_or(Decoded::Damaged, |record| Decoded::Whole(record, total))
}

fn decode_body(body: &[u8], bytes: &Bytes) -> Option<Record> {
    let (sequence, rest) = body.split_first_chunk::<8>()?;
    let (enqueued_ms, rest) = rest.split_first_chunk::<8>()?;
    let (key_length, rest) = rest.split_first_chunk::<2>()?;
    let (partition_key, message) = match u16::from_be_bytes(*key_length) {
        NO_KEY => (None, rest),
        length => {
            let (key, message) = rest.split_at_checked(usize::from(length))?;
            (Some(String::from_utf8(key.to_vec()).ok()?), message)
        }
    };
    Some(Record {
        sequence: i64::from_be_bytes(*sequence),
        enqueued_ms: i64::from_be_bytes(*enqueued_ms),
        partition_key,
        message: bytes.slice_ref(message),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(key: Option<&str>, message: &[u8]) -> Bytes {
        let mut bytes = Vec::new();
        encode(3, 1_700, key, message, &mut bytes).unwrap();
        bytes.into()
    }

    #[test]
    fn records_come_back() {
        for (key, message) in [
            (None, &b""[..]),
            (Some(""), b"m"),
            (Some("key"), b"message"),
        ] {
            let bytes = encoded(key, message);
            let record = Record {
                sequence: 3,
                enqueued_ms: 1_700,
                partition_key: key.map(Into::into),
                message: Bytes::copy_from_slice(message),
            };
            assert_eq!(decode(&bytes, 0), Decoded::Whole(record, bytes.len()));
        }
    }

    #[test]
    fn cut_records_are_partial() {
        let bytes = encoded(Some("key"), b"message");
        for length in 0..bytes.len() {
            let known = (length >= 4).then_some(bytes.len());
            assert_eq!(
                decode(&bytes.slice(..length), 0),
                Decoded::Partial(known),
                "{length}"
            );
        }
    }

    #[test]
    fn changed_records_are_damaged() {
        let bytes = encoded(Some("key"), b"message");
        for at in 4..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1;
            assert_eq!(decode(&changed.into(), 0), Decoded::Damaged, "{at}");
        }
        assert_eq!(decode(&Bytes::from(vec![0; 64]), 0), Decoded::Damaged);
    }

    #[test]
    fn too_long_a_message_is_not_written() {
        let mut bytes = Vec::new();
        assert_eq!(encode(0, 0, None, &vec![0; MAX_LENGTH], &mut bytes), None);
        assert!(bytes.is_empty());
    }
}
