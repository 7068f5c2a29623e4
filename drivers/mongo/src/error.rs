//! From MongoDB's errors to ours, in one place.
//!
//! The client repeats nothing by itself here: an error is that of one attempt. Otherwise a second attempt's "I am not the primary"
//! would hide that the first one was cut after the write.

use eventweir::{Effect, Error, ErrorKind};
use mongodb::error::{Error as MongoError, ErrorKind as MongoKind, WriteFailure};
use std::io;

/// What a call does: only a write may have happened although it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// It changes nothing.
    Read,
    /// It changes something.
    Write,
}

/// Says what an error of MongoDB means for the caller.
pub(crate) fn map(error: &MongoError, call: Call) -> Error {
    let (kind, message) = classify(error, call);
    made(kind, message, call == Call::Write && is_ambiguous(error)).with_source(described(error))
}

/// An answer did not come in time. A write may have happened.
pub(crate) fn timed_out(call: Call) -> Error {
    made(ErrorKind::Timeout, "MongoDB did not answer in time", call == Call::Write)
}

/// The store was closed, or is closing.
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the MongoDB store is closed")
}

fn made(kind: ErrorKind, message: &'static str, unknown: bool) -> Error {
    let effect = if unknown { Effect::Unknown } else { Effect::NotApplied };
    Error::new(kind, message).with_effect(effect)
}

/// Whether there is a document of that key already.
pub(crate) fn is_duplicate_key(error: &MongoError) -> bool {
    matches!(failure(error), Some(Failure::Refused(11_000 | 11_001 | 12_582)))
}

/// Whether a write that ended so may have happened, or may still happen.
pub(crate) fn is_ambiguous(error: &MongoError) -> bool {
    match failure(error) {
        // It happened, and the majority does not have it yet, as far as the server knows.
        Some(Failure::Unconfirmed(_)) => true,
        Some(Failure::Refused(code)) => INTERRUPTED.contains(&code),
        None => match &*error.kind {
            MongoKind::Io(error) => !never_sent(error),
            MongoKind::InvalidArgument { .. }
            | MongoKind::Authentication { .. }
            | MongoKind::DnsResolve { .. }
            | MongoKind::ServerSelection { .. }
            | MongoKind::InvalidTlsConfig { .. }
            | MongoKind::IncompatibleServer { .. }
            | MongoKind::SessionsNotSupported
            | MongoKind::Shutdown => false,
            _ => true,
        },
    }
}

/// What the server said, if it was the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// It did not do it, with the exception of [`INTERRUPTED`].
    Refused(i32),
    /// It did it, and could not confirm it as was asked.
    Unconfirmed(i32),
}

fn failure(error: &MongoError) -> Option<Failure> {
    match &*error.kind {
        MongoKind::Command(error) => Some(Failure::Refused(error.code)),
        MongoKind::Write(WriteFailure::WriteError(error)) => Some(Failure::Refused(error.code)),
        MongoKind::Write(WriteFailure::WriteConcernError(error)) => Some(Failure::Unconfirmed(error.code)),
        MongoKind::InsertMany(many) => {
            let refused = many.write_errors.as_ref().and_then(|errors| errors.first());
            refused
                .map(|error| Failure::Refused(error.code))
                .or_else(|| many.write_concern_error.as_ref().map(|error| Failure::Unconfirmed(error.code)))
        }
        _ => None,
    }
}

/// The server stopped in the middle: what it had done may be kept.
const INTERRUPTED: [i32; 14] = [
    6,      // HostUnreachable: a router lost its shard
    7,      // HostNotFound
    24,     // LockTimeout
    50,     // MaxTimeMSExpired
    64,     // WriteConcernFailed
    79,     // UnknownReplWriteConcern
    89,     // NetworkTimeout
    91,     // ShutdownInProgress
    189,    // PrimarySteppedDown
    262,    // ExceededTimeLimit
    9_001,  // SocketException
    11_600, // InterruptedAtShutdown
    11_601, // Interrupted
    11_602, // InterruptedDueToReplStateChange
];

/// Nobody listened, so nobody heard.
fn never_sent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

