//! `$orderby` over rows in memory.

use std::cmp::Ordering;

use serde_json::Value;

use crate::check::Property;
use crate::eval::{find, read};
use crate::options::Direction;
use crate::schema::Kind;
use crate::sql::Param;

/// One checked sort key.
#[derive(Debug, Clone)]
pub struct Key {
    /// What is compared.
    pub property: Property,
    /// Which end comes first.
    pub direction: Direction,
}

/// The order of two rows. Null counts as the least value of its type, as it does in [`crate::order_by`].
pub fn compare(keys: &[Key], left: &Value, right: &Value) -> Ordering {
    let each = keys.iter().map(|key| {
        let order = value(&key.property, left).order(&value(&key.property, right)).unwrap_or(Ordering::Equal);
        if key.direction == Direction::Descending { order.reverse() } else { order }
    });
    each.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// The values of a row's sort keys, for a [`crate::Cursor`].
pub fn key_of(keys: &[Key], row: &Value) -> Vec<Param> {
    keys.iter().map(|key| value(&key.property, row)).collect()
}

fn value(property: &Property, row: &Value) -> Param {
    find(row, property).and_then(|json| read(property, json)).unwrap_or_else(|| least(property.kind))
}

/// The value that stands for null in an order.
pub(crate) fn least(kind: Kind) -> Param {
    match kind {
        Kind::Bool => Param::Bool(false),
        Kind::Int | Kind::DateTime | Kind::Flags(_) => Param::Int(LEAST_INT),
        Kind::Real => Param::Real(f64::MIN),
        Kind::String | Kind::Guid | Kind::Enum(_) | Kind::Complex(_) | Kind::Collection(_) => {
            Param::Text(String::new())
        }
    }
}

/// One above `i64::MIN`, whose digits alone overflow where SQL reads the sign as an operator.
pub(crate) const LEAST_INT: i64 = i64::MIN + 1;
