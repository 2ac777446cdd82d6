//! OData query options as Graph clients write them: read, checked against a description of the rows, and answered
//! either over JSON rows in memory or as SQL for the store.
//!
//! The room knows no entity. A caller describes its rows with [`Entity`] and its columns with [`Columns`]; a property
//! that the description does not list cannot be filtered, sorted or selected, so a query never reaches a column
//! that was not offered (the class of bug in GHSA-x4qr-qw6h-wvxq, where a sort key reads other columns).
//!
//! ```text
//!  raw query ──Options::parse──> Options ──check──> Test, Vec<Key>, Vec<Property> ──┬─ matches / compare / project
//!                                                                                   └─ compile / order_by / after
//! ```
//!
//! # How text compares
//! Graph ignores case when it compares strings, and so do we, by [`fold`]. A property marked [`PropertyInfo::exact`]
//! compares as it stands. The two answers, in memory and in SQL, agree; a property test holds them to it.

mod check;
mod error;
mod eval;
mod expr;
mod filter;
mod key;
mod lex;
mod limits;
mod options;
mod order;
mod page;
mod percent;
mod project;
mod schema;
mod sql;
mod text;
mod time;

pub use check::{CompareOp, Match, Property, Term, Test, check, check_order, check_select};
pub use error::Error;
pub use eval::matches;
pub use expr::{BinaryOp, Expr, Function, Literal, Path, Quantifier};
pub use filter::parse_filter;
pub use key::{Arguments, Segment, same, split_key, split_path};
pub use limits::{
    MAX_CLAUSES, MAX_CURSOR_VALUES, MAX_DEPTH, MAX_EXPAND_DEPTH, MAX_IN_LIST, MAX_LAMBDAS, MAX_PATH_BYTES,
    MAX_QUERY_BYTES,
};
pub use options::{Direction, Expand, Options};
pub use order::{Key, compare, key_of};
pub use page::{Cursor, next_query};
pub use project::project;
pub use schema::{Cast, Entity, Kind, PropertyInfo, Table};
pub use sql::{Column, Columns, Fragment, Param, Rows, after, compile, order_by, order_terms};
pub use text::fold;
pub use time::micros;
