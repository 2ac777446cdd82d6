//! Skip tokens: where a page ended, opaque to the client and good for the same list only.
//!
//! The token is base64url of: a version byte, a checksum (8 bytes), the number of values (1 byte), and each value as
//! a type byte and its bytes. The checksum covers the values and what makes the list: where it is, its filter, order
//! and search. It keeps a token from being used on another list by mistake; it proves nothing, and need not: the
//! values are parameters of a query that is bound to the caller's tenant without them. No value is a secret, since
//! the client saw all of them on the page before.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;
use crate::limits::{MAX_CURSOR_BYTES, MAX_CURSOR_VALUES};
use crate::options::{Direction, Options};
use crate::percent;
use crate::sql::Param;

const VERSION: u8 = 1;
const TEXT: u8 = 1;
const INT: u8 = 2;
const REAL: u8 = 3;
const BOOL: u8 = 4;

/// The sort keys of the last row of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// One value for each sort key.
    pub values: Vec<Param>,
}

impl Cursor {
    /// The token. `list` names what is listed, such as the path without its query.
    ///
    /// # Errors
    /// [`Error::SkipToken`] if the values are too many or too long to fit into a URL.
    pub fn encode(&self, list: &str, options: &Options) -> Result<String, Error> {
        let mut payload = Vec::new();
        let count = u8::try_from(self.values.len()).ok().filter(|it| usize::from(*it) <= MAX_CURSOR_VALUES);
        payload.push(count.ok_or(TOO_LONG)?);
        for value in &self.values {
            write(&mut payload, value)?;
        }
        let mut bytes = vec![VERSION];
        bytes.extend(checksum(list, options, &payload).to_be_bytes());
        bytes.extend(payload);
        let token = URL_SAFE_NO_PAD.encode(bytes);
        if token.len() > MAX_CURSOR_BYTES { Err(TOO_LONG) } else { Ok(token) }
    }

    /// Reads a token that [`Cursor::encode`] made for the same list.
    ///
    /// # Errors
    /// [`Error::SkipToken`] for everything else.
    pub fn decode(token: &str, list: &str, options: &Options) -> Result<Self, Error> {
        if token.len() > MAX_CURSOR_BYTES {
            return Err(TOO_LONG);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).map_err(|_| FOREIGN)?;
        let [VERSION, rest @ ..] = bytes.as_slice() else { return Err(FOREIGN) };
        let (sum, payload) = rest.split_first_chunk::<8>().ok_or(FOREIGN)?;
        if u64::from_be_bytes(*sum) != checksum(list, options, payload) {
            return Err(Error::SkipToken { why: "belongs to another list, filter or order" });
        }
        let (count, mut rest) = payload.split_first().ok_or(FOREIGN)?;
        if usize::from(*count) > MAX_CURSOR_VALUES {
            return Err(FOREIGN);
        }
        let values: Option<Vec<_>> = (0..*count).map(|_| read(&mut rest)).collect();
        values.filter(|_| rest.is_empty()).map(|values| Self { values }).ok_or(FOREIGN)
    }
}

const FOREIGN: Error = Error::SkipToken { why: "is not one of this server" };
const TOO_LONG: Error = Error::SkipToken { why: "is too long" };

fn write(payload: &mut Vec<u8>, value: &Param) -> Result<(), Error> {
    match value {
        Param::Text(text) => {
            let length = u16::try_from(text.len()).map_err(|_| TOO_LONG)?;
            payload.push(TEXT);
            payload.extend(length.to_be_bytes());
            payload.extend(text.as_bytes());
        }
        Param::Int(value) => {
            payload.push(INT);
            payload.extend(value.to_be_bytes());
        }
        Param::Real(value) => {
            payload.push(REAL);
            payload.extend(value.to_be_bytes());
        }
        Param::Bool(value) => payload.extend([BOOL, u8::from(*value)]),
    }
    Ok(())
}

fn read(rest: &mut &[u8]) -> Option<Param> {
    let [kind] = take(rest)?;
    Some(match kind {
        TEXT => {
            let length = usize::from(u16::from_be_bytes(take(rest)?));
            let (text, tail) = rest.split_at_checked(length)?;
            *rest = tail;
            Param::Text(String::from_utf8(text.to_vec()).ok().filter(|text| !text.contains('\0'))?)
        }
        INT => Param::Int(i64::from_be_bytes(take(rest)?)),
        REAL => Param::Real(Some(f64::from_be_bytes(take(rest)?)).filter(|value| value.is_finite())?),
        BOOL => Param::Bool(take::<1>(rest)? == [1]),
        _ => return None,
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (chunk, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*chunk)
}

/// What makes the list, and the values.
fn checksum(list: &str, options: &Options, payload: &[u8]) -> u64 {
    let mut sum = Fnv::new();
    sum.part(list.trim_end_matches('/').to_ascii_lowercase().as_bytes());
    sum.part(options.filter.as_ref().map(ToString::to_string).unwrap_or_default().as_bytes());
    for (path, direction) in &options.order_by {
        sum.part(path.to_string().to_ascii_lowercase().as_bytes());
        sum.part(&[u8::from(*direction == Direction::Descending)]);
    }
    sum.part(options.search.as_deref().unwrap_or_default().as_bytes());
    sum.part(payload);
    sum.0
}

/// FNV-1a with 64 bits: stable between releases, which `std`'s hasher does not promise.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn part(&mut self, bytes: &[u8]) {
        let length = (bytes.len() as u64).to_be_bytes();
        for byte in length.iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// The query string of the next page: the options of this one as they were sent, with the token in place of an older
/// one, and without `$skip`, which the first page has used up.
pub fn next_query(raw: &str, token: &str) -> String {
    let kept = raw.split('&').filter(|pair| !pair.is_empty() && !is_place(pair));
    let mut query = kept.collect::<Vec<_>>().join("&");
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str("$skiptoken=");
    query.push_str(token);
    query
}

fn is_place(pair: &str) -> bool {
    let raw = pair.split_once('=').map_or(pair, |(name, _)| name);
    let name = percent::query(raw, "the query").unwrap_or_default();
    let name = name.trim();
    let name = name.strip_prefix('$').unwrap_or(name);
    name.eq_ignore_ascii_case("skiptoken") || name.eq_ignore_ascii_case("skip")
}
