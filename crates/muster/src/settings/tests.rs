use std::path::PathBuf;

use super::{Flags, Listening, Place, Settings, Tls, host};

fn file(text: &str) -> (tempfile::TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.toml");
    std::fs::write(&path, text).unwrap();
    (folder, Place { config: Some(path), ..Place::default() })
}

fn refused(text: &str) -> String {
    let (_folder, place) = file(text);
    Settings::load(place, Flags::default()).unwrap_err().to_string()
}

#[test]
fn without_a_file_the_server_is_for_this_machine_alone_and_keeps_everything_in_one_folder() {
    let settings = Settings::load(Place::default(), Flags::default()).unwrap();
    assert!(settings.api.listen.ip().is_loopback() && settings.devices.listen.ip().is_loopback());
    assert_eq!(settings.sqlite_path(), Some(PathBuf::from("data/muster.db")));
    assert_eq!(settings.seal_key_file, PathBuf::from("data/seal.key"));
    assert_eq!(settings.api.tls, Tls::Own);
}

#[test]
fn the_example_file_is_the_default_settings() {
    let (_folder, place) = file(&super::example());
    let example = Settings::load(place, Flags::default()).unwrap();
    let default = Settings::load(Place::default(), Flags::default()).unwrap();
    assert_eq!(format!("{example:?}"), format!("{default:?}"));
}

#[test]
fn every_line_of_the_example_that_is_only_an_example_can_be_switched_on() {
    let switched_on: String = super::example()
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") && !rest.starts_with("tls") => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let (_folder, place) = file(&switched_on);
    let settings = Settings::load(place, Flags::default()).unwrap();
    assert_eq!(settings.devices.url.as_deref(), Some("https://devices.example.com"));
    assert_eq!(settings.sqlite_path(), None);
    assert!(matches!(settings.api.tls, Tls::Files { .. }));
}

#[test]
fn a_flag_goes_before_the_file() {
    let (_folder, place) = file("data = 'there'\n[api]\nurl = 'https://from.file/'");
    let listening = Listening { api_url: Some("https://from.flag/".into()), ..Listening::default() };
    let flags = Flags::from(listening);
    let settings = Settings::load(Place { data: Some("here".into()), ..place }, flags).unwrap();
    assert_eq!(settings.data, PathBuf::from("here"));
    assert_eq!(settings.api.url.as_deref(), Some("https://from.flag"));
}

#[test]
fn a_setting_that_is_unknown_or_contradicts_another_is_refused_with_its_name() {
    for (text, word) in [
        ("dataa = 'x'", "dataa"),
        ("[api]\ncertificate = 'a.pem'", "go together"),
        ("[devices]\ntls = false", "proxy in front"),
        ("[api]\ntls = false\nurl = 'https://x.example'\ncertificate = 'a'\nkey = 'b'", "nothing to show"),
        ("[api]\nurl = 'muster.example.com'", "base URL"),
        ("[api]\nlisten = 'here'", "listen"),
        ("[limits]\ntokens = 0", "tokens = 0"),
        ("metrics_from = ['10.0.0.0/33']", "metrics_from"),
        ("[proxies]\ntrusted = ['proxy.example']", "[proxies] trusted"),
        ("[proxies]\ncertificate_header = 'x y'", "certificate_header"),
    ] {
        let words = refused(text);
        assert!(words.contains(word), "{text:?}: {words}");
    }
}

#[test]
fn the_host_of_a_url_is_what_a_certificate_names() {
    for (url, expected) in [
        ("https://mdm.example.com:8443/x", "mdm.example.com"),
        ("https://[::1]:9443", "::1"),
        ("http://10.0.0.1", "10.0.0.1"),
    ] {
        assert_eq!(host(url).unwrap(), expected);
    }
    assert!(host("ftp://x").is_err() && host("https://").is_err());
}
