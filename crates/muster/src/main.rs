//! The program.

use std::process::ExitCode;

/// Small, many and short-lived: what a server of messages allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    muster::main(muster::Handles::default())
}
