//! Against what others wrote: oauthlib signs, OpenSSL decrypts.

use std::path::Path;
use std::process::Command;

use pki::smime::ServerToken;
use serde_json::json;

use crate::client::{Answer, START, rehearsal};

/// The header that oauthlib makes. `None` where Python or oauthlib is absent.
fn oauthlib(url: &str, token: &ServerToken, secret: &str, nonce: &str) -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/practice/oauthlib_sign.py");
    let mut command = Command::new("/usr/bin/python3");
    command.arg(script).arg(url).arg(&token.consumer_key).arg(&*token.consumer_secret);
    command.arg(&*token.access_token).arg(secret).arg(START.to_string()).arg(nonce);
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[tokio::test]
async fn what_oauthlib_signs_opens_a_session_and_with_a_wrong_secret_it_does_not() {
    let rehearsal = rehearsal().await;
    let url = format!("{}/session", rehearsal.practice.ade_url);
    let token = &rehearsal.token;
    let Some(good) = oauthlib(&url, token, &token.access_secret, "one") else {
        println!("skipped: no oauthlib");
        return;
    };
    let wrong = oauthlib(&url, token, "AS_wrong", "two").unwrap();
    let ask =
        async |header: String| Answer::of(rehearsal.http.get(&url).header("authorization", header)).await;
    assert_eq!(ask(good.clone()).await.status, 200);
    assert_eq!(ask(good).await.words(), (401, "oauth_problem=nonce_used"));
    assert_eq!(ask(wrong).await.words(), (401, "oauth_problem=signature_invalid"));
}

#[tokio::test]
async fn openssl_reads_the_token_file() {
    let rehearsal = rehearsal().await;
    let path = format!("/servers/{}/token", rehearsal.server);
    let file = rehearsal.org("POST", &path, json!({})).await;
    let folder = tempfile::tempdir().unwrap();
    let (p7m, key) = (folder.path().join("token.p7m"), folder.path().join("key.pem"));
    std::fs::write(&p7m, &file.text).unwrap();
    std::fs::write(&key, rehearsal.key.to_pem().as_bytes()).unwrap();
    let mut command = Command::new("openssl");
    command.args(["smime", "-decrypt", "-in"]).arg(&p7m).arg("-inkey").arg(&key);
    let Ok(output) = command.output() else {
        println!("skipped: no openssl");
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("Content-Type: text/plain;charset=UTF-8"), "{text}");
    assert!(text.contains("-----BEGIN MESSAGE-----") && text.contains("\"consumer_key\""), "{text}");
}
