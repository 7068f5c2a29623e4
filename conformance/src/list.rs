//! The one list of properties: it makes the tests, [`PROPERTIES`] and the documentation's table.

use crate::{Law, Needs, Property, properties};

/// Hands the list to [`__emit!`](crate::__emit). Each entry: what it needs, and what the driver is held to.
#[doc(hidden)]
#[macro_export]
macro_rules! __properties {
    ($mode:ident $($with:tt)*) => {
        $crate::__emit! { $mode [$($with)*]
            order Order {
                sequences_follow_commits [Nothing] "Events get the sequences right after the head, in the order of the commit; refused commits leave no holes";
                sequences_survive_a_purge [Nothing] "A stream that was emptied, and reopened where it can be, goes on counting";
                sequences_survive_a_deletion [Catalog] "A channel that was deleted gives no sequence back";
                concurrent_commits_stand_in_one_order [Nothing] "Commits of several writers stand side by side in the log, each where its receipt says";
            }
            visibility Visibility {
                an_acknowledged_commit_is_seen_by_everyone [Nothing] "What was acknowledged to one client is there for every other, at once";
                nothing_appears_below_what_was_seen [Nothing] "A reader at the end of a log with several writers sees every sequence, in order";
                what_was_seen_stays_as_it_is [Nothing] "A read up to a head that was shown finds everything up to it";
            }
            no_miss NoMiss {
                every_selector_finds_its_channels [Nothing] "Exact, subtree, ancestors, pattern and several, in both directions and any page size, between names that look alike";
                limits_cut_after_the_merge [Nothing] "Several channels in small pages come whole and in one order";
                sparse_channels_are_found [Nothing] "A few events of a quiet channel are found between thousands of others";
                events_come_back_as_they_were [Nothing] "Every byte and attribute of an event is read as it was published";
                the_first_event_comes_whatever_its_size [Nothing] "An event larger than a page's bytes does not stop a reader";
                own_events_are_left_out_and_no_others [Nothing] "A selection without one source leaves out that source only, and passes over it";
                readers_of_every_kind_keep_up_with_writers [Nothing] "Readers of several selections, beside several writers, see what a later look sees";
                a_reader_in_pages_misses_nothing_while_the_log_is_trimmed [Nothing] "A slow reader is given what is retained, and told of the rest";
                lists_are_whole_page_by_page [Catalog] "A walk through the channels leaves none out";
            }
            told Told {
                a_trim_is_told_to_those_it_concerns [Nothing] "A reader behind the oldest event is told the gap, and nobody else is";
                an_emptied_stream_is_told [Nothing] "A reader of a stream where nothing is left is told, also after a restart";
                a_gap_is_told_in_every_selection [Nothing] "Whatever the selection is, what it lost is told";
                a_deletion_is_told_to_its_readers [Catalog] "A deleted channel is told to its readers, once";
                another_epoch_is_told [Nothing] "A position of another incarnation is refused and told as a reset";
                a_stream_made_again_has_another_epoch [Catalog] "A stream that was deleted and used again refuses old positions";
            }
            no_duplicate NoDuplicate {
                a_repeated_event_is_appended_once [Dedup] "A known event id appends nothing and returns the first sequence";
                an_event_repeated_in_its_commit_is_appended_once [Dedup] "An event id given twice in one commit makes one event";
                ids_are_compared_byte_for_byte [Dedup] "Ids that look alike are different ids, and are read as they were given";
                an_id_outlives_its_event [Dedup] "An id is recognised after its event was removed, also after a restart";
                a_repeated_commit_has_no_second_effect [Dedup] "A known commit id changes nothing and returns the first receipt, whatever else it holds";
                concurrent_retries_append_once [Dedup] "Retries at the same time make one event and are told one sequence";
                a_reader_that_resumes_sees_nothing_twice [Nothing] "Pages of any size, each at the position of the one before, hold each event once";
            }
            atomic Atomic {
                a_refused_commit_leaves_nothing_behind [Nothing] "A commit that is wrong in one thing leaves no event, cursor, record or id";
                batches_are_seen_whole [Nothing] "A page beside several writers holds all of a commit's events or none";
                events_cursors_and_records_appear_together [Nothing] "Who sees one part of a commit sees every part";
                a_dropped_commit_happens_wholly_or_not_at_all [Nothing] "A commit that nobody waits for any more is whole or not there";
            }
            durable Durable {
                everything_survives_a_restart [Durability] "Events, gaps, cursors, records and the epoch are as they were";
                an_epoch_that_was_shown_survives [Durability] "An empty stream keeps the epoch that it once showed";
                ids_survive_a_restart [Durability] "Event and commit ids are recognised after a restart";
            }
            honest Honest {
                refusals_say_what_is_wrong [Nothing] "A refused commit says which kind of wrong it is, and that it was not applied";
                jobs_are_refused_by_a_store_without_them [Nothing] "Job changes are unsupported, not ignored";
                a_closed_store_says_so [Nothing] "Every call on a closed store says so";
                usage_counts_what_is_there [Catalog] "Usage counts retained events, bytes, channels and cursors";
            }
            cursor Cursor {
                cursors_are_compare_and_set [Nothing] "Every kind of move is carried out or refused as the contract says";
                a_cursor_may_reach_the_head_of_its_own_commit [Nothing] "Outputs and the cursor that passes them fit in one commit";
                a_cursor_outlives_the_events_it_passed [Nothing] "Trimming leaves cursors where they are";
                one_of_many_movers_wins [Nothing] "Of several movers from one place one succeeds";
                one_of_many_expecting_writers_wins [Nothing] "Of several writers that expect the same head one succeeds";
                records_are_compare_and_set [Nothing] "Record versions count from 1, and wrong ones are refused";
                concurrent_counters_lose_nothing [Nothing] "A counter in a record, raised by several clients, loses nothing";
            }
            wake_up WakeUp {
                a_commit_wakes_those_who_follow [Wakeups] "Of several commits at least one wakes a reader";
                a_hint_is_never_ahead_of_the_log [Nothing] "What a hint tells of can be read";
                a_stream_wakes_only_its_own [Nothing] "A hint never tells another stream's head";
            }
            isolation Isolation {
                a_reader_that_stops_holds_nobody_up [Nothing] "Idle followers, kept pages and abandoned reads hold up no writer and no trim";
                pages_keep_to_their_limits [Nothing] "No page is larger than asked for";
                streams_share_nothing [Nothing] "Two streams have their own sequences, epochs, ids, cursors and records";
            }
            every Every {
                scripts_agree_with_the_model [Nothing] "Random scripts of all calls do step by step what a plain model does; failing ones shrink";
            }
        }
    };
}

