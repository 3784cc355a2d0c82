//! Object containers: a schema, and values in blocks.

use super::datum::AvroProblem;
use super::input::Input;

/// What a container begins with.
pub const MAGIC: &[u8] = b"Obj\x01";

/// A container whose header was read.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// The text of the schema that its values were written by.
    pub schema: &'a str,
    /// How its blocks are compressed: `null` is not at all.
    pub codec: &'a str,
    sync: [u8; 16],
    rest: Input<'a>,
}

/// Some values.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// How many.
    pub count: u64,
    /// Their bytes, compressed or not. After deflate, some writers leave a part of a checksum that readers pass over.
    pub content: &'a [u8],
}

impl<'a> Container<'a> {
    /// Reads the header of a container.
    ///
    /// # Errors
    /// Fails if the bytes begin otherwise, or name no schema.
    pub fn read(bytes: &'a [u8]) -> Result<Self, AvroProblem> {
        let mut input = Input(bytes);
        if input.take(MAGIC.len())? != MAGIC {
            return Err(AvroProblem::Broken("is no container"));
        }
        let (mut schema, mut codec) = (None, "null");
        loop {
            let count = input.block()?;
            if count == 0 {
                break;
            }
            // Each takes two bytes, so that a false count soon ends.
            for _ in 0..count {
                let (name, value) = (input.text()?, input.bytes()?);
                let text = || std::str::from_utf8(value).map_err(|_| "names no codec or schema");
                match name {
                    "avro.schema" => schema = Some(text()?),
                    "avro.codec" => codec = text()?,
                    _ => {}
                }
            }
        }
        Ok(Self {
            schema: schema.ok_or("has no schema")?,
            codec,
            sync: input.array()?,
            rest: input,
        })
    }

    /// Reads the next block; nothing at the end.
    ///
    /// # Errors
    /// Fails if what comes is no block.
    pub fn next_block(&mut self) -> Result<Option<Block<'a>>, AvroProblem> {
        if self.rest.0.is_empty() {
            return Ok(None);
        }
        let count = u64::try_from(self.rest.long()?);
        let count = count.map_err(|_| "has a block of a negative count")?;
        let content = self.rest.bytes()?;
        if self.rest.array()? != self.sync {
            return Err(AvroProblem::Broken(
                "has a block that ends otherwise than the container says",
            ));
        }
        Ok(Some(Block { count, content }))
    }
}
