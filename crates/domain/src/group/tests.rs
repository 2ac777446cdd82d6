use rstest::rstest;

use super::*;

fn group() -> Group {
    Group {
        tenant: TenantId::try_from("default".to_owned()).unwrap(),
        id: GroupId::from(1),
        version: 1,
        name: "Sales".into(),
        description: None,
        mail_nickname: "Sales".into(),
        created_at: Time::from_unix(1_800_000_000),
    }
}

#[rstest]
#[case("")]
#[case("   ")]
#[case("a\u{7}b")]
#[case(&"x".repeat(NAME_LEN_MAX + 1))]
fn a_name_that_cannot_be_shown_is_refused(#[case] name: &str) {
    let mut group = group();
    assert!(group.rename(name).is_err());
    assert_eq!(group.name, "Sales", "nothing changed");
}

#[test]
fn a_group_without_a_nickname_gets_one_of_its_name() {
    let mut group = group();
    group.rename("Vertrieb Süd (2)").unwrap();
    group.nickname("").unwrap();
    assert_eq!(group.mail_nickname, "VertriebSd2");
    group.rename("販売").unwrap();
    group.nickname(" ").unwrap();
    assert_eq!(group.mail_nickname, "group");
}

#[test]
fn an_empty_description_is_none() {
    let mut group = group();
    group.describe("Those who sell").unwrap();
    assert_eq!(group.description.as_deref(), Some("Those who sell"));
    group.describe("").unwrap();
    assert_eq!(group.description, None);
}
