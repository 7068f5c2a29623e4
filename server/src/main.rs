//! The `weir` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    eventweir_server::main()
}
