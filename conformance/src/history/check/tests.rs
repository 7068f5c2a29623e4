//! Hand-written histories: right ones of each kind pass, and in wrong ones exactly the law that is broken is found.
//!
//! A history is a table, and time runs down it. A row is one of these; an event `a1` is on the channel `/a`, and `=7` is a
//! sequence:
//!
//! ```text
//! publish a1=1 a2=2       one commit, acknowledged; without sequences where the protocol says none
//! refuse a3               one commit, refused
//! unsure a4 a5            one commit, of which nobody knows
//! call 1 a6 / answer 1 a6=3 (or: answer 1 refused)   the same in two rows, so that other rows can stand between
//! reader r /a (latest)    a reader of the subtree /a asks; with `latest` for what comes. began r, stopped r
//! r a1=1 gap gap=5 reset resumed a2=9@/b             what a reader is told; @ names another channel
//! trim / remove /a / anew / begin trim (and never done)
//! log a1=1 a2=2           what the log holds in the end
//! ```

use super::*;
use crate::Law;
use crate::history::{Recorder, Removed, Saw, Sent, Sighting};
use crate::words::{channel, seq, source};
use eventweir::{ChannelName, Selector, Sequence};
use std::collections::HashMap;

/// One history of the table: its name, what is found in it (nothing, or a law and a word of the text), and its rows.
struct Case(&'static str, Option<(Law, &'static str)>, &'static str);

fn hold(cases: &[Case]) {
    for Case(name, expected, rows) in cases {
        let found = check(&history(rows));
        let Some((law, word)) = expected else {
            assert!(found.is_ok(), "{name}: nothing is wrong, and this is found: {found:?}");
            continue;
        };
        assert!(found.is_err(), "{name}: {law} is broken, and nothing is found");
        let failure = found.unwrap_err();
        assert_eq!(failure.law(), *law, "{name}: {failure}");
        assert!(failure.what().starts_with(word), "{name}: it should say {word:?}: {failure}");
    }
}

const fn right(name: &'static str, rows: &'static str) -> Case {
    Case(name, None, rows)
}

const fn wrong(name: &'static str, law: Law, word: &'static str, rows: &'static str) -> Case {
    Case(name, Some((law, word)), rows)
}

#[test]
fn what_was_acknowledged_is_in_the_log() {
    hold(&[
        right("nothing happened", ""),
        right("all is there", "publish a1=1\npublish a2=2 b3=3\nlog a1=1 a2=2 b3=3"),
        right("a protocol without sequences", "publish a1\npublish a2 b3\nlog a1 a2 b3"),
        wrong(
            "one is lost",
            Law::Durable,
            "lost: a2 at 2",
            "publish a1=1\npublish a2=2\npublish a3=3\nlog a1=1 a3=3",
        ),
        wrong("the last is lost", Law::Durable, "lost: a2", "publish a1\npublish a2\nlog a1"),
        wrong("everything is lost", Law::Durable, "lost: a1", "publish a1=1\npublish a2=2\nlog"),
        wrong(
            "one is lost that came after what is left of a trim",
            Law::Durable,
            "lost: a3",
            "publish a1=1\npublish a2=2\npublish a3=3\ntrim\nlog a2=2",
        ),
        wrong("what was removed before cannot explain it", Law::Durable, "lost: a1", "trim\npublish a1\nlog"),
        wrong(
            "another channel's removal cannot explain it",
            Law::Durable,
            "lost: b2",
            "publish a1=1\npublish b2=2\nremove /a\nlog",
        ),
        right("a trim explains what was below", "publish a1=1\npublish a2=2\ntrim\nlog a2=2"),
        right("a trim that was not seen to end, too", "publish a1=1\npublish a2=2\nbegin trim\nlog a2=2"),
        right(
            "a removal explains its channel",
            "publish a1=1\npublish b2=2\npublish a3=3\nremove /a\nlog b2=2",
        ),
        right(
            "a new stream explains everything before",
            "publish a1=1\npublish a2=2\nanew\npublish a3=1\nlog a3=1",
        ),
        wrong(
            "and nothing after",
            Law::Durable,
            "lost: a2",
            "publish a1=1\nanew\npublish a2=1\npublish a3=2\nlog a3=2",
        ),
        wrong(
            "what a reader was given is in the log, too",
            Law::Durable,
            "lost: r was given a1",
            "reader r /\nunsure a1\nr a1=1\npublish a2=2\nr a2=2\nlog a2=2",
        ),
    ]);
}

