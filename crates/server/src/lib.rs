//! TODO: room documentation.

pub mod device;
