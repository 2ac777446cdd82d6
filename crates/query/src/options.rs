//! The query options of one request.

use crate::error::{Error, short};
use crate::expr::{Expr, Path};
use crate::filter::{Parser, limit, parse_filter};
use crate::lex::Token;
use crate::limits::{MAX_EXPAND_DEPTH, MAX_ITEMS, MAX_QUERY_BYTES};
use crate::percent;

/// What a request asks of a collection or an entity (OData 4.01 part 2, section 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Which rows.
    pub filter: Option<Expr>,
    /// Which properties; empty means all, and so does a path of the one name `*`.
    pub select: Vec<Path>,
    /// Which related rows to include.
    pub expand: Vec<Expand>,
    /// In which order.
    pub order_by: Vec<(Path, Direction)>,
    /// How many rows at most.
    pub top: Option<u64>,
    /// How many rows to leave out first.
    pub skip: Option<u64>,
    /// Whether to count all rows that pass the filter.
    pub count: bool,
    /// Free text, as written.
    pub search: Option<String>,
    /// Where the page before ended; see [`crate::Cursor`].
    pub skip_token: Option<String>,
    /// What the server does not take part in: options without `$` that OData does not name, `$format`, `$deltatoken`.
    pub others: Vec<(String, String)>,
}

/// One entry of `$expand`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expand {
    /// The navigation property, or the one name `*`.
    pub path: Path,
    /// The options in its parentheses.
    pub options: Options,
}

/// The direction of one sort key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Least first, and null before all.
    #[default]
    Ascending,
    /// Greatest first.
    Descending,
}

/// The options by their names without `$`.
const KNOWN: &[&str] =
    &["filter", "select", "expand", "orderby", "top", "skip", "count", "search", "skiptoken"];
/// Options with `$` that clients send and that change nothing in our answers.
const TOLERATED: &[&str] = &["format", "deltatoken", "levels"];

impl Options {
    /// Reads a raw query string: what follows the `?` of a URL, still percent-encoded.
    ///
    /// Names are read in any case and with or without `$`, as the beta endpoint of Graph does. An option without a
    /// value is as good as absent, except where a number is due.
    ///
    /// # Errors
    /// Every error of reading; the text says where and what was expected.
    pub fn parse(query: &str) -> Result<Self, Error> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(limit("the query", "bytes", MAX_QUERY_BYTES));
        }
        let mut reading = Reading::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent::query(name, "the query")?;
            let value = percent::query(value, &name)?;
            reading.option(name.trim(), &value, 0)?;
        }
        Ok(reading.options)
    }
}

/// Options as far as they are read, and the names seen.
#[derive(Default)]
struct Reading {
    options: Options,
    seen: Vec<&'static str>,
}

impl Reading {
    fn option(&mut self, given: &str, value: &str, depth: usize) -> Result<(), Error> {
        let bare = given.strip_prefix('$').unwrap_or(given);
        let Some(name) = KNOWN.iter().copied().find(|known| known.eq_ignore_ascii_case(bare)) else {
            return self.other(given, bare, value);
        };
        if self.seen.contains(&name) {
            return Err(Error::Duplicate { option: format!("${name}") });
        }
        self.seen.push(name);
        let value = value.trim();
        let text = || (!value.is_empty()).then(|| value.to_owned());
        let options = &mut self.options;
        match name {
            "top" => options.top = Some(number("$top", value)?),
            "skip" => options.skip = Some(number("$skip", value)?),
            "count" => options.count = boolean("$count", value)?,
            "search" => options.search = text(),
            "skiptoken" => options.skip_token = text(),
            _ if value.is_empty() => {}
            "filter" => options.filter = Some(parse_filter(value)?),
            "select" => options.select = paths(value)?,
            "orderby" => options.order_by = order_by(value)?,
            _ => options.expand = expand(value, depth)?,
        }
        Ok(())
    }

    fn other(&mut self, given: &str, bare: &str, value: &str) -> Result<(), Error> {
        let tolerated = TOLERATED.iter().any(|known| known.eq_ignore_ascii_case(bare));
        if given.starts_with('$') && !tolerated {
            return Err(Error::UnknownOption { option: short(given) });
        }
        if self.options.others.len() == MAX_ITEMS {
            return Err(limit("the query", "options", MAX_ITEMS));
        }
        self.options.others.push((given.to_owned(), value.to_owned()));
        Ok(())
    }
}

fn number(option: &str, value: &str) -> Result<u64, Error> {
    // `u64::from_str` takes a leading plus, which no client means.
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse().ok().filter(|_| digits).ok_or_else(|| Error::Value {
        option: option.to_owned(),
        value: short(value),
        expected: "a whole number from 0",
    })
}

