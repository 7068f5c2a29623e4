//! What a server is told to do wrong.

use mongodb::bson::{Document, doc};
use std::time::Duration;

/// Makes commands fail in one way, a number of times. Needs a server with test commands.
#[derive(Clone, Debug)]
pub struct FailPoint {
    commands: Vec<String>,
    times: Option<u32>,
    data: Document,
}

/// What goes wrong with a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// It is not carried out, and answers with this code. The server adds the labels that belong to the code.
    Code(i32),
    /// It is not carried out, and the connection is closed.
    CloseConnection,
    /// It is carried out after a time.
    Block(Duration),
    /// It is carried out, and its answer says that the write concern failed with this code.
    WriteConcern(i32),
}

impl FailPoint {
    /// Fails every call of these commands.
    pub fn new<const N: usize>(commands: [&str; N], failure: &Failure) -> Self {
        let data = match failure {
            Failure::Code(code) => doc! { "errorCode": code },
            Failure::CloseConnection => doc! { "closeConnection": true },
            Failure::Block(span) => {
                doc! { "blockConnection": true, "blockTimeMS": i64::try_from(span.as_millis()).unwrap_or(i64::MAX) }
            }
            Failure::WriteConcern(code) => {
                doc! { "writeConcernError": { "code": code, "errmsg": "as the test wants it" } }
            }
        };
        Self { commands: commands.map(String::from).to_vec(), times: None, data }
    }

    /// Fails the next calls only.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    pub(super) fn to_document(&self) -> Document {
        let mode = match self.times {
            Some(times) => doc! { "times": times }.into(),
            None => mongodb::bson::Bson::from("alwaysOn"),
        };
        let mut data = doc! { "failCommands": self.commands.clone() };
        data.extend(self.data.clone());
        doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data }
    }
}
