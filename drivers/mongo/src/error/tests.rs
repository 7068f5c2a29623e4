use super::*;
use Effect::{NotApplied, Unknown};
use mongodb::bson::{Document, deserialize_from_document, doc};
use mongodb::error::{CommandError, WriteConcernError, WriteError};

fn command(code: i32, message: &str) -> MongoError {
    let document = doc! { "code": code, "codeName": "Name", "errmsg": message };
    MongoKind::Command(parsed::<CommandError>(document)).into()
}

fn write_error(code: i32) -> MongoError {
    let document = doc! { "index": 0, "code": code, "errmsg": "secret of an event" };
    MongoKind::Write(WriteFailure::WriteError(parsed::<WriteError>(document))).into()
}

fn concern(code: i32) -> MongoError {
    let document = doc! { "code": code, "codeName": "Name", "errmsg": "late" };
    MongoKind::Write(WriteFailure::WriteConcernError(parsed::<WriteConcernError>(document))).into()
}

fn parsed<T: serde::de::DeserializeOwned>(document: Document) -> T {
    deserialize_from_document(document).unwrap()
}

fn broken(kind: io::ErrorKind) -> MongoError {
    io::Error::from(kind).into()
}

#[test]
fn every_row_of_the_mapping_of_writes() {
    for (error, kind, effect, retryable) in [
        (command(10_107, ""), ErrorKind::Unavailable, NotApplied, true),
        (command(13_435, ""), ErrorKind::Unavailable, NotApplied, true),
        (command(189, ""), ErrorKind::Unavailable, Unknown, true),
        (command(91, ""), ErrorKind::Unavailable, Unknown, true),
        (command(11_600, ""), ErrorKind::Unavailable, Unknown, true),
        (command(11_602, ""), ErrorKind::Unavailable, Unknown, true),
        (command(50, ""), ErrorKind::Timeout, Unknown, true),
        (command(13, ""), ErrorKind::ReadOnly, NotApplied, false),
        (command(18, ""), ErrorKind::Unavailable, NotApplied, true),
        (command(112, ""), ErrorKind::Unavailable, NotApplied, true),
        (command(10_334, ""), ErrorKind::TooLarge, NotApplied, false),
        (command(14_031, ""), ErrorKind::StorageFull, NotApplied, true),
        (command(8_000, "you are over your space quota"), ErrorKind::StorageFull, NotApplied, true),
        (command(8_000, "something else"), ErrorKind::Internal, NotApplied, false),
        (command(9_999_999, ""), ErrorKind::Internal, NotApplied, false),
        (write_error(11_000), ErrorKind::Unavailable, NotApplied, true),
        (write_error(121), ErrorKind::Config, NotApplied, false),
        (write_error(14_031), ErrorKind::StorageFull, NotApplied, true),
        (concern(64), ErrorKind::Unavailable, Unknown, true),
        (concern(91), ErrorKind::Unavailable, Unknown, true),
        (concern(100), ErrorKind::Unavailable, Unknown, true),
        (broken(io::ErrorKind::ConnectionRefused), ErrorKind::Unavailable, NotApplied, true),
        (broken(io::ErrorKind::ConnectionReset), ErrorKind::Unavailable, Unknown, true),
        (broken(io::ErrorKind::UnexpectedEof), ErrorKind::Unavailable, Unknown, true),
        (broken(io::ErrorKind::TimedOut), ErrorKind::Timeout, Unknown, true),
        (MongoKind::Shutdown.into(), ErrorKind::Closed, NotApplied, false),
    ] {
        let mapped = map(&error, Call::Write);
        assert_eq!((mapped.kind(), mapped.effect()), (kind, effect), "{error:?}");
        assert_eq!(mapped.is_retryable(), retryable, "{error:?}");
    }
    assert_eq!(timed_out(Call::Write).effect(), Unknown);
    assert_eq!(timed_out(Call::Read).effect(), NotApplied);
}

#[test]
fn what_reads_nothing_has_no_effect_and_frontends_are_told_of_no_login() {
    for code in [13, 18, 189, 91, 50, 10_107] {
        let mapped = map(&command(code, ""), Call::Read);
        assert_eq!(mapped.effect(), NotApplied, "{code}");
        assert!(mapped.is_retryable(), "{code}: {mapped}");
    }
}

#[test]
fn a_taken_key_is_known_in_every_form() {
    assert!(is_duplicate_key(&write_error(11_000)) && is_duplicate_key(&command(11_000, "")));
    assert!(!is_duplicate_key(&write_error(121)) && !is_duplicate_key(&concern(64)));
}

#[test]
fn nothing_of_an_event_is_shown() {
    let mapped = map(&write_error(11_000), Call::Write);
    assert!(!format!("{mapped:?}").contains("secret"), "{mapped:?}");
}
