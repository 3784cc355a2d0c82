//! AMQP frames as bytes: the changes that the acceptor has no setting for.
//!
//! A frame is `size: u32, data offset in words: u8, type: u8, channel: u16, body`; the body of an
//! AMQP frame is `00 53 <code>` and a list, in a transfer followed by a piece of a message.

const OPEN: u8 = 0x10;
const TRANSFER: u8 = 0x14;
const DISPOSITION: u8 = 0x15;
const END: u8 = 0x17;
const CLOSE: u8 = 0x18;

/// How many fields the performatives from open on have.
const FIELDS: [usize; 9] = [10, 8, 14, 11, 11, 6, 3, 1, 1];

const NULL: u8 = 0x40;
const TRUE: u8 = 0x41;
const FALSE: u8 = 0x42;

/// How many of the bytes at the front are one frame or protocol header; none if it is not whole.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.first_chunk::<4>()?;
    let length = if head == b"AMQP" {
        8
    } else {
        u32::from_be_bytes(*head) as usize
    };
    (bytes.len() >= length.max(8)).then_some(length.max(8))
}

/// The channel that a frame is for.
pub(super) fn channel(frame: &[u8]) -> u16 {
    match frame {
        [_, _, _, _, _, _, high, low, ..] => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}

/// Returns whether the frame ends its channel, or every channel.
pub(super) fn ends(frame: &[u8]) -> Option<Ends> {
    match Parts::of(frame)?.code {
        END => Some(Ends::Channel),
        CLOSE => Some(Ends::Connection),
        _ => None,
    }
}

/// What ends with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    Channel,
    Connection,
}

/// Appends the frame as clients need it.
///
/// - Fields that were left out at the end of the list are put back as nulls: pyamqp looks fields
///   up by position.
/// - A message that egress wrapped into a data section, to send it as it is, is unwrapped.
pub(super) fn write(frame: &[u8], to: &mut Vec<u8>) {
    if write_changed(frame, to).is_none() {
        to.extend_from_slice(frame);
    }
}

fn write_changed(frame: &[u8], to: &mut Vec<u8>) -> Option<()> {
    let parts = Parts::of(frame)?;
    let fields = *FIELDS.get(usize::from(parts.code.checked_sub(OPEN)?))?;
    let missing = fields.saturating_sub(parts.count);
    let payload = match parts.code {
        TRANSFER => unwrapped(&parts),
        _ => parts.payload,
    };
    if missing == 0 && payload.len() == parts.payload.len() {
        return None;
    }
    let start = to.len();
    to.extend_from_slice(parts.head);
    to.push(0xd0);
    let size = 4 + parts.fields.len() + missing;
    to.extend_from_slice(&u32::try_from(size).ok()?.to_be_bytes());
    to.extend_from_slice(&u32::try_from(parts.count + missing).ok()?.to_be_bytes());
    to.extend_from_slice(parts.fields);
    to.extend(std::iter::repeat_n(NULL, missing));
    to.extend_from_slice(payload);
    let length = u32::try_from(to.len() - start).ok()?;
    to.get_mut(start..start + 4)?
        .copy_from_slice(&length.to_be_bytes());
    Some(())
}

/// The message inside the data section that egress put around it.
///
/// Only the first transfer of a delivery has a delivery tag, and egress's messages start with a
/// section of annotations, so nothing else can look like this.
fn unwrapped<'a>(parts: &Parts<'a>) -> &'a [u8] {
    let has_tag = skip_uints(parts.fields, 2).is_some_and(|rest| rest.first() != Some(&NULL));
    let inner = match parts.payload {
        [0x00, 0x53, 0x75, 0xa0, _, inner @ ..] => inner,
        [0x00, 0x53, 0x75, 0xb0, _, _, _, _, inner @ ..] => inner,
        _ => return parts.payload,
    };
    if has_tag && inner.starts_with(&[0x00, 0x53, 0x72]) {
        inner
    } else {
        parts.payload
    }
}

/// The same outcome, not yet settled: for a frame from [`write()`] that is a settled disposition of
/// a receiver.
pub(super) fn unsettled(frame: &[u8]) -> Option<Vec<u8>> {
    let parts = Parts::of(frame)?;
    let (is_receiver, rest) = parts.fields.split_first()?;
    if parts.code != DISPOSITION || *is_receiver != TRUE {
        return None;
    }
    let rest = skip_uints(rest, 2)?;
    if rest.first() != Some(&TRUE) {
        return None;
    }
    let at = frame.len() - parts.payload.len() - rest.len();
    let mut copy = frame.to_vec();
    *copy.get_mut(at)? = FALSE;
    Some(copy)
}

/// Skips fields that are null or uint.
fn skip_uints(mut fields: &[u8], count: usize) -> Option<&[u8]> {
    for _ in 0..count {
        let length = match fields.first()? {
            0x40 | 0x43 => 1,
            0x52 => 2,
            _ => 5,
        };
        fields = fields.get(length..)?;
    }
    Some(fields)
}

