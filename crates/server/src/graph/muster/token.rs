//! A token's story: its health in words, its keys, its server at Apple, when the next syncs are allowed.

use app::PageQuery;
use app::token::{self, TokenDetail};
use domain::TokenId;
use domain::token::KeyPair;
use serde_json::{Value, json};

use super::{date, due, object};
use crate::graph::answer::Answer;
use crate::graph::call::Call;
use crate::graph::entity::{KEY, TOKEN_STORY};
use crate::graph::error::ApiError;
use crate::graph::list;

/// More tokens than a tenant can have.
const ALL: u32 = 10_000;

fn key(pair: &KeyPair, state: &str) -> Value {
    KEY.complete(object([
        ("id", json!(pair.id)),
        ("fingerprint", json!(pair.fingerprint)),
        ("createdDateTime", date(Some(pair.created_at))),
        ("state", json!(state)),
    ]))
}

fn keys_of(detail: &TokenDetail) -> Vec<Value> {
    let token = &detail.token;
    let current = token.key.iter().map(|pair| key(pair, "inUse"));
    current.chain(token.pending_key.iter().map(|pair| key(pair, "pending"))).collect()
}

/// The virtual server at Apple; none until Apple has told.
fn server(detail: &TokenDetail) -> Value {
    let account = detail.token.server.as_ref().and_then(|server| server.account.as_ref());
    account.map_or(Value::Null, |account| {
        json!({
            "name": account.server_name,
            "uuid": account.server_uuid,
            "orgName": account.org_name,
            "orgType": account.org_type,
            "adminId": account.admin_id,
        })
    })
}

fn row(detail: &TokenDetail) -> Value {
    let TokenDetail { token, health, next, devices, profiles, .. } = detail;
    TOKEN_STORY.complete(object([
        ("id", json!(token.id)),
        ("tokenName", json!(token.name)),
        ("health", json!(health.health)),
        ("words", json!(health.words)),
        ("since", date(health.since)),
        ("keys", keys_of(detail).into()),
        ("server", server(detail)),
        ("tokenExpirationDateTime", date(token.server.as_ref().map(|server| server.expires_at))),
        ("deviceCount", json!(devices)),
        ("profileCount", json!(profiles)),
        ("nextTimedSyncDateTime", due(next.map(|next| next.timed))),
        ("nextManualSyncDateTime", due(next.map(|next| next.manual))),
        ("nextFullSyncDateTime", due(next.map(|next| next.full))),
    ]))
}

pub(crate) async fn list(call: Call) -> Result<Answer, ApiError> {
    let every = PageQuery { limit: ALL, ..PageQuery::default() };
    let page = call.done(token::list(&call.app, &call.actor, every).await)?;
    list::in_memory(&call, &TOKEN_STORY, page.items.iter().map(row).collect(), &[])
}

async fn found(call: &Call) -> Result<TokenDetail, ApiError> {
    let id: TokenId = call.id(0)?;
    call.done(token::detail(&call.app, &call.actor, &id).await)
}

pub(crate) async fn get(call: Call) -> Result<Answer, ApiError> {
    let row = row(&found(&call).await?);
    call.entity(&TOKEN_STORY, row, &[])
}

pub(crate) async fn keys(call: Call) -> Result<Answer, ApiError> {
    let keys = keys_of(&found(&call).await?);
    list::in_memory(&call, &KEY, keys, &[])
}
