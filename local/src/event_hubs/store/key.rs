//! Which partition a key belongs to, as the service and the SDKs' buffered producers have it: pure.
//!
//! The hash is Bob Jenkins's `lookup3` (`hashlittle2`) of the key in UTF-8; its two halves together, as a signed number
//! of 16 bits, modulo the number of partitions.

/// Returns the number of the partition of `count` that a key belongs to.
pub(super) fn partition_of(key: &str, count: usize) -> usize {
    // A hash of 16 bits fits into any type here.
    let hash = isize::from(hash(key.as_bytes()));
    hash.unsigned_abs() % count
}

fn hash(key: &[u8]) -> i16 {
    let (first, second) = lookup3(key);
    let [_, _, high, low] = (first ^ second).to_be_bytes();
    i16::from_be_bytes([high, low])
}

/// Both results of `hashlittle2` with seeds of zero.
fn lookup3(key: &[u8]) -> (u32, u32) {
    // A key is part of a message, and those have a mebibyte at most.
    let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
    let start = 0xdead_beef_u32.wrapping_add(length);
    let mut state = [start; 3];
    let mut blocks = key.chunks(12).peekable();
    if blocks.peek().is_none() {
        return (start, start);
    }
    while let Some(block) = blocks.next() {
        for (number, bytes) in state.iter_mut().zip(block.chunks(4)) {
            *number = number.wrapping_add(little_endian(bytes));
        }
        if blocks.peek().is_some() {
            mix(&mut state);
        }
    }
    finish(&mut state);
    let [_, b, c] = state;
    (c, b)
}

/// Up to four bytes as a number.
fn little_endian(bytes: &[u8]) -> u32 {
    let add = |number: u32, byte: &u8| (number << 8) | u32::from(*byte);
    bytes.iter().rev().fold(0, add)
}

fn mix(state: &mut [u32; 3]) {
    let [mut a, mut b, mut c] = *state;
    a = a.wrapping_sub(c) ^ c.rotate_left(4);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(6);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(8);
    b = b.wrapping_add(a);
    a = a.wrapping_sub(c) ^ c.rotate_left(16);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(19);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(4);
    b = b.wrapping_add(a);
    *state = [a, b, c];
}

fn finish(state: &mut [u32; 3]) {
    let [mut a, mut b, mut c] = *state;
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    c = (c ^ b).wrapping_sub(b.rotate_left(24));
    *state = [a, b, c];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes and partitions of 4, 32 and 5, from the SDK for JavaScript 6.0.4. The one for Java 5.21.5 has the same for
    /// keys in ASCII.
    #[test]
    fn keys_go_where_the_sdks_send_them() {
        let two_blocks = "k".repeat(24);
        for (key, expected, partitions) in [
            ("", 0, [0, 0, 0]),
            ("a", -16220, [0, 28, 0]),
            ("customer-1", 18807, [3, 23, 2]),
            ("7", -15263, [3, 31, 3]),
            ("abc", -14161, [1, 17, 1]),
            ("exactly-12-b", 22946, [2, 2, 1]),
            ("thirteen-byte", 8654, [2, 14, 4]),
            ("Grüße", -9312, [0, 0, 2]),
            ("日本語のキー", 18957, [1, 13, 2]),
            (&two_blocks, -32558, [2, 14, 3]),
            (
                "a longer key than one block of twelve bytes",
                1099,
                [3, 11, 4],
            ),
            ("foobar", -10688, [0, 0, 3]),
        ] {
            assert_eq!(hash(key.as_bytes()), expected, "{key}");
            let found = [4, 32, 5].map(|count| partition_of(key, count));
            assert_eq!(found, partitions, "{key}");
        }
    }
}
