//! The portal, `business.apple.com` and `school.apple.com` in practice, as JSON.
//!
//! Paths are under `/portal`; `{org}` and `{server}` are UUIDs from the lists. Wherever a body takes `by`, it is the
//! Apple Account of who does it, and `admin@example.com` without.
//!
//! | call | body | does |
//! |---|---|---|
//! | `GET /orgs` | | lists organisations |
//! | `POST /orgs` | `{kind: business\|school, name, email?, phone?, address?}` | founds one |
//! | `GET /orgs/{org}` | | shows one, with its servers |
//! | `PUT /orgs/{org}/terms` | `{accepted}` | accepts Apple's newest terms, or has newer ones come out |
//! | `PUT /orgs/{org}/services` | `{appleSeed?, activationLock?, accountDriven?}` | switches services of Apple's |
//! | `POST /orgs/{org}/people/{account}/password` | | the person changes their password: tokens they made die |
//! | `POST /orgs/{org}/people/{account}/leave` | | the person leaves: tokens they made die |
//! | `POST /orgs/{org}/servers` | `{name, publicKey}` (PEM) | makes an MDM server |
//! | `PUT /orgs/{org}/servers/{server}` | `{name?, publicKey?}` | renames it, or replaces its key |
//! | `POST /orgs/{org}/servers/{server}/token` | `{by?}` | downloads the token file; the one in use dies |
//! | `DELETE /orgs/{org}/servers/{server}/token` | | revokes the token |
//! | `PUT /orgs/{org}/defaults` | `{family, server\|null}` | sets the default server of a family |
//! | `POST /orgs/{org}/orders` | `{family, model?, count?, number?, serials?, by?}` | buys devices |
//! | `POST /orgs/{org}/configurator` | `{family, model?, serial?, by?}` | adds a device by Apple Configurator |
//! | `POST /orgs/{org}/assign` | `{serials?, order?, csv?, server\|null, by?}` | puts devices on a server, or on none |
//! | `POST /orgs/{org}/release` | `{serials?, order?, csv?, by?}` | releases devices |
//! | `PUT /orgs/{org}/migration` | `{serials, deadline\|null}` | sets migration deadlines |
//! | `GET /orgs/{org}/devices?server=&after=&limit=` | | lists devices; `server=none` for those on none |
//! | `GET /orgs/{org}/devices/{serial}` | | shows one, with its history |
//! | `POST /orgs/{org}/devices/{serial}/replace` | `{by?}` | replaces it under warranty |
//! | `POST /devices/{serial}/leave` | | its user leaves management, in the provisional period |
//! | `POST /devices/{serial}/throttle` | `{seconds}` | Apple throttles it |
//! | `GET /products` | | lists what can be bought |
//! | `GET /faults` | | lists what is planned to go wrong, and how often each was hit |
//! | `POST /faults` | `{what?, place, ...}`, see below | plans a fault; answers `{id}` |
//! | `PUT /faults` | `{repeatCursor?, exhausted?, loseDeleted?, throttled?, failed?}` | switches standing faults |
//! | `DELETE /faults`, `DELETE /faults/{id}` | | forgets all faults, or one |
//!
//! A plan says what goes wrong, where, and for how long (once, if nothing is said):
//!
//! | key | value |
//! |---|---|
//! | `what` | `answer` (the default), `slow`, `cutOff`, `endless`, `wrongJson`; on pages `repeatCursor`, `duplicates`, `disorder`, `loseDeleted`; on assignments `serials`; `clock`, `goAway`, `noConnection` |
//! | `status`, `body`, `retryAfter` | of an `answer` |
//! | `word` | instead of status and body, a word of Apple's such as `T_C_NOT_SIGNED`, `token_rejected`, `BadDeviceToken` |
//! | `seconds` | how late (`slow`), how wrong (`clock`) |
//! | `result`, `serials` | of `serials`: `THROTTLED`, `FAILED`, `NOT_ACCESSIBLE`, and for which (none: for any) |
//! | `place` | `*`, `ade`, a word such as `sync`, a path, or a method and a path |
//! | `times` | how often it hits |
//! | `percent`, `seed` | how many of a hundred calls it hits; the same ones for the same seed |
//! | `inSeconds`, `forSeconds` | when it begins, and how long it lasts, by practice Apple's clock |
//! | `standing` | `true`: until it is forgotten |
//!
//! What could never happen (`wrongJson` at `push`, a word of the ADE service's there) is refused with what fits;
//! [`crate::apple::faults::KINDS`] says of each kind where it can be.
//!
//! There is no sign-in: practice listens on loopback, and everything in it is made up.

mod answer;
mod assigning;
mod devices;
mod faults;
mod orgs;
mod servers;
mod token_file;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};

use crate::services::Services;
pub use token_file::{file_name, seal};

/// The longest body: a CSV of a hundred thousand serial numbers is 2 MB.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The routes, under `/portal`.
pub(crate) fn router() -> Router<Arc<Services>> {
    let org = Router::new()
        .route("/", get(orgs::show))
        .route("/terms", put(orgs::terms))
        .route("/services", put(orgs::switch))
        .route("/people/{account}/password", post(orgs::password))
        .route("/people/{account}/leave", post(orgs::leave))
        .route("/servers", post(servers::add))
        .route("/servers/{server}", put(servers::change))
        .route("/servers/{server}/token", post(servers::token).delete(servers::revoke))
        .route("/defaults", put(servers::default))
        .route("/orders", post(devices::order))
        .route("/configurator", post(devices::configurator))
        .route("/assign", post(assigning::assign))
        .route("/release", post(assigning::release))
        .route("/migration", put(assigning::migration))
        .route("/devices", get(devices::list))
        .route("/devices/{serial}", get(devices::show))
        .route("/devices/{serial}/replace", post(devices::replace));
    Router::new()
        .route("/portal/orgs", get(orgs::list).post(orgs::add))
        .nest("/portal/orgs/{org}", org)
        .route("/portal/devices/{serial}/leave", post(devices::leave))
        .route("/portal/devices/{serial}/throttle", post(devices::throttle))
        .route("/portal/products", get(devices::products))
        .route("/portal/faults", get(faults::list).post(faults::plan).put(faults::set).delete(faults::clear))
        .route("/portal/faults/{id}", delete(faults::forget))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}
