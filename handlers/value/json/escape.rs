//! The escapes of JSON strings, both ways; pure.

/// Reads a `\uXXXX` at the start of `text`.
pub(crate) fn code_unit(text: &[u8]) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = text else {
        return None;
    };
    digits.get(..4)?.iter().try_fold(0, |unit, digit| {
        Some(unit << 4 | char::from(*digit).to_digit(16)?)
    })
}

/// Appends the text that a string's `content`, which a scanner has accepted, stands for.
pub(crate) fn decode(mut content: &[u8], out: &mut Vec<u8>) {
    while let Some(plain) = memchr::memchr(b'\\', content) {
        let (before, escape) = content.split_at(plain);
        out.extend_from_slice(before);
        let (character, length) = decode_escape(escape);
        let mut buffer = [0; 4];
        out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        // The scanner has accepted the escape, so all of it is there.
        content = escape.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(content);
}

fn decode_escape(escape: &[u8]) -> (char, usize) {
    let character = match escape.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return decode_code_point(escape),
        Some(other) => char::from(*other),
        None => char::REPLACEMENT_CHARACTER,
    };
    (character, 2)
}

fn decode_code_point(escape: &[u8]) -> (char, usize) {
    let unit = code_unit(escape).unwrap_or(u32::from(char::REPLACEMENT_CHARACTER));
    let low = escape.get(6..).and_then(code_unit).unwrap_or_default();
    let (code_point, length) = match unit {
        0xD800..=0xDBFF => (0x1_0000 + ((unit & 0x3FF) << 10 | (low & 0x3FF)), 12),
        _ => (unit, 6),
    };
    let character = char::from_u32(code_point).unwrap_or(char::REPLACEMENT_CHARACTER);
    (character, length)
}

/// Appends `text`, which is UTF-8, as a JSON string, quotes included.
pub(crate) fn encode(text: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.push(if *byte < 0x10 { b'0' } else { b'1' });
                out.extend(HEX.get(usize::from(byte & 0xF)));
            }
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}
