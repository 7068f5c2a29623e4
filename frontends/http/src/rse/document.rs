//! What may be published: one JSON text whose root is an array or an object.

use super::refusal::Refusal;
use eventweir::json;

/// Checks a document.
pub(super) fn check(document: &[u8]) -> Result<(), Refusal> {
    let root = document.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    if !matches!(root, Some(b'[' | b'{')) || json::check(document).is_err() {
        return Err(Refusal::bad_request("Invalid JSON"));
    }
    Ok(())
}
