//! The list of tokens, kept up to date while the broker runs.

use crate::config::{AuthSection, read_toml};
use crate::failure::{Failure, Result, with_causes};
use eventweir::Auth;
use eventweir::auth::{AllowAll, StaticTokens, TokenEntry};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// How often the file is looked at.
const POLL: Duration = Duration::from_secs(1);

/// Decides how clients are authenticated.
#[derive(Debug)]
pub(super) enum Tokens {
    /// No token is configured: everybody may do everything.
    None,
    /// A list that does not change.
    Fixed(Arc<StaticTokens>),
    /// A list with a file behind it.
    Followed(Follower),
}

/// Follows a tokens file.
#[derive(Debug)]
pub(super) struct Follower {
    list: Arc<StaticTokens>,
    inline: Vec<TokenEntry>,
    file: PathBuf,
    seen: Option<Stamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokensFile {
    #[serde(default)]
    token: Vec<TokenEntry>,
}

/// Tells one state of a file from another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl Tokens {
    /// Reads the tokens.
    ///
    /// # Errors
    /// When the file cannot be read or an entry cannot be used.
    pub(super) fn read(section: &AuthSection) -> Result<Self> {
        match &section.tokens_file {
            None if section.tokens.is_empty() => Ok(Self::None),
            None => Ok(Self::Fixed(Arc::new(StaticTokens::new(section.tokens.clone())?))),
            Some(file) => {
                let seen = Stamp::of(file);
                let entries = read_entries(&section.tokens, file)?;
                let list = StaticTokens::new(entries).map_err(|error| refused(file, &error))?;
                Ok(Self::Followed(Follower {
                    list: Arc::new(list),
                    inline: section.tokens.clone(),
                    file: file.clone(),
                    seen,
                }))
            }
        }
    }

    /// Returns whether clients must show a token.
    pub(super) fn are_needed(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Returns the auth of a broker.
    pub(super) fn auth(&self) -> Arc<dyn Auth> {
        match self {
            Self::None => Arc::new(AllowAll),
            Self::Fixed(list) => list.clone(),
            Self::Followed(follower) => follower.list.clone(),
        }
    }

    /// Keeps the list as its file says, for as long as it is polled. Looks every second, and at once when asked to.
    pub(super) async fn follow(self, mut asked: watch::Receiver<()>) {
        let Self::Followed(mut follower) = self else { return std::future::pending().await };
        loop {
            let forced = tokio::select! {
                Ok(()) = asked.changed() => true,
                () = tokio::time::sleep(POLL) => false,
            };
            follower.look(forced);
        }
    }
}

impl Follower {
    /// Reads the file again when it changed. One that cannot be used leaves the list as it is, and is told once.
    fn look(&mut self, forced: bool) {
        // Taken before reading, so that a change during the reading is seen next time.
        let stamp = Stamp::of(&self.file);
        if stamp == self.seen && !forced {
            return;
        }
        self.seen = stamp;
        let replaced = read_entries(&self.inline, &self.file).and_then(|entries| {
            let count = entries.len();
            self.list.replace(entries).map_err(|error| refused(&self.file, &error))?;
            Ok(count)
        });
        match replaced {
            Ok(tokens) => tracing::info!(tokens, "the list of tokens was replaced"),
            Err(error) => tracing::error!(%error, "the list of tokens stays as it was"),
        }
    }
}

fn read_entries(inline: &[TokenEntry], file: &Path) -> Result<Vec<TokenEntry>> {
    let table = read_toml(file)?;
    let read: TokensFile = serde_path_to_error::deserialize(toml::Value::Table(table)).map_err(|error| {
        let path = error.path().to_string();
        Failure::usage(format!(
            "{}: `{path}` cannot be used: {}",
            file.display(),
            error.into_inner().message()
        ))
    })?;
    Ok(inline.iter().cloned().chain(read.token).collect())
}

fn refused(file: &Path, error: &eventweir::Error) -> Failure {
    Failure::usage(format!("{}: {}", file.display(), with_causes(error)))
}

impl Stamp {
    fn of(file: &Path) -> Option<Self> {
        let about = std::fs::metadata(file).ok()?;
        Some(Self { modified: about.modified().ok(), length: about.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventweir::Credentials;
    use eventweir::auth::hash_token;

    fn entry(name: &str, token: &str) -> String {
        format!("[[token]]\nname = \"{name}\"\nsha256 = \"{}\"\n", hash_token(token))
    }

    #[tokio::test]
    async fn a_broken_file_changes_nothing_and_a_mended_one_does() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.toml");
        std::fs::write(&file, entry("a", "first")).unwrap();
        let section = AuthSection { tokens_file: Some(file.clone()), ..AuthSection::default() };
        let Tokens::Followed(mut follower) = Tokens::read(&section).unwrap() else { unreachable!() };
        let list = follower.list.clone();
        let known = async |token: &str| list.authenticate(&Credentials::token(token)).await.is_ok();
        assert!(known("first").await);
        std::fs::write(&file, "[[token]]\nname = ").unwrap();
        follower.look(false);
        assert!(known("first").await);
        std::fs::write(&file, entry("b", "the second")).unwrap();
        follower.look(false);
        assert!(!known("first").await && known("the second").await);
    }

    #[test]
    fn a_file_is_refused_in_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.toml");
        let section = AuthSection { tokens_file: Some(file.clone()), ..AuthSection::default() };
        let why = |text: Option<&str>| {
            if let Some(text) = text {
                std::fs::write(&file, text).unwrap();
            }
            Tokens::read(&section).unwrap_err().message().to_owned()
        };
        assert!(why(None).contains("tokens.toml cannot be read"));
        assert!(why(Some("what")).contains("tokens.toml line 1 is not TOML"));
        assert!(why(Some("[[tokens]]\n")).contains("unknown field `tokens`"));
        assert!(why(Some("[[token]]\nname = \"a\"\nsha256 = \"1\"")).contains("64 hexadecimal digits"));
    }
}
