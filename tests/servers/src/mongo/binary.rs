//! Finds the server's program.

use std::io;
use std::path::{Path, PathBuf};

/// Names the program, instead of the places below.
const VARIABLE: &str = "EVENTWEIR_MONGO_SERVER";
const NAME: &str = "secantusd-rs";

/// Looks where the variable says, then where `scripts/test tools` puts it, then on the path.
pub(super) fn find() -> io::Result<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        return if named.is_file() { Ok(named) } else { Err(missing(&format!("{VARIABLE} names no file"))) };
    }
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/bin").join(NAME);
    if tools.is_file() {
        return Ok(tools);
    }
    on_path().ok_or_else(|| missing(&format!("there is no {NAME} in target/tools/bin or on the path")))
}

fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(NAME)).find(|program| program.is_file())
}

fn missing(why: &str) -> io::Error {
    let how = format!(
        "{why}: run `scripts/test tools`, or name a deployment for the tests in {}",
        super::DEPLOYMENT
    );
    io::Error::new(io::ErrorKind::NotFound, how)
}
