//! AMQP frames as bytes: the changes that the acceptor has no setting for.
//!
//! A frame is `size: u32, data offset in words: u8, type: u8, channel: u16, body`; the body of an
//! AMQP frame is `00 53 <code>` and a list, in a transfer followed by a piece of a message.

use std::borrow::Cow;

use crate::event_hubs::MAX_MESSAGE_BYTES;
use crate::event_hubs::encoding::{self, FALSE, NULL, TRUE};

pub(super) const OPEN: u8 = 0x10;
pub(super) const ATTACH: u8 = 0x12;
pub(super) const TRANSFER: u8 = 0x14;
const DISPOSITION: u8 = 0x15;
pub(super) const DETACH: u8 = 0x16;
pub(super) const END: u8 = 0x17;
const CLOSE: u8 = 0x18;

/// How many fields the performatives from open on have.
const FIELDS: [usize; 9] = [10, 8, 14, 11, 11, 6, 3, 1, 1];

/// Where an attach has its role and its largest message.
const ROLE: usize = 2;
const MAX_MESSAGE_SIZE: usize = 10;

/// How many of the bytes at the front are one frame or protocol header; none if it is not whole.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    announced(bytes).filter(|&length| length <= bytes.len())
}

/// How long the frame or protocol header at the front says that it is.
pub(super) fn announced(bytes: &[u8]) -> Option<usize> {
    let head = bytes.first_chunk::<4>()?;
    let length = if head == b"AMQP" {
        8
    } else {
        u32::from_be_bytes(*head) as usize
    };
    Some(length.max(8))
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
/// - A sender is told how large its messages may be; the acceptor, which gets them wrapped, has no limit of its own.
pub(super) fn write(frame: &[u8], to: &mut Vec<u8>) {
    if write_changed(frame, to).is_none() {
        to.extend_from_slice(frame);
    }
}

fn write_changed(frame: &[u8], to: &mut Vec<u8>) -> Option<()> {
    let parts = Parts::of(frame)?;
    let all = *FIELDS.get(usize::from(parts.code.checked_sub(OPEN)?))?;
    let missing = all.saturating_sub(parts.count);
    let mut fields = Cow::Borrowed(parts.fields);
    if missing > 0 {
        fields.to_mut().extend(std::iter::repeat_n(NULL, missing));
    }
    let mut payload = parts.payload;
    match parts.code {
        TRANSFER => payload = unwrapped(&parts),
        ATTACH => {
            if let Some(limited) = with_limit(&fields) {
                fields = Cow::Owned(limited);
            }
        }
        _ => {}
    }
    let is_same = matches!(fields, Cow::Borrowed(_)) && payload.len() == parts.payload.len();
    if is_same {
        return None;
    }
    let list = List {
        fields: &fields,
        count: parts.count + missing,
    };
    build(parts.head, list, payload, to)
}

/// The fields of a performative.
#[derive(Debug, Clone, Copy)]
pub(super) struct List<'a> {
    pub(super) fields: &'a [u8],
    pub(super) count: usize,
}

/// Appends a frame. `head` is everything up to the list of fields; the size in it need not be right.
pub(super) fn build(head: &[u8], list: List<'_>, payload: &[u8], to: &mut Vec<u8>) -> Option<()> {
    let start = to.len();
    to.extend_from_slice(head);
    to.push(0xd0);
    let size = 4 + list.fields.len();
    to.extend_from_slice(&u32::try_from(size).ok()?.to_be_bytes());
    to.extend_from_slice(&u32::try_from(list.count).ok()?.to_be_bytes());
    to.extend_from_slice(list.fields);
    to.extend_from_slice(payload);
    let length = u32::try_from(to.len() - start).ok()?;
    to.get_mut(start..start + 4)?
        .copy_from_slice(&length.to_be_bytes());
    Some(())
}

/// The fields of an attach that answers a sender, with the largest message in them.
fn with_limit(fields: &[u8]) -> Option<Vec<u8>> {
    let mut fields = encoding::values(fields)?;
    let is_receiver = encoding::is_true(fields.get(ROLE)?);
    let limit = [&[0x80][..], &MAX_MESSAGE_BYTES.to_be_bytes()].concat();
    let place = fields.get_mut(MAX_MESSAGE_SIZE)?;
    if !is_receiver || *place != [NULL] {
        return None;
    }
    *place = &limit;
    Some(fields.concat())
}

/// The message inside the data section that egress put around it.
///
/// Only the first transfer of a delivery has a delivery tag, and egress's messages start with a
/// section of annotations (of the delivery or the message), so nothing else can look like this.
fn unwrapped<'a>(parts: &Parts<'a>) -> &'a [u8] {
    let has_tag = skip(parts.fields, 2).is_some_and(|rest| rest.first() != Some(&NULL));
    let inner = match parts.payload {
        [0x00, 0x53, 0x75, 0xa0, _, inner @ ..] => inner,
        [0x00, 0x53, 0x75, 0xb0, _, _, _, _, inner @ ..] => inner,
        _ => return parts.payload,
    };
    match inner {
        [0x00, 0x53, 0x71 | 0x72, ..] if has_tag => inner,
        _ => parts.payload,
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
    let rest = skip(rest, 2)?;
    if rest.first() != Some(&TRUE) {
        return None;
    }
    let at = frame.len() - parts.payload.len() - rest.len();
    let mut copy = frame.to_vec();
    *copy.get_mut(at)? = FALSE;
    Some(copy)
}

/// What comes after the first fields.
fn skip(mut fields: &[u8], count: usize) -> Option<&[u8]> {
    for _ in 0..count {
        (_, fields) = encoding::split(fields)?;
    }
    Some(fields)
}

/// An AMQP frame, taken apart.
pub(super) struct Parts<'a> {
    /// Everything up to the list.
    pub(super) head: &'a [u8],
    pub(super) code: u8,
    /// How many fields the list has.
    count: usize,
    /// The list's fields.
    pub(super) fields: &'a [u8],
    /// What follows the list.
    pub(super) payload: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(super) fn of(frame: &'a [u8]) -> Option<Self> {
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
    fn message_after_delivery_annotations_is_unwrapped() {
        let message = [0x00, 0x53, 0x71, 0xc1, 1, 0];
        let wrapped = [&[0x00, 0x53, 0x75, 0xa0, 6][..], &message].concat();
        let frame = written(&transfer(&[0xa0, 1, b't'], &wrapped));
        assert_eq!(Parts::of(&frame).unwrap().payload, message);
    }

    #[test]
    fn senders_are_told_the_largest_message() {
        let attach = |role| {
            let fields = [&[0xa1, 1, b'n', 0x43, role][..], &[NULL; 11]].concat();
            let size = u8::try_from(fields.len() + 1).unwrap();
            frame(ATTACH, &[&[0xc0, size, 14][..], &fields].concat(), b"")
        };
        assert_eq!(written(&attach(FALSE)), attach(FALSE));
        let frame = written(&attach(TRUE));
        let parts = Parts::of(&frame).unwrap();
        let fields = encoding::values(parts.fields).unwrap();
        assert_eq!(fields.len(), 14);
        assert_eq!(fields[MAX_MESSAGE_SIZE], [0x80, 0, 0, 0, 0, 0, 0x10, 0, 0]);
        assert_eq!(length(&frame), Some(frame.len()));
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