#[test]
fn what_nobody_knows_is_there_wholly_or_not_at_all() {
    hold(&[
        right("it is there", "unsure a1 a2\nlog a1=1 a2=2"),
        right("it is not there", "unsure a1 a2\npublish a3=1\nlog a3=1"),
        right("it came late", "unsure a1\npublish a2=1\nlog a2=1 a1=2"),
        right("a retry is acknowledged", "unsure a1\npublish a1=1\nlog a1=1"),
        right("a retry is refused, the first call was not", "unsure a1\nrefuse a1\nlog a1=1"),
        wrong("half of it is there", Law::Atomic, "half: of one commit", "unsure a1 a2\nlog a1=1"),
        wrong(
            "half of it is there, without sequences",
            Law::Atomic,
            "half",
            "unsure a1 a2\npublish a3\nlog a2 a3",
        ),
        right("a trim took the older half", "unsure a1 a2\ntrim\nlog a2=2"),
        wrong("no trim took the newer half", Law::Atomic, "half", "unsure a1 b2\nremove /a\nlog a1=1"),
        wrong(
            "another stands in its middle",
            Law::Atomic,
            "half: a3 at 2 stands between",
            "call 1 a1 a2\npublish a3=2\nanswer 1 a1=1 a2=3\nlog a1=1 a3=2 a2=3",
        ),
        right(
            "a retry of a part may stand elsewhere",
            "unsure a1\npublish a0=2\npublish a1=1 a2=3\nlog a1=1 a0=2 a2=3",
        ),
    ]);
}

#[test]
fn nothing_is_there_twice() {
    hold(&[
        right("a retry appends once", "publish a1=1\npublish a1=1\nlog a1=1"),
        wrong(
            "twice in the log",
            Law::NoDuplicate,
            "duplicated: a1 at 2",
            "unsure a1\npublish a1=2\nlog a1=1 a1=2",
        ),
        wrong(
            "the retry is told another place",
            Law::NoDuplicate,
            "inconsistent",
            "publish a1=1\npublish a1=2\nlog a1=1",
        ),
        wrong(
            "and both are gone since",
            Law::NoDuplicate,
            "inconsistent",
            "publish a1=1\npublish a1=2\npublish a3=3\ntrim\nlog a3=3",
        ),
        wrong(
            "twice to a reader",
            Law::NoDuplicate,
            "duplicated: r was given",
            "publish a1=1\nreader r /\nr a1=1 resumed a1=1\nlog a1=1",
        ),
        right("twice in one commit, which appends it once", "publish a1=1 a2=2 a1=1\nlog a1=1 a2=2"),
        right(
            "again after a reset",
            "reader r /\npublish a1=1\nr a1=1\nanew\npublish a1=1\nr reset a1=1\nlog a1=1",
        ),
    ]);
}

