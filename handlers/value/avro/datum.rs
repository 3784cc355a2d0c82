//! Values as JSON text.

use super::input::{Broken, Input};
use super::node::{Field, Meaning, Node};
use super::schema::Schema;
use super::text;
use crate::value::json::MAX_DEPTH;
use crate::value::json::escape::encode;

/// Why a value was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AvroProblem {
    /// Its text is longer than the limit.
    TooLarge,
    /// The bytes are no value of the schema: what is wrong, for people.
    Broken(&'static str),
}

impl From<Broken> for AvroProblem {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// Reads a value from the start of `bytes`, appends its JSON text and returns what follows the value. `out` grows by no
/// more than `limit`, and the longest string of the value.
///
/// # Errors
/// Fails if the bytes are no such value, or if the text is longer than `limit`.
pub fn append_value<'b>(
    schema: &Schema,
    bytes: &'b [u8],
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<&'b [u8], AvroProblem> {
    let end = out.len().saturating_add(limit);
    let mut writer = Writer {
        schema,
        input: Input(bytes),
        out,
        end,
    };
    writer.value(schema.root(), 0)?;
    Ok(writer.input.0)
}

struct Writer<'s, 'b, 'o> {
    schema: &'s Schema,
    input: Input<'b>,
    out: &'o mut Vec<u8>,
    /// How long `out` may become.
    end: usize,
}

impl<'s> Writer<'s, '_, '_> {
    /// Writes a value that is inside of `depth` others.
    fn value(&mut self, number: usize, depth: u32) -> Result<(), AvroProblem> {
        let schema: &'s Schema = self.schema;
        let node = schema.node(number).ok_or("is of no type")?;
        match node {
            Node::Null => self.put(b"null"),
            Node::Boolean => match self.input.array()? {
                [0] => self.put(b"false"),
                [1] => self.put(b"true"),
                _ => return Err("holds a boolean that is neither 0 nor 1".into()),
            },
            Node::Int(meaning) => {
                let value = self.input.int()?;
                text::integer(i64::from(value), *meaning, self.out);
            }
            Node::Long(meaning) => {
                let value = self.input.long()?;
                text::integer(value, *meaning, self.out);
            }
            Node::Float => {
                let value = f32::from_le_bytes(self.input.array()?);
                text::float(f64::from(value), &value, self.out);
            }
            Node::Double => {
                let value = f64::from_le_bytes(self.input.array()?);
                text::float(value, &value, self.out);
            }
            Node::Bytes(meaning) => self.bytes(None, *meaning)?,
            Node::Fixed(size, meaning) => self.bytes(Some(*size), *meaning)?,
            Node::String => {
                let value = self.input.text()?;
                encode(value.as_bytes(), self.out);
            }
            Node::Enum(symbols) => {
                let symbol = self.choice(symbols, "holds an enum without such a symbol")?;
                self.put(symbol);
            }
            Node::Union(branches) => {
                let branch = self.choice(branches, "holds a union without such a branch")?;
                self.value(*branch, depth)?;
            }
            Node::Array(_) | Node::Map(_) | Node::Record(_) if depth >= MAX_DEPTH => {
                return Err("is nested deeper than 128 levels".into());
            }
            Node::Array(items) => self.items(b"[]", |writer| writer.value(*items, depth + 1))?,
            Node::Map(values) => self.items(b"{}", |writer| {
                let key = writer.input.text()?;
                encode(key.as_bytes(), writer.out);
                writer.put(b":");
                writer.value(*values, depth + 1)
            })?,
            Node::Record(fields) => self.record(fields, depth + 1)?,
        }
        match self.out.len() > self.end {
            true => Err(AvroProblem::TooLarge),
            false => Ok(()),
        }
    }

    /// Writes the fields of a record.
    fn record(&mut self, fields: &[Field], depth: u32) -> Result<(), AvroProblem> {
        self.put(b"{");
        for (place, field) in fields.iter().enumerate() {
            if place > 0 {
                self.put(b",");
            }
            self.put(&field.prefix);
            self.value(field.node, depth)?;
        }
        self.put(b"}");
        Ok(())
    }

    /// Reads which of several is meant.
    fn choice<'c, T>(&mut self, of: &'c [T], none: Broken) -> Result<&'c T, Broken> {
        let number = usize::try_from(self.input.long()?).ok();
        number.and_then(|number| of.get(number)).ok_or(none)
    }

    fn put(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    fn bytes(&mut self, size: Option<usize>, meaning: Meaning) -> Result<(), AvroProblem> {
        let value = match size {
            Some(size) => self.input.take(size)?,
            None => self.input.bytes()?,
        };
        text::bytes(value, meaning, self.out)?;
        Ok(())
    }

    /// Writes what comes in blocks between two brackets.
    fn items(
        &mut self,
        [open, close]: &[u8; 2],
        mut item: impl FnMut(&mut Self) -> Result<(), AvroProblem>,
    ) -> Result<(), AvroProblem> {
        self.out.push(*open);
        let mut is_first = true;
        loop {
            let count = self.input.block()?;
            if count == 0 {
                break;
            }
            for _ in 0..count {
                if !std::mem::take(&mut is_first) {
                    self.out.push(b',');
                }
                item(self)?;
            }
        }
        self.out.push(*close);
        Ok(())
    }
}
