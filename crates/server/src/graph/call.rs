//! One request as a handler gets it: who asks, for what, with which options.

use app::application::{Caller, Role};
use app::{Actor, App};
use domain::Time;
use query::Options;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::batch::Outer;
use super::body::{self, Parameters};
use super::entity::EntityType;
use super::error::ApiError;
use super::route::{Answers, Route};

/// A request, read.
pub(crate) struct Call {
    pub(crate) app: App,
    pub(crate) route: &'static Route,
    /// Of a batch: what it came in.
    pub(crate) outer: Option<Outer>,
    pub(crate) actor: Actor,
    pub(crate) caller: Caller,
    /// Asked under `/v1.0`.
    pub(crate) v1: bool,
    /// The ids of the path, in order.
    pub(crate) ids: Vec<String>,
    /// The path as the client wrote it, for links to the next page.
    pub(crate) path: String,
    /// The query as the client wrote it.
    pub(crate) raw_query: String,
    pub(crate) options: Options,
    /// The body; empty if there is none. Of an action the parameters in its route's table, and no others.
    pub(crate) body: Map<String, Value>,
    /// `"confirm": true` in the body.
    pub(crate) confirmed_in_body: bool,
    /// `Prefer: return=representation`.
    pub(crate) wants_representation: bool,
    /// `Prefer: odata.maxpagesize=n`.
    pub(crate) page_size: Option<u32>,
}

impl Call {
    /// What time it is.
    pub(crate) fn now(&self) -> Time {
        self.app.now()
    }

    /// The `n`-th id of the path, as a domain id.
    pub(crate) fn id<T>(&self, n: usize) -> Result<T, ApiError>
    where
        T: TryFrom<String>,
        ApiError: From<T::Error>,
    {
        let text =
            self.ids.get(n).cloned().ok_or_else(|| ApiError::internal(format!("the route has no id {n}")))?;
        Ok(T::try_from(text)?)
    }

    /// The outcome of a use case.
    pub(crate) fn done<T>(&self, outcome: app::Result<T>) -> Result<T, ApiError> {
        outcome.map_err(|error| ApiError::from_app(error, self.now()))
    }

    /// The body as an entity's properties.
    pub(crate) fn properties(&self, entity: &EntityType) -> Result<Map<String, Value>, ApiError> {
        body::read(entity, &self.body)
    }

    /// The body as an action's parameters.
    pub(crate) fn parameters(&self) -> Parameters<'_> {
        Parameters::new(self.route.shape.takes, &self.body)
    }

    /// Whether the caller says that it knows how far this goes: `"confirm": true` in the body, or `?confirm=true`.
    pub(crate) fn confirmed(&self) -> bool {
        debug_assert!(
            self.route.shape.confirmable,
            "{} does not say that it may be confirmed",
            self.route.template
        );
        let asked = self.option("confirm").is_some_and(|value| query::same(value, "true"));
        asked || self.confirmed_in_body
    }

    /// Whether the caller has this role too.
    pub(crate) fn may(&self, role: Role) -> bool {
        self.caller.may(role)
    }

    /// Whether `$select` names this.
    pub(crate) fn selects(&self, name: &str) -> bool {
        self.options.select.iter().any(|path| query::same(&path.to_string(), name))
    }

    /// An option that OData does not know, such as `confirm`.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        let found = self.options.others.iter().find(|(given, _)| query::same(given, name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether `$expand` names this.
    pub(crate) fn expands(&self, name: &str) -> bool {
        self.options
            .expand
            .iter()
            .any(|expand| matches!(expand.path.0.as_slice(), [one] if query::same(one, name) || one == "*"))
    }

    /// Refuses what `$expand` names beyond what the route offers.
    pub(crate) fn only_expands(&self) -> Result<(), ApiError> {
        let offered = self.route.shape.expands;
        for expand in &self.options.expand {
            let name = expand.path.to_string();
            if name != "*" && !offered.iter().any(|offer| query::same(offer, &name)) {
                return Err(ApiError::bad_value(
                    "$expand",
                    format!("Failed to expand '{name}': it is not offered here."),
                ));
            }
        }
        Ok(())
    }

    /// The nested `$select` of one expanded property, applied.
    pub(crate) fn narrowed(
        &self,
        name: &str,
        entity: &'static EntityType,
        row: Value,
    ) -> Result<Value, ApiError> {
        let expand = self.options.expand.iter().find(|expand| query::same(&expand.path.to_string(), name));
        let Some(expand) = expand else { return Ok(row) };
        let select = query::check_select(&expand.options.select, entity)?;
        Ok(query::project(row, select.as_deref(), &[]))
    }

    fn base(&self) -> String {
        let version = if self.v1 { "v1.0" } else { "beta" };
        format!("{}/{version}", self.app.settings.api_url)
    }

    /// `@odata.context` of what this path names.
    pub(crate) fn context(&self, suffix: &str) -> String {
        let path = self.path.trim_matches('/');
        let inside = path.split_once('/').map_or("", |(_, inside)| inside);
        format!("{}/$metadata#{inside}{suffix}", self.base())
    }

    /// The address of the page that follows.
    pub(crate) fn next_link(&self, token: &str) -> String {
        let next = query::next_query(&self.raw_query, token);
        format!("{}{}?{next}", self.app.settings.api_url, self.path)
    }

    /// 200 with one entity: `$select` applied, with its context.
    pub(crate) fn entity(
        &self,
        entity: &'static EntityType,
        row: Value,
        expanded: &[&str],
    ) -> Result<Answer, ApiError> {
        Ok(Answer::ok(self.entity_value(entity, row, expanded)?))
    }

    /// The entity as an answer has it.
    pub(crate) fn entity_value(
        &self,
        entity: &'static EntityType,
        mut row: Value,
        expanded: &[&str],
    ) -> Result<Value, ApiError> {
        let select = query::check_select(&self.options.select, entity)?;
        let named = |name: &str| {
            select.as_ref().is_some_and(|all| all.iter().any(|one| one.path.first() == Some(&name)))
        };
        entity.narrow(&mut row, self.v1, true, named);
        let row = query::project(row, select.as_deref(), expanded);
        Ok(with_context(row, self.context("/$entity")))
    }

    /// The result of a function that answers a plain value or several, or an action's: its type is the route's.
    pub(crate) fn value(&self, value: impl Into<Value>) -> Answer {
        let edm = match self.route.shape.answers {
            Answers::Value(simple) => simple.edm().to_owned(),
            Answers::Values(entity) => format!("Collection({})", entity.name),
            _ => String::new(),
        };
        debug_assert!(!edm.is_empty(), "{} does not say that it answers a value", self.route.template);
        let context = format!("{}/$metadata#{edm}", self.base());
        let mut members = Map::new();
        members.insert("@odata.context".into(), context.into());
        members.insert("value".into(), value.into());
        Answer::ok(Value::Object(members))
    }
}

/// A row with its context before everything else.
fn with_context(row: Value, context: String) -> Value {
    let mut members = Map::new();
    members.insert("@odata.context".into(), Value::String(context));
    if let Value::Object(row) = row {
        members.extend(row);
    }
    Value::Object(members)
}
