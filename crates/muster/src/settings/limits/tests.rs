use std::time::Duration;

use app::open::Limits;
use toml::Table;

use super::{Field, LIMITS, changed, example, read};

fn taken(text: &str) -> Limits {
    read(&text.parse::<Table>().unwrap()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn refused(text: &str) -> String {
    read(&text.parse::<Table>().unwrap()).expect_err(text).to_string()
}

#[test]
fn the_example_shows_every_limit_with_its_default_its_range_and_what_is_behind_it() {
    let text = example();
    let file: Table = text.parse().unwrap();
    let shown = file["limits"].as_table().unwrap();
    assert_eq!(read(shown).unwrap(), Limits::default());
    let mut defaults = Limits::default();
    for limit in LIMITS {
        assert!(shown.contains_key(limit.name), "{}", limit.name);
        let comment = format!("({}; {}).\n{} = ", limit.range(&mut defaults), limit.why, limit.name);
        assert!(text.contains(&comment), "{comment}");
    }
}

#[test]
fn what_is_set_reaches_the_limit_of_that_name_and_no_other() {
    for limit in LIMITS {
        // Its least, or one more where that is the default already.
        let (mut limits, mut defaults) = (Limits::default(), Limits::default());
        let default = (limit.field)(&mut defaults).amount();
        let amount = if limit.least == default { limit.least + 1 } else { limit.least };
        let is_span = matches!((limit.field)(&mut limits), Field::Span(_));
        let given = if is_span { format!("{amount}s").into() } else { toml::Value::Integer(amount as i64) };
        limit.set("limits", &given, &mut limits).unwrap();
        let names: Vec<_> = changed(&limits).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, [limit.name]);
        // `Debug` names the fields itself and knows nothing of the table.
        let unit = if is_span { "s" } else { "" };
        let field = format!("{}: {amount}{unit}", limit.name);
        assert!(format!("{limits:?}").contains(&field), "{field}: {limits:?}");
    }
}

#[test]
fn every_unit_is_understood_and_shown_as_the_largest_that_leaves_no_rest() {
    for (text, seconds, shown) in [
        ("sync_every = '90s'", 90, "90s"),
        ("sync_every = '90m'", 5_400, "90m"),
        ("sync_every = '720m'", 43_200, ""),
        ("sync_every = '48h'", 172_800, "2d"),
        ("sync_every = ' 6d '", 518_400, "6d"),
    ] {
        let limits = taken(text);
        assert_eq!(limits.sync_every, Duration::from_secs(seconds), "{text}");
        let told = changed(&limits);
        assert_eq!(told.first().map_or("", |(_, set, _)| set.as_str()), shown, "{text}");
    }
}

/// Shows: R14, R16, R57
#[test]
fn a_limit_is_its_operators_to_set_and_the_others_stay_as_they_come() {
    let limits = taken("tokens = 100\nprofiles_per_token = 100\nmanual_sync_every = '30m'");
    let expected = Limits {
        tokens: 100,
        profiles_per_token: 100,
        manual_sync_every: Duration::from_secs(30 * 60),
        ..Limits::default()
    };
    assert_eq!(limits, expected);
    let told = changed(&limits);
    assert_eq!(told.len(), 3);
    assert!(told.contains(&("manual_sync_every", "30m".into(), "15m".into())), "{told:?}");
}

#[test]
fn what_no_server_could_keep_to_is_refused_with_its_name_and_its_range() {
    for (text, range) in [
        ("tokens = 0", "from 1 to 100000"),
        ("tokens = -1", "from 1 to 100000"),
        ("tokens = '12'", "a whole number"),
        ("tokens = 1.5", "a whole number"),
        ("tokens = 9223372036854775807", "from 1 to 100000"),
        ("sync_batch = 4294967296000", "from 1000 to 10000000"),
        ("sync_page = 1001", "from 1 to 1000"),
        ("sync_every = '0m'", "from 1m to 6d"),
        ("sync_every = '7d'", "from 1m to 6d"),
        ("sync_every = 12", "a time such as"),
        ("sync_every = '12'", "a time such as"),
        ("sync_every = 'h'", "a time such as"),
        ("sync_every = ''", "a time such as"),
        ("sync_every = '-1h'", "a time such as"),
        ("sync_every = '+1h'", "a time such as"),
        ("sync_every = '1.5h'", "a time such as"),
        ("sync_every = '1h30m'", "a time such as"),
        ("sync_every = '1 week'", "a time such as"),
        ("sync_every = '18446744073709551615d'", "from 1m to 6d"),
        ("sync_every = '99999999999999999999h'", "from 1m to 6d"),
        ("sync_every = '٤h'", "a time such as"),
        ("sync_every = true", "a time such as"),
        ("sync_every = ['1h']", "a time such as"),
        // The domain holds Apple's own wish between this and a day: more would be no range.
        ("push_retry = '25h'", "from 10s to 1d"),
    ] {
        let words = refused(text);
        let name = text.split(' ').next().unwrap();
        assert!(words.starts_with(&format!("[limits]: {name} = ")), "{text}: {words}");
        assert!(words.contains(range), "{text}: {words}");
    }
}

#[test]
fn a_limit_that_is_unknown_is_refused_with_those_that_are_not() {
    let words = refused("sync_evry = '12h'");
    assert!(words.contains("no sync_evry") && words.contains("sync_every"), "{words}");
}

#[test]
fn limits_that_contradict_each_other_are_refused_with_their_names() {
    for (text, names) in [
        ("identity = '36h'", ["identity", "whole days"]),
        ("identity = '30d'", ["identity_renewal", "identity:"]),
        ("identity_renewal = '365d'", ["identity_renewal", "identity:"]),
        ("setup_step = '31m'", ["setup_step", "setup,"]),
        ("assign_retry_max = '1m'", ["assign_retry", "assign_retry_max"]),
    ] {
        let words = refused(text);
        assert!(names.iter().all(|name| words.contains(name)), "{text}: {words}");
    }
    taken("identity = '30d'\nidentity_renewal = '10d'");
}
