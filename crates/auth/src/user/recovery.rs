//! Recovery codes: on paper, for the day the phone is gone. Shown once; kept is a hash of each.

use domain::user::methods::RECOVERY_CODES;
use zeroize::Zeroizing;

/// Characters that are told apart in anybody's hand (Crockford's base 32).
const SYMBOLS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of a code: 80 bits, too many to guess from a hash.
const LEN: usize = 16;
/// They are written in groups of this many.
const GROUP: usize = 4;

/// Fresh codes.
pub(crate) fn codes() -> Result<Vec<Zeroizing<String>>, pki::Error> {
    (0..RECOVERY_CODES).map(|_| code()).collect()
}

fn code() -> Result<Zeroizing<String>, pki::Error> {
    let bytes = Zeroizing::new(pki::random::bytes::<LEN>()?);
    let mut code = Zeroizing::new(String::with_capacity(LEN + LEN / GROUP));
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 && index % GROUP == 0 {
            code.push('-');
        }
        code.extend(SYMBOLS.get(usize::from(byte % 32)).map(|symbol| char::from(*symbol)));
    }
    Ok(code)
}

/// What is kept of a code, however it was typed. 80 random bits need no slow hash.
pub(crate) fn hash(code: &str) -> String {
    let read = |c: char| match c.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    };
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(read).take(2 * LEN).collect();
    pki::digest::sha256_hex(plain.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_many_and_read_back_however_they_are_typed() {
        let codes = codes().unwrap();
        let mut hashes: Vec<_> = codes.iter().map(|code| hash(code)).collect();
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), RECOVERY_CODES);
        assert!(codes.iter().all(|code| code.len() == 19));
        assert_eq!(hash("0123-4567-89ab-cdef"), hash(" o1234567 89AB-CDEF "));
        assert_eq!(hash("1111"), hash("iIlL"));
        assert_ne!(hash("0123-4567-89ab-cdef"), hash("0123-4567-89ab-cdeg"));
    }
}
