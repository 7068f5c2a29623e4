//! Random scripts: publishers, readers, and what happens to them meanwhile.

mod act;
mod generate;
mod perform;

pub(super) use generate::script;
pub(super) use perform::perform;
