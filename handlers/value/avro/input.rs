//! Bytes of Avro, read from the start.

/// Why bytes are no value of their schema: what is wrong, for people.
pub(super) type Broken = &'static str;

const TOO_SHORT: Broken = "ends too early";

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(TOO_SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(TOO_SHORT)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// Reads a whole number: seven bits a byte, the lowest first, the sign in the lowest of all.
    pub(super) fn long(&mut self) -> Result<i64, Broken> {
        let mut bits: u64 = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let low = u64::from(byte & 0x7F);
            if shift == 63 && low > 1 {
                break;
            }
            bits |= low << shift;
            if byte & 0x80 == 0 {
                return Ok((bits >> 1) as i64 ^ -((bits & 1) as i64));
            }
        }
        Err("holds a number of more than 64 bits")
    }

    pub(super) fn int(&mut self) -> Result<i32, Broken> {
        i32::try_from(self.long()?).map_err(|_| "holds an int of more than 32 bits")
    }

    /// Reads bytes that begin with their count.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Broken> {
        let count = usize::try_from(self.long()?);
        self.take(count.map_err(|_| "holds bytes of a negative length")?)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Broken> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "holds text that is not UTF-8")
    }

    /// Reads how many items the next block of an array or a map has; after the last one comes 0.
    pub(super) fn block(&mut self) -> Result<u64, Broken> {
        let count = self.long()?;
        if count < 0 {
            // How many bytes it has, for those who pass over it.
            self.long()?;
        }
        Ok(count.unsigned_abs())
    }
}
