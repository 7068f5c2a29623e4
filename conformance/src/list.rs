//! The one place that lists the properties: it makes the tests, the constants and the documentation's tables.

use crate::property::Run;
use crate::{Law, Level, Needs, Property};

/// Hands the properties of bare stores to [`__emit!`](crate::__emit). Each entry: what it needs, and what the driver is held to.
#[doc(hidden)]
#[macro_export]
macro_rules! __storage_properties {
    ($mode:ident $($with:tt)*) => {
        $crate::__emit! { $mode [$($with)*]
            order Order {
                sequences_follow_commits [] "Events get the sequences right after the head, in the order of the commit; refused commits leave no holes";
                sequences_survive_a_purge [] "A stream that was emptied, and reopened where it can be, goes on counting";
                sequences_survive_a_deletion [Catalog] "A channel that was deleted gives no sequence back";
                concurrent_commits_stand_in_one_order [] "Commits of several writers stand side by side in the log, each where its receipt says";
                no_clock_has_a_say_in_the_order [Clock] "Clocks that stand still or jump by an hour, and events of the past, change no sequence";
            }
            visibility Visibility {
                an_acknowledged_commit_is_seen_by_everyone [] "What was acknowledged to one client is there for every other, at once";
                nothing_appears_below_what_was_seen [] "A reader at the end of a log with several writers sees every sequence, in order";
                what_was_seen_stays_as_it_is [] "A read up to a head that was shown finds everything up to it";
            }
            no_miss NoMiss {
                every_selector_finds_its_channels [] "Exact, subtree, ancestors, pattern and several, in both directions and any page size, between names that look alike";
                limits_cut_after_the_merge [] "Several channels in small pages come whole and in one order";
                channels_that_come_to_be_later_are_found [] "A selection that was read before means the channels, too, that are made afterwards";
                sparse_channels_are_found [] "A few events of a quiet channel are found between thousands of others";
                events_come_back_as_they_were [] "Every byte and attribute of an event is read as it was published";
                the_first_event_comes_whatever_its_size [] "An event larger than a page's bytes does not stop a reader";
                own_events_are_left_out_and_no_others [] "A selection without one source leaves out that source only, and passes over it";
                readers_of_every_kind_keep_up_with_writers [] "Readers of several selections, beside several writers, see what a later look sees";
                a_reader_in_pages_misses_nothing_while_the_log_is_trimmed [] "A slow reader is given what is retained, and told of the rest";
                a_trim_removes_what_it_must_and_no_more [] "Events and bytes are trimmed to their limits, oldest first, and no event more goes";
                lists_are_whole_page_by_page [Catalog] "A walk through the channels leaves none out";
            }
            told Told {
                a_trim_is_told_to_those_it_concerns [] "A reader behind the oldest event is told the gap, and nobody else is";
                an_emptied_stream_is_told [] "A reader of a stream where nothing is left is told, also after a restart";
                a_gap_is_told_in_every_selection [] "Whatever the selection is, what it lost is told";
                a_deletion_is_told_to_its_readers [Catalog] "A deleted channel is told to its readers, once";
                deletions_are_counted [Catalog] "A deletion raises the stream's count of deletions, and a trim does not: other brokers go by it";
                another_epoch_is_told [] "A position of another incarnation is refused and told as a reset";
                a_stream_made_again_has_another_epoch [Catalog] "A stream that was deleted and used again refuses old positions";
            }
            no_duplicate NoDuplicate {
                a_repeated_event_is_appended_once [Ids] "A known event id appends nothing and returns the first sequence";
                an_event_repeated_in_its_commit_is_appended_once [Ids] "An event id given twice in one commit makes one event";
                ids_are_compared_byte_for_byte [Ids] "Ids that look alike are different ids, and are read as they were given";
                an_id_outlives_its_event [Ids] "An id is recognised after its event was removed, also after a restart";
                a_repeated_commit_has_no_second_effect [Ids] "A known commit id changes nothing and returns the first receipt, whatever else it holds";
                concurrent_retries_append_once [Ids] "Retries at the same time make one event and are told one sequence";
                a_callers_clock_forgets_no_id [Ids] "A trim whose caller's clock is days ahead or behind has no id forgotten before its window is over";
                an_id_is_known_for_its_window_by_the_stores_clock [Ids Clock] "While the store's clock stands still and jumps by hours, each id is known for its window";
                a_reader_that_resumes_sees_nothing_twice [] "Pages of any size, each at the position of the one before, hold each event once";
            }
            atomic Atomic {
                a_refused_commit_leaves_nothing_behind [] "A commit that is wrong in one thing leaves no event, cursor, record or id";
                batches_are_seen_whole [] "A page beside several writers holds all of a commit's events or none";
                events_cursors_and_records_appear_together [] "Who sees one part of a commit sees every part";
                a_dropped_commit_happens_wholly_or_not_at_all [] "A commit that nobody waits for any more is whole or not there";
            }
            durable Durable {
                everything_survives_a_restart [Durability] "Events, gaps, cursors, records and the epoch are as they were";
                an_epoch_that_was_shown_survives [Durability] "An empty stream keeps the epoch that it once showed";
                ids_survive_a_restart [Durability] "Event and commit ids are recognised after a restart";
                killed_it_keeps_what_it_acknowledged [Durability Place] "A process that is killed in the middle of its commits leaves each acknowledged one whole, and every other one whole or not at all";
                a_process_that_stood_still_loses_nothing [Durability Place] "A process that stands still and goes on has lost nothing, whoever else opens its store meanwhile";
            }
            honest Honest {
                refusals_say_what_is_wrong [] "A refused commit says which kind of wrong it is, and that it was not applied";
                jobs_are_refused_by_a_store_without_them [] "Job changes are unsupported, not ignored";
                a_closed_store_says_so [] "Every call on a closed store says so";
                a_trim_by_age_keeps_what_is_young [] "A trim removes what is too old and nothing younger, also when the clock went back";
                a_full_store_refuses_and_goes_on [Small] "A full store refuses commits whole and says so, is read and trimmed, and goes on when there is room";
                a_full_store_is_trimmed_while_publishers_insist [Small] "Publishers that go on trying do not keep a full store from being trimmed";
                usage_counts_what_is_there [Catalog] "Usage counts retained events, bytes, channels and cursors";
            }
            cursor Cursor {
                cursors_are_compare_and_set [] "Every kind of move is carried out or refused as the contract says";
                a_cursor_may_reach_the_head_of_its_own_commit [] "Outputs and the cursor that passes them fit in one commit";
                a_cursor_outlives_the_events_it_passed [] "Trimming leaves cursors where they are";
                one_of_many_movers_wins [] "Of several movers from one place one succeeds";
                one_of_many_expecting_writers_wins [] "Of several writers that expect the same head one succeeds";
                records_are_compare_and_set [] "Record versions count from 1, and wrong ones are refused";
                concurrent_counters_lose_nothing [] "A counter in a record, raised by several clients, loses nothing";
            }
            wake_up WakeUp {
                a_commit_wakes_those_who_follow [Wakeups] "Of several commits at least one wakes a reader";
                a_hint_is_never_ahead_of_the_log [] "What a hint tells of can be read";
                a_stream_wakes_only_its_own [] "A hint never tells another stream's head";
            }
            isolation Isolation {
                a_reader_that_stops_holds_nobody_up [] "Idle followers, kept pages and abandoned reads hold up no writer and no trim";
                pages_keep_to_their_limits [] "No page is larger than asked for";
                streams_share_nothing [] "Two streams have their own sequences, epochs, ids, cursors and records";
            }
            every Every {
                scripts_agree_with_the_model [] "Random scripts of all calls do step by step what a plain model does; failing ones shrink";
                concurrent_scripts_agree_with_the_log [] "Random scripts of several clients at the same time are told what the log says, at a moment of each call; failing ones shrink";
            }
        }
    };
}

