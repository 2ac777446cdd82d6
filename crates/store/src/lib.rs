//! TODO: room documentation.
