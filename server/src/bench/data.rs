//! What is published: payloads, ids and channels, the same for everyone who is compared.

use crate::failure::Result;
use bytes::Bytes;
use eventweir::ChannelName;

/// Ends every payload and stands nowhere else in it, so that a reader can count events by counting this byte.
pub(super) const MARK: u8 = b'|';
/// Events are spread over this many channels.
pub(super) const CHANNELS: u64 = 1000;
/// The publishing client that every event names.
pub(super) const SOURCE: &str = "client-1";

/// Makes a JSON string of this many bytes, quotes included.
pub(super) fn payload(bytes: usize) -> Bytes {
    let letters = b"abcdefghijklmnopqrstuvwxyz0123456789".iter().copied().cycle();
    let text = letters.take(bytes.saturating_sub(3));
    [b'"'].into_iter().chain(text).chain([MARK, b'"']).collect()
}

/// Makes the id of event `number`: 16 bytes that grow with time, as those of a UUIDv7 do.
pub(super) fn event_id(number: u64) -> [u8; 16] {
    let mut id = [0; 16];
    let (time, chance) = id.split_at_mut(8);
    time.copy_from_slice(&number.to_be_bytes());
    chance.copy_from_slice(&scatter(number).to_be_bytes());
    id
}

/// Chooses the channel of event `number`, without a pattern that an index could profit from.
pub(super) fn channel_of(number: u64) -> u64 {
    scatter(number) % CHANNELS
}

/// Names all channels, in order.
pub(super) fn channels() -> Result<Vec<ChannelName>> {
    (0..CHANNELS).map(channel).collect()
}

pub(super) fn channel(number: u64) -> Result<ChannelName> {
    Ok(ChannelName::new(&format!("/bench/{number}"))?)
}

/// SplitMix64: spreads consecutive numbers over all of 64 bits.
pub(super) fn scatter(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_json_of_its_length_with_one_mark() {
        for length in [16, 256, 4096] {
            let payload = payload(length);
            assert_eq!(payload.len(), length);
            assert_eq!(payload.iter().filter(|byte| **byte == MARK).count(), 1);
            serde_json::from_slice::<String>(&payload).unwrap();
        }
    }

    #[test]
    fn ids_grow_and_channels_are_all_used() {
        let ids: Vec<_> = (0..1000).map(event_id).collect();
        assert!(ids.is_sorted());
        let used: std::collections::HashSet<_> = (0..20_000).map(channel_of).collect();
        assert_eq!(used.len(), 1000);
    }
}
