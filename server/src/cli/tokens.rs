//! `weir token`.

use super::arguments::TokenArguments;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::token::{NewToken, Rights};
use eventweir::{ChannelPattern, Scope};
use std::io::Write;

/// Makes a token. The entry goes to stdout, so that it can be appended to a file; the secret, which no file needs, to stderr.
pub(super) fn make(arguments: &TokenArguments) -> Result<()> {
    let token = NewToken::generate(&arguments.name, &rights(arguments))?;
    let mut output = Output::stdout();
    if arguments.json {
        return output.line(&token.to_json().to_string());
    }
    output.text(&token.entry())?;
    writeln!(std::io::stderr(), "{}", token.secret)
        .map_err(|error| Failure::failed(format!("the token cannot be shown: {error}")))
}

/// A holder without any right would be of no use; one that nobody thought about gets to publish and read.
fn rights(arguments: &TokenArguments) -> Rights {
    let TokenArguments { publish, read, consume, work, admin, .. } = arguments;
    let none = publish.is_empty() && read.is_empty() && consume.is_empty() && work.is_empty() && !admin;
    let everywhere = || vec![Scope::Pattern(ChannelPattern::all())];
    Rights {
        publish: if none { everywhere() } else { publish.clone() },
        read: if none { everywhere() } else { read.clone() },
        consume: consume.clone(),
        work: work.clone(),
        admin: *admin,
    }
}
