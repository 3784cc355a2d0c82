//! What comes from a client, with every message in one piece and inside another one.
//!
//! The acceptor decodes messages when it takes them in: it hands nobody the bytes, keeps nothing of what it cannot decode,
//! and ends the link of a message that is too large. So it gets each message as the one data section of a message of our
//! own, which it always decodes, and of one that is too large only how large it was.
//!
//! The client inside the SDK for Rust (fe2o3-amqp before 0.18.2) detaches the two links that it sent its token by and ends
//! their session, and waits for neither answer. If both answers come before it has ended the session, it finds nobody to
//! give them to, gives its whole connection up, and the next call fails. So the acceptor does not hear of those detaches:
//! the end of the session, which always follows, ends the links.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::client::Client;
use super::frame::{self, List, Parts};
use crate::event_hubs::encoding::{self, FALSE, NULL, TRUE};
use crate::event_hubs::{MAX_MESSAGE_BYTES, PLAIN_PROPERTIES};

/// The section that a message is in: binary.
const MESSAGE_SECTION: u8 = 0x75;
/// The section that the size of a message is in which is too large: ulong.
const SIZE_SECTION: u8 = 0x77;

/// The largest frame that the acceptor announces; what claims to be larger is no AMQP.
const MAX_FRAME_BYTES: usize = 65_536;

/// How much of a message goes into one frame: less than the largest, so that there is room for the fields.
const PIECE_BYTES: usize = 60 * 1024;

/// What the names of the links begin with that the SDK for Rust sends its tokens by, and detaches without waiting.
const TOKEN_LINKS: &str = "rust_amqp_cbs";

/// The fields that the first transfer of a message is known by, up to whether it is settled.
const FIRST_FIELDS: usize = 5;
/// Where a transfer says whether more follow, and whether the message is not to be delivered after all.
const MORE: usize = 5;
const ABORTED: usize = 9;

/// Passes on what comes from one client.
#[derive(Debug)]
pub(super) struct Inlet {
    client: Arc<Client>,
    /// Messages of which not everything is there, by channel and handle.
    messages: HashMap<(u16, u32), Message>,
    /// Links whose detach is kept from the acceptor, by channel and handle.
    token_links: HashSet<(u16, u32)>,
    /// Whether this has turned out not to be AMQP.
    is_foreign: bool,
}

/// A message that comes in several frames, or in one.
#[derive(Debug)]
struct Message {
    /// The first of its transfers, up to the list.
    head: Vec<u8>,
    /// The first fields of that list.
    fields: Vec<u8>,
    /// Nothing, once it is too large.
    bytes: Vec<u8>,
    size: u64,
}

impl Inlet {
    pub(super) fn new(client: Arc<Client>) -> Self {
        Self {
            client,
            messages: HashMap::new(),
            token_links: HashSet::new(),
            is_foreign: false,
        }
    }

    /// Passes all whole frames on and returns how many bytes they were.
    pub(super) fn pass_on(&mut self, incoming: &[u8], to: &mut Vec<u8>) -> usize {
        let mut used = 0;
        while let Some(rest) = incoming.get(used..)
            && !rest.is_empty()
        {
            self.is_foreign |= frame::announced(rest).is_some_and(|it| it > MAX_FRAME_BYTES);
            if self.is_foreign {
                // The acceptor ends this in its own words.
                to.extend_from_slice(rest);
                return incoming.len();
            }
            let Some(frame) = frame::length(rest).and_then(|length| rest.get(..length)) else {
                break;
            };
            used += frame.len();
            if self.take(frame, to).is_none() {
                to.extend_from_slice(frame);
            }
        }
        used
    }

    /// Takes a frame that is not to be passed on as it is.
    fn take(&mut self, frame: &[u8], to: &mut Vec<u8>) -> Option<()> {
        let parts = Parts::of(frame)?;
        let channel = frame::channel(frame);
        match parts.code {
            frame::OPEN => {
                let name = encoding::split(parts.fields).and_then(|(name, _)| encoding::text(name));
                if name.is_some_and(|name| name.starts_with(PLAIN_PROPERTIES)) {
                    self.client.plain_properties.store(true, Ordering::Relaxed);
                }
                None
            }
            frame::ATTACH => {
                let (name, rest) = encoding::split(parts.fields)?;
                let (handle, _) = encoding::split(rest)?;
                if encoding::text(name)?.starts_with(TOKEN_LINKS) {
                    let link = (channel, encoding::uint(handle)?);
                    self.token_links.insert(link);
                }
                None
            }
            frame::TRANSFER => self.transfer(channel, &parts, to),
            // What is half there is never going to be whole.
            frame::DETACH => {
                let (handle, _) = encoding::split(parts.fields)?;
                let link = (channel, encoding::uint(handle)?);
                self.messages.remove(&link);
                self.token_links.remove(&link).then_some(())
            }
            frame::END => {
                self.messages.retain(|(of, _), _| *of != channel);
                self.token_links.retain(|(of, _)| *of != channel);
                None
            }
            _ => None,
        }
    }