/// Hands the properties of delivery to [`__emit!`](crate::__emit): they hold for brokers, and for every wire protocol.
#[doc(hidden)]
#[macro_export]
macro_rules! __delivery_properties {
    ($mode:ident $($with:tt)*) => {
        $crate::__emit! { $mode [$($with)*]
            order Order {
                publishers_at_once_make_one_order [] "Several publishers make one order, and every reader sees it";
                one_after_another_they_stand_so [] "What is published after another publication was acknowledged stands after it";
                a_clock_that_jumps_changes_nothing [Clock] "Steps of the clock by an hour, in both directions, change neither order nor delivery";
            }
            no_miss NoMiss {
                a_reader_sees_everything_in_order [] "A reader that comes between the publications sees what was before and what comes";
                history_becomes_live_without_a_seam [] "Readers that come at any moment, while several publish, miss nothing at the hand-over";
                every_selection_is_delivered [] "Every kind of selection that the protocol knows gets its channels, also those that come to be later";
                who_falls_behind_comes_back [] "A slow reader that falls out of the broker's memory goes on from the store";
                cut_at_any_byte_readers_go_on [Connections] "A reader whose connection is cut at any byte goes on exactly where it was";
                bytes_may_come_in_any_pieces [Connections] "Bytes that come late or one by one change nothing";
            }
            told Told {
                what_was_trimmed_is_told [Gaps Trim] "A reader that comes back after a trim is told the gap, whether its connection was open or gone";
                a_removed_channel_is_told [Gaps Remove] "A reader that comes back after its channel was removed is told the gap";
                a_removed_channel_is_gone_everywhere [Gaps Remove] "What was removed through one broker is soon not given out by any, and who comes back is told the gap";
                who_missed_nothing_is_told_nothing [Gaps Trim] "A reader that has seen what was removed is told no gap, nor is one that begins with the oldest";
                a_place_of_another_incarnation_is_told [Resets BeginAnew] "A reader from before the stream was begun anew is told the reset, and gets all there is";
            }
            no_duplicate NoDuplicate {
                a_repeated_publication_is_one_event [Ids] "An event published again by its id, over another connection, is there once, and its first sequence is told";
                repeated_at_the_same_time_it_is_one_event [Ids] "One id published by several clients at once is one event";
                a_lost_answer_can_be_asked_for_again [Ids Connections] "A publication whose answer was lost is repeated, and is there once";
                who_reconnects_all_the_time_sees_nothing_twice [] "A reader that connects again after every few events sees each once";
            }
            atomic Atomic {
                batches_are_whole_and_side_by_side [Batches] "Batches of several publishers do not mix, and readers see them whole";
                a_batch_that_was_cut_off_is_whole_or_not_there [Batches Connections] "A batch whose connection is cut is published wholly or not at all";
            }
            durable Durable {
                a_restart_loses_nothing [Restart Durability Ids] "Restarts while clients publish and read lose and double nothing";
                kill_9_loses_nothing [Kill Durability Ids] "kill -9 while clients publish and read loses and doubles nothing";
                a_broker_that_stood_still_goes_on [Pause] "A broker that is stopped for a time and continued loses and doubles nothing";
                who_lost_its_broker_goes_on_at_another [Brokers Durability Ids] "While one broker after another is gone and stays away, its clients go on at the others where they were; nothing is lost, doubled or held up";
                what_a_volatile_broker_lost_is_told [Kill Resets] "What a broker lost with its memory is told to those who come back";
            }
            honest Honest {
                outcomes_agree_with_the_log_when_the_store_fails [Faults Ids] "While the store fails, before and after it did what it was asked, answers agree with the log";
            }
            wake_up WakeUp {
                without_wake_ups_everything_still_comes [Faults] "With every wake-up lost, everything still comes";
            }
            isolation Isolation {
                a_reader_that_stops_holds_nobody_up [] "Readers that take nothing hold up no publisher and no other reader, and miss nothing";
            }
            every Every {
                random_clients_agree_with_the_log [] "Random scripts of publishers, readers and disturbances agree with the log; failing ones shrink";
            }
        }
    };
}