#[test]
fn the_order_is_that_of_the_log() {
    hold(&[
        wrong("sequences fall", Law::Order, "reordered: the log", "publish a1=2\nunsure a2\nlog a1=2 a2=1"),
        wrong(
            "a receipt says another place",
            Law::Order,
            "inconsistent: w was told",
            "publish a1=7\nlog a1=1",
        ),
        wrong(
            "a place is given twice",
            Law::Order,
            "inconsistent: 1 was given",
            "publish a1=1\ntrim\npublish a2=1\nlog a2=1",
        ),
        wrong("a batch is turned round", Law::Order, "reordered: a1", "publish a1 a2\nlog a2 a1"),
        wrong("later before earlier", Law::Order, "reordered: a2", "publish a1\npublish a2\nlog a2 a1"),
        wrong(
            "later before earlier, and one is removed since",
            Law::Order,
            "reordered: a2 at 1",
            "publish a1=2\npublish a2=1\npublish a3=3\ntrim\nlog a1=2 a3=3",
        ),
        right(
            "at the same time, in any order",
            "call 1 a1\ncall 2 a2\nanswer 1 a1=2\nanswer 2 a2=1\nlog a2=1 a1=2",
        ),
        right(
            "a retry stands where the first call put it",
            "unsure a1\npublish a2=2\npublish a1=1\nlog a1=1 a2=2",
        ),
        wrong(
            "a reader sees another order",
            Law::Order,
            "reordered: r was given a2",
            "reader r /\ncall 1 a1\ncall 2 a2\nanswer 1 a1\nanswer 2 a2\nr a2 a1\nlog a1 a2",
        ),
        wrong(
            "a reader sees sequences fall",
            Law::Order,
            "reordered: r was given a2 at 2 and then a1 at 1",
            "reader r /\npublish a1=1\npublish a2=2\nr a2=2 a1=1\nlog a1=1 a2=2",
        ),
        wrong(
            "a reader sees another sequence",
            Law::Order,
            "reordered",
            "reader r /\npublish a1=1\nr a1=5\nlog a1=1",
        ),
        right(
            "sequences of a new stream begin again",
            "reader r /\npublish a1=1 a2=2\nr a1=1 a2=2\nanew\npublish a3=1\nr reset a3=1\nlog a3=1",
        ),
    ]);
}

#[test]
fn nothing_is_there_that_should_not_be() {
    hold(&[
        right("what was refused is nowhere", "refuse a1\npublish a2=1\nlog a2=1"),
        wrong("what was refused is in the log", Law::Honest, "unexpected: a1 at 1", "refuse a1\nlog a1=1"),
        wrong(
            "what was refused reaches a reader",
            Law::Honest,
            "unexpected: r",
            "reader r /\nrefuse a1\nr a1=1\nlog",
        ),
        wrong("nobody published it", Law::NoMiss, "unexpected", "publish a1=1\nlog a1=1 a9=2"),
        wrong("a reader has it from nobody", Law::NoMiss, "unexpected: r", "reader r /\nr a9=1\nlog"),
        wrong("it has another channel", Law::NoMiss, "unexpected", "publish a1=1\nlog a1=1@/b"),
        wrong(
            "it has another channel for a reader",
            Law::NoMiss,
            "unexpected: r",
            "reader r /\npublish a1=1\nr a1=1@/b\nlog a1=1",
        ),
        wrong(
            "a reader did not select it",
            Law::NoMiss,
            "unexpected: r",
            "reader r /a\npublish b1=1\nr b1=1\nlog b1=1",
        ),
        wrong(
            "it is a reader's own",
            Law::NoMiss,
            "unexpected: r",
            "reader r / but me\npublish me1=1\nr me1=1\nlog me1=1",
        ),
        right(
            "a reader's own is left out",
            "reader r / but me\npublish me1=1\npublish a2=2\nr a2=2\nlog me1=1 a2=2",
        ),
        wrong(
            "what was removed is back",
            Law::NoMiss,
            "unexpected",
            "publish a1=1\nremove /a\npublish b2=2\nlog a1=1 b2=2",
        ),
        wrong(
            "what was of another stream is back",
            Law::NoMiss,
            "unexpected",
            "publish a1=1\nanew\nlog a1=1",
        ),
        right("it was published again", "publish a1=1\nanew\npublish a1=1\nlog a1=1"),
    ]);
}

