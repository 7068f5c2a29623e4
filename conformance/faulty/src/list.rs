//! The one list of what is faulty: it makes the tests and the table.

use crate::brokers;
use crate::delivery::{publishing, reading, spoil_client};
use crate::storage::{
    FaultyHarness, NoFault, catalog, commits, content, cursors, epochs, gaps, ids, killed, reads, restart,
    selection, sequences, sharing, trims, wakeups,
};
use eventweir_conformance::{Law, Subject, clients};
use std::path::Path;

/// Something that is wrong in exactly one way.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Faulty {
    /// Its name, unique in the list.
    pub name: &'static str,
    /// The law that must find it.
    pub law: Law,
    /// Whether random scripts must find it, too.
    pub scripts: bool,
    /// What it does wrong.
    pub wrong: &'static str,
    /// The class of failures that it stands for, and where such a defect was seen.
    pub seen: &'static str,
    subject: fn(&Path) -> Subject,
}

impl Faulty {
    /// Finds an entry of the list.
    pub fn named(name: &str) -> Option<&'static Self> {
        FAULTY.iter().find(|faulty| faulty.name == name)
    }

    /// Returns what is examined. `program` is the command of this crate, which is started as the process that is killed.
    pub fn subject(&self, program: &Path) -> Subject {
        (self.subject)(program).named(self.name)
    }
}

/// Returns the wrapper without a fault: what is found in it is a mistake of the suite.
pub fn right() -> FaultyHarness<NoFault> {
    FaultyHarness::default()
}

/// Returns a driver that panics, which must end in a sentence.
pub fn panics() -> Subject {
    Subject::storage(FaultyHarness::<reads::Panics>::default())
}

/// Writes to the store at a place until it is killed, when the suite has started this process for that.
pub fn child() {
    eventweir_conformance::child(killed::OnFiles { child: true });
}

