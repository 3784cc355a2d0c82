//! How large an event may become.

use crate::dataset::Payload;
use crate::event::RejectReason;
use crate::silver::cast::reject::Reject;
use crate::value::compression::{Codec, UnpackProblem};

/// What is left of the bytes that an event may have once it is opened, all layers of it together.
#[derive(Debug)]
pub(super) struct Budget {
    all: usize,
    left: usize,
}

impl Budget {
    pub(super) fn of(payload: &Payload) -> Self {
        Self {
            all: payload.max_bytes,
            left: payload.max_bytes,
        }
    }

    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Returns how many bytes were opened.
    pub(super) fn taken(&self) -> usize {
        self.all - self.left
    }

    /// Refuses the event if it has more than so many bytes.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Reject> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.too_large()),
        }
    }

    /// Returns what bytes hold, or says why they are not what the codec writes; refuses the event if it is too much.
    pub(super) fn unpack(
        &mut self,
        codec: Codec,
        bytes: &[u8],
    ) -> Result<Result<Vec<u8>, String>, Reject> {
        let mut unpacked = Vec::new();
        let result = codec.unpack(bytes, self.left, &mut unpacked);
        self.unpacked(result, unpacked)
    }

    /// As [`Self::unpack`], whatever comes after the end.
    pub(super) fn unpack_start(
        &mut self,
        codec: Codec,
        bytes: &[u8],
    ) -> Result<Result<Vec<u8>, String>, Reject> {
        let mut unpacked = Vec::new();
        let result = codec.unpack_start(bytes, self.left, &mut unpacked);
        self.unpacked(result.map(drop), unpacked)
    }

    fn unpacked(
        &mut self,
        result: Result<(), UnpackProblem>,
        unpacked: Vec<u8>,
    ) -> Result<Result<Vec<u8>, String>, Reject> {
        match result {
            Ok(()) => self.take(unpacked.len()).map(|()| Ok(unpacked)),
            Err(UnpackProblem::TooLarge) => Err(self.too_large()),
            Err(UnpackProblem::Broken(problem)) => Ok(Err(problem)),
        }
    }

    #[cold]
    pub(super) fn too_large(&self) -> Reject {
        Reject {
            reason: RejectReason::TooLarge,
            column: None,
            position: 0,
            detail: format!(
                "the event has more than {} bytes once it is opened, which is max_bytes",
                self.all
            ),
        }
    }
}
