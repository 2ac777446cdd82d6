//! Why a sync failed, as numbers for `lastSyncErrorCode` (N48; Graph publishes none).

use std::time::Duration;

use crate::Limits;

/// Wait before a token is tried again whose trouble only a person can end: terms, rights, a revoked token.
const STANDING_WAIT: Duration = Duration::from_secs(60 * 60);

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $title:literal;)+) => {
        /// Why a sync failed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum SyncProblem {
            $($(#[$doc])* $name,)+
        }

        impl SyncProblem {
            /// Every problem.
            pub const ALL: &[SyncProblem] = &[$(SyncProblem::$name,)+];

            /// `lastSyncErrorCode`; never 0, which is good.
            pub const fn code(self) -> i32 {
                match self { $(SyncProblem::$name => $code,)+ }
            }

            /// In a few words.
            pub const fn title(self) -> &'static str {
                match self { $(SyncProblem::$name => $title,)+ }
            }
        }
    };
}

problems! {
    /// Apple rejects the token.
    TokenRejected = 1, "the token is expired or invalid";
    /// `ACCESS_DENIED`.
    AccessDenied = 2, "access denied";
    /// `T_C_NOT_SIGNED`.
    TermsNotAccepted = 3, "Apple's terms are not accepted";
    /// `INVALID_CURSOR`.
    InvalidCursor = 4, "invalid cursor";
    /// `EXPIRED_CURSOR`.
    ExpiredCursor = 5, "expired cursor";
    /// `CURSOR_REQUIRED`.
    CursorRequired = 6, "required cursor";
    /// The same cursor again and again.
    RepeatedCursor = 7, "Apple repeats a cursor";
    /// 15 minutes are over.
    TimedOut = 8, "the sync did not end in its time";
    /// 429 or 503.
    Busy = 9, "Apple's service is busy";
    /// No answer, or none that could be read.
    Unreachable = 10, "Apple's service did not answer";
    /// An answer that is not in any list.
    Unexpected = 11, "Apple answered with an error";
    /// Our own trouble.
    Internal = 12, "this server failed";
    /// `timestamp_refused`.
    ClocksDiffer = 13, "this server's clock and Apple's differ";
    /// `EXHAUSTED_CURSOR` where a list has just begun, or to what changes, which has no end.
    ExhaustedCursor = 14, "exhausted cursor";
}

impl SyncProblem {
    /// How long to wait before the next run, if Apple does not say.
    pub fn wait(self, limits: &Limits) -> Duration {
        match self {
            Self::AccessDenied | Self::TermsNotAccepted => STANDING_WAIT,
            _ => limits.manual_sync_every,
        }
    }

    /// Whether a new, complete list helps.
    pub const fn is_cursor(self) -> bool {
        matches!(
            self,
            Self::InvalidCursor | Self::ExpiredCursor | Self::CursorRequired | Self::ExhaustedCursor
        )
    }
}
