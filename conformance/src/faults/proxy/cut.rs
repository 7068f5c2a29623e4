//! When a connection is cut.

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client to the server.
    Request,
    /// From the server to the client.
    Answer,
}

/// After how many more bytes of what a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    Either(u64),
    Requests(u64),
    Answers(u64),
}

/// What may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leave {
    pub(super) bytes: usize,
    pub(super) then_cut: bool,
}

impl Cut {
    /// Returns whether nothing more is waited for.
    pub(super) fn is_due(self) -> bool {
        self == Self::Either(0)
    }

    /// Counts bytes that are about to go on, and says how many of them may.
    pub(super) fn spend(&mut self, way: Way, bytes: usize) -> Leave {
        let left = match (self, way) {
            (Self::Either(left), _)
            | (Self::Requests(left), Way::Request)
            | (Self::Answers(left), Way::Answer) => left,
            _ => return Leave { bytes, then_cut: false },
        };
        let leave = bytes.min(usize::try_from(*left).unwrap_or(usize::MAX));
        *left -= leave as u64;
        Leave { bytes: leave, then_cut: *left == 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_each_way_as_it_says() {
        let all = |bytes| Leave { bytes, then_cut: false };
        let mut either = Cut::Either(10);
        assert_eq!(either.spend(Way::Request, 4), all(4));
        assert_eq!(either.spend(Way::Answer, 5), all(5));
        assert_eq!(either.spend(Way::Request, 9), Leave { bytes: 1, then_cut: true });
        assert!(either.is_due());
        let mut answers = Cut::Answers(0);
        assert!(!answers.is_due());
        assert_eq!(answers.spend(Way::Request, 100), all(100));
        assert_eq!(answers.spend(Way::Answer, 1), Leave { bytes: 0, then_cut: true });
        let mut requests = Cut::Requests(3);
        assert_eq!(requests.spend(Way::Answer, 100), all(100));
        assert_eq!(requests.spend(Way::Request, 3), Leave { bytes: 3, then_cut: true });
    }
}
