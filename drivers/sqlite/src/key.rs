//! Stream and sequence in one integer: the key of the events table.
//!
//! With the stream in the high bits, a stream's events lie together and its appends go to the end of its part, where SQLite
//! fills pages one after the other.

use eventweir::{Error, ErrorKind, Result, Sequence};

/// The small number of a stream in this file: 1 to 32,767.
pub(crate) type StreamId = i64;
/// The number of a channel in this file, never used twice.
pub(crate) type ChannelId = i64;

const SEQUENCE_BITS: u32 = 48;
/// The greatest sequence that this driver gives out: 281 million million.
pub(crate) const MAX_SEQUENCE: u64 = (1 << SEQUENCE_BITS) - 1;
/// The greatest number of a stream.
pub(crate) const MAX_STREAM: StreamId = i16::MAX as StreamId;

/// Returns the key of a sequence of a stream. What lies beyond the greatest sequence is brought down to it.
pub(crate) fn of(stream: StreamId, sequence: Sequence) -> i64 {
    stream << SEQUENCE_BITS | sequence.get().min(MAX_SEQUENCE) as i64
}

/// Returns the sequence of a key.
pub(crate) fn sequence(key: i64) -> Sequence {
    Sequence::from_i64(key & MAX_SEQUENCE as i64)
}

/// Checks that `count` more sequences fit after a head.
pub(crate) fn check_room(head: Sequence, count: usize) -> Result<()> {
    if head.get().saturating_add(count as u64) > MAX_SEQUENCE {
        return Err(
            Error::new(ErrorKind::StorageFull, "the stream has used up its sequences").with_retryable(false)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_rise_with_stream_and_sequence() {
        let seq = |n| Sequence::new(n).unwrap();
        assert!(of(1, Sequence::MAX) < of(2, Sequence::ZERO));
        assert!(of(MAX_STREAM, seq(MAX_SEQUENCE)) > 0);
        assert_eq!(sequence(of(7, seq(42))), seq(42));
        assert!(check_room(seq(MAX_SEQUENCE), 1).is_err());
        assert!(check_room(seq(MAX_SEQUENCE - 1), 1).is_ok());
    }
}