/// An AMQP frame, taken apart.
struct Parts<'a> {
    /// Everything up to the list.
    head: &'a [u8],
    code: u8,
    /// How many fields the list has.
    count: usize,
    /// The list's fields.
    fields: &'a [u8],
    /// What follows the list.
    payload: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(frame: &'a [u8]) -> Option<Self> {
        let [_, _, _, _, offset, 0, ..] = frame else {
            return None;
        };
        let (head, list) = frame.split_at_checked(usize::from(*offset) * 4 + 3)?;
        let [.., 0x00, 0x53, code] = head else {
            return None;
        };
        let (count, fields_at, size) = match list {
            [0x45, ..] => (0, 1, 0),
            [0xc0, size, count, ..] => (usize::from(*count), 3, usize::from(*size).checked_sub(1)?),
            [0xd0, a, b, c, d, e, f, g, h, ..] => {
                let size = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
                (
                    u32::from_be_bytes([*e, *f, *g, *h]) as usize,
                    9,
                    size.checked_sub(4)?,
                )
            }
            _ => return None,
        };
        let (fields, payload) = list.get(fields_at..)?.split_at_checked(size)?;
        Some(Self {
            head,
            code: *code,
            count,
            fields,
            payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(code: u8, list: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0, 2, 0, 0, 7, 0x00, 0x53, code];
        bytes.extend_from_slice(list);
        bytes.extend_from_slice(payload);
        let length = bytes.len() as u32;
        bytes[..4].copy_from_slice(&length.to_be_bytes());
        bytes
    }

    fn written(bytes: &[u8]) -> Vec<u8> {
        let mut to = vec![9];
        write(bytes, &mut to);
        to.split_off(1)
    }

    #[test]
    fn frames_are_found_once_they_are_whole() {
        let bytes = frame(END, &[0x45], b"");
        assert_eq!(length(&bytes), Some(bytes.len()));
        assert_eq!(length(&bytes[..bytes.len() - 1]), None);
        assert_eq!(length(b"AMQP\x03\x01\x00\x00rest"), Some(8));
        assert_eq!(length(b"AMQP"), None);
        assert_eq!(channel(&bytes), 7);
        assert_eq!(ends(&bytes), Some(Ends::Channel));
        assert_eq!(ends(&frame(CLOSE, &[0x45], b"")), Some(Ends::Connection));
        assert_eq!(ends(&frame(OPEN, &[0x45], b"")), None);
    }

    #[test]
    fn fields_left_out_become_nulls() {
        let end = written(&frame(END, &[0x45], b""));
        assert_eq!(end, frame(END, &[0xd0, 0, 0, 0, 5, 0, 0, 0, 1, NULL], b""));
        let detach = written(&frame(0x16, &[0xc0, 2, 1, 0x43], b""));
        let expected = [0xd0, 0, 0, 0, 7, 0, 0, 0, 3, 0x43, NULL, NULL];
        assert_eq!(detach, frame(0x16, &expected, b""));
    }

    #[test]
    fn other_frames_stay_as_they_are() {
        let sasl = [0, 0, 0, 12, 2, 1, 0, 0, 0x00, 0x53, 0x44, 0x45];
        assert_eq!(written(&sasl), sasl);
        let heartbeat = [0, 0, 0, 8, 2, 0, 0, 0];
        assert_eq!(written(&heartbeat), heartbeat);
        let whole = frame(END, &[0xc0, 2, 1, NULL], b"");
        assert_eq!(written(&whole), whole);
    }

    /// Handle 0, delivery 1, `tag`, then eight more fields.
    fn transfer(tag: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut list = vec![0xc0, 0, 11, 0x43, 0x52, 1];
        list.extend_from_slice(tag);
        list.extend_from_slice(&[NULL; 8]);
        list[1] = (list.len() - 2) as u8;
        frame(TRANSFER, &list, payload)
    }

    #[test]
    fn wrapped_message_is_unwrapped_in_the_first_transfer_only() {
        let message = [0x00, 0x53, 0x72, 0xc1, 1, 0];
        let short = [&[0x00, 0x53, 0x75, 0xa0, 6][..], &message].concat();
        let long = [&[0x00, 0x53, 0x75, 0xb0, 0, 0, 0, 6][..], &message].concat();
        for payload in [&short, &long] {
            let frame = written(&transfer(&[0xa0, 1, b't'], payload));
            assert_eq!(Parts::of(&frame).unwrap().payload, message);
            assert_eq!(length(&frame), Some(frame.len()));
            let continuation = transfer(&[NULL], payload);
            assert_eq!(written(&continuation), continuation);
        }
        let other = transfer(&[0xa0, 1, b't'], &[0x00, 0x53, 0x75, 0xa0, 1, b'x']);
        assert_eq!(written(&other), other);
    }

    #[test]
    fn settled_outcome_has_an_unsettled_copy() {
        let disposition = |role, settled| {
            let list = [
                0xd0, 0, 0, 0, 13, 0, 0, 0, 6, role, 0x52, 9, 0x43, settled, NULL, NULL,
            ];
            let mut list = list.to_vec();
            list[4] = (list.len() - 5) as u8;
            frame(DISPOSITION, &list, b"")
        };
        assert_eq!(
            unsettled(&disposition(TRUE, TRUE)),
            Some(disposition(TRUE, FALSE))
        );
        assert_eq!(unsettled(&disposition(FALSE, TRUE)), None);
        assert_eq!(unsettled(&disposition(TRUE, FALSE)), None);
        assert_eq!(unsettled(&frame(END, &[0x45], b"")), None);
    }
}
