//! The order of a list and the place where its next page begins.
//!
//! Null counts as the least value, by `coalesce`: the engines sort NULLs at opposite ends, and no row value with
//! one in it compares. The caller ends the keys with one that is unique, so that no row is told twice or left out.

use super::{Columns, Fragment, Param, compared, missing, placeholder};
use crate::error::Error;
use crate::options::Direction;
use crate::order::{Key, LEAST_INT, least};

/// The expressions that the keys sort by, to be selected for the next [`crate::Cursor`].
///
/// # Errors
/// [`Error::NotInSql`] if a column is missing.
pub fn order_terms(keys: &[Key], columns: &dyn Columns) -> Result<Vec<String>, Error> {
    keys.iter().map(|key| term(key, columns)).collect()
}

/// What follows `order by`.
///
/// # Errors
/// [`Error::NotInSql`] if a column is missing.
pub fn order_by(keys: &[Key], columns: &dyn Columns) -> Result<String, Error> {
    let terms = order_terms(keys, columns)?;
    let each = terms.iter().zip(keys).map(|(term, key)| match key.direction {
        Direction::Ascending => format!("{term} asc"),
        Direction::Descending => format!("{term} desc"),
    });
    Ok(each.collect::<Vec<_>>().join(", "))
}

/// The condition for rows after the one with these values; its parameters are numbered from `first`.
///
/// # Errors
/// [`Error::NotInSql`] if a column is missing, [`Error::SkipToken`] if the values are not those of the keys.
pub fn after(keys: &[Key], values: &[Param], columns: &dyn Columns, first: usize) -> Result<Fragment, Error> {
    let terms = order_terms(keys, columns)?;
    let fits = keys.len() == values.len()
        && keys.iter().zip(values).all(|(key, value)| least(key.property.kind).order(value).is_some());
    if !fits || keys.is_empty() {
        return Err(Error::SkipToken { why: "does not fit the order of the list" });
    }
    let places: Vec<_> =
        values.iter().enumerate().map(|(index, value)| placeholder(value, first + index)).collect();
    let descending = |key: &Key| key.direction == Direction::Descending;
    let sql = if keys.iter().all(descending) {
        format!("({}) < ({})", terms.join(", "), places.join(", "))
    } else if !keys.iter().any(descending) {
        format!("({}) > ({})", terms.join(", "), places.join(", "))
    } else {
        mixed(keys, &terms, &places)
    };
    Ok(Fragment { sql, params: values.to_vec() })
}

/// `a > 1 or (a = 1 and (b < 2 or (b = 2 and c > 3)))`: no row value compares in two directions at once.
fn mixed(keys: &[Key], terms: &[String], places: &[String]) -> String {
    let each = keys.iter().zip(terms).zip(places).rev();
    each.fold(String::new(), |later, ((key, term), place)| {
        let sign = if key.direction == Direction::Descending { '<' } else { '>' };
        if later.is_empty() {
            format!("{term} {sign} {place}")
        } else {
            format!("({term} {sign} {place} or ({term} = {place} and {later}))")
        }
    })
}

fn term(key: &Key, columns: &dyn Columns) -> Result<String, Error> {
    let property = &key.property;
    if property.scope > 0 || !property.casts.is_empty() {
        return Err(missing(property, "it belongs to a derived type"));
    }
    let column = columns.column(&property.name()).ok_or_else(|| missing(property, "it is not a column"))?;
    let expr = compared(property, &column)?;
    if !column.nullable {
        return Ok(expr);
    }
    Ok(match least(property.kind) {
        Param::Text(_) => format!("coalesce({expr}, '')"),
        Param::Int(_) => format!("coalesce({expr}, {LEAST_INT})"),
        Param::Real(least) => format!("coalesce({expr}, cast('{least:e}' as double precision))"),
        // Written as a comparison, since `false` is a number in one engine and no number in the other.
        Param::Bool(_) => format!("coalesce({expr}, 1 = 0)"),
    })
}
