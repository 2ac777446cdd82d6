//! Forms of OAuth: each parameter at most once (RFC 6749 section 3.2), and the client's own proof in one place alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The fields of a form, in their order.
pub(super) type Fields = Vec<(String, String)>;

/// The one value of a field; an empty one is as if it were not there (RFC 6749 section 3.1).
pub(super) fn field<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    let mut given = fields.iter().filter(|(given, _)| given == name);
    given.next().map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// A field that comes twice.
pub(super) fn doubled(fields: &Fields) -> Option<&str> {
    let comes_again = |(index, (name, _)): &(usize, &(String, String))| {
        fields.iter().skip(index + 1).any(|(n, _)| n == name)
    };
    fields.iter().enumerate().find(comes_again).map(|(_, (name, _))| name.as_str())
}

/// Client id and secret of a Basic header, each form-encoded before (RFC 6749 section 2.3.1).
pub(super) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, packed) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(packed.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded(id)?, decoded(secret)?))
}

/// Undoes `application/x-www-form-urlencoded`.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basic_header_is_read_as_rfc_6749_writes_it() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, format!("Basic {}", STANDARD.encode(text)).parse().unwrap());
            basic(&headers)
        };
        assert_eq!(of("id:a%3Ab+c%2B"), Some(("id".into(), "a:b c+".into())));
        for broken in ["no colon", "id:%", "id:%4", "id:%zz", "id:%ff"] {
            assert_eq!(of(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_field_that_comes_twice_is_found_and_an_empty_one_is_none() {
        let fields: Fields = [("a", "1"), ("b", ""), ("a", "2")].map(|(n, v)| (n.into(), v.into())).into();
        assert_eq!(doubled(&fields), Some("a"));
        assert_eq!((field(&fields, "a"), field(&fields, "b"), field(&fields, "c")), (Some("1"), None, None));
    }
}
