//! `muster tokens`.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::api::{Api, percent};
use crate::error::CliError;
use crate::output::say;
use crate::output::{self, Format};

const COLLECTION: &str = "deviceManagement/depOnboardingSettings";

/// Enrollment program tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Tokens {
    /// List the tokens with their health.
    ///
    /// Example: muster tokens list
    List,
    /// Start a token: agree to share data with Apple, and get a key pair.
    ///
    /// Example: muster tokens start "Head office" --i-agree
    Start(Start),
    /// Print the public key to upload at Apple.
    ///
    /// Example: muster tokens public-key ID > muster.pem
    PublicKey(Id),
    /// Make a further key pair, to be uploaded at Apple before a renewal; the one in use goes on until then.
    ///
    /// Example: muster tokens new-key "Head office"
    NewKey(Id),
    /// Upload the .p7m from Apple; for a token in use this renews it.
    ///
    /// Example: muster tokens upload ID Muster_Token_smime.p7m --apple-id admin@example.com
    Upload(Upload),
    /// Renew a token with a new .p7m of the same server at Apple; the same as `upload`.
    ///
    /// Example: muster tokens renew "Head office" Muster_Token_smime.p7m
    Renew(Upload),
    /// Show one token.
    ///
    /// Example: muster tokens show "Head office"
    Show(Id),
    /// Say which conditions for enrolment are met.
    ///
    /// Example: muster tokens checklist
    Checklist,
    /// Delete a token that has no devices.
    ///
    /// Example: muster tokens delete "Head office" --with-profiles
    Delete(Delete),
}

/// Names a token.
#[derive(Debug, Args)]
pub(crate) struct Id {
    /// The token's id, or its name.
    pub(crate) token: String,
}

/// Arguments of `tokens start`.
#[derive(Debug, Args)]
pub(crate) struct Start {
    /// Its name; only a label.
    name: String,
    /// You agree that Muster sends user and device information to Apple.
    #[arg(long)]
    i_agree: bool,
    /// Scope tags, inherited by its profiles and devices.
    #[arg(long = "scope-tag", value_name = "ID")]
    scope_tags: Vec<String>,
}

/// Arguments of `tokens upload`.
#[derive(Debug, Args)]
pub(crate) struct Upload {
    /// The token's id, or its name.
    token: String,
    /// The .p7m file from Apple.
    file: PathBuf,
    /// The Apple Account that made it; kept for the renewal.
    #[arg(long, value_name = "APPLE ID")]
    apple_id: Option<String>,
    /// The file is for another virtual server at Apple, on purpose.
    #[arg(long)]
    other_server: bool,
}

/// Arguments of `tokens delete`.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The token's id, or its name.
    token: String,
    /// Its profiles go with it.
    #[arg(long)]
    with_profiles: bool,
}

/// Does it.
pub(crate) async fn run(tokens: Tokens, api: &Api, format: Format) -> Result<(), CliError> {
    match tokens {
        Tokens::List => list(api, format).await,
        Tokens::Start(start) => self::start(start, api, format).await,
        Tokens::PublicKey(id) => public_key(&id.token, api).await,
        Tokens::NewKey(token) => new_key(&token.token, api, format).await,
        Tokens::Upload(upload) | Tokens::Renew(upload) => self::upload(upload, api, format).await,
        Tokens::Show(id) => show(&id.token, api, format).await,
        Tokens::Checklist => checklist(api, format).await,
        Tokens::Delete(delete) => self::delete(delete, api, format).await,
    }
}

/// The id behind a name or an id.
pub(crate) async fn find(api: &Api, token: &str) -> Result<String, CliError> {
    let tokens = api.all(COLLECTION).await?;
    let matches: Vec<&Value> =
        tokens.iter().filter(|t| is(t, "id", token) || is(t, "tokenName", token)).collect();
    match matches.as_slice() {
        [one] => Ok(one.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()),
        [] => Err(CliError::Words(format!("no token is called {token:?}: `muster tokens list` shows them"))),
        _ => Err(CliError::Words(format!("several tokens are called {token:?}: give the id"))),
    }
}

fn is(token: &Value, property: &str, text: &str) -> bool {
    token.get(property).and_then(Value::as_str).is_some_and(|t| t.eq_ignore_ascii_case(text))
}

async fn list(api: &Api, format: Format) -> Result<(), CliError> {
    let tokens = api.all("muster/tokens").await?;
    let columns = [
        ("name", "tokenName"),
        ("health", "health"),
        ("server at Apple", "server/name"),
        ("expires", "tokenExpirationDateTime"),
        ("devices", "deviceCount"),
        ("profiles", "profileCount"),
        ("id", "id"),
    ];
    output::rows(format, &tokens, &columns, "No tokens yet: `muster tokens start NAME --i-agree`.");
    Ok(())
}

