//! The API over HTTP: a whole server in this process, its own database, a clock that stands.

mod bad_input;
mod batch;
mod devices;
mod edge;
mod lists;
mod managed_devices;
mod muster;
mod page;
mod profiles;
mod push_certificate;
mod routes;
mod sign_in;
mod tenants;
mod tokens;
mod world;
