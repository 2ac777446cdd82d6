//! Muster: a self-hosted server for Apple's Automated Device Enrollment, and the commands that administer it.

mod api;
mod cli;
mod command;
mod error;
mod log;
mod output;
mod portal;
mod practice_file;
mod profile_file;
mod settings;
mod start;

use std::process::ExitCode;

use clap::Parser;

/// Small, many and short-lived: what a server of messages allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("muster: failed to start its threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(command::run(arguments)) {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error);
            error.exit_code()
        }
    }
}