#[test]
fn readers_miss_nothing() {
    hold(&[
        right(
            "all comes",
            "reader r /a\npublish a1=1\npublish b2=2\npublish a3=3\nr a1=1 resumed a3=3\nlog a1=1 b2=2 a3=3",
        ),
        wrong(
            "one is left out",
            Law::NoMiss,
            "missed: r was not given a2",
            "reader r /\npublish a1=1 a2=2 a3=3\nr a1=1 a3=3\nlog a1=1 a2=2 a3=3",
        ),
        wrong(
            "the last does not come",
            Law::NoMiss,
            "missed",
            "reader r /\npublish a1\npublish a2\nr a1\nlog a1 a2",
        ),
        wrong("nothing comes", Law::NoMiss, "missed", "reader r /\npublish a1=1\nlog a1=1"),
        wrong("what nobody knew of does not come", Law::NoMiss, "missed", "reader r /\nunsure a1\nlog a1=1"),
        right(
            "who stopped is owed no more",
            "reader r /\npublish a1=1\nr a1=1\nstopped r\npublish a2=2\nlog a1=1 a2=2",
        ),
        wrong(
            "who stopped is owed what stands before",
            Law::NoMiss,
            "missed",
            "reader r /\npublish a1=1\npublish a2=2\nr a2=2\nstopped r\nlog a1=1 a2=2",
        ),
        wrong(
            "a gap explains nothing that is there",
            Law::NoMiss,
            "missed",
            "reader r /\npublish a1=1\npublish a2=2\npublish a3=3\ntrim\nr gap=3 a3=3\nlog a2=2 a3=3",
        ),
        wrong(
            "after a reset all of the new stream comes",
            Law::NoMiss,
            "missed: r was not given a2",
            "reader r /\npublish a1=1\nr a1=1\nanew\npublish a2=1\npublish a3=2\nr reset a3=2\nlog a2=1 a3=2",
        ),
        wrong(
            "it was there when the reader passed",
            Law::NoMiss,
            "missed: r was not given a2",
            "reader r /\npublish a1=1\npublish a2=2\npublish a3=3\nr a1=1 a3=3\ntrim\npublish a4=4\nr a4=4\nlog a4=4",
        ),
        wrong(
            "also when it was removed and a gap is told later",
            Law::NoMiss,
            "missed: r was not given a1",
            "reader r /\npublish a1=1\npublish a2=2\nr a2=2\ntrim\nr gap=4\npublish a4=4\nr a4=4\nlog a4=4",
        ),
    ]);
}

#[test]
fn who_begins_with_what_comes_is_given_that() {
    hold(&[
        right(
            "all of it, and nothing older",
            "publish a1=1\nreader r / latest\nbegan r\npublish a2=2\nr a2=2\nlog a1=1 a2=2",
        ),
        wrong(
            "something older",
            Law::NoMiss,
            "stale: r",
            "publish a1=1\nreader r / latest\nr a1=1\nlog a1=1",
        ),
        wrong(
            "something is left out",
            Law::NoMiss,
            "missed",
            "reader r / latest\nbegan r\npublish a1=1\npublish a2=2\nr a2=2\nlog a1=1 a2=2",
        ),
        right("what was under way may come", "call 1 a1\nreader r / latest\nanswer 1 a1=1\nr a1=1\nlog a1=1"),
        right("and need not", "call 1 a1\nreader r / latest\nanswer 1 a1=1\nlog a1=1"),
        right("nor what came before it had begun", "reader r / latest\npublish a1=1\nbegan r\nlog a1=1"),
        right(
            "after a reset it begins with the oldest",
            "reader r / latest\npublish a1=1\nr a1=1\nanew\npublish a2=1\nr reset a2=1\nlog a2=1",
        ),
        wrong(
            "something removed is not told",
            Law::Told,
            "not told rightly: r was not given a1",
            "reader r / latest\npublish a1=1\npublish a2=2\ntrim\nr a2=2\nlog a2=2",
        ),
        right(
            "something removed is told",
            "reader r / latest\npublish a1=1\npublish a2=2\ntrim\nr gap=2 a2=2\nlog a2=2",
        ),
    ]);
}

