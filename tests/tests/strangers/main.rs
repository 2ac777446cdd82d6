//! Programs that others wrote, on practice Apple and on the running server. Each is skipped by name where it is not
//! installed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod openid;
mod openssl;
mod pushing;
mod scep;
mod signing;
mod token_files;
