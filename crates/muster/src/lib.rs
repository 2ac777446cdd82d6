//! Muster: a self-hosted server for Apple's Automated Device Enrollment, and the commands that administer it.
//!
//! The program `muster` is [`main`] with the computer's clock. Tests start the same with another clock, and with
//! [`Points`] that end it at a place of their choice.

mod api;
mod cli;
mod command;
mod error;
mod key_file;
mod log;
mod named_file;
mod output;
mod owner;
mod portal;
mod practice_file;
mod profile_file;
mod settings;
mod start;

use std::process::ExitCode;

use clap::Parser;
use net::{Clock, Points};

/// What the program is given from outside and no setting of it leads to.
#[derive(Debug, Clone, Default)]
pub struct Handles {
    /// What time it is for the server.
    pub clock: Clock,
    /// Who is told where the server is.
    pub points: Points,
}

/// Does what the command line says.
pub fn main(handles: Handles) -> ExitCode {
    let arguments = cli::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("muster: failed to start its threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(command::run(arguments, handles));
    // A name server that does not answer holds a thread for half a minute; nobody waits for what it will say.
    runtime.shutdown_background();
    match ended {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error);
            error.exit_code()
        }
    }
}