#[test]
fn what_is_missing_is_told() {
    let before = "reader r /\npublish a1=1\nr a1=1\npublish a2=2\npublish b3=3\npublish a4=4\n";
    let told = |rows: &str| history(&format!("{before}{rows}"));
    let law = |rows: &str| check(&told(rows)).map_err(|failure| failure.law());
    assert!(law("trim\nr gap=4 a4=4\nlog a4=4").is_ok(), "the gap is told with its end");
    assert!(law("trim\nr gap a4=4\nlog a4=4").is_ok(), "the gap is told without its end");
    assert!(law("trim\nr resumed gap=4 resumed gap=4 a4=4\nlog a4=4").is_ok(), "it may be told again");
    assert!(law("remove /a\nr gap=5 b3=3\nlog b3=3").is_ok(), "what is retained still comes");
    assert!(law("trim\nr gap=5\nlog").is_ok(), "nothing is left");
    assert_eq!(law("trim\nr a4=4\nlog a4=4"), Err(Law::Told), "no gap");
    assert_eq!(law("trim\nr a4=4 gap=4\nlog a4=4"), Err(Law::Told), "a gap in the wrong place");
    assert_eq!(law("trim\nr gap=3 a4=4\nlog a4=4"), Err(Law::Told), "a gap that ends too early");
    assert_eq!(law("remove /a\nr b3=3\nlog b3=3"), Err(Law::Told), "no gap for a channel");
    assert_eq!(law("remove /a\nr gap=3 b3=3\nlog b3=3"), Err(Law::Told), "the later part is not told");
    assert_eq!(law("trim\nlog"), Err(Law::Told), "nothing is left, and nothing is told");
    hold(&[
        right(
            "who begins with the oldest begins where it is",
            "publish a1=1\npublish a2=2\ntrim\nreader r /\nr a2=2\nlog a2=2",
        ),
        right("and may be told", "publish a1=1\npublish a2=2\ntrim\nreader r /\nr gap=2 a2=2\nlog a2=2"),
        wrong(
            "a gap without any removal",
            Law::Told,
            "not told rightly: r was told a gap after 1",
            "reader r /\npublish a1=1\npublish a2=2\nr a1=1 gap a2=2\nlog a1=1 a2=2",
        ),
        wrong(
            "a gap before any removal",
            Law::Told,
            "not told rightly",
            "reader r /\npublish a1=1\nr gap a1=1\ntrim\npublish a2=2\nr a2=2\nlog a2=2",
        ),
        wrong(
            "a gap that ends where the reader is",
            Law::Told,
            "not told rightly",
            "reader r /\npublish a1=1\ntrim\npublish a2=2\nr a2=2 gap=2\nlog a2=2",
        ),
        wrong(
            "a reset of nothing",
            Law::Told,
            "not told rightly: r was told a reset",
            "reader r /\npublish a1=1\ntrim\nr a1=1 reset\nlog a1=1",
        ),
        wrong(
            "a reset too early",
            Law::Told,
            "not told rightly",
            "reader r /\npublish a1=1\nr a1=1 reset a1=1\nanew\npublish a2=1\nr reset a2=1\nlog a2=1",
        ),
        wrong(
            "no reset",
            Law::Told,
            "not told rightly: r was given a1 and a2",
            "reader r /\npublish a1=1\nr a1=1\nanew\npublish a0=1\npublish a2=2\nr a2=2\nlog a0=1 a2=2",
        ),
        right(
            "two new streams, and one reset",
            "reader r /\npublish a1=1\nr a1=1\nanew\npublish a2=1\nanew\npublish a3=1\nr reset a3=1\nlog a3=1",
        ),
    ]);
}

#[test]
fn everything_is_counted() {
    let counts = check(&history(
        "publish a1=1 a2=2\nreader r /\nr a1=1\nrefuse a3\nunsure a4\nunsure a5\npublish a1=1\ntrim\nr gap=3 a4=3\nlog a4=3",
    ));
    assert_eq!(
        counts.unwrap().to_string(),
        "attempted 5, acknowledged 2, refused 1, unknown 2 (recovered 1), delivered 2, removed 2, gaps 1, resets 0"
    );
}

#[test]
fn a_failure_names_a_few_and_counts_the_rest() {
    let failure = check(&history(
        "publish a1=1\npublish a2=2\npublish a3=3\npublish a4=4\npublish a5=5\nreader r /\nlog a5=5",
    ));
    let told = failure.unwrap_err().what().to_owned();
    assert_eq!(
        told,
        "lost: a1 at 1 was acknowledged to w, and is not in the log; a2 at 2 was acknowledged to w, and is not in the log; \
         a3 at 3 was acknowledged to w, and is not in the log; and 1 more. There are events missed, too. In all: attempted 5, \
         acknowledged 5, refused 0, unknown 0 (recovered 0), delivered 0, removed 0, gaps 0, resets 0"
    );
}