    fn transfer(&mut self, channel: u16, parts: &Parts<'_>, to: &mut Vec<u8>) -> Option<()> {
        let fields = encoding::values(parts.fields)?;
        let is = |at: usize| fields.get(at).is_some_and(|field| encoding::is_true(field));
        let place = (channel, encoding::uint(fields.first()?)?);
        let message = self
            .messages
            .entry(place)
            .or_insert_with(|| Message::begin(parts.head, &fields));
        message.add(parts.payload);
        if is(ABORTED) {
            self.messages.remove(&place);
        } else if !is(MORE) {
            self.messages.remove(&place)?.write(to)?;
        }
        Some(())
    }
}

impl Message {
    fn begin(head: &[u8], fields: &[&[u8]]) -> Self {
        let first = fields.iter().copied().chain(std::iter::repeat(&[NULL][..]));
        Self {
            head: head.to_vec(),
            fields: first.take(FIRST_FIELDS).flatten().copied().collect(),
            bytes: Vec::new(),
            size: 0,
        }
    }

    fn add(&mut self, piece: &[u8]) {
        self.size += piece.len() as u64;
        if self.size <= MAX_MESSAGE_BYTES {
            self.bytes.extend_from_slice(piece);
        } else {
            self.bytes = Vec::new();
        }
    }

