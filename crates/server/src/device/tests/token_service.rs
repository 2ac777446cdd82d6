//! `GetToken`: what a device shows to a service of Apple's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::profile::ProfileSettings;
use domain::secret::SecretKind;
use domain::token::{Account, ServerToken, Token};
use http::StatusCode;
use mdm::guard::Value;
use pki::digest::HashAlg;

use super::pretend::{Heard, House, Pad, key};

/// Gives the tenant the token that the devices' profile is of.
async fn give_token(house: &House, account: Option<Account>) {
    let (tenant, now) = (house.tenant.clone(), house.now());
    let write = house.app.store.transact(move |tx| {
        let token = Token {
            tenant: tenant.clone(),
            id: "token".parse().unwrap(),
            version: 1,
            name: "Headquarters".into(),
            apple_id: None,
            consent: None,
            scope_tags: vec!["0".into()],
            share_with_school_data_sync: false,
            key: None,
            pending_key: None,
            server: Some(ServerToken {
                consumer_key: "CK_1".into(),
                expires_at: now.plus(domain::time::DAY),
                uploaded_at: now,
                key: "key-1".parse().unwrap(),
                account: account.clone(),
            }),
            standing: Default::default(),
            default_profiles: Default::default(),
            created_at: now,
            modified_at: now,
            deleted_at: None,
        };
        Box::pin(async move {
            store::token::insert(tx, &token).await?;
            store::secret::put(tx, &token.tenant, SecretKind::TokenKey, "key-1", &key(3).to_pkcs8()).await
        })
    });
    write.await.unwrap();
}

async fn enrolled() -> (House, Pad) {
    let house = House::ready(ProfileSettings::default()).await;
    let mut pad = Pad::new();
    pad.enrol(&house, false).await;
    (house, pad)
}

async fn ask(house: &House, pad: &Pad, service: &str) -> Heard {
    let said = [("MessageType", "GetToken".into()), ("TokenServiceType", Value::from(service))];
    pad.say(house, &said).await
}

fn json(part: &str) -> serde_json::Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_device_gets_a_token_that_names_its_virtual_server_and_is_signed_with_that_servers_key() {
    let (house, pad) = enrolled().await;
    give_token(&house, Some(Account { server_uuid: "SERVER-1".into(), ..Account::default() })).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let heard = ask(&house, &pad, "com.apple.maid").await;
        assert_eq!(heard.status, StatusCode::OK);
        let token = String::from_utf8(heard.plist()["TokenData"].as_data().unwrap().to_vec()).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        assert_eq!(json(header), serde_json::json!({ "alg": "RS256", "typ": "JWT" }));
        let claims = json(claims);
        assert_eq!(claims["iss"], "SERVER-1");
        assert_eq!(claims["iat"], house.now().unix());
        assert_eq!(claims["service_type"], "com.apple.maid");
        ids.push(claims["jti"].as_str().unwrap().to_owned());
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        key(3).public_key().verify(HashAlg::Sha256, signed.as_bytes(), &signature).unwrap();
    }
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn only_a_device_of_ours_gets_one_and_only_for_a_service_that_there_is() {
    let (house, pad) = enrolled().await;
    give_token(&house, Some(Account { server_uuid: "SERVER-1".into(), ..Account::default() })).await;
    assert_eq!(ask(&house, &pad, "com.apple.watch.pairing").await.status, StatusCode::BAD_REQUEST);
    let stranger = Pad { udid: "STRANGER", identity: pad.identity.clone(), ..Pad::new() };
    assert_eq!(ask(&house, &stranger, "com.apple.maid").await.status, StatusCode::FORBIDDEN);
    pad.say(&house, &[("MessageType", "CheckOut".into()), ("Topic", "t".into())]).await;
    assert_eq!(ask(&house, &pad, "com.apple.maid").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn no_token_is_made_up_while_the_virtual_server_is_not_known() {
    let (house, pad) = enrolled().await;
    assert_eq!(ask(&house, &pad, "com.apple.maid").await.status, StatusCode::INTERNAL_SERVER_ERROR);
    give_token(&house, None).await;
    assert_eq!(ask(&house, &pad, "com.apple.maid").await.status, StatusCode::INTERNAL_SERVER_ERROR);
}
