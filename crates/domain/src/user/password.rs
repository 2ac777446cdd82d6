//! Which passwords may be chosen (NIST SP 800-63B section 3.1.1.2): long ones, of any characters, that are not among
//! the first anybody would try. There are no rules of composition, and nobody has to change one for its age.

use super::fold;

/// Shortest password, in characters.
pub const LEN_MIN: usize = 12;
/// Longest password, in characters: a bound on what is hashed.
pub const LEN_MAX: usize = 128;
/// A part of a name that is shorter is in many words by chance.
const NAME_LEN_MIN: usize = 4;
/// Characters of a piece that is repeated: `abcabcabcabc`.
const PIECE_LEN_MAX: usize = 4;

/// Long passwords that lists of stolen ones begin with, and what else comes to mind first, without their case. Shorter ones
/// are refused for their length.
const COMMON: [&str; 37] = [
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "mypassword123",
    "1password1234",
    "passw0rd1234",
    "p@ssw0rd1234",
    "p@ssword1234",
    "changeme1234",
    "changemechangeme",
    "changeit1234",
    "letmein12345",
    "welcome12345",
    "welcome123456",
    "administrator",
    "administrator1",
    "administrator123",
    "adminadminadmin",
    "admin1234567",
    "admin12345678",
    "adminpassword",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiop1234",
    "qwerty123456",
    "qwertyqwerty",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "zaq12wsxcde3",
    "asdfghjkl123",
    "iloveyou1234",
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "sunshine1234",
    "football1234",
    "monkey123456",
];

/// Why a password may not be chosen. Reads on from "failed to".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Of fewer characters than it takes.
    #[error(
        "accept the password: it has to have at least {LEN_MIN} characters; several words are easier to remember than a short riddle"
    )]
    TooShort,
    /// Of more characters than are looked at.
    #[error("accept the password: it may have at most {LEN_MAX} characters")]
    TooLong,
    /// Among the first that anybody would try.
    #[error(
        "accept the password: it is one of those that are tried first; choose one that nobody else would"
    )]
    Common,
    /// It has the person's own name in it.
    #[error("accept the password: it contains your name, which is tried first")]
    Name,
}

/// Whether somebody of these names may choose this password.
///
/// # Errors
/// Why not.
pub fn check(password: &str, user_principal_name: &str, display_name: &str) -> Result<(), PasswordError> {
    let count = password.chars().count();
    if count < LEN_MIN {
        return Err(PasswordError::TooShort);
    }
    if count > LEN_MAX {
        return Err(PasswordError::TooLong);
    }
    let folded = password.to_lowercase();
    if COMMON.contains(&folded.as_str()) || is_repeated(&folded) || is_sequence(&folded) {
        return Err(PasswordError::Common);
    }
    let (name, domain) = user_principal_name.split_once('@').unwrap_or((user_principal_name, ""));
    let parts = display_name.split_whitespace().chain([name, domain, user_principal_name, "muster"]);
    let is_in_it = |part: &str| part.chars().count() >= NAME_LEN_MIN && folded.contains(&fold(part));
    match parts.into_iter().any(is_in_it) {
        true => Err(PasswordError::Name),
        false => Ok(()),
    }
}

/// One short piece again and again.
fn is_repeated(text: &str) -> bool {
    let all: Vec<char> = text.chars().collect();
    (1..=PIECE_LEN_MAX).any(|piece| all.iter().zip(all.iter().skip(piece)).all(|(a, b)| a == b))
}

/// Each character next to the one before, up or down, such as `abcdefghijkl`; ten digits go round.
fn is_sequence(text: &str) -> bool {
    let steps = |up: bool| {
        text.chars().zip(text.chars().skip(1)).all(|(a, b)| {
            let (low, high) = if up { (a, b) } else { (b, a) };
            u32::from(high) == u32::from(low) + 1 || (low, high) == ('9', '0')
        })
    };
    steps(true) || steps(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_ada(password: &str) -> Result<(), PasswordError> {
        check(password, "countess@analytical.example", "Ada Lovelace")
    }

    #[test]
    fn any_characters_will_do_and_their_number_is_counted_as_people_count() {
        for good in [
            "seven lilac otters",
            "ünïcödé ßßß",
            "日本語のパスワードですよ",
            "🦦🦦🦁🐍🦦🦉🦦🐢🦦🦜🦦🐝",
            "            x",
        ] {
            let expected = if good.chars().count() < LEN_MIN { Err(PasswordError::TooShort) } else { Ok(()) };
            assert_eq!(check_ada(good), expected, "{good}");
        }
        assert_eq!(check_ada("elevenchars"), Err(PasswordError::TooShort));
        assert_eq!(check_ada(&"ä ".repeat(64)), Err(PasswordError::Common));
        let long: String = ('a'..='z').cycle().step_by(7).take(LEN_MAX).collect();
        assert_eq!(check_ada(&long), Ok(()));
        assert_eq!(check_ada(&format!("{long}x")), Err(PasswordError::TooLong));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for bad in [
            "Password1234",
            "aaaaaaaaaaaa",
            "abcabcabcabcab",
            "abcdefghijklm",
            "123456789012",
            "210987654321",
        ] {
            assert_eq!(check_ada(bad), Err(PasswordError::Common), "{bad}");
        }
        for bad in ["my LOVELACE password", "countess-2026-x", "x analytical.example", "muster-of-2026"] {
            assert_eq!(check_ada(bad), Err(PasswordError::Name), "{bad}");
        }
        assert_eq!(check_ada("ada is in armadas"), Ok(()), "a short name is in many words");
    }
}