    /// Appends the frames that the acceptor gets instead.
    fn write(self, to: &mut Vec<u8>) -> Option<()> {
        let mut wrapped = Vec::with_capacity(self.bytes.len() + 16);
        if self.size <= MAX_MESSAGE_BYTES {
            wrapped.extend_from_slice(&[0x00, 0x53, MESSAGE_SECTION, 0xb0]);
            let length = u32::try_from(self.bytes.len()).ok()?;
            wrapped.extend_from_slice(&length.to_be_bytes());
            wrapped.extend_from_slice(&self.bytes);
        } else {
            wrapped.extend_from_slice(&[0x00, 0x53, SIZE_SECTION, 0x80]);
            wrapped.extend_from_slice(&self.size.to_be_bytes());
        }
        let (handle, _) = encoding::split(&self.fields)?;
        let later = [handle, &[NULL; FIRST_FIELDS - 1]].concat();
        let mut fields = self.fields.clone();
        let mut pieces = wrapped.chunks(PIECE_BYTES).peekable();
        while let Some(piece) = pieces.next() {
            fields.push(if pieces.peek().is_some() { TRUE } else { FALSE });
            let list = List {
                fields: &fields,
                count: FIRST_FIELDS + 1,
            };
            frame::build(&self.head, list, piece, to)?;
            fields.clone_from(&later);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(channel: u8, code: u8, fields: &[u8], count: usize, payload: &[u8]) -> Vec<u8> {
        let head = [0, 0, 0, 0, 2, 0, 0, channel, 0x00, 0x53, code];
        let mut bytes = Vec::new();
        frame::build(&head, List { fields, count }, payload, &mut bytes).unwrap();
        bytes
    }

    /// Handle 3, delivery 9, tag `t`, a format, not settled.
    const FIRST: &[u8] = &[0x52, 3, 0x52, 9, 0xa0, 1, b't', 0x52, 7, FALSE];

    fn transfer(channel: u8, more: u8, payload: &[u8]) -> Vec<u8> {
        let fields = [FIRST, &[more]].concat();
        frame(channel, frame::TRANSFER, &fields, 6, payload)
    }

    fn inlet() -> Inlet {
        Inlet::new(Arc::default())
    }

    fn passed(inlet: &mut Inlet, bytes: &[u8]) -> Vec<u8> {
        let mut to = Vec::new();
        assert_eq!(inlet.pass_on(bytes, &mut to), bytes.len());
        to
    }

    /// The payloads of frames, joined.
    fn payload(mut frames: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(length) = frame::length(frames) {
            let (frame, rest) = frames.split_at(length);
            assert!(frame.len() <= MAX_FRAME_BYTES);
            all.extend_from_slice(Parts::of(frame).unwrap().payload);
            frames = rest;
        }
        all
    }

    #[test]
    fn messages_of_one_and_of_several_frames_are_wrapped() {
        let wrapped = [&[0x00, 0x53, 0x75, 0xb0, 0, 0, 0, 4][..], b"body"].concat();
        let mut inlet = inlet();
        let one = passed(&mut inlet, &transfer(1, FALSE, b"body"));
        assert_eq!(one, transfer(1, FALSE, &wrapped));
        assert_eq!(passed(&mut inlet, &transfer(1, TRUE, b"bo")), b"");
        // One on another channel does not come between.
        assert_eq!(
            passed(&mut inlet, &transfer(2, FALSE, b"body")),
            transfer(2, FALSE, &wrapped)
        );
        assert_eq!(passed(&mut inlet, &transfer(1, FALSE, b"dy")), one);
    }

    #[test]
    fn the_largest_message_goes_on_in_frames_that_are_taken() {
        let largest = vec![7; usize::try_from(MAX_MESSAGE_BYTES).unwrap()];
        let mut inlet = inlet();
        let (first, last) = largest.split_at(1_000_000);
        passed(&mut inlet, &transfer(1, TRUE, &first[..60_000]));
        for piece in first[60_000..].chunks(60_000) {
            assert_eq!(passed(&mut inlet, &transfer(1, TRUE, piece)), b"");
        }
        let frames = passed(&mut inlet, &transfer(1, FALSE, last));
        assert!(payload(&frames)[8..] == largest);
    }

    #[test]
    fn of_a_message_that_is_too_large_only_the_size_goes_on() {
        let mut inlet = inlet();
        for _ in 0..18 {
            assert_eq!(passed(&mut inlet, &transfer(1, TRUE, &[7; 60_000])), b"");
        }
        let frames = passed(&mut inlet, &transfer(1, FALSE, &[]));
        let size = 18_u64 * 60_000;
        let expected = [&[0x00, 0x53, 0x77, 0x80][..], &size.to_be_bytes()].concat();
        assert_eq!(frames, transfer(1, FALSE, &expected));
        let next = passed(&mut inlet, &transfer(1, FALSE, b"x"));
        assert_eq!(payload(&next), [0x00, 0x53, 0x75, 0xb0, 0, 0, 0, 1, b'x']);
    }

    #[test]
    fn what_never_becomes_whole_is_forgotten() {
        let abort = [FIRST, &[FALSE], &[NULL; 3], &[TRUE]].concat();
        let detach = frame(1, frame::DETACH, &[0x52, 3], 1, b"");
        let end = frame(1, frame::END, &[], 0, b"");
        for (ending, is_passed) in [
            (frame(1, frame::TRANSFER, &abort, 10, b""), false),
            (detach, true),
            (end, true),
        ] {
            let mut inlet = inlet();
            passed(&mut inlet, &transfer(1, TRUE, b"half"));
            let expected = if is_passed {
                ending.clone()
            } else {
                Vec::new()
            };
            assert_eq!(passed(&mut inlet, &ending), expected);
            assert!(inlet.messages.is_empty());
        }
    }

    #[test]
    fn links_of_tokens_end_with_their_session() {
        let attach = |name: &[u8], handle| {
            let length = u8::try_from(name.len()).unwrap();
            let fields = [&[0xa1, length][..], name, &[0x52, handle]].concat();
            frame(1, frame::ATTACH, &fields, 2, b"")
        };
        let detach = |channel, handle| frame(channel, frame::DETACH, &[0x52, handle], 1, b"");
        let end = frame(1, frame::END, &[], 0, b"");
        let mut inlet = inlet();
        for (name, handle) in [(&b"rust_amqp_cbs-mgmt-sender"[..], 3), (b"other", 4)] {
            let attach = attach(name, handle);
            assert_eq!(passed(&mut inlet, &attach), attach);
        }
        for (other, passes) in [
            (detach(2, 3), true),
            (detach(1, 4), true),
            (detach(1, 3), false),
            // The handle is free again, and may be another link's.
            (detach(1, 3), true),
        ] {
            let expected = if passes { other.clone() } else { Vec::new() };
            assert_eq!(passed(&mut inlet, &other), expected);
        }
        passed(&mut inlet, &attach(b"rust_amqp_cbs-mgmt-sender", 3));
        assert_eq!(passed(&mut inlet, &end), end);
        assert_eq!(passed(&mut inlet, &detach(1, 3)), detach(1, 3));
    }

    #[test]
    fn other_frames_pass_and_halves_wait() {
        let mut inlet = inlet();
        let flow = frame(1, 0x13, &[NULL], 1, b"");
        let header = b"AMQP\x03\x01\x00\x00";
        let bytes = [header, &flow[..]].concat();
        assert_eq!(passed(&mut inlet, &bytes), bytes);
        let mut to = Vec::new();
        assert_eq!(inlet.pass_on(&flow[..9], &mut to), 0);
        assert_eq!(to, b"");
    }

    #[test]
    fn what_is_no_amqp_passes_at_once() {
        let mut inlet = inlet();
        assert_eq!(passed(&mut inlet, b"GET / HTTP"), b"GET / HTTP");
        assert_eq!(passed(&mut inlet, b"x"), b"x");
    }

    #[test]
    fn a_client_says_that_it_wants_plain_properties() {
        for (name, expected) in [
            (format!("{PLAIN_PROPERTIES}7"), true),
            ("other".into(), false),
        ] {
            let mut inlet = inlet();
            let length = u8::try_from(name.len()).unwrap();
            let field = [&[0xa1, length][..], name.as_bytes()].concat();
            let open = frame(0, frame::OPEN, &field, 1, b"");
            assert_eq!(passed(&mut inlet, &open), open);
            assert_eq!(
                inlet.client.plain_properties.load(Ordering::Relaxed),
                expected
            );
        }
    }
}
