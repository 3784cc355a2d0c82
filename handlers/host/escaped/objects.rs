//! Objects that look alike: names, their order and most values are those of another one.
//!
//! What an object has in common with it is found by comparing their texts and copied from what was made of the other.

use std::ops::Range;

use super::reader::Reader;

/// Which members of objects are kept.
pub(in crate::host) struct Keep<'k> {
    /// Says it of a name.
    pub(in crate::host) name: &'k dyn Fn(&[u8]) -> bool,
    /// Whether a null is left out.
    pub(in crate::host) skips_nulls: bool,
}

/// An object that others are compared with.
pub(super) struct Model<'a> {
    /// What stands after its opening brace, the closing one included.
    text: &'a [u8],
    members: Vec<Member<'a>>,
}

/// A member of a [`Model`]; its offsets are in the text.
struct Member<'a> {
    /// Its name, if it is to be kept.
    name: Option<&'a [u8]>,
    /// Where its value starts.
    value: usize,
    end: usize,
    /// Where it was appended to.
    out: Range<usize>,
}

/// Returns how many bytes two texts have in common.
#[inline]
fn common_prefix(left: &[u8], right: &[u8]) -> usize {
    // A vector at a time, a word at a time, a byte at a time.
    let vectors = left
        .as_chunks::<32>()
        .0
        .iter()
        .zip(right.as_chunks::<32>().0);
    let vectors = vectors.take_while(|(left, right)| left == right).count();
    let mut same = vectors * 32;
    let (left, right) = (
        left.get(same..).unwrap_or(&[]),
        right.get(same..).unwrap_or(&[]),
    );
    let words = left.as_chunks::<8>().0.iter().zip(right.as_chunks::<8>().0);
    for (left, right) in words {
        let differs = u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right);
        if differs != 0 {
            return same + (differs.trailing_zeros() / 8) as usize;
        }
        same += 8;
    }
    let rest = left.iter().zip(right).skip(same - vectors * 32);
    same + rest.take_while(|(left, right)| left == right).count()
}

/// Returns what stands before a member of the object that starts at `first`.
#[inline]
fn separator(first: usize, out: &[u8]) -> u8 {
    if out.len() == first { b'{' } else { b',' }
}

/// Appends members that have been appended before.
#[inline]
fn copy(members: Range<usize>, first: usize, out: &mut Vec<u8>) {
    if !members.is_empty() {
        out.push(separator(first, out));
        out.extend_from_within(members.start + 1..members.end);
    }
}

impl<'a> Reader<'a> {
    /// Reads the members of an object, and tells what they look like.
    pub(super) fn members(&mut self, keep: &Keep<'_>, out: &mut Vec<u8>) -> Option<Model<'a>> {
        let (text, first) = (self.rest, out.len());
        let mut members = Vec::new();
        loop {
            let start = out.len();
            let name = self.name(keep)?;
            let value = text.len() - self.rest.len();
            self.member(keep, name, first, out)?;
            members.push(Member {
                name,
                value,
                end: text.len() - self.rest.len(),
                out: start..out.len(),
            });
            if !self.has_member()? {
                // What stands behind it is compared with nothing: it may be as alike as the object.
                let text = text.get(..text.len() - self.rest.len())?;
                return Some(Model { text, members });
            }
        }
    }

    /// Reads the members of an object that may look like another one; false if it turns out not to. What they have in
    /// common is copied.
    pub(super) fn members_like(
        &mut self,
        model: &Model<'a>,
        keep: &Keep<'_>,
        out: &mut Vec<u8>,
    ) -> Option<bool> {
        let first = out.len();
        let mut members = model.members.iter();
        let mut at = 0;
        loop {
            let same = at + common_prefix(self.rest, model.text.get(at..)?);
            // A member is the same if what follows it is.
            let is_same = |member: &&Member<'a>| member.end < same;
            let alike = members.as_slice().iter().take_while(is_same).count();
            let (copied, others) = members.as_slice().split_at(alike);
            members = others.iter();
            if let (Some(start), Some(end)) = (copied.first(), copied.last()) {
                copy(start.out.start..end.out.end, first, out);
                self.split(end.end - at)?;
                at = end.end + 1;
                if !self.has_member()? {
                    return Some(true);
                }
            }
            let like = members.next().filter(|member| member.value <= same);
            let Some(like) = like else {
                return self.other_members(keep, first, out).map(|()| false);
            };
            self.split(like.value - at)?;
            self.member(keep, like.name, first, out)?;
            at = like.end + 1;
            if !self.has_member()? {
                return Some(true);
            }
        }
    }

    /// Reads the members that are left of an object.
    fn other_members(&mut self, keep: &Keep<'_>, first: usize, out: &mut Vec<u8>) -> Option<()> {
        loop {
            let name = self.name(keep)?;
            self.member(keep, name, first, out)?;
            if !self.has_member()? {
                return Some(());
            }
        }
    }

    /// Takes a name and its colon; none within if its member is not to be kept.
    fn name(&mut self, keep: &Keep<'_>) -> Option<Option<&'a [u8]>> {
        let name = self.text()?;
        self.eat(b":")?;
        Some((keep.name)(name).then_some(name))
    }

    /// Reads a value, and appends its member if it has a name; `first` is where its object starts.
    fn member(
        &mut self,
        keep: &Keep<'_>,
        name: Option<&[u8]>,
        first: usize,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let is_left_out = keep.skips_nulls && self.rest.starts_with(b"null");
        let Some(name) = name.filter(|_| !is_left_out) else {
            return self.skip_value();
        };
        out.push(separator(first, out));
        out.push(b'"');
        out.extend_from_slice(name);
        out.extend_from_slice(b"\":");
        self.append_value(out)
    }

    /// Moves over what stands after a member; false at the end of the object.
    #[inline]
    fn has_member(&mut self) -> Option<bool> {
        match self.split(1)? {
            b"," => Some(true),
            b"}" => Some(false),
            _ => None,
        }
    }
}
