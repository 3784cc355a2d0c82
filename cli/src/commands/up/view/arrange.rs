//! Which lines a screen has room for; pure.

use crate::output::{Line, Tone};

/// Lines that belong together.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// What matters less has a higher rank, and is left out first.
    pub(super) rank: Rank,
    pub(super) lines: Vec<Line>,
    /// Fewer lines of it say nothing.
    pub(super) least: usize,
    /// Whether a blank line stands above it where there is room.
    pub(super) is_spaced: bool,
}

/// What matters more, first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Heading,
    Layer,
    Failure,
    Message,
    Detail,
    Reasons,
    Watermark,
    Notice,
    Invitation,
    Table,
    Dashboard,
    Access,
}

impl Block {
    /// Makes a block that may be cut to any length.
    pub(super) fn new(rank: Rank, lines: Vec<Line>) -> Self {
        Self {
            rank,
            lines,
            least: 1,
            is_spaced: false,
        }
    }

    /// A blank line is to stand above it.
    #[must_use]
    pub(super) fn spaced(self) -> Self {
        Self {
            is_spaced: true,
            ..self
        }
    }

    /// It is left out where there is room for fewer lines.
    #[must_use]
    pub(super) fn at_least(self, least: usize) -> Self {
        Self { least, ..self }
    }
}

/// Arranges blocks in `height` lines: the less important ones are cut or left out, and what is left over becomes space.
pub(super) fn arrange(blocks: Vec<Block>, height: usize) -> Vec<Line> {
    let mut ranks: Vec<Rank> = blocks.iter().map(|block| block.rank).collect();
    ranks.sort_unstable();
    ranks.dedup();
    let mut room = height;
    let mut taken = vec![0; blocks.len()];
    for rank in ranks {
        let here = blocks.iter().zip(&mut taken);
        for (block, taken) in here.filter(|(block, _)| block.rank == rank) {
            let fits = block.lines.len().min(room);
            if fits >= block.least {
                *taken = fits;
                room -= fits;
            }
        }
    }
    let mut lines = Vec::new();
    for (block, taken) in blocks.into_iter().zip(taken) {
        if taken == 0 {
            continue;
        }
        if block.is_spaced && room > 0 && !lines.is_empty() {
            lines.push(Line::default());
            room -= 1;
        }
        let all = block.lines.len();
        lines.extend(block.lines.into_iter().take(taken));
        if taken < all
            && let Some(last) = lines.last_mut()
        {
            let more = all - taken + 1;
            *last = Line::of(Tone::Faint, &format!("    … {more} more lines"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(rank: Rank, text: &str, lines: usize) -> Block {
        let lines = (1..=lines).map(|line| Line::plain(&format!("{text}{line}")));
        Block::new(rank, lines.collect())
    }

    fn texts(blocks: &[Block], height: usize) -> Vec<String> {
        let lines = arrange(blocks.to_vec(), height);
        lines.iter().map(|line| line.text()).collect()
    }

    #[test]
    fn what_matters_less_gives_way_and_space_is_what_is_left() {
        let blocks = [
            block(Rank::Heading, "head", 1),
            block(Rank::Table, "table", 3).at_least(3).spaced(),
            block(Rank::Layer, "layer", 2).spaced(),
        ];
        let all = [
            "head1", "", "table1", "table2", "table3", "", "layer1", "layer2",
        ];
        assert_eq!(texts(&blocks, 20), all);
        let mut close = all.to_vec();
        close.remove(5);
        assert_eq!(texts(&blocks, 7), close);
        assert_eq!(texts(&blocks, 5), ["head1", "", "layer1", "layer2"]);
        assert_eq!(texts(&blocks, 3), ["head1", "layer1", "layer2"]);
        assert_eq!(texts(&blocks, 1), ["head1"]);
        assert!(texts(&blocks, 0).is_empty());
    }

    #[test]
    fn a_block_that_is_cut_says_how_much_is_missing() {
        let blocks = [block(Rank::Failure, "f", 5)];
        assert_eq!(texts(&blocks, 3), ["f1", "f2", "    … 3 more lines"]);
    }
}
