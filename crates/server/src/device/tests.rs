//! Whole conversations with the device routes, over a real database, by a pretend device that makes its own messages.

mod alerts;
mod enroll;
mod fleet;
mod hostile;
mod mac;
mod messages;
mod pretend;
mod push;
mod renewal;
mod scep;
mod setup;
mod token_service;
mod wake;
