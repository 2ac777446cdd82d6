//! Collections: options to a page, and a page to an answer (intune.md 4.5).

mod constant;
mod memory;
mod profile_id;

use app::{Keyset, PageQuery};
use query::{Cursor, Expr, Function, Literal, Path, Test};
use serde_json::{Map, Value};

use super::answer::Answer;
use super::call::Call;
use super::entity::{EntityType, Stored};
use super::error::ApiError;

pub(crate) use memory::{answer as in_memory, count as count_in_memory};

/// Rows of a page unless asked otherwise, and at most: Graph's own default for devices.
pub(crate) const PAGE: u32 = 1_000;
/// Rows that `$skip` may pass over: skipping reads them, a link to the next page does not.
pub(crate) const SKIP_MAX: u64 = 1_000_000;

/// What a list request asks of the store.
pub(crate) struct Asked {
    entity: &'static EntityType,
    /// For the store.
    pub(crate) page: PageQuery,
    /// `$top=0`: only the count is wanted.
    nothing: bool,
}

/// Reads the options of a list that the store pages.
pub(crate) fn asked(call: &Call, entity: &'static EntityType) -> Result<Asked, ApiError> {
    asked_of(call, entity, None)
}

/// The same of the rows that pass `within` too.
pub(crate) fn asked_of(
    call: &Call,
    entity: &'static EntityType,
    within: Option<Expr>,
) -> Result<Asked, ApiError> {
    let options = &call.options;
    let stored = Stored(entity);
    let filter = both(wanted(call, entity)?, within).map(|expr| query::check(&expr, &stored)).transpose()?;
    let order = query::check_order(&options.order_by, &stored)?;
    // What nobody may see is refused before anything is read.
    query::check_select(&options.select, entity)?;
    let after = match &options.skip_token {
        Some(token) => Some(Cursor::decode(token, &call.path, options)?),
        None => None,
    };
    let filter = filter.map(|test| constant::fold(test, entity));
    Ok(Asked {
        entity,
        page: PageQuery {
            filter: filter.filter(|test| !matches!(test, Test::Constant(true))),
            order,
            after,
            skip: skip(options.skip)?,
            limit: limit(call),
            count: options.count,
        },
        nothing: options.top == Some(0),
    })
}

fn skip(skip: Option<u64>) -> Result<u32, ApiError> {
    let skip = skip.unwrap_or(0);
    let fits = (skip <= SKIP_MAX).then_some(skip).and_then(|skip| u32::try_from(skip).ok());
    fits.ok_or_else(|| {
        ApiError::bad_value(
            "$skip",
            format!("Failed to skip {skip} rows: at most {SKIP_MAX}; follow @odata.nextLink instead."),
        )
    })
}

/// Rows of this page: `$top` as Graph has it, which is a page's size and not a total.
fn limit(call: &Call) -> u32 {
    let top = call.options.top.and_then(|top| u32::try_from(top).ok()).unwrap_or(PAGE);
    top.min(call.page_size.unwrap_or(PAGE)).clamp(1, PAGE)
}

/// `$filter` and `$search` as one.
fn wanted(call: &Call, entity: &EntityType) -> Result<Option<Expr>, ApiError> {
    let filter = call.options.filter.clone().map(profile_id::bare);
    let Some(search) = &call.options.search else { return Ok(filter) };
    if entity.search.is_empty() {
        return Err(ApiError::bad_value("$search", "Failed to search: $search is not offered here."));
    }
    let needles = domain::synonym::spellings(search.trim().trim_matches('"'));
    let contains = |name: &str, needle: &String| {
        let property = Expr::Path(Path(vec![name.to_owned()]));
        Expr::Call(Function::Contains, vec![property, Expr::Literal(Literal::Text(needle.clone()))])
    };
    let mut hits: Vec<Expr> =
        entity.search.iter().flat_map(|name| needles.iter().map(|needle| contains(name, needle))).collect();
    let hit = if hits.len() > 1 { Some(Expr::Or(hits)) } else { hits.pop() };
    Ok(both(filter, hit))
}

fn both(one: Option<Expr>, other: Option<Expr>) -> Option<Expr> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Expr::And(vec![one, other])),
        (one, other) => one.or(other),
    }
}

impl Asked {
    /// The same as a question for the number of rows alone.
    pub(crate) fn counting(self) -> PageQuery {
        PageQuery { count: true, limit: 1, skip: 0, after: None, order: Vec::new(), ..self.page }
    }

    /// The answer of a page that the store found. `rows` are complete; `expanded` stay whatever `$select` says.
    pub(crate) fn answer(
        self,
        call: &Call,
        rows: Vec<Value>,
        next: Option<Keyset>,
        total: Option<u64>,
        expanded: &[&str],
    ) -> Result<Answer, ApiError> {
        let next = match next.filter(|_| !self.nothing) {
            Some(cursor) => Some(cursor.encode(&call.path, &call.options)?),
            None => None,
        };
        let rows = if self.nothing { Vec::new() } else { rows };
        envelope(call, self.entity, rows, next.as_deref(), total, expanded)
    }
}

/// The envelope of a collection.
fn envelope(
    call: &Call,
    entity: &'static EntityType,
    rows: Vec<Value>,
    next: Option<&str>,
    total: Option<u64>,
    expanded: &[&str],
) -> Result<Answer, ApiError> {
    let select = query::check_select(&call.options.select, entity)?;
    let project = |mut row: Value| {
        entity.narrow(&mut row, call.v1, false, |_| false);
        query::project(row, select.as_deref(), expanded)
    };
    let mut members = Map::new();
    members.insert("@odata.context".into(), call.context("").into());
    if let Some(total) = total {
        members.insert("@odata.count".into(), total.into());
    }
    if let Some(token) = next {
        members.insert("@odata.nextLink".into(), call.next_link(token).into());
    }
    members.insert("value".into(), rows.into_iter().map(project).collect());
    Ok(Answer::ok(Value::Object(members)))
}
