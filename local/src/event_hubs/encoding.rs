//! How AMQP encodes values, as far as bytes can be cut between them: pure.

/// The constructors of null, true and false.
pub(super) const NULL: u8 = 0x40;
pub(super) const TRUE: u8 = 0x41;
pub(super) const FALSE: u8 = 0x42;

/// How deep described values may be in each other.
const MAX_DEPTH: u8 = 8;

/// Splits the value at the front off; none if it is not whole or not one.
pub(super) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(length(bytes, MAX_DEPTH)?)
}

/// Cuts `bytes` into the values that they consist of.
pub(super) fn values(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let (value, rest) = split(bytes)?;
        values.push(value);
        bytes = rest;
    }
    Some(values)
}

/// A key of a map and its value.
pub(super) type Entry<'a> = (&'a [u8], &'a [u8]);

/// Cuts a map into its entries, in their order; none if it is no map or not whole.
pub(super) fn entries(map: &[u8]) -> Option<Vec<Entry<'_>>> {
    let (count, content) = match map {
        [0xc1, _, count, content @ ..] => (usize::from(*count), content),
        [0xd1, _, _, _, _, a, b, c, d, content @ ..] => (uint32([*a, *b, *c, *d])?, content),
        _ => return None,
    };
    let values = values(content)?;
    let (pairs, odd) = values.as_chunks::<2>();
    let is_whole = values.len() == count && odd.is_empty();
    is_whole.then(|| pairs.iter().map(|[key, value]| (*key, *value)).collect())
}

/// The text of a string or a symbol.
pub(super) fn text(value: &[u8]) -> Option<&str> {
    let text = match value {
        [0xa1 | 0xa3, _, text @ ..] => text,
        [0xb1 | 0xb3, _, _, _, _, text @ ..] => text,
        _ => return None,
    };
    std::str::from_utf8(text).ok()
}

/// The bytes of a binary.
pub(super) fn binary(value: &[u8]) -> Option<&[u8]> {
    match value {
        [0xa0, _, bytes @ ..] | [0xb0, _, _, _, _, bytes @ ..] => Some(bytes),
        _ => None,
    }
}

/// The number of a uint.
pub(super) fn uint(value: &[u8]) -> Option<u32> {
    match *value {
        [0x43] => Some(0),
        [0x52, number] => Some(u32::from(number)),
        [0x70, a, b, c, d] => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}

/// Returns whether the value is true; null and false are not.
pub(super) fn is_true(value: &[u8]) -> bool {
    matches!(value, [TRUE] | [0x56, 1])
}

/// The length of the value at the front, its constructor included. The high half of a constructor says how long its
/// value is, so that this holds also for types that nobody has thought of yet.
fn length(bytes: &[u8], depth: u8) -> Option<usize> {
    let (constructor, rest) = bytes.split_first()?;
    let after = match constructor >> 4 {
        0x0 if *constructor == 0 => {
            let depth = depth.checked_sub(1)?;
            let descriptor = length(rest, depth)?;
            descriptor + length(rest.get(descriptor..)?, depth)?
        }
        0x4 => 0,
        0x5 => 1,
        0x6 => 2,
        0x7 => 4,
        0x8 => 8,
        0x9 => 16,
        0xa | 0xc | 0xe => 1 + usize::from(*rest.first()?),
        0xb | 0xd | 0xf => uint32(*rest.first_chunk()?)?.checked_add(4)?,
        _ => return None,
    };
    (after <= rest.len()).then_some(1 + after)
}

fn uint32(bytes: [u8; 4]) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_width_are_cut() {
        let values: [&[u8]; 14] = [
            &[NULL],
            &[TRUE],
            &[0x52, 9],
            &[0x61, 0, 1],
            &[0x70, 0, 0, 0, 1],
            &[0x83, 0, 0, 0, 0, 0, 0, 0, 1],
            &[0x98, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
            &[0xa1, 2, b'a', b'b'],
            &[0xb0, 0, 0, 0, 1, 7],
            &[0x45],
            &[0xc0, 2, 1, NULL],
            &[0xd1, 0, 0, 0, 4, 0, 0, 0, 0],
            &[0xe0, 3, 1, 0x50, 7],
            &[0x00, 0x53, 0x70, 0xc0, 1, 0],
        ];
        assert_eq!(super::values(&values.concat()), Some(values.to_vec()));
        for value in values {
            let all = (0..value.len()).all(|end| split(&value[..end]).is_none());
            assert!(all, "{value:?}");
        }
    }

    #[test]
    fn what_is_no_value_is_not_cut() {
        let deep = [[0x00, 0x40].repeat(9), vec![NULL]].concat();
        for bytes in [
            &[][..],
            &[0x01],
            &[0x30],
            &[0xb0, 0xff, 0xff, 0xff, 0xff],
            &deep,
        ] {
            assert_eq!(split(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn maps_are_cut_into_entries() {
        let short = [0xc1, 5, 2, 0xa1, 1, b'k', NULL];
        let long = [0xd1, 0, 0, 0, 8, 0, 0, 0, 2, 0xa1, 1, b'k', NULL];
        for map in [&short[..], &long] {
            let entries = entries(map).unwrap();
            assert_eq!(entries, [(&[0xa1, 1, b'k'][..], &[NULL][..])]);
            assert_eq!(text(entries[0].0), Some("k"));
        }
        for map in [
            &[NULL][..],
            &[0xc0, 1, 0],
            &[0xc1, 2, 1, NULL],
            &[0xc1, 3, 4, NULL, NULL],
        ] {
            assert_eq!(entries(map), None, "{map:?}");
        }
    }
}
