//! Where a reader of RSE is.

use crate::delivery::Place;
use eventweir::{Error, Result};

/// Holds the greatest id that a reader has seen, or that the server led it to, and the log that it is of, if it looks at that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) id: u64,
    pub(super) epoch: Option<String>,
}

impl Cursor {
    pub(super) fn place(&self) -> Place {
        match &self.epoch {
            Some(epoch) => Place(format!("{epoch}:{}", self.id)),
            None => Place(self.id.to_string()),
        }
    }

    pub(super) fn read(place: &Place) -> Result<Self> {
        let (epoch, id) = match place.0.split_once(':') {
            Some((epoch, id)) => (Some(epoch.to_owned()), id),
            None => (None, place.0.as_str()),
        };
        let id = id.parse().map_err(|_| Error::invalid(format!("{place} is no place of RSE")))?;
        Ok(Self { id, epoch })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails by a panic")]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_back() {
        for cursor in
            [Cursor { id: 7, epoch: None }, Cursor { id: 0, epoch: Some("00000000000000ab".into()) }]
        {
            assert_eq!(Cursor::read(&cursor.place()).unwrap(), cursor);
        }
        assert!(Cursor::read(&Place("x".into())).is_err());
    }
}
