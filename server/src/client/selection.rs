//! Channels on the command line, as the HTTP API spells them.

use crate::failure::{Failure, Result};
use clap::{Args, ValueEnum};
use eventweir::{ChannelName, ChannelPattern, Scope};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Names the channels of a command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Channels {
    /// Channels: /orders, patterns such as /orders/*, or subtree:/orders, ancestors:/orders
    #[arg(required = true, value_name = "CHANNEL")]
    channels: Vec<String>,
    /// What is meant by a channel that does not say so itself
    #[arg(long = "match", value_enum, default_value_t = Match::Exact)]
    how: Match,
    /// Leave out the events that this client published
    #[arg(long, value_name = "SOURCE")]
    except: Option<String>,
    /// Read this stream, where rules put channels into several; '/**' then is all of it
    #[arg(long, value_name = "STREAM")]
    stream: Option<String>,
}

/// Says what a channel stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Match {
    /// Itself
    Exact,
    /// Itself and all below it
    Subtree,
    /// Itself and all above it
    Ancestors,
    /// All that match it
    Pattern,
}

impl Channels {
    /// Returns path and query of the selection: `/v1/events?channel=...`.
    ///
    /// # Errors
    /// When a channel cannot be one.
    pub(super) fn address(&self) -> Result<String> {
        let scopes: Vec<String> = self
            .channels
            .iter()
            .map(|text| Ok(format!("channel={}", encode_value(&self.scope(text)?.to_string()))))
            .collect::<Result<_>>()?;
        let mut address = format!("/v1/events?{}", scopes.join("&"));
        if let Some(source) = &self.except {
            address.push_str("&except=");
            address.push_str(&encode_value(source));
        }
        if let Some(stream) = &self.stream {
            address.push_str("&stream=");
            address.push_str(&encode_value(stream));
        }
        Ok(address)
    }

    fn scope(&self, text: &str) -> Result<Scope> {
        let speaks_for_itself = !text.starts_with('/') || text.contains('*');
        let scope = match self.how {
            _ if speaks_for_itself => Scope::parse(text),
            Match::Exact => ChannelName::new(text).map(Scope::Exact),
            Match::Subtree => ChannelName::new(text).map(Scope::Subtree),
            Match::Ancestors => ChannelName::new(text).map(Scope::Ancestors),
            Match::Pattern => ChannelPattern::new(text).map(Scope::Pattern),
        };
        scope.map_err(|error| Failure::usage(format!("{text:?} is no channel: {}", error.message())))
    }
}

/// Checks a channel's name and returns it as a path.
///
/// # Errors
/// When it is none.
pub(super) fn channel_path(text: &str) -> Result<String> {
    let name = ChannelName::new(text)
        .map_err(|error| Failure::usage(format!("{text:?} is no channel: {}", error.message())))?;
    Ok(encode_value(name.as_str()))
}

const VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/').remove(b':');

/// Encodes a value of a query, or a part of a path.
pub(super) fn encode_value(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(channels: &[&str], how: Match) -> Result<String> {
        let channels = channels.iter().map(|&text| text.to_owned()).collect();
        Channels { channels, how, except: None, stream: Some("main".to_owned()) }
            .address()
            .map(|address| address.strip_suffix("&stream=main").unwrap().to_owned())
    }

    #[test]
    fn every_channel_says_what_it_means() {
        assert_eq!(address(&["/a/b"], Match::Exact).unwrap(), "/v1/events?channel=/a/b");
        assert_eq!(
            address(&["subtree:/a", "/b", "/c/*"], Match::Exact).unwrap(),
            "/v1/events?channel=subtree:/a&channel=/b&channel=/c/%2A"
        );
        assert_eq!(
            address(&["/a", "/b/*"], Match::Subtree).unwrap(),
            "/v1/events?channel=subtree:/a&channel=/b/%2A"
        );
        assert_eq!(address(&["/\u{e4}&"], Match::Exact).unwrap(), "/v1/events?channel=/%C3%A4%26");
        assert!(address(&["a"], Match::Exact).is_err());
    }
}
