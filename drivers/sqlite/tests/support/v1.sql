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
