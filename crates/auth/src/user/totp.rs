//! Codes that a phone makes from a key and the time (RFC 6238): six digits, thirty seconds, HMAC-SHA-1, as every
//! authenticator app makes them.

use domain::Time;
use zeroize::Zeroizing;

/// Seconds of a code.
const STEP: i64 = 30;
/// Codes before and after the present one that are taken: clocks differ, and typing takes time.
const WINDOW: i64 = 1;
const DIGITS: usize = 6;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A fresh key: 160 bits, as RFC 4226 section 4 recommends.
pub(crate) fn key() -> Result<Zeroizing<Vec<u8>>, pki::Error> {
    Ok(Zeroizing::new(pki::random::bytes::<20>()?.to_vec()))
}

/// The step whose code this is, if it is one of those that are taken now.
pub(crate) fn step_of(key: &[u8], code: &str, now: Time) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let present = now.unix().div_euclid(STEP);
    let is_it = |step: i64| pki::digest::constant_time_eq(code_at(key, step).as_bytes(), code.as_bytes());
    // All are compared, whichever it is.
    let steps = present - WINDOW..=present + WINDOW;
    steps.fold(None, |found, step| if is_it(step) { Some(step) } else { found })
}

/// The code of a step (RFC 4226 section 5.3).
fn code_at(key: &[u8], step: i64) -> String {
    let mac = pki::digest::hmac_sha1(key, &step.to_be_bytes());
    let offset = usize::from(mac.last().copied().unwrap_or(0) & 0x0f);
    let number = mac.iter().skip(offset).take(4).fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:0DIGITS$}", (number & 0x7fff_ffff) % 1_000_000)
}

/// The key as people type it (RFC 4648 section 6, without padding).
pub(crate) fn base32(key: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(key.len() * 8 / 5 + 1));
    let (mut held, mut bits) = (0u32, 0);
    let mut digit = |value: u32| {
        text.extend(usize::try_from(value & 31).ok().and_then(|v| BASE32.get(v)).map(|b| char::from(*b)));
    };
    for byte in key {
        (held, bits) = (held << 8 | u32::from(*byte), bits + 8);
        while bits >= 5 {
            bits -= 5;
            digit(held >> bits);
        }
    }
    if bits > 0 {
        digit(held << (5 - bits));
    }
    text
}

/// What an authenticator app reads from the picture.
pub(crate) fn uri(key: &[u8], account: &str) -> Zeroizing<String> {
    let account = percent(account);
    let key = base32(key);
    Zeroizing::new(format!(
        "otpauth://totp/Muster:{account}?secret={}&issuer=Muster&algorithm=SHA1&digits=6&period=30",
        key.as_str()
    ))
}

fn percent(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"12345678901234567890";

    /// RFC 6238 appendix B, of whose eight digits these are the last six.
    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(KEY, at / STEP), code, "at {at}");
            assert_eq!(step_of(KEY, code, Time::from_unix(at)), Some(at / STEP));
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_and_late_and_no_more() {
        let taken = |at| step_of(KEY, "287 082", Time::from_unix(at));
        assert_eq!([taken(0), taken(30), taken(89)], [Some(1); 3]);
        assert_eq!([taken(-1), taken(90)], [None; 2]);
        for wrong in ["", "287081", "2870820", "28708", "２８７０８２"] {
            assert_eq!(step_of(KEY, wrong, Time::from_unix(59)), None, "{wrong}");
        }
    }

    /// RFC 4648 section 10.
    #[test]
    fn keys_are_shown_as_apps_read_them() {
        let shown = |bytes: &[u8]| base32(bytes).to_string();
        assert_eq!(shown(b"foobar"), "MZXW6YTBOI");
        assert_eq!([shown(b""), shown(b"f"), shown(b"foob")], ["", "MY", "MZXW6YQ"]);
        let uri = uri(KEY, "ada l@x");
        assert!(
            uri.starts_with("otpauth://totp/Muster:ada%20l%40x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&")
        );
    }
}