fn classify(error: &MongoError, call: Call) -> (ErrorKind, &'static str) {
    if let Some(failure) = failure(error) {
        return match failure {
            Failure::Unconfirmed(100) => {
                (ErrorKind::Unavailable, "the replica set has too few members for a majority")
            }
            Failure::Unconfirmed(_) => {
                (ErrorKind::Unavailable, "a majority of the replica set did not confirm in time")
            }
            Failure::Refused(code) if is_full(code, &error.kind) => {
                (ErrorKind::StorageFull, "the MongoDB server has no room")
            }
            Failure::Refused(code) => refused(code, call),
        };
    }
    match &*error.kind {
        MongoKind::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
            (ErrorKind::Timeout, "MongoDB did not answer in time")
        }
        MongoKind::Io(_) | MongoKind::ConnectionPoolCleared { .. } => {
            (ErrorKind::Unavailable, "the connection to MongoDB was lost")
        }
        MongoKind::ServerSelection { .. } => {
            (ErrorKind::Unavailable, "no MongoDB server can be reached that takes this call")
        }
        MongoKind::Authentication { .. } => {
            (ErrorKind::Unavailable, "MongoDB refuses the user or the password")
        }
        MongoKind::DnsResolve { .. } => {
            (ErrorKind::Unavailable, "the name of the MongoDB server is not known")
        }
        MongoKind::InvalidTlsConfig { .. } => (ErrorKind::Config, "the TLS options cannot be used"),
        MongoKind::IncompatibleServer { .. } | MongoKind::SessionsNotSupported => {
            (ErrorKind::Config, "the MongoDB server cannot do what this driver needs")
        }
        MongoKind::Shutdown => (ErrorKind::Closed, "the MongoDB store is closed"),
        MongoKind::InvalidArgument { message, .. } if message.contains("must be within") => TOO_LARGE,
        MongoKind::Bson(_) | MongoKind::BsonDeserialization(_) | MongoKind::InvalidResponse { .. } => {
            (ErrorKind::Corrupt, "the database holds values that this driver did not write")
        }
        _ => (ErrorKind::Internal, "the MongoDB client failed"),
    }
}

const TOO_LARGE: (ErrorKind, &str) = (ErrorKind::TooLarge, "a document is larger than MongoDB keeps");

fn refused(code: i32, call: Call) -> (ErrorKind, &'static str) {
    match code {
        13 if call == Call::Write => (ErrorKind::ReadOnly, "the user may not write to the database"),
        13 => (ErrorKind::Unavailable, "the user may not read the database"),
        18 => (ErrorKind::Unavailable, "MongoDB refuses the user or the password"),
        371 => (ErrorKind::ReadOnly, "the MongoDB server takes no writes at present"),
        10_334 | 10_003 | 17_280 | 17_419 | 17_420 | 17_260 => TOO_LARGE,
        24 | 50 | 89 | 262 => (ErrorKind::Timeout, "MongoDB gave up, since it took too long"),
        10_058 | 10_107 | 13_435 | 13_436 | 189 | 11_602 => {
            (ErrorKind::Unavailable, "the MongoDB server is not the primary at present")
        }
        91 | 11_600 | 11_601 => (ErrorKind::Unavailable, "the MongoDB server is stopping"),
        64 | 79 | 100 => (ErrorKind::Unavailable, "a majority of the replica set did not confirm in time"),
        6 | 7 | 9_001 => (ErrorKind::Unavailable, "the router does not reach a shard"),
        43 | 175 | 237 => (ErrorKind::Unavailable, "the MongoDB server forgot a page that was being read"),
        112 | 134 | 239 | 246 | 11_000 | 11_001 | 12_582 => {
            (ErrorKind::Unavailable, "somebody else changed the same at the same time")
        }
        146 | 292 => (ErrorKind::Unavailable, "the MongoDB server has too little memory"),
        462 | 202 => (ErrorKind::Unavailable, "the MongoDB server is overloaded"),
        121 => (ErrorKind::Config, "a validator that somebody put on the collection refuses the document"),
        166 | 85 | 86 => (ErrorKind::Corrupt, "a collection or an index of another program is in the way"),
        _ => (ErrorKind::Internal, "MongoDB refused a command"),
    }
}

/// 14031: the disk is full. 8000: the hosted service's own, which says why in words only.
fn is_full(code: i32, kind: &MongoKind) -> bool {
    let says_quota = || match kind {
        MongoKind::Command(error) => error.message.contains("quota"),
        MongoKind::Write(WriteFailure::WriteError(error)) => error.message.contains("quota"),
        _ => false,
    };
    code == 14_031 || (code == 8_000 && says_quota())
}

/// Without what the server answered in full, which may have the events in it.
fn described(error: &MongoError) -> String {
    match (&*error.kind, failure(error)) {
        (MongoKind::Command(error), _) => format!("{} ({}): {}", error.code, error.code_name, error.message),
        (_, Some(Failure::Refused(code))) => format!("code {code}"),
        (_, Some(Failure::Unconfirmed(code))) => format!("write concern error, code {code}"),
        (kind, None) => kind.to_string(),
    }
}

#[cfg(test)]
mod tests;