/// Makes tests (`tests`) or the constants' entries (`storage`, `delivery`) of a list.
#[doc(hidden)]
#[macro_export]
macro_rules! __emit {
    (tests [$subject:expr] $($module:ident $law:ident { $($name:ident [$($needs:ident)*] $text:literal;)* })*) => {$(
        mod $module {
            use super::*;
            $(
                #[doc = $text]
                #[test]
                fn $name() {
                    $crate::hold(&$subject, $crate::Law::$law, ::core::stringify!($name));
                }
            )*
        }
    )*};
    (storage [] $($list:tt)*) => { $crate::__entries! { Storage storage $($list)* } };
    (delivery [] $($list:tt)*) => { $crate::__entries! { Delivery delivery $($list)* } };
}

/// Makes the constants' entries.
#[doc(hidden)]
#[macro_export]
macro_rules! __entries {
    ($run:ident $home:ident $($module:ident $law:ident { $($name:ident [$($needs:ident)*] $text:literal;)* })*) => {
        &[$($($crate::__entry! { $run $home $module $law $name [$($needs)*] $text },)*)*]
    };
}

/// Makes one entry.
#[doc(hidden)]
#[macro_export]
macro_rules! __entry {
    ($run:ident $home:ident $module:ident $law:ident $name:ident [$($needs:ident)*] $text:literal) => {
        Property {
            law: Law::$law,
            name: stringify!($name),
            needs: &[$(Needs::$needs),*],
            text: $text,
            run: Run::$run(|given| Box::pin($crate::$home::properties::$module::$name(given))),
        }
    };
}

