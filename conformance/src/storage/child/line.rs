//! The lines that a process prints.

use super::plan::{Attempt, Before};
use eventweir::{Appended, Effect, Epoch, Receipt, Sequence};
use std::fmt;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It is about to commit.
    Attempt(Attempt),
    /// A writer's commit was acknowledged.
    Acknowledged(u64, Receipt),
    /// A writer's commit failed, and the writer has stopped; with what the error says.
    Failed(u64, Effect, String),
}

impl Line {
    pub(crate) fn acknowledged(writer: u64, receipt: &Receipt) -> Self {
        Self::Acknowledged(writer, receipt.clone())
    }

    /// Reads a line; other lines of the program are `None`. A test program may print before it on the same line.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let said = line.split_once(MARK)?.1.strip_suffix(END)?;
        let words: Vec<&str> = said.split(' ').collect();
        match words[..] {
            ["try", life, writer, number, head, cursor, version] => Some(Self::Attempt(Attempt {
                life: life.parse().ok()?,
                writer: writer.parse().ok()?,
                number: number.parse().ok()?,
                before: Before::parse(head, cursor, version)?,
            })),
            ["ok", writer, epoch, head, repeated, ref events @ ..] => {
                let events = events.iter().map(|event| parse_placed(event)).collect::<Option<_>>()?;
                let receipt = Receipt {
                    epoch: Epoch::new(epoch.parse().ok()?).ok()?,
                    head: sequence(head)?,
                    events,
                    repeated: repeated.parse().ok()?,
                };
                Some(Self::Acknowledged(writer.parse().ok()?, receipt))
            }
            ["failed", writer, effect, ref why @ ..] => {
                let effect = if effect == "none" { Effect::NotApplied } else { Effect::Unknown };
                Some(Self::Failed(writer.parse().ok()?, effect, why.join(" ")))
            }
            _ => None,
        }
    }
}

fn parse_placed(text: &str) -> Option<Appended> {
    match text.strip_suffix('!') {
        Some(known) => Some(Appended { sequence: sequence(known)?, duplicate: true }),
        None => Some(Appended { sequence: sequence(text)?, duplicate: false }),
    }
}

fn sequence(text: &str) -> Option<Sequence> {
    Sequence::new(text.parse().ok()?).ok()
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)?;
        match self {
            Self::Attempt(Attempt { life, writer, number, before }) => {
                write!(f, "try {life} {writer} {number} {} ", before.head)?;
                match before.cursor {
                    Some(cursor) => write!(f, "{cursor}")?,
                    None => f.write_str("-")?,
                }
                write!(f, " {}", before.version)?;
            }
            Self::Acknowledged(writer, Receipt { epoch, head, events, repeated }) => {
                write!(f, "ok {writer} {} {head} {repeated}", epoch.get())?;
                for placed in events {
                    write!(f, " {}{}", placed.sequence, if placed.duplicate { "!" } else { "" })?;
                }
            }
            Self::Failed(writer, effect, why) => {
                let effect = if *effect == Effect::NotApplied { "none" } else { "unknown" };
                write!(f, "failed {writer} {effect} {}", why.replace('\n', " "))?;
            }
        }
        f.write_str(END)
    }
}

const MARK: &str = "eventweir-child: ";
/// Tells a line that is whole from one that a kill cut off.
const END: &str = " .";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::seq;

    #[test]
    fn what_is_printed_is_read() {
        let before = Before { head: seq(7), cursor: None, version: 0 };
        let later = Before { head: seq(9), cursor: Some(seq(7)), version: 3 };
        let events = vec![
            Appended { sequence: seq(8), duplicate: false },
            Appended { sequence: seq(2), duplicate: true },
        ];
        let receipt = Receipt { epoch: Epoch::random(), head: seq(8), events, repeated: false };
        for line in [
            Line::Attempt(Attempt { life: 1, writer: 2, number: 3, before }),
            Line::Attempt(Attempt { life: 1, writer: 2, number: 4, before: later }),
            Line::acknowledged(2, &receipt),
            Line::acknowledged(2, &Receipt { events: Vec::new(), repeated: true, ..receipt.clone() }),
            Line::Failed(0, Effect::Unknown, "the disk is gone".to_owned()),
        ] {
            assert_eq!(Line::parse(&line.to_string()), Some(line.clone()));
            assert_eq!(Line::parse(&format!("test child ... {line}")), Some(line.clone()));
            let whole = line.to_string();
            assert!((0..whole.len()).all(|end| Line::parse(&whole[..end]).is_none()));
        }
    }

    #[test]
    fn other_lines_and_parts_of_lines_are_nothing() {
        for other in [
            "",
            "running 1 test",
            "eventweir-child: ",
            "eventweir-child: try 1 2",
            "eventweir-child: ok 1 x .",
        ] {
            assert_eq!(Line::parse(other), None, "{other:?}");
        }
    }
}
