//! What is allowed in a profile and worth a second look: a wipe that it takes, a passcode that nobody is asked for
//! (R53), screens that no skip key hides (R52).

use app::profile;
use domain::TokenId;
use serde_json::json;

use crate::graph::answer::Answer;
use crate::graph::call::Call;
use crate::graph::error::ApiError;
use crate::graph::profile::{id_under, split};

/// `GET muster/profiles/{token}_{profile}/warnings`
pub(crate) async fn warnings(call: Call) -> Result<Answer, ApiError> {
    let text = call.ids.first().map(String::as_str).unwrap_or_default();
    let Some(token) = split(text).0 else {
        return Err(ApiError::not_found(format!(
            "Failed to find the enrollment profile {text}: its id begins with its token's, as in its list."
        )));
    };
    let token: TokenId = token.parse()?;
    let id = id_under(&token, text)?;
    let found = call.done(profile::warnings(&call.app, &call.actor, &token, &id).await)?;
    let rows = found.iter().map(|warning| {
        json!({ "setting": warning.setting, "words": warning.words, "requirement": warning.requirement })
    });
    Ok(call.value(rows.collect::<Vec<_>>()))
}
