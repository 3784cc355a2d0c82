//! Sits between a client's socket and the AMQP acceptor and changes what no setting reaches.
//!
//! To be removed, together with `vendor/`, once the SDK for Rust is at 0.16: its client is then
//! fe2o3-amqp 0.18.2 or later, which loses no outcome and needs no OpenSSL. What [`frame::write`]
//! does for pyamqp has to go into the acceptor first.
//!
//! - Frames go out as [`frame::write`] says.
//! - Messages come in as [`inlet`] says, which stays for as long as the acceptor hands nobody a message's bytes.
//! - The client inside the SDK for Rust (fe2o3-amqp before 0.18.2) registers a delivery only after
//!   it has handed it over for sending. An outcome that arrives in between is lost, and the send
//!   waits for ever. For such clients an outcome goes out unsettled several times, which a client
//!   ignores if it does not know the delivery yet or knows the outcome already, and settled last.

mod client;
mod frame;
mod inlet;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::Instant;

pub(super) use client::Client;
use frame::Ends;
use inlet::Inlet;

/// One frame's worth. A much larger pipe is much slower when the client is: it is then always full,
/// and what is in it is moved around for every frame.
const BUFFER_BYTES: usize = 64 * 1024;

/// The pauses between the copies of an outcome; the one after the last pause settles.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(125),
    Duration::from_millis(850),
];

/// Starts a pipe to the client: what the acceptor talks to, and the work of moving the bytes.
pub(super) fn pipe(
    stream: TcpStream,
    client: Arc<Client>,
) -> (DuplexStream, impl Future<Output = ()> + Send) {
    let (ours, acceptors) = tokio::io::duplex(BUFFER_BYTES);
    (acceptors, run(stream, ours, client))
}

/// Moves bytes until the acceptor has closed its end.
async fn run(stream: TcpStream, acceptor: DuplexStream, client: Arc<Client>) {
    let (from_client, to_client) = stream.into_split();
    let (from_acceptor, to_acceptor) = tokio::io::split(acceptor);
    let inlet = Inlet::new(Arc::clone(&client));
    tokio::select! {
        () = inwards(from_client, to_acceptor, inlet) => {}
        () = outwards(from_acceptor, to_client, client) => {}
    }
}

async fn inwards(
    mut client: OwnedReadHalf,
    mut acceptor: WriteHalf<DuplexStream>,
    mut inlet: Inlet,
) {
    let mut incoming = Vec::with_capacity(BUFFER_BYTES);
    let mut outgoing = Vec::with_capacity(BUFFER_BYTES);
    // A lost connection and a closed one are the same to the acceptor: the bytes end.
    while matches!(client.read_buf(&mut incoming).await, Ok(count) if count > 0) {
        let used = inlet.pass_on(&incoming, &mut outgoing);
        incoming.drain(..used);
        if acceptor.write_all(&outgoing).await.is_err() {
            break;
        }
        outgoing.clear();
    }
    let _ = acceptor.shutdown().await;
    std::future::pending::<()>().await;
}

async fn outwards(
    mut acceptor: ReadHalf<DuplexStream>,
    mut to_client: OwnedWriteHalf,
    client: Arc<Client>,
) {
    let mut outlet = Outlet {
        client,
        channels: HashMap::new(),
        repeats: Repeats::default(),
    };
    let mut incoming = Vec::with_capacity(BUFFER_BYTES);
    let mut outgoing = Vec::with_capacity(BUFFER_BYTES);
    loop {
        let due = outlet.repeats.due();
        tokio::select! {
            read = acceptor.read_buf(&mut incoming) => {
                if !matches!(read, Ok(count) if count > 0) {
                    break;
                }
                let used = outlet.pass_on(&incoming, &mut outgoing);
                incoming.drain(..used);
            }
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                outlet.repeat_due(&mut outgoing);
            }
        }
        if to_client.write_all(&outgoing).await.is_err() {
            break;
        }
        outgoing.clear();
    }
    let _ = to_client.shutdown().await;
}

struct Outlet {
    client: Arc<Client>,
    /// How often each channel has ended: a late copy must not reach its successor.
    channels: HashMap<u16, u64>,
    repeats: Repeats,
}