/// Hands the list to a macro: each entry's name; its law, and `scripts` where random scripts must find it, too; how it is made;
/// what is wrong; and where that was seen.
#[macro_export]
#[doc(hidden)]
macro_rules! faulty {
    ($each:ident) => {
        $each! {
            sequences_used_again [Order scripts] storage(sequences::SequencesUsedAgain)
                "counts from the oldest event that is there: a stream that was emptied begins again"
                "Counter reset: a purge let Zaqar's clients miss messages";
            counts_from_what_is_there [Order scripts] storage(sequences::CountsFromWhatIsThere)
                "looks for the greatest sequence when it is opened: after a purge and a restart it finds none"
                "Counter reset: AUTO_INCREMENT of InnoDB before MySQL 8";
            refusals_leave_holes [Order scripts] storage(sequences::RefusalsLeaveHoles)
                "takes the sequence of a commit that is rolled back away with it"
                "Stalled counter: sequences of PostgreSQL are not part of the transaction";
            batch_is_reversed [Order scripts] storage(sequences::BatchReversed)
                "puts the events of a batch on a stack"
                "Batches pushed to the head of a list, as with LPUSH";
            receipt_of_the_first [Order scripts] storage(sequences::ReceiptOfTheFirst)
                "takes the sequence that it is told of a batch's first event for that of its last"
                "LAST_INSERT_ID of MySQL is the first of a statement, that of SQLite the last";

            sequences_before_commit [Visibility] storage(sequences::SequencesBeforeCommit)
                "hands sequences out before it commits: a later one is seen before an earlier one"
                "Id order against commit order: event stores on sequences of PostgreSQL, Axon";
            head_is_stale [Visibility] storage(sequences::StaleHead)
                "tells the head that it knew the last time it was asked"
                "Caches in front of a counter";
            replica_lags [Visibility] storage(sequences::LaggingReplica)
                "reads from a replica that is behind the writer"
                "Failover and replicas: reads of a secondary in MongoDB and Redis";

            limit_before_merge [NoMiss scripts] storage(reads::LimitBeforeMerge)
                "asks for a page of each scope, and puts the pages together"
                "Filter changes delivery: several queues polled with one limit each";
            limit_before_filter [NoMiss scripts] storage(reads::LimitBeforeFilter)
                "cuts the page first and selects afterwards, and takes an empty page for the end"
                "Filter changes delivery: LIMIT before the filter, as DynamoDB applies it";
            scopes_are_read_one_after_the_other [NoMiss] storage(reads::ScopeByScope)
                "reads the scopes of a selection one after the other, without one snapshot"
                "Sub-channel membership: one query per channel";
            head_is_asked_after_the_events [NoMiss] storage(reads::HeadAfterEvents)
                "asks for the events and then for the head, and says that the page reaches the head"
                "History-to-live hand-over: two queries where one snapshot is needed";
            page_reaches_too_far [NoMiss scripts] storage(reads::PageReachesTooFar)
                "says that a page reaches the head when it was cut"
                "Committed before processing: offsets of Kafka consumers that commit what was fetched";
            descending_page_border [NoMiss scripts] storage(reads::DescendingBorder)
                "loses one event between two pages, newest first"
                "Off by one at a page's border";
            until_is_excluded [NoMiss scripts] storage(reads::UntilExcluded)
                "takes an end that is included for one that is not"
                "Off by one: half-open ranges";
            resumes_one_too_far [NoMiss scripts] storage(reads::ResumesOneTooFar)
                "skips the event after the one that a reader saw last"
                "Gap on reconnect: a next offset taken for a last one";
            large_event_stops [NoMiss scripts] storage(reads::LargeEventStops)
                "ends a page before an event that is larger than the page, for ever"
                "Kafka consumers before 0.10.1, stuck at a message above their fetch size";
            siblings_leak_into_a_subtree [NoMiss scripts] storage(selection::SiblingsLeak)
                "takes a subtree for all names that begin like it"
                "Tenant and key confusion: prefixes without a separator";
            like_without_escape [NoMiss] storage(selection::LikeWithoutEscape)
                "looks for a subtree with LIKE, where an underscore means any character"
                "Tenant and key confusion: patterns of a store in names";
            children_only [NoMiss scripts] storage(selection::ChildrenOnly)
                "takes the children for the whole subtree"
                "Sub-channel membership";
            ancestors_without_self [NoMiss scripts] storage(selection::AncestorsWithoutSelf)
                "takes the parents of a channel for the channel and its parents"
                "Sub-channel membership";
            ancestors_miss_the_top [NoMiss scripts] storage(selection::AncestorsMissTop)
                "stops climbing below the topmost channel"
                "Sub-channel membership";
            star_crosses_a_slash [NoMiss scripts] storage(selection::StarCrossesSlash)
                "matches a star as GLOB does, across slashes"
                "Tenant and key confusion: GLOB of SQLite, MATCH of Redis";
            names_without_case [NoMiss scripts] storage(selection::NamesWithoutCase)
                "compares channels by a collation that knows no case"
                "Tenant and key confusion: the default collation of MySQL";
            names_are_normalised [NoMiss scripts] storage(selection::NamesNormalised)
                "takes /a, /a/ and //a for one channel"
                "Tenant and key confusion: routers that merge slashes";
            later_channels_are_missed [NoMiss scripts] storage(selection::LaterChannelsMissed)
                "looks once which channels a subtree has"
                "Sub-channel membership: children that are created later";
            own_events_are_echoed [NoMiss scripts] storage(selection::Echo)
                "gives a client its own events"
                "The echo rule of RSE";
            events_of_nobody_are_left_out [NoMiss scripts] storage(selection::SourcelessLeftOut)
                "compares sources as SQL compares with NULL"
                "The echo rule: `source <> ?` is not true of NULL";
            headers_are_lost [NoMiss scripts] storage(content::HeadersLost)
                "keeps no headers"
                "Bridges that pass a body on, and nothing else";
            data_is_kept_as_text [NoMiss scripts] storage(content::DataAsText)
                "keeps data as text, and replaces what is none"
                "Torn bytes: binary payloads in columns of text";
            empty_data_is_gone [NoMiss scripts] storage(content::EmptyIsGone)
                "takes an event without data for one that was removed"
                "Tombstones of Kafka's compaction";
            time_in_seconds [NoMiss scripts] storage(content::TimeInSeconds)
                "keeps times in whole seconds"
                "DATETIME of MySQL";
            trims_one_too_many [NoMiss scripts] storage(trims::TrimsOneTooMany)
                "keeps one event less than it should"
                "Off by one in retention";
            trim_ignores_bytes [NoMiss scripts] storage(trims::TrimIgnoresBytes)
                "knows no limit of bytes"
                "Storage full: retention that counts events only";
            trim_stops_halfway [NoMiss scripts] storage(trims::TrimStopsHalfway)
                "stops after one batch, and says that there is no more"
                "Scavenger starvation: a sweep that never gets beyond its first page";
            list_skips_one [NoMiss scripts] storage(catalog::ListSkipsOne)
                "skips one channel between two pages of a list"
                "Scavenger starvation: pages by OFFSET";

            gap_is_not_told [Told scripts] storage(gaps::GapNotTold)
                "tells no gap"
                "Trim under a slow reader: XREAD of Redis streams";
            trim_under_a_reader [Told scripts] storage(gaps::TrimUnderAReader)
                "tells a gap only where a walk begins, not when it is trimmed between two pages"
                "Trim under a slow reader";
            gap_of_one_is_not_told [Told scripts] storage(gaps::GapOfOneNotTold)
                "tells no gap of a single event"
                "Off by one in retention";
            gap_of_a_pattern_is_not_told [Told scripts] storage(gaps::GapOfPatternsNotTold)
                "knows what is gone of single channels, and not of patterns"
                "Trim under a slow reader";
            gap_is_told_to_everyone [Told scripts] storage(gaps::GapToldToEveryone)
                "tells a gap to everyone whose start is below the oldest event, also when the log begins there"
                "False alarms, after which nobody listens";
            gap_ends_too_early [Told scripts] storage(gaps::GapEndsTooEarly)
                "says that all is there again one event too early"
                "Off by one in retention";
            gap_is_lost_on_reopen [Told scripts] storage(gaps::GapLostOnReopen)
                "forgets at a restart what it has removed"
                "Counter reset: marks of retention that live in memory";
            deletion_is_not_told [Told scripts] storage(gaps::DeletionNotTold)
                "tells what retention removed, and not what was deleted"
                "Counter reset: PURGE of a queue under its consumers";
            deletions_are_not_counted [Told] storage(epochs::DeletionsUncounted)
                "does not count deletions, so that no other broker notices them"
                "Purge on one node of a cluster, and the caches of the others";
            epoch_is_ignored [Told scripts] storage(epochs::EpochIgnored)
                "takes positions of another incarnation for its own"
                "Failover rollback: offsets used on after a restore";
            epoch_of_the_name [Told] storage(epochs::EpochOfTheName)
                "gives a stream that was deleted and made again the old epoch"
                "Counter reset: topics made again under the same name";
            reset_reads_on [Told scripts] storage(epochs::ResetReadsOn)
                "tells a reset, and reads on where the old position was"
                "Failover rollback";

            event_is_given_twice [NoDuplicate scripts] storage(reads::Twice)
                "begins a page with the event that the reader has seen already"
                "Gap on reconnect: an inclusive start taken for an exclusive one";
            event_ids_are_ignored [NoDuplicate scripts] storage(ids::EventIdsIgnored)
                "knows no event id again"
                "Ambiguous append retried: producers of Redpanda";
            commit_ids_are_ignored [NoDuplicate scripts] storage(ids::CommitIdsIgnored)
                "knows no commit id again"
                "Ambiguous append retried: transactions of MongoDB 4.2";
            retries_without_ids [NoDuplicate scripts] storage(ids::RetriesWithoutIds)
                "repeats an append whose answer was lost, with ids of its own"
                "Ambiguous append retried: drivers that retry below the caller";
            repetition_moves_cursors [NoDuplicate scripts] storage(ids::RepetitionMovesCursors)
                "guards a commit's events by its id, and carries the rest out again"
                "Ambiguous append retried: idempotence of one table of two";
            repeated_in_its_commit [NoDuplicate scripts] storage(ids::RepeatedInItsCommit)
                "recognises a repetition in another commit only"
                "Ambiguous append retried: one query for all ids of a batch";
            looks_before_it_appends [NoDuplicate] storage(ids::LooksBeforeItAppends)
                "looks whether an id is known, and appends later"
                "Ambiguous append retried: SELECT, then INSERT";
            ids_without_case [NoDuplicate] storage(ids::WithoutCase)
                "takes ids for one that differ in case"
                "Tenant and key confusion: the default collation of MySQL";
            ids_without_trailing_space [NoDuplicate] storage(ids::WithoutSpace)
                "takes ids for one that differ in white space at the end"
                "Tenant and key confusion: CHAR columns";
            ids_are_cut [NoDuplicate] storage(ids::Beginning)
                "compares the beginning of an id, as far as its index goes"
                "Tenant and key confusion: prefix indexes";
            ids_are_forgotten_at_trim [NoDuplicate scripts] storage(ids::ForgottenAtTrim)
                "forgets the ids of events that are gone"
                "Ambiguous append retried, at the window's edge";
            ids_are_forgotten_by_the_callers_clock [NoDuplicate] storage(ids::ForgottenByTheCallersClock)
                "forgets ids by the clock of whoever trims"
                "Clock jumps";

            batch_is_half_visible [Atomic] storage(commits::HalfVisible)
                "commits event by event"
                "Batch visibility: the tx field of Zaqar";
            refused_commit_moves_cursors [Atomic scripts] storage(commits::RefusedMovesCursors)
                "moves cursors before it looks whether the commit can be carried out"
                "Commit before processing";
            refused_commit_is_remembered [Atomic scripts] storage(commits::RefusedIsRemembered)
                "remembers a commit's id before it knows whether it can be carried out"
                "Error told as success: keys of idempotence stored before the work";
            records_come_later [Atomic] storage(commits::RecordsApart)
                "writes records in a second step"
                "Batch visibility: two writes where one transaction is needed";
            dropped_commit_leaves_half [Atomic] storage(commits::DroppedLeavesHalf)
                "has written a part when its caller goes away"
                "Batch visibility: a driver that crashes in a batch";

            everything_is_lost_on_reopen [Durable scripts] storage(restart::LostOnReopen)
                "keeps nothing"
                "Acknowledged write lost";
            last_event_is_lost_on_reopen [Durable scripts] storage(restart::LastEventLost)
                "had the last event in a buffer"
                "Acknowledged write lost: a torn last record that is thrown away";
            answers_before_it_writes [Durable] killed()
                "acknowledges what is in its buffer, and is killed before that is written"
                "Acknowledged write lost: NATS 2.12, Redis, Kafka";
            cursors_are_lost_on_reopen [Durable scripts] storage(restart::CursorsLostOnReopen)
                "keeps cursors in memory only"
                "Cursor regression: offsets that are zero after a failover";
            versions_are_lost_on_reopen [Durable scripts] storage(restart::VersionsLostOnReopen)
                "counts the versions of records from one again"
                "Counter reset";
            ids_are_forgotten_on_reopen [Durable scripts] storage(ids::ForgottenOnReopen)
                "keeps the ids that it knows in memory"
                "Ambiguous append retried, after a restart";
            epoch_is_chosen_at_opening [Durable scripts] storage(epochs::EpochChosenAtOpening)
                "chooses a new epoch each time it is opened"
                "Counter reset: ids of a run taken for ids of the data";

            failure_is_told_as_success [Honest scripts] storage(commits::FailureAsSuccess)
                "says that all is well"
                "Error told as success: unacknowledged writes of MongoDB";
            success_is_told_as_failure [Honest scripts] storage(commits::SuccessAsFailure)
                "says of a commit whose answer was lost that it did not happen"
                "Success told as error: a lost connection taken for a refusal";
            refusal_is_unsure [Honest scripts] storage(commits::RefusalUnsure)
                "does not know whether what it refused has happened"
                "Success told as error";
            refusal_is_internal [Honest scripts] storage(commits::RefusalIsInternal)
                "calls every refusal a defect"
                "Success told as error: one error for all";
            jobs_are_ignored [Honest] storage(commits::JobsIgnored)
                "takes jobs, and keeps none"
                "Error told as success";
            record_is_cut [Honest] storage(commits::RecordCut)
                "cuts a record's value where its column ends"
                "Torn bytes: MySQL without strict mode";
            never_closed [Honest] storage(commits::NeverClosed)
                "answers on when it is closed"
                "Process pause: a server that outlives its shutdown";
            full_store_says_success [Honest] storage(commits::FullSaysSuccess)
                "says that all is well when there is no room"
                "Storage full: publishers that are not told";
            trims_by_its_own_clock [Honest] storage(trims::TrimsByItsOwnClock)
                "asks another clock than its caller's how old an event is"
                "Clock jumps";
            usage_never_shrinks [Honest scripts] storage(catalog::UsageNeverShrinks)
                "counts what was ever written"
                "Storage full: figures that retention does not change";

            cursor_goes_back [Cursor scripts] storage(cursors::CursorGoesBack)
                "lets every cursor go back"
                "Cursor regression: KurrentDB, Bufstream";
            cursor_is_looked_at_before [Cursor] storage(cursors::CursorLookedAtBefore)
                "looks where a cursor is, and moves it later"
                "Cursor regression: late commits of two consumers";
            trim_moves_cursors [Cursor] storage(cursors::TrimMovesCursors)
                "moves the cursors that a trim overtakes"
                "Trim under a slow reader: offsets reset to the earliest";
            expectation_is_ignored [Cursor scripts] storage(cursors::ExpectationIgnored)
                "expects nothing"
                "Lost update";
            expectation_is_looked_at_before [Cursor] storage(cursors::ExpectationBefore)
                "looks at the expectation, and writes later"
                "Lost update: a version checked outside the transaction";
            channel_head_is_head [Cursor scripts] storage(cursors::ChannelHeadIsHead)
                "takes the last event of the stream for the last of the channel"
                "Event sourcing on a store that knows one version only";
            update_is_lost [Cursor] storage(cursors::LostUpdate)
                "looks at a record's version, and writes later"
                "Lost update: read, modify, write";
            same_value_is_not_counted [Cursor] storage(cursors::SameValueNotCounted)
                "counts a record's change only when its value is another"
                "Affected rows of MySQL, where an equal row is not affected";

            hints_run_ahead [WakeUp] storage(wakeups::HintsRunAhead)
                "tells of a head that is one too far"
                "Missed wake-up: a reader that believes the hint";
            wakes_before_it_commits [WakeUp] storage(wakeups::WakesBeforeItCommits)
                "wakes readers, and commits afterwards"
                "Missed wake-up: NOTIFY outside the transaction";
            wakes_nobody [WakeUp] storage(wakeups::Silent)
                "promises wake-ups, and wakes nobody"
                "Missed wake-up: NOTIFY lost behind a connection pooler";
            wakes_the_neighbours [WakeUp] storage(wakeups::WakesTheNeighbours)
                "wakes the readers of all streams with the head of one"
                "Tenant and key confusion: one channel of notifications for all";

            page_ignores_its_limits [Isolation scripts] storage(reads::Limitless)
                "reads everything at once"
                "Slow consumer: memory without a bound";
            streams_are_mixed [Isolation] storage(sharing::OneStream)
                "puts every stream into one"
                "Tenant and key confusion";
            ids_of_all_streams [Isolation] storage(sharing::IdsOfAllStreams)
                "knows an id again in every stream"
                "Tenant and key confusion: unique jobs of Faktory 1.10";
            readers_hold_writers_up [Isolation] storage(sharing::ReadersHoldWritersUp)
                "lets writers wait until the readers that have begun are done"
                "Slow consumer: SQLite without its write-ahead log";

            page_is_stale_at_the_seam [NoMiss] broker(reads::HeadAfterMany)
                "a broker whose store reads a page and asks for the head afterwards: what came between is neither in history nor live"
                "History-to-live hand-over: Mercure, Centrifugo";
            brokers_see_sequences_before_commits [NoMiss] brokers(sequences::SequencesBeforeCommit)
                "two brokers over a store that hands sequences out before it commits"
                "Id order against commit order";
            broker_appends_twice [NoDuplicate] broker(ids::EventIdsIgnored)
                "a broker whose store drops the ids of events"
                "Ambiguous append retried";
            broker_forgets_with_its_store [Durable] broker(restart::LostOnReopen)
                "a broker whose store is empty after a restart"
                "Acknowledged write lost";
            brokers_know_their_own_ids [NoDuplicate] wires(brokers::IdsOfItsOwn)
                "brokers that each keep the ids they know on a disk of their own: who repeats a publication at another is not known there"
                "Ambiguous append retried: idempotence keys in the memory of one process";
            brokers_know_their_own_head [NoMiss] wires(brokers::KnowsItsOwnHead)
                "brokers that each take the head of their own last commit for that of the stream: what others publish is not seen"
                "Missed wake-up: a cache that only its own process clears";
            one_broker_drops_every_tenth [NoMiss] wires(brokers::DropsEveryTenth)
                "three brokers of which one drops every tenth event"
                "A node of a cluster that was set up in another way than the rest";
            brokers_wait_for_everyone [Durable] wires(brokers::WaitsForEveryone)
                "brokers that commit only while all of them are there: one that stays away holds up the others"
                "Stalled counter: a quorum that counts the dead";
            brokers_keep_what_was_deleted [Told] brokers(epochs::DeletionsUncounted)
                "two brokers over a store that does not count deletions: what was deleted through one is still given out by the other"
                "Purge on one node of a cluster, and the caches of the others";
            client_reorders [Order] client(reading::Reorders)
                "gives two events that come together in the other order"
                "Inconsistent offsets: batches handed to several threads";
            client_resumes_too_late [NoMiss] client(reading::ResumesTooLate)
                "goes on after the event that it should see next, when there are more"
                "Gap on reconnect: a last id that is one too far";
            client_misses_at_the_seam [NoMiss] client(reading::MissesAtTheSeam)
                "reads history to its end, and then begins to listen: what comes between is lost"
                "History-to-live hand-over";
            client_drops_when_slow [NoMiss] client(reading::DropsWhenSlow)
                "has room for a few events, and drops the oldest of more"
                "Slow consumer: the high-water mark of ZeroMQ, lagging broadcasts";
            client_asks_for_its_own [NoMiss] client(reading::AsksForItsOwn)
                "does not say whose events it has no use for"
                "The echo rule of RSE";
            client_asks_for_the_children [NoMiss] client(reading::AsksForTheChildren)
                "asks for a channel and its children where the whole subtree is meant"
                "Sub-channel membership";
            client_asks_for_the_subtree [NoMiss] client(reading::AsksForTheSubtree)
                "asks for the sub-channels where one channel is meant"
                "Sub-channel membership: a filter that leaks";
            client_swallows_gaps [Told] client(reading::SwallowsGaps)
                "passes over gaps"
                "Trim under a slow reader: frames that a client does not know";
            client_swallows_resets [Told] client(reading::SwallowsResets)
                "passes over resets"
                "Counter reset: frames that a client does not know";
            client_tells_gaps_of_its_own [Told] client(reading::TellsGapsOfItsOwn)
                "tells a gap whenever it connects again"
                "False alarms, after which nobody listens";
            client_resumes_too_early [NoDuplicate] client(reading::ResumesTooEarly)
                "goes on with the event that it saw last where a segment of the log begins"
                "Gap on reconnect: an inclusive start taken for an exclusive one";
            client_doubles_at_the_seam [NoDuplicate] client(reading::DoublesAtTheSeam)
                "begins what comes live with the event that history ended with"
                "History-to-live hand-over";
            client_makes_a_new_id_for_each_try [NoDuplicate] client(publishing::NewIdForEachTry)
                "gives each try an id of its own"
                "Ambiguous append retried";
            client_splits_batches [Atomic] client(publishing::SplitsBatches)
                "publishes a batch event by event"
                "Batch visibility";
            client_ignores_refusals [Honest] client(publishing::IgnoresRefusals)
                "takes every answer for a yes"
                "Error told as success";
            client_takes_unknown_for_no [Honest] client(publishing::TakesUnknownForNo)
                "says that what may have happened has not"
                "Success told as error";
        }
    };
}

