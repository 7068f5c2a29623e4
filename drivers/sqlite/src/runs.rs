//! The written part of the channel index: sorted runs of one channel's sequences.
//!
//! An index with an entry for each event would make every commit write to pages all over the file. Instead the newest events
//! are indexed in memory (see `tail.rs`), and thousands of them are written at once, channel by channel: a run is one row.

use crate::codec::{damaged, read_varint, write_varint};
use eventweir::{Result, Sequence};

/// A run has at most this many sequences, so that a reader never unpacks much more than it returns.
pub(crate) const RUN_LENGTH: usize = 512;

/// Packs rising sequences as the steps between them; the first stands in a column of its own.
pub(crate) fn pack(sequences: &[Sequence]) -> Vec<u8> {
    let mut out = Vec::with_capacity(sequences.len() * 2);
    for pair in sequences.windows(2) {
        write_varint(&mut out, pair[1].get() - pair[0].get());
    }
    out
}

/// Unpacks a run onto the end of a list.
pub(crate) fn unpack(first: Sequence, mut steps: &[u8], out: &mut Vec<Sequence>) -> Result<()> {
    let mut sequence = first;
    out.push(sequence);
    while !steps.is_empty() {
        let step = read_varint(&mut steps).filter(|step| *step > 0).ok_or_else(|| damaged("a run"))?;
        sequence = sequence.plus(step);
        out.push(sequence);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_go_both_ways() {
        let run: Vec<_> = [5, 6, 1000, 1 << 40].map(|n| Sequence::new(n).unwrap()).into();
        let mut back = Vec::new();
        unpack(run[0], &pack(&run), &mut back).unwrap();
        assert_eq!(back, run);
        assert!(unpack(run[0], &[0], &mut back).is_err());
    }
}
