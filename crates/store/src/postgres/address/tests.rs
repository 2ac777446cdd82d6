use std::path::Path;

use tokio_postgres::config::SslMode::{Disable, Prefer, Require};

use super::Address;
use crate::StoreError;

#[test]
fn another_machine_is_reached_by_tls_and_this_one_plainly_unless_told_otherwise() {
    for (url, mode) in [
        ("postgres://u:p@db.example/muster", Require),
        ("postgres://u:p@192.0.2.1/muster", Require),
        ("postgres://u:p@[2001:db8::1]:5432/muster", Require),
        ("postgres://u:p@localhost,db.example/muster", Require),
        ("postgres://u:p@localhost/muster?hostaddr=192.0.2.1", Require),
        ("postgres://u:p@db.example", Require),
        ("postgres://db.example?application_name=x", Require),
        ("postgres://u:p@localhost.example/muster", Require),
        ("postgres://u:p@db.example/muster?sslmode=prefer", Prefer),
        ("postgres://u:p@db.example/muster?sslmode=disable", Disable),
        ("postgres://u:p@db.example/muster?application_name=x&sslmode=require", Require),
        ("postgres://u:p@localhost/muster", Disable),
        ("postgres://u:p@127.0.0.1:5433/muster", Disable),
        ("postgres://u:p@127.8.9.10/muster", Disable),
        ("postgres://u:p@[::1]/muster", Disable),
        ("postgres://u:p@%2Frun%2Fpostgresql/muster", Disable),
        ("postgres:///muster?host=/run/postgresql", Disable),
        ("postgres://u:p@localhost/muster?sslmode=prefer", Disable),
        ("postgres://u:p@localhost/muster?sslmode=require", Require),
        // Who names an authority wants it asked.
        ("postgres://u:p@localhost/muster?sslrootcert=/ca.pem", Require),
        ("postgres://u:p@localhost/muster?sslrootcert=/ca.pem&sslmode=prefer", Disable),
        // A password is no parameter.
        ("postgres://u:?sslmode=disable@db.example/muster", Require),
        ("postgres://u:a?b&sslrootcert=c@db.example/muster?sslmode=prefer", Prefer),
        // The driver takes the last of several, whatever its spelling.
        ("postgres://u:p@db.example/muster?sslmode=disable&sslmode=require", Require),
        ("postgres://u:p@db.example/muster?ssl%6Dode=disable", Require),
    ] {
        let read = Address::read(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(read.config.get_ssl_mode(), mode, "{url}");
    }
}

#[test]
fn the_authorities_are_taken_out_and_the_rest_is_left_to_the_driver() {
    for (parameters, path) in [
        ("sslrootcert=/etc/ca.pem&application_name=a&sslmode=require", Some("/etc/ca.pem")),
        ("application_name=a&sslrootcert=/etc/my%20ca%3F%26.pem", Some("/etc/my ca?&.pem")),
        ("application_name=a&sslrootcert=/etc/ca@home+1.pem", Some("/etc/ca@home+1.pem")),
        ("application_name=a&sslrootcert=a=b", Some("a=b")),
        ("application_name=a", None),
    ] {
        let read = Address::read(&format!("postgres://u:p%40@db.example:6000/muster?{parameters}")).unwrap();
        assert_eq!(read.authorities.as_deref(), path.map(Path::new), "{parameters}");
        assert_eq!(read.config.get_application_name(), Some("a"), "{parameters}");
        assert_eq!(read.config.get_password(), Some(&b"p@"[..]));
        assert_eq!((read.config.get_dbname(), read.config.get_ports()), (Some("muster"), &[6000][..]));
    }
}

#[test]
fn what_is_no_address_is_refused_without_repeating_it() {
    for url in [
        "postgres://u:secret@db.example:port/muster",
        "postgres://u:secret@[db.example/muster",
        "postgres://u:secret@db.example/muster?sslmode=verify-full",
        "postgres://u:secret@db.example/muster?sslmode=allow",
        "postgres://u:secret@db.example/muster?sslmode=",
        "postgres://u:secret@db.example/muster?sslrootcert=",
        "postgres://u:secret@db.example/muster?sslrootcert=%ff",
        "postgres://u:secret@db.example/muster?sslcert=/client.pem",
        "postgres://u:secret@db.example/muster?sslrootcert",
    ] {
        let refused = Address::read(url).err();
        let Some(StoreError::Address(words)) = refused else { panic!("{url}: {refused:?}") };
        assert!(!words.contains("secret"), "{words}");
    }
}

#[test]
fn a_mode_of_other_programs_is_answered_with_ours() {
    let refused = Address::read("postgres://db.example/muster?sslmode=verify-full").err().unwrap();
    assert_eq!(
        refused.to_string(),
        "read the database address: sslmode is disable, prefer or require, which always verifies certificate and name"
    );
}

proptest::proptest! {
    /// No text makes it panic, and no text without `sslmode` lets a connection to another machine be plain.
    #[test]
    fn only_a_parameter_allows_a_plain_connection(user in "[^/]{0,20}", tail in "[a-z/?&=%@:]{0,30}") {
        let url = format!("postgres://{user}@db.example/{tail}");
        if let Ok(read) = Address::read(&url) && !url.contains("sslmode") {
            let elsewhere = !super::stays_here(&read.config);
            proptest::prop_assert!(!elsewhere || read.config.get_ssl_mode() == Require);
        }
    }
}
