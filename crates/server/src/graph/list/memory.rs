//! Lists that are small enough to be answered over rows in memory: tokens, profiles, runs. So every property of theirs
//! can be filtered and sorted by, not only those with a column.

use std::cmp::Ordering;

use query::{Cursor, Direction, Key, Kind, Param, Property};
use serde_json::Value;

use super::{envelope, limit, skip, wanted};
use crate::graph::answer::Answer;
use crate::graph::call::Call;
use crate::graph::entity::EntityType;
use crate::graph::error::ApiError;

/// Filters, sorts and cuts complete rows. Without `$orderby` they stay in the order given.
pub(crate) fn answer(
    call: &Call,
    entity: &'static EntityType,
    rows: Vec<Value>,
    expanded: &[&str],
) -> Result<Answer, ApiError> {
    let options = &call.options;
    let filter = wanted(call, entity)?.map(|expr| query::check(&expr, entity)).transpose()?;
    let mut rows = rows;
    rows.retain(|row| filter.as_ref().is_none_or(|test| query::matches(test, row)));
    let total = options.count.then_some(rows.len() as u64);
    let keys = keys(call, entity)?;
    if !options.order_by.is_empty() {
        rows.sort_by(|left, right| query::compare(&keys, left, right));
    }
    let start = match &options.skip_token {
        Some(token) => {
            begin(&rows, &keys, &Cursor::decode(token, &call.path, options)?, !options.order_by.is_empty())
        }
        None => skip(options.skip)? as usize,
    };
    let limit = if options.top == Some(0) { 0 } else { limit(call) as usize };
    let mut page: Vec<Value> = rows.into_iter().skip(start).take(limit.saturating_add(1)).collect();
    let more = page.len() > limit && limit > 0;
    page.truncate(limit);
    let next = match page.last().filter(|_| more) {
        Some(last) => Some(Cursor { values: query::key_of(&keys, last) }.encode(&call.path, options)?),
        None => None,
    };
    envelope(call, entity, page, next.as_deref(), total, expanded)
}

/// How many rows pass the filter, for `/$count`.
pub(crate) fn count(call: &Call, entity: &'static EntityType, rows: &[Value]) -> Result<Answer, ApiError> {
    let filter = wanted(call, entity)?.map(|expr| query::check(&expr, entity)).transpose()?;
    let passing = rows.iter().filter(|row| filter.as_ref().is_none_or(|test| query::matches(test, row)));
    Ok(Answer::number(passing.count() as u64))
}

/// The sort keys, and the id last, so that no two rows are equal.
fn keys(call: &Call, entity: &'static EntityType) -> Result<Vec<Key>, ApiError> {
    let mut keys = query::check_order(&call.options.order_by, entity)?;
    let property =
        Property { scope: 0, path: vec!["id"], kind: Kind::String, ignore_case: false, casts: Vec::new() };
    keys.push(Key { property, direction: Direction::Ascending });
    Ok(keys)
}

/// Where the page begins: after the row that the cursor names. In a sorted list also when that row is gone.
fn begin(rows: &[Value], keys: &[Key], cursor: &Cursor, sorted: bool) -> usize {
    if let Some(at) = rows.iter().position(|row| query::key_of(keys, row) == cursor.values) {
        return at + 1;
    }
    if !sorted {
        return rows.len();
    }
    rows.partition_point(|row| !past(keys, &query::key_of(keys, row), &cursor.values))
}

fn past(keys: &[Key], row: &[Param], cursor: &[Param]) -> bool {
    for ((key, left), right) in keys.iter().zip(row).zip(cursor) {
        let order = order(left, right);
        let order = if key.direction == Direction::Descending { order.reverse() } else { order };
        if order != Ordering::Equal {
            return order == Ordering::Greater;
        }
    }
    false
}

fn order(left: &Param, right: &Param) -> Ordering {
    match (left, right) {
        (Param::Text(left), Param::Text(right)) => left.cmp(right),
        (Param::Int(left), Param::Int(right)) => left.cmp(right),
        (Param::Real(left), Param::Real(right)) => left.partial_cmp(right).unwrap_or(Ordering::Equal),
        (Param::Bool(left), Param::Bool(right)) => left.cmp(right),
        _ => Ordering::Equal,
    }
}
