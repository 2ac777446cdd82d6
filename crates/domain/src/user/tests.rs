use super::*;

fn user() -> User {
    User {
        tenant: "t".parse().unwrap(),
        id: "u".parse().unwrap(),
        version: 1,
        user_principal_name: "ada@example.com".into(),
        display_name: "Ada".into(),
        mail: None,
        account_enabled: true,
        roles: vec!["a".into()],
        sessions_valid_from: Time::from_unix(1),
        created_at: Time::from_unix(1),
    }
}

#[test]
fn a_name_to_sign_in_with_has_two_parts_and_no_spaces() {
    for good in ["ada@example.com", " Ada@example.com ", "jörg@schule.example"] {
        assert_eq!(user_principal_name(good).unwrap(), good.trim());
    }
    let long = format!("{}@x", "a".repeat(112));
    for bad in ["", "ada", "@", "ada@", "@x", "a@b@c", "a b@c", "a@b c", "a\0@b", &long] {
        assert_eq!(user_principal_name(bad), Err(NameError::UserPrincipalName), "{bad}");
    }
    assert_eq!(fold(" Ada@Example.com"), "ada@example.com");
}

#[test]
fn a_name_for_people_is_neither_empty_nor_endless() {
    assert_eq!(display_name(" Ada Lovelace ").unwrap(), "Ada Lovelace");
    for bad in ["", "  ", "a\nb", &"x".repeat(257)] {
        assert_eq!(display_name(bad), Err(NameError::DisplayName));
    }
}

/// Refuses: O
#[test]
fn other_rights_and_a_disabled_account_end_every_session() {
    let now = Time::from_unix(9);
    let mut changed = user();
    changed.set_roles(vec!["b".into()], now);
    assert_eq!(changed.sessions_valid_from, now);
    let mut same = user();
    same.set_roles(vec!["a".into()], now);
    same.set_enabled(true, now);
    assert_eq!(same, user());
    let mut disabled = user();
    disabled.set_enabled(false, now);
    assert_eq!((disabled.account_enabled, disabled.sessions_valid_from), (false, now));
    disabled.set_enabled(true, Time::from_unix(10));
    assert_eq!(disabled.sessions_valid_from, now, "what ended does not come back");
}
