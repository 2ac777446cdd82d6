//! Token files made by OpenSSL are taken by the server, and practice Apple's are opened by OpenSSL.

use muster_tests::program::ADMIN;
use muster_tests::{Program, Stack};
use practice::apple::org::OrgKind;
use practice::apple::token::TokenFile;
use serde_json::json;

use crate::openssl::OpenSsl;

/// What Apple puts into a token file, as a MIME part around JSON between two lines.
fn inner(file: &TokenFile) -> String {
    let json = json!({
        "consumer_key": file.consumer_key,
        "consumer_secret": file.consumer_secret,
        "access_token": file.access_token,
        "access_secret": file.access_secret,
        "access_token_expiry": file.access_token_expiry,
    });
    format!(
        "Content-Type: text/plain;charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
         -----BEGIN MESSAGE-----\r\n{json}\r\n-----END MESSAGE-----\r\n"
    )
}

/// A fresh file for the program's server, encrypted by OpenSSL to the server's certificate.
fn encrypted(stack: &Stack, openssl: &OpenSsl, program: &Program, how: &str) -> Vec<u8> {
    stack.clock.advance(std::time::Duration::from_secs(1));
    let now = stack.practice.world().now();
    let mut model = stack.practice.world().model();
    let file = model.issue_token(program.server, ADMIN, now).unwrap();
    let certificate = model.server(program.server).unwrap().certificate.clone();
    drop(model);
    openssl.folder.put("token.txt", inner(&file));
    openssl.folder.put("key.pem", pki::pem::encode("CERTIFICATE", &certificate));
    openssl.make("token.p7m", &format!("{how} -in {{token.txt}} {{key.pem}}"))
}

/// Shows: R18, R24
#[tokio::test(flavor = "multi_thread")]
async fn token_files_of_openssl_are_taken_by_the_server() {
    let Some(openssl) = OpenSsl::find() else { return };
    let stack = Stack::start().await;
    stack.push_certificate(&stack.api).await;
    let program = stack.token(&stack.api, OrgKind::Business, "Works").await;
    let ways = [
        "smime -encrypt -stream -aes-128-cbc",
        "smime -encrypt -des3",
        "smime -encrypt -aes-192-cbc -binary",
        "smime -encrypt -aes-256-cbc -stream -indef",
        "cms -encrypt -aes256",
        "cms -encrypt -stream -aes-128-cbc -keyid",
    ];
    for way in ways {
        let file = encrypted(&stack, &openssl, &program, way);
        assert_eq!(program.upload(&file, false).await.status, 204, "{way}");
        // That it can be synced with shows that the secrets in it are right.
        stack.sync(&program).await;
    }
}

/// Scripts that read files as bytes send them in base64.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_in_base64_is_taken_and_one_for_another_key_is_refused_in_words() {
    let Some(openssl) = OpenSsl::find() else { return };
    let stack = Stack::start().await;
    let program = stack.program().await;
    let file = encrypted(&stack, &openssl, &program, "smime -encrypt -stream -aes-128-cbc");
    let packed = pki::pem::encode("X", &file);
    let packed: String = packed.lines().filter(|line| !line.starts_with("-----")).collect();
    assert_eq!(program.upload(packed.as_bytes(), false).await.status, 204);

    openssl.stranger("other");
    let file = openssl.make("other.p7m", "smime -encrypt -aes-128-cbc -in {token.txt} {other.pem}");
    let refused = program.upload(&file, false).await;
    assert!(refused.refused(400).contains("key"), "{}", refused.body);
    for nonsense in [&b""[..], b"nonsense", &file[..file.len() / 2]] {
        assert_eq!(program.upload(nonsense, false).await.status, 400);
    }
    stack.sync(&program).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_opens_the_file_of_practice_apple_with_the_key_it_was_made_for() {
    let Some(openssl) = OpenSsl::find() else { return };
    let stack = Stack::start().await;
    openssl.stranger("mdm");
    let certificate =
        pki::x509::Certificate::from_pem(&String::from_utf8(openssl.folder.get("mdm.pem")).unwrap());
    let server = {
        let mut model = stack.practice.world().model();
        let org = model.add_org(OrgKind::Business, Default::default()).unwrap();
        model.add_server(org, "Somebody's", certificate.unwrap().der().to_vec()).unwrap()
    };
    let file = stack.practice.download_token(server, ADMIN).unwrap();
    openssl.folder.put("theirs.p7m", file);
    let text = openssl.make("theirs.txt", "smime -decrypt -in {theirs.p7m} -inkey {mdm.key}");
    let text = String::from_utf8(text).unwrap();
    let json = text.split("-----").nth(2).unwrap();
    let token: serde_json::Value = serde_json::from_str(&json.replace(['\r', '\n'], "")).unwrap();
    assert!(token["consumer_key"].as_str().unwrap().starts_with("CK_"), "{text}");
}