/// Reads the rows.
fn history(rows: &str) -> History {
    let mut written = Written::default();
    for row in rows.lines() {
        written.row(&row.split_whitespace().collect::<Vec<_>>());
    }
    written.recorder.finish(written.log)
}

#[derive(Default)]
struct Written<'a> {
    recorder: Recorder,
    calls: HashMap<&'a str, usize>,
    readers: HashMap<&'a str, usize>,
    log: Vec<Sighting>,
}

impl<'a> Written<'a> {
    fn row(&mut self, words: &[&'a str]) {
        match words {
            ["publish", events @ ..] => {
                let call = self.call(events);
                self.recorder.outcome(call, acknowledged(events));
            }
            ["refuse", events @ ..] => {
                let call = self.call(events);
                self.recorder.outcome(call, Outcome::Refused);
            }
            ["unsure", events @ ..] => {
                self.call(events);
            }
            ["call", name, events @ ..] => {
                let call = self.call(events);
                self.calls.insert(name, call);
            }
            ["answer", name, "refused"] => self.recorder.outcome(self.calls[name], Outcome::Refused),
            ["answer", name, events @ ..] => self.recorder.outcome(self.calls[name], acknowledged(events)),
            ["reader", name, top, how @ ..] => self.reader(name, top, how),
            ["began", name] => self.recorder.began(self.readers[name]),
            ["stopped", name] => self.recorder.stopped(self.readers[name]),
            ["begin", "trim"] => drop(self.recorder.removal(Removed::Oldest)),
            ["trim"] => self.remove(Removed::Oldest),
            ["remove", name] => self.remove(Removed::Channel(channel(name))),
            ["anew"] => self.remove(Removed::Everything),
            ["log", events @ ..] => self.log = events.iter().map(|event| sighting(event, 0)).collect(),
            [name, told @ ..] => {
                for word in told {
                    self.recorder.saw(self.readers[name], |at| saw(word, at));
                }
            }
            [] => {}
        }
    }

    fn call(&self, events: &[&str]) -> usize {
        let sent = |word: &&str| {
            let (key, _) = split(word);
            Sent {
                key: key.to_owned(),
                channel: channel_of(key),
                source: key.starts_with("me").then(|| source("me")),
            }
        };
        self.recorder.attempt("w", events.iter().map(sent).collect())
    }

    fn reader(&mut self, name: &'a str, top: &str, how: &[&str]) {
        let selector = if top == "/" { Selector::all() } else { Selector::subtree(channel(top)) };
        let selector = if how.contains(&"but") { selector.except(source("me")) } else { selector };
        self.readers.insert(name, self.recorder.reader(name, &selector, how.contains(&"latest")));
    }

    fn remove(&self, what: Removed) {
        let removal = self.recorder.removal(what);
        self.recorder.removed(removal);
    }
}

fn acknowledged(events: &[&str]) -> Outcome {
    Outcome::Acknowledged(events.iter().map(|event| split(event).1).collect())
}

fn saw(word: &str, at: u64) -> Saw {
    match split(word) {
        ("gap", resume_at) => Saw::Gap(resume_at),
        ("reset", _) => Saw::Reset,
        ("resumed", _) => Saw::Resumed,
        _ => Saw::Event(sighting(word, at)),
    }
}

fn sighting(word: &str, at: u64) -> Sighting {
    let (event, elsewhere) = word.split_once('@').unwrap_or((word, ""));
    let (key, sequence) = split(event);
    let channel = if elsewhere.is_empty() { channel_of(key) } else { channel(elsewhere) };
    Sighting { key: key.to_owned(), sequence, channel: Some(channel), at }
}

fn split(word: &str) -> (&str, Option<Sequence>) {
    let (key, sequence) = word.split_once('=').unwrap_or((word, ""));
    (key, sequence.parse().ok().map(seq))
}

fn channel_of(key: &str) -> ChannelName {
    channel(&format!("/{}", key.trim_end_matches(|c: char| c.is_ascii_digit())))
}
