use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// Shows: R49, L62
#[rstest]
#[case("{{DEVICETYPE}}-{{SERIAL}}", "iPad-C02XK1ABC")]
#[case("{{devicetype}}{{ Serial }}", "iPadC02XK1ABC")]
#[case("Klasse 4b", "Klasse 4b")]
fn variables_are_filled_in_any_case(#[case] template: &str, #[case] name: &str) {
    assert_eq!(check(template), Ok(()));
    assert_eq!(render(template, "iPad", "C02XK1ABC").as_deref(), Some(name));
}

/// Shows: L62
#[rstest]
#[case("", NameError::Empty)]
#[case("  ", NameError::Empty)]
#[case("{{USER}}", NameError::UnknownVariable("USER".into()))]
#[case("{{SERIAL", NameError::Unbalanced)]
#[case("SERIAL}}", NameError::Unbalanced)]
#[case("a\u{7}b", NameError::Control)]
fn a_template_that_means_nothing_is_refused(#[case] template: &str, #[case] why: NameError) {
    assert_eq!(check(template), Err(why));
    assert!(why_has_words(template));
}

fn why_has_words(template: &str) -> bool {
    check(template).is_err_and(|why| !why.to_string().is_empty())
}

/// Shows: L62
#[test]
fn a_template_counts_with_its_variables_filled_in() {
    // 51 characters and 12 of a serial number make 63; one more is too long, though as written it is shorter.
    let fits = format!("{}{{{{SERIAL}}}}", "x".repeat(51));
    assert_eq!(check(&fits), Ok(()));
    assert_eq!(check(&format!("x{fits}")), Err(NameError::TooLong(64)));
    assert_eq!(check(&"x".repeat(63)), Ok(()));
    assert_eq!(check(&"x".repeat(64)), Err(NameError::TooLong(64)));
}

/// Shows: L64
#[rstest]
#[case("Front-Desk-1", Ok(()))]
#[case("7-", Ok(()))]
#[case("1234", Err(NameError::DigitsOnly))]
#[case("front desk", Err(NameError::Character))]
#[case("büro", Err(NameError::Character))]
#[case("", Err(NameError::Empty))]
fn a_rename_takes_letters_digits_and_hyphens(#[case] name: &str, #[case] answer: Result<(), NameError>) {
    assert_eq!(check_rename(name), answer);
}

fn naming<'a>(template: Option<&'a str>, name_override: Option<&'a str>, supervised: bool) -> Naming<'a> {
    Naming { template, name_override, device_type: "Mac", serial: "C02", supervised }
}

/// Shows: R49, L63
#[test]
fn a_device_that_shows_another_name_is_renamed() {
    let by_template = naming(Some("{{DEVICETYPE}}-{{SERIAL}}"), None, true);
    assert_eq!(by_template.rename_from("Anna's Mac").as_deref(), Some("Mac-C02"));
    assert_eq!(by_template.rename_from("Mac-C02"), None);
    assert_eq!(naming(None, None, true).rename_from("Anna's Mac"), None);
}

/// Shows: L63
#[test]
fn a_name_for_one_device_wins_over_the_template() {
    let named = naming(Some("{{SERIAL}}"), Some("Front-Desk"), true);
    assert_eq!(named.rename_from("C02").as_deref(), Some("Front-Desk"));
    assert_eq!(named.rename_from("Front-Desk"), None);
}

/// Shows: L62
#[test]
fn a_device_that_is_not_supervised_keeps_its_name() {
    assert_eq!(naming(Some("{{SERIAL}}"), Some("Front-Desk"), false).wanted(), None);
}

#[rstest]
#[case("iPad", "iPad")]
#[case("iPad13,18", "iPad")]
#[case("iPhone15,2", "iPhone")]
#[case("MacBookPro18,3", "Mac")]
#[case("Mac", "Mac")]
#[case("AppleTV11,1", "AppleTV")]
#[case("RealityDevice14,1", "AppleVision")]
#[case("Toaster", "Device")]
fn a_device_type_is_read_from_family_or_product(#[case] words: &str, #[case] kind: &str) {
    assert_eq!(device_type(words), kind);
}

proptest! {
    /// Shows: L62
    #[test]
    fn an_accepted_template_gives_a_name_that_fits(
        template in "([a-zA-Z0-9 -]|\\{\\{SERIAL\\}\\}|\\{\\{devicetype\\}\\}|\\{|\\}){0,70}",
        serial in "[A-Z0-9]{8,12}",
    ) {
        if check(&template).is_ok() {
            let name = render(&template, "AppleVision", &serial);
            prop_assert!(name.is_some_and(|name| (1..=NAME_LEN_MAX).contains(&name.chars().count())));
        }
    }

    #[test]
    fn any_text_is_judged_without_a_panic(text in "\\PC{0,200}") {
        let _ = (check(&text), check_rename(&text), render(&text, "iPad", &text), device_type(&text));
    }
}
