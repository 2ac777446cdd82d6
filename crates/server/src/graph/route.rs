//! Every route of the API: verb, path, what the caller needs, what is taken and answered, who answers. A path that is
//! not here does not exist, and none is here without the role it needs.

mod batch;
mod device;
mod later;
mod managed_device;
mod muster;
#[cfg(test)]
pub(crate) mod page;
mod profile;
mod push_certificate;
mod shape;
mod token;

use app::application::Role;
use futures_util::future::BoxFuture;
use http::Method;
use query::{Arguments, Segment};

use super::answer::Answer;
use super::call::Call;
use super::error::ApiError;

#[cfg(test)]
pub(crate) use later::LATER;
pub(crate) use shape::{Answers, Parameter, Shape, Simple, Takes};

/// What a handler is.
type Handler = fn(Call) -> BoxFuture<'static, Result<Answer, ApiError>>;

/// One route.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Names, and `{…}` for an id.
    pub(crate) template: &'static str,
    /// What the caller needs; none: a token is enough.
    pub(crate) role: Option<Role>,
    /// What it does, in Graph's words.
    pub(crate) summary: &'static str,
    /// What it takes and answers.
    pub(crate) shape: Shape,
    pub(crate) handler: Handler,
}

impl Route {
    /// Not in v1.0: what Graph has no resource for.
    pub(crate) fn beta_only(&self) -> bool {
        self.template.starts_with("muster/")
    }

    /// The path as Graph writes it: a function ends with parentheses.
    pub(crate) fn path(&self) -> String {
        let Some(arguments) = self.shape.arguments else { return self.template.to_owned() };
        let named = arguments.iter().map(|argument| format!("{0}='{{{0}}}'", argument.name()));
        format!("{}({})", self.template, named.collect::<Vec<_>>().join(","))
    }
}

/// `VERB role "path" => handler, "summary", shape;`
macro_rules! routes {
    ($( $method:ident $role:ident $template:literal => $handler:path, $summary:literal, $shape:expr; )+) => {
        pub(super) static ROUTES: &[crate::graph::route::Route] = &[$(
            crate::graph::route::Route {
                method: http::Method::$method,
                template: $template,
                role: $crate::graph::route::routes!(@ $role),
                summary: $summary,
                shape: $shape,
                handler: |call| Box::pin($handler(call)),
            },
        )+];
    };
    (@ Any) => { None };
    (@ $role:ident) => { Some(app::application::Role::$role) };
}
use routes;

/// The routes, by area.
static AREAS: [&[Route]; 7] = [
    batch::ROUTES,
    token::ROUTES,
    profile::ROUTES,
    device::ROUTES,
    push_certificate::ROUTES,
    managed_device::ROUTES,
    muster::ROUTES,
];

/// Every route.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    AREAS.iter().flat_map(|area| area.iter())
}

/// A path without keys in parentheses: `x('id')` is `x` and `id`.
pub(crate) fn flat(segments: &[Segment]) -> Vec<Segment> {
    let mut flat = Vec::with_capacity(segments.len() + 2);
    for segment in segments {
        if let Arguments::Key(key) = &segment.arguments {
            let bare = |text: &str| Segment {
                text: text.to_owned(),
                name: text.to_owned(),
                arguments: Arguments::None,
            };
            flat.extend([bare(&segment.name), bare(key)]);
        } else {
            flat.push(segment.clone());
        }
    }
    flat
}

/// What a path leads to.
pub(crate) enum Found {
    /// A route, with the ids on the way.
    Route(&'static Route, Vec<String>),
    /// A path of Graph's whose subject comes later.
    Later(&'static str),
    /// The path exists, for these verbs.
    OtherVerb(String),
    /// Nothing.
    Nothing,
}

/// Finds the route. Names go before ids, so that `…/{device}` never hides `…/$count`.
pub(crate) fn find(method: &Method, path: &[Segment], v1: bool) -> Found {
    let fitting = all().filter(|route| !(v1 && route.beta_only()));
    let mut fitting: Vec<_> = fitting.filter_map(|route| Some((route, fit(route.template, path)?))).collect();
    let Some(fewest) = fitting.iter().map(|(_, ids)| ids.len()).min() else {
        return later::find(method, path, v1).map_or(Found::Nothing, |later| Found::Later(later.template));
    };
    fitting.retain(|(_, ids)| ids.len() == fewest);
    let verbs: Vec<_> = fitting.iter().map(|(route, _)| route.method.as_str()).collect();
    let allowed = verbs.join(", ");
    match fitting.into_iter().find(|(route, _)| route.method == *method) {
        Some((route, ids)) => Found::Route(route, ids),
        None => match later::find(method, path, v1) {
            Some(later) => Found::Later(later.template),
            None => Found::OtherVerb(allowed),
        },
    }
}

/// The ids of a path that fits the template.
fn fit(template: &str, path: &[Segment]) -> Option<Vec<String>> {
    let pieces: Vec<&str> = template.split('/').collect();
    if pieces.len() != path.len() {
        return None;
    }
    let mut ids = Vec::new();
    for (piece, segment) in pieces.into_iter().zip(path) {
        if piece.starts_with('{') {
            // Not an id but what Graph has under a collection, such as `$count`.
            if segment.text.starts_with('$') {
                return None;
            }
            ids.push(segment.text.clone());
        } else if !segment.is(piece) {
            return None;
        }
    }
    Some(ids)
}
