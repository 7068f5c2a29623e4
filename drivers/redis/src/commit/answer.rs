//! What the script said about a commit.

use crate::codec::damaged;
use crate::codec::reply::parse;
use eventweir::{Appended, Commit, Error, ErrorKind, Expect, Receipt, Result, Sequence};

/// Makes the receipt, or the error that the same decision makes everywhere.
pub(crate) fn receipt(commit: &Commit, answer: &[u8]) -> Result<Receipt> {
    let (kind, text) = answer.split_first().ok_or_else(|| damaged("an answer"))?;
    match kind {
        b'n' => read_receipt(text, false),
        b'r' => read_receipt(text, true),
        b'x' => Err(expectation(&commit.expect, text)?),
        b'c' => Err(cursors(commit, text)?),
        b'v' => Err(records(commit, text)?),
        b'o' => Err(Error::new(ErrorKind::StorageFull, "the stream has used up its sequences: 2^53 - 1")
            .with_retryable(false)),
        _ => Err(damaged("an answer")),
    }
}

fn expectation(expect: &Expect, actual: &[u8]) -> Result<Error> {
    Ok(expect.failed(parse(actual)?))
}

/// The first move that is refused, decided again with what the script saw.
fn cursors(commit: &Commit, text: &[u8]) -> Result<Error> {
    let mut fields = text.split(|byte| *byte == b',');
    let head: Sequence = parse(fields.next().unwrap_or_default())?;
    for (change, current) in commit.cursors.iter().zip(fields) {
        if let Err(refused) = change.decide(present(current)?, head) {
            return Ok(refused);
        }
    }
    Err(damaged("a refusal without a reason"))
}

fn records(commit: &Commit, text: &[u8]) -> Result<Error> {
    for (change, current) in commit.records.iter().zip(text.split(|byte| *byte == b',')) {
        if let Err(refused) = change.decide(present(current)?) {
            return Ok(refused);
        }
    }
    Err(damaged("a refusal without a reason"))
}

fn present<T: std::str::FromStr>(text: &[u8]) -> Result<Option<T>> {
    if text == b"-" { Ok(None) } else { parse(text).map(Some) }
}

fn read_receipt(text: &[u8], repeated: bool) -> Result<Receipt> {
    let mut fields = text.split(|byte| *byte == b' ');
    let epoch = parse(fields.next().unwrap_or_default())?;
    let head = parse(fields.next().unwrap_or_default())?;
    let event = |field: &[u8]| match field.strip_prefix(b"=") {
        Some(known) => Ok(Appended { sequence: parse(known)?, duplicate: true }),
        None => Ok(Appended { sequence: parse(field)?, duplicate: false }),
    };
    Ok(Receipt { epoch, head, events: fields.map(event).collect::<Result<_>>()?, repeated })
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventweir::{CursorMove, CursorName, RecordChange, RecordExpect, RecordKey};

    fn seq(n: u64) -> Sequence {
        Sequence::new(n).unwrap()
    }

    #[test]
    fn receipts_are_read() {
        let receipt = receipt(&Commit::new(), b"r00000000000000ab 9 =3 9").unwrap();
        assert!(receipt.repeated && receipt.head == seq(9));
        assert_eq!(
            receipt.events,
            [Appended { sequence: seq(3), duplicate: true }, Appended { sequence: seq(9), duplicate: false }]
        );
        assert!(super::receipt(&Commit::new(), b"").is_err());
    }

    #[test]
    fn refusals_say_what_everyone_says() {
        let name = CursorName::new("c").unwrap();
        let commit = Commit::new()
            .with_cursor(CursorMove::advance(name, seq(1), seq(2)))
            .with_expect(Expect::Head(seq(4)))
            .with_record(RecordChange {
                key: RecordKey::new("r").unwrap(),
                expect: RecordExpect::Absent,
                value: None,
            });
        let kind = |answer: &[u8]| receipt(&commit, answer).unwrap_err().kind();
        assert_eq!(kind(b"c9,-"), ErrorKind::Conflict);
        assert_eq!(kind(b"c1,1"), ErrorKind::InvalidInput);
        assert_eq!(kind(b"v3"), ErrorKind::Conflict);
        assert_eq!(kind(b"x3"), ErrorKind::Conflict);
        // The script refused what everyone would do.
        assert_eq!(kind(b"c9,1"), ErrorKind::Corrupt);
    }
}