fn boolean(option: &str, value: &str) -> Result<bool, Error> {
    match value {
        _ if value.eq_ignore_ascii_case("true") => Ok(true),
        _ if value.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(Error::Value { option: option.to_owned(), value: short(value), expected: "true or false" }),
    }
}

fn paths(text: &str) -> Result<Vec<Path>, Error> {
    let mut parser = Parser::new("$select", text)?;
    let mut paths = Vec::new();
    loop {
        full("$select", paths.len())?;
        if parser.take(&Token::Star) {
            paths.push(Path(vec!["*".to_owned()]));
        } else {
            paths.push(parser.path("a property or '*'")?);
        }
        if !parser.take(&Token::Comma) {
            parser.end("',' or the end")?;
            return Ok(paths);
        }
    }
}

fn order_by(text: &str) -> Result<Vec<(Path, Direction)>, Error> {
    let mut parser = Parser::new("$orderby", text)?;
    let mut keys = Vec::new();
    loop {
        full("$orderby", keys.len())?;
        let path = parser.path("a property")?;
        let descending = !parser.take_word("asc") && parser.take_word("desc");
        let direction = if descending { Direction::Descending } else { Direction::Ascending };
        keys.push((path, direction));
        if !parser.take(&Token::Comma) {
            parser.end("'asc', 'desc', ',' or the end")?;
            return Ok(keys);
        }
    }
}

fn full(option: &str, count: usize) -> Result<(), Error> {
    if count == MAX_ITEMS { Err(limit(option, "entries", MAX_ITEMS)) } else { Ok(()) }
}

fn expand(text: &str, depth: usize) -> Result<Vec<Expand>, Error> {
    if depth == MAX_EXPAND_DEPTH {
        return Err(limit("$expand", "levels of nesting", MAX_EXPAND_DEPTH));
    }
    let mut items = Vec::new();
    for (position, item) in split(text, ',', 1)? {
        full("$expand", items.len())?;
        items.push(expand_item(item, position, depth)?);
    }
    Ok(items)
}

/// `path` or `path($select=a;$filter=b)`; `position` is where the item begins.
fn expand_item(item: &str, position: usize, depth: usize) -> Result<Expand, Error> {
    let (path, nested) = match item.split_once('(') {
        None => (item, None),
        Some((path, nested)) => (path, Some(nested)),
    };
    let mut options = Options::default();
    if let Some(nested) = nested {
        let inside = nested.trim_end().strip_suffix(')').ok_or_else(|| Error::Syntax {
            option: "$expand".to_owned(),
            position: position + item.chars().count(),
            expected: "')' and then ',' or the end".to_owned(),
            found: format!("'{}'", short(item)),
        })?;
        options = nested_options(inside, position + path.chars().count() + 1, depth)?;
    }
    let path = path.trim();
    if path == "*" {
        return Ok(Expand { path: Path(vec!["*".to_owned()]), options });
    }
    let mut parser = Parser::new("$expand", path)?;
    let path = parser.path("a navigation property")?;
    parser.end("'(', ',' or the end")?;
    Ok(Expand { path, options })
}

fn nested_options(text: &str, position: usize, depth: usize) -> Result<Options, Error> {
    let mut reading = Reading::default();
    for (_, pair) in split(text, ';', position)? {
        let pair = pair.trim();
        if pair.is_empty() {
            continue;
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        reading.option(name.trim(), value, depth + 1)?;
    }
    Ok(reading.options)
}

/// The pieces of `text` between separators that stand outside quotes and parentheses, each with its position.
fn split(text: &str, separator: char, from: usize) -> Result<Vec<(usize, &str)>, Error> {
    let (mut pieces, mut start, mut start_position) = (Vec::new(), 0, from);
    let (mut depth, mut quoted) = (0_usize, false);
    let mut position = from;
    for (index, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or_else(|| unbalanced(position, "a property", ")"))?,
            _ if c == separator && depth == 0 => {
                pieces.push((start_position, text.get(start..index).unwrap_or_default()));
                (start, start_position) = (index + c.len_utf8(), position + 1);
            }
            _ => {}
        }
        position += 1;
    }
    if quoted || depth > 0 {
        let missing = if quoted { "a closing single quote" } else { "')'" };
        return Err(unbalanced(position, missing, "the end"));
    }
    pieces.push((start_position, text.get(start..).unwrap_or_default()));
    Ok(pieces)
}

fn unbalanced(position: usize, expected: &str, found: &str) -> Error {
    Error::Syntax {
        option: "$expand".to_owned(),
        position,
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}
