//! The segments of a URL path: names, keys in parentheses, function calls.
//!
//! Graph takes `/x/{id}` and `/x('{id}')` for the same entity, `/f(a='v',b=2)` for a function, names in any case, and
//! a slash at the end (OData 4.01 part 2, section 4.3.1).

use crate::error::{Error, short};
use crate::filter::limit;
use crate::limits::{MAX_ARGUMENTS, MAX_PATH_BYTES, MAX_URL_SEGMENTS};
use crate::percent;

/// One segment of a path, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The whole text: the id, where the segment stands for one.
    pub text: String,
    /// The name before the parentheses, or the whole text if there are none.
    pub name: String,
    /// What is in the parentheses.
    pub arguments: Arguments,
}

/// What a segment has in its parentheses. Values are texts: quotes undone, numbers and GUIDs as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments {
    /// No parentheses.
    None,
    /// `f()`.
    Empty,
    /// `x('id')`, or `x(5)`.
    Key(String),
    /// `f(a='v',b=2)`.
    Named(Vec<(String, String)>),
}

impl Segment {
    /// Reads one raw segment, percent-encoded and without slashes.
    ///
    /// # Errors
    /// [`Error::Encoding`], or [`Error::Segment`] if parentheses or quotes do not close.
    pub fn parse(raw: &str) -> Result<Self, Error> {
        let text = percent::segment(raw)?;
        let Some((name, rest)) = text.split_once('(').filter(|(name, _)| is_name(name)) else {
            return Ok(Self { name: text.clone(), text, arguments: Arguments::None });
        };
        let wrong = |why| Error::Segment { segment: short(&text), why };
        let inside = rest.strip_suffix(')').ok_or_else(|| wrong("it does not end with ')'"))?;
        let arguments = arguments(inside).map_err(wrong)?;
        Ok(Self { name: name.to_owned(), text: text.clone(), arguments })
    }

    /// Whether this is the name, in any case and with or without its namespace (`microsoft.graph.wipe`).
    pub fn is(&self, name: &str) -> bool {
        let bare = strip_namespace(&self.name).unwrap_or(&self.name);
        same(&self.name, name) || same(bare, name)
    }

    /// The key in the parentheses: of `x('id')`, or of a function with one argument such as `f(id='v')`.
    pub fn key(&self) -> Option<&str> {
        match &self.arguments {
            Arguments::Key(key) => Some(key),
            Arguments::Named(named) => match named.as_slice() {
                [(_, value)] => Some(value),
                _ => None,
            },
            Arguments::None | Arguments::Empty => None,
        }
    }

    /// The named argument, in any case.
    pub fn argument(&self, name: &str) -> Option<&str> {
        match &self.arguments {
            Arguments::Named(named) => {
                named.iter().find(|(given, _)| same(given, name)).map(|(_, value)| value.as_str())
            }
            _ => None,
        }
    }
}

/// Whether two names are the same in Graph's eyes.
pub fn same(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
}

fn strip_namespace(name: &str) -> Option<&str> {
    const NAMESPACE: &str = "microsoft.graph.";
    let (head, tail) = name.split_at_checked(NAMESPACE.len())?;
    same(head, NAMESPACE).then_some(tail)
}

/// Splits one raw segment into a name and the key in its parentheses, if any.
///
/// # Errors
/// As [`Segment::parse`].
pub fn split_key(raw: &str) -> Result<(String, Option<String>), Error> {
    let segment = Segment::parse(raw)?;
    let key = match segment.arguments {
        Arguments::Key(key) => Some(key),
        _ => None,
    };
    Ok((segment.name, key))
}

/// Splits a raw URL path. Empty segments, as a slash at the end leaves one, are passed over.
///
/// # Errors
/// As [`Segment::parse`], and [`Error::Limit`].
pub fn split_path(path: &str) -> Result<Vec<Segment>, Error> {
    if path.len() > MAX_PATH_BYTES {
        return Err(limit("the path", "bytes", MAX_PATH_BYTES));
    }
    let raw: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    if raw.len() > MAX_URL_SEGMENTS {
        return Err(limit("the path", "segments", MAX_URL_SEGMENTS));
    }
    raw.into_iter().map(Segment::parse).collect()
}

/// A name that parentheses may follow; other texts with parentheses are ids.
fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_' || c == '$')
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
}

fn arguments(inside: &str) -> Result<Arguments, &'static str> {
    if inside.trim().is_empty() {
        return Ok(Arguments::Empty);
    }
    let pieces = split(inside)?;
    if let [only] = pieces.as_slice()
        && named(only).is_none()
    {
        return value(only).map(Arguments::Key);
    }
    if pieces.len() > MAX_ARGUMENTS {
        return Err("it has too many arguments");
    }
    let mut arguments: Vec<(String, String)> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let (name, text) = named(piece).ok_or("an argument has no name")?;
        if arguments.iter().any(|(known, _)| same(known, name)) {
            return Err("an argument is given twice");
        }
        arguments.push((name.to_owned(), value(text)?));
    }
    Ok(Arguments::Named(arguments))
}

/// Pieces between commas outside quotes.
fn split(inside: &str) -> Result<Vec<&str>, &'static str> {
    let (mut pieces, mut start, mut quoted) = (Vec::new(), 0, false);
    for (index, c) in inside.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            ',' if !quoted => {
                pieces.push(inside.get(start..index).unwrap_or_default());
                start = index + 1;
            }
            _ => {}
        }
    }
    if quoted {
        return Err("a quoted value does not end with a single quote");
    }
    pieces.push(inside.get(start..).unwrap_or_default());
    Ok(pieces)
}

fn named(piece: &str) -> Option<(&str, &str)> {
    piece.split_once('=').map(|(name, value)| (name.trim(), value)).filter(|(name, _)| is_name(name))
}

/// A value with its quotes undone.
fn value(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let Some(rest) = text.strip_prefix('\'') else {
        return if text.is_empty() || text.contains('\'') {
            Err("a value is not quoted well")
        } else {
            Ok(text.to_owned())
        };
    };
    let inside = rest.strip_suffix('\'').ok_or("a quoted value does not end with a single quote")?;
    let undone = inside.replace("''", "\u{0}");
    if undone.contains('\'') {
        return Err("a quote inside a value is not written twice");
    }
    Ok(undone.replace('\u{0}', "'"))
}
