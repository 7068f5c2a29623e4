//! Which of the 16,384 slots of a cluster a key has.

pub(super) const SLOTS: u16 = 16_384;

/// Returns the slot: of what is in the first braces, unless nothing is, else of the whole key.
pub(super) fn of(key: &[u8]) -> u16 {
    crc16(tag(key).unwrap_or(key)) % SLOTS
}

fn tag(key: &[u8]) -> Option<&[u8]> {
    let open = key.iter().position(|byte| *byte == b'{')? + 1;
    let length = key[open..].iter().position(|byte| *byte == b'}').filter(|length| *length > 0)?;
    Some(&key[open..open + length])
}

/// CRC-16/XMODEM, bit by bit: keys are short.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(of(b"foo"), 12182);
        assert_eq!(of(b"weir:{foo}:meta"), 12182);
        assert_eq!(of(b"{}foo"), crc16(b"{}foo") % SLOTS);
        assert_eq!(of(b"a{{foo}}"), crc16(b"{foo") % SLOTS);
        assert_eq!(of(b"{foo"), crc16(b"{foo") % SLOTS);
    }
}
