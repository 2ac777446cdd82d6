//! Pauses after wrong passwords and codes. Three counters: of an account from one place, of a place, and of an account from
//! everywhere. The last one does not bind places that the account has a session from, so that a stranger's guessing never
//! keeps its owner out.

use domain::Time;

use crate::throttle::Throttle;

/// Wrong ones of an account from one place that cost nothing: people mistype.
const FREE_HERE: u32 = 5;
/// Wrong ones from one place, of all accounts: a school's people come from one address.
const FREE_PLACE: u32 = 40;
/// Wrong passwords of an account from everywhere. Guessing a password of twelve characters takes far more.
const FREE_PASSWORDS: u32 = 100;
/// Wrong codes of an account from everywhere: whoever tries them has the password, and there are a million codes only.
const FREE_CODES: u32 = 10;

/// What was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Factor {
    Password,
    Code,
}

/// The pauses of people.
#[derive(Debug)]
pub(crate) struct Pauses {
    here: Throttle,
    place: Throttle,
    passwords: Throttle,
    codes: Throttle,
}

/// Whose attempt, and from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub(crate) factor: Factor,
    pub(crate) source: &'a str,
    /// Tenant and name without its case, whether there is such an account or not.
    pub(crate) account: &'a str,
}

impl Default for Pauses {
    fn default() -> Self {
        Self {
            here: Throttle::new(FREE_HERE),
            place: Throttle::new(FREE_PLACE),
            passwords: Throttle::new(FREE_PASSWORDS),
            codes: Throttle::new(FREE_CODES),
        }
    }
}

impl Pauses {
    fn everywhere(&self, factor: Factor) -> &Throttle {
        match factor {
            Factor::Password => &self.passwords,
            Factor::Code => &self.codes,
        }
    }

    /// When the next attempt from there is looked at, if not now, whoever it is.
    pub(crate) fn wait(&self, attempt: Attempt<'_>, now: Time) -> Option<Time> {
        let here = self.here.wait(attempt.source, attempt.account, now);
        here.max(self.place.wait(attempt.source, "", now))
    }

    /// The same because of what was tried from everywhere: not for places that the account is known to sign in from.
    pub(crate) fn wait_of_strangers(&self, attempt: Attempt<'_>, now: Time) -> Option<Time> {
        self.everywhere(attempt.factor).wait("", attempt.account, now)
    }

    pub(crate) fn wrong(&self, attempt: Attempt<'_>, now: Time) {
        self.here.wrong(attempt.source, attempt.account, now);
        self.place.wrong(attempt.source, "", now);
        self.everywhere(attempt.factor).wrong("", attempt.account, now);
    }

    /// A right code ends the count. A right password does not: the codes that follow are counted on.
    pub(crate) fn right(&self, attempt: Attempt<'_>) {
        if attempt.factor == Factor::Code {
            self.here.right(attempt.source, attempt.account);
            self.everywhere(attempt.factor).right("", attempt.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt<'a>(source: &'a str, account: &'a str) -> Attempt<'a> {
        Attempt { factor: Factor::Code, source, account }
    }

    /// Refuses: O
    #[test]
    fn guessing_from_many_places_is_slowed_down_for_strangers_alone() {
        let (pauses, now) = (Pauses::default(), Time::from_unix(0));
        for n in 0..10 {
            pauses.wrong(attempt(&format!("203.0.113.{n}"), "ada"), now);
        }
        assert!(pauses.wait_of_strangers(attempt("198.51.100.1", "ada"), now).is_some());
        assert_eq!(pauses.wait(attempt("198.51.100.1", "ada"), now), None, "a known place asks this alone");
        assert_eq!(pauses.wait_of_strangers(attempt("198.51.100.1", "jo"), now), None);
    }

    /// Refuses: O
    #[test]
    fn a_place_that_tries_many_accounts_has_to_wait() {
        let (pauses, now) = (Pauses::default(), Time::from_unix(0));
        for n in 0..40 {
            pauses.wrong(attempt("203.0.113.9", &format!("person-{n}")), now);
        }
        assert!(pauses.wait(attempt("203.0.113.9", "nobody yet"), now).is_some());
        assert_eq!(pauses.wait(attempt("203.0.113.8", "nobody yet"), now), None);
    }

    /// Refuses: O
    #[test]
    fn a_right_password_does_not_buy_more_codes() {
        let (pauses, now) = (Pauses::default(), Time::from_unix(0));
        for _ in 0..5 {
            pauses.wrong(attempt("203.0.113.9", "ada"), now);
            pauses.right(Attempt { factor: Factor::Password, ..attempt("203.0.113.9", "ada") });
        }
        assert!(pauses.wait(attempt("203.0.113.9", "ada"), now).is_some());
        pauses.right(attempt("203.0.113.9", "ada"));
        assert_eq!(pauses.wait(attempt("203.0.113.9", "ada"), now), None);
    }
}
