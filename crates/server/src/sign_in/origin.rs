//! Whether a request comes from our own pages. A browser sends cookies with a stranger's form too, but says whose page it
//! was (Fetch Metadata; RFC 6454), and a stranger does not know the token that our forms carry.

use ::app::application::{form_token, is_form_token};
use http::header::{HeaderMap, ORIGIN};

/// Why a form is not taken. Shown to people.
pub(super) const NOT_OURS: &str =
    "This form was not sent by a page of this server, or was open for too long. Please try again.";
/// The header by which calls of the API carry the token of a session.
pub(crate) const TOKEN_HEADER: &str = "x-muster-token";

/// Whether the browser says that the request comes from a page of this server, whose public URL is `api_url`. With
/// `must_say` it has to say so: for what changes something. Every browser that is still kept does.
pub(crate) fn is_own(headers: &HeaderMap, api_url: &str, must_say: bool) -> bool {
    let one = |name: &str| {
        let mut values = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"));
        let value = values.next();
        if values.next().is_some() { Some("?") } else { value }
    };
    let (site, origin) = (one("sec-fetch-site"), one(ORIGIN.as_str()));
    let site_fits = site.is_none_or(|site| site == "same-origin");
    let origin_fits = origin.is_none_or(|origin| origin.eq_ignore_ascii_case(&origin_of(api_url)));
    site_fits && origin_fits && (!must_say || site.is_some() || origin.is_some())
}

/// Scheme, host and port of a URL, as a browser writes an origin.
fn origin_of(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let host = rest.split('/').next().unwrap_or(rest);
    let plain = match scheme {
        "https" => host.strip_suffix(":443"),
        _ => host.strip_suffix(":80"),
    };
    format!("{scheme}://{}", plain.unwrap_or(host))
}

/// Whether a form of this browser is ours.
pub(super) fn is_own_form(
    headers: &HeaderMap,
    api_url: &str,
    cookie: Option<&str>,
    token: Option<&str>,
) -> bool {
    let knows = cookie.zip(token).is_some_and(|(cookie, token)| is_form_token(cookie, token));
    knows && is_own(headers, api_url, true)
}

/// The token of this browser's forms.
pub(super) fn token(cookie: &str) -> String {
    form_token(cookie)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    /// Refuses: N
    #[test]
    fn a_request_from_a_strangers_page_is_told_from_our_own() {
        let api = "https://muster.example";
        let own = |pairs: &[(&'static str, &str)]| is_own(&headers(pairs), api, true);
        assert!(own(&[("sec-fetch-site", "same-origin"), ("origin", "https://muster.example")]));
        assert!(own(&[("origin", "https://muster.example")]));
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        for stranger in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site"), ("origin", "https://muster.example")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("origin", "http://muster.example")],
            &[("origin", "https://muster.example:8443")],
            &[("origin", "https://muster.example.evil.example")],
            &[("origin", "https://muster.example"), ("origin", "https://evil.example")],
            &[],
        ] {
            assert!(!own(stranger), "{stranger:?}");
        }
        assert!(is_own(&headers(&[]), api, false), "what only looks need not say");
        assert!(!is_own(&headers(&[("sec-fetch-site", "cross-site")]), api, false));
    }

    #[test]
    fn an_origin_has_no_path_and_no_usual_port() {
        assert_eq!(origin_of("https://muster.example:443"), "https://muster.example");
        assert_eq!(origin_of("https://muster.example/api"), "https://muster.example");
        assert_eq!(origin_of("http://localhost:8080"), "http://localhost:8080");
    }
}
