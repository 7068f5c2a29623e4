//! The format of event streams, as the HTML standard defines it (section 9.2).

use super::super::failure;
use eventweir::Result;

/// Greatest length of a block: a broker's events are shorter by far.
const MAX_BLOCK_BYTES: usize = 64 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Holds what stands between two blank lines, once its blank line has come. What was cut off before that never was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// The last event id from here on, if this block says one.
    pub(super) id: Option<String>,
    /// The event's name; empty for a message.
    pub(super) name: String,
    /// The event's data; without any, nothing is dispatched.
    pub(super) data: Option<String>,
}

/// Makes blocks of bytes, however they were cut.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    line: Vec<u8>,
    /// The last byte was a carriage return, which has ended its line; a line feed right after it belongs to that end.
    after_return: bool,
    /// The first line has ended.
    begun: bool,
    block: Block,
    length: usize,
}

impl Blocks {
    /// Takes the next bytes, and returns the blocks that they end.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<Vec<Block>> {
        let mut ended = Vec::new();
        for &byte in piece {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => ended.extend(self.end_line()),
                _ => self.line.push(byte),
            }
        }
        if self.line.len() + self.length > MAX_BLOCK_BYTES {
            return Err(failure::not_understood("an event does not end"));
        }
        Ok(ended)
    }

    fn end_line(&mut self) -> Option<Block> {
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.begun, true) && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        if line.is_empty() {
            self.length = 0;
            return Some(std::mem::take(&mut self.block));
        }
        self.length += line.len();
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        self.field(field, value.strip_prefix(' ').unwrap_or(value));
        None
    }

    fn field(&mut self, field: &str, value: &str) {
        match field {
            "event" => value.clone_into(&mut self.block.name),
            "data" => match &mut self.block.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.block.data = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => self.block.id = Some(value.to_owned()),
            // Comments (a field without a name), `retry`, and what nobody knows.
            _ => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails by a panic")]
mod tests {
    use super::*;

    fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Block> {
        let mut blocks = Blocks::default();
        pieces.into_iter().flat_map(|piece| blocks.take(piece).unwrap()).collect()
    }

    fn block(id: Option<&str>, name: &str, data: Option<&str>) -> Block {
        Block { id: id.map(str::to_owned), name: name.to_owned(), data: data.map(str::to_owned) }
    }

    const TEXT: &str = "\u{feff}retry: 10\n: hello\nid: 1\n\nid:2\nevent: gap\ndata: a\ndata:b\n\n\
                        data:  c\r\ndata\r\n\r\nid: 3\r\rid: \u{0}4\ndata: \u{e4}\n:\n\nid: 5\ndata: cut off\n";

    #[test]
    fn blocks_are_as_the_standard_says() {
        let expected = [
            block(Some("1"), "", None),
            block(Some("2"), "gap", Some("a\nb")),
            block(None, "", Some(" c\n")),
            block(Some("3"), "", None),
            block(None, "", Some("\u{e4}")),
        ];
        assert_eq!(parse([TEXT.as_bytes()]), expected);
    }

    #[test]
    fn blocks_are_the_same_wherever_the_bytes_are_cut() {
        let whole = parse([TEXT.as_bytes()]);
        assert_eq!(parse(TEXT.as_bytes().chunks(1)), whole);
        for at in 0..TEXT.len() {
            let (head, tail) = TEXT.as_bytes().split_at(at);
            assert_eq!(parse([head, tail]), whole, "cut at {at}");
        }
    }

    #[test]
    fn all_line_ends_mean_the_same() {
        let whole = parse([&b"id: 1\ndata: a\n\ndata: b\n\n"[..]]);
        assert_eq!(parse([&b"id: 1\rdata: a\r\rdata: b\r\r"[..]]), whole);
        assert_eq!(parse([&b"id: 1\r\ndata: a\r\n\r\ndata: b\r\n\r\n"[..]]), whole);
        assert_eq!(parse([&b"id: 1\r"[..], b"\ndata: a\r", b"\n\r", b"\n", b"data: b\r\n\r\n"]), whole);
    }
}
