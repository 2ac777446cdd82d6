//! Practice Apple: Apple's side of the protocols for rehearsals and tests.

pub mod apple;
