//! Sluice's JSON scanner beside sonic-rs and simd-json: the lines of silver's benchmark to typed columns, on one core.
//!
//! `cd benches/json_scanners && taskset -c 0 cargo run --release`
//!
//! The rules that turn what was found into values are the same code for every contender. simd-json keeps no number as
//! it was written, so its decimals pass through a double, which silver would not allow; that is less work, not more.

use std::hint::black_box;
use std::time::{Duration, Instant};

use columns::{Columns, Found};
use silver::Sluice;
use simd_json::{Buffers, Node, StaticNode, Tape};
use sonic_rs::JsonValueTrait;

mod columns;
#[path = "../../orders/mod.rs"]
#[allow(dead_code, reason = "other benchmarks use the rest")]
mod orders;
#[allow(dead_code, reason = "silver uses the rest")]
mod silver;
#[allow(dead_code, reason = "silver uses the rest")]
mod value;

const NAMES: [&str; 4] = ["order_id", "amount", "timestamp", "customer_id"];
const ROUNDS: usize = 9;

/// Appends a line to the columns, or returns nothing if it is refused.
trait Contender {
    fn push(&mut self, line: &str, columns: &mut Columns) -> Option<()>;
}

impl Contender for Sluice {
    fn push(&mut self, line: &str, columns: &mut Columns) -> Option<()> {
        Sluice::push(self, line, columns)
    }
}

struct Sonic;

impl Contender for Sonic {
    fn push(&mut self, line: &str, columns: &mut Columns) -> Option<()> {
        let mut found = [const { Found::Nothing }; 4];
        let mut unknown = Vec::new();
        let mut fields = [const { None }; NAMES.len()];
        for field in sonic_rs::to_object_iter(line) {
            let (name, value) = field.ok()?;
            match NAMES.iter().position(|known| *known == name) {
                Some(place) => fields[place] = Some(value),
                None => unknown.push((name, value)),
            }
        }
        for (found, value) in found.iter_mut().zip(&fields) {
            let Some(value) = value else {
                continue;
            };
            let raw = value.as_raw_str().as_bytes();
            *found = match raw {
                b"null" => Found::Nothing,
                [b'"', text @ .., b'"'] if memchr::memchr(b'\\', text).is_none() => {
                    Found::Text(text)
                }
                [b'"', text @ .., b'"'] => Found::Escaped(text),
                _ if value.is_number() => Found::Number(value::number::Number::new(raw)),
                _ => Found::Other(raw),
            };
        }
        columns.push(found, |text| {
            let mut separator = b'{';
            for (name, value) in &unknown {
                text.push(separator);
                separator = b',';
                text.push(b'"');
                text.extend_from_slice(name.as_bytes());
                text.extend_from_slice(b"\":");
                text.extend_from_slice(value.as_raw_str().as_bytes());
            }
            if !unknown.is_empty() {
                text.push(b'}');
            }
            !unknown.is_empty()
        })
    }
}

#[derive(Default)]
struct Simd {
    line: Vec<u8>,
    buffers: Buffers,
    /// Kept for its memory.
    nodes: Vec<Node<'static>>,
}

impl Contender for Simd {
    fn push(&mut self, line: &str, columns: &mut Columns) -> Option<()> {
        // It writes into what it reads.
        self.line.clear();
        self.line.extend_from_slice(line.as_bytes());
        let mut tape = Tape(std::mem::take(&mut self.nodes));
        let filled = simd_json::fill_tape(&mut self.line, &mut self.buffers, &mut tape);
        let pushed = filled.ok().and_then(|()| push_tape(&tape.0, line, columns));
        self.nodes = tape.reset().0;
        pushed
    }
}

