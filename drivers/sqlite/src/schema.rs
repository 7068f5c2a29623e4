//! The tables, and how older ones become them.

use rusqlite::{Connection, Result};

/// Marks a file as ours: "Weir" in ASCII, at byte 68 of the file.
pub(crate) const APPLICATION_ID: i32 = 0x5765_6972;
/// The version that this driver writes.
pub(crate) const VERSION: i32 = MIGRATIONS.len() as i32;

/// Each entry brings the schema from the version that is its place in the list to the next. Entries are never changed.
const MIGRATIONS: &[&str] = &[V1, V2];

const V1: &str = "
    -- Facts about the file: who it is (see file/identity.rs).
    create table meta(key text primary key, value blob not null) without rowid;

    -- One row for each stream, written once in every group of commits.
    create table streams(
        id integer primary key, name text not null unique, epoch integer not null, head integer not null,
        first integer not null, events integer not null, bytes integer not null, channels integer not null,
        removed_to integer not null, forgotten_to integer not null, indexed_to integer not null);

    -- `key` is stream and sequence in one (see key.rs), so that appends go to the end.
    create table events(
        key integer primary key, channel integer not null, id not null, time integer not null, source text,
        content_type not null, headers text, data blob not null);

    -- Known ids, those of removed events too until they fade.
    create table event_ids(stream integer, id, seq integer not null, primary key(stream, id)) without rowid;
    create table fading_ids(
        n integer primary key autoincrement, stream integer not null, at integer not null, ids blob not null);
    create index fading_ids_stream on fading_ids(stream, n);

    -- A channel stays when its events go, so that readers are told of exactly what they missed.
    -- `last`, `events` count what is in runs or was removed; what is younger is in memory.
    create table channels(
        id integer primary key autoincrement, stream integer not null, name text not null, last integer not null,
        removed_to integer not null, events integer not null, empty integer not null, unique(stream, name));
    create index channels_empty on channels(stream, removed_to) where empty;

    -- The channel index, in sorted runs (see runs.rs).
    create table runs(
        channel integer, first integer, last integer not null, seqs blob not null, primary key(channel, first)
    ) without rowid;

    create table cursors(
        stream integer, name text, seq integer not null, moved integer not null, primary key(stream, name)
    ) without rowid;
    create table records(
        stream integer not null, key text not null, version integer not null, value blob not null,
        primary key(stream, key));

    create table commits(
        stream integer, id, at integer not null, receipt blob not null, primary key(stream, id)) without rowid;
    create index commits_at on commits(stream, at);
";

const V2: &str = "
    -- How many steps removed events of a stream by a deletion.
    alter table streams add column deletions integer not null default 0;
";

/// Shows a connection that cannot write the tables as they would be after the migration: temporary names hide those of the file.
/// Once another process has migrated the file, its own columns come first and are what is read.
const V1_AS_V2: &str = "create temporary view streams as select *, 0 as deletions from main.streams;";

/// Brings a database from `version` to [`VERSION`], all or nothing.
pub(crate) fn migrate(connection: &mut Connection, version: i32) -> Result<()> {
    let transaction = connection.transaction()?;
    for step in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Prepares a connection that only reads for a file that nobody has brought to [`VERSION`] yet.
pub(crate) fn read_as_present(connection: &Connection) -> Result<()> {
    if version(connection)? == 1 { connection.execute_batch(V1_AS_V2) } else { Ok(()) }
}

/// Returns the version of an open database.
pub(crate) fn version(connection: &Connection) -> Result<i32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