impl Outlet {
    /// Passes all whole frames on and returns how many bytes they were.
    fn pass_on(&mut self, incoming: &[u8], to: &mut Vec<u8>) -> usize {
        let mut used = 0;
        while let Some(rest) = incoming.get(used..)
            && let Some(length) = frame::length(rest)
            && let Some(bytes) = rest.get(..length)
        {
            used += length;
            match frame::ends(bytes) {
                Some(Ends::Channel) => {
                    *self.channels.entry(frame::channel(bytes)).or_default() += 1
                }
                Some(Ends::Connection) => self.repeats = Repeats::default(),
                None => {}
            }
            let start = to.len();
            frame::write(bytes, to);
            if self.client.repeat_outcomes.load(Ordering::Relaxed) {
                self.send_unsettled_first(start, to);
            }
        }
        used
    }

    /// Replaces the frame at the end of `to`, if it is a settled outcome, by its unsettled copy.
    fn send_unsettled_first(&mut self, start: usize, to: &mut Vec<u8>) {
        let Some(settled) = to.get(start..) else {
            return;
        };
        let Some(unsettled) = frame::unsettled(settled) else {
            return;
        };
        let channel = frame::channel(settled);
        let generation = self.generation(channel);
        let settled = settled.to_vec();
        to.truncate(start);
        to.extend_from_slice(&unsettled);
        self.repeats.add(Outcome {
            channel,
            generation,
            unsettled,
            settled,
        });
    }

    fn generation(&self, channel: u16) -> u64 {
        // A channel that is not here has not ended yet.
        self.channels.get(&channel).copied().unwrap_or(0)
    }

    fn repeat_due(&mut self, to: &mut Vec<u8>) {
        let channels = &self.channels;
        self.repeats.take_due(Instant::now(), |outcome, is_last| {
            let generation = channels.get(&outcome.channel).copied().unwrap_or(0);
            let is_alive = generation == outcome.generation;
            if is_alive {
                to.extend_from_slice(if is_last {
                    &outcome.settled
                } else {
                    &outcome.unsettled
                });
            }
            is_alive
        });
    }
}

struct Outcome {
    channel: u16,
    generation: u64,
    unsettled: Vec<u8>,
    settled: Vec<u8>,
}

/// Outcomes that go out again, by how many times they have: within one queue all wait equally
/// long, so each is in the order of time.
#[derive(Default)]
struct Repeats {
    queues: [VecDeque<(Instant, Outcome)>; PAUSES.len()],
}

impl Repeats {
    fn add(&mut self, outcome: Outcome) {
        let ([queue, ..], [pause, ..]) = (&mut self.queues, PAUSES);
        queue.push_back((Instant::now() + pause, outcome));
    }

    /// When the next copy is due.
    fn due(&self) -> Option<Instant> {
        self.queues
            .iter()
            .filter_map(|queue| queue.front().map(|(at, _)| *at))
            .min()
    }

    /// Hands every copy that is due to `send`, which says whether the outcome still matters.
    fn take_due(&mut self, now: Instant, mut send: impl FnMut(&Outcome, bool) -> bool) {
        let mut moved: Vec<(Instant, Outcome)> = Vec::new();
        for (step, queue) in self.queues.iter_mut().enumerate() {
            queue.extend(moved.drain(..));
            let next_pause = PAUSES.get(step + 1);
            while queue.front().is_some_and(|(at, _)| *at <= now)
                && let Some((_, outcome)) = queue.pop_front()
            {
                if send(&outcome, next_pause.is_none())
                    && let Some(pause) = next_pause
                {
                    moved.push((now + *pause, outcome));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcome_goes_out_five_more_times_and_settles_last() {
        let mut repeats = Repeats::default();
        let outcome = Outcome {
            channel: 0,
            generation: 0,
            unsettled: vec![1],
            settled: vec![2],
        };
        repeats.add(outcome);
        let mut sent = Vec::new();
        while let Some(due) = repeats.due() {
            repeats.take_due(due, |_, is_last| {
                sent.push(is_last);
                true
            });
        }
        assert_eq!(sent, [false, false, false, false, true]);
    }

    #[test]
    fn outcome_of_an_ended_channel_is_forgotten() {
        let mut repeats = Repeats::default();
        repeats.add(Outcome {
            channel: 0,
            generation: 0,
            unsettled: vec![],
            settled: vec![],
        });
        let due = repeats.due().unwrap();
        repeats.take_due(due, |_, _| false);
        assert_eq!(repeats.due(), None);
    }
}
