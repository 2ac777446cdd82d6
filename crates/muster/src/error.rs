//! What can go wrong in a command, said so that its reader knows what happened, to what, and what to do next.

use std::process::ExitCode;

/// How the API asks for a confirmation.
const ASKS_TO_CONFIRM: &str = "Send \"confirm\": true to go on.";

/// A failed command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The server answered with an error.
    #[error("{words}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Graph's error code.
        code: String,
        /// The server's words.
        words: String,
        /// To find it in the server's log.
        request_id: Option<String>,
    },
    /// The server could not be reached.
    #[error("reach {url}: {words}\n  {next}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        words: String,
        /// What to look at.
        next: &'static str,
    },
    /// Nobody said which server, or as whom.
    #[error(
        "know which server to talk to: run `muster login`, or set MUSTER_URL, MUSTER_CLIENT_ID and MUSTER_CLIENT_SECRET"
    )]
    NotLoggedIn,
    /// A file could not be read or written.
    #[error("{action} {path}: {source}")]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Something here did not work; reads on from "failed to".
    #[error("{0}")]
    Failed(String),
    /// What was asked for cannot be done, in words of its own.
    #[error("{0}")]
    Words(String),
}

impl CliError {
    /// What `error` says, which reads on from "failed to".
    pub(crate) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// The same refusal, for somebody at a command line: there a flag confirms.
    pub(crate) fn confirmed_by(self, flag: &str) -> Self {
        match self {
            Self::Refused { status, code, words, request_id } => {
                let words = words.replace(ASKS_TO_CONFIRM, &format!("Say {flag} to go on."));
                Self::Refused { status, code, words, request_id }
            }
            other => other,
        }
    }

    /// A reading or writing that failed.
    pub(crate) fn file(action: &'static str, path: &std::path::Path, source: std::io::Error) -> Self {
        Self::File { action, path: path.display().to_string(), source }
    }

    /// 1: failed; 3: no such thing; 4: refused by the server; 5: not reached.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            CliError::Refused { status: 404, .. } => ExitCode::from(3),
            CliError::Refused { .. } => ExitCode::from(4),
            CliError::Unreachable { .. } => ExitCode::from(5),
            CliError::NotLoggedIn | CliError::File { .. } | CliError::Failed(_) | CliError::Words(_) => {
                ExitCode::FAILURE
            }
        }
    }
}
