//! How much of a query is read. Every number has its reason; what exceeds one is refused with the number named.

/// Bytes of a raw query string. Browsers and proxies cut URLs at about this length; no known client comes near it.
pub const MAX_QUERY_BYTES: usize = 8 * 1024;
/// Nesting of parentheses, `not` and lambdas in one filter: bounds the recursion of the reader and all that follow it.
pub const MAX_DEPTH: usize = 32;
/// Lambdas inside one another in one filter: the work for a row is the size of its collections to this power. Graph's
/// own clients nest two at most.
pub const MAX_LAMBDAS: usize = 3;
/// Comparisons and calls in one filter: bounds the work done for each row.
pub const MAX_CLAUSES: usize = 200;
/// Values in one `in (...)`: both engines take this many parameters with room to spare.
pub const MAX_IN_LIST: usize = 1000;
/// Nesting of `$expand`: Graph itself answers two levels, the rest is head-room.
pub const MAX_EXPAND_DEPTH: usize = 6;
/// Entries of one `$select`, `$expand` or `$orderby`, and options of one query: more than any type has properties.
pub(crate) const MAX_ITEMS: usize = 256;
/// Segments of one property path.
pub(crate) const MAX_PATH_SEGMENTS: usize = 16;
/// Bytes of a URL path.
pub const MAX_PATH_BYTES: usize = 4 * 1024;
/// Segments of a URL path: the deepest Graph path we answer has nine.
pub(crate) const MAX_URL_SEGMENTS: usize = 32;
/// Arguments of one function in a URL path.
pub(crate) const MAX_ARGUMENTS: usize = 16;
/// Values in one skip token: one for each sort key and one for the id.
pub const MAX_CURSOR_VALUES: usize = 16;
/// Bytes of one skip token: it has to fit into a URL beside the other options.
pub(crate) const MAX_CURSOR_BYTES: usize = 4 * 1024;
