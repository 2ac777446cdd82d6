//! The two cookies: the session's, and one that binds forms to a browser before there is a session. Both are `__Host-`:
//! no other host and no plain HTTP can set them (RFC 6265bis section 4.1.3.2).

use http::header::{COOKIE, HeaderMap, HeaderValue};

/// The session.
pub(crate) const SESSION: &str = "__Host-muster-session";
/// The browser, before there is a session: 256 random bits that let nobody in.
pub(super) const VISITOR: &str = "__Host-muster-visitor";
/// Longest value looked at, in bytes; ours have 43, or some more for a sign-in elsewhere.
const LEN_MAX: usize = 256;

/// The one value of a cookie. None when it comes twice: one of them is not ours.
pub(crate) fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(given, _)| *given == name).map(|(_, value)| value);
    let value = values.next().filter(|value| (1..=LEN_MAX).contains(&value.len()));
    if values.next().is_some() { None } else { value }
}

/// Sets a cookie until the browser is closed: the server ends sessions by its own clock.
pub(super) fn set(name: &str, value: &str) -> Option<HeaderValue> {
    sensitive(&format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax"))
}

/// Takes a cookie away.
pub(super) fn unset(name: &str) -> Option<HeaderValue> {
    sensitive(&format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_found_among_others_and_refused_when_it_comes_twice() {
        assert_eq!(read(&headers(&["a=1; __Host-muster-session=x; b=2"]), SESSION), Some("x"));
        assert_eq!(read(&headers(&["a=1", "__Host-muster-session=x"]), SESSION), Some("x"));
        for none in [
            "",
            "x__Host-muster-session=x",
            "__Host-muster-session=",
            "__Host-muster-session=x; __Host-muster-session=y",
            &format!("__Host-muster-session={}", "x".repeat(300)),
        ] {
            assert_eq!(read(&headers(&[none]), SESSION), None, "{none}");
        }
    }

    #[test]
    fn cookies_go_to_this_host_alone_and_to_no_script() {
        let value = set(SESSION, "x").unwrap();
        assert_eq!(value, "__Host-muster-session=x; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert!(value.is_sensitive());
    }
}
