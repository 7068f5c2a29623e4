//! New tokens.

use crate::failure::{Failure, Result};
use eventweir::Scope;
use eventweir::auth::hash_token;
use toml::{Table, Value};

/// Holds a new token: its secret, shown once, and the entry that a broker keeps of it.
pub(crate) struct NewToken {
    pub(crate) secret: String,
    entry: Table,
}

/// Names the rights of a new token.
pub(crate) struct Rights {
    pub(crate) publish: Vec<Scope>,
    pub(crate) read: Vec<Scope>,
    pub(crate) consume: Vec<String>,
    pub(crate) work: Vec<String>,
    pub(crate) admin: bool,
}

impl NewToken {
    /// Makes a token of 256 random bits.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(crate) fn generate(name: &str, rights: &Rights) -> Result<Self> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)
            .map_err(|error| Failure::failed(format!("the system gives no random numbers: {error}")))?;
        let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let secret = format!("weir_{digits}");
        let entry = entry(name, &secret, rights);
        Ok(Self { secret, entry })
    }

    /// Returns the entry as it is pasted into a tokens file. Holds the hash only.
    pub(crate) fn entry(&self) -> String {
        let file =
            Table::from_iter([("token".to_owned(), Value::Array(vec![Value::Table(self.entry.clone())]))]);
        file.to_string()
    }

    /// Returns secret and entry for scripts.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "token": self.secret, "entry": self.entry })
    }
}

fn entry(name: &str, secret: &str, rights: &Rights) -> Table {
    let scopes = |list: &[Scope]| strings(list.iter().map(ToString::to_string));
    let names = |list: &[String]| strings(list.iter().cloned());
    let mut entry = Table::from_iter([
        ("name".to_owned(), Value::String(name.to_owned())),
        ("sha256".to_owned(), Value::String(hash_token(secret))),
    ]);
    if rights.admin {
        entry.insert("admin".to_owned(), Value::Boolean(true));
        return entry;
    }
    let lists = [
        ("publish", scopes(&rights.publish)),
        ("read", scopes(&rights.read)),
        ("consume", names(&rights.consume)),
        ("work", names(&rights.work)),
    ];
    let given = lists.into_iter().filter(|(_, list)| !list.is_empty());
    entry.extend(given.map(|(key, list)| (key.to_owned(), Value::Array(list))));
    entry
}

fn strings(items: impl Iterator<Item = String>) -> Vec<Value> {
    items.map(Value::String).collect()
}
