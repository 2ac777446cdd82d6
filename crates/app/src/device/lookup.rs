//! Asking Apple itself about one serial (lessons 1): which of our servers has it, and with what profile.

use domain::device::AppleRecord;
use domain::sync::record;
use domain::token::Token;
use domain::{Serial, TokenId};

use crate::scope::Scope;
use crate::{Actor, App, AppError, Result, ade};

/// What Apple says under one token.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// The token.
    pub token: TokenId,
    /// Its name.
    pub token_name: String,
    /// Apple's record; none: the serial is not on this server, or Apple could not be asked.
    pub record: Option<AppleRecord>,
    /// In words.
    pub words: String,
}

/// Asks Apple about a serial with every token.
///
/// # Errors
/// [`AppError::Invalid`] for a serial that is none. What fails with one token is told in its line.
pub async fn look_up_at_apple(app: &App, actor: &Actor, serial: &str) -> Result<Vec<Lookup>> {
    actor.must_administer()?;
    let serial: Serial =
        serial.parse().map_err(|_| AppError::invalid("serialNumber", "takes letters and digits"))?;
    let scope = Scope::of(app, actor);
    let tokens = app.look(scope, |tx, scope| Box::pin(async move { scope.tokens(tx).await })).await?;
    let mut found = Vec::new();
    for token in tokens.into_iter().filter(|token| token.server.is_some()) {
        found.push(ask(app, token, &serial).await);
    }
    Ok(found)
}

async fn ask(app: &App, token: Token, serial: &Serial) -> Lookup {
    let line =
        |record, words| Lookup { token: token.id.clone(), token_name: token.name.clone(), record, words };
    let client = match ade::client(app, &token).await {
        Ok(client) => client,
        Err(error) => return line(None, format!("failed to {error}")),
    };
    match client.device_details(&[serial.to_string()]).await {
        Err(error) => line(None, ade::told(&error).to_string()),
        Ok(mut answer) => match answer.devices.remove(serial.as_str()) {
            Some(device) if is_here(&device) => {
                let words = format!("on this server, profile {}", mdm_word(&device));
                line(Some(record(device)), words)
            }
            _ => line(None, "not on this server: assign it to the server at Apple, then sync".into()),
        },
    }
}

/// A device that is not on the server has an answer other than `SUCCESS` and nothing else.
fn is_here(device: &mdm::ade::Device) -> bool {
    device.response_status.as_deref().is_none_or(|status| status.eq_ignore_ascii_case("SUCCESS"))
}

fn mdm_word(device: &mdm::ade::Device) -> &str {
    device.profile_status.as_ref().map_or("empty", mdm::ade::ProfileStatus::as_str)
}
