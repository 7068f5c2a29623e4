//! From rows of the events table to events.

use crate::codec::{bytes_of, damaged, read_headers, read_id, read_type, text_of};
use crate::error::Work;
use crate::key::{self, ChannelId};
use eventweir::{ChannelName, Event, NewEvent, Result, Selector, Source, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// The columns that [`event`] reads, in its order.
pub(super) const COLUMNS: &str = "key, channel, id, time, source, content_type, headers, data";

/// The names of the channels that a page met, and whether its selector means them.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<ChannelId, (ChannelName, bool)>);

impl Names {
    pub(super) fn insert(&mut self, id: ChannelId, name: ChannelName) {
        self.0.insert(id, (name, true));
    }

    fn look_up(
        &mut self,
        connection: &Connection,
        id: ChannelId,
        selector: &Selector,
    ) -> Result<&(ChannelName, bool)> {
        let place = match self.0.entry(id) {
            Entry::Occupied(known) => return Ok(known.into_mut()),
            Entry::Vacant(place) => place,
        };
        let mut statement = connection.prepare_cached("select name from channels where id = ?").work()?;
        let name: Option<String> = statement.query_row([id], |row| row.get(0)).optional().work()?;
        let name = ChannelName::new(&name.ok_or_else(|| damaged("an event without a channel"))?)?;
        let meant = selector.matches_channel(name.as_str());
        Ok(place.insert((name, meant)))
    }
}

/// Makes the event of a row, if the selector means it.
pub(super) fn event(
    connection: &Connection,
    row: &Row<'_>,
    selector: &Selector,
    names: &mut Names,
) -> Result<Option<Arc<Event>>> {
    let (channel, meant) = names.look_up(connection, row.get(1).work()?, selector)?;
    if !meant {
        return Ok(None);
    }
    let source = source(row.get_ref(4).work()?)?;
    if !selector.matches_source(source.as_ref()) {
        return Ok(None);
    }
    let id = read_id(row.get_ref(2).work()?)?;
    let mut new = NewEvent::identified(id, channel.clone(), bytes_of(row.get_ref(7).work()?)?);
    new.time = Timestamp::from_millis(row.get(3).work()?);
    new.source = source;
    new.content_type = read_type(row.get_ref(5).work()?)?;
    new.headers = read_headers(row.get_ref(6).work()?)?;
    Ok(Some(Arc::new(Event::new(key::sequence(row.get(0).work()?), new))))
}

fn source(value: ValueRef<'_>) -> Result<Option<Source>> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Text(text) => Source::new(text_of(text)?).map(Some),
        _ => Err(damaged("a source")),
    }
}
