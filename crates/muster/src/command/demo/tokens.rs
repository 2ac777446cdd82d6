//! The push certificate, the tokens and the first sync.

use std::time::Duration;

use serde_json::{Value, json};

use super::act::{Stage, items, text};
use super::cast::{Order, Org};
use crate::error::CliError;
use crate::portal::id;

/// The Apple Account of the push certificate.
const PUSH_ACCOUNT: &str = "push@linden.example";
/// For the first sync to end.
const SYNC_PATIENCE: Duration = Duration::from_secs(60);
const TOKENS: &str = "deviceManagement/depOnboardingSettings";

/// An organisation that is connected.
pub(super) struct Connected {
    pub(super) name: &'static str,
    /// The token's id.
    pub(super) token: String,
    /// Devices for the first day.
    pub(super) first_day: Vec<Bought>,
    /// Devices that stay in their boxes.
    pub(super) later: Vec<Bought>,
    /// Devices on somebody else's MDM server.
    pub(super) elsewhere: Vec<Bought>,
}

/// A device that was bought.
#[derive(Debug, Clone)]
pub(super) struct Bought {
    pub(super) serial: String,
    pub(super) family: &'static str,
    pub(super) model: &'static str,
}

/// Asks for a push certificate, has practice Apple sign it, uploads it.
pub(super) async fn push_certificate(stage: &Stage) -> Result<(), CliError> {
    let path = "deviceManagement/applePushNotificationCertificate";
    let request =
        stage.api.get(&format!("{path}/downloadApplePushNotificationCertificateSigningRequest()")).await?;
    let signed = stage.portal.push_certificate(text(&request, "value"), PUSH_ACCOUNT, None).await?;
    stage.api.patch(path, &json!({ "appleIdentifier": PUSH_ACCOUNT, "certificate": signed })).await?;
    let kept = stage.api.get(path).await?;
    stage.act("Push certificate: requested here, signed by practice Apple, uploaded");
    stage.note(&format!(
        "topic {}, until {}",
        text(&kept, "topicIdentifier"),
        text(&kept, "expirationDateTime")
    ));
    Ok(())
}

/// Founds the organisations, buys their devices, connects them by tokens and waits for the first sync of each.
pub(super) async fn connect(stage: &Stage, cast: &[Org; 2]) -> Result<Vec<Connected>, CliError> {
    let mut connected = Vec::new();
    for org in cast {
        connected.push(connect_one(stage, org).await?);
    }
    stage.act("First sync: Apple's lists of devices");
    for org in &connected {
        let run = first_sync(stage, &org.token).await?;
        let say = |name: &str| text(&run, name);
        stage.note(&format!(
            "{}: {} devices, {} new ({})",
            org.name,
            say("devicesSeen"),
            say("devicesNew"),
            say("state")
        ));
    }
    Ok(connected)
}

async fn connect_one(stage: &Stage, org: &Org) -> Result<Connected, CliError> {
    let Stage { api, portal } = stage;
    let at_apple = id(&portal.post("orgs", &json!({ "kind": org.kind, "name": org.name })).await?);
    let token = json!({ "tokenName": org.name, "dataSharingConsentGranted": true });
    let token = id(&api.post(TOKENS, &token).await?);
    api.post(&format!("{TOKENS}/{token}/generateEncryptionPublicKey"), &json!({})).await?;
    let key = text(&api.get(&format!("{TOKENS}/{token}/getEncryptionPublicKey()")).await?, "value");
    let servers = format!("orgs/{at_apple}/servers");
    let server = id(&portal.post(&servers, &json!({ "name": "Muster", "publicKey": key })).await?);
    let mut bought = [Vec::new(), Vec::new(), Vec::new()];
    for (orders, list) in [&org.orders, &org.later].into_iter().zip(&mut bought) {
        *list = buy(stage, &at_apple, &server, orders).await?;
    }
    if !org.elsewhere.is_empty() {
        let other =
            id(&portal.post(&servers, &json!({ "name": "Somebody else's MDM", "publicKey": key })).await?);
        bought[2] = buy(stage, &at_apple, &other, &org.elsewhere).await?;
    }
    let (file_name, file) = portal.token(&at_apple, &server, org.account).await?;
    let upload = json!({ "appleId": org.account, "depToken": file });
    api.post(&format!("{TOKENS}/{token}/uploadDepToken"), &upload).await?;
    let [first_day, later, elsewhere] = bought;
    stage.act(&format!(
        "{} ({}): consent, key pair, MDM server at Apple, token {file_name} uploaded",
        org.name, org.kind
    ));
    stage.note(&format!(
        "bought {} devices for today, {} for later, {} for another MDM server",
        first_day.len(),
        later.len(),
        elsewhere.len()
    ));
    Ok(Connected { name: org.name, token, first_day, later, elsewhere })
}

async fn buy(stage: &Stage, org: &str, server: &str, orders: &[Order]) -> Result<Vec<Bought>, CliError> {
    let mut all = Vec::new();
    for order in orders {
        let body = json!({ "family": order.family, "model": order.model, "count": order.count });
        let bought = stage.portal.post(&format!("orgs/{org}/orders"), &body).await?;
        let serials = items(&bought, "serials");
        stage
            .portal
            .post(&format!("orgs/{org}/assign"), &json!({ "serials": serials, "server": server }))
            .await?;
        let bought =
            |serial: &str| Bought { serial: serial.to_owned(), family: order.family, model: order.model };
        all.extend(serials.iter().filter_map(Value::as_str).map(bought));
    }
    Ok(all)
}

async fn first_sync(stage: &Stage, token: &str) -> Result<Value, CliError> {
    stage
        .until("the first sync did not end", SYNC_PATIENCE, async || {
            let runs = stage.api.get(&format!("muster/tokens/{token}/syncRuns?$top=1")).await?;
            let run = items(&runs, "value").into_iter().next();
            Ok(run.filter(|run| text(run, "state") != "running"))
        })
        .await
}
