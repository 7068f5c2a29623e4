//! Takes answers apart.

use super::damaged;
use eventweir::{Result, Sequence};
use redis::Value;
use std::str::FromStr;

pub(crate) fn list(value: Value) -> Result<Vec<Value>> {
    match value {
        Value::Array(list) => Ok(list),
        Value::Nil => Ok(Vec::new()),
        _ => Err(damaged("an answer")),
    }
}

/// Takes a list of exactly so many values.
pub(crate) fn exactly<const N: usize>(value: Value) -> Result<[Value; N]> {
    list(value)?.try_into().map_err(|_| damaged("an answer"))
}

pub(crate) fn bytes(value: Value) -> Result<Vec<u8>> {
    optional(value)?.ok_or_else(|| damaged("nothing where something should be"))
}

pub(crate) fn optional(value: Value) -> Result<Option<Vec<u8>>> {
    match value {
        Value::BulkString(bytes) => Ok(Some(bytes)),
        Value::SimpleString(text) => Ok(Some(text.into_bytes())),
        Value::Okay => Ok(Some(b"OK".to_vec())),
        Value::Int(number) => Ok(Some(number.to_string().into_bytes())),
        Value::Nil | Value::Boolean(false) => Ok(None),
        _ => Err(damaged("an answer")),
    }
}

pub(crate) fn text(value: Value) -> Result<String> {
    String::from_utf8(bytes(value)?).map_err(|_| damaged("text"))
}

pub(crate) fn number(value: Value) -> Result<u64> {
    match value {
        Value::Int(number) => u64::try_from(number).map_err(|_| damaged("a number")),
        other => parse(&bytes(other)?),
    }
}

pub(crate) fn sequence(value: Value) -> Result<Sequence> {
    Sequence::new(number(value)?)
}

/// Reads what stands in bytes as text.
pub(crate) fn parse<T: FromStr>(bytes: &[u8]) -> Result<T> {
    let text = std::str::from_utf8(bytes).map_err(|_| damaged("text"))?;
    text.parse().map_err(|_| damaged("a number"))
}
