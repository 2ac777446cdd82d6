//! Query strings as clients send them.

use muster_query::{Direction, Options, Path};

fn path(text: &str) -> Path {
    Path(text.split('/').map(str::to_owned).collect())
}

fn parsed(query: &str) -> Options {
    Options::parse(query).unwrap_or_else(|error| panic!("{query}: failed to {error}"))
}

#[test]
fn every_option_is_read() {
    let options = parsed(
        "$filter=startsWith(deviceName,%27a+b%27)&$select=id,deviceName&$expand=assignments&\
         $orderby=deviceName%20desc,id&$top=5&$skip=10&$count=true&$search=%22displayName:x%22&$skipToken=abc",
    );
    assert_eq!(options.filter.unwrap().to_string(), "startswith(deviceName,'a b')");
    assert_eq!(options.select, [path("id"), path("deviceName")]);
    assert_eq!(options.expand.len(), 1);
    assert_eq!(
        options.order_by,
        [(path("deviceName"), Direction::Descending), (path("id"), Direction::Ascending)]
    );
    assert_eq!((options.top, options.skip, options.count), (Some(5), Some(10), true));
    assert_eq!(options.search.as_deref(), Some("\"displayName:x\""));
    assert_eq!(options.skip_token.as_deref(), Some("abc"));
    assert!(options.others.is_empty());
}

#[test]
fn names_are_read_without_a_dollar_in_any_case_and_encoded() {
    for query in ["$top=7", "top=7", "&top=7", "%24top=7", "$TOP=7", "Top=7&", "$top=7&$format=json"] {
        assert_eq!(parsed(query).top, Some(7), "{query}");
    }
    assert_eq!(parsed("$skiptoken=a%3D").skip_token.as_deref(), Some("a="));
    assert_eq!(parsed("filter=a eq 1").filter, parsed("$filter=a+eq+1").filter);
}

#[test]
fn what_is_empty_or_unknown_without_a_dollar_does_no_harm() {
    assert_eq!(parsed(""), Options::default());
    assert_eq!(parsed("$filter=&$select=&$expand=&$orderby=&$search=&$skiptoken="), Options::default());
    assert_eq!(
        parsed("api-version=1&x").others,
        [("api-version".into(), "1".into()), ("x".into(), "".into())]
    );
    assert_eq!(parsed("$search=100%").search.as_deref(), Some("100%"));
}

#[test]
fn star_selects_everything() {
    assert_eq!(parsed("$select=*").select, [path("*")]);
    assert_eq!(parsed("$expand=*").expand[0].path, path("*"));
}

#[test]
fn expand_takes_options_of_its_own() {
    let options = parsed(
        "$expand=assignments($select=id,target/groupId;$filter=a eq 'x;y)('),settings($expand=settingDefinitions( top=2 );count=true),defaultIosEnrollmentProfile",
    );
    let [assignments, settings, profile] = options.expand.as_slice() else { panic!("{options:?}") };
    assert_eq!(assignments.path, path("assignments"));
    assert_eq!(assignments.options.select, [path("id"), path("target/groupId")]);
    assert_eq!(assignments.options.filter.as_ref().unwrap().to_string(), "a eq 'x;y)('");
    assert!(settings.options.count);
    assert_eq!(settings.options.expand[0].path, path("settingDefinitions"));
    assert_eq!(settings.options.expand[0].options.top, Some(2));
    assert_eq!(profile.path, path("defaultIosEnrollmentProfile"));
    assert_eq!(profile.options, Options::default());
}