/// Makes one `#[test]` per property for a driver, in a module per law, for an expression that gives a [`Harness`]; and those of
/// brokers over it, in the modules `broker` and `brokers`.
///
/// ```ignore
/// eventweir_conformance::storage_suite!(MyHarness);
/// ```
///
/// [`Harness`]: crate::Harness
#[macro_export]
macro_rules! storage_suite {
    ($harness:expr) => {
        $crate::__storage_properties! {
            tests $crate::Subject::storage($harness).with_child($crate::test_as_child(__CHILD))
        }

        mod broker {
            use super::*;
            $crate::__delivery_properties! { tests $crate::Subject::broker($harness) }
        }

        mod brokers {
            use super::*;
            $crate::__delivery_properties! { tests $crate::Subject::brokers($harness) }
        }

        /// Where the test is that the suite starts in a process of its own, to kill it.
        const __CHILD: &str = concat!(module_path!(), "::child");

        /// Writes to a store until it is killed, when the suite has started it for that.
        #[test]
        fn child() {
            $crate::child($harness);
        }
    };
}

/// Makes one `#[test]` per property of delivery for an expression that gives a [`Subject`](crate::Subject) of the wire.
#[macro_export]
macro_rules! wire_suite {
    ($subject:expr) => {
        $crate::__delivery_properties! { tests $subject }
    };
}

/// The properties of bare stores, in the order of the documentation's table.
pub const STORAGE_PROPERTIES: &[Property] = __storage_properties! { storage };

/// The properties of brokers and of wire protocols, in the order of the documentation's table.
pub const DELIVERY_PROPERTIES: &[Property] = __delivery_properties! { delivery };

/// Returns the properties of a level.
pub fn properties(level: Level) -> &'static [Property] {
    match level {
        Level::Storage => STORAGE_PROPERTIES,
        Level::Broker | Level::Brokers | Level::Wire | Level::Wires => DELIVERY_PROPERTIES,
    }
}

/// Returns a table of the documentation, in Markdown.
pub fn table(level: Level) -> String {
    let mut table = String::from("| law | property | needs | what is demanded |\n|---|---|---|---|\n");
    for Property { law, name, needs, text, .. } in properties(level) {
        let needs: Vec<_> = needs.iter().map(|need| need.as_str()).collect();
        table += &format!("| {law} | `{name}` | {} | {text} |\n", needs.join(", "));
    }
    table
}