fn push_tape(nodes: &[Node<'_>], line: &str, columns: &mut Columns) -> Option<()> {
    let [Node::Object { len, .. }, rest @ ..] = nodes else {
        return None;
    };
    let mut found = [const { Found::Nothing }; 4];
    let (mut unknown, mut at) = (false, 0);
    for _ in 0..*len {
        let (Node::String(name), value) = (rest[at], rest[at + 1]) else {
            return None;
        };
        at += 2;
        let value = match value {
            Node::String(text) => Found::Text(text.as_bytes()),
            Node::Static(StaticNode::Null) => Found::Nothing,
            Node::Static(StaticNode::I64(number)) => Found::Integer(number),
            Node::Static(StaticNode::U64(number)) => Found::Integer(i64::try_from(number).ok()?),
            Node::Static(StaticNode::F64(number)) => Found::Parsed(number),
            Node::Static(StaticNode::Bool(_)) => Found::Other(b"bool"),
            Node::Object { count, .. } | Node::Array { count, .. } => {
                at += count;
                Found::Other(b"container")
            }
        };
        match NAMES.iter().position(|known| *known == name) {
            Some(place) => found[place] = value,
            None => unknown = true,
        }
    }
    // The tape has no text to rescue: unknown fields, of which the benchmark has none, are read again.
    columns.push(found, |text| {
        if unknown {
            text.extend_from_slice(line.as_bytes());
        }
        unknown
    })
}

fn run(
    contender: &mut dyn FnMut(&str, &mut Columns) -> Option<()>,
    lines: &[String],
) -> (Columns, usize) {
    let mut columns = Columns::default();
    let refused = lines
        .iter()
        .filter(|line| contender(line, &mut columns).is_none())
        .count();
    (columns, refused)
}

/// Runs a contender with its own code inlined, as in silver.
fn timed(contender: &mut impl Contender, lines: &[String]) -> Duration {
    let mut columns = Columns::default();
    let started = Instant::now();
    for line in lines {
        black_box(contender.push(line, &mut columns));
    }
    let spent = started.elapsed();
    black_box(columns);
    spent
}

fn main() {
    let lines = orders::lines();
    let (mut sluice, mut sonic, mut simd) = (Sluice::new(&NAMES), Sonic, Simd::default());

    let expected = run(&mut |line, columns| sluice.push(line, columns), &lines);
    assert!(expected.1 > 0, "some lines are broken");
    assert_eq!(
        run(&mut |line, columns| sonic.push(line, columns), &lines),
        expected,
        "sonic-rs"
    );
    assert_eq!(
        run(&mut |line, columns| simd.push(line, columns), &lines),
        expected,
        "simd-json"
    );
    for line in [
        r#"{"order_id": 1, "amount": 2, "timestamp": 3} x"#,
        r#"{"order_id": 01, "amount": 2, "timestamp": 3}"#,
        r#"{"order_id": 1, "amount": 2, "timestamp": 3,}"#,
        r#"{"order_id": 1, "amount": 2, "timestamp": 3, "x": [1,]}"#,
        r#"{"order_id": 1, "amount": 2, "timestamp": 3, "x": "\ud800"}"#,
        r#"{"order_id": 1, "amount": 2, "timestamp": 3, "x": 1e}"#,
        "{\"order_id\": 1, \"amount\": 2, \"timestamp\": 3, \"x\": \"\t\"}",
        r#"{"order_id": 1, "amount": 2, "timestamp": 3"#,
    ] {
        let mut columns = Columns::default();
        assert_eq!(sluice.push(line, &mut columns), None, "{line}");
        for (name, accepted) in [
            ("sonic-rs", sonic.push(line, &mut columns)),
            ("simd-json", simd.push(line, &mut columns)),
        ] {
            if accepted.is_some() {
                println!("{name} accepts {line:?}");
            }
        }
    }

    let mut best = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        let round = [
            timed(&mut sluice, &lines),
            timed(&mut sonic, &lines),
            timed(&mut simd, &lines),
        ];
        for (best, spent) in best.iter_mut().zip(round) {
            *best = spent.min(*best);
        }
    }
    for (name, spent) in ["sluice", "sonic-rs", "simd-json"].iter().zip(best) {
        println!(
            "{name:10} {:6.2} M events/s  {:.2} of sluice's time",
            lines.len() as f64 / spent.as_secs_f64() / 1e6,
            spent.as_secs_f64() / best[0].as_secs_f64(),
        );
    }
}