/// Makes tests (`tests`) or the constant's entries (`list`) of the list.
#[doc(hidden)]
#[macro_export]
macro_rules! __emit {
    (tests [$harness:expr] $($module:ident $law:ident { $($name:ident [$needs:ident] $text:literal;)* })*) => {$(
        mod $module {
            use super::*;
            $(
                #[doc = $text]
                #[test]
                fn $name() {
                    $crate::hold($crate::Law::$law, ::core::stringify!($name), $harness);
                }
            )*
        }
    )*};
    (list [] $($module:ident $law:ident { $($name:ident [$needs:ident] $text:literal;)* })*) => {
        &[$($(
            Property {
                law: Law::$law,
                name: stringify!($name),
                needs: Needs::$needs,
                text: $text,
                run: |lab| Box::pin(properties::$module::$name(lab)),
            },
        )*)*]
    };
}

/// Makes one `#[test]` per property of the suite, in a module per law, for an expression that gives a [`Harness`].
///
/// ```ignore
/// eventweir_conformance::storage_suite!(MyHarness);
/// ```
///
/// [`Harness`]: crate::Harness
#[macro_export]
macro_rules! storage_suite {
    ($harness:expr) => {
        $crate::__properties! { tests $harness }
    };
}

/// Every property, in the order of the documentation's table.
pub const PROPERTIES: &[Property] = __properties! { list };

/// Returns the documentation's table, in Markdown.
pub fn table() -> String {
    let mut table =
        String::from("| law | property | needs | what the driver is held to |\n|---|---|---|---|\n");
    for Property { law, name, needs, text, .. } in PROPERTIES {
        table += &format!("| {law} | `{name}` | {} | {text} |\n", needs.as_str());
    }
    table
}