macro_rules! entries {
    ($($name:ident [$law:ident $($scripts:ident)?] $kind:ident($($what:tt)*) $wrong:literal $seen:literal;)*) => {
        &[$(Faulty {
            name: stringify!($name),
            law: Law::$law,
            scripts: entries!(@flag $($scripts)?),
            wrong: $wrong,
            seen: $seen,
            subject: |_program| entries!(@$kind _program $($what)*),
        },)*]
    };
    (@flag) => { false };
    (@flag scripts) => { true };
    (@storage $program:ident $($fault:tt)*) => { Subject::storage(FaultyHarness::<$($fault)*>::default()) };
    (@broker $program:ident $($fault:tt)*) => { Subject::broker(FaultyHarness::<$($fault)*>::default()) };
    (@brokers $program:ident $($fault:tt)*) => { Subject::brokers(FaultyHarness::<$($fault)*>::default()) };
    (@wires $program:ident $($fault:tt)*) => {
        Subject::wires(brokers::three::<$($fault)*>, clients::native_polling())
    };
    (@client $program:ident $($fault:tt)*) => { Subject::broker(right()).with_clients(spoil_client::<$($fault)*>) };
    (@killed $program:ident) => { killed::subject($program) };
}

/// Everything that is faulty, by the law that must find it.
pub const FAULTY: &[Faulty] = faulty!(entries);
