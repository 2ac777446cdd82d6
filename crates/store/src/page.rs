//! Lists, a page at a time: filter, order and the place to go on, compiled by `query` onto columns that are offered.

use query::{Columns, Cursor, Fragment, Key, Kind, Param, Property, Test};

use crate::row::Row;
use crate::value::Value;
use crate::{StoreError, Tx};

pub use query::Direction;

/// Where a page ended: the values of the sort keys of its last row.
pub type Keyset = Cursor;

/// One value of a keyset.
pub type SortValue = Param;

/// Longest page. A list of devices is some 2 kB a row, so this bounds an answer to 20 MB.
const PAGE_MAX: u32 = 10_000;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct PageQuery {
    /// Which rows; a filter that `query::check` has passed.
    pub filter: Option<Test>,
    /// In which order; keys that `query::check_order` has passed. The id comes last, added here.
    pub order: Vec<Key>,
    /// Go on after this, from [`Page::next`] of the same query.
    pub after: Option<Keyset>,
    /// Rows to leave out before the first.
    pub skip: u32,
    /// Rows of a page, 1 to 10,000; more or less is brought into these bounds.
    pub limit: u32,
    /// Count all rows that pass the filter.
    pub count: bool,
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<Keyset>,
    /// How many rows pass the filter, when asked.
    pub total: Option<u64>,
}

/// Where a Graph property is stored.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Graph's name.
    pub property: &'static str,
    expr: &'static str,
    fold: Option<&'static str>,
    nullable: bool,
}

impl Column {
    pub(crate) const fn new(property: &'static str, expr: &'static str) -> Self {
        Self { property, expr, fold: None, nullable: false }
    }

    /// The expression of its text without case. `lower()` only for what is ASCII by its type.
    pub(crate) const fn fold(self, expr: &'static str) -> Self {
        Self { fold: Some(expr), ..self }
    }

    pub(crate) const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }
}

/// The columns of one listing, as `query` asks for them.
struct Offered(&'static [Column]);

impl Columns for Offered {
    fn column(&self, path: &str) -> Option<query::Column> {
        let column = self.0.iter().find(|column| column.property == path)?;
        Some(query::Column {
            expr: column.expr.to_owned(),
            fold: column.fold.map(str::to_owned),
            nullable: column.nullable,
        })
    }
}

/// A table or join that can be listed.
pub(crate) struct Listing<T> {
    /// What `decode` reads.
    pub(crate) select: String,
    pub(crate) from: &'static str,
    /// Which rows at all, with `params` as `$1` and so on.
    pub(crate) condition: &'static str,
    pub(crate) params: Vec<Value>,
    /// What can be asked; one of them is `id`.
    pub(crate) columns: &'static [Column],
    pub(crate) decode: fn(&mut Row) -> Result<T, StoreError>,
}

/// Lists one page.
pub(crate) async fn page_of<T>(
    tx: &mut Tx<'_>,
    listing: Listing<T>,
    query: &PageQuery,
) -> Result<Page<T>, StoreError> {
    let Listing { select, from, condition, mut params, columns, decode } = listing;
    let offered = Offered(columns);
    let mut keys = query.order.clone();
    keys.push(by_id());
    let mut conditions = vec![condition.to_owned()];
    if let Some(filter) = &query.filter {
        let fragment = query::compile(filter, &offered, params.len() + 1)?;
        take(fragment, &mut conditions, &mut params)?;
    }
    let total = if query.count {
        let sql = format!("select count(*) from {from} where {}", conditions.join(" and "));
        Some(tx.number(&sql, params.clone()).await?)
    } else {
        None
    };
    if let Some(after) = &query.after {
        let fragment = query::after(&keys, &after.values, &offered, params.len() + 1)?;
        take(fragment, &mut conditions, &mut params)?;
    }
    let terms = query::order_terms(&keys, &offered)?;
    let order = query::order_by(&keys, &offered)?;
    let limit = query.limit.clamp(1, PAGE_MAX);
    let sql = format!(
        "select {select}, {} from {from} where {} order by {order} limit ${} offset ${}",
        terms.join(", "),
        conditions.join(" and "),
        params.len() + 1,
        params.len() + 2,
    );
    params.extend([Value::from(limit + 1), Value::from(query.skip)]);
    let rows = tx.list(&sql, params).await?;
    let (items, next) = cut(rows, limit, &keys, decode)?;
    Ok(Page { items, next, total })
}

/// The page out of one row more than it takes: that row tells whether there is another page.
fn cut<T>(
    rows: Vec<Row>,
    limit: u32,
    keys: &[Key],
    decode: fn(&mut Row) -> Result<T, StoreError>,
) -> Result<(Vec<T>, Option<Keyset>), StoreError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    let mut items = Vec::with_capacity(rows.len().min(limit));
    let mut next = None;
    for mut row in rows.into_iter().take(limit) {
        items.push(decode(&mut row)?);
        if more && items.len() == limit {
            let values = keys.iter().map(|key| sort_value(&mut row, key)).collect::<Result<Vec<_>, _>>()?;
            next = Some(Cursor { values });
        }
    }
    Ok((items, next))
}

/// The last sort key, so that no two rows are equal.
fn by_id() -> Key {
    let property =
        Property { scope: 0, path: vec!["id"], kind: Kind::String, ignore_case: false, casts: Vec::new() };
    Key { property, direction: Direction::Ascending }
}

fn sort_value(row: &mut Row, key: &Key) -> Result<Param, StoreError> {
    Ok(match key.property.kind {
        Kind::Bool => Param::Bool(row.bool()?),
        Kind::Int | Kind::DateTime | Kind::Flags(_) => Param::Int(row.int()?),
        _ => Param::Text(row.text()?),
    })
}

fn take(fragment: Fragment, conditions: &mut Vec<String>, params: &mut Vec<Value>) -> Result<(), StoreError> {
    conditions.push(fragment.sql);
    for param in fragment.params {
        params.push(match param {
            Param::Text(text) => Value::Text(text),
            Param::Int(number) => Value::Int(number),
            Param::Bool(truth) => Value::Bool(truth),
            Param::Real(_) => return Err(StoreError::Query { what: "a number with a fraction".into() }),
        });
    }
    Ok(())
}
