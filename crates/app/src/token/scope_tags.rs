//! What passes from a token to its profiles and devices (R22, L14).

use std::collections::{BTreeMap, BTreeSet};

use domain::TokenId;

use crate::{Actor, App, Result};

/// The scope tags of tokens; what stands under a token has the same. Tags are read from the token whenever they are
/// shown, so that a change of the token's is a change of everything under it.
///
/// # Errors
/// The store's.
pub async fn scope_tags(
    app: &App,
    actor: &Actor,
    tokens: BTreeSet<TokenId>,
) -> Result<BTreeMap<TokenId, Vec<String>>> {
    let tenant = actor.tenant.clone();
    app.store
        .read(move |tx| {
            let (tenant, tokens) = (tenant.clone(), tokens.clone());
            Box::pin(async move {
                let mut tags = BTreeMap::new();
                for id in tokens {
                    if let Some(token) = store::token::get(tx, &tenant, &id).await? {
                        tags.insert(id, token.scope_tags);
                    }
                }
                Ok(tags)
            })
        })
        .await
}
