//! Writes the plans that scripts unpack: MessagePack, of which Redis' Lua has a reader.

/// Holds packed values, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pack(Vec<u8>);

impl Pack {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Begins an array; so many values follow.
    pub(crate) fn array(&mut self, length: usize) -> &mut Self {
        let length = length as u32;
        match length {
            0..16 => self.0.push(0x90 | length as u8),
            16..65_536 => {
                self.0.push(0xdc);
                self.0.extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                self.0.push(0xdd);
                self.0.extend_from_slice(&length.to_be_bytes());
            }
        }
        self
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let length = bytes.len() as u32;
        match length {
            0..32 => self.0.push(0xa0 | length as u8),
            32..65_536 => {
                self.0.push(0xda);
                self.0.extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                self.0.push(0xdb);
                self.0.extend_from_slice(&length.to_be_bytes());
            }
        }
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// A number that need not be exact beyond 2^53: Lua's numbers are doubles.
    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        match number {
            0..128 => self.0.push(number as u8),
            128..65_536 => {
                self.0.push(0xcd);
                self.0.extend_from_slice(&(number as u16).to_be_bytes());
            }
            65_536..0x1_0000_0000 => {
                self.0.push(0xce);
                self.0.extend_from_slice(&(number as u32).to_be_bytes());
            }
            _ => {
                self.0.push(0xcf);
                self.0.extend_from_slice(&number.to_be_bytes());
            }
        }
        self
    }

    /// Whole numbers of any size, exact, as text.
    pub(crate) fn exact(&mut self, number: u64) -> &mut Self {
        self.text(&number.to_string())
    }

    /// Writes an array of so many items.
    pub(crate) fn list<T>(
        &mut self,
        count: usize,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.array(count);
        items.into_iter().for_each(|item| each(self, item));
        self
    }

    /// Adds what was packed elsewhere.
    pub(crate) fn packed(&mut self, other: &Self) -> &mut Self {
        self.0.extend_from_slice(&other.0);
        self
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_their_forms() {
        fn packed(write: impl Fn(&mut Pack) -> &mut Pack) -> Vec<u8> {
            let mut pack = Pack::new();
            write(&mut pack);
            pack.finish()
        }
        assert_eq!(
            packed(|p| p.number(5).number(300).number(70_000)),
            [5, 0xcd, 1, 44, 0xce, 0, 1, 0x11, 0x70]
        );
        assert_eq!(packed(|p| p.array(2).text("ab")), [0x92, 0xa2, b'a', b'b']);
        assert_eq!(packed(|p| p.bytes(&[7; 40]))[..3], [0xda, 0, 40]);
        assert_eq!(packed(|p| p.bytes(&[7; 70_000]))[..5], [0xdb, 0, 1, 0x11, 0x70]);
        assert_eq!(packed(|p| p.array(70_000)), [0xdd, 0, 1, 0x11, 0x70]);
    }
}
