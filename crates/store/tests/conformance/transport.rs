//! The way to PostgreSQL: encrypted and verified, or plain, as the address says.
//!
//! Tests that need a server with TLS run when `MUSTER_TEST_POSTGRES_CA` names its authority's certificate: for a server
//! on 127.0.0.1 whose own is for `localhost` alone, as `scripts/with-postgres` makes it.

use pki::key::EcKey;
use pki::x509::{CertificateAuthority, Name, Validity};
use store::StoreError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::bench::{Bench, KEY, keys, open, raw_postgres};

/// What a client sends before anything else to ask for TLS (PostgreSQL's manual, "SSLRequest").
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A database on a server with TLS, and its authority's file.
async fn bench() -> Option<(Bench, String)> {
    let Ok(authority) = std::env::var("MUSTER_TEST_POSTGRES_CA") else {
        println!("skipped: no MUSTER_TEST_POSTGRES_CA");
        return None;
    };
    Some((Bench::postgres().await?, authority))
}

/// The bench's database by the name `localhost`, whatever this machine takes that for.
fn by_name(bench: &Bench, parameters: &str) -> String {
    let url = bench.url.replacen("127.0.0.1", "localhost", 1);
    format!("{url}?hostaddr=127.0.0.1&{parameters}")
}

/// Opens the database by `url`, and tells of each of the store's connections whether it is encrypted.
async fn encrypted(bench: &Bench, url: &str) -> Vec<bool> {
    let name = uuid::Uuid::new_v4().simple().to_string();
    let store = open(&format!("{url}&application_name={name}"), keys(KEY, &[])).await.unwrap();
    let ask = "select s.ssl from pg_stat_ssl s join pg_stat_activity a on a.pid = s.pid where a.application_name = $1";
    let rows = raw_postgres(&bench.url).await.query(ask, &[&name]).await.unwrap();
    store.close().await;
    rows.iter().map(|row| row.get(0)).collect()
}

async fn refusal(url: &str) -> String {
    let refused = open(url, keys(KEY, &[])).await.unwrap_err();
    refused.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_decides_whether_the_connection_is_encrypted() {
    let Some((bench, authority)) = bench().await else { return };
    for (parameters, expected) in [
        (format!("sslmode=require&sslrootcert={authority}"), true),
        (format!("sslrootcert={authority}"), true),
        ("sslmode=prefer".to_owned(), false),
        ("sslmode=disable".to_owned(), false),
        ("connect_timeout=5".to_owned(), false),
    ] {
        let seen = encrypted(&bench, &by_name(&bench, &parameters)).await;
        assert!(!seen.is_empty() && seen.iter().all(|ssl| *ssl == expected), "{parameters}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_another_authority_is_refused() {
    let Some((bench, _)) = bench().await else { return };
    let key = EcKey::generate().unwrap();
    let other =
        CertificateAuthority::create(key.into(), Name::of("other"), Validity::days(0, 36_500)).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), other.certificate().to_pem()).unwrap();
    let parameters = format!("sslmode=require&sslrootcert={}", file.path().display());
    let words = refusal(&by_name(&bench, &parameters)).await;
    let expected = "connect to localhost, whose certificate we do not believe: \
                    none of the authorities that we trust issued it";
    assert!(words.ends_with(expected), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_another_name_is_refused() {
    let Some((bench, authority)) = bench().await else { return };
    let words = refusal(&format!("{}?sslmode=require&sslrootcert={authority}", bench.url)).await;
    assert!(words.contains("connect to 127.0.0.1, whose certificate we do not believe: "), "{words}");
}

/// The password's proof is bound to the channel: nobody in between can pass it on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_bound_to_the_channel() {
    let Some((bench, authority)) = bench().await else { return };
    let role = "do $$ begin create role muster_scram login superuser; \
                exception when duplicate_object then null; end $$; \
                alter role muster_scram password 'right'";
    bench.raw(role).await;
    let url = by_name(&bench, &format!("channel_binding=require&sslrootcert={authority}"));
    let as_role = |password: &str| url.replacen("muster@", &format!("muster_scram:{password}@"), 1);
    assert_eq!(encrypted(&bench, &as_role("right")).await, [true]);
    let words = refusal(&as_role("wrong")).await;
    assert!(words.contains("password authentication failed"), "{words}");
}

/// Nothing but the question is said to a server that has no TLS, not even a name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 8];
        stream.read_exact(&mut asked).await.unwrap();
        stream.write_all(b"N").await.unwrap();
        let mut more = Vec::new();
        stream.read_to_end(&mut more).await.unwrap();
        (asked, more)
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    let key = EcKey::generate().unwrap();
    let authority =
        CertificateAuthority::create(key.into(), Name::of("any"), Validity::days(0, 36_500)).unwrap();
    std::fs::write(file.path(), authority.certificate().to_pem()).unwrap();
    let path = file.path().display();
    let words =
        refusal(&format!("postgres://muster@127.0.0.1:{port}/muster?sslmode=require&sslrootcert={path}"))
            .await;
    assert!(words.ends_with("server does not support TLS"), "{words}");
    assert_eq!(server.await.unwrap(), (SSL_REQUEST, Vec::new()));
}

#[tokio::test]
async fn authorities_that_cannot_be_read_are_named() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    for (path, expected) in [
        ("/nowhere/ca.pem".to_owned(), "/nowhere/ca.pem"),
        (empty.path().display().to_string(), "certificate"),
    ] {
        let url = format!("postgres://muster@db.invalid/muster?sslrootcert={path}");
        let refused = open(&url, keys(KEY, &[])).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Tls(words) if words.contains(expected)), "{refused}");
    }
}