async fn start(start: Start, api: &Api, format: Format) -> Result<(), CliError> {
    // The server refuses it too, but only once the token is there: an empty one would stay behind.
    if !start.i_agree {
        let words = "a token sends user and device information to Apple: say --i-agree, if you do";
        return Err(CliError::Words(words.into()));
    }
    let body = json!({
        "tokenName": start.name,
        "dataSharingConsentGranted": start.i_agree,
        "roleScopeTagIds": start.scope_tags,
    });
    let token = api.post(COLLECTION, &body).await?;
    let id = token.get("id").and_then(Value::as_str).unwrap_or_default();
    api.post(&format!("{COLLECTION}/{id}/generateEncryptionPublicKey"), &Value::Null).await?;
    if format == Format::Json {
        output::json(&token);
    } else {
        say!("Started token {id}.\nNext: muster tokens public-key {id} > muster.pem");
        say!("      and add an MDM server with that file at Apple Business or School Manager.");
    }
    Ok(())
}

async fn new_key(token: &str, api: &Api, format: Format) -> Result<(), CliError> {
    let id = find(api, token).await?;
    api.post(&format!("{COLLECTION}/{id}/generateEncryptionPublicKey"), &json!({})).await?;
    output::done(
        format,
        &format!("Made. Next: muster tokens public-key {id} > muster.pem, and upload it at Apple."),
    );
    Ok(())
}

async fn public_key(token: &str, api: &Api) -> Result<(), CliError> {
    let id = find(api, token).await?;
    let key = api.get(&format!("{COLLECTION}/{id}/getEncryptionPublicKey()")).await?;
    say!("{}", key.get("value").and_then(Value::as_str).unwrap_or_default().trim_end());
    Ok(())
}

async fn upload(upload: Upload, api: &Api, format: Format) -> Result<(), CliError> {
    let id = find(api, &upload.token).await?;
    let file = std::fs::read(&upload.file).map_err(|e| CliError::file("read", &upload.file, e))?;
    // Apple's file is text; one without its wrapping (DER) travels as base64.
    let file = String::from_utf8(file).unwrap_or_else(|der| STANDARD.encode(der.as_bytes()));
    let mut body = json!({ "depToken": file, "confirmOtherServer": upload.other_server });
    if let (Some(apple_id), Some(fields)) = (upload.apple_id, body.as_object_mut()) {
        fields.insert("appleId".into(), apple_id.into());
    }
    let answer = api.post(&format!("{COLLECTION}/{id}/uploadDepToken"), &body).await;
    answer.map_err(|error| error.confirmed_by("--other-server"))?;
    output::done(format, "Apple's token is in place; the first sync has begun (`muster sync watch`).");
    show(&id, api, format).await
}

async fn show(token: &str, api: &Api, format: Format) -> Result<(), CliError> {
    let id = find(api, token).await?;
    let token = api.get(&format!("muster/tokens/{}", percent(&id))).await?;
    let rows = [
        ("Name", "tokenName"),
        ("Id", "id"),
        ("Health", "health"),
        ("", "words"),
        ("Server at Apple", "server/name"),
        ("Organisation", "server/orgName"),
        ("Expires", "tokenExpirationDateTime"),
        ("Devices", "deviceCount"),
        ("Profiles", "profileCount"),
        ("Next timed sync", "nextTimedSyncDateTime"),
        ("Next manual sync", "nextManualSyncDateTime"),
        ("Next full sync", "nextFullSyncDateTime"),
    ];
    output::card(format, &token, &rows);
    if format == Format::People
        && let Some(Value::Array(keys)) = token.get("keys")
    {
        say!();
        let columns =
            [("key", "id"), ("state", "state"), ("made", "createdDateTime"), ("fingerprint", "fingerprint")];
        output::rows(format, keys, &columns, "No key pair yet.");
    }
    Ok(())
}

async fn checklist(api: &Api, format: Format) -> Result<(), CliError> {
    let items = api.all("muster/checklist").await?;
    output::rows(
        format,
        &items,
        &[("done", "done"), ("what", "item"), ("next", "words")],
        "Nothing to check.",
    );
    Ok(())
}

async fn delete(delete: Delete, api: &Api, format: Format) -> Result<(), CliError> {
    let id = find(api, &delete.token).await?;
    let confirm = if delete.with_profiles { "?confirm=true" } else { "" };
    let answer = api.delete(&format!("{COLLECTION}/{id}{confirm}")).await;
    answer.map_err(|error| error.confirmed_by("--with-profiles"))?;
    output::done(format, "Deleted.");
    Ok(())
}
